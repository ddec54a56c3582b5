/* aio_state_attach_tls: TLS from the middle of a stream. */
#include <fcntl.h>
#include <math.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support_tls.h"

static aio_tls_context *server(void) { return server_context(0); }

static struct completion *attach_client(struct pair *pair) {
  return start_attach(pair, client_context(0), .server_name = "localhost");
}

/* ---- beginning ---- */

static void test_attach__works_for_both_sides_and_versions(void **fixture) {
  for (int version = 12; version <= 13; version++) {
    struct completion *client = client_meets(*fixture, client_context(0), "localhost", .maximum_version = version);
    struct completion *other = server_meets(*fixture, server(), .maximum_version = version);
    expect_outcome(client, AIO_OK);
    expect_outcome(other, AIO_OK);
    expect_talk(client->pair);
    expect_talk(other->pair);
  }
}

static void test_attach__callback_gets_state_and_user_info(void **fixture) {
  struct pair *pair = *fixture;
  speaks_tls(pair, .side = AIO_TLS_SERVER);
  struct completion *attach = attach_client(pair);
  expect_outcome(attach, AIO_OK);
  assert_ptr_equal(attach->state, pair->state);
  assert_null(aio_state_user_info(pair->state)); /* given user info is not stored */
}

static void test_attach__callback_may_be_null(void **fixture) {
  struct pair *pair = *fixture;
  speaks_tls(pair, .side = AIO_TLS_CLIENT);
  expect_status(aio_state_attach_tls(pair->state, server(), NULL, NULL), AIO_OK);
  drive_until(pair, pair->tls->shook_hands);
  expect_nothing_more(pair);
  expect_talk(pair);
}

static void *seen_user_info;

static void keep_user_info(aio_state *state, aio_status status, void *user_info) {
  (void)state, (void)status;
  seen_user_info = user_info;
}

static void test_attach__null_user_info_is_the_states(void **fixture) {
  struct pair *pair = *fixture;
  int mine;
  seen_user_info = NULL;
  aio_state_set_user_info(pair->state, &mine);
  speaks_tls(pair, .side = AIO_TLS_CLIENT);
  expect_status(aio_state_attach_tls(pair->state, server(), keep_user_info, NULL), AIO_OK);
  drive_until(pair, seen_user_info != NULL);
  assert_ptr_equal(seen_user_info, &mine);
}

/* ---- in the middle ---- */

static void test_attach__after_a_talk_in_plain(void **fixture) {
  struct pair *pair = *fixture;
  expect_talk(pair);
  become_server(pair, 13);
  expect_talk(pair);
}

/* All that the peer says is in the state's buffer before TLS begins: the first line, and behind it the ClientHello. */
static void test_attach__bytes_already_buffered_are_tls(void **fixture) {
  for (int version = 12; version <= 13; version++) {
    struct pair *pair = new_pair(((struct pair *)*fixture)->collection, LINK_TCP, NULL);
    peer_sends(pair, 10);
    speaks_tls(pair, .side = AIO_TLS_CLIENT, .maximum_version = version);
    move_tls_peers();
    expect_read(start_read(pair, 10), AIO_OK, 10);
    assert_true(aio_state_buffered_length(pair->state) > 0);
    expect_outcome(start_attach(pair, server(), 0), AIO_OK);
    expect_talk(pair);
  }
}

static void then_attach(struct completion *read) {
  read->context = try_attach(read->pair, (aio_tls_context *)read->context, 0);
}

static void then_finish_and_attach(struct completion *standing) {
  aio_state_finish_read(standing->pair->state, 0);
  standing->context = try_attach(standing->pair, (aio_tls_context *)standing->context, 0);
  standing->pair->plain_bytes = 0;
}

/* The bytes that the callback looks at are the peer's first of TLS. */
static void test_attach__in_the_callback_of_a_standing_read(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_finish_and_attach);
  standing->context = server();
  pair->plain_bytes = 1;
  speaks_tls(pair, .side = AIO_TLS_CLIENT);
  drive_until(pair, standing->done == 1);
  expect_outcome(started(HERE, standing->context), AIO_OK);
  expect_talk(pair);
}

static void test_attach__in_the_callback_of_a_read(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  read->context = server();
  read->then = then_attach;
  peer_sends(pair, 10);
  speaks_tls(pair, .side = AIO_TLS_CLIENT);
  expect_read(read, AIO_OK, 10);
  expect_outcome(started(HERE, read->context), AIO_OK);
  expect_talk(pair);
}

static void then_read_and_write(struct completion *attach) {
  struct completion **both = attach->context;
  both[0] = try_read(attach->pair, 10);
  both[1] = try_write(attach->pair, 10);
}

