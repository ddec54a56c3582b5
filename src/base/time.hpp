// Times: seconds in the API, nanoseconds of the monotonic clock inside.
#pragma once

#include <cstdint>

#include <aiostate/types.h>

namespace aio {

using Nanoseconds = uint64_t;

inline constexpr Nanoseconds kNever = UINT64_MAX;
inline constexpr double kNoLimitSeconds = 1e9;  // from here on a time means "none"

[[nodiscard]] inline bool valid_seconds(double seconds) { return seconds >= 0; }  // false for NaN

[[nodiscard]] inline Nanoseconds nanoseconds(double seconds) {
  if (seconds >= kNoLimitSeconds) return kNever;
  if (seconds <= 0) return 0;
  constexpr double kNoise = 1e-3;  // of the product, so that 0.07 becomes 70,000,000 and not one more
  const double exact = seconds * 1e9 - kNoise;
  return exact <= 1 ? 1
                    : static_cast<Nanoseconds>(exact) + (exact > static_cast<double>(static_cast<Nanoseconds>(exact)));
}

[[nodiscard]] inline double seconds(Nanoseconds time) {
  return time == kNever ? AIO_NO_TIMEOUT : static_cast<double>(time) / 1e9;
}

// For times where 0 means none.
[[nodiscard]] inline Nanoseconds time_limit(double seconds) { return seconds > 0 ? nanoseconds(seconds) : kNever; }

[[nodiscard]] inline Nanoseconds after(Nanoseconds now, Nanoseconds span) {
  return span == kNever ? kNever : now + span;
}

}  // namespace aio
