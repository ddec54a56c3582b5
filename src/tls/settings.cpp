#include "tls/settings.hpp"

#include <cstring>

#include <openssl/rand.h>

#include "net/path.hpp"
#include "tls/engine.hpp"
#include "tls/pem_source.hpp"

namespace aio::tls {

namespace {

constexpr size_t kLongestProtocol = 255;  // RFC 7301, 3.1

// What a context is made of and cannot be used, by the reason that OpenSSL gives.
aio_status refuse(const char *what, const char *file) {
  const unsigned long code = ERR_peek_last_error();
  const char *reason = ERR_reason_error_string(code);
  set_last_error_text("%s %s: %s", what, file == nullptr ? "in memory" : file,
                      reason == nullptr ? "it cannot be used" : reason);
  const bool no_memory = ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
  ERR_clear_error();
  return no_memory ? AIO_ERR_NO_MEMORY : AIO_ERR_TLS_CERTIFICATE;
}

aio_status refuse(const char *what, const char *file, Error error) {
  set_last_error_text("%s %s: %s", what, file, std::strerror(error.system));
  ERR_clear_error();
  return error.status;
}

aio_status refuse_source(const char *what, const PemSource &source) {
  return source.error().ok() ? refuse(what, source.file()) : refuse(what, source.file(), source.error());
}

// Nothing but what was expected is in it.
aio_status end(const char *what, const PemSource &source) {
  if (!source.at_end()) return refuse_source(what, source);
  ERR_clear_error();  // of looking for one more
  return AIO_OK;
}

// Ours, and behind it those of its issuers.
aio_status use_certificates(SSL_CTX *context, const aio_tls_options &options) {
  constexpr const char *kWhat = "certificate";
  PemSource source(options.certificate_file, options.certificate_data, options.certificate_length);
  const OwnedCertificate first(source.next_certificate());
  if (first == nullptr || SSL_CTX_use_certificate(context, first.get()) != 1) return refuse_source(kWhat, source);
  while (OwnedCertificate issuer = source.next_certificate()) {
    if (SSL_CTX_add0_chain_cert(context, issuer.get()) != 1) return refuse_source(kWhat, source);
    static_cast<void>(issuer.release());
  }
  return end(kWhat, source);
}

aio_status use_key(SSL_CTX *context, const aio_tls_options &options) {
  constexpr const char *kWhat = "key";
  const bool apart = options.key_file != nullptr || options.key_data != nullptr;
  PemSource source(apart ? options.key_file : options.certificate_file,
                   apart ? options.key_data : options.certificate_data,
                   apart ? options.key_length : options.certificate_length);
  const OwnedKey key = source.next_key(options.password);
  if (key == nullptr || SSL_CTX_use_PrivateKey(context, key.get()) != 1) return refuse_source(kWhat, source);
  return SSL_CTX_check_private_key(context) == 1 ? AIO_OK : refuse_source(kWhat, source);
}

// Clients are told the names of those whose certificates are trusted.
aio_status add_trust(SSL_CTX *context, PemSource &source, Side side) {
  constexpr const char *kWhat = "trusted certificates";
  bool any = false;
  while (OwnedCertificate certificate = source.next_certificate()) {
    any = true;
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get()) != 1 ||
        (side == Side::server && SSL_CTX_add_client_CA(context, certificate.get()) != 1)) {
      return refuse_source(kWhat, source);
    }
  }
  return any ? end(kWhat, source) : refuse_source(kWhat, source);
}

aio_status add_crls(SSL_CTX *context, const char *file) {
  constexpr const char *kWhat = "revocation lists";
  X509_STORE *store = SSL_CTX_get_cert_store(context);
  PemSource source(file, nullptr, 0);
  bool any = false;
  while (const OwnedCrl crl = source.next_crl()) {
    any = true;
    if (X509_STORE_add_crl(store, crl.get()) != 1) return refuse_source(kWhat, source);
  }
  if (!any) return refuse_source(kWhat, source);
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return end(kWhat, source);
}

// OpenSSL itself looks into it when it verifies.
aio_status add_directory(SSL_CTX *context, const char *directory) {
  constexpr const char *kWhat = "trusted certificates";
  if (const Error error = net::check_directory(directory); !error.ok()) return refuse(kWhat, directory, error);
  return SSL_CTX_load_verify_dir(context, directory) == 1 ? AIO_OK : refuse(kWhat, directory);
}

bool gives_trust(const aio_tls_options &options) {
  return options.trust_file != nullptr || options.trust_directory != nullptr || options.trust_data != nullptr;
}

aio_status set_trust(SSL_CTX *context, Side side, const aio_tls_options &options) {
  aio_status status = AIO_OK;
  if (options.trust_file != nullptr) {
    PemSource source(options.trust_file, nullptr, 0);
    status = add_trust(context, source, side);
  }
  if (status == AIO_OK && options.trust_data != nullptr) {
    PemSource source(nullptr, options.trust_data, options.trust_length);
    status = add_trust(context, source, side);
  }
  if (status != AIO_OK) return status;
  if (options.trust_directory != nullptr) {
    status = add_directory(context, options.trust_directory);
    if (status != AIO_OK) return status;
  }
  const bool system = options.system_trust == AIO_YES ||
                      (options.system_trust == AIO_DEFAULT && side == Side::client && !gives_trust(options));
  if (system && SSL_CTX_set_default_verify_paths(context) != 1) return refuse("trusted certificates", "of the system");
  return options.crl_file == nullptr ? AIO_OK : add_crls(context, options.crl_file);
}

