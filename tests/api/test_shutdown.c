/* aio_state_shutdown: the half close. */
#include "support.h"

enum { BIG = 1 << 20 }; /* more than the kernel takes on a narrow or a Unix pair */

static void test_shutdown__ends_an_idle_output(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *shutdown = start_shutdown(pair);
  expect_outcome(shutdown, AIO_OK);
  assert_ptr_equal(shutdown->state, pair->state);
  peer_gets_end(pair);
}

static void test_shutdown__comes_after_the_queued_writes(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *first = start_write(pair, BIG);
  struct completion *second = start_write(pair, 1000);
  struct completion *shutdown = start_shutdown(pair);
  expect_running(shutdown);
  peer_receives_rest(pair);
  expect_write(first, AIO_OK, BIG);
  expect_write(second, AIO_OK, 1000);
  expect_outcome(shutdown, AIO_OK);
  expect_order(first, second);
  expect_order(second, shutdown);
}

static void test_shutdown__leaves_the_input(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  expect_outcome(start_shutdown(pair), AIO_OK);
  peer_gets_end(pair);
  peer_sends(pair, 30);
  expect_read(read, AIO_OK, 10);
  expect_read(start_read(pair, 20), AIO_OK, 20);
  peer_ends(pair);
  expect_read(start_read(pair, 1), AIO_EOF, 0);
}

static void test_shutdown__works_after_the_peers_eof(void **fixture) {
  struct pair *pair = *fixture;
  peer_ends(pair);
  expect_read(start_read(pair, 1), AIO_EOF, 0);
  expect_write(start_write(pair, 10), AIO_OK, 10);
  expect_outcome(start_shutdown(pair), AIO_OK);
  peer_receives_rest(pair);
  assert_true(aio_state_is_open(pair->state));
}

static void test_shutdown__refuses_writes_from_the_call_on(void **fixture) {
  struct pair *pair = *fixture;
  start_write(pair, BIG);
  struct completion *shutdown = start_shutdown(pair);
  expect_refusal(try_write(pair, 10), AIO_ERR_CLOSED);
  expect_refusal(try_write(pair, 0), AIO_ERR_CLOSED);
  expect_refusal(try_shutdown(pair), AIO_ERR_CLOSED);
  peer_receives_rest(pair);
  expect_outcome(shutdown, AIO_OK);
  expect_refusal(try_write(pair, 10), AIO_ERR_CLOSED);
  expect_refusal(try_shutdown(pair), AIO_ERR_CLOSED);
}

static void then_write_and_shutdown(struct completion *shutdown) {
  try_write(shutdown->pair, 10);
  shutdown->context = try_shutdown(shutdown->pair);
}

static void test_shutdown__is_for_good_in_its_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *shutdown = start_shutdown(pair);
  shutdown->then = then_write_and_shutdown;
  expect_outcome(shutdown, AIO_OK);
  expect_refusal(shutdown->context, AIO_ERR_CLOSED);
  peer_receives_rest(pair);
}

static void then_shut_down(struct completion *write) { write->context = try_shutdown(write->pair); }

static void test_shutdown__in_a_write_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write(pair, 1000);
  write->then = then_shut_down;
  peer_receives_rest(pair);
  expect_outcome(started(HERE, write->context), AIO_OK);
}

/* ---- what clears it ---- */

static void test_shutdown__timeout_ends_nothing(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write(pair, BIG);
  aio_state_set_write_timeout(pair->state, 0.02);
  double start = now();
  struct completion *shutdown = start_shutdown(pair);
  expect_outcome(shutdown, AIO_TIMEOUT);
  expect_not_before(shutdown, start, 0.02);
  expect_running(write);
  struct completion *second = start_write_with(pair, 100, .timeout = AIO_NO_TIMEOUT);
  peer_receives(pair, BIG + 100);
  expect_write(write, AIO_OK, BIG);
  expect_write(second, AIO_OK, 100);
  expect_outcome(start_shutdown(pair), AIO_OK);
  peer_gets_end(pair);
}

static void test_shutdown__behind_a_write_that_timed_out_is_canceled(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write_with(pair, BIG, .timeout = 0.02);
  aio_state_set_write_timeout(pair->state, 0);
  struct completion *shutdown = start_shutdown(pair);
  expect_partial_write(write, AIO_TIMEOUT);
  expect_outcome(shutdown, AIO_ERR_CANCELED);
  expect_order(write, shutdown);
  struct completion *rest = start_write(pair, 100);
  start_shutdown(pair);
  peer_receives_rest(pair);
  expect_write(rest, AIO_OK, 100);
}

static void test_shutdown__abort_ends_nothing(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write(pair, BIG);
  struct completion *shutdown = start_shutdown(pair);
  expect_running(shutdown);
  struct completion *abort = start_abort(pair, AIO_OUTPUT);
  expect_outcome(abort, AIO_OK);
  expect_partial_write(write, AIO_ERR_CANCELED);
  expect_outcome(shutdown, AIO_ERR_CANCELED);
  expect_order(write, shutdown);
  expect_order(shutdown, abort);
  struct completion *rest = start_write(pair, 100);
  start_shutdown(pair);
  peer_receives_rest(pair);
  expect_write(rest, AIO_OK, 100);
}