static void test_attach__operations_may_start_in_its_callback(void **fixture) {
  struct pair *pair = *fixture;
  speaks_tls(pair, .side = AIO_TLS_CLIENT);
  struct completion *attach = start_attach(pair, server(), 0);
  struct completion **both = attach->context = fixture_memory(2 * sizeof *both);
  attach->then = then_read_and_write;
  expect_outcome(attach, AIO_OK);
  peer_sends(pair, 10);
  expect_read(started(HERE, both[0]), AIO_OK, 10);
  expect_write(started(HERE, both[1]), AIO_OK, 10);
}

/* ---- occupied ---- */

static void test_attach__is_busy_while_an_operation_runs(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  expect_refusal(try_attach(pair, server(), 0), AIO_ERR_BUSY);
  peer_sends(pair, 10);
  expect_read(read, AIO_OK, 10);
  struct completion *standing = start_standing_read(pair, NULL);
  expect_refusal(try_attach(pair, server(), 0), AIO_ERR_BUSY);
  finish_read(pair, 0);
  struct completion *wait = start_wait(pair);
  expect_refusal(try_attach(pair, server(), 0), AIO_ERR_BUSY);
  start_abort(pair, AIO_INPUT);
  expect_outcome(wait, AIO_ERR_CANCELED);
  struct completion *write = start_write(pair, 10);
  expect_refusal(try_attach(pair, server(), 0), AIO_ERR_BUSY);
  expect_write(write, AIO_OK, 10);
  peer_receives(pair, 10);
  become_server(pair, 13);
  assert_int_equal(standing->calls, 0);
}

static void test_attach__is_busy_until_the_callback_of_an_operation(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write(pair, 10);
  queue_callbacks(pair);
  expect_refusal(try_attach(pair, server(), 0), AIO_ERR_BUSY);
  expect_write(write, AIO_OK, 10);
}

static void test_attach__occupies_both_directions(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *attach = start_attach(pair, server(), 0);
  for (int settled = 0; settled < 2; settled++) {
    expect_refusal(try_read(pair, 10), AIO_ERR_BUSY);
    expect_refusal(try_read(pair, 0), AIO_ERR_BUSY);
    expect_refusal(try_standing_read(pair, NULL), AIO_ERR_BUSY);
    expect_refusal(try_wait(pair), AIO_ERR_BUSY);
    expect_refusal(try_write(pair, 10), AIO_ERR_BUSY);
    expect_refusal(try_write(pair, 0), AIO_ERR_BUSY);
    expect_refusal(try_shutdown(pair), AIO_ERR_BUSY);
    expect_refusal(try_attach(pair, server(), 0), AIO_ERR_BUSY);
    expect_refusal(submit_detach(pair, 1), AIO_ERR_BUSY);
    expect_running(attach);
  }
}

static void test_attach__twice_is_busy(void **fixture) {
  struct pair *pair = *fixture;
  become_server(pair, 13);
  expect_refusal(try_attach(pair, server(), 0), AIO_ERR_BUSY);
  expect_talk(pair);
}

static void test_attach__keeps_the_socket(void **fixture) {
  struct pair *pair = *fixture;
  aio_socket released = 0;
  struct completion *attach = start_attach(pair, server(), 0);
  expect_status(aio_state_release_socket(pair->state, &released), AIO_ERR_BUSY);
  assert_int_equal(released, AIO_NO_SOCKET);
  speaks_tls(pair, .side = AIO_TLS_CLIENT);
  expect_outcome(attach, AIO_OK);
  expect_status(aio_state_release_socket(pair->state, &released), AIO_ERR_BUSY);
  expect_talk(pair);
}

/* ---- abort, close, time ---- */

static void test_attach__abort_does_not_end_it(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *attach = start_attach(pair, server(), 0);
  settle(pair);
  expect_outcome(start_abort(pair, AIO_BOTH), AIO_ERR_NOT_FOUND);
  expect_running(attach);
  speaks_tls(pair, .side = AIO_TLS_CLIENT);
  expect_outcome(attach, AIO_OK);
}

static void test_attach__close_cancels_it(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *attach = start_attach(pair, server(), 0), *close = start_close(pair);
  expect_outcome(close, AIO_OK);
  expect_outcome(attach, AIO_ERR_CANCELED);
  expect_order(attach, close);
}

static void test_attach__close_cancels_it_in_the_middle(void **fixture) {
  struct pair *pair = *fixture;
  speaks_tls(pair, .side = AIO_TLS_CLIENT, .wire_limit = 50);
  struct completion *attach = start_attach(pair, server(), 0);
  expect_running(attach);
  struct completion *close = start_close_with(pair, .linger = 60);
  expect_outcome(attach, AIO_ERR_CANCELED);
  expect_outcome(close, AIO_OK);
}

static void test_attach__destroy_cancels_it(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *attach = attach_client(pair);
  settle(pair);
  destroy_state(pair);
  expect_outcome(attach, AIO_ERR_CANCELED);
}

