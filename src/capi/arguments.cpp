#include "capi/arguments.hpp"

namespace aio {

aio_status check_io_options(const void *buffer, size_t length, size_t minimum, const aio_io_options &options) {
  const size_t end = options.end == 0 ? length : options.end;
  if (options.start > end || end > length || minimum > end - options.start) return AIO_ERR_INVALID_ARGUMENT;
  if (!valid_buffer(buffer, end - options.start)) return AIO_ERR_INVALID_ARGUMENT;
  if (!valid_times(options.timeout, options.stall_timeout)) return AIO_ERR_INVALID_ARGUMENT;
  return reserved_is_zero(options) ? AIO_OK : AIO_ERR_UNSUPPORTED;
}

aio_status make_request(const void *buffer, size_t length, size_t minimum, aio_buffer_callback callback,
                        const aio_io_options *options, Request &request) {
  // A write never stores in the buffer.
  request = {static_cast<Byte *>(const_cast<void *>(buffer)), 0, length, callback, options};
  if (options == nullptr) return valid_buffer(buffer, length) ? AIO_OK : AIO_ERR_INVALID_ARGUMENT;
  request.start = options->start;
  if (options->end != 0) request.end = options->end;
  return check_io_options(buffer, length, minimum, *options);
}

aio_status make_request(aio_buffer_callback callback, const aio_io_options *options, Request &request) {
  request = {nullptr, 0, 0, callback, options};
  if (options == nullptr) return AIO_OK;
  aio_io_options given = *options;
  given.start = given.end = 0;
  return check_io_options(nullptr, 0, 0, given);
}

}  // namespace aio
