#include "capi/arguments.hpp"
#include "core/state.hpp"

using aio::object;
using aio::Request;
using Kind = aio::Inbound::Kind;

namespace {

// A read that is given no buffer, on `datagrams` or on streams.
aio_status check_read(const aio_state *state, bool datagrams, aio_buffer_callback callback,
                      const aio_io_options *options, Request &request) {
  if (state == nullptr || callback == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  const aio_status status = aio::make_request(callback, options, request);
  return status == AIO_OK && object(state)->is_datagram() != datagrams ? AIO_ERR_UNSUPPORTED : status;
}

// The bytes of all views; false: one is missing, or the sum is more than memory can have.
bool total_length(const aio_buffer_view *views, size_t count, size_t &total) {
  total = 0;
  for (size_t index = 0; index < count; ++index) {
    const aio_buffer_view &view = views[index];
    if (!aio::valid_buffer(view.data, view.length) || view.length > SIZE_MAX - total) return false;
    total += view.length;
  }
  return true;
}

bool valid_format(const aio_frame_format &format) {
  constexpr size_t kLargestOffset = size_t{1} << 31;
  const int32_t size = format.length_size;
  return format.length_offset <= kLargestOffset && aio::valid_choices(format.little_endian) &&
         (size == 0 || size == 1 || size == 2 || size == 4 || size == 8);
}

}  // namespace

extern "C" {

aio_status aio_state_read_buffer(aio_state *state, void *buffer, size_t length, aio_buffer_callback callback,
                                 const aio_io_options *options) {
  if (state == nullptr || callback == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  Request request;
  const size_t minimum = options == nullptr ? 0 : options->minimum;
  const aio_status status = aio::make_request(buffer, length, minimum, callback, options, request);
  if (status != AIO_OK) return status;
  return object(state)->is_datagram() ? AIO_ERR_UNSUPPORTED : object(state)->read(Kind::buffer, request);
}

aio_status aio_state_read_with_checking(aio_state *state, aio_buffer_callback callback, const aio_io_options *options) {
  Request request;
  const aio_status status = check_read(state, false, callback, options, request);
  return status == AIO_OK ? object(state)->read(Kind::standing, request) : status;
}

aio_status aio_state_wait_for_input(aio_state *state, aio_buffer_callback callback, const aio_io_options *options) {
  if (state == nullptr || callback == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  Request request;
  const aio_status status = aio::make_request(callback, options, request);
  return status == AIO_OK ? object(state)->read(Kind::look, request) : status;
}

aio_status aio_state_read_until(aio_state *state, const void *delimiter, size_t delimiter_length,
                                aio_buffer_callback callback, const aio_io_options *options) {
  if (delimiter == nullptr || delimiter_length == 0) return AIO_ERR_INVALID_ARGUMENT;
  Request request;
  const aio_status status = check_read(state, false, callback, options, request);
  return status == AIO_OK ? object(state)->read_until(delimiter, delimiter_length, request) : status;
}

aio_status aio_state_read_frame(aio_state *state, const aio_frame_format *format, aio_buffer_callback callback,
                                const aio_io_options *options) {
  if (format == nullptr || !valid_format(*format)) return AIO_ERR_INVALID_ARGUMENT;
  Request request;
  const aio_status status = check_read(state, false, callback, options, request);
  if (status != AIO_OK) return status;
  return aio::reserved_is_zero(*format) ? object(state)->read_frame(*format, request) : AIO_ERR_UNSUPPORTED;
}

aio_status aio_state_write_buffer(aio_state *state, const void *buffer, size_t length, aio_buffer_callback callback,
                                  const aio_io_options *options) {
  if (state == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  Request request;
  const aio_status status = aio::make_request(buffer, length, 0, callback, options, request);
  if (status != AIO_OK) return status;
  return object(state)->is_datagram() ? AIO_ERR_UNSUPPORTED : object(state)->write(request);
}

aio_status aio_state_write_buffers(aio_state *state, const aio_buffer_view *views, size_t view_count,
                                   aio_buffer_callback callback, const aio_io_options *options) {
  size_t length = 0;
  if (state == nullptr || (views == nullptr && view_count != 0) || !total_length(views, view_count, length)) {
    return AIO_ERR_INVALID_ARGUMENT;
  }
  Request request;
  const aio_status status = aio::make_request(views, length, 0, callback, options, request);
  if (status != AIO_OK) return status;
  request.buffer = nullptr;
  const aio::Cargo cargo = {.views = views, .count = view_count};
  return object(state)->is_datagram() ? AIO_ERR_UNSUPPORTED : object(state)->write(request, &cargo);
}

size_t aio_state_discard(aio_state *state, size_t count) {
  return state == nullptr ? 0 : object(state)->discard(count);
}

size_t aio_state_finish_read(aio_state *state, size_t count) {
  return state == nullptr ? 0 : object(state)->finish_read(count);
}

size_t aio_state_old_length(const aio_state *state) {
  return state == nullptr ? 0 : object(const_cast<aio_state *>(state))->old_length();
}

aio_status aio_state_shutdown(aio_state *state, aio_state_callback callback, void *user_info) {
  if (state == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  return object(state)->is_datagram() ? AIO_ERR_UNSUPPORTED : object(state)->shutdown(callback, user_info);
}

aio_status aio_state_abort(aio_state *state, int32_t direction, aio_state_callback callback, void *user_info) {
  if (state == nullptr || direction < AIO_INPUT || direction > AIO_BOTH) return AIO_ERR_INVALID_ARGUMENT;
  return object(state)->abort(direction, callback, user_info);
}

}  // extern "C"
