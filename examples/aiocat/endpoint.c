/* aiocat: the library's calls for each kind of endpoint. */
#include "endpoint.h"

#include <stdio.h>

aio_status endpoint_connect(const struct options *options, aio_collection *collection, aio_tls_context *tls,
                            aio_state_callback callback, void *user_info, aio_state **out) {
  const aio_connect_options connect = {
      .connect_timeout = options->connect_timeout,
      .user_info = user_info,
      .family = options->family,
      .local_address = options->bind_address,
      .local_service = options->bind_port,
      .tls = tls,
      .tls_server_name = options->tls.server_name,
  };
  switch (options->transport) {
    case TRANSPORT_UDP:
      return aio_state_connect_udp(collection, options->host, options->service, callback, &connect, out);
    case TRANSPORT_UNIX:
      return aio_state_connect_unix(collection, options->host, callback, &connect, out);
    default:
      return aio_state_connect_tcp(collection, options->host, options->service, callback, &connect, out);
  }
}

/* One connection at a time has the files; only echoes, which use none, go on side by side. */
aio_status endpoint_listen(const struct options *options, aio_collection *collection, aio_accept_callback callback,
                           const aio_accept_options *accept, aio_acceptor **out) {
  aio_accept_options complete = *accept;
  complete.family = options->family;
  complete.connection_limit = options->echo && options->keep_open ? 0 : 1;
  if (options->transport == TRANSPORT_UNIX)
    return aio_acceptor_create_unix(collection, options->host, callback, &complete, out);
  return aio_acceptor_create_tcp(collection, options->host, options->service, callback, &complete, out);
}

aio_status endpoint_bind_udp(const struct options *options, aio_collection *collection, aio_state **out) {
  const aio_udp_options udp = {.family = options->family};
  return aio_state_create_udp(collection, options->host, options->service, &udp, out);
}

void endpoint_tell(const aio_address *address) {
  char text[128];
  if (aio_address_format(address, text, sizeof text) == AIO_OK) fprintf(stderr, "listening on %s\n", text);
}
