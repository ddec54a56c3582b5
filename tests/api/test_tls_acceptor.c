/* Acceptors with `tls`: states are handed out after their handshake, and nobody waits for anybody else's. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "support_tls.h"

#define start_tls_acceptor(pair, ...)                                           \
  start_acceptor_with(pair, "127.0.0.1", __VA_ARGS__, .tls = server_context(0), \
                      .tls_error_callback = recorded_accept_error)

/* A raw connection to the acceptor, whose end of it is in nobody's hands yet; tear_down closes it. */
static struct pair *dial_raw(struct acceptor *acceptor) {
  return pair_of(acceptor->pair->collection, NULL, dial_acceptor(acceptor));
}

/* ---- handing out ---- */

static void test_tls_accept__hands_out_after_the_handshake(void **fixture) {
  struct acceptor *acceptor = start_tls_acceptor(*fixture, 0);
  struct pair *raw = dial_raw(acceptor);
  settle(raw);
  assert_int_equal(acceptor->accepts, 0);
  put_tls_between(raw, LINK_TCP, &(struct tls_peer_options){.side = AIO_TLS_CLIENT});
  drive_until(raw, acceptor->done == 1);
  struct pair *pair = acceptor->pairs[0];
  assert_int_equal(aio_state_tls_side(pair->state), AIO_TLS_SERVER);
  assert_string_equal(aio_state_tls_version(pair->state), "TLSv1.3");
  assert_int_equal(acceptor->errors, 0);
}

static void test_tls_accept__what_it_hands_out_works(void **fixture) {
  struct acceptor *acceptor = start_tls_acceptor(*fixture, 0);
  for (int version = 12; version <= 13; version++) expect_talk(meet_tls(acceptor, .maximum_version = version));
}

static void test_tls_accept__bytes_behind_the_handshake_are_not_lost(void **fixture) {
  struct acceptor *acceptor = start_tls_acceptor(*fixture, 0);
  struct pair *dialed = dial_tls(acceptor, 0);
  peer_sends(dialed, 5000);
  drive_until(dialed, acceptor->done == 1);
  struct pair *pair = acceptor->pairs[0];
  expect_read(start_read(pair, 5000), AIO_OK, 5000);
}

static void test_tls_accept__options_reach_the_state(void **fixture) {
  struct acceptor *acceptor = start_tls_acceptor(*fixture, .read_timeout = 7, .write_timeout = 8, .name = "name");
  struct pair *pair = meet_tls(acceptor, 0);
  assert_true(aio_state_read_timeout(pair->state) == 7);
  assert_true(aio_state_write_timeout(pair->state) == 8);
  assert_string_equal(aio_state_name(pair->state), "name");
  assert_ptr_equal(aio_state_user_info(pair->state), acceptor);
}

static void test_tls_accept__is_in_the_order_of_the_handshakes(void **fixture) {
  struct acceptor *acceptor = start_tls_acceptor(*fixture, 0);
  struct pair *slow = dial_raw(acceptor);
  settle(slow);
  struct pair *quick = meet_tls(acceptor, 0);
  expect_talk(quick);
  put_tls_between(slow, LINK_TCP, &(struct tls_peer_options){.side = AIO_TLS_CLIENT});
  drive_until(slow, acceptor->done == 2);
  assert_int_equal(acceptor->errors, 0);
}

static void test_tls_accept__context_may_go(void **fixture) {
  aio_tls_context *context = NULL;
  aio_tls_options options = {SHOWING(the_server())};
  expect_status(aio_tls_context_create(AIO_TLS_SERVER, &options, &context), AIO_OK);
  struct acceptor *acceptor = start_acceptor_with(*fixture, "127.0.0.1", .tls = context);
  aio_tls_context_destroy(context);
  expect_talk(meet_tls(acceptor, 0));
}

static void test_tls_accept__reload_counts_for_the_next_connection(void **fixture) {
  struct identity *another = new_identity(.names = "DNS:localhost", .issuer = the_authority());
  aio_tls_context *context = server_context(0);
  struct acceptor *acceptor = start_acceptor_with(*fixture, "127.0.0.1", .tls = context);
  struct pair *before = meet_tls(acceptor, 0);
  expect_status(aio_tls_context_reload(context, &(aio_tls_options){SHOWING(another)}), AIO_OK);
  struct pair *after = dial_tls(acceptor, 0);
  drive_until(after, acceptor->done == 2);
  assert_int_equal(X509_cmp(SSL_get0_peer_certificate(after->tls->ssl), another->x509), 0);
  expect_talk(before);
}

