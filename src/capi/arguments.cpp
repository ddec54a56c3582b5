#include "capi/arguments.hpp"

namespace aio {

aio_status check_io_options(const void *buffer, size_t length, size_t minimum, const aio_io_options &options) {
  const size_t end = options.end == 0 ? length : options.end;
  if (options.start > end || end > length || minimum > end - options.start) return AIO_ERR_INVALID_ARGUMENT;
  if (!valid_buffer(buffer, end - options.start)) return AIO_ERR_INVALID_ARGUMENT;
  if (!valid_times(options.timeout, options.stall_timeout)) return AIO_ERR_INVALID_ARGUMENT;
  return reserved_is_zero(options) ? AIO_OK : AIO_ERR_UNSUPPORTED;
}

}  // namespace aio
