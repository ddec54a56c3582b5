#include "capi/arguments.hpp"

namespace aio {

aio_status check_request(const void *buffer, size_t length, aio_buffer_callback callback,
                         const aio_io_options *options, Request &request) {
  const aio_io_options given = options_or_default(options);
  const size_t end = given.end == 0 ? length : given.end;
  if (given.start > end || end > length || given.minimum > end - given.start) return AIO_ERR_INVALID_ARGUMENT;
  if (buffer == nullptr && given.start != end) return AIO_ERR_INVALID_ARGUMENT;
  if (!valid_times(given.timeout, given.stall_timeout)) return AIO_ERR_INVALID_ARGUMENT;
  if (!reserved_is_zero(given)) return AIO_ERR_UNSUPPORTED;
  request.buffer = static_cast<Byte *>(const_cast<void *>(buffer));  // a write never stores in it
  request.start = given.start;
  request.end = end;
  request.minimum = given.minimum;
  request.max_read = given.max_read;
  request.timeout = given.timeout;
  request.stall_timeout = given.stall_timeout;
  request.callback = callback;
  request.error_callback = given.error_callback;
  request.user_info = given.user_info;
  return AIO_OK;
}

}  // namespace aio