static void test_tls_accept__over_a_unix_socket(void **fixture) {
  struct pair *pair = *fixture;
  char path[64];
  snprintf(path, sizeof path, "/tmp/aiostate-test-%d", (int)getpid());
  struct acceptor *acceptor = fixture_memory(sizeof *acceptor);
  acceptor->pair = pair;
  aio_accept_options options = {.tls = server_context(0), .user_info = acceptor};
  expect_status(aio_acceptor_create_unix(pair->collection, path, recorded_accept, &options, &acceptor->handle), AIO_OK);
  struct completion *connect = new_completion(pair_of(pair->collection, NULL, -1));
  aio_connect_options connecting = {.tls = client_context(0), .tls_server_name = "localhost", .user_info = connect};
  accept_completion(
      connect, aio_state_connect_unix(pair->collection, path, recorded_status, &connecting, &connect->pair->state));
  expect_outcome(started(HERE, connect), AIO_OK);
  drive_until(pair, acceptor->done == 1);
  struct completion *read = start_read(acceptor->pairs[0], 10);
  expect_write(start_write(connect->pair, 10), AIO_OK, 10);
  expect_read(read, AIO_OK, 10);
  destroy_acceptor(acceptor);
}

/* ---- failed handshakes ---- */

static void test_tls_accept__garbage_goes_to_the_tls_error_callback(void **fixture) {
  struct acceptor *acceptor = start_tls_acceptor(*fixture, 0);
  struct pair *raw = dial_raw(acceptor);
  peer_sends_text(raw, "GET / HTTP/1.0\r\n\r\n");
  drive_until(raw, acceptor->errors == 1);
  expect_status(acceptor->error, AIO_ERR_TLS);
  assert_true(strlen(acceptor->error_text) > 0);
  assert_int_equal(acceptor->accepts, 0);
  expect_talk(meet_tls(acceptor, 0));
}

static void test_tls_accept__failed_connection_is_closed(void **fixture) {
  struct acceptor *acceptor = start_tls_acceptor(*fixture, 0);
  const int before = open_descriptors();
  struct pair *raw = dial_raw(acceptor);
  peer_sends_text(raw, "nonsense\r\n");
  drive_until(raw, acceptor->errors == 1);
  drive_until(raw, open_descriptors() == before + 1);
  char bytes[100];
  double deadline = now() + 10;
  ssize_t count;
  while ((count = read(raw->peer, bytes, sizeof bytes)) != 0 && now() < deadline)
    if (count < 0) drive_for(raw, 0.001);
  assert_int_equal(count, 0);
}

static void test_tls_accept__slow_handshake_times_out(void **fixture) {
  const double start = now();
  struct acceptor *acceptor = start_tls_acceptor(*fixture, .handshake_timeout = 0.05);
  struct pair *raw = dial_raw(acceptor);
  drive_until(raw, acceptor->errors == 1);
  expect_status(acceptor->error, AIO_TIMEOUT);
  assert_true(now() - start >= 0.05);
  expect_talk(meet_tls(acceptor, 0));
}

static void test_tls_accept__peer_that_ends_in_the_handshake(void **fixture) {
  struct acceptor *acceptor = start_tls_acceptor(*fixture, 0);
  struct pair *raw = dial_raw(acceptor);
  peer_ends(raw);
  drive_until(raw, acceptor->errors == 1);
  expect_status(acceptor->error, AIO_ERR_TLS_TRUNCATED);
}

static void test_tls_accept__peer_that_resets_in_the_handshake(void **fixture) {
  struct acceptor *acceptor = start_tls_acceptor(*fixture, 0);
  struct pair *raw = dial_raw(acceptor);
  settle(raw);
  peer_resets(raw);
  drive_until(raw, acceptor->errors == 1);
  expect_status(acceptor->error, AIO_ERR_CONNECTION_RESET);
}

