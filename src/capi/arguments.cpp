#include "capi/arguments.hpp"

#include "base/log.hpp"
#include "core/state.hpp"
#include "net/system_error.hpp"

namespace aio {

aio_status connect(ConnectPlan::Kind kind, aio_collection *collection, const char *host, const char *service,
                   aio_state_callback callback, const aio_connect_options *options, aio_state **out) {
  clear_last_error_text();
  if (out != nullptr) *out = nullptr;
  const aio_connect_options given = options_or_default(options);
  if (collection == nullptr || host == nullptr || service == nullptr || callback == nullptr || out == nullptr ||
      !valid_family(given.family) || !valid_choices(given.nodelay, given.keepalive, given.queue_output) ||
      !valid_times(given.connect_timeout, given.read_timeout, given.write_timeout, given.handshake_timeout)) {
    return AIO_ERR_INVALID_ARGUMENT;
  }
  const char *server_name = given.tls_server_name;
  if (server_name == nullptr) server_name = kind == ConnectPlan::Kind::unix_stream ? "" : host;
  const bool is_udp = kind == ConnectPlan::Kind::udp;
  if (given.tls != nullptr && !is_udp && !valid_client(*object(given.tls), server_name))
    return AIO_ERR_INVALID_ARGUMENT;
  if (!reserved_is_zero(given) || (given.tls != nullptr && is_udp)) return AIO_ERR_UNSUPPORTED;
  if (object(collection)->mailbox().is_shut()) return AIO_ERR_CLOSED;
  const bool is_tcp = kind == ConnectPlan::Kind::tcp;
  const ConnectPlan plan = {.kind = kind,
                            .host = host,
                            .service = service,
                            .family = given.family,
                            .local_address = given.local_address,
                            .local_service = kind == ConnectPlan::Kind::unix_stream ? nullptr : given.local_service,
                            .timeout = time_limit(given.connect_timeout),
                            .nodelay = is_tcp && given.nodelay != AIO_NO,
                            .keepalive = is_tcp && given.keepalive == AIO_YES,
                            .tls = given.tls == nullptr ? nullptr : object(given.tls),
                            .tls_server_name = server_name,
                            .handshake_timeout = time_limit(given.handshake_timeout),
                            .callback = callback,
                            .user_info = given.user_info};
  return State::connect(*object(collection), plan,
                        {.exclusive_output = given.queue_output == AIO_NO,
                         .read_timeout = given.read_timeout,
                         .write_timeout = given.write_timeout,
                         .user_info = given.user_info,
                         .name = given.name,
                         .datagrams = kind == ConnectPlan::Kind::udp},
                        out);
}

bool valid_client(const tls::Context &context, const char *server_name) {
  const bool has_name = server_name != nullptr && *server_name != '\0';
  return context.side() == tls::Side::client && (has_name || !context.verifies());
}

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
