#include "core/token_bucket.hpp"

#include <algorithm>
#include <cmath>

namespace aio {

namespace {

constexpr double kMostBytes = 0x1p62;  // converts to size_t and back
constexpr double kDefaultBurstSeconds = 0.1;
constexpr double kUsefulSeconds = 0.01;

}  // namespace

void TokenBucket::set(const aio_rate_limit &limit, Nanoseconds now) {
  rate_ = std::min(limit.bytes_per_second, kMostBytes);
  const double burst = limit.burst == 0 ? rate_ * kDefaultBurstSeconds : static_cast<double>(limit.burst);
  burst_ = std::clamp(std::floor(burst), 1.0, kMostBytes);
  tokens_ = burst_;
  since_ = now;
}

size_t TokenBucket::available(Nanoseconds now) {
  if (now > since_) {
    // What is refilled while the bucket is full is not kept: a pause earns one burst.
    tokens_ = std::min(burst_, tokens_ + rate_ * static_cast<double>(now - since_) / 1e9);
    since_ = now;
  }
  return tokens_ < 1 ? 0 : static_cast<size_t>(tokens_);
}

Nanoseconds TokenBucket::ready_at() const {
  const double wanted = std::clamp(std::floor(rate_ * kUsefulSeconds), 1.0, burst_);
  if (tokens_ >= wanted) return since_;
  const double wait = std::ceil((wanted - tokens_) / rate_ * 1e9);
  return wait >= 0x1p62 ? kNever : since_ + static_cast<Nanoseconds>(wait);
}

}  // namespace aio
