// What a caller asks of an operation that moves bytes, after the API has checked it.
#pragma once

#include "base/byte_queue.hpp"
#include "base/time.hpp"

#include <aiostate/operation.h>

namespace aio {

struct Request {
  Byte *buffer = nullptr;  // as the caller gave it; writes never store in it
  size_t start = 0;
  size_t end = 0;
  size_t minimum = 0;  // 0 = all
  size_t max_read = 0;
  double timeout = 0;  // 0 = the state's
  double stall_timeout = 0;
  aio_buffer_callback callback = nullptr;
  aio_buffer_callback error_callback = nullptr;
  void *user_info = nullptr;  // null = the state's
};

// Which callback is told, and with what, when an operation has ended.
struct Completion {
  aio_buffer_callback callback = nullptr;
  aio_buffer_callback error_callback = nullptr;
  void *user_info = nullptr;

  [[nodiscard]] aio_buffer_callback for_status(aio_status status) const {
    return status < 0 && error_callback != nullptr ? error_callback : callback;
  }
};

// How long an operation may take. Stamped at the end of the dispatch in which it was submitted, if it still runs then.
struct Patience {
  Nanoseconds timeout = kNever;
  Nanoseconds stall = kNever;
  Nanoseconds deadline = kNever;
  Nanoseconds stall_deadline = kNever;
  bool stamped = false;

  [[nodiscard]] bool limited() const { return timeout != kNever || stall != kNever; }
  [[nodiscard]] Nanoseconds earliest() const { return deadline < stall_deadline ? deadline : stall_deadline; }
};

}  // namespace aio
