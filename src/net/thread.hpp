// Threads and who runs.
#pragma once

#include <thread>

#include <uv.h>

#include "base/status.hpp"

namespace aio::net {

using ThreadId = std::thread::id;

[[nodiscard]] inline ThreadId this_thread() { return std::this_thread::get_id(); }

// Starts a thread in which asynchronous signals are blocked, so that the program's handlers run in its own threads.
[[nodiscard]] Error start_thread(uv_thread_t &thread, void (*function)(void *), void *argument);

void name_this_thread(const char *name);

class Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex &) = delete;
  Mutex &operator=(const Mutex &) = delete;

  [[nodiscard]] bool open() { return open_ = uv_mutex_init(&mutex_) == 0; }
  void close() {
    if (open_) uv_mutex_destroy(&mutex_);
    open_ = false;
  }

 private:
  friend class Lock;
  uv_mutex_t mutex_;
  bool open_ = false;
};

class Lock {
 public:
  explicit Lock(Mutex &mutex) : mutex_(mutex.mutex_) { uv_mutex_lock(&mutex_); }
  ~Lock() { uv_mutex_unlock(&mutex_); }
  Lock(const Lock &) = delete;
  Lock &operator=(const Lock &) = delete;

 private:
  uv_mutex_t &mutex_;
};

}  // namespace aio::net
