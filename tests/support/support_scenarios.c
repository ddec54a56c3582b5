#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support_message_scenarios.h"
#include "support_network.h"
#include "support_resolver.h"
#include "support_scenarios.h"
#include "support_sweep.h"
#include "support_tls_scenarios.h"

static void destroy_accepted(aio_acceptor *acceptor, aio_state *state, void *user_info) {
  (void)acceptor, (void)user_info;
  aio_state_destroy(state);
}

static void ignore_connect(aio_state *state, aio_status status, void *user_info) {
  (void)state, (void)status, (void)user_info;
}

static void create_collection(void) {
  sweep_collection();
  turns(2);
}

static void own_thread(void) {
  aio_collection *collection = sweep_threaded_collection();
  for (int i = 0; i < 3; i++) sweep_apply(collection);
  sweep_timer(collection, 0, 0, 1);
  until_all_ended();
}

static void functions_and_timers(void) {
  aio_collection *collection = sweep_collection();
  struct step *timers[12];
  for (int i = 0; i < 12; i++) {
    sweep_apply(collection);
    timers[i] = sweep_timer(collection, 0.0001 * (11 - i), i % 3 == 0 ? 0.0001 : 0, i % 3 == 0 ? 2 : 1);
  }
  until_all_ended();
  for (int i = 0; i < 12; i += 2) sweep_stop_timer(timers[i]);
  if (collection != NULL) accepted(aio_collection_wake(collection));
  turns(2);
}

static void connect_echo_close(void) {
  aio_collection *collection = sweep_collection();
  struct gate *gate = sweep_gate(collection, NULL, then_echo_sweep);
  struct step *connect = sweep_connect(collection, "127.0.0.1", gate->port, NULL);
  sweep_write(connect->end, 1000);
  until_ended(sweep_read(connect->end, 1000, 0));
  if (connect->end->state != NULL) {
    aio_address address;
    accepted(aio_state_local_address(connect->end->state, &address));
    accepted(aio_state_peer_address(connect->end->state, &address));
    accepted(aio_state_set_nodelay(connect->end->state, AIO_NO));
  }
  sweep_write(connect->end, 10000);
  until_ended(sweep_read(connect->end, 10000, 0));
  until_ended(sweep_shutdown(connect->end));
  until_ended(expecting(sweep_read(connect->end, 1, 0), AIO_EOF));
  until_ended(sweep_close(connect->end, 0, AIO_DEFAULT));
  until_ended(sweep_gate_close(gate));
  until_all_ended();
}

static void several_connections(void) {
  aio_collection *collection = sweep_collection();
  aio_accept_options options = {.name = "gate", .connection_limit = 3, .keepalive = AIO_YES};
  struct gate *gate = sweep_gate(collection, &options, then_echo_sweep);
  aio_connect_options named = {.name = "caller", .local_address = "127.0.0.1", .keepalive = AIO_YES};
  for (int i = 0; i < 5; i++) {
    struct step *connect = sweep_connect(collection, "127.0.0.1", gate->port, &named);
    sweep_write(connect->end, 100);
    until_ended(sweep_read(connect->end, 100, 0));
    if (i % 2 == 0) sweep_destroy(connect->end);
  }
  until_all_ended();
}

static void pausing(void) {
  aio_collection *collection = sweep_collection();
  struct gate *gate = sweep_gate(collection, NULL, then_echo_sweep);
  if (gate->handle != NULL) accepted(aio_acceptor_pause(gate->handle));
  struct step *connect = sweep_connect(collection, "127.0.0.1", gate->port, NULL);
  until_ended(connect);
  if (gate->handle != NULL) accepted(aio_acceptor_resume(gate->handle));
  sweep_write(connect->end, 100);
  until_ended(sweep_read(connect->end, 100, 0));
  sweep_gate_close(gate);
  until_ended(sweep_gate_close(gate));
  until_all_ended();
}

