#include "tls/peer_facts.hpp"

#include <cstring>

#include <openssl/pem.h>

namespace aio::tls {

size_t PeerFacts::certificate(char *buffer, size_t size) const {
  if (peer == nullptr) return 0;
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  const bool written = bio != nullptr && PEM_write_bio_X509(bio.get(), peer.get()) == 1;
  ERR_clear_error();
  if (!written) return 0;
  char *text = nullptr;
  const size_t length = static_cast<size_t>(BIO_get_mem_data(bio.get(), &text));
  if (buffer != nullptr && length < size) {
    std::memcpy(buffer, text, length);
    buffer[length] = '\0';
  }
  return length + 1;
}

}  // namespace aio::tls
