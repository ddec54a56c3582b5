/* aio_state_detach_tls: TLS until the middle of a stream, and plain bytes behind it. */
#include <math.h>

#include "support_tls.h"

static void become(struct pair *pair, int32_t side, int version) {
  struct tls_peer *peer = side == AIO_TLS_CLIENT ? become_client(pair, version) : become_server(pair, version);
  peer->options.detaches = 1;
}

/* In all of these tests TLS may end before the connection does. */
static struct pair *secured(struct pair *fixture, int kind) {
  struct pair *pair = secured_pair(fixture, kind);
  pair->tls->options.detaches = 1;
  return pair;
}

#define for_each_detachable(pair, fixture)     \
  for (int kind = 0; kind < TLS_KINDS; kind++) \
    for (struct pair *pair = secured(fixture, kind); pair != NULL; pair = NULL)

static void expect_plain(struct pair *pair) {
  assert_int_equal(aio_state_tls_side(pair->state), 0);
  assert_null(aio_state_ssl(pair->state));
  expect_talk(pair);
}

/* ---- both initiators ---- */

static void test_detach__by_the_state_first(void **fixture) {
  for_each_detachable(pair, *fixture) {
    expect_talk(pair);
    struct completion *detach = start_detach(pair, 0);
    expect_running(detach);
    assert_int_equal(pair->tls->state_ended, 1);
    peer_detaches(pair);
    expect_outcome(detach, AIO_OK);
    assert_ptr_equal(detach->state, pair->state);
    expect_plain(pair);
  }
}

static void test_detach__by_the_peer_first(void **fixture) {
  for_each_detachable(pair, *fixture) {
    peer_detaches(pair);
    expect_read(start_read(pair, 10), AIO_EOF, 0);
    expect_outcome(start_detach(pair, 0), AIO_OK);
    expect_plain(pair);
  }
}

static void test_detach__by_both_at_once(void **fixture) {
  for_each_detachable(pair, *fixture) {
    struct completion *detach = start_detach(pair, 0);
    peer_detaches(pair);
    expect_outcome(detach, AIO_OK);
    expect_plain(pair);
  }
}

/* ---- no byte is lost ---- */

static void test_detach__bytes_before_the_peers_close_notify_are_for_the_next_read(void **fixture) {
  for_each_detachable(pair, *fixture) {
    struct completion *detach = start_detach(pair, 0);
    peer_sends(pair, 100);
    peer_detaches(pair);
    expect_outcome(detach, AIO_OK);
    assert_int_equal(aio_state_buffered_length(pair->state), 100);
    expect_read(start_read(pair, 100), AIO_OK, 100);
    expect_plain(pair);
  }
}

static void test_detach__plain_bytes_behind_the_peers_close_notify_are_for_the_next_read(void **fixture) {
  for_each_detachable(pair, *fixture) {
    peer_detaches(pair);
    peer_sends(pair, 100);
    expect_outcome(start_detach(pair, 0), AIO_OK);
    expect_read(start_read(pair, 100), AIO_OK, 100);
    expect_plain(pair);
  }
}

static void test_detach__bytes_on_both_sides_of_it_make_one_stream(void **fixture) {
  for_each_detachable(pair, *fixture) {
    peer_sends(pair, 20000);
    peer_detaches(pair);
    peer_sends(pair, 30000);
    struct completion *read = start_read(pair, 10000);
    expect_read(read, AIO_OK, 10000);
    expect_outcome(start_detach(pair, 0), AIO_OK);
    expect_read(start_read(pair, 40000), AIO_OK, 40000);
  }
}

static void test_detach__leftovers_come_first(void **fixture) {
  for_each_detachable(pair, *fixture) {
    leave_buffered(pair, 10, 6);
    peer_detaches(pair);
    peer_sends(pair, 4);
    expect_outcome(start_detach(pair, 0), AIO_OK);
    expect_read(start_read(pair, 10), AIO_OK, 10);
  }
}

static void test_detach__comes_behind_what_was_written(void **fixture) {
  for_each_detachable(pair, *fixture) {
    struct completion *write = start_write(pair, 100000);
    peer_receives(pair, 100000);
    expect_write(write, AIO_OK, 100000);
    struct completion *detach = start_detach(pair, 0);
    peer_detaches(pair);
    expect_outcome(detach, AIO_OK);
    expect_write(start_write(pair, 1000), AIO_OK, 1000);
    peer_receives(pair, 1000);
  }
}