static void test_tls_accept__bad_certificate_of_a_client(void **fixture) {
  struct acceptor *acceptor =
      start_acceptor_with(*fixture, "127.0.0.1", .tls = server_context(TRUSTING(the_authority()), .verify = AIO_YES),
                          .tls_error_callback = recorded_accept_error);
  struct identity *expired =
      new_identity(.common_name = "old-timer", .client = 1, .issuer = the_authority(), .until = -60);
  struct pair *dialed = dial_tls(acceptor, .identity = expired);
  drive_until(dialed, acceptor->errors == 1);
  expect_status(acceptor->error, AIO_ERR_TLS_CERTIFICATE);
  assert_non_null(strstr(acceptor->error_text, "old-timer"));
  dialed = dial_tls(acceptor, 0);
  drive_until(dialed, acceptor->errors == 2);
  expect_status(acceptor->error, AIO_ERR_TLS_CERTIFICATE);
  expect_talk(meet_tls(acceptor, .identity = the_client()));
}

static void test_tls_accept__failures_may_go_untold(void **fixture) {
  struct acceptor *acceptor = start_acceptor_with(*fixture, "127.0.0.1", .tls = server_context(0));
  struct pair *raw = dial_raw(acceptor);
  peer_sends_text(raw, "nonsense\r\n");
  settle(raw);
  expect_talk(meet_tls(acceptor, 0));
  assert_int_equal(acceptor->accepts, 1);
}

static void test_tls_accept__failures_are_not_accept_failures(void **fixture) {
  struct acceptor *acceptor =
      start_acceptor_with(*fixture, "127.0.0.1", .tls = server_context(0), .error_callback = recorded_accept_error);
  struct pair *raw = dial_raw(acceptor);
  peer_sends_text(raw, "nonsense\r\n");
  settle(raw);
  expect_talk(meet_tls(acceptor, 0));
  assert_int_equal(acceptor->errors, 0);
}

static void test_tls_accept__many_half_handshakes_block_nobody(void **fixture) {
  struct acceptor *acceptor = start_tls_acceptor(*fixture, 0);
  for (int i = 0; i < 100; i++) {
    struct pair *raw = dial_raw(acceptor);
    if (i % 2)
      put_tls_between(raw, LINK_UNIX, &(struct tls_peer_options){.side = AIO_TLS_CLIENT, .wire_limit = 1 + (size_t)i});
    if (i % 10 == 0) settle(raw);
  }
  expect_talk(meet_tls(acceptor, 0));
  assert_int_equal(acceptor->accepts, 1);
}

/* ---- ends in the middle ---- */

static void test_tls_accept__close_ends_the_handshakes(void **fixture) {
  struct acceptor *acceptor = start_tls_acceptor(*fixture, 0);
  const int before = open_descriptors();
  struct pair *raws[5];
  for (int i = 0; i < 5; i++) raws[i] = dial_raw(acceptor);
  settle(*fixture);
  expect_outcome(start_acceptor_close(acceptor), AIO_OK);
  settle(*fixture);
  assert_int_equal(open_descriptors(), before + 5 - 1);
  for (int i = 0; i < 5; i++) put_tls_between(raws[i], LINK_UNIX, &(struct tls_peer_options){.side = AIO_TLS_CLIENT});
  settle(*fixture);
  assert_int_equal(acceptor->accepts + acceptor->errors, 0);
}

static void test_tls_accept__destroy_ends_the_handshakes(void **fixture) {
  struct acceptor *acceptor = start_tls_acceptor(*fixture, 0);
  for (int i = 0; i < 5; i++) dial_raw(acceptor);
  settle(*fixture);
  destroy_acceptor(acceptor);
  expect_nothing_more((struct pair *)*fixture);
  assert_int_equal(acceptor->accepts + acceptor->errors, 0);
}

static void test_tls_accept__collection_may_end_during_handshakes(void **fixture) {
  struct pair *pair = *fixture;
  struct acceptor *acceptor = start_tls_acceptor(pair, 0);
  for (int i = 0; i < 5; i++) dial_raw(acceptor);
  settle(pair);
  destroy_collection(pair);
  assert_int_equal(acceptor->accepts, 0);
}

