// What a caller asks of an operation that moves bytes, after the API has checked it.
#pragma once

#include "base/byte_queue.hpp"
#include "base/time.hpp"

#include <aiostate/operation.h>

namespace aio {

struct Request {
  Byte *buffer;  // as the caller gave it; writes never store in it
  size_t start;
  size_t end;
  aio_buffer_callback callback;
  const aio_io_options *options;  // nullptr: the defaults
};

// Which callback is told, and with what, when an operation has ended.
struct Completion {
  aio_buffer_callback callback;
  aio_buffer_callback error_callback;  // nullptr: the callback
  void *user_info;

  void take(const aio_io_options &options) {
    error_callback = options.error_callback;
    if (options.user_info != nullptr) user_info = options.user_info;
  }
  [[nodiscard]] aio_buffer_callback for_status(aio_status status) const {
    return status < 0 && error_callback != nullptr ? error_callback : callback;
  }
};

// How long an operation may take. Stamped at the end of the dispatch in which it was submitted, if it still runs then.
struct Patience {
  Nanoseconds timeout;
  Nanoseconds stall;
  Nanoseconds deadline;  // 0: not stamped yet
  Nanoseconds stall_deadline;

  void begin(Nanoseconds for_all) {
    timeout = for_all;
    stall = kNever;
    begin_again();
  }
  void take(const aio_io_options &options) {
    if (options.timeout > 0) timeout = time_limit(options.timeout);
    stall = time_limit(options.stall_timeout);
  }
  void begin_again() {
    deadline = 0;
    stall_deadline = kNever;
  }
  [[nodiscard]] bool stamped() const { return deadline != 0; }
  [[nodiscard]] bool limited() const { return timeout != kNever || stall != kNever; }
  [[nodiscard]] Nanoseconds earliest() const {
    if (!stamped()) return kNever;
    return deadline < stall_deadline ? deadline : stall_deadline;
  }
};

}  // namespace aio
