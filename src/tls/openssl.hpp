// OpenSSL's objects with owners.
#pragma once

#include <memory>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace aio::tls {

template <auto function>
struct Freer {
  template <class T>
  void operator()(T *object) const {
    function(object);
  }
};

using OwnedSsl = std::unique_ptr<SSL, Freer<SSL_free>>;
using OwnedSslContext = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;
using OwnedSession = std::unique_ptr<SSL_SESSION, Freer<SSL_SESSION_free>>;
using OwnedCertificate = std::unique_ptr<X509, Freer<X509_free>>;
using OwnedCrl = std::unique_ptr<X509_CRL, Freer<X509_CRL_free>>;
using OwnedKey = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using OwnedBio = std::unique_ptr<BIO, Freer<BIO_free>>;
using OwnedBioMethod = std::unique_ptr<BIO_METHOD, Freer<BIO_meth_free>>;

}  // namespace aio::tls