static void then_close_acceptor(struct acceptor *acceptor) { acceptor->context = submit_acceptor_close(acceptor); }

static void test_tls_accept__close_in_the_callback_ends_the_other_handshakes(void **fixture) {
  struct acceptor *acceptor = start_tls_acceptor(*fixture, 0);
  acceptor->then = then_close_acceptor;
  dial_raw(acceptor);
  dial_raw(acceptor);
  struct pair *pair = meet_tls(acceptor, 0);
  expect_outcome(started(HERE, acceptor->context), AIO_OK);
  expect_talk(pair);
  assert_int_equal(acceptor->accepts, 1);
}

static void then_destroy_acceptor_on_error(aio_acceptor *handle, aio_status status, void *argument) {
  struct acceptor *acceptor = argument;
  recorded_accept_error(handle, status, argument);
  destroy_acceptor(acceptor);
}

static void test_tls_accept__may_be_destroyed_in_the_error_callback(void **fixture) {
  struct acceptor *acceptor = start_acceptor_with(*fixture, "127.0.0.1", .tls = server_context(0),
                                                  .tls_error_callback = then_destroy_acceptor_on_error);
  struct pair *raw = dial_raw(acceptor), *other = dial_raw(acceptor);
  peer_sends_text(raw, "nonsense\r\n");
  peer_sends_text(other, "nonsense\r\n");
  drive_until(raw, acceptor->errors > 0);
  expect_nothing_more(raw);
  assert_int_equal(acceptor->errors, 1);
}

/* ---- pause and limit ---- */

static void test_tls_accept__pause_keeps_handshakes_that_have_begun(void **fixture) {
  struct acceptor *acceptor = start_tls_acceptor(*fixture, 0);
  struct pair *begun = dial_raw(acceptor);
  settle(begun);
  expect_status(aio_acceptor_pause(acceptor->handle), AIO_OK);
  struct pair *later = dial_tls(acceptor, 0);
  settle(later);
  assert_int_equal(acceptor->accepts, 0);
  put_tls_between(begun, LINK_TCP, &(struct tls_peer_options){.side = AIO_TLS_CLIENT});
  settle(begun);
  expect_status(aio_acceptor_resume(acceptor->handle), AIO_OK);
  drive_until(begun, acceptor->done == 2);
}

static void test_tls_accept__limit_counts_states_until_they_close(void **fixture) {
  struct acceptor *acceptor = start_tls_acceptor(*fixture, .connection_limit = 2);
  struct pair *first = meet_tls(acceptor, 0);
  meet_tls(acceptor, 0);
  struct pair *third = dial_tls(acceptor, 0);
  settle(third);
  assert_int_equal(acceptor->accepts, 2);
  expect_outcome(start_close(first), AIO_OK);
  drive_until(third, acceptor->done == 3);
}

static void test_tls_accept__failed_handshakes_give_their_place_back(void **fixture) {
  struct acceptor *acceptor = start_tls_acceptor(*fixture, .connection_limit = 1, .handshake_timeout = 0.05);
  for (int i = 0; i < 3; i++) {
    struct pair *raw = dial_raw(acceptor);
    drive_until(raw, acceptor->errors == i + 1);
  }
  expect_talk(meet_tls(acceptor, 0));
}

/* ---- several collections ---- */

static void test_tls_accept__states_live_in_their_collections(void **fixture) {
  struct pair *pair = *fixture;
  aio_collection *homes[] = {new_threaded_collection(), new_threaded_collection()};
  struct acceptor *acceptor = start_tls_acceptor(pair, .collections = homes, .collection_count = 2);
  for (int i = 0; i < 4; i++) {
    struct pair *met = meet_tls(acceptor, 0);
    assert_ptr_equal(aio_state_collection(met->state), homes[i % 2]);
    expect_talk(met);
  }
}

static void test_tls_accept__failures_elsewhere_are_told_here(void **fixture) {
  struct pair *pair = *fixture;
  aio_collection *home = new_threaded_collection();
  struct acceptor *acceptor =
      start_tls_acceptor(pair, .collections = &home, .collection_count = 1, .handshake_timeout = 0.05);
  struct pair *raw = dial_raw(acceptor);
  peer_sends_text(raw, "nonsense\r\n");
  drive_until(pair, acceptor->errors == 1);
  expect_status(acceptor->error, AIO_ERR_TLS);
  dial_raw(acceptor);
  drive_until(pair, acceptor->errors == 2);
  expect_status(acceptor->error, AIO_TIMEOUT);
}

