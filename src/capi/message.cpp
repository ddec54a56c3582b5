#include "capi/arguments.hpp"
#include "core/state.hpp"

using aio::object;
using aio::Request;
using Kind = aio::Inbound::Kind;

namespace {

bool valid(const aio_udp_options &options) {
  return aio::valid_family(options.family) &&
         aio::valid_choices(options.reuse_address, options.reuse_port, options.broadcast, options.multicast_loop,
                            options.queue_output) &&
         options.multicast_ttl >= 0 && options.multicast_ttl <= 255 && options.receive_buffer_size >= 0 &&
         options.send_buffer_size >= 0 && aio::valid_times(options.read_timeout, options.write_timeout);
}

aio_status change_group(aio_state *state, const char *address, const char *source, const char *interface_name,
                        aio::Error (*change)(aio_socket, const aio::net::Group &)) {
  aio::net::Group group;
  if (state == nullptr || address == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  const aio_status status = aio::net::parse_group(address, source, interface_name, group);
  if (status == AIO_ERR_INVALID_ARGUMENT) return status;
  if (!object(state)->is_datagram()) return AIO_ERR_UNSUPPORTED;
  return status == AIO_OK ? object(state)->change_group(change, group) : status;
}

// Sends `buffer` as one datagram to where `cargo` says, if it is `addressed`, or to the peer.
aio_status send(aio_state *state, bool addressed, const void *buffer, size_t length, aio_buffer_callback callback,
                const aio_io_options *options, const aio::Cargo &cargo) {
  if (state == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  Request request;
  const aio_status status = aio::make_request(buffer, length, 0, callback, options, request);
  if (status != AIO_OK) return status;
  if (!object(state)->is_datagram() || object(state)->has_peer() == addressed) return AIO_ERR_UNSUPPORTED;
  return object(state)->write(request, &cargo);
}

bool valid_address(const aio_address *address) {
  return address != nullptr && address->length != 0 && address->length <= sizeof address->storage;
}

aio_status check_message(const aio_message &message, bool has_peer) {
  if (!aio::valid_buffer(message.data, message.length)) return AIO_ERR_INVALID_ARGUMENT;
  if (message.address != nullptr && !valid_address(message.address)) return AIO_ERR_INVALID_ARGUMENT;
  const bool fits = (message.address == nullptr) == has_peer;
  return fits && aio::reserved_is_zero(message) ? AIO_OK : AIO_ERR_UNSUPPORTED;
}

// AIO_OK with the bytes of all in `total`, or why they are refused: what is invalid first.
aio_status check_messages(const aio_message *messages, size_t count, bool has_peer, size_t &total) {
  aio_status refusal = AIO_OK;
  for (size_t index = 0; index < count; ++index) {
    const aio_status status = check_message(messages[index], has_peer);
    if (status == AIO_ERR_INVALID_ARGUMENT || messages[index].length > SIZE_MAX - total) {
      return AIO_ERR_INVALID_ARGUMENT;
    }
    if (status != AIO_OK) refusal = status;
    total += messages[index].length;
  }
  return refusal;
}

}  // namespace

extern "C" {

aio_status aio_state_create_udp(aio_collection *collection, const char *address, const char *service,
                                const aio_udp_options *options, aio_state **out) {
  aio::clear_last_error_text();
  if (out != nullptr) *out = nullptr;
  const aio_udp_options given = aio::options_or_default(options);
  if (collection == nullptr || out == nullptr || (address != nullptr && service == nullptr) || !valid(given)) {
    return AIO_ERR_INVALID_ARGUMENT;
  }
  if (!aio::reserved_is_zero(given)) return AIO_ERR_UNSUPPORTED;
  if (object(collection)->mailbox().is_shut()) return AIO_ERR_CLOSED;
  aio::net::Socket socket;
  if (const aio::Error error = aio::net::open_udp(address, service, given, socket); !error.ok()) return error.status;
  return aio::State::adopt(*object(collection), socket,
                           {.exclusive_output = given.queue_output == AIO_NO,
                            .read_timeout = given.read_timeout,
                            .write_timeout = given.write_timeout,
                            .user_info = given.user_info,
                            .name = given.name,
                            .datagrams = true,
                            .has_peer = false},
                           nullptr, out);
}

aio_status aio_state_connect_udp(aio_collection *collection, const char *host, const char *service,
                                 aio_state_callback callback, const aio_connect_options *options, aio_state **out) {
  return aio::connect(aio::ConnectPlan::Kind::udp, collection, host, service, callback, options, out);
}

aio_status aio_state_join_group(aio_state *state, const char *group, const char *source, const char *interface_name) {
  return change_group(state, group, source, interface_name, aio::net::join_group);
}

aio_status aio_state_leave_group(aio_state *state, const char *group, const char *source, const char *interface_name) {
  return change_group(state, group, source, interface_name, aio::net::leave_group);
}

aio_status aio_state_receive_message(aio_state *state, void *buffer, size_t length, aio_buffer_callback callback,
                                     const aio_io_options *options) {
  if (state == nullptr || callback == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  Request request;
  const aio_status status = aio::make_request(buffer, length, 0, callback, options, request);
  if (status != AIO_OK) return status;
  return object(state)->is_datagram() ? object(state)->read(Kind::message, request) : AIO_ERR_UNSUPPORTED;
}

aio_status aio_state_receive_messages(aio_state *state, aio_buffer_callback callback, const aio_io_options *options) {
  if (state == nullptr || callback == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  Request request;
  const aio_status status = aio::make_request(callback, options, request);
  if (status != AIO_OK) return status;
  return object(state)->is_datagram() ? object(state)->read(Kind::messages, request) : AIO_ERR_UNSUPPORTED;
}

const aio_address *aio_state_message_address(const aio_state *state) {
  const aio::Letter *letter = state == nullptr ? nullptr : object(state)->letter();
  return letter == nullptr ? nullptr : &letter->address;
}

int aio_state_message_truncated(const aio_state *state) {
  const aio::Letter *letter = state == nullptr ? nullptr : object(state)->letter();
  return letter != nullptr && letter->truncated ? 1 : 0;
}

aio_status aio_state_send_message(aio_state *state, const void *buffer, size_t length, aio_buffer_callback callback,
                                  const aio_io_options *options) {
  return send(state, false, buffer, length, callback, options, {});
}

aio_status aio_state_send_message_to_address(aio_state *state, const aio_address *address, const void *buffer,
                                             size_t length, aio_buffer_callback callback,
                                             const aio_io_options *options) {
  if (!valid_address(address)) return AIO_ERR_INVALID_ARGUMENT;
  return send(state, true, buffer, length, callback, options, {.address = address});
}

aio_status aio_state_send_message_to_host(aio_state *state, const char *host, const char *service, const void *buffer,
                                          size_t length, aio_buffer_callback callback, const aio_io_options *options) {
  if (host == nullptr || service == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  return send(state, true, buffer, length, callback, options, {.host = host, .service = service});
}

aio_status aio_state_send_messages(aio_state *state, const aio_message *messages, size_t message_count,
                                   aio_buffer_callback callback, const aio_io_options *options) {
  if (state == nullptr || (messages == nullptr && message_count != 0)) return AIO_ERR_INVALID_ARGUMENT;
  Request request;
  aio_status status = aio::make_request(callback, options, request);
  if (status == AIO_ERR_INVALID_ARGUMENT) return status;
  const aio_status refusal = check_messages(messages, message_count, object(state)->has_peer(), request.end);
  if (refusal != AIO_OK) status = refusal;
  if (status == AIO_OK && !object(state)->is_datagram()) status = AIO_ERR_UNSUPPORTED;
  if (status != AIO_OK) return status;
  const aio_message none = {};
  const aio::Cargo cargo = {.messages = messages == nullptr ? &none : messages, .count = message_count};
  return object(state)->write(request, &cargo);
}

}  // extern "C"
