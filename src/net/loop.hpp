// libuv's loop: blocks until sockets are ready, a time has come, or somebody wakes it.
#pragma once

#include <uv.h>

#include "base/status.hpp"
#include "base/time.hpp"

namespace aio::net {

class Loop {
 public:
  static constexpr Nanoseconds kTick = 1'000'000;  // the loop's clock counts milliseconds

  Loop() = default;
  Loop(const Loop &) = delete;
  Loop &operator=(const Loop &) = delete;

  [[nodiscard]] Error open();
  void close();  // waits for what libuv cannot take back; every poller must be closed before

  // Handles what is ready; with `block` first waits for something, or for the armed time.
  void run(bool block);

  // Something was handled: a blocking run ends with this turn. (UV_RUN_ONCE would end by itself, but looks at the clock and
  // the timers once more.)
  static void end_turn(uv_loop_t *loop) { uv_stop(loop); }

  // Ends a blocking run no later than at `time`; one that is armed for earlier stays.
  void arm(Nanoseconds time);

  void wake();  // any thread, also a signal handler

  // The time when run() last looked; never ahead of clock().
  [[nodiscard]] Nanoseconds now() const { return uv_now(&loop_) * kTick; }
  [[nodiscard]] static Nanoseconds clock() { return uv_hrtime(); }

  [[nodiscard]] int descriptor() const { return uv_backend_fd(&loop_); }

  // The descriptor does not tell of a handle that was started since the last run.
  void note_unregistered() { unregistered_ = true; }
  [[nodiscard]] bool has_unregistered() const { return unregistered_; }

  [[nodiscard]] uv_loop_t *uv() { return &loop_; }
  [[nodiscard]] static Loop &of(uv_loop_t *loop) { return *static_cast<Loop *>(loop->data); }

 private:
  uv_loop_t loop_;
  uv_async_t wake_;
  uv_timer_t timer_;
  Nanoseconds armed_ = kNever;
  bool unregistered_ = true;
};

}  // namespace aio::net
