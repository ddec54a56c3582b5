#include "support_tls_scenarios.h"

#include "certificates.h"
#include "support_network.h"
#include "support_sweep.h"

static aio_tls_options server_options(void) {
  const char *both = the_server()->both;
  return (aio_tls_options){.certificate_data = both, .certificate_length = strlen(both), .alpn = "one,two"};
}

static aio_tls_options client_options(void) {
  const char *trusted = the_authority()->certificate;
  return (aio_tls_options){.trust_data = trusted, .trust_length = strlen(trusted), .alpn = "two"};
}

/* NULL if refused. */
static aio_tls_context *server_context(void) {
  const aio_tls_options options = server_options();
  return sweep_context(AIO_TLS_SERVER, &options);
}

static aio_tls_context *client_context(void) {
  const aio_tls_options options = client_options();
  return sweep_context(AIO_TLS_CLIENT, &options);
}

void tls_contexts(void) {
  aio_tls_context *server = server_context(), *other = server_context();
  const aio_tls_options options = server_options();
  if (server == NULL || other == NULL) return;
  accepted(aio_tls_context_add_server_name(server, "*.localhost", other));
  accepted(aio_tls_context_reload(server, &options));
  accepted(aio_tls_context_add_server_name(server, "localhost", server));
}

/* Twice: in full, and resumed. */
void tls_connect_echo_close(void) {
  aio_tls_context *server = server_context(), *client = client_context();
  if (server == NULL || client == NULL) return;
  aio_collection *collection = sweep_collection();
  const aio_accept_options accepting = {.tls = server};
  const aio_connect_options connecting = {.tls = client, .tls_server_name = "localhost"};
  struct gate *gate = sweep_gate(collection, &accepting, then_echo_sweep);
  for (int i = 0; i < 2; i++) {
    struct step *connect = sweep_connect(collection, "127.0.0.1", gate->port, &connecting);
    sweep_write(connect->end, 1000);
    until_ended(sweep_read(connect->end, 1000, 0));
    sweep_gather(connect->end, 40000);
    until_ended(sweep_read(connect->end, 40000, 0));
    if (i == 0) {
      until_ended(sweep_close(connect->end, 2, AIO_DEFAULT));
    } else {
      until_ended(sweep_shutdown(connect->end));
      until_ended(expecting(sweep_read(connect->end, 1, 0), AIO_EOF));
      until_ended(sweep_close(connect->end, 0, AIO_DEFAULT));
    }
  }
  until_ended(sweep_gate_close(gate));
  until_all_ended();
}

static void exchange(struct end *ends[2], size_t length) {
  for (int i = 0; i < 2; i++) {
    sweep_write(ends[i], length);
    until_ended(sweep_read(ends[1 - i], length, 0));
  }
  until_all_ended();
}

/* In plain, over TLS, and in plain again. */
void tls_attach_detach(void) {
  aio_tls_context *server = server_context(), *client = client_context();
  aio_collection *collection = sweep_collection();
  struct end *ends[2];
  sweep_pair(collection, LINK_TCP, ends);
  exchange(ends, 10);
  sweep_attach_tls(ends[0], client, "localhost");
  sweep_attach_tls(ends[1], server, NULL);
  until_all_ended();
  exchange(ends, 30000);
  for (int i = 0; i < 2; i++) sweep_detach_tls(ends[i]);
  until_all_ended();
  exchange(ends, 10);
  until_ended(sweep_shutdown(ends[0]));
  until_ended(expecting(sweep_read(ends[1], 1, 0), AIO_EOF));
}

void tls_closed_while_running(void) {
  aio_tls_context *server = server_context(), *client = client_context();
  aio_collection *collection = sweep_collection();
  struct end *ends[2];
  sweep_pair(collection, LINK_NARROW_TCP, ends);
  sweep_attach_tls(ends[0], client, "localhost");
  sweep_attach_tls(ends[1], server, NULL);
  until_all_ended();
  for (int i = 0; i < 3; i++) expecting(sweep_write(ends[0], 500000), AIO_ERR_CANCELED);
  expecting(sweep_standing_read(ends[1], 1000, SIZE_MAX), AIO_ERR_CANCELED);
  turns(5);
  if (collection != NULL) sweep_destroy_collection(collection);
}
