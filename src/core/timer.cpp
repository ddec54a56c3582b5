#include "core/timer.hpp"

#include <algorithm>

#include "core/collection.hpp"
#include "core/handle.hpp"

namespace aio {

Timer::Timer(Collection &collection, const Plan &plan, bool kept)
    : collection_(collection),
      mailbox_(collection.mailbox()),
      plan_(plan),
      next_(after(net::Loop::clock(), plan.delay)),
      kept_(kept) {
  mailbox_.retain();
}

Timer::~Timer() { mailbox_.release(); }

aio_status Timer::start(Collection &collection, const Plan &plan, aio_timer **out) {
  Timer *timer = make<Timer>(collection, plan, out != nullptr);
  if (timer == nullptr) return AIO_ERR_NO_MEMORY;
  if (out != nullptr) *out = handle(timer);
  if (collection.mailbox().submit(*timer)) return AIO_OK;
  if (out != nullptr) *out = nullptr;
  dispose(timer);
  return AIO_ERR_CLOSED;
}

void Timer::stop() {
  stopped_.store(true, std::memory_order_release);
  if (!mailbox_.submit(departure_, net::Mailbox::Late::accept)) dispose(this);
}

void Timer::arrive() {
  collection_.join(*this);
  collection_.deadlines().arm(*this, next_);
}

void Timer::due(Nanoseconds) { collection_.complete(*this); }

void Timer::run() {
  if (stopped_.load(std::memory_order_acquire)) return;
  running_ = true;
  collection_.tally().callbacks.add(1);
  plan_.callback(handle(this), plan_.user_info);
  running_ = false;
  if (!Link<TimerTag>::linked()) {
    dispose(this);  // stopped in its callback
  } else if (!kept_) {
    leave();
  } else if (plan_.repeat != kNever) {
    const Nanoseconds now = net::Loop::clock();
    const Nanoseconds period = std::max<Nanoseconds>(plan_.repeat, 1);
    next_ += period;
    if (next_ <= now) next_ += (now - next_) / period * period + period;  // the missed ones are left out
    collection_.deadlines().arm(*this, next_);
  }
}

void Timer::unlink() {
  collection_.deadlines().disarm(*this);
  Link<TaskTag>::unlink();
  Link<TimerTag>::unlink();
}

void Timer::leave() {
  unlink();
  if (!running_) dispose(this);
}

void Timer::collection_ended() {
  unlink();
  if (!kept_) dispose(this);
}

}  // namespace aio
