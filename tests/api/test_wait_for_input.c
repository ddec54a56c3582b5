/* aio_state_wait_for_input. */
#include "support.h"

static void test_wait__completes_when_data_comes(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *wait = start_wait(pair);
  expect_running(wait);
  peer_sends(pair, 1);
  expect_outcome(wait, AIO_OK);
  assert_ptr_equal(wait->state, pair->state);
  expect_status(aio_state_read_status(pair->state), AIO_OK);
}

static void test_wait__completes_when_data_had_come(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends(pair, 10);
  settle(pair);
  expect_outcome(start_wait(pair), AIO_OK);
}

static void test_wait__consumes_nothing(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends(pair, 10);
  for (int i = 0; i < 5; i++) expect_outcome(start_wait(pair), AIO_OK);
  expect_read(start_read(pair, 10), AIO_OK, 10);
  expect_running(start_wait(pair));
}

static void test_wait__completes_with_leftovers(void **fixture) {
  struct pair *pair = *fixture;
  leave_buffered(pair, 10, 3);
  expect_outcome(start_wait(pair), AIO_OK);
  assert_int_equal(aio_state_buffered_length(pair->state), 3);
  expect_read(start_read(pair, 3), AIO_OK, 3);
  expect_running(start_wait(pair));
}

/* Whether the end is looked at or only noticed is open. */
static void test_wait__completes_at_eof(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *wait = start_wait(pair);
  peer_ends(pair);
  drive_until(pair, wait->done);
  if (wait->status != AIO_OK) expect_outcome(wait, AIO_EOF);
  expect_read(start_read(pair, 10), AIO_EOF, 0);
  expect_outcome(start_wait(pair), AIO_EOF);
}

static void test_wait__data_comes_before_eof(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends(pair, 10);
  peer_ends(pair);
  expect_outcome(start_wait(pair), AIO_OK);
  expect_read(start_read(pair, 5), AIO_OK, 5);
  expect_outcome(start_wait(pair), AIO_OK);
  expect_read(start_read(pair, 10), AIO_EOF, 5);
  expect_outcome(start_wait(pair), AIO_EOF);
}

static void test_wait__leftovers_come_before_a_known_eof(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 3);
  peer_ends(pair);
  drive_until(pair, standing->status == AIO_EOF);
  expect_outcome(start_wait(pair), AIO_OK);
  expect_read(start_read(pair, 3), AIO_OK, 3);
  expect_outcome(start_wait(pair), AIO_EOF);
}

static void test_wait__completes_at_reset(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *wait = start_wait(pair);
  settle(pair);
  peer_resets(pair);
  drive_until(pair, wait->done);
  if (wait->status != AIO_OK) expect_outcome(wait, AIO_ERR_CONNECTION_RESET);
  expect_read(start_read(pair, 10), AIO_ERR_CONNECTION_RESET, 0);
  expect_outcome(start_wait(pair), AIO_ERR_CONNECTION_RESET);
}

static void then_read_ten(struct completion *wait) { wait->context = try_read(wait->pair, 10); }

static void test_wait__read_may_follow_in_the_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *wait = start_wait(pair);
  wait->then = then_read_ten;
  peer_sends(pair, 10);
  expect_outcome(wait, AIO_OK);
  expect_read(started(HERE, wait->context), AIO_OK, 10);
}

static void test_wait__is_busy_beside_another_read(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  expect_refusal(try_wait(pair), AIO_ERR_BUSY);
  peer_sends(pair, 10);
  expect_read(read, AIO_OK, 10);
}

static void test_wait__is_no_write(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *wait = start_wait(pair);
  expect_write(start_write(pair, 10), AIO_OK, 10);
  expect_running(wait);
}

static void test_wait__times_out(void **fixture) {
  struct pair *pair = *fixture;
  double start = now();
  struct completion *wait = start_wait_with(pair, .timeout = 0.02, .error_callback = recorded_read_error);
  expect_outcome(wait, AIO_TIMEOUT);
  expect_not_before(wait, start, 0.02);
  assert_int_equal(wait->error_calls, 0);
  peer_sends(pair, 1);
  expect_outcome(start_wait_with(pair, .timeout = AIO_NO_TIMEOUT), AIO_OK);
}

static void test_wait__has_a_last_look_when_late(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *wait = start_wait_with(pair, .timeout = 0.001);
  peer_sends(pair, 1);
  spend(0.01);
  expect_outcome(wait, AIO_OK);
}

static void test_wait__can_be_aborted(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *wait = start_wait_with(pair, .error_callback = recorded_read_error);
  struct completion *abort = start_abort(pair, AIO_INPUT);
  expect_outcome(wait, AIO_ERR_CANCELED);
  expect_outcome(abort, AIO_OK);
  assert_int_equal(wait->error_calls, 1);
  expect_order(wait, abort);
}

static void test_wait__is_canceled_by_close(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *wait = start_wait(pair);
  struct completion *close = start_close(pair);
  expect_outcome(close, AIO_OK);
  expect_outcome(wait, AIO_ERR_CANCELED);
  expect_refusal(try_wait(pair), AIO_ERR_CLOSED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_pair(test_wait__completes_when_data_comes),
      with_pair(test_wait__completes_when_data_had_come),
      with_pair(test_wait__consumes_nothing),
      with_pair(test_wait__completes_with_leftovers),
      with_pair(test_wait__completes_at_eof),
      with_pair(test_wait__data_comes_before_eof),
      with_pair(test_wait__leftovers_come_before_a_known_eof),
      with_pair(test_wait__completes_at_reset),
      with_pair(test_wait__read_may_follow_in_the_callback),
      with_pair(test_wait__is_busy_beside_another_read),
      with_pair(test_wait__is_no_write),
      with_pair(test_wait__times_out),
      with_pair(test_wait__has_a_last_look_when_late),
      with_pair(test_wait__can_be_aborted),
      with_pair(test_wait__is_canceled_by_close),
  };
  return cmocka_run_group_tests_name("wait_for_input", tests, NULL, NULL);
}