static void test_attach__end_of_the_collection_cancels_it(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *attach = attach_client(pair);
  settle(pair);
  destroy_collection(pair);
  expect_outcome(attach, AIO_ERR_CANCELED);
}

static void test_attach__finished_one_keeps_its_outcome_under_close(void **fixture) {
  struct pair *pair = *fixture;
  speaks_tls(pair, .side = AIO_TLS_CLIENT);
  struct completion *attach = start_attach(pair, server(), 0);
  for (int i = 0; i < 1000 && !pair->tls->shook_hands; i++) {
    aio_collection_wait(pair->collection, 0.001);
    move_tls_peers();
  }
  aio_collection_wait(pair->collection, 0.05);
  struct completion *close = start_close(pair);
  expect_outcome(close, AIO_OK);
  expect_outcome(attach, AIO_OK);
  expect_order(attach, close);
}

static void test_attach__timeout_ends_both_directions(void **fixture) {
  struct pair *pair = *fixture;
  const double start = now();
  struct completion *attach = start_attach(pair, server(), .handshake_timeout = 0.05);
  expect_outcome(attach, AIO_TIMEOUT);
  expect_not_before(attach, start, 0.05);
  expect_read(start_read(pair, 10), AIO_TIMEOUT, 0);
  expect_write(start_write(pair, 10), AIO_TIMEOUT, 0);
  expect_outcome(start_wait(pair), AIO_TIMEOUT);
  expect_outcome(start_close(pair), AIO_OK);
}

static void test_attach__timeout_is_not_that_of_reads(void **fixture) {
  struct pair *pair = *fixture;
  aio_state_set_read_timeout(pair->state, 0.001);
  aio_state_set_write_timeout(pair->state, 0.001);
  struct completion *attach = start_attach(pair, server(), 0);
  drive_for(pair, 0.02);
  expect_running(attach);
  speaks_tls(pair, .side = AIO_TLS_CLIENT);
  expect_outcome(attach, AIO_OK);
}

/* ---- failures ---- */

static void test_attach__failure_ends_both_directions(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends_text(pair, "this is no TLS, and it is more than five bytes\r\n");
  struct completion *attach = start_attach(pair, server(), 0);
  expect_outcome(attach, AIO_ERR_TLS);
  assert_true(strlen(aio_state_error_text(pair->state)) > 0);
  expect_read(start_read(pair, 10), AIO_ERR_TLS, 0);
  expect_read(start_read(pair, 0), AIO_ERR_TLS, 0);
  expect_write(start_write(pair, 10), AIO_ERR_TLS, 0);
  expect_write(start_write(pair, 0), AIO_ERR_TLS, 0);
  expect_delivery(start_standing_read(pair, NULL), 1, AIO_ERR_TLS, 0, 0);
  expect_refusal(try_attach(pair, server(), 0), AIO_ERR_CLOSED);
}

static void test_attach__failure_leaves_no_tls(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends_text(pair, "this is no TLS, and it is more than five bytes\r\n");
  expect_outcome(start_attach(pair, server(), 0), AIO_ERR_TLS);
  assert_int_equal(aio_state_tls_side(pair->state), 0);
  assert_string_equal(aio_state_tls_version(pair->state), "");
  expect_refusal(submit_detach(pair, 1), AIO_ERR_NOT_CONNECTED);
}

static void test_attach__after_the_peers_end_is_refused(void **fixture) {
  struct pair *pair = *fixture;
  peer_ends(pair);
  expect_read(start_read(pair, 1), AIO_EOF, 0);
  expect_refusal(try_attach(pair, server(), 0), AIO_ERR_CLOSED);
}

static void test_attach__finds_the_peers_end(void **fixture) {
  struct pair *pair = *fixture;
  peer_ends(pair);
  expect_outcome(start_attach(pair, server(), 0), AIO_ERR_TLS_TRUNCATED);
  expect_read(start_read(pair, 1), AIO_ERR_TLS_TRUNCATED, 0);
}

static void test_attach__finds_a_reset(void **fixture) {
  struct pair *pair = *fixture;
  peer_resets(pair);
  expect_outcome(start_attach(pair, server(), 0), AIO_ERR_CONNECTION_RESET);
  expect_read(start_read(pair, 1), AIO_ERR_CONNECTION_RESET, 0);
}

static void test_attach__after_shutdown_is_refused(void **fixture) {
  struct pair *pair = *fixture;
  expect_outcome(start_shutdown(pair), AIO_OK);
  expect_refusal(try_attach(pair, server(), 0), AIO_ERR_CLOSED);
}

/* ---- refusals, in their order ---- */

