/* Certificates for tests, made in memory: authorities, what they issue, and what they revoke. They live until the process ends. */
#ifndef CERTIFICATES_H
#define CERTIFICATES_H

#include <openssl/ssl.h>

/* A certificate and its key, each also as PEM. */
struct identity {
  X509 *x509;
  EVP_PKEY *private_key;
  char *certificate;
  char *key;
  char *both; /* the certificate, followed by the key */
};

struct identity_options {
  const char *common_name;       /* NULL = "test" */
  const char *names;             /* such as "DNS:localhost, IP:127.0.0.1"; NULL = none */
  const struct identity *issuer; /* NULL = itself */
  int authority;                 /* it may issue others */
  int client;                    /* it is for clients, not for servers */
  int weak;                      /* RSA with 1024 bits */
  long from, until;              /* seconds from now; 0 = an hour ago, in a day */
};

#define new_identity(...) make_identity(&(struct identity_options){__VA_ARGS__})
struct identity *make_identity(const struct identity_options *options);

/* Made once: an authority; what it issued for "localhost", 127.0.0.1 and ::1; and for a client. */
const struct identity *the_authority(void);
const struct identity *the_server(void);
const struct identity *the_client(void);

/* PEM: the issuer's list of revoked certificates, with this one; NULL = an empty list. */
char *revocation_list(const struct identity *issuer, const struct identity *revoked);

/* PEM: the key, encrypted with a password; and several texts in a row, ended by NULL. */
char *encrypted_key(const struct identity *identity, const char *password);
char *joined(const char *text, ...) __attribute__((sentinel));

/* A new file with this text, in a folder of the test's own; tear_down removes it. */
const char *file_with(const char *text);

#endif
