// Who the peer is to be, and what a handshake finds: names, certificates, protocols, sessions.
#include <cstdio>
#include <cstring>

#include <openssl/x509v3.h>

#include "tls/engine.hpp"

namespace aio::tls {

// ---- Whom a client expects ----

// The name or numeric address that the certificate must have. Only names are asked for by SNI (RFC 6066, 3).
Error Engine::expect_server(const ServerName &server) {
  constexpr size_t kLongestName = 255;
  char name[kLongestName + 1] = "";
  const size_t length = server.name == nullptr ? 0 : std::strlen(server.name);
  if (length == 0) return settings_->verifies() ? Error{AIO_ERR_INVALID_ARGUMENT, 0} : Error();
  if (length > kLongestName) return {AIO_ERR_INVALID_ARGUMENT, 0};
  std::memcpy(name, server.name, length);
  if (name[length - 1] == '.') name[length - 1] = '\0';  // the root is not part of a name in certificates
  char *scope = std::strchr(name, '%');
  if (scope != nullptr) *scope = '\0';
  X509_VERIFY_PARAM *expected = SSL_get0_param(ssl_.get());
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(expected, name) != 1) {
    if (*name == '\0' || scope != nullptr) return {AIO_ERR_INVALID_ARGUMENT, 0};  // only addresses have a scope
    const bool set = X509_VERIFY_PARAM_set1_host(expected, name, 0) == 1 &&
                     SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) == 1;
    if (!set) return {AIO_ERR_NO_MEMORY, 0};
  }
  if (settings_->keeps_sessions()) offer_session({name, server.port});
  return {};
}

void Engine::offer_session(const ServerName &server) {
  char key[320];
  std::snprintf(key, sizeof key, "%s:%u", server.name, server.port);
  if (!session_key_.assign(key)) return;  // a full handshake will do
  if (const OwnedSession session = context_->sessions().take(key)) SSL_set_session(ssl_.get(), session.get());
}

// ---- What OpenSSL asks in a handshake ----

void Engine::install(SSL_CTX *ssl_context, Side side, int verify_mode) {
  SSL_CTX_set_verify(ssl_context, verify_mode, on_verify);
  if (side == Side::client) {
    SSL_CTX_sess_set_new_cb(ssl_context, on_new_session);
  } else {
    SSL_CTX_set_client_hello_cb(ssl_context, on_client_hello, nullptr);
    SSL_CTX_set_alpn_select_cb(ssl_context, on_protocols, nullptr);
  }
}

int Engine::on_new_session(SSL *ssl, SSL_SESSION *session) {
  const Engine &engine = of(ssl);
  const bool is_current = engine.context_->settings().get() == engine.settings_.get();  // not reloaded meanwhile
  if (*engine.session_key_.get() == '\0' || !is_current) return 0;
  engine.context_->sessions().put(engine.session_key_.get(), OwnedSession(session));
  return 1;
}

// Before anything else is looked at, so that sessions, certificates and protocols are all those of the name.
int Engine::on_client_hello(SSL *ssl, int *, void *) {
  const unsigned char *extension = nullptr;
  size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &extension, &size) != 1) return SSL_CLIENT_HELLO_SUCCESS;
  // A list with its length, of entries of a type, a length and a name; one of type 0 is allowed (RFC 6066, 3).
  constexpr size_t kHead = 5;
  const size_t length = size < kHead ? 0 : static_cast<size_t>(extension[3] << 8 | extension[4]);
  const bool is_name = size > kHead && extension[2] == TLSEXT_NAMETYPE_host_name && length <= size - kHead;
  if (!is_name) return SSL_CLIENT_HELLO_SUCCESS;  // OpenSSL judges what is wrong with it
  const bool used = of(ssl).use_name(reinterpret_cast<const char *>(extension) + kHead, length);
  return used ? SSL_CLIENT_HELLO_SUCCESS : SSL_CLIENT_HELLO_ERROR;
}

bool Engine::use_name(const char *name, size_t length) {
  Shared<Settings> settings = context_->settings_for(name, length);
  if (!settings) return true;
  if (SSL_set_SSL_CTX(ssl_.get(), settings->ssl_context()) == nullptr) return false;
  SSL_set_verify(ssl_.get(), settings->verify_mode(), on_verify);
  SSL_clear_options(ssl_.get(), SSL_get_options(ssl_.get()));
  SSL_set_options(ssl_.get(), SSL_CTX_get_options(settings->ssl_context()));
  settings_ = std::move(settings);
  return SSL_set_min_proto_version(ssl_.get(), SSL_CTX_get_min_proto_version(settings_->ssl_context())) == 1;
}

int Engine::on_protocols(SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *offered,
                         unsigned offered_length, void *) {
  const Settings &settings = *of(ssl).settings_;
  if (!settings.has_protocols()) return SSL_TLSEXT_ERR_NOACK;
  const bool chosen = settings.choose_protocol(offered, offered_length, *out, *out_length);
  return chosen ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Only notes which certificate it is about: what happens is OpenSSL's to decide.
int Engine::on_verify(int good, X509_STORE_CTX *verification) {
  if (good != 0) return good;
  const void *ssl = X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx());
  char subject[200] = "";
  if (X509 *certificate = X509_STORE_CTX_get_current_cert(verification)) {
    X509_NAME_oneline(X509_get_subject_name(certificate), subject, sizeof subject);
  }
  char text[400];
  std::snprintf(text, sizeof text, "certificate \"%s\" (depth %d): %s", subject,
                X509_STORE_CTX_get_error_depth(verification),
                X509_verify_cert_error_string(X509_STORE_CTX_get_error(verification)));
  static_cast<void>(of(static_cast<const SSL *>(ssl)).error_text_.assign(text));
  return good;
}

// ---- What it came to ----

PeerFacts *Engine::make_facts() const {
  Owned<PeerFacts> facts(make<PeerFacts>());
  if (facts == nullptr) return nullptr;
  const SSL *ssl = ssl_.get();
  const unsigned char *protocol = nullptr;
  unsigned protocol_length = 0;
  char protocol_text[256] = "";
  SSL_get0_alpn_selected(ssl, &protocol, &protocol_length);
  if (protocol_length != 0 && protocol_length < sizeof protocol_text) {
    std::memcpy(protocol_text, protocol, protocol_length);
  }
  facts->side = static_cast<int32_t>(context_->side());
  facts->resumed = SSL_session_reused(ssl) != 0;
  facts->version = SSL_get_version(ssl);
  facts->cipher = SSL_CIPHER_get_name(SSL_get_current_cipher(ssl));
  facts->peer.reset(SSL_get1_peer_certificate(ssl));
  const bool copied = facts->protocol.assign(protocol_text) &&
                      facts->server_name.assign(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
  return copied ? facts.release() : nullptr;
}

}  // namespace aio::tls