static void refused_and_canceled(void) {
  aio_collection *collection = sweep_collection();
  aio_address address;
  socklen_t length = sizeof address.storage;
  begin_apart();
  aio_address_parse(&address, "127.0.0.1", 0);
  int refusing = socket(AF_INET, SOCK_STREAM, 0); /* bound, but not listening */
  bind(refusing, (const struct sockaddr *)address.storage, address.length);
  getsockname(refusing, (struct sockaddr *)address.storage, &length);
  const uint16_t port = aio_address_port(&address);
  end_apart();
  struct step *refused = expecting(sweep_connect(collection, "127.0.0.1", port, NULL), AIO_ERR_CONNECTION_REFUSED);
  expecting(sweep_write(refused->end, 10), AIO_ERR_CONNECTION_REFUSED);
  expecting(sweep_read(refused->end, 10, 0), AIO_ERR_CONNECTION_REFUSED);
  until_all_ended();
  struct step *canceled = expecting(sweep_connect(collection, "127.0.0.1", port, NULL), AIO_ERR_CANCELED);
  sweep_close(canceled->end, 0, AIO_DEFAULT);
  until_all_ended();
  begin_apart();
  close(refusing);
  end_apart();
}

static void connect_by_name(void) {
  aio_collection *collection = sweep_collection();
  struct gate *gate = sweep_gate(collection, NULL, then_echo_sweep);
  aio_connect_options options = {.connect_timeout = 9};
  struct step *connect = sweep_connect(collection, "raced.test", gate->port, &options);
  sweep_write(connect->end, 100);
  until_ended(sweep_read(connect->end, 100, 0));
  until_all_ended();
  sweep_close(connect->end, 0, AIO_DEFAULT);
  until_ended(expecting(sweep_connect(collection, "unknown.test", gate->port, NULL), AIO_ERR_HOST_NOT_FOUND));
  until_all_ended();
}

static void standing_reads(void) {
  aio_collection *collection = sweep_collection();
  struct end *ends[2];
  sweep_pair(collection, LINK_TCP, ends);
  sweep_write(ends[0], 300000);
  until_ended(sweep_standing_read(ends[1], 100000, 200000));
  until_ended(sweep_read(ends[1], 300000 - (size_t)ends[1]->got, 0));
  sweep_write(ends[0], 5000);
  until_ended(sweep_wait(ends[1]));
  until_ended(sweep_standing_read(ends[1], 1, 305000));
  sweep_shutdown(ends[0]);
  until_ended(expecting(sweep_standing_read(ends[1], 1, SIZE_MAX), AIO_EOF));
  until_all_ended();
}

/* The lack of memory ends a standing read; the next one goes on without a gap. */
static void standing_reads_in_need(void) {
  aio_collection *collection = sweep_collection();
  struct end *ends[2];
  sweep_pair(collection, LINK_TCP, ends);
  sweep_write(ends[0], 200000);
  sweep_shutdown(ends[0]);
  for (int tries = 0; tries < 3; tries++) {
    struct step *read = sweep_standing_read(ends[1], 50000, SIZE_MAX);
    read->may_fail = 1;
    until_ended(expecting(read, AIO_EOF));
    if (read->calls == 0 || read->status != AIO_ERR_NO_MEMORY) break;
  }
  until_all_ended();
}

static void leftovers(void) {
  aio_collection *collection = sweep_collection();
  struct end *ends[2];
  char rest[30000];
  sweep_pair(collection, LINK_TCP, ends);
  struct end *reader = ends[1];
  until_ended(sweep_write(ends[0], 30000));
  until_ended(sweep_read(reader, 10, 0));
  until_ended(sweep_read(reader, 5000, 1));
  if (reader->state == NULL) return;
  until_ended(sweep_close(reader, 0, AIO_DEFAULT));
  const size_t count = aio_state_take_buffered(reader->state, rest, sizeof rest);
  if (!is_payload(rest, reader->got, count)) fail_at(HERE, "something else than the payload was left");
  reader->got += count;
}

static void queued_writes(void) {
  aio_collection *collection = sweep_collection();
  struct end *ends[2];
  sweep_pair(collection, LINK_UNIX, ends);
  for (int i = 0; i < 40; i++) sweep_write(ends[0], 3000);
  sweep_shutdown(ends[0]);
  for (int i = 0; i < 4; i++) until_ended(sweep_read(ends[1], 30000, 0));
  until_ended(expecting(sweep_read(ends[1], 1, 0), AIO_EOF));
  until_all_ended();
}

