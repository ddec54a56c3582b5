/* aiocat: a certificate for who has none, made on the spot and signed by itself. */
#ifndef AIOCAT_CERTIFICATE_H
#define AIOCAT_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>

/* SHA-256 as other tools write it: pairs of digits with colons in between, and a NUL. */
enum { CERTIFICATE_FINGERPRINT_SIZE = 3 * 32 };

struct certificate {
  const void *pem; /* the certificate and its key, of the size below */
  size_t length;
  char fingerprint[CERTIFICATE_FINGERPRINT_SIZE];
  void *memory; /* what `pem` lies in */
};

/*
 * Makes a P-256 key that exists nowhere else, and a certificate of it for the names of this machine to itself: localhost,
 * 127.0.0.1 and ::1; and for `host`, a name or a numeric address, NULL = none. Returns whether it could; if not, nothing is
 * to be freed.
 */
bool certificate_make(struct certificate *out, const char *host);

/* Wipes the key out of memory. */
void certificate_free(struct certificate *certificate);

#endif
