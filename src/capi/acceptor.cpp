#include "core/acceptor.hpp"

#include "capi/arguments.hpp"
#include "net/listener.hpp"
#include "net/system_error.hpp"

using aio::object;

namespace {

// Refusals of every way to make an acceptor.
aio_status begin_create(aio_collection *collection, aio_accept_callback callback, const aio_accept_options &options,
                        bool has_place, aio_acceptor **out) {
  aio::clear_last_error_text();
  if (out != nullptr) *out = nullptr;
  if (collection == nullptr || out == nullptr || !has_place ||
      (callback == nullptr && options.socket_callback == nullptr) ||
      (options.collections == nullptr && options.collection_count != 0) ||
      !aio::valid_choices(options.nodelay, options.keepalive, options.queue_output) ||
      !aio::valid_times(options.read_timeout, options.write_timeout, options.handshake_timeout) ||
      (options.tls != nullptr && object(options.tls)->side() != aio::tls::Side::server)) {
    return AIO_ERR_INVALID_ARGUMENT;
  }
  for (size_t index = 0; index < options.collection_count; ++index) {
    if (options.collections[index] == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  }
  const bool raw_tls = options.tls != nullptr && options.socket_callback != nullptr;
  return aio::reserved_is_zero(options) && !raw_tls ? AIO_OK : AIO_ERR_UNSUPPORTED;
}

aio::Acceptor::Plan make_plan(aio_accept_callback callback, const aio_accept_options &options) {
  return {callback, options, options.tls == nullptr ? nullptr : object(options.tls)};
}

}  // namespace

extern "C" {

aio_status aio_acceptor_create_tcp(aio_collection *collection, const char *address, const char *service,
                                   aio_accept_callback callback, const aio_accept_options *options,
                                   aio_acceptor **out) {
  const aio_accept_options given = aio::options_or_default(options);
  const bool has_place = service != nullptr && given.backlog >= 0 && aio::valid_family(given.family) &&
                         aio::valid_choices(given.reuse_port);
  aio_status status = begin_create(collection, callback, given, has_place, out);
  if (status != AIO_OK) return status;
  if (object(collection)->mailbox().is_shut()) return AIO_ERR_CLOSED;
  aio::net::Socket socket;
  const aio::net::ListenPlan plan = {address, service, given.family, given.backlog, given.reuse_port == AIO_YES};
  status = aio::net::listen_tcp(plan, socket).status;
  return status == AIO_OK ? aio::Acceptor::create(*object(collection), socket, {}, make_plan(callback, given), out)
                          : status;
}

aio_status aio_acceptor_create_unix(aio_collection *collection, const char *path, aio_accept_callback callback,
                                    const aio_accept_options *options, aio_acceptor **out) {
  const aio_accept_options given = aio::options_or_default(options);
  const bool has_place = path != nullptr && given.backlog >= 0 && given.unix_mode >= 0 && given.unix_mode <= 0777;
  aio_status status = begin_create(collection, callback, given, has_place, out);
  if (status != AIO_OK) return status;
  if (object(collection)->mailbox().is_shut()) return AIO_ERR_CLOSED;
  aio::net::Socket socket;
  aio::net::SocketFile file;
  status = aio::net::listen_unix(path, given.backlog, given.unix_mode, socket, file).status;
  if (status != AIO_OK) return status;
  return aio::Acceptor::create(*object(collection), socket, std::move(file), make_plan(callback, given), out);
}

aio_status aio_acceptor_create_socket(aio_collection *collection, aio_socket listening, aio_accept_callback callback,
                                      const aio_accept_options *options, aio_acceptor **out) {
  using aio::net::SocketKind;
  const aio_accept_options given = aio::options_or_default(options);
  aio_status status = begin_create(collection, callback, given, listening != AIO_NO_SOCKET, out);
  if (status != AIO_OK) return status;
  SocketKind kind = SocketKind::other;
  if (const aio::Error error = aio::net::socket_kind(listening, kind); !error.ok()) return error.status;
  if (kind != SocketKind::listening) return AIO_ERR_UNSUPPORTED;
  if (object(collection)->mailbox().is_shut()) return AIO_ERR_CLOSED;
  if (const aio::Error error = aio::net::make_nonblocking(listening); !error.ok()) return error.status;
  aio::net::Socket socket(listening);
  status = aio::Acceptor::create(*object(collection), socket, {}, make_plan(callback, given), out);
  static_cast<void>(socket.release());  // on refusal it stays the caller's
  return status;
}

aio_status aio_acceptor_close(aio_acceptor *acceptor, aio_acceptor_callback callback, void *user_info) {
  return acceptor == nullptr ? AIO_ERR_INVALID_ARGUMENT : object(acceptor)->close(callback, user_info);
}

aio_status aio_acceptor_pause(aio_acceptor *acceptor) {
  return acceptor == nullptr ? AIO_ERR_INVALID_ARGUMENT : object(acceptor)->set_paused(true);
}

aio_status aio_acceptor_resume(aio_acceptor *acceptor) {
  return acceptor == nullptr ? AIO_ERR_INVALID_ARGUMENT : object(acceptor)->set_paused(false);
}

void aio_acceptor_destroy(aio_acceptor *acceptor) {
  if (acceptor != nullptr) object(acceptor)->destroy();
}

aio_collection *aio_acceptor_collection(const aio_acceptor *acceptor) {
  if (acceptor == nullptr || object(acceptor)->is_closing()) return nullptr;
  return aio::handle(&object(const_cast<aio_acceptor *>(acceptor))->collection());
}

uint16_t aio_acceptor_local_port(const aio_acceptor *acceptor) {
  return acceptor == nullptr ? uint16_t{0} : aio::net::port_of(object(acceptor)->local_address());
}

aio_status aio_acceptor_local_address(const aio_acceptor *acceptor, aio_address *out) {
  if (out != nullptr) *out = aio_address{};
  if (acceptor == nullptr || out == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  *out = object(acceptor)->local_address();
  return AIO_OK;
}

aio_socket aio_acceptor_socket(const aio_acceptor *acceptor) {
  return acceptor == nullptr ? AIO_NO_SOCKET : object(acceptor)->socket();
}

const char *aio_acceptor_name(const aio_acceptor *acceptor) {
  return acceptor == nullptr ? nullptr : object(acceptor)->name();
}

void *aio_acceptor_user_info(const aio_acceptor *acceptor) {
  return acceptor == nullptr ? nullptr : object(acceptor)->user_info();
}

aio_status aio_acceptor_set_user_info(aio_acceptor *acceptor, void *user_info) {
  if (acceptor == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  object(acceptor)->set_user_info(user_info);
  return AIO_OK;
}

const char *aio_acceptor_error_text(const aio_acceptor *acceptor) {
  return acceptor == nullptr ? nullptr : object(const_cast<aio_acceptor *>(acceptor))->error_text();
}

}  // extern "C"
