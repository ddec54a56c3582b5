/* aiocat: a certificate for who has none, made on the spot and signed by itself. */
#include "certificate.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdio.h>

/* Long enough for any run; it begins a day ago for clients whose clocks are late. */
enum { DAY = 24 * 60 * 60, LIFETIME = 365 * DAY };

/* Two certificates of one issuer must not share a number (RFC 5280, 4.1.2.2); every run's has the same name. */
static bool set_serial(X509 *certificate) {
  BIGNUM *number = BN_new();
  bool done = number && BN_rand(number, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
              BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  return done;
}

static bool set_name(X509 *certificate) {
  X509_NAME *name = X509_get_subject_name(certificate);
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"aiocat", -1, -1, 0) &&
         X509_set_issuer_name(certificate, name);
}

static bool add_name(GENERAL_NAMES *names, int kind, const char *text) {
  GENERAL_NAME *name = a2i_GENERAL_NAME(NULL, NULL, NULL, kind, text, 0);
  if (name && sk_GENERAL_NAME_push(names, name) > 0) return true;
  GENERAL_NAME_free(name);
  return false;
}

static bool set_alternative_names(X509 *certificate, const char *host) {
  GENERAL_NAMES *names = GENERAL_NAMES_new();
  bool done = names && add_name(names, GEN_DNS, "localhost") && add_name(names, GEN_IPADD, "127.0.0.1") &&
              add_name(names, GEN_IPADD, "::1") &&
              (!host || add_name(names, GEN_IPADD, host) || add_name(names, GEN_DNS, host)) &&
              X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) == 1;
  GENERAL_NAMES_free(names);
  return done;
}

static bool fill_in(X509 *certificate, EVP_PKEY *key, const char *host) {
  return X509_set_version(certificate, X509_VERSION_3) && set_serial(certificate) &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY) &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), LIFETIME) && set_name(certificate) &&
         set_alternative_names(certificate, host) && X509_set_pubkey(certificate, key) &&
         X509_sign(certificate, key, EVP_sha256());
}

static bool write_fingerprint(const X509 *certificate, char *text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (!X509_digest(certificate, EVP_sha256(), digest, &length)) return false;
  for (unsigned i = 0; i < length; i++) {
    size_t at = (size_t)3 * i;
    snprintf(text + at, CERTIFICATE_FINGERPRINT_SIZE - at, i + 1 < length ? "%02X:" : "%02X", digest[i]);
  }
  return true;
}

static bool write_pem(const X509 *certificate, const EVP_PKEY *key, BIO *memory) {
  return PEM_write_bio_X509(memory, certificate) && PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL);
}

bool certificate_make(struct certificate *out, const char *host) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = X509_new();
  BIO *memory = BIO_new(BIO_s_mem());
  bool done = key && certificate && memory && fill_in(certificate, key, host) && write_pem(certificate, key, memory) &&
              write_fingerprint(certificate, out->fingerprint);
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (!done) {
    BIO_free(memory);
    return false;
  }
  char *bytes;
  out->length = (size_t)BIO_get_mem_data(memory, &bytes);
  out->pem = bytes;
  out->memory = memory;
  return true;
}

void certificate_free(struct certificate *certificate) {
  BIO_free(certificate->memory); /* which clears what it held */
  certificate->memory = NULL;
}
