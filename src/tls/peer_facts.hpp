// What a handshake came to. Immutable, so that any thread may look.
#pragma once

#include "base/allocator.hpp"
#include "tls/openssl.hpp"

namespace aio::tls {

struct PeerFacts {
  // PEM with a NUL, if `size` is enough; the bytes it needs, 0: there is no certificate, or no memory.
  [[nodiscard]] size_t certificate(char *buffer, size_t size) const;

  int32_t side;
  bool resumed;
  const char *version;  // static
  const char *cipher;   // static
  Text protocol;        // by ALPN
  Text server_name;     // by SNI
  OwnedCertificate peer;
};

}  // namespace aio::tls
