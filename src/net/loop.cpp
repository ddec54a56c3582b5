#include "net/loop.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "net/socket.hpp"
#include "net/system_error.hpp"

namespace aio::net {

namespace {

constexpr Nanoseconds kLongestSleep = Nanoseconds{1} << 60;  // so that sums cannot wrap; some 36 years

constexpr unsigned kFirstThatTidiesUp = 1u << 16 | 45u << 8;

}  // namespace

Error Loop::open() {
  loop_ = {};
  if (const int code = uv_loop_init(&loop_); code != 0) {
    // Up to 1.44 libuv forgets the poll descriptor it has made when a later one cannot be had.
    const int left_open = uv_backend_fd(&loop_);
    if (uv_version() < kFirstThatTidiesUp && left_open > 0) Socket(static_cast<aio_socket>(left_open)).close();
    return error_from_uv(code);
  }
  if (const int code = uv_async_init(&loop_, &wake_, [](uv_async_t *wake) { end_turn(wake->loop); }); code != 0) {
    uv_loop_close(&loop_);
    return error_from_uv(code);
  }
  uv_timer_init(&loop_, &timer_);
  loop_.data = timer_.data = this;
  return {};
}

void Loop::close() {
  uv_close(reinterpret_cast<uv_handle_t *>(&wake_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t *>(&timer_), nullptr);
  while (uv_run(&loop_, UV_RUN_DEFAULT) != 0) {
  }
  const int code = uv_loop_close(&loop_);
  AIO_CHECK(code == 0);
  static_cast<void>(code);
}

void Loop::run(bool block) {
  unregistered_ = false;  // before: what is started in this run is registered by the next one
  uv_run(&loop_, block ? UV_RUN_DEFAULT : UV_RUN_NOWAIT);
}

void Loop::arm(Nanoseconds time) {
  if (time >= armed_ && uv_is_active(reinterpret_cast<uv_handle_t *>(&timer_)) != 0) return;
  armed_ = time;
  const uint64_t milliseconds = (std::min(time, kLongestSleep) + kTick - 1) / kTick;
  const uint64_t now = uv_now(&loop_);
  // libuv runs timers before it polls and would then block in spite of them: ending the turn makes that poll return.
  uv_timer_start(
      &timer_,
      [](uv_timer_t *timer) {
        static_cast<Loop *>(timer->data)->armed_ = kNever;
        end_turn(timer->loop);
      },
      milliseconds > now ? milliseconds - now : 0, 0);
}

void Loop::wake() { uv_async_send(&wake_); }

}  // namespace aio::net
