#include "support_tls_scenarios.h"

#include "certificates.h"
#include "support_network.h"
#include "support_sweep.h"

static const char *const kName = "localhost";

static aio_tls_options server_options(void) {
  const char *both = the_server()->both;
  return (aio_tls_options){.certificate_data = both, .certificate_length = strlen(both), .alpn = "one,two"};
}

static aio_tls_options client_options(void) {
  const char *authority = the_authority()->certificate;
  return (aio_tls_options){.trust_data = authority, .trust_length = strlen(authority), .alpn = "two"};
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

/* Where making contexts is not what matters: no point of the sweep. */
struct sides {
  aio_tls_context *client, *server;
};

static struct sides make_sides(void) {
  begin_apart();
  const struct sides sides = {client_context(), server_context()};
  end_apart();
  return sides;
}

static void on_failed_handshake(aio_acceptor *acceptor, aio_status status, void *gate) {
  (void)acceptor, (void)gate;
  accepted(status);
}

static struct gate *secure_gate(aio_collection *collection, aio_tls_context *server) {
  const aio_accept_options options = {.tls = server, .tls_error_callback = on_failed_handshake};
  return sweep_gate(collection, &options, then_echo_sweep);
}

static struct step *secure_connect(aio_collection *collection, const struct gate *gate, aio_tls_context *client) {
  const aio_connect_options options = {.tls = client, .tls_server_name = kName};
  return sweep_connect(collection, "127.0.0.1", gate->port, &options);
}

static void attach_both(struct end *ends[2], const struct sides *sides) {
  struct step *client = sweep_attach_tls(ends[0], sides->client, kName);
  until_ended(sweep_attach_tls(ends[1], sides->server, NULL));
  until_ended(client);
}

/* One that is not plain then has ended with writing, and is no use any more. */
static void detach_both(struct end *ends[2]) {
  struct step *detaches[] = {sweep_detach_tls(ends[0]), sweep_detach_tls(ends[1])};
  until_all_ended();
  for (int i = 0; i < 2; i++)
    if (detaches[i]->status != AIO_OK) sweep_destroy(ends[i]);
}

static void secure_pair(enum link link, struct end *ends[2]) {
  aio_collection *collection = sweep_collection();
  const struct sides sides = make_sides();
  sweep_pair(collection, link, ends);
  attach_both(ends, &sides);
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
  struct gate *gate = secure_gate(collection, server);
  for (int i = 0; i < 2; i++) {
    struct step *connect = secure_connect(collection, gate, client);
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

/* Plain, TLS, plain, and TLS again; the client's first message is read with the bytes before it. */
void tls_attach_detach(void) {
  aio_collection *collection = sweep_collection();
  const struct sides sides = make_sides();
  struct end *ends[2];
  sweep_pair(collection, LINK_TCP, ends);
  until_ended(sweep_write(ends[0], 100));
  struct step *client = sweep_attach_tls(ends[0], sides.client, kName);
  turns(2);
  until_ended(sweep_read(ends[1], 100, 0));
  until_ended(sweep_attach_tls(ends[1], sides.server, NULL));
  until_ended(client);
  for (int i = 0; i < 2; i++) sweep_write(ends[i], 20000);
  until_ended(sweep_read(ends[1], 19000, 0)); /* the rest is what detaching finds */
  until_ended(sweep_read(ends[0], 20000, 0));
  until_all_ended();
  detach_both(ends);
  for (int i = 0; i < 2; i++) sweep_write(ends[i], 500);
  until_ended(sweep_read(ends[1], 1500, 0));
  until_ended(sweep_read(ends[0], 500, 0));
  until_all_ended();
  attach_both(ends, &sides);
  sweep_write(ends[1], 300);
  until_ended(sweep_read(ends[0], 300, 0));
  for (int i = 0; i < 2; i++) sweep_close(ends[i], 8, AIO_DEFAULT);
  until_all_ended();
}

/* Unless it was destroyed meanwhile. */
static void expect_end_as(const struct step *attach, const struct step *step) {
  if (step->calls == 0 || step->status == AIO_ERR_CANCELED || step->status == attach->status) return;
  fail_at(HERE, "attaching ended with %s, and a direction with %s", aio_status_name(attach->status),
          aio_status_name(step->status));
}

/* Attaching that fails is what both directions end with: nothing goes out in plain. */
static void attach_in_need(aio_collection *collection, const struct sides *sides, int failing) {
  struct end *ends[2];
  sweep_pair(collection, LINK_TCP, ends);
  struct step *attaches[] = {sweep_attach_tls(ends[0], sides->client, kName),
                             sweep_attach_tls(ends[1], sides->server, NULL)};
  struct step *attach = attaches[failing];
  attach->may_fail = 1;
  until_ended(attach);
  if (attach->calls == 1 && attach->status != AIO_OK) {
    struct step *write = sweep_write(ends[failing], 10), *read = sweep_read(ends[failing], 10, 0);
    write->may_fail = read->may_fail = 1;
    until_ended(write);
    until_ended(read);
    expect_end_as(attach, write);
    expect_end_as(attach, read);
    sweep_destroy(ends[failing]);
  }
  until_all_ended();
}

void tls_attach_in_need(void) {
  aio_collection *collection = sweep_collection();
  const struct sides sides = make_sides();
  for (int i = 0; i < 2; i++) attach_in_need(collection, &sides, i);
}

void tls_standing_read(void) {
  struct end *ends[2];
  secure_pair(LINK_TCP, ends);
  sweep_write(ends[0], 150000);
  until_ended(sweep_standing_read(ends[1], 50000, 100000));
  until_ended(sweep_read(ends[1], 150000 - (size_t)ends[1]->got, 0));
  for (int i = 0; i < 20; i++) sweep_write(ends[0], 50);
  until_ended(sweep_wait(ends[1]));
  until_ended(sweep_line(ends[1], 500));
  until_ended(sweep_read(ends[1], 500, 0));
  sweep_shutdown(ends[0]);
  until_ended(expecting(sweep_standing_read(ends[1], 1, SIZE_MAX), AIO_EOF));
  until_all_ended();
}

/* What was sealed goes out, and the count tells of it: up to the end the other side reads neither more nor less. */
void tls_aborting(void) {
  struct end *ends[2];
  secure_pair(LINK_UNIX, ends);
  for (int i = 0; i < 2; i++) expecting(sweep_write(ends[0], 300000), AIO_ERR_CANCELED);
  expecting(sweep_read(ends[0], 10, 0), AIO_ERR_CANCELED);
  turns(3);
  until_ended(sweep_abort(ends[0], AIO_BOTH));
  sweep_close(ends[0], 8, AIO_DEFAULT);
  while (ends[1]->state != NULL && !ends[1]->eof) {
    struct step *read = sweep_read(ends[1], 50000, 1);
    until_ended(expecting(read, AIO_EOF));
    if (!read->accepted || read->calls == 0 || read->status != AIO_OK) break;
    read->expected = AIO_OK;
  }
  sweep_close(ends[1], 0, AIO_DEFAULT);
  until_all_ended();
}

void tls_on_another_thread(void) {
  aio_collection *one = sweep_collection(), *other = sweep_threaded_collection();
  const struct sides sides = make_sides();
  const aio_accept_options options = {.tls = sides.server,
                                      .tls_error_callback = on_failed_handshake,
                                      .collections = (aio_collection *[]){other},
                                      .collection_count = other != NULL};
  struct gate *gate = sweep_gate(one, &options, then_echo_sweep);
  struct step *connect = secure_connect(one, gate, sides.client);
  sweep_write(connect->end, 500);
  until_ended(sweep_read(connect->end, 500, 0));
  if (one != NULL) accepted(aio_collection_close(one));
  turns(3);
  until_all_ended();
}

/* In the middle of writes, of detaching, of attaching, and of connecting. */
void tls_closed_while_running(void) {
  aio_collection *collection = sweep_collection();
  const struct sides sides = make_sides();
  struct gate *gate = secure_gate(collection, sides.server);
  struct end *pairs[2][2], *silent[2];
  for (int i = 0; i < 2; i++) {
    sweep_pair(collection, LINK_NARROW_TCP, pairs[i]);
    attach_both(pairs[i], &sides);
  }
  sweep_pair(collection, LINK_UNIX, silent);
  for (int i = 0; i < 3; i++) expecting(sweep_write(pairs[0][0], 500000), AIO_ERR_CANCELED);
  expecting(sweep_standing_read(pairs[0][1], 1000, SIZE_MAX), AIO_ERR_CANCELED);
  expecting(sweep_detach_tls(pairs[1][1]), AIO_ERR_CANCELED);
  expecting(sweep_attach_tls(silent[0], sides.client, kName), AIO_ERR_CANCELED);
  turns(3);
  expecting(secure_connect(collection, gate, sides.client), AIO_ERR_CANCELED);
  turns(1);
  if (collection != NULL) sweep_destroy_collection(collection);
}