/* The wire brings records and plain bytes in pieces of every small size. */
static void test_detach__may_be_cut_anywhere(void **fixture) {
  for (size_t step = 1; step <= 8; step++) {
    struct pair *pair = secured(*fixture, (int)step % 4);
    pair->tls->options.wire_step = step;
    struct completion *detach = start_detach(pair, 0);
    peer_sends(pair, 20);
    drive_until(pair, pair->tls->wire.end == 0 && pair->tls->to_state.end == 0);
    peer_detaches(pair);
    peer_sends(pair, 20);
    expect_outcome(detach, AIO_OK);
    expect_read(start_read(pair, 40), AIO_OK, 40);
  }
}

static void test_detach__end_in_plain_is_an_end(void **fixture) {
  for_each_detachable(pair, *fixture) {
    struct completion *detach = start_detach(pair, 0);
    peer_detaches(pair);
    expect_outcome(detach, AIO_OK);
    peer_sends(pair, 10);
    peer_ends(pair);
    expect_read(start_read(pair, 20), AIO_EOF, 10);
    expect_outcome(start_shutdown(pair), AIO_OK);
    peer_gets_end(pair);
  }
}

/* ---- again ---- */

static void test_detach__then_attach_again(void **fixture) {
  struct pair *pair = *fixture;
  for (int round = 0; round < 4; round++) {
    become(pair, round % 2 ? AIO_TLS_CLIENT : AIO_TLS_SERVER, round % 2 ? 13 : 12);
    expect_talk(pair);
    struct completion *detach = start_detach(pair, 0);
    peer_detaches(pair);
    expect_outcome(detach, AIO_OK);
    expect_plain(pair);
  }
}

static void test_detach__readers_remember_the_handshake(void **fixture) {
  struct pair *pair = *fixture;
  become(pair, AIO_TLS_CLIENT, 13);
  struct completion *detach = start_detach(pair, 0);
  peer_detaches(pair);
  expect_outcome(detach, AIO_OK);
  assert_string_equal(aio_state_tls_version(pair->state), "TLSv1.3");
  assert_true(state_saw(pair, the_server()));
}

static void test_detach__gives_the_socket_back(void **fixture) {
  struct pair *pair = *fixture;
  aio_socket released = AIO_NO_SOCKET;
  become(pair, AIO_TLS_CLIENT, 13);
  struct completion *detach = start_detach(pair, 0);
  peer_detaches(pair);
  expect_outcome(detach, AIO_OK);
  expect_status(aio_state_release_socket(pair->state, &released), AIO_OK);
  destroy_state(pair);
  expect_status(aio_state_create(pair->collection, released, NULL, &pair->state), AIO_OK);
  expect_talk(pair);
}

/* ---- time ---- */

static void test_detach__timeout_leaves_reading_under_tls(void **fixture) {
  for_each_detachable(pair, *fixture) {
    const double start = now();
    struct completion *detach = start_detach(pair, 0.03);
    expect_outcome(detach, AIO_TIMEOUT);
    expect_not_before(detach, start, 0.03);
    peer_sends(pair, 100);
    expect_read(start_read(pair, 100), AIO_OK, 100);
    expect_write(start_write(pair, 10), AIO_ERR_CLOSED, 0);
    assert_int_not_equal(aio_state_tls_side(pair->state), 0);
  }
}

static void test_detach__may_be_tried_again_after_a_timeout(void **fixture) {
  for_each_detachable(pair, *fixture) {
    expect_outcome(start_detach(pair, 0.02), AIO_TIMEOUT);
    expect_outcome(start_detach(pair, 0.02), AIO_TIMEOUT);
    peer_sends(pair, 50);
    peer_detaches(pair);
    expect_outcome(start_detach(pair, 0), AIO_OK);
    expect_read(start_read(pair, 50), AIO_OK, 50);
    expect_plain(pair);
  }
}

static void test_detach__timeout_keeps_the_bytes_that_came(void **fixture) {
  for_each_detachable(pair, *fixture) {
    struct completion *detach = start_detach(pair, 0.03);
    peer_sends(pair, 5000);
    expect_outcome(detach, AIO_TIMEOUT);
    peer_ends(pair);
    expect_read(start_read(pair, 6000), AIO_EOF, 5000);
  }
}

