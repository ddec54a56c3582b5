#include "capi/arguments.hpp"
#include "core/state.hpp"

using aio::object;
using aio::Request;
using Kind = aio::Inbound::Kind;

namespace {

aio_status read(aio_state *state, Kind kind, void *buffer, size_t length, aio_buffer_callback callback,
                const aio_io_options *options) {
  Request request;
  if (state == nullptr || callback == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  const aio_status status = aio::check_request(buffer, length, callback, options, request);
  return status == AIO_OK ? object(state)->read(kind, request) : status;
}

// Ranges do not concern reads that are given no buffer.
aio_status read_without_buffer(aio_state *state, Kind kind, aio_buffer_callback callback,
                               const aio_io_options *options) {
  aio_io_options given = aio::options_or_default(options);
  given.start = given.end = given.minimum = 0;
  return read(state, kind, nullptr, 0, callback, &given);
}

}  // namespace

extern "C" {

aio_status aio_state_read_buffer(aio_state *state, void *buffer, size_t length, aio_buffer_callback callback,
                                 const aio_io_options *options) {
  return read(state, Kind::buffer, buffer, length, callback, options);
}

aio_status aio_state_read_with_checking(aio_state *state, aio_buffer_callback callback,
                                        const aio_io_options *options) {
  return read_without_buffer(state, Kind::standing, callback, options);
}

aio_status aio_state_wait_for_input(aio_state *state, aio_buffer_callback callback, const aio_io_options *options) {
  return read_without_buffer(state, Kind::look, callback, options);
}

aio_status aio_state_write_buffer(aio_state *state, const void *buffer, size_t length, aio_buffer_callback callback,
                                  const aio_io_options *options) {
  Request request;
  if (state == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  aio_io_options given = aio::options_or_default(options);
  given.minimum = 0;
  const aio_status status = aio::check_request(buffer, length, callback, &given, request);
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
