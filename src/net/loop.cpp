#include "net/loop.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "net/system_error.hpp"

namespace aio::net {

namespace {

constexpr Nanoseconds kLongestSleep = Nanoseconds{1} << 60;  // so that sums cannot wrap; some 36 years

}  // namespace

Error Loop::open() {
  if (const int code = uv_loop_init(&loop_); code != 0) return error_from_uv(code);
  if (const int code = uv_async_init(&loop_, &wake_, [](uv_async_t *) {}); code != 0) {
    uv_loop_close(&loop_);
    return error_from_uv(code);
  }
  uv_timer_init(&loop_, &timer_);
  timer_.data = this;
  return {};
}

void Loop::close() {
  uv_close(reinterpret_cast<uv_handle_t *>(&wake_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t *>(&timer_), nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
  const int code = uv_loop_close(&loop_);
  AIO_CHECK(code == 0);
  static_cast<void>(code);
}

void Loop::run(bool block) {
  uv_run(&loop_, block ? UV_RUN_ONCE : UV_RUN_NOWAIT);
  unregistered_ = false;
}

void Loop::arm(Nanoseconds time) {
  if (time >= armed_ && uv_is_active(reinterpret_cast<uv_handle_t *>(&timer_)) != 0) return;
  armed_ = time;
  const uint64_t milliseconds = (std::min(time, kLongestSleep) + kTick - 1) / kTick;
  const uint64_t now = uv_now(&loop_);
  // libuv runs timers before it polls and would then block in spite of them: uv_stop makes that poll return.
  uv_timer_start(
      &timer_,
      [](uv_timer_t *timer) {
        static_cast<Loop *>(timer->data)->armed_ = kNever;
        uv_stop(timer->loop);
      },
      milliseconds > now ? milliseconds - now : 0, 0);
}

void Loop::wake() { uv_async_send(&wake_); }

}  // namespace aio::net
