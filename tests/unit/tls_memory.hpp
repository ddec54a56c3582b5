// TLS without sockets: a stream of bytes each way, channels that give and take as much as a test says, and certificates.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls/engine.hpp"

namespace aio {

// What one end has sent and the other one has not read.
struct MemoryStream {
  std::string bytes;
  bool ended = false;
  Error error;  // behind the bytes
};

class MemoryChannel final : public net::Channel {
 public:
  MemoryChannel(MemoryStream &in, MemoryStream &out) : in_(in), out_(out) {}

  net::IoResult read(const net::Span *spans, size_t count) override {
    ++reads;
    if (reading_blocks) return net::IoResult::blocked();
    if (in_.bytes.empty()) return without_bytes();
    size_t moved = 0;
    for (const net::Span *span = spans; span != spans + count; ++span) {
      const size_t size = std::min({span->size, in_.bytes.size() - moved, most_per_read - moved});
      if (size != 0) std::memcpy(span->data, in_.bytes.data() + moved, size);
      moved += size;
    }
    in_.bytes.erase(0, moved);
    return net::IoResult::moved(moved);
  }

  net::IoResult write(const net::ConstSpan *spans, size_t count) override {
    ++writes;
    if (!write_error.ok()) return net::IoResult::failed(write_error);
    size_t moved = 0;
    for (const net::ConstSpan *span = spans; span != spans + count; ++span) {
      const size_t size = std::min({span->size, most_per_write - moved, room});
      out_.bytes.append(reinterpret_cast<const char *>(span->data), size);
      moved += size;
      if (room != SIZE_MAX) room -= size;
    }
    return moved == 0 ? net::IoResult::blocked() : net::IoResult::moved(moved);
  }

  net::IoResult peek() override { return in_.bytes.empty() ? without_bytes() : net::IoResult::moved(1); }

  Error shutdown_output() override {
    ++shutdowns;
    out_.ended = true;
    return {};
  }

  [[nodiscard]] bool is_readable() const {
    return !reading_blocks && (!in_.bytes.empty() || in_.ended || !in_.error.ok());
  }

  // At least 1 where something is to move at all.
  size_t most_per_read = SIZE_MAX;
  size_t most_per_write = SIZE_MAX;
  size_t room = SIZE_MAX;  // so many bytes are taken, and then writing blocks
  bool reading_blocks = false;
  Error write_error;

  int reads = 0;
  int writes = 0;
  int shutdowns = 0;

 private:
  [[nodiscard]] net::IoResult without_bytes() const {
    if (!in_.error.ok()) return net::IoResult::failed(in_.error);
    return in_.ended ? net::IoResult::ended() : net::IoResult::blocked();
  }

  MemoryStream &in_;
  MemoryStream &out_;
};

struct MemoryLink {
  MemoryStream to_client;
  MemoryStream to_server;
  MemoryChannel client{to_client, to_server};
  MemoryChannel server{to_server, to_client};
};

// A certificate that signed itself, and its key, in PEM. `names` as in configuration files: "DNS:a.test,IP:127.0.0.1".
struct Identity {
  Identity(const char *subject, const char *names) {
    const tls::OwnedKey pair(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    const tls::OwnedCertificate made(X509_new());
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -kDay);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), kDay);
    X509_NAME *name = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char *>(subject), -1, -1, 0);
    X509_set_issuer_name(made.get(), name);
    X509_set_pubkey(made.get(), pair.get());
    add(made.get(), NID_basic_constraints, "critical,CA:TRUE");
    add(made.get(), NID_subject_alt_name, names);
    X509_sign(made.get(), pair.get(), EVP_sha256());
    certificate = text_of([&](BIO *out) { PEM_write_bio_X509(out, made.get()); });
    key = text_of([&](BIO *out) { PEM_write_bio_PrivateKey(out, pair.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }

  std::string certificate;
  std::string key;

 private:
  static constexpr long kDay = 24L * 60 * 60;

  static void add(X509 *made, int extension, const char *value) {
    X509_EXTENSION *added = X509V3_EXT_conf_nid(nullptr, nullptr, extension, value);
    X509_add_ext(made, added, -1);
    X509_EXTENSION_free(added);
  }

  template <class Write>
  static std::string text_of(Write write) {
    const tls::OwnedBio out(BIO_new(BIO_s_mem()));
    write(out.get());
    char *bytes = nullptr;
    const long size = BIO_get_mem_data(out.get(), &bytes);
    return {bytes, static_cast<size_t>(size)};
  }
};

inline aio_tls_options server_options(const Identity &own) {
  aio_tls_options options = {};
  options.certificate_data = own.certificate.data();
  options.certificate_length = own.certificate.size();
  options.key_data = own.key.data();
  options.key_length = own.key.size();
  return options;
}

// Whoever has this certificate, or one that it signed.
inline void trust(aio_tls_options &options, const Identity &trusted) {
  options.trust_data = trusted.certificate.data();
  options.trust_length = trusted.certificate.size();
}

inline aio_tls_options client_options(const Identity &trusted) {
  aio_tls_options options = {};
  trust(options, trusted);
  return options;
}

// nullptr: failed.
inline Shared<tls::Context> make_context(tls::Side side, const aio_tls_options &options) {
  aio_status status = AIO_OK;
  return Shared<tls::Context>(tls::Context::create(side, options, status));
}

}  // namespace aio
