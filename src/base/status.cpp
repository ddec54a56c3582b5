#include "base/status.hpp"

#include <cstdarg>
#include <cstdio>

namespace aio {

namespace {

constexpr size_t kTextSize = 320;
thread_local char error_text[kTextSize];

}  // namespace

const char *status_name(aio_status status) {
  switch (status) {
#define XX(name, value, message) \
  case name:                     \
    return #name;
    AIO_STATUS_MAP(XX)
#undef XX
    default:
      return "AIO_UNKNOWN";
  }
}

const char *status_message(aio_status status) {
  switch (status) {
#define XX(name, value, message) \
  case name:                     \
    return message;
    AIO_STATUS_MAP(XX)
#undef XX
    default:
      return "Unknown status.";
  }
}

void set_last_error_text(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(error_text, kTextSize, format, arguments);
  va_end(arguments);
}

void clear_last_error_text() { error_text[0] = '\0'; }

const char *last_error_text() { return error_text; }

}  // namespace aio