int verify_mode_of(Side side, int32_t verify) {
  if (side == Side::client) return verify == AIO_NO ? SSL_VERIFY_NONE : SSL_VERIFY_PEER;
  if (verify == AIO_YES) return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  return verify == AIO_OPTIONAL ? SSL_VERIFY_PEER : SSL_VERIFY_NONE;
}

}  // namespace

Settings::~Settings() { aio::release(protocols_); }

Settings *Settings::create(Side side, const aio_tls_options &options, aio_status &status) {
  // Whatever the process does with OpenSSL, we leave nothing to be called at its exit.
  Owned<Settings> settings(OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, nullptr) == 1 ? make<Settings>() : nullptr);
  status = settings == nullptr ? AIO_ERR_NO_MEMORY : settings->configure(side, options);
  ERR_clear_error();
  return status == AIO_OK ? settings.release() : nullptr;
}

aio_status Settings::configure(Side side, const aio_tls_options &options) {
  ERR_clear_error();
  ssl_context_.reset(SSL_CTX_new(side == Side::client ? TLS_client_method() : TLS_server_method()));
  if (ssl_context_ == nullptr) return AIO_ERR_NO_MEMORY;
  SSL_CTX *context = ssl_context_.get();
  aio_status status = set_protocols(side, options.alpn);
  if (status == AIO_OK && (options.certificate_file != nullptr || options.certificate_data != nullptr)) {
    status = use_certificates(context, options);
    if (status == AIO_OK) status = use_key(context, options);
  }
  verify_mode_ = verify_mode_of(side, options.verify);
  if (status == AIO_OK && verifies()) status = set_trust(context, side, options);
  if (status == AIO_OK) status = set_sessions(side, options.session_cache != AIO_NO);
  if (status != AIO_OK) return status;
  const int minimum = options.minimum_version == 13 ? TLS1_3_VERSION : TLS1_2_VERSION;
  if (SSL_CTX_set_min_proto_version(context, minimum) != 1) return refuse("TLS version", "asked for");
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // A record is sealed at a time, and an operation that was sealed in part is gone on with from another place.
  long mode = SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER;
  if (options.low_memory == AIO_YES) mode |= SSL_MODE_RELEASE_BUFFERS;
  SSL_CTX_set_mode(context, static_cast<uint32_t>(mode));
  Engine::install(context, side, verify_mode_);
  return AIO_OK;
}

aio_status Settings::set_sessions(Side side, bool kept) {
  SSL_CTX *context = ssl_context_.get();
  keeps_sessions_ = kept;
  if (!kept) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    return SSL_CTX_set_num_tickets(context, 0) == 1 ? AIO_OK : AIO_ERR_NO_MEMORY;
  }
  if (side == Side::client) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    return AIO_OK;
  }
  // Sessions of one set of settings are nothing to another: other certificates, another verification.
  unsigned char id[SSL_MAX_SID_CTX_LENGTH];
  if (RAND_bytes(id, sizeof id) != 1) return AIO_ERR_NO_MEMORY;
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
  return SSL_CTX_set_session_id_context(context, id, sizeof id) == 1 ? AIO_OK : AIO_ERR_NO_MEMORY;
}

aio_status Settings::set_protocols(Side side, const char *alpn) {
  const size_t length = alpn == nullptr ? 0 : std::strlen(alpn);
  if (length == 0) return AIO_OK;
  protocols_ = static_cast<unsigned char *>(allocate(length + 1));
  if (protocols_ == nullptr) return AIO_ERR_NO_MEMORY;
  for (const char *next = alpn; next != nullptr;) {
    const char *comma = std::strchr(next, ',');
    const size_t size = comma == nullptr ? std::strlen(next) : static_cast<size_t>(comma - next);
    if (size == 0 || size > kLongestProtocol) return AIO_ERR_INVALID_ARGUMENT;
    protocols_[protocols_length_] = static_cast<unsigned char>(size);
    std::memcpy(protocols_ + protocols_length_ + 1, next, size);
    protocols_length_ += static_cast<unsigned>(size) + 1;
    next = comma == nullptr ? nullptr : comma + 1;
  }
  if (side == Side::server) return AIO_OK;
  const bool set = SSL_CTX_set_alpn_protos(ssl_context_.get(), protocols_, protocols_length_) == 0;
  return set ? AIO_OK : AIO_ERR_NO_MEMORY;
}

bool Settings::choose_protocol(const unsigned char *offered, unsigned offered_length, const unsigned char *&chosen,
                               unsigned char &chosen_length) const {
  unsigned char *found = nullptr;
  const int outcome =
      SSL_select_next_proto(&found, &chosen_length, protocols_, protocols_length_, offered, offered_length);
  chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED;
}

}  // namespace aio::tls
