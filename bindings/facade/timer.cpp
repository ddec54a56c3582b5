#include "timer.hpp"

namespace aiostate {

// Of a one-shot timer the event was made ahead.
void AIO_CALL Timer::on_due(aio_timer *, void *user_info) {
  auto &standing = *static_cast<Standing *>(user_info);
  try {
    standing.loop->push_latest(standing.kept_event());
  } catch (const std::bad_alloc &) {  // the next one will do
  }
}

void Timer::start(Collection *collection, double delay, double repeat, int token) {
  stop();
  auto standing = std::make_shared<Standing>(loop_of(collection), token);
  standing->keep_event(repeat == 0);
  check_made(aio_timer_start(Loop::Use(*standing->loop).handle(), delay, repeat, on_due, standing.get(), &timer_));
  standing->hold();
  standing_ = std::move(standing);
}

// Its callback may be running on another thread.
void Timer::stop() {
  aio_timer_stop(timer_);
  timer_ = nullptr;
  if (!standing_) return;
  std::shared_ptr<Standing> standing = std::move(standing_);
  standing->loop->drop(*standing);
  standing->loop->retire([](void *held) { static_cast<Standing *>(held)->release(); }, standing.get());
}

}  // namespace aiostate