static void both_ways(void) {
  aio_collection *collection = sweep_collection();
  struct end *ends[2];
  sweep_pair(collection, LINK_UNIX, ends);
  for (int i = 0; i < 2; i++) sweep_write(ends[i], 100000);
  for (int i = 0; i < 2; i++) sweep_read(ends[i], 100000, 0);
  until_all_ended();
}

static void aborting(void) {
  aio_collection *collection = sweep_collection();
  struct end *ends[2];
  sweep_pair(collection, LINK_UNIX, ends);
  for (int i = 0; i < 3; i++) expecting(sweep_write(ends[0], 100000), AIO_ERR_CANCELED);
  expecting(sweep_read(ends[0], 10, 0), AIO_ERR_CANCELED);
  turns(2);
  until_ended(sweep_abort(ends[0], AIO_BOTH));
  until_ended(expecting(sweep_abort(ends[0], AIO_INPUT), AIO_ERR_NOT_FOUND));
  until_all_ended();
  sweep_destroy(ends[0]);
  while (ends[1]->state != NULL && !ends[1]->eof) {
    struct step *read = sweep_read(ends[1], 50000, 1);
    until_ended(expecting(read, AIO_EOF));
    if (!read->accepted || read->calls == 0 || read->status != AIO_OK) break;
    read->expected = AIO_OK;
  }
}

static void timeouts(void) {
  aio_collection *collection = sweep_collection();
  struct end *ends[2];
  sweep_pair(collection, LINK_UNIX, ends);
  if (ends[0]->state != NULL) {
    accepted(aio_state_set_read_timeout(ends[0]->state, 0.001));
    accepted(aio_state_set_write_timeout(ends[0]->state, 0.001));
  }
  expecting(sweep_write(ends[0], 100000), AIO_TIMEOUT);
  expecting(sweep_read(ends[0], 10, 0), AIO_TIMEOUT);
  until_all_ended();
}

static void closing(void) {
  aio_collection *collection = sweep_collection();
  struct end *ends[2], *others[2];
  sweep_pair(collection, LINK_UNIX, ends);
  sweep_pair(collection, LINK_TCP, others);
  for (int i = 0; i < 3; i++) sweep_write(ends[0], 20000);
  sweep_close(ends[0], 8, AIO_DEFAULT);
  sweep_close(ends[0], 9, AIO_DEFAULT);
  until_ended(sweep_read(ends[1], 60000, 0));
  until_ended(expecting(sweep_read(ends[1], 1, 0), AIO_EOF));
  sweep_close(ends[1], 0, AIO_DEFAULT);
  expecting(sweep_read(others[1], 5, 0), AIO_ERR_CONNECTION_RESET);
  turns(1);
  sweep_close(others[0], 0, AIO_YES);
  sweep_close(others[0], 0, AIO_DEFAULT);
  until_all_ended();
}

static void releasing(void) {
  aio_collection *collection = sweep_collection();
  struct end *ends[2];
  aio_socket socket = AIO_NO_SOCKET;
  sweep_pair(collection, LINK_TCP, ends);
  sweep_write(ends[0], 100);
  until_ended(sweep_read(ends[1], 100, 0));
  if (ends[1]->state == NULL || !accepted(aio_state_release_socket(ends[1]->state, &socket))) return;
  struct end *again = sweep_adopt(collection, socket);
  sweep_write(ends[0], 100);
  again->got = ends[1]->got;
  until_ended(sweep_read(again, 100, 0));
  until_all_ended();
}

static void lines_and_frames(void) {
  aio_collection *collection = sweep_collection();
  struct end *ends[2];
  sweep_pair(collection, LINK_TCP, ends);
  sweep_write(ends[0], 500);
  until_ended(sweep_frame(ends[1], 100));
  until_ended(sweep_line(ends[1], 150));
  until_ended(sweep_read(ends[1], 50, 0));
  sweep_gather(ends[0], 100000);
  until_ended(sweep_frame(ends[1], 100200));
  struct step *half = sweep_line(ends[1], 1000);
  sweep_write(ends[0], 900);
  turns(3);
  sweep_gather(ends[0], 100);
  until_ended(half);
  expecting(sweep_frame(ends[1], 10), AIO_EOF);
  sweep_shutdown(ends[0]);
  until_all_ended();
}

