// A token bucket: how many bytes may move now, at a rate and with a burst after a pause.
#pragma once

#include "base/time.hpp"

#include <aiostate/state.h>

namespace aio {

class TokenBucket {
 public:
  void set(const aio_rate_limit &limit, Nanoseconds now);  // begins full

  // Whole bytes; 0 also while in debt.
  [[nodiscard]] size_t available(Nanoseconds now);
  void take(size_t bytes) { tokens_ -= static_cast<double>(bytes); }  // more than available: a debt

  // When enough is there to go on with: less than that would cost a system call for a few bytes.
  [[nodiscard]] Nanoseconds ready_at() const;

 private:
  double rate_ = 1;    // bytes per second
  double burst_ = 1;   // bytes
  double tokens_ = 0;  // bytes, as of `since_`
  Nanoseconds since_ = 0;
};

}  // namespace aio
