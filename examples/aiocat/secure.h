/* aiocat: the TLS that the command line asks for. */
#ifndef AIOCAT_SECURE_H
#define AIOCAT_SECURE_H

#include "certificate.h"
#include "options.h"

#include <aiostate/aiostate.h>

struct secure {
  aio_tls_context *context;                       /* NULL: no TLS */
  char fingerprint[CERTIFICATE_FINGERPRINT_SIZE]; /* of the certificate that was made for it; "": none was */
};

/* Returns whether it is as the command line wants; if not it has said why. */
bool secure_prepare(struct secure *self, const struct options *options);

/* Says on standard error by what clients can know us, where nobody vouches for us. */
void secure_tell(const struct secure *self);

#endif