static void test_detach__peer_that_sends_too_much_is_a_limit(void **fixture) {
  struct pair *pair = *fixture;
  become(pair, AIO_TLS_CLIENT, 13);
  expect_status(aio_state_set_buffer_limit(pair->state, 10000), AIO_OK);
  struct completion *detach = start_detach(pair, 0);
  peer_sends(pair, 50000);
  expect_outcome(detach, AIO_ERR_LIMIT);
  expect_read(start_read(pair, 50000), AIO_OK, 50000);
  peer_detaches(pair);
  expect_outcome(start_detach(pair, 0), AIO_OK);
  expect_plain(pair);
}

/* ---- occupied; abort and close ---- */

static void test_detach__is_busy_while_an_operation_runs(void **fixture) {
  struct pair *pair = *fixture;
  become(pair, AIO_TLS_SERVER, 13);
  struct completion *read = start_read(pair, 10);
  expect_refusal(submit_detach(pair, 0), AIO_ERR_BUSY);
  peer_sends(pair, 10);
  expect_read(read, AIO_OK, 10);
  struct completion *write = start_write(pair, 10);
  expect_refusal(submit_detach(pair, 0), AIO_ERR_BUSY);
  expect_write(write, AIO_OK, 10);
  peer_receives(pair, 10);
  expect_talk(pair);
}

static void test_detach__occupies_both_directions(void **fixture) {
  struct pair *pair = *fixture;
  become(pair, AIO_TLS_SERVER, 13);
  struct completion *detach = start_detach(pair, 0);
  for (int settled = 0; settled < 2; settled++) {
    expect_refusal(try_read(pair, 10), AIO_ERR_BUSY);
    expect_refusal(try_wait(pair), AIO_ERR_BUSY);
    expect_refusal(try_write(pair, 10), AIO_ERR_BUSY);
    expect_refusal(try_shutdown(pair), AIO_ERR_BUSY);
    expect_refusal(submit_detach(pair, 0), AIO_ERR_BUSY);
    expect_refusal(try_attach(pair, server_context(0), 0), AIO_ERR_BUSY);
    expect_running(detach);
  }
}

static void test_detach__abort_does_not_end_it(void **fixture) {
  struct pair *pair = *fixture;
  become(pair, AIO_TLS_SERVER, 13);
  struct completion *detach = start_detach(pair, 0);
  expect_outcome(start_abort(pair, AIO_BOTH), AIO_ERR_NOT_FOUND);
  expect_running(detach);
  peer_detaches(pair);
  expect_outcome(detach, AIO_OK);
}

static void test_detach__close_cancels_it(void **fixture) {
  struct pair *pair = *fixture;
  become(pair, AIO_TLS_SERVER, 13);
  struct completion *detach = start_detach(pair, 0);
  expect_running(detach);
  struct completion *close = start_close(pair);
  expect_outcome(close, AIO_OK);
  expect_outcome(detach, AIO_ERR_CANCELED);
  expect_order(detach, close);
}

static void test_detach__lingering_close_during_it_completes_everything(void **fixture) {
  struct pair *pair = *fixture;
  become(pair, AIO_TLS_SERVER, 13);
  struct completion *detach = start_detach(pair, 0), *close = start_close_with(pair, .linger = 0.05);
  expect_outcome(close, AIO_OK);
  expect_outcome(detach, AIO_ERR_CANCELED);
  expect_order(detach, close);
}

static void test_detach__destroy_cancels_it(void **fixture) {
  struct pair *pair = *fixture;
  become(pair, AIO_TLS_SERVER, 13);
  struct completion *detach = start_detach(pair, 0);
  destroy_state(pair);
  expect_outcome(detach, AIO_ERR_CANCELED);
}

/* ---- failures ---- */

static void test_detach__peer_that_ends_without_close_notify(void **fixture) {
  struct pair *pair = *fixture;
  become(pair, AIO_TLS_SERVER, 13);
  pair->tls->options.plain_end = 1;
  struct completion *detach = start_detach(pair, 0);
  peer_ends(pair);
  expect_outcome(detach, AIO_ERR_TLS_TRUNCATED);
  expect_read(start_read(pair, 1), AIO_ERR_TLS_TRUNCATED, 0);
  expect_write(start_write(pair, 1), AIO_ERR_TLS_TRUNCATED, 0);
}

