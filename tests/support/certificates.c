#include "certificates.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include "support.h"

enum { kHour = 3600, kDay = 24 * kHour, kWeakBits = 1024 };

static void must(int good, const char *what) {
  if (!good) fail_at(HERE, "libcrypto: %s", what);
}

/* ---- memory that lives until the process ends, for leak checkers within reach ---- */

struct block {
  struct block *next;
  char bytes[];
};

static struct block *blocks;

static void *lasting_memory(size_t size) {
  struct block *block = calloc(1, sizeof *block + size);
  must(block != NULL, "no memory");
  block->next = blocks;
  blocks = block;
  return block->bytes;
}

/* ---- PEM ---- */

static char *text_of(BIO *memory) {
  char *bytes;
  const long length = BIO_get_mem_data(memory, &bytes);
  char *text = lasting_memory((size_t)length + 1);
  memcpy(text, bytes, (size_t)length);
  BIO_free(memory);
  return text;
}

char *joined(const char *text, ...) {
  BIO *memory = BIO_new(BIO_s_mem());
  va_list more;
  va_start(more, text);
  for (; text != NULL; text = va_arg(more, const char *)) BIO_puts(memory, text);
  va_end(more);
  return text_of(memory);
}

static char *certificate_text(X509 *x509) {
  BIO *memory = BIO_new(BIO_s_mem());
  must(PEM_write_bio_X509(memory, x509), "PEM_write_bio_X509");
  return text_of(memory);
}

static char *key_text(EVP_PKEY *key, const char *password) {
  BIO *memory = BIO_new(BIO_s_mem());
  const EVP_CIPHER *cipher = password != NULL ? EVP_aes_256_cbc() : NULL;
  const int length = password != NULL ? (int)strlen(password) : 0;
  must(PEM_write_bio_PKCS8PrivateKey(memory, key, cipher, password, length, NULL, NULL), "PEM_write_bio_PrivateKey");
  return text_of(memory);
}

char *encrypted_key(const struct identity *identity, const char *password) {
  return key_text(identity->private_key, password);
}

/* ---- certificates ---- */

static void extend(X509 *x509, X509 *issuer, int extension, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
  X509_EXTENSION *made = X509V3_EXT_conf_nid(NULL, &context, extension, value);
  must(made != NULL && X509_add_ext(x509, made, -1), value);
  X509_EXTENSION_free(made);
}

static void set_name(X509 *x509, const char *common_name) {
  X509_NAME *name = X509_get_subject_name(x509);
  const unsigned char *bytes = (const unsigned char *)(common_name != NULL ? common_name : "test");
  must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, bytes, -1, -1, 0), "X509_NAME_add_entry_by_txt");
}

static void set_extensions(X509 *x509, X509 *issuer, const struct identity_options *options) {
  extend(x509, issuer, NID_basic_constraints, options->authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  extend(x509, issuer, NID_key_usage, options->authority ? "critical,keyCertSign,cRLSign" : "digitalSignature");
  extend(x509, issuer, NID_subject_key_identifier, "hash");
  if (!options->authority) extend(x509, issuer, NID_ext_key_usage, options->client ? "clientAuth" : "serverAuth");
  if (options->names != NULL) extend(x509, issuer, NID_subject_alt_name, options->names);
}

struct identity *make_identity(const struct identity_options *options) {
  static long serial;
  struct identity *identity = lasting_memory(sizeof *identity);
  EVP_PKEY *key = identity->private_key = options->weak ? EVP_RSA_gen(kWeakBits) : EVP_EC_gen("P-256");
  X509 *x509 = identity->x509 = X509_new();
  const struct identity *issuer = options->issuer != NULL ? options->issuer : identity;
  must(key != NULL && x509 != NULL, "no key");
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(x509), options->from != 0 ? options->from : -kHour);
  X509_gmtime_adj(X509_getm_notAfter(x509), options->until != 0 ? options->until : kDay);
  set_name(x509, options->common_name);
  X509_set_issuer_name(x509, X509_get_subject_name(issuer->x509));
  X509_set_pubkey(x509, key);
  set_extensions(x509, issuer->x509, options);
  must(X509_sign(x509, issuer->private_key, EVP_sha256()) > 0, "X509_sign");
  identity->certificate = certificate_text(x509);
  identity->key = key_text(key, NULL);
  identity->both = joined(identity->certificate, identity->key, NULL);
  return identity;
}

const struct identity *the_authority(void) {
  static struct identity *made;
  if (made == NULL) made = new_identity(.common_name = "authority", .authority = 1);
  return made;
}

const struct identity *the_server(void) {
  static struct identity *made;
  if (made == NULL)
    made = new_identity(.common_name = "server", .names = "DNS:localhost, IP:127.0.0.1, IP:::1",
                        .issuer = the_authority());
  return made;
}

const struct identity *the_client(void) {
  static struct identity *made;
  if (made == NULL) made = new_identity(.common_name = "client", .client = 1, .issuer = the_authority());
  return made;
}

/* ---- revocation ---- */

static void add_revoked(X509_CRL *list, const struct identity *identity, const ASN1_TIME *when) {
  X509_REVOKED *entry = X509_REVOKED_new();
  X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(identity->x509));
  X509_REVOKED_set_revocationDate(entry, (ASN1_TIME *)(uintptr_t)when);
  X509_CRL_add0_revoked(list, entry);
}

char *revocation_list(const struct identity *issuer, const struct identity *revoked) {
  X509_CRL *list = X509_CRL_new();
  ASN1_TIME *from = X509_gmtime_adj(NULL, -kHour), *until = X509_gmtime_adj(NULL, kDay);
  X509_CRL_set_version(list, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer->x509));
  X509_CRL_set1_lastUpdate(list, from);
  X509_CRL_set1_nextUpdate(list, until);
  if (revoked != NULL) add_revoked(list, revoked, from);
  X509_CRL_sort(list);
  must(X509_CRL_sign(list, issuer->private_key, EVP_sha256()) > 0, "X509_CRL_sign");
  BIO *memory = BIO_new(BIO_s_mem());
  must(PEM_write_bio_X509_CRL(memory, list), "PEM_write_bio_X509_CRL");
  ASN1_TIME_free(from);
  ASN1_TIME_free(until);
  X509_CRL_free(list);
  return text_of(memory);
}

/* ---- files ---- */

static void remove_file(void *path) { unlink(path); }

const char *file_with(const char *text) {
  char *path = fixture_memory(64);
  strcpy(path, "/tmp/aiostate-test-XXXXXX");
  const int file = mkstemp(path);
  const size_t length = strlen(text);
  must(file >= 0 && write(file, text, length) == (ssize_t)length, path);
  close(file);
  at_tear_down(remove_file, path);
  return path;
}