static void test_shutdown__alone_can_be_aborted_or_has_happened(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *shutdown = start_shutdown(pair);
  struct completion *abort = start_abort(pair, AIO_OUTPUT);
  drive_until(pair, abort->done);
  expect_status(abort->status, shutdown->status == AIO_OK ? AIO_ERR_NOT_FOUND : AIO_OK);
  struct completion *write = try_write(pair, 10);
  expect_status(write->submitted, shutdown->status == AIO_OK ? AIO_ERR_CLOSED : AIO_OK);
}

static void test_shutdown__abort_of_input_leaves_it(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  start_write(pair, BIG);
  struct completion *shutdown = start_shutdown(pair);
  expect_outcome(start_abort(pair, AIO_INPUT), AIO_OK);
  expect_read(read, AIO_ERR_CANCELED, 0);
  peer_receives_rest(pair);
  expect_outcome(shutdown, AIO_OK);
}

/* ---- errors and close ---- */

static void test_shutdown__behind_a_failed_write_has_its_status(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write(pair, BIG);
  struct completion *shutdown = start_shutdown(pair);
  expect_running(shutdown);
  peer_resets(pair);
  drive_until(pair, write->done);
  assert_true(write->status < 0);
  expect_outcome(shutdown, write->status);
  expect_order(write, shutdown);
}

static void test_shutdown__is_canceled_by_close(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write(pair, BIG);
  struct completion *shutdown = start_shutdown(pair);
  expect_running(write);
  struct completion *close = start_close(pair);
  expect_outcome(close, AIO_OK);
  expect_partial_write(write, AIO_ERR_CANCELED);
  expect_outcome(shutdown, AIO_ERR_CANCELED);
  expect_order(shutdown, close);
  peer_receives_cut_rest(pair);
}

static void test_shutdown__is_awaited_by_a_lingering_close(void **fixture) {
  struct pair *pair = *fixture;
  start_write(pair, BIG);
  struct completion *shutdown = start_shutdown(pair);
  struct completion *close = start_close_with(pair, .linger = 60);
  peer_receives_rest(pair);
  peer_closes(pair);
  expect_outcome(shutdown, AIO_OK);
  expect_outcome(close, AIO_OK);
  expect_order(shutdown, close);
}

static void test_shutdown__of_a_closed_state_is_refused(void **fixture) {
  struct pair *pair = *fixture;
  start_close(pair);
  expect_refusal(try_shutdown(pair), AIO_ERR_CLOSED);
}

static void test_shutdown__callback_may_be_null(void **fixture) {
  struct pair *pair = *fixture;
  expect_status(aio_state_shutdown(pair->state, NULL, NULL), AIO_OK);
  peer_gets_end(pair);
  expect_nothing_more(pair);
}

static void *seen_user_info;

static void keep_user_info(aio_state *state, aio_status status, void *user_info) {
  (void)state;
  (void)status;
  seen_user_info = user_info;
}

static void test_shutdown__null_user_info_is_the_states(void **fixture) {
  struct pair *pair = *fixture;
  int mine;
  seen_user_info = NULL;
  aio_state_set_user_info(pair->state, &mine);
  expect_status(aio_state_shutdown(pair->state, keep_user_info, NULL), AIO_OK);
  drive_until(pair, seen_user_info != NULL);
  assert_ptr_equal(seen_user_info, &mine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_pair(test_shutdown__ends_an_idle_output),
      with_narrow_pair(test_shutdown__comes_after_the_queued_writes),
      with_unix_pair(test_shutdown__comes_after_the_queued_writes),
      with_pair(test_shutdown__leaves_the_input),
      with_threaded_pair(test_shutdown__leaves_the_input),
      with_pair(test_shutdown__works_after_the_peers_eof),
      with_unix_pair(test_shutdown__refuses_writes_from_the_call_on),
      with_pair(test_shutdown__is_for_good_in_its_callback),
      with_pair(test_shutdown__in_a_write_callback),
      with_unix_pair(test_shutdown__timeout_ends_nothing),
      with_unix_pair(test_shutdown__behind_a_write_that_timed_out_is_canceled),
      with_unix_pair(test_shutdown__abort_ends_nothing),
      with_pair(test_shutdown__alone_can_be_aborted_or_has_happened),
      with_unix_pair(test_shutdown__abort_of_input_leaves_it),
      with_narrow_pair(test_shutdown__behind_a_failed_write_has_its_status),
      with_unix_pair(test_shutdown__is_canceled_by_close),
      with_unix_pair(test_shutdown__is_awaited_by_a_lingering_close),
      with_pair(test_shutdown__of_a_closed_state_is_refused),
      with_pair(test_shutdown__callback_may_be_null),
      with_pair(test_shutdown__null_user_info_is_the_states),
  };
  return cmocka_run_group_tests_name("shutdown", tests, NULL, NULL);
}
