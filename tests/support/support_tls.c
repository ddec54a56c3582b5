#include "support_tls.h"

#include <fcntl.h>
#include <stdlib.h>

#include "internal.h"

int tls_under_test(void) {
  const char *version = getenv("AIO_TEST_TLS");
  return version != NULL ? atoi(version) : 0;
}

/* ---- contexts ---- */

static void end_context(void *kept) {
  aio_tls_context **context = kept;
  aio_tls_context_destroy(*context);
  *context = NULL;
}

static aio_tls_context *made(struct place place, int32_t side, const aio_tls_options *options) {
  aio_tls_context *context = NULL;
  const aio_status status = aio_tls_context_create(side, options, &context);
  if (status != AIO_OK) fail_at(place, "no context: %s: %s", aio_status_name(status), aio_last_error_text());
  return context;
}

aio_tls_context *new_context_at(struct place place, int32_t side, const aio_tls_options *options) {
  aio_tls_context **kept = fixture_memory(sizeof *kept);
  *kept = made(place, side, options);
  at_tear_down(end_context, kept);
  return *kept;
}

static aio_tls_options trusting(const aio_tls_options *given) {
  aio_tls_options options = *given;
  options.trust_data = the_authority()->certificate;
  options.trust_length = strlen(the_authority()->certificate);
  return options;
}

static aio_tls_options showing(const aio_tls_options *given) {
  aio_tls_options options = *given;
  options.certificate_data = the_server()->both;
  options.certificate_length = strlen(the_server()->both);
  return options;
}

aio_tls_context *new_client_at(struct place place, const aio_tls_options *given) {
  const aio_tls_options options = trusting(given);
  return new_context_at(place, AIO_TLS_CLIENT, &options);
}

aio_tls_context *new_server_at(struct place place, const aio_tls_options *given) {
  const aio_tls_options options = showing(given);
  return new_context_at(place, AIO_TLS_SERVER, &options);
}

/* ---- attach and detach ---- */

struct completion *submit_attach(struct pair *pair, aio_tls_context *context, const aio_attach_options *given) {
  struct completion *completion = new_completion(pair);
  aio_attach_options options = *given;
  options.user_info = completion;
  accept_completion(completion, aio_state_attach_tls(pair->state, context, recorded_status, &options));
  return completion;
}

struct completion *submit_detach(struct pair *pair, double timeout) {
  struct completion *completion = new_completion(pair);
  accept_completion(completion, aio_state_detach_tls(pair->state, recorded_status, timeout, completion));
  return completion;
}

struct completion *meet_server(struct pair *fixture, aio_tls_context *context, const char *name,
                               const struct tls_peer_options *options) {
  struct pair *pair = new_pair(fixture->collection, LINK_TCP, NULL);
  put_tls_between(pair, LINK_TCP, options);
  return start_attach(pair, context, .server_name = name);
}

struct completion *meet_client(struct pair *fixture, aio_tls_context *context, const struct tls_peer_options *options) {
  return meet_server(fixture, context, NULL, options);
}

int peer_saw(const struct pair *pair, const struct identity *identity) {
  const X509 *seen = SSL_get0_peer_certificate(pair->tls->ssl);
  return seen != NULL && X509_cmp(seen, identity->x509) == 0;
}

int state_saw(const struct pair *pair, const struct identity *identity) {
  char text[4096];
  const size_t size = aio_state_tls_peer_certificate(pair->state, text, sizeof text);
  return size == strlen(identity->certificate) + 1 && strcmp(text, identity->certificate) == 0;
}

void secure_at(struct place place, struct pair *pair, aio_tls_context *context, const char *name) {
  struct completion *attach = started(place, try_attach(pair, context, .server_name = name));
  expect_outcome_at(place, attach, AIO_OK);
  settle(pair);
}

struct tls_peer *become_client(struct pair *pair, int version) {
  struct tls_peer *peer =
      speaks_tls(pair, .side = AIO_TLS_SERVER, .minimum_version = version, .maximum_version = version);
  secure(pair, client_context(0), "localhost");
  return peer;
}

struct tls_peer *become_server(struct pair *pair, int version) {
  struct tls_peer *peer =
      speaks_tls(pair, .side = AIO_TLS_CLIENT, .minimum_version = version, .maximum_version = version);
  secure(pair, server_context(0), NULL);
  return peer;
}

struct pair *secured_pair(struct pair *fixture, int kind) {
  struct pair *pair = new_pair(fixture->collection, LINK_TCP, NULL);
  if (kind % 2)
    become_client(pair, 12 + kind / 2);
  else
    become_server(pair, 12 + kind / 2);
  return pair;
}

void expect_talk_at(struct place place, struct pair *pair) {
  struct completion *read = started(place, try_read(pair, 100)), *write = started(place, try_write(pair, 50));
  peer_sends_at(place, pair, 100);
  expect_read_at(place, read, AIO_OK, 100);
  expect_write_at(place, write, AIO_OK, 50);
  peer_receives_at(place, pair, 50);
}

/* ---- connect and accept ---- */

struct tls_peer *accept_tls_peer(struct completion *connect, struct listener *listener,
                                 const struct tls_peer_options *options) {
  struct pair *pair = connect->pair;
  pair->peer = accept_peer(pair, listener);
  return put_tls_between(pair, LINK_TCP, options);
}

struct pair *dial_tls_peer(struct acceptor *acceptor, const struct tls_peer_options *options) {
  struct pair *pair = pair_of(acceptor->pair->collection, NULL, dial_acceptor(acceptor));
  put_tls_between(pair, LINK_TCP, options);
  return pair;
}

struct pair *meet_tls_peer(struct acceptor *acceptor, const struct tls_peer_options *options) {
  const int index = acceptor->done;
  struct pair *dialed = dial_tls_peer(acceptor, options);
  drive_until(acceptor->pair, acceptor->done > index);
  struct pair *pair = acceptor->pairs[index];
  pair->peer = dialed->peer;
  dialed->peer = -1;
  return pair;
}

/* ---- the fixtures of other tests ---- */

/* Not recorded: tests count their own callbacks. */
static void attached(aio_state *state, aio_status status, void *outcome) {
  (void)state;
  lock_records();
  *(int *)outcome = status;
  announce_record();
  unlock_records();
}

void secure_pair(struct pair *pair, enum link link) {
  enum { PENDING = 1000 };
  const int version = tls_under_test(), is_client = version == 13;
  const aio_tls_options none = {0}, options = is_client ? trusting(&none) : showing(&none);
  aio_tls_context *context = made(HERE, is_client ? AIO_TLS_CLIENT : AIO_TLS_SERVER, &options);
  int *outcome = fixture_memory(sizeof *outcome);
  aio_attach_options attach = {.server_name = "localhost", .user_info = outcome};
  struct tls_peer_options peer = {
      .side = is_client ? AIO_TLS_SERVER : AIO_TLS_CLIENT, .minimum_version = version, .maximum_version = version};
  *outcome = PENDING;
  put_tls_between(pair, link, &peer);
  expect_status(aio_state_attach_tls(pair->state, context, attached, &attach), AIO_OK);
  aio_tls_context_destroy(context);
  drive_until(pair, *outcome != PENDING);
  expect_status((aio_status)*outcome, AIO_OK);
}
