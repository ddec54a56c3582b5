#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"
#include "support_network.h"

static const double kPatience = 10;

static void must(int good, const char *what) {
  if (!good) fail_at(HERE, "%s: %s", what, strerror(errno));
}

/* ---- raw sockets ---- */

static aio_address address_of(const char *host, uint16_t port) {
  aio_address address;
  expect_status(aio_address_parse(&address, host, port), AIO_OK);
  return address;
}

static int raw_socket(const aio_address *address) {
  int new_socket = socket(aio_address_family(address) == 6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(new_socket >= 0, "socket");
  return new_socket;
}

static int binds(int bound, const aio_address *address) {
  return bind(bound, (const struct sockaddr *)address->storage, address->length) == 0;
}

int has_ipv6(void) {
  aio_address address = address_of("::1", 0);
  int probe = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int works = probe >= 0 && binds(probe, &address);
  if (probe >= 0) close(probe);
  return works;
}

static void close_listener(void *argument) { close(((struct listener *)argument)->socket); }

/* -1 where the port is taken. */
static int bound_socket(const char *host, uint16_t port) {
  aio_address address = address_of(host, port);
  const int yes = 1;
  int bound = raw_socket(&address);
  if (aio_address_family(&address) == 6) setsockopt(bound, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  must(fcntl(bound, F_SETFL, O_NONBLOCK) == 0, "fcntl");
  if (binds(bound, &address)) return bound;
  must(errno == EADDRINUSE, "bind");
  close(bound);
  return -1;
}

static uint16_t port_of(int bound) {
  aio_address address;
  socklen_t length = sizeof address.storage;
  must(getsockname(bound, (struct sockaddr *)address.storage, &length) == 0, "getsockname");
  address.length = length;
  return aio_address_port(&address);
}

static int try_one_port(const char *const *hosts, int count, int *sockets) {
  uint16_t port = 0;
  for (int i = 0; i < count; i++) {
    sockets[i] = bound_socket(hosts[i], port);
    if (sockets[i] < 0) {
      while (i-- > 0) close(sockets[i]);
      return 0;
    }
    port = port_of(sockets[i]);
  }
  return 1;
}

void listeners_at_one_port(const char *const *hosts, int count, struct listener **listeners) {
  int sockets[8];
  while (!try_one_port(hosts, count, sockets)) continue;
  for (int i = 0; i < count; i++) {
    struct listener *listener = listeners[i] = fixture_memory(sizeof *listener);
    listener->host = hosts[i];
    listener->socket = sockets[i];
    listener->port = port_of(sockets[i]);
    snprintf(listener->service, sizeof listener->service, "%u", listener->port);
    at_tear_down(close_listener, listener);
  }
}

static void close_descriptor(void *argument) { close(*(int *)argument); }

void start_listening(struct listener *listener) { must(listen(listener->socket, 64) == 0, "listen"); }

/* A queue of length 0 holds one connection; while that is in it, the system drops every further SYN. */
void fall_silent(struct listener *listener) {
  int *filler = fixture_memory(sizeof *filler);
  must(listen(listener->socket, 0) == 0, "listen");
  *filler = dial(listener->host, listener->port);
  at_tear_down(close_descriptor, filler);
}

struct listener *new_refusing(const char *host) {
  struct listener *listener;
  listeners_at_one_port(&host, 1, &listener);
  return listener;
}

struct listener *new_listener(const char *host) {
  struct listener *listener = new_refusing(host);
  start_listening(listener);
  return listener;
}

struct listener *new_silent(const char *host) {
  struct listener *listener = new_refusing(host);
  fall_silent(listener);
  return listener;
}

int accept_peer(struct pair *pair, struct listener *listener) {
  double deadline = now() + kPatience;
  int peer;
  while ((peer = accept(listener->socket, NULL, NULL)) < 0) {
    if (now() > deadline) fail_at(HERE, "no connection came");
    pump(pair, 0);
  }
  return peer;
}

int dial(const char *host, uint16_t port) {
  aio_address address = address_of(host, port);
  int peer = raw_socket(&address);
  must(connect(peer, (const struct sockaddr *)address.storage, address.length) == 0, "connect");
  return peer;
}

/* ---- connects ---- */

struct completion *submit_connect(struct pair *fixture, const char *host, const char *service,
                                  const aio_connect_options *given) {
  struct pair *pair = pair_of(fixture->collection, NULL, -1);
  struct completion *completion = new_completion(pair);
  aio_connect_options options = {0};
  if (given != NULL) options = *given;
  options.user_info = completion;
  accept_completion(completion,
                    aio_state_connect_tcp(pair->collection, host, service, recorded_status, &options, &pair->state));
  if (completion->submitted != AIO_OK) assert_null(pair->state);
  return completion;
}

struct pair *connected_pair(struct pair *fixture, struct listener *listener) {
  struct completion *connect = start_connect(fixture, listener->host, listener->service);
  expect_outcome(connect, AIO_OK);
  struct pair *pair = connect->pair;
  pair->peer = accept_peer(fixture, listener);
  must(fcntl(pair->peer, F_SETFL, O_NONBLOCK) == 0, "fcntl");
  return pair;
}

/* ---- acceptors ---- */

static int begin_accept(struct acceptor *acceptor, aio_acceptor *handle) {
  enter_callback();
  if (handle != acceptor->handle) note_violation("an accept callback got another acceptor");
  if (acceptor->accepts == kMostAccepted) note_violation("more connections than the test can keep");
  lock_records();
  acceptor->orders[acceptor->accepts] = next_order();
  return acceptor->accepts++;
}

static void end_accept(struct acceptor *acceptor) {
  unlock_records();
  if (acceptor->then != NULL) acceptor->then(acceptor);
  lock_records();
  acceptor->done++;
  announce_record();
  unlock_records();
  leave_callback();
}

void recorded_accept(aio_acceptor *handle, aio_state *state, void *argument) {
  struct acceptor *acceptor = argument;
  int index = begin_accept(acceptor, handle);
  aio_collection *home = aio_state_collection(state);
  acceptor->pairs[index] = pair_of(home != NULL ? home : acceptor->pair->collection, state, -1);
  acceptor->sockets[index] = AIO_NO_SOCKET;
  end_accept(acceptor);
}

void recorded_socket(aio_acceptor *handle, aio_socket socket, void *argument) {
  struct acceptor *acceptor = argument;
  acceptor->sockets[begin_accept(acceptor, handle)] = socket;
  end_accept(acceptor);
}

void recorded_accept_error(aio_acceptor *handle, aio_status status, void *argument) {
  struct acceptor *acceptor = argument;
  enter_callback();
  lock_records();
  next_order();
  acceptor->errors++;
  acceptor->error = status;
  snprintf(acceptor->error_text, sizeof acceptor->error_text, "%s", aio_acceptor_error_text(handle));
  announce_record();
  unlock_records();
  leave_callback();
}

static void end_acceptor(void *argument) {
  struct acceptor *acceptor = argument;
  if (acceptor->handle != NULL && aio_acceptor_collection(acceptor->handle) != NULL)
    expect_outcome(submit_acceptor_close(acceptor), AIO_OK);
  destroy_acceptor(acceptor);
  for (int i = 0; i < acceptor->accepts; i++)
    if (acceptor->sockets[i] != AIO_NO_SOCKET) close(acceptor->sockets[i]);
}

static struct acceptor *new_acceptor(struct pair *pair) {
  struct acceptor *acceptor = fixture_memory(sizeof *acceptor);
  acceptor->pair = pair;
  return acceptor;
}

static struct acceptor *submitted(struct acceptor *acceptor) {
  if (acceptor->submitted != AIO_OK) {
    assert_null(acceptor->handle);
    return acceptor;
  }
  at_tear_down(end_acceptor, acceptor);
  acceptor->port = aio_acceptor_local_port(acceptor->handle);
  snprintf(acceptor->service, sizeof acceptor->service, "%u", acceptor->port);
  return acceptor;
}

static aio_accept_options with_user_info(const aio_accept_options *given, struct acceptor *acceptor) {
  aio_accept_options options = {0};
  if (given != NULL) options = *given;
  options.user_info = acceptor;
  return options;
}

struct acceptor *submit_acceptor(struct pair *pair, const char *host, const char *service,
                                 const aio_accept_options *given) {
  struct acceptor *acceptor = new_acceptor(pair);
  aio_accept_options options = with_user_info(given, acceptor);
  acceptor->host = host != NULL ? host : "127.0.0.1";
  acceptor->submitted =
      aio_acceptor_create_tcp(pair->collection, host, service, recorded_accept, &options, &acceptor->handle);
  return submitted(acceptor);
}

struct acceptor *submit_acceptor_socket(struct pair *pair, aio_socket listening, const aio_accept_options *given) {
  struct acceptor *acceptor = new_acceptor(pair);
  aio_accept_options options = with_user_info(given, acceptor);
  acceptor->host = "127.0.0.1";
  acceptor->submitted =
      aio_acceptor_create_socket(pair->collection, listening, recorded_accept, &options, &acceptor->handle);
  return submitted(acceptor);
}

struct acceptor *accepting(struct place place, struct acceptor *acceptor) {
  expect_status_at(place, acceptor->submitted, AIO_OK);
  return acceptor;
}

static void recorded_acceptor_close(aio_acceptor *handle, aio_status status, void *completion) {
  (void)handle;
  recorded_status(NULL, status, completion);
}

struct completion *submit_acceptor_close(struct acceptor *acceptor) {
  struct completion *completion = new_completion(acceptor->pair);
  accept_completion(completion, aio_acceptor_close(acceptor->handle, recorded_acceptor_close, completion));
  return completion;
}

void destroy_acceptor(struct acceptor *acceptor) {
  aio_acceptor *handle = acceptor->handle;
  acceptor->handle = NULL;
  aio_acceptor_destroy(handle);
}

int dial_acceptor(struct acceptor *acceptor) { return dial(acceptor->host, acceptor->port); }

struct pair *meet(struct acceptor *acceptor) {
  int index = acceptor->done;
  int peer = dial_acceptor(acceptor);
  drive_until(acceptor->pair, acceptor->done > index);
  struct pair *pair = acceptor->pairs[index];
  pair->peer = peer;
  must(fcntl(peer, F_SETFL, O_NONBLOCK) == 0, "fcntl");
  return pair;
}

/* ---- echo: until the end, an error, or the test's ---- */

enum { kEchoBuffer = 4096 };

static void echo_read(aio_state *state, void *buffer, size_t count, void *user_info);

static void must_go_on(aio_status status) {
  if (status != AIO_OK && status != AIO_ERR_CLOSED) note_violation("an echo was refused: %s", aio_status_name(status));
}

static void echo_on(aio_state *state, char *buffer) {
  aio_io_options options = {.minimum = 1};
  must_go_on(aio_state_read_buffer(state, buffer, kEchoBuffer, echo_read, &options));
}

static void echo_written(aio_state *state, void *buffer, size_t count, void *user_info) {
  (void)count, (void)user_info;
  enter_callback();
  if (aio_state_write_status(state) == AIO_OK) echo_on(state, buffer);
  leave_callback();
}

static void echo_read(aio_state *state, void *buffer, size_t count, void *user_info) {
  (void)user_info;
  enter_callback();
  aio_io_options options = {.end = count};
  if (aio_state_read_status(state) == AIO_OK)
    must_go_on(aio_state_write_buffer(state, buffer, kEchoBuffer, echo_written, &options));
  else if (aio_state_read_status(state) == AIO_EOF)
    must_go_on(aio_state_shutdown(state, NULL, NULL));
  leave_callback();
}

void then_echo(struct acceptor *acceptor) {
  echo_on(acceptor->pairs[acceptor->accepts - 1]->state, fixture_memory(kEchoBuffer));
}
