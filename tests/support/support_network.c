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

static struct listener *bound_listener(const char *host, uint16_t port, int backlog) {
  struct listener *listener = fixture_memory(sizeof *listener);
  aio_address address = address_of(host, port);
  socklen_t length = sizeof address.storage;
  const int yes = 1;
  listener->socket = raw_socket(&address);
  at_tear_down(close_listener, listener);
  if (port != 0) setsockopt(listener->socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (aio_address_family(&address) == 6)
    setsockopt(listener->socket, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  must(binds(listener->socket, &address), "bind");
  if (backlog >= 0) must(listen(listener->socket, backlog) == 0, "listen");
  must(getsockname(listener->socket, (struct sockaddr *)address.storage, &length) == 0, "getsockname");
  listener->port = aio_address_port(&address);
  snprintf(listener->service, sizeof listener->service, "%u", listener->port);
  must(fcntl(listener->socket, F_SETFL, O_NONBLOCK) == 0, "fcntl");
  return listener;
}

struct listener *new_listener(const char *host) { return bound_listener(host, 0, 64); }

struct listener *new_listener_at(const char *host, uint16_t port) { return bound_listener(host, port, 64); }

struct listener *new_refusing(const char *host) { return bound_listener(host, 0, -1); }

struct listener *new_refusing_at(const char *host, uint16_t port) { return bound_listener(host, port, -1); }

static void close_descriptor(void *argument) { close(*(int *)argument); }

struct listener *new_silent(const char *host) { return new_silent_at(host, 0); }

/* A queue of length 0 holds one connection; while that is in it, the system drops every further SYN. */
struct listener *new_silent_at(const char *host, uint16_t port) {
  struct listener *listener = bound_listener(host, port, 0);
  int *filler = fixture_memory(sizeof *filler);
  *filler = dial(host, listener->port);
  at_tear_down(close_descriptor, filler);
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
  accept_completion(completion, aio_state_connect_tcp(pair->collection, host, service, recorded_status, &options,
                                                      &pair->state));
  if (completion->submitted != AIO_OK) assert_null(pair->state);
  return completion;
}

struct pair *connected_pair(struct pair *fixture, struct listener *listener) {
  aio_address address;
  socklen_t length = sizeof address.storage;
  char host[64];
  must(getsockname(listener->socket, (struct sockaddr *)address.storage, &length) == 0, "getsockname");
  address.length = length;
  expect_status(aio_address_host(&address, host, sizeof host), AIO_OK);
  struct completion *connect = start_connect(fixture, host, listener->service);
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

/* ---- echo ---- */

enum { kEchoBuffer = 4096 };

static void echo_read(aio_state *state, void *buffer, size_t count, void *user_info);

static void echo_on(struct pair *pair, char *buffer) {
  aio_io_options options = {.minimum = 1, .user_info = pair};
  expect_status(aio_state_read_buffer(pair->state, buffer, kEchoBuffer, echo_read, &options), AIO_OK);
}

static void echo_written(aio_state *state, void *buffer, size_t count, void *user_info) {
  (void)count;
  enter_callback();
  if (aio_state_write_status(state) == AIO_OK) echo_on(user_info, buffer);
  leave_callback();
}

static void echo_read(aio_state *state, void *buffer, size_t count, void *user_info) {
  aio_io_options options = {.end = count, .user_info = user_info};
  enter_callback();
  if (aio_state_read_status(state) == AIO_OK)
    expect_status(aio_state_write_buffer(state, buffer, kEchoBuffer, echo_written, &options), AIO_OK);
  else if (aio_state_read_status(state) == AIO_EOF)
    expect_status(aio_state_shutdown(state, NULL, NULL), AIO_OK);
  leave_callback();
}

void then_echo(struct acceptor *acceptor) {
  struct pair *pair = acceptor->pairs[acceptor->accepts - 1];
  echo_on(pair, fixture_memory(kEchoBuffer));
}
