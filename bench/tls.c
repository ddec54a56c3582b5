#include "tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>

static void need(int good) {
  if (good) return;
  ERR_print_errors_fp(stderr);
  exit(1);
}

static void make_identity(X509 **certificate, EVP_PKEY **key) {
  *key = EVP_EC_gen("P-256");
  *certificate = X509_new();
  need(*key && *certificate);
  X509_NAME *name = X509_get_subject_name(*certificate);
  need(X509_set_version(*certificate, X509_VERSION_3) && ASN1_INTEGER_set(X509_get_serialNumber(*certificate), 1) &&
       X509_gmtime_adj(X509_getm_notBefore(*certificate), -3600) &&
       X509_gmtime_adj(X509_getm_notAfter(*certificate), 24 * 3600) &&
       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0) &&
       X509_set_issuer_name(*certificate, name) && X509_set_pubkey(*certificate, *key) &&
       X509_sign(*certificate, *key, EVP_sha256()));
}

const char *tls_identity(size_t *length) {
  X509 *certificate;
  EVP_PKEY *key;
  char *text;
  BIO *memory = BIO_new(BIO_s_mem());
  make_identity(&certificate, &key);
  need(memory && PEM_write_bio_X509(memory, certificate) &&
       PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL));
  *length = (size_t)BIO_get_mem_data(memory, &text);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return text;
}

SSL_CTX *tls_server_context(const server_options *options) {
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  X509 *certificate;
  EVP_PKEY *key;
  make_identity(&certificate, &key);
  need(context && SSL_CTX_use_certificate(context, certificate) && SSL_CTX_use_PrivateKey(context, key));
  X509_free(certificate);
  EVP_PKEY_free(key);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE);
  if (options->low_memory) SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, options->gather);
  return context;
}

SSL_CTX *tls_client_context(void) {
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  need(context && SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) &&
       SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256"));
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  return context;
}

static ssize_t told_as_by_socket(SSL *ssl, int result) {
  if (result > 0) return result;
  int error = SSL_get_error(ssl, result);
  ERR_clear_error();
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
    errno = EAGAIN;
  else if (error == SSL_ERROR_SSL)
    errno = EPROTO;
  return -1;
}

ssize_t tls_receive(SSL *ssl, void *buffer, size_t size) {
  return told_as_by_socket(ssl, SSL_read(ssl, buffer, (int)size));
}

ssize_t tls_send(SSL *ssl, const void *data, size_t length) {
  return told_as_by_socket(ssl, SSL_write(ssl, data, (int)length));
}
