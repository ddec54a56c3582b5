#include "tls/pem_source.hpp"

#include <cerrno>
#include <climits>

#include <openssl/pem.h>

#include "net/system_error.hpp"

namespace aio::tls {

PemSource::PemSource(const char *file, const void *data, size_t length) : file_(file) {
  if (file == nullptr) {
    if (length <= INT_MAX) bio_.reset(BIO_new_mem_buf(data, static_cast<int>(length)));
    return;
  }
  errno = 0;
  bio_.reset(BIO_new_file(file, "r"));
  if (bio_ == nullptr) error_ = net::error_from_system(errno != 0 ? errno : ENOMEM);
}

// Behind the last object OpenSSL finds no beginning of another one.
void PemSource::note(bool found) {
  if (found) return;
  const unsigned long code = ERR_peek_last_error();
  at_end_ = bio_ != nullptr && ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

OwnedCertificate PemSource::next_certificate() {
  OwnedCertificate certificate(bio_ == nullptr ? nullptr : PEM_read_bio_X509(bio_.get(), nullptr, nullptr, nullptr));
  note(certificate != nullptr);
  return certificate;
}

OwnedCrl PemSource::next_crl() {
  OwnedCrl crl(bio_ == nullptr ? nullptr : PEM_read_bio_X509_CRL(bio_.get(), nullptr, nullptr, nullptr));
  note(crl != nullptr);
  return crl;
}

}  // namespace aio::tls