static void test_tls_accept__closes_while_handshakes_go_on_elsewhere(void **fixture) {
  struct pair *pair = *fixture;
  for (int round = 0; round < 20; round++) {
    aio_collection *home = new_threaded_collection();
    struct acceptor *acceptor = start_tls_acceptor(pair, .collections = &home, .collection_count = 1);
    for (int i = 0; i < 4; i++) dial_tls(acceptor, 0);
    if (round % 2) settle(pair);
    expect_outcome(start_acceptor_close(acceptor), AIO_OK);
    if (round % 3 == 0) expect_status(aio_collection_destroy(home), AIO_OK), forget_collection(home);
  }
}

/* ---- arguments ---- */

static void test_tls_accept__refuses_what_makes_no_sense(void **fixture) {
  struct pair *pair = *fixture;
  aio_tls_context *server = server_context(0), *client = client_context(0);
  const double bad[] = {-1, -1e-300, 0.0 / 0.0};
  expect_status(try_acceptor_with(pair, "127.0.0.1", "0", .tls = client)->submitted, AIO_ERR_INVALID_ARGUMENT);
  expect_status(try_acceptor_with(pair, "127.0.0.1", "0", .tls = server, .socket_callback = recorded_socket)->submitted,
                AIO_ERR_UNSUPPORTED);
  for (int i = 0; i < 3; i++)
    expect_status(try_acceptor_with(pair, "127.0.0.1", "0", .tls = server, .handshake_timeout = bad[i])->submitted,
                  AIO_ERR_INVALID_ARGUMENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_tls_accept__hands_out_after_the_handshake),
      with_collection(test_tls_accept__what_it_hands_out_works),
      with_threaded_collection(test_tls_accept__what_it_hands_out_works),
      with_collection(test_tls_accept__bytes_behind_the_handshake_are_not_lost),
      with_collection(test_tls_accept__options_reach_the_state),
      with_collection(test_tls_accept__is_in_the_order_of_the_handshakes),
      with_collection(test_tls_accept__context_may_go),
      with_collection(test_tls_accept__reload_counts_for_the_next_connection),
      with_collection(test_tls_accept__over_a_unix_socket),
      with_collection(test_tls_accept__garbage_goes_to_the_tls_error_callback),
      with_threaded_collection(test_tls_accept__garbage_goes_to_the_tls_error_callback),
      with_collection(test_tls_accept__failed_connection_is_closed),
      with_collection(test_tls_accept__slow_handshake_times_out),
      with_collection(test_tls_accept__peer_that_ends_in_the_handshake),
      with_collection(test_tls_accept__peer_that_resets_in_the_handshake),
      with_collection(test_tls_accept__bad_certificate_of_a_client),
      with_collection(test_tls_accept__failures_may_go_untold),
      with_collection(test_tls_accept__failures_are_not_accept_failures),
      with_collection(test_tls_accept__many_half_handshakes_block_nobody),
      with_collection(test_tls_accept__close_ends_the_handshakes),
      with_collection(test_tls_accept__destroy_ends_the_handshakes),
      with_collection(test_tls_accept__collection_may_end_during_handshakes),
      with_collection(test_tls_accept__close_in_the_callback_ends_the_other_handshakes),
      with_collection(test_tls_accept__may_be_destroyed_in_the_error_callback),
      with_collection(test_tls_accept__pause_keeps_handshakes_that_have_begun),
      with_collection(test_tls_accept__limit_counts_states_until_they_close),
      with_collection(test_tls_accept__failed_handshakes_give_their_place_back),
      with_collection(test_tls_accept__states_live_in_their_collections),
      with_collection(test_tls_accept__failures_elsewhere_are_told_here),
      with_collection(test_tls_accept__closes_while_handshakes_go_on_elsewhere),
      with_collection(test_tls_accept__refuses_what_makes_no_sense),
  };
  return cmocka_run_group_tests_name("tls_acceptor", tests, NULL, NULL);
}
