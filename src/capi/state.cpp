#include "core/state.hpp"

#include "capi/arguments.hpp"
#include "core/connector.hpp"
#include "net/system_error.hpp"
#include "net/unix_socket.hpp"

using aio::ConnectPlan;
using aio::object;
using aio::net::SocketFlag;

namespace {

// Streams and datagram sockets can be states; `kind` 0 takes what there is.
aio_status check_socket(aio_socket socket, int32_t kind, bool &datagrams) {
  using aio::net::SocketKind;
  SocketKind is = SocketKind::other;
  if (const aio::Error error = aio::net::socket_kind(socket, is); !error.ok()) return error.status;
  datagrams = is == SocketKind::datagram;
  if (!datagrams && is != SocketKind::stream) return AIO_ERR_UNSUPPORTED;
  return kind == 0 || (kind == AIO_DATAGRAM) == datagrams ? AIO_OK : AIO_ERR_UNSUPPORTED;
}

// Driver functions that only look may still have mail to take in.
aio::State *looked_at(const aio_state *state) { return object(const_cast<aio_state *>(state)); }

aio_status address(const aio_state *state, aio::Error (*ask)(aio_socket, aio_address &), aio_address *out) {
  if (out != nullptr) *out = aio_address{};
  if (state == nullptr || out == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  return object(state)->address(ask, *out);
}

aio_status set_flag(aio_state *state, SocketFlag flag, int32_t choice) {
  if (state == nullptr || (choice != AIO_YES && choice != AIO_NO)) return AIO_ERR_INVALID_ARGUMENT;
  return object(state)->set_flag(flag, choice == AIO_YES);
}

}  // namespace

extern "C" {

aio_status aio_state_create(aio_collection *collection, aio_socket socket, const aio_state_options *options,
                            aio_state **out) {
  aio::clear_last_error_text();
  if (out != nullptr) *out = nullptr;
  const aio_state_options given = aio::options_or_default(options);
  if (collection == nullptr || out == nullptr || socket == AIO_NO_SOCKET) return AIO_ERR_INVALID_ARGUMENT;
  if (given.kind < 0 || given.kind > AIO_DATAGRAM || !aio::valid_choices(given.queue_output) ||
      !aio::valid_times(given.read_timeout, given.write_timeout)) {
    return AIO_ERR_INVALID_ARGUMENT;
  }
  if (!aio::reserved_is_zero(given)) return AIO_ERR_UNSUPPORTED;
  bool datagrams = false;
  if (const aio_status status = check_socket(socket, given.kind, datagrams); status != AIO_OK) return status;
  if (object(collection)->mailbox().is_shut()) return AIO_ERR_CLOSED;
  if (const aio::Error error = aio::net::make_nonblocking(socket); !error.ok()) return error.status;
  aio_address peer;
  aio::State::Options make = {given.queue_output == AIO_NO, given.read_timeout, given.write_timeout, given.user_info,
                              given.name};
  make.datagrams = datagrams;
  make.has_peer = !datagrams || aio::net::peer_address(socket, peer).ok();
  aio::net::Socket adopted(socket);
  const aio_status status = aio::State::adopt(*object(collection), adopted, make, nullptr, out);
  static_cast<void>(adopted.release());  // on refusal it stays the caller's
  return status;
}

aio_status aio_state_connect_tcp(aio_collection *collection, const char *host, const char *service,
                                 aio_state_callback callback, const aio_connect_options *options, aio_state **out) {
  return aio::connect(ConnectPlan::Kind::tcp, collection, host, service, callback, options, out);
}

aio_status aio_state_connect_unix(aio_collection *collection, const char *path, aio_state_callback callback,
                                  const aio_connect_options *options, aio_state **out) {
  aio_address address;
  const bool valid = path != nullptr && aio::net::make_unix_address(address, path) == AIO_OK;
  return aio::connect(ConnectPlan::Kind::unix_stream, collection, valid ? path : nullptr, "", callback, options, out);
}

aio_status aio_state_close(aio_state *state, aio_state_callback callback, const aio_close_options *options) {
  const aio_close_options given = aio::options_or_default(options);
  if (state == nullptr || !aio::valid_times(given.linger) || !aio::valid_choices(given.reset)) {
    return AIO_ERR_INVALID_ARGUMENT;
  }
  return aio::reserved_is_zero(given) ? object(state)->close(callback, given) : AIO_ERR_UNSUPPORTED;
}

aio_status aio_state_release_socket(aio_state *state, aio_socket *out) {
  if (out != nullptr) *out = AIO_NO_SOCKET;
  return state == nullptr || out == nullptr ? AIO_ERR_INVALID_ARGUMENT : object(state)->release_socket(*out);
}

void aio_state_destroy(aio_state *state) {
  if (state != nullptr) object(state)->destroy();
}

size_t aio_state_buffered_length(const aio_state *state) { return state == nullptr ? 0 : looked_at(state)->buffered(); }

size_t aio_state_take_buffered(aio_state *state, void *buffer, size_t length) {
  return state == nullptr || buffer == nullptr ? 0 : object(state)->take_buffered(buffer, length);
}

aio_status aio_state_read_status(const aio_state *state) {
  return state == nullptr ? AIO_ERR_INVALID_ARGUMENT : object(state)->read_status();
}

aio_status aio_state_write_status(const aio_state *state) {
  return state == nullptr ? AIO_ERR_INVALID_ARGUMENT : object(state)->write_status();
}

int aio_state_system_error(const aio_state *state) { return state == nullptr ? 0 : object(state)->system_error(); }

const char *aio_state_error_text(const aio_state *state) {
  return state == nullptr ? nullptr : looked_at(state)->error_text();
}

aio_collection *aio_state_collection(const aio_state *state) {
  return state == nullptr || object(state)->is_closing() ? nullptr : aio::handle(&looked_at(state)->collection());
}

int aio_state_is_open(const aio_state *state) { return state != nullptr && !object(state)->is_closing() ? 1 : 0; }

aio_socket aio_state_socket(const aio_state *state) {
  return state == nullptr ? AIO_NO_SOCKET : object(state)->socket();
}

const char *aio_state_name(const aio_state *state) { return state == nullptr ? nullptr : object(state)->name(); }

size_t aio_state_queued_bytes(const aio_state *state) {
  return state == nullptr ? 0 : object(state)->outbound().queued_bytes();
}

size_t aio_state_queued_writes(const aio_state *state) {
  return state == nullptr ? 0 : object(state)->outbound().queued_writes();
}

aio_status aio_state_local_address(const aio_state *state, aio_address *out) {
  return address(state, aio::net::local_address, out);
}

aio_status aio_state_peer_address(const aio_state *state, aio_address *out) {
  return address(state, aio::net::peer_address, out);
}

void *aio_state_user_info(const aio_state *state) { return state == nullptr ? nullptr : object(state)->user_info(); }

aio_status aio_state_set_user_info(aio_state *state, void *user_info) {
  if (state == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  object(state)->set_user_info(user_info);
  return AIO_OK;
}

double aio_state_read_timeout(const aio_state *state) {
  return state == nullptr ? 0 : object(state)->read_timeout().seconds();
}

aio_status aio_state_set_read_timeout(aio_state *state, double seconds) {
  if (state == nullptr || !aio::valid_seconds(seconds)) return AIO_ERR_INVALID_ARGUMENT;
  object(state)->set_read_timeout(seconds);
  return AIO_OK;
}

double aio_state_write_timeout(const aio_state *state) {
  return state == nullptr ? 0 : object(state)->write_timeout().seconds();
}

aio_status aio_state_set_write_timeout(aio_state *state, double seconds) {
  if (state == nullptr || !aio::valid_seconds(seconds)) return AIO_ERR_INVALID_ARGUMENT;
  object(state)->set_write_timeout(seconds);
  return AIO_OK;
}

size_t aio_state_max_read(const aio_state *state) { return state == nullptr ? 0 : object(state)->max_read(); }

aio_status aio_state_set_max_read(aio_state *state, size_t bytes) {
  if (state == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  object(state)->set_max_read(bytes);
  return AIO_OK;
}

size_t aio_state_buffer_limit(const aio_state *state) { return state == nullptr ? 0 : object(state)->buffer_limit(); }

aio_status aio_state_set_buffer_limit(aio_state *state, size_t bytes) {
  if (state == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  object(state)->set_buffer_limit(bytes);
  return AIO_OK;
}

size_t aio_state_write_limit(const aio_state *state) {
  return state == nullptr ? 0 : object(state)->outbound().limit();
}

aio_status aio_state_set_write_limit(aio_state *state, size_t bytes) {
  if (state == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  object(state)->outbound().set_limit(bytes == 0 ? SIZE_MAX : bytes);
  return AIO_OK;
}

aio_status aio_state_peer_credentials(const aio_state *state, aio_credentials *out) {
  if (out != nullptr) *out = {-1, -1, -1, {}};
  return state == nullptr || out == nullptr ? AIO_ERR_INVALID_ARGUMENT : object(state)->peer_credentials(*out);
}

aio_status aio_state_set_write_marks(aio_state *state, size_t high, size_t low, aio_state_callback drained,
                                     void *user_info) {
  if (state == nullptr || low > high) return AIO_ERR_INVALID_ARGUMENT;
  return object(state)->set_write_marks(high, low, drained, user_info);
}

aio_status aio_state_set_rate_limit(aio_state *state, int32_t direction, const aio_rate_limit *limit) {
  if (state == nullptr || direction < AIO_INPUT || direction > AIO_BOTH ||
      (limit != nullptr && !(limit->bytes_per_second > 0))) {
    return AIO_ERR_INVALID_ARGUMENT;
  }
  if (limit != nullptr && !aio::reserved_is_zero(*limit)) return AIO_ERR_UNSUPPORTED;
  return object(state)->set_rate_limit(direction, limit);
}

int32_t aio_state_nodelay(const aio_state *state) {
  return state == nullptr ? 0 : object(state)->flag(SocketFlag::nodelay);
}

aio_status aio_state_set_nodelay(aio_state *state, int32_t choice) {
  return set_flag(state, SocketFlag::nodelay, choice);
}

int32_t aio_state_keepalive(const aio_state *state) {
  return state == nullptr ? 0 : object(state)->flag(SocketFlag::keepalive);
}

aio_status aio_state_set_keepalive(aio_state *state, int32_t choice) {
  return set_flag(state, SocketFlag::keepalive, choice);
}

aio_status aio_state_counters(const aio_state *state, aio_counters *out) {
  if (state == nullptr || out == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  object(state)->counters().copy_to(*out);
  return AIO_OK;
}

}  // extern "C"
