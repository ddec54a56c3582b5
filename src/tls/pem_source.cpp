#include "tls/pem_source.hpp"

#include <cerrno>
#include <climits>
#include <cstring>

#include <openssl/pem.h>

#include "net/path.hpp"
#include "net/system_error.hpp"

namespace aio::tls {

namespace {

// Never asks a terminal, as OpenSSL would without a callback.
int copy_password(char *buffer, int size, int, void *password) {
  if (password == nullptr) return -1;
  const size_t length = std::strlen(static_cast<const char *>(password));
  if (length > static_cast<size_t>(size)) return -1;
  std::memcpy(buffer, password, length);
  return static_cast<int>(length);
}

}  // namespace

PemSource::PemSource(const char *file, const void *data, size_t length) : file_(file) {
  if (file == nullptr) {
    if (length <= INT_MAX) bio_.reset(BIO_new_mem_buf(data, static_cast<int>(length)));
    return;
  }
  error_ = net::check_file(file);  // a directory would be opened, and read as if it were empty
  if (!error_.ok()) return;
  errno = 0;
  bio_.reset(BIO_new_file(file, "r"));
  if (bio_ == nullptr) error_ = net::error_from_system(errno != 0 ? errno : ENOMEM);
}

// Behind the last object OpenSSL finds no beginning of another one.
void PemSource::note(bool found) {
  if (found || bio_ == nullptr) return;
  const unsigned long code = ERR_peek_last_error();
  at_end_ = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

OwnedCertificate PemSource::next_certificate() {
  OwnedCertificate certificate(bio_ == nullptr ? nullptr : PEM_read_bio_X509(bio_.get(), nullptr, nullptr, nullptr));
  note(certificate != nullptr);
  return certificate;
}

OwnedKey PemSource::next_key(const char *password) {
  void *given = const_cast<char *>(password);
  OwnedKey key(bio_ == nullptr ? nullptr : PEM_read_bio_PrivateKey(bio_.get(), nullptr, copy_password, given));
  note(key != nullptr);
  return key;
}

OwnedCrl PemSource::next_crl() {
  OwnedCrl crl(bio_ == nullptr ? nullptr : PEM_read_bio_X509_CRL(bio_.get(), nullptr, nullptr, nullptr));
  note(crl != nullptr);
  return crl;
}

}  // namespace aio::tls
