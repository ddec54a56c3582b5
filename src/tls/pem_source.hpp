// PEM from a file or from memory, object by object.
#pragma once

#include "base/status.hpp"
#include "tls/openssl.hpp"

namespace aio::tls {

class PemSource {
 public:
  // The data's bytes if `file` is NULL; they must stay where they are.
  PemSource(const char *file, const void *data, size_t length);

  [[nodiscard]] const char *file() const { return file_; }  // nullptr: memory
  [[nodiscard]] Error error() const { return error_; }      // why the file could not be read

  // nullptr: there is no further one (at_end()), or what comes cannot be read; OpenSSL's error queue says why.
  [[nodiscard]] OwnedCertificate next_certificate();
  [[nodiscard]] OwnedCrl next_crl();
  [[nodiscard]] OwnedKey next_key(const char *password);  // nullptr: none
  [[nodiscard]] bool at_end() const { return at_end_; }

 private:
  void note(bool found);

  const char *file_;
  Error error_;
  OwnedBio bio_;
  bool at_end_ = false;
};

}  // namespace aio::tls
