#include "tls/kept_options.hpp"

#include <cstring>

#include <openssl/crypto.h>

namespace aio::tls {

KeptOptions::~KeptOptions() {
  for (char *text : texts_) {
    if (text != nullptr) OPENSSL_cleanse(text, std::strlen(text));  // one of them is the password
    release(text);
  }
}

bool KeptOptions::keep(const aio_tls_options &options) {
  options_ = options;
  whole_ = options.certificate_data == nullptr && options.key_data == nullptr && options.trust_data == nullptr;
  const char **fields[kTexts] = {
      &options_.certificate_file, &options_.key_file, &options_.password, &options_.trust_file,
      &options_.trust_directory,  &options_.crl_file, &options_.alpn};
  for (size_t index = 0; index < kTexts; ++index) {
    if (*fields[index] == nullptr) continue;
    const size_t size = std::strlen(*fields[index]) + 1;
    texts_[index] = static_cast<char *>(allocate(size));
    if (texts_[index] == nullptr) return false;
    std::memcpy(texts_[index], *fields[index], size);
    *fields[index] = texts_[index];
  }
  return true;
}

void KeptOptions::swap(KeptOptions &other) noexcept {
  std::swap(texts_, other.texts_);
  std::swap(options_, other.options_);
  std::swap(whole_, other.whole_);
}

}  // namespace aio::tls
