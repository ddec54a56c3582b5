// The log hook.
#pragma once

#include <atomic>
#include <cstdint>

#include <aiostate/library.h>

namespace aio {

void set_log(aio_log_function function, void *user_info, int32_t level);

extern std::atomic<int32_t> log_level;

[[gnu::format(printf, 2, 3)]] void write_log(int32_t level, const char *format, ...);

}  // namespace aio

// Arguments are evaluated only when somebody listens.
#define AIO_LOG(level, ...)                                                                           \
  ((level) <= ::aio::log_level.load(std::memory_order_relaxed) ? ::aio::write_log(level, __VA_ARGS__) \
                                                               : static_cast<void>(0))