static void test_attach__refuses_bad_arguments(void **fixture) {
  struct pair *pair = *fixture;
  const double bad[] = {-1, -1e-300, NAN, -INFINITY};
  aio_tls_context *client = client_context(0);
  expect_status(aio_state_attach_tls(NULL, server(), NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(try_attach(pair, NULL, 0), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(try_attach(pair, client, 0), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(try_attach(pair, client, .server_name = ""), AIO_ERR_INVALID_ARGUMENT);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    expect_refusal(try_attach(pair, server(), .handshake_timeout = bad[i]), AIO_ERR_INVALID_ARGUMENT);
  for (int i = 0; i < 4; i++) {
    aio_attach_options options = {0};
    options.reserved[i] = 1;
    expect_refusal(submit_attach(pair, server(), &options), AIO_ERR_UNSUPPORTED);
  }
  expect_talk(pair);
}

static void test_attach__refusals_come_in_order(void **fixture) {
  struct pair *pair = *fixture;
  aio_tls_context *client = client_context(0);
  start_read(pair, 10);
  expect_refusal(try_attach(pair, client, .reserved = {1}), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(try_attach(pair, server(), .reserved = {1}), AIO_ERR_UNSUPPORTED);
  expect_refusal(try_attach(pair, server(), 0), AIO_ERR_BUSY);
  start_close(pair);
  expect_refusal(try_attach(pair, server(), .reserved = {1}), AIO_ERR_UNSUPPORTED);
  expect_refusal(try_attach(pair, server(), 0), AIO_ERR_CLOSED);
}

static void test_attach__refuses_datagrams(void **fixture) {
  struct pair *pair = *fixture;
  expect_status(aio_state_create_udp(pair->collection, "127.0.0.1", "0", NULL, &pair->state), AIO_OK);
  expect_refusal(try_attach(pair, server(), 0), AIO_ERR_UNSUPPORTED);
  expect_refusal(submit_detach(pair, 1), AIO_ERR_UNSUPPORTED);
}

static void test_attach__refuses_what_is_not_connected(void **fixture) {
  struct listener *silent = new_silent("127.0.0.1"), *refusing = new_refusing("127.0.0.1");
  struct completion *connecting = start_connect(*fixture, silent->host, silent->service);
  expect_refusal(try_attach(connecting->pair, server(), 0), AIO_ERR_NOT_CONNECTED);
  struct completion *failed = start_connect(*fixture, refusing->host, refusing->service);
  expect_outcome(failed, AIO_ERR_CONNECTION_REFUSED);
  drive_until(failed->pair, failed->done);
  struct completion *attach = try_attach(failed->pair, server(), 0);
  assert_true(attach->submitted == AIO_ERR_NOT_CONNECTED || attach->submitted == AIO_ERR_CLOSED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_attach__works_for_both_sides_and_versions),
      with_threaded_collection(test_attach__works_for_both_sides_and_versions),
      with_pair(test_attach__callback_gets_state_and_user_info),
      with_pair(test_attach__callback_may_be_null),
      with_pair(test_attach__null_user_info_is_the_states),
      with_pair(test_attach__after_a_talk_in_plain),
      with_collection(test_attach__bytes_already_buffered_are_tls),
      with_pair(test_attach__in_the_callback_of_a_standing_read),
      with_pair(test_attach__in_the_callback_of_a_read),
      with_threaded_pair(test_attach__in_the_callback_of_a_read),
      with_pair(test_attach__operations_may_start_in_its_callback),
      with_pair(test_attach__is_busy_while_an_operation_runs),
      with_pair(test_attach__is_busy_until_the_callback_of_an_operation),
      with_pair(test_attach__occupies_both_directions),
      with_pair(test_attach__twice_is_busy),
      with_pair(test_attach__keeps_the_socket),
      with_pair(test_attach__abort_does_not_end_it),
      with_pair(test_attach__close_cancels_it),
      with_threaded_pair(test_attach__close_cancels_it),
      with_pair(test_attach__close_cancels_it_in_the_middle),
      with_pair(test_attach__destroy_cancels_it),
      with_pair(test_attach__end_of_the_collection_cancels_it),
      with_pair(test_attach__finished_one_keeps_its_outcome_under_close),
      with_pair(test_attach__timeout_ends_both_directions),
      with_pair(test_attach__timeout_is_not_that_of_reads),
      with_pair(test_attach__failure_ends_both_directions),
      with_pair(test_attach__failure_leaves_no_tls),
      with_pair(test_attach__after_the_peers_end_is_refused),
      with_pair(test_attach__finds_the_peers_end),
      with_pair(test_attach__finds_a_reset),
      with_pair(test_attach__after_shutdown_is_refused),
      with_pair(test_attach__refuses_bad_arguments),
      with_pair(test_attach__refusals_come_in_order),
      with_collection(test_attach__refuses_datagrams),
      with_collection(test_attach__refuses_what_is_not_connected),
  };
  return cmocka_run_group_tests_name("tls_attach", tests, NULL, NULL);
}
