// What connections of a context begin with: certificates, trust and protocol options, as one set that never changes.
#pragma once

#include "base/counted.hpp"
#include "base/status.hpp"
#include "tls/openssl.hpp"

#include <aiostate/tls.h>

namespace aio::tls {

enum class Side : uint8_t { client = AIO_TLS_CLIENT, server = AIO_TLS_SERVER };

class Settings final : public Counted<Settings> {
 public:
  // nullptr: failed; the last error text says more than `status`.
  [[nodiscard]] static Settings *create(Side side, const aio_tls_options &options, aio_status &status);

  [[nodiscard]] SSL_CTX *ssl_context() const { return ssl_context_.get(); }
  [[nodiscard]] bool verifies() const { return verify_mode_ != SSL_VERIFY_NONE; }
  [[nodiscard]] int verify_mode() const { return verify_mode_; }
  [[nodiscard]] bool keeps_sessions() const { return keeps_sessions_; }

  [[nodiscard]] bool has_protocols() const { return protocols_length_ != 0; }

  // Our best protocol of those that a client offers; false: none.
  [[nodiscard]] bool choose_protocol(const unsigned char *offered, unsigned offered_length,
                                     const unsigned char *&chosen, unsigned char &chosen_length) const;

  Settings() = default;
  ~Settings();
  Settings(const Settings &) = delete;
  Settings &operator=(const Settings &) = delete;

 private:
  [[nodiscard]] aio_status configure(Side side, const aio_tls_options &options);
  [[nodiscard]] aio_status set_protocols(Side side, const char *alpn);
  [[nodiscard]] aio_status set_sessions(Side side, bool kept);

  OwnedSslContext ssl_context_;
  int verify_mode_ = SSL_VERIFY_NONE;
  bool keeps_sessions_ = false;
  unsigned char *protocols_ = nullptr;  // owned; as they are sent: each behind its length (RFC 7301, 3.1)
  unsigned protocols_length_ = 0;
};

}  // namespace aio::tls
