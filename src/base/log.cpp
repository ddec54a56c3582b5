#include "base/log.hpp"

#include <cstdarg>
#include <cstdio>

namespace aio {

std::atomic<int32_t> log_level{0};

namespace {

constexpr size_t kLineSize = 512;

struct Hook {
  aio_log_function function = nullptr;
  void *user_info = nullptr;
};

Hook hook;
std::atomic_flag hook_busy = ATOMIC_FLAG_INIT;

// Held for a copy of two words, never while the function runs.
class HookLock {
 public:
  HookLock() {
    while (hook_busy.test_and_set(std::memory_order_acquire)) {
    }
  }
  ~HookLock() { hook_busy.clear(std::memory_order_release); }
  HookLock(const HookLock &) = delete;
  HookLock &operator=(const HookLock &) = delete;
};

Hook current_hook() {
  HookLock lock;
  return hook;
}

}  // namespace

void set_log(aio_log_function function, void *user_info, int32_t level) {
  HookLock lock;
  hook = {function, user_info};
  log_level.store(function == nullptr ? 0 : level, std::memory_order_relaxed);
}

void write_log(int32_t level, const char *format, ...) {
  const Hook now = current_hook();
  if (now.function == nullptr) return;
  char line[kLineSize];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, kLineSize, format, arguments);
  va_end(arguments);
  now.function(level, line, now.user_info);
}

}  // namespace aio