static void test_detach__peer_that_resets(void **fixture) {
  struct pair *pair = *fixture;
  become(pair, AIO_TLS_SERVER, 13);
  struct completion *detach = start_detach(pair, 0);
  expect_running(detach);
  peer_resets(pair);
  expect_outcome(detach, AIO_ERR_CONNECTION_RESET);
  expect_read(start_read(pair, 1), AIO_ERR_CONNECTION_RESET, 0);
  expect_write(start_write(pair, 1), AIO_ERR_CONNECTION_RESET, 0);
}

static void test_detach__peer_that_breaks_the_protocol(void **fixture) {
  struct pair *pair = *fixture;
  become(pair, AIO_TLS_SERVER, 13);
  struct completion *detach = start_detach(pair, 0);
  wire_sends(pair, "no record of TLS", 16);
  expect_outcome(detach, AIO_ERR_TLS);
  expect_read(start_read(pair, 1), AIO_ERR_TLS, 0);
  expect_write(start_write(pair, 1), AIO_ERR_TLS, 0);
}

static void test_detach__callback_may_be_null(void **fixture) {
  struct pair *pair = *fixture;
  become(pair, AIO_TLS_SERVER, 13);
  expect_status(aio_state_detach_tls(pair->state, NULL, 0, NULL), AIO_OK);
  peer_detaches(pair);
  drive_until(pair, aio_state_tls_side(pair->state) == 0);
  expect_nothing_more(pair);
  expect_plain(pair);
}

/* ---- refusals ---- */

static void test_detach__refuses_bad_arguments(void **fixture) {
  struct pair *pair = *fixture;
  const double bad[] = {-1, -1e-300, NAN, -INFINITY};
  expect_status(aio_state_detach_tls(NULL, NULL, 0, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(submit_detach(pair, 0), AIO_ERR_NOT_CONNECTED);
  become(pair, AIO_TLS_SERVER, 13);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    expect_refusal(submit_detach(pair, bad[i]), AIO_ERR_INVALID_ARGUMENT);
  expect_talk(pair);
}

static void test_detach__after_shutdown_or_close_is_refused(void **fixture) {
  struct pair *pair = *fixture;
  become(pair, AIO_TLS_SERVER, 13);
  expect_outcome(start_shutdown(pair), AIO_OK);
  expect_refusal(submit_detach(pair, 0), AIO_ERR_CLOSED);
  expect_outcome(start_close(pair), AIO_OK);
  expect_refusal(submit_detach(pair, 0), AIO_ERR_CLOSED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_detach__by_the_state_first),
      with_threaded_collection(test_detach__by_the_state_first),
      with_collection(test_detach__by_the_peer_first),
      with_collection(test_detach__by_both_at_once),
      with_collection(test_detach__bytes_before_the_peers_close_notify_are_for_the_next_read),
      with_collection(test_detach__plain_bytes_behind_the_peers_close_notify_are_for_the_next_read),
      with_threaded_collection(test_detach__plain_bytes_behind_the_peers_close_notify_are_for_the_next_read),
      with_collection(test_detach__bytes_on_both_sides_of_it_make_one_stream),
      with_collection(test_detach__leftovers_come_first),
      with_collection(test_detach__comes_behind_what_was_written),
      with_collection(test_detach__may_be_cut_anywhere),
      with_collection(test_detach__end_in_plain_is_an_end),
      with_pair(test_detach__then_attach_again),
      with_pair(test_detach__readers_remember_the_handshake),
      with_pair(test_detach__gives_the_socket_back),
      with_collection(test_detach__timeout_leaves_reading_under_tls),
      with_collection(test_detach__may_be_tried_again_after_a_timeout),
      with_collection(test_detach__timeout_keeps_the_bytes_that_came),
      with_pair(test_detach__peer_that_sends_too_much_is_a_limit),
      with_pair(test_detach__is_busy_while_an_operation_runs),
      with_pair(test_detach__occupies_both_directions),
      with_pair(test_detach__abort_does_not_end_it),
      with_pair(test_detach__close_cancels_it),
      with_pair(test_detach__lingering_close_during_it_completes_everything),
      with_pair(test_detach__destroy_cancels_it),
      with_pair(test_detach__peer_that_ends_without_close_notify),
      with_pair(test_detach__peer_that_resets),
      with_pair(test_detach__peer_that_breaks_the_protocol),
      with_pair(test_detach__callback_may_be_null),
      with_pair(test_detach__refuses_bad_arguments),
      with_pair(test_detach__after_shutdown_or_close_is_refused),
  };
  return cmocka_run_group_tests_name("tls_detach", tests, NULL, NULL);
}
