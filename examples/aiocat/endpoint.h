/* aiocat: connecting and listening, over whatever the command line says. */
#ifndef AIOCAT_ENDPOINT_H
#define AIOCAT_ENDPOINT_H

#include "options.h"

#include <aiostate/aiostate.h>

/* `tls` NULL: in plain. */
aio_status endpoint_connect(const struct options *options, aio_collection *collection, aio_tls_context *tls,
                            aio_state_callback callback, void *user_info, aio_state **out);

/* Streams alone; datagrams have nobody to wait for. `accept` lacks no more than what the command line says. */
aio_status endpoint_listen(const struct options *options, aio_collection *collection, aio_accept_callback callback,
                           const aio_accept_options *accept, aio_acceptor **out);

aio_status endpoint_bind_udp(const struct options *options, aio_collection *collection, aio_state **out);

/* Says on standard error where we can be reached. */
void endpoint_tell(const aio_address *address);

#endif
