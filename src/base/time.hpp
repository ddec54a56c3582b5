// Times: seconds in the API, nanoseconds of the monotonic clock inside.
#pragma once

#include <cmath>
#include <cstdint>

#include <aiostate/types.h>

namespace aio {

using Nanoseconds = uint64_t;

inline constexpr Nanoseconds kNever = UINT64_MAX;
inline constexpr double kNoLimitSeconds = 1e9;  // from here on a time means "none"

[[nodiscard]] inline bool valid_seconds(double seconds) { return seconds >= 0; }  // false for NaN

[[nodiscard]] inline Nanoseconds nanoseconds(double seconds) {
  return seconds >= kNoLimitSeconds ? kNever : static_cast<Nanoseconds>(std::ceil(seconds * 1e9));
}

// For times where 0 means none.
[[nodiscard]] inline Nanoseconds time_limit(double seconds) { return seconds > 0 ? nanoseconds(seconds) : kNever; }

[[nodiscard]] inline Nanoseconds after(Nanoseconds now, Nanoseconds span) {
  return span == kNever ? kNever : now + span;
}

}  // namespace aio
