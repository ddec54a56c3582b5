// Statuses, and what is known beside them.
#pragma once

#include <aiostate/status.h>

namespace aio {

// A status with the system's number behind it, 0 if there is none.
struct Error {
  aio_status status = AIO_OK;
  int system = 0;

  [[nodiscard]] bool ok() const { return status == AIO_OK; }
};

[[nodiscard]] const char *status_name(aio_status status);
[[nodiscard]] const char *status_message(aio_status status);

// This thread's text about its latest failed creation; printf's format.
[[gnu::format(printf, 1, 2)]] void set_last_error_text(const char *format, ...);
void clear_last_error_text();
[[nodiscard]] const char *last_error_text();

}  // namespace aio