static void marks_and_rates(void) {
  aio_collection *collection = sweep_collection();
  struct end *ends[2];
  sweep_pair(collection, LINK_UNIX, ends);
  sweep_marks(ends[0], 1000, 0);
  sweep_rate(ends[0], 1e7);
  sweep_rate(ends[1], 1e7);
  sweep_gather(ends[0], 30000);
  until_ended(sweep_read(ends[1], 30000, 0));
  sweep_marks(ends[0], 10, 5);
  sweep_rate(ends[1], 0);
  sweep_write(ends[0], 1000);
  until_ended(sweep_read(ends[1], 1000, 0));
  until_all_ended();
}

static void unix_sockets(void) {
  static const char name[] = "@aiostate-sweep";
  aio_collection *collection = sweep_collection();
  aio_acceptor *acceptor = NULL;
  aio_state *state = NULL;
  if (collection == NULL) return;
  aio_status status = aio_acceptor_create_unix(collection, name, destroy_accepted, NULL, &acceptor);
  if (accepted(status) && accepted(aio_state_connect_unix(collection, name, ignore_connect, NULL, &state))) turns(5);
  if (state != NULL) aio_state_peer_credentials(state, &(aio_credentials){0});
  aio_state_destroy(state);
  aio_acceptor_destroy(acceptor);
  turns(2);
}

static void two_collections(void) {
  aio_collection *one = sweep_collection(), *other = sweep_threaded_collection();
  aio_accept_options options = {.collections = (aio_collection *[]){other}, .collection_count = other != NULL};
  struct gate *gate = sweep_gate(one, &options, then_echo_sweep);
  for (int i = 0; i < 3; i++) {
    struct step *connect = sweep_connect(one, "127.0.0.1", gate->port, NULL);
    sweep_write(connect->end, 500);
    until_ended(sweep_read(connect->end, 500, 0));
  }
  if (one != NULL) accepted(aio_collection_close(one));
  turns(3);
  until_all_ended();
}

static void destroyed_while_running(void) {
  aio_collection *collection = sweep_collection();
  struct gate *gate = sweep_gate(collection, NULL, then_echo_sweep);
  struct end *ends[2];
  sweep_pair(collection, LINK_UNIX, ends);
  for (int i = 0; i < 3; i++) expecting(sweep_write(ends[0], 50000), AIO_ERR_CANCELED);
  expecting(sweep_standing_read(ends[0], 1, SIZE_MAX), AIO_ERR_CANCELED);
  expecting(sweep_read(ends[1], 1000000, 0), AIO_ERR_CANCELED);
  expecting(sweep_connect(collection, "127.0.0.1", gate->port, NULL), AIO_ERR_CANCELED);
  sweep_apply(collection);
  if (collection != NULL) sweep_destroy_collection(collection);
}

const struct scenario scenarios[] = {
    {"create_collection", create_collection},
    {"own_thread", own_thread},
    {"functions_and_timers", functions_and_timers},
    {"connect_echo_close", connect_echo_close},
    {"several_connections", several_connections},
    {"pausing", pausing},
    {"refused_and_canceled", refused_and_canceled},
    {"connect_by_name", connect_by_name},
    {"standing_reads", standing_reads},
    {"standing_reads_in_need", standing_reads_in_need},
    {"leftovers", leftovers},
    {"queued_writes", queued_writes},
    {"both_ways", both_ways},
    {"aborting", aborting},
    {"timeouts", timeouts},
    {"closing", closing},
    {"releasing", releasing},
    {"lines_and_frames", lines_and_frames},
    {"marks_and_rates", marks_and_rates},
    {"unix_sockets", unix_sockets},
    MESSAGE_SCENARIOS,
    TLS_SCENARIOS,
    {"two_collections", two_collections},
    {"destroyed_while_running", destroyed_while_running},
};
const size_t scenario_count = sizeof scenarios / sizeof *scenarios;
