// The rate limit of one direction of a state: what may move now, and a call when more may.
#pragma once

#include "core/collection.hpp"
#include "core/errand.hpp"
#include "core/token_bucket.hpp"

namespace aio {

template <class Owner>
class Throttle {
 public:
  Throttle(Owner &owner, const aio_rate_limit &limit) : alarm_(owner) { bucket_.set(limit, net::Loop::clock()); }

  // Bytes that may move now. At 0 the owner's on_budget() is called once there are some.
  [[nodiscard]] size_t budget(Collection &collection) {
    const size_t available = bucket_.available(net::Loop::clock());
    waits_ = available == 0;
    if (waits_) collection.deadlines().arm(alarm_, bucket_.ready_at());
    return available;
  }
  void take(size_t bytes) { bucket_.take(bytes); }

  [[nodiscard]] bool waits() const { return waits_; }
  void resume() { waits_ = false; }
  void stop(Collection &collection) { collection.deadlines().disarm(alarm_); }

 private:
  TokenBucket bucket_;
  Alarm<Owner, &Owner::on_budget> alarm_;
  bool waits_ = false;
};

}  // namespace aio
