#include "capi/arguments.hpp"
#include "core/state.hpp"

using aio::object;
using aio::Request;
using Kind = aio::Inbound::Kind;

namespace {

// The range of `buffer` that an operation was given, in `request`; AIO_OK, or why it is refused.
aio_status check(const void *buffer, size_t length, size_t minimum, aio_buffer_callback callback,
                 const aio_io_options *options, Request &request) {
  // A write never stores in the buffer.
  request = {static_cast<aio::Byte *>(const_cast<void *>(buffer)), 0, length, callback, options};
  if (options == nullptr) return aio::valid_buffer(buffer, length) ? AIO_OK : AIO_ERR_INVALID_ARGUMENT;
  request.start = options->start;
  if (options->end != 0) request.end = options->end;
  return aio::check_io_options(buffer, length, minimum, *options);
}

// Ranges do not concern reads that are given no buffer.
aio_status read_without_buffer(aio_state *state, Kind kind, aio_buffer_callback callback,
                               const aio_io_options *options) {
  if (state == nullptr || callback == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  Request request = {nullptr, 0, 0, callback, options};
  if (options != nullptr) {
    aio_io_options given = *options;
    given.start = given.end = 0;
    if (const aio_status status = aio::check_io_options(nullptr, 0, 0, given); status != AIO_OK) return status;
  }
  return object(state)->read(kind, request);
}

}  // namespace

extern "C" {

aio_status aio_state_read_buffer(aio_state *state, void *buffer, size_t length, aio_buffer_callback callback,
                                 const aio_io_options *options) {
  if (state == nullptr || callback == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  Request request;
  const size_t minimum = options == nullptr ? 0 : options->minimum;
  const aio_status status = check(buffer, length, minimum, callback, options, request);
  return status == AIO_OK ? object(state)->read(Kind::buffer, request) : status;
}

aio_status aio_state_read_with_checking(aio_state *state, aio_buffer_callback callback, const aio_io_options *options) {
  return read_without_buffer(state, Kind::standing, callback, options);
}

aio_status aio_state_wait_for_input(aio_state *state, aio_buffer_callback callback, const aio_io_options *options) {
  return read_without_buffer(state, Kind::look, callback, options);
}

aio_status aio_state_write_buffer(aio_state *state, const void *buffer, size_t length, aio_buffer_callback callback,
                                  const aio_io_options *options) {
  if (state == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  Request request;
  const aio_status status = check(buffer, length, 0, callback, options, request);
  return status == AIO_OK ? object(state)->write(request) : status;
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
  return state == nullptr ? AIO_ERR_INVALID_ARGUMENT : object(state)->shutdown(callback, user_info);
}

aio_status aio_state_abort(aio_state *state, int32_t direction, aio_state_callback callback, void *user_info) {
  if (state == nullptr || direction < AIO_INPUT || direction > AIO_BOTH) return AIO_ERR_INVALID_ARGUMENT;
  return object(state)->abort(direction, callback, user_info);
}

}  // extern "C"
