/* aiocat: the TLS that the command line asks for. */
#ifndef AIOCAT_SECURE_H
#define AIOCAT_SECURE_H

#include "options.h"

#include <aiostate/aiostate.h>

/* Returns whether there is one; if not it has said why. */
bool secure_context(const struct options *options, aio_tls_context **out);

#endif
