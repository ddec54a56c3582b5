#include "capi/arguments.hpp"
#include "core/state.hpp"

using aio::object;
using aio::tls::Context;
using aio::tls::Side;

namespace {

// Of file and memory one, and of a key only with a certificate.
bool valid_sources(const aio_tls_options &options) {
  const bool has_certificate = options.certificate_file != nullptr || options.certificate_data != nullptr;
  const bool has_key = options.key_file != nullptr || options.key_data != nullptr;
  return (options.certificate_file == nullptr || options.certificate_data == nullptr) &&
         (options.key_file == nullptr || options.key_data == nullptr) && (has_certificate || !has_key) &&
         aio::valid_buffer(options.certificate_data, options.certificate_length) &&
         aio::valid_buffer(options.key_data, options.key_length) &&
         aio::valid_buffer(options.trust_data, options.trust_length);
}

bool gives_trust(const aio_tls_options &options) {
  return options.trust_file != nullptr || options.trust_directory != nullptr || options.trust_data != nullptr ||
         options.system_trust == AIO_YES;
}

aio_status check_options(Side side, const aio_tls_options &options) {
  const bool is_server = side == Side::server;
  const int32_t verify_limit = is_server ? AIO_OPTIONAL : AIO_NO;
  const bool verifies = options.verify == AIO_YES || options.verify == AIO_OPTIONAL;
  const bool has_certificate = options.certificate_file != nullptr || options.certificate_data != nullptr;
  const bool valid_version =
      options.minimum_version == 0 || options.minimum_version == 12 || options.minimum_version == 13;
  if (!aio::valid_choices(options.system_trust, options.session_cache, options.low_memory) || options.verify < 0 ||
      options.verify > verify_limit || !valid_version || !valid_sources(options) ||
      (is_server && (!has_certificate || (verifies && !gives_trust(options))))) {
    return AIO_ERR_INVALID_ARGUMENT;
  }
  return aio::reserved_is_zero(options) ? AIO_OK : AIO_ERR_UNSUPPORTED;
}

const aio::tls::PeerFacts *facts_of(const aio_state *state) {
  return state == nullptr ? nullptr : object(state)->tls_facts();
}

// A text of the handshake's: NULL for NULL, "" where there is none.
template <class Look>
const char *text_of(const aio_state *state, Look look) {
  if (state == nullptr) return nullptr;
  const aio::tls::PeerFacts *facts = facts_of(state);
  return facts == nullptr ? "" : look(*facts);
}

}  // namespace

extern "C" {

aio_status aio_tls_context_create(int32_t side, const aio_tls_options *options, aio_tls_context **out) {
  aio::clear_last_error_text();
  if (out != nullptr) *out = nullptr;
  if (out == nullptr || (side != AIO_TLS_CLIENT && side != AIO_TLS_SERVER)) return AIO_ERR_INVALID_ARGUMENT;
  const aio_tls_options given = aio::options_or_default(options);
  aio_status status = check_options(static_cast<Side>(side), given);
  if (status != AIO_OK) return status;
  if (Context *context = Context::create(static_cast<Side>(side), given, status)) *out = aio::handle(context);
  return status;
}

aio_status aio_tls_context_reload(aio_tls_context *context, const aio_tls_options *options) {
  aio::clear_last_error_text();
  if (context == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  const aio_status status = options == nullptr ? AIO_OK : check_options(object(context)->side(), *options);
  return status == AIO_OK ? object(context)->reload(options) : status;
}

aio_status aio_tls_context_add_server_name(aio_tls_context *server, const char *name_or_wildcard,
                                           aio_tls_context *other) {
  if (server == nullptr || other == nullptr || name_or_wildcard == nullptr || *name_or_wildcard == '\0' ||
      object(server)->side() != Side::server || object(other)->side() != Side::server) {
    return AIO_ERR_INVALID_ARGUMENT;
  }
  return object(server)->add_name(name_or_wildcard, *object(other));
}

void aio_tls_context_destroy(aio_tls_context *context) {
  if (context != nullptr) object(context)->release();
}

aio_status aio_state_attach_tls(aio_state *state, aio_tls_context *context, aio_state_callback callback,
                                const aio_attach_options *options) {
  const aio_attach_options given = aio::options_or_default(options);
  if (state == nullptr || context == nullptr || !aio::valid_times(given.handshake_timeout)) {
    return AIO_ERR_INVALID_ARGUMENT;
  }
  Context &own = *object(context);
  if (own.side() == Side::client && !aio::valid_client(own, given.server_name)) return AIO_ERR_INVALID_ARGUMENT;
  if (!aio::reserved_is_zero(given) || object(state)->is_datagram()) return AIO_ERR_UNSUPPORTED;
  return object(state)->attach_tls(own, callback, given);
}

aio_status aio_state_detach_tls(aio_state *state, aio_state_callback callback, double timeout, void *user_info) {
  if (state == nullptr || !aio::valid_times(timeout)) return AIO_ERR_INVALID_ARGUMENT;
  if (object(state)->is_datagram()) return AIO_ERR_UNSUPPORTED;
  return object(state)->detach_tls(callback, aio::nanoseconds(timeout), user_info);
}

int32_t aio_state_tls_side(const aio_state *state) { return state == nullptr ? 0 : object(state)->tls_side(); }

const char *aio_state_tls_version(const aio_state *state) {
  return text_of(state, [](const aio::tls::PeerFacts &facts) { return facts.version; });
}

const char *aio_state_tls_cipher(const aio_state *state) {
  return text_of(state, [](const aio::tls::PeerFacts &facts) { return facts.cipher; });
}

const char *aio_state_tls_alpn(const aio_state *state) {
  return text_of(state, [](const aio::tls::PeerFacts &facts) { return facts.protocol.get(); });
}

const char *aio_state_tls_server_name(const aio_state *state) {
  return text_of(state, [](const aio::tls::PeerFacts &facts) { return facts.server_name.get(); });
}

int aio_state_tls_session_reused(const aio_state *state) {
  const aio::tls::PeerFacts *facts = facts_of(state);
  return facts != nullptr && facts->resumed ? 1 : 0;
}

size_t aio_state_tls_peer_certificate(const aio_state *state, char *buffer, size_t size) {
  const aio::tls::PeerFacts *facts = facts_of(state);
  return facts == nullptr ? 0 : facts->certificate(buffer, size);
}

void *aio_state_ssl(const aio_state *state) {
  return state == nullptr ? nullptr : object(const_cast<aio_state *>(state))->ssl();
}

}  // extern "C"
