/* aio_state_abort. */
#include "support.h"

enum { BIG = 1 << 20 }; /* more than the kernel takes on a narrow or a Unix pair */

static struct completion *blocked_write(struct pair *pair) {
  struct completion *write = start_write(pair, BIG);
  expect_running(write);
  return write;
}

/* ---- input ---- */

static void test_abort__read_reports_its_exact_count(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  peer_sends(pair, 4);
  settle(pair);
  struct completion *abort = start_abort(pair, AIO_INPUT);
  expect_read(read, AIO_ERR_CANCELED, 4);
  expect_outcome(abort, AIO_OK);
  expect_order(read, abort);
  assert_ptr_equal(abort->state, pair->state);
}

static void test_abort__input_works_on(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  peer_sends(pair, 4);
  settle(pair);
  expect_outcome(start_abort(pair, AIO_INPUT), AIO_OK);
  expect_read(read, AIO_ERR_CANCELED, 4);
  peer_sends(pair, 3);
  expect_read(start_read(pair, 3), AIO_OK, 3);
}

static void test_abort__sets_the_status_of_its_direction(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  start_abort(pair, AIO_INPUT);
  expect_read(read, AIO_ERR_CANCELED, 0);
  expect_status(aio_state_read_status(pair->state), AIO_ERR_CANCELED);
  expect_status(aio_state_write_status(pair->state), AIO_OK);
}

static void test_abort__leftovers_of_a_canceled_read_are_in_its_count(void **fixture) {
  struct pair *pair = *fixture;
  leave_buffered(pair, 10, 3);
  struct completion *read = start_read(pair, 10);
  expect_running(read);
  start_abort(pair, AIO_INPUT);
  drive_until(pair, read->done);
  expect_read(read, AIO_ERR_CANCELED, read->count);
  size_t left = 10 - (size_t)pair->read;
  peer_sends(pair, 5);
  expect_read(start_read(pair, left + 5), AIO_OK, left + 5);
}

/* ---- output ---- */

static void test_abort__write_reports_its_exact_count(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = blocked_write(pair);
  struct completion *abort = start_abort(pair, AIO_OUTPUT);
  expect_partial_write(write, AIO_ERR_CANCELED);
  expect_outcome(abort, AIO_OK);
  expect_order(write, abort);
  start_close_behind_writes(pair);
  peer_receives_rest(pair);
}

static void test_abort__write_sends_nothing_more(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = blocked_write(pair);
  start_abort(pair, AIO_OUTPUT);
  size_t count = expect_partial_write(write, AIO_ERR_CANCELED);
  peer_receives(pair, count);
  settle(pair);
  assert_int_equal(peer_takes_some(pair, BIG), 0);
}

static void test_abort__caller_goes_on_from_the_count(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = blocked_write(pair);
  peer_receives(pair, 5000);
  start_abort(pair, AIO_OUTPUT);
  size_t rest = BIG - expect_partial_write(write, AIO_ERR_CANCELED);
  struct completion *second = start_write(pair, rest);
  peer_receives(pair, BIG - 5000);
  expect_write(second, AIO_OK, rest);
}

static void test_abort__queued_writes_are_canceled_in_order(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *head = blocked_write(pair);
  struct completion *second = start_write(pair, 10);
  struct completion *third = start_write(pair, 0);
  struct completion *abort = start_abort(pair, AIO_OUTPUT);
  expect_outcome(abort, AIO_OK);
  expect_partial_write(head, AIO_ERR_CANCELED);
  expect_write(second, AIO_ERR_CANCELED, 0);
  expect_write(third, AIO_ERR_CANCELED, 0);
  expect_order(head, second);
  expect_order(second, third);
  expect_order(third, abort);
}

static void test_abort__of_writes_not_begun_sends_none(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *head = blocked_write(pair);
  struct completion *second = start_write(pair, 10);
  start_abort(pair, AIO_OUTPUT);
  expect_partial_write(head, AIO_ERR_CANCELED);
  expect_write(second, AIO_ERR_CANCELED, 0);
  start_close_behind_writes(pair);
  peer_receives_rest(pair);
}

/* ---- directions ---- */

static void test_abort__of_input_leaves_output(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *write = blocked_write(pair);
  expect_outcome(start_abort(pair, AIO_INPUT), AIO_OK);
  expect_read(read, AIO_ERR_CANCELED, 0);
  expect_running(write);
  peer_receives(pair, BIG);
  expect_write(write, AIO_OK, BIG);
}

static void test_abort__of_output_leaves_input(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *write = blocked_write(pair);
  expect_outcome(start_abort(pair, AIO_OUTPUT), AIO_OK);
  expect_partial_write(write, AIO_ERR_CANCELED);
  expect_running(read);
  peer_sends(pair, 10);
  expect_read(read, AIO_OK, 10);
}

static void test_abort__of_both_ends_both(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *write = blocked_write(pair);
  struct completion *abort = start_abort(pair, AIO_BOTH);
  expect_outcome(abort, AIO_OK);
  expect_read(read, AIO_ERR_CANCELED, 0);
  expect_partial_write(write, AIO_ERR_CANCELED);
  expect_order(read, abort);
  expect_order(write, abort);
}

static void test_abort__of_nothing_is_not_found(void **fixture) {
  struct pair *pair = *fixture;
  expect_outcome(start_abort(pair, AIO_INPUT), AIO_ERR_NOT_FOUND);
  expect_outcome(start_abort(pair, AIO_OUTPUT), AIO_ERR_NOT_FOUND);
  expect_outcome(start_abort(pair, AIO_BOTH), AIO_ERR_NOT_FOUND);
}

static void test_abort__of_the_idle_direction_is_not_found(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  expect_outcome(start_abort(pair, AIO_OUTPUT), AIO_ERR_NOT_FOUND);
  expect_running(read);
  expect_outcome(start_abort(pair, AIO_BOTH), AIO_OK);
  blocked_write(pair);
  expect_outcome(start_abort(pair, AIO_INPUT), AIO_ERR_NOT_FOUND);
  expect_outcome(start_abort(pair, AIO_BOTH), AIO_OK);
}

static void test_abort__second_finds_nothing(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *first = start_abort(pair, AIO_INPUT);
  struct completion *second = start_abort(pair, AIO_INPUT);
  expect_outcome(first, AIO_OK);
  expect_outcome(second, AIO_ERR_NOT_FOUND);
  expect_order(read, first);
  expect_order(first, second);
}

/* ---- what has finished, and what comes later ---- */

static void test_abort__finished_read_keeps_its_outcome(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  peer_sends(pair, 10);
  queue_callbacks(pair);
  struct completion *abort = start_abort(pair, AIO_INPUT);
  expect_read(read, AIO_OK, 10);
  expect_outcome(abort, AIO_ERR_NOT_FOUND);
  expect_order(read, abort);
}

static void test_abort__finished_write_keeps_its_outcome(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write(pair, 10);
  queue_callbacks(pair);
  struct completion *abort = start_abort(pair, AIO_OUTPUT);
  expect_write(write, AIO_OK, 10);
  expect_outcome(abort, AIO_ERR_NOT_FOUND);
  peer_receives(pair, 10);
}

static void test_abort__finished_write_keeps_its_outcome_before_a_running_one(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *finished = start_write(pair, 10);
  struct completion *running = start_write(pair, BIG);
  queue_callbacks(pair);
  struct completion *abort = start_abort(pair, AIO_OUTPUT);
  expect_write(finished, AIO_OK, 10);
  expect_partial_write(running, AIO_ERR_CANCELED);
  expect_outcome(abort, AIO_OK);
  start_close_behind_writes(pair);
  peer_receives_rest(pair);
}

static void test_abort__finished_eof_keeps_its_outcome(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  peer_sends(pair, 4);
  peer_ends(pair);
  queue_callbacks(pair);
  start_abort(pair, AIO_BOTH);
  expect_read(read, AIO_EOF, 4);
}

/* Bytes without a pattern: where the second write begins is known only once the first one's count is. */
static void test_abort__write_submitted_after_it_is_sent(void **fixture) {
  struct pair *pair = *fixture;
  pair->plain_bytes = 1;
  struct completion *first = blocked_write(pair);
  struct completion *abort = start_abort(pair, AIO_OUTPUT);
  struct completion *second = start_write(pair, 1000);
  expect_outcome(abort, AIO_OK);
  size_t count = expect_partial_write(first, AIO_ERR_CANCELED);
  peer_receives(pair, count);
  expect_write(second, AIO_OK, 1000);
  peer_receives(pair, 1000);
}

static void test_abort__operation_submitted_before_it_is_ended(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *abort = start_abort(pair, AIO_INPUT);
  peer_sends(pair, 10);
  expect_outcome(abort, AIO_OK);
  drive_until(pair, read->done);
  expect_read(read, AIO_ERR_CANCELED, read->count);
  expect_read(start_read(pair, 10 - (size_t)pair->read), AIO_OK, 10 - (size_t)pair->read);
}

static void then_read_and_abort(struct completion *completion) {
  struct completion *read = try_read(completion->pair, 10);
  read->context = try_abort(completion->pair, AIO_INPUT);
  completion->context = read;
}

static void test_abort__in_a_callback_takes_effect_after_it(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *first = start_read(pair, 5);
  first->then = then_read_and_abort;
  peer_sends(pair, 5);
  expect_read(first, AIO_OK, 5);
  struct completion *second = first->context;
  expect_read(started(HERE, second), AIO_ERR_CANCELED, 0);
  expect_outcome(started(HERE, second->context), AIO_OK);
}

static void then_abort_both(struct completion *completion) {
  completion->context = try_abort(completion->pair, AIO_BOTH);
}

static void test_abort__in_a_write_callback_ends_the_queue(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *first = start_write(pair, 10);
  struct completion *head = start_write(pair, BIG);
  struct completion *queued = start_write(pair, 10);
  struct completion *read = start_read(pair, 10);
  first->then = then_abort_both;
  expect_write(first, AIO_OK, 10);
  expect_outcome(started(HERE, first->context), AIO_OK);
  expect_write(head, AIO_ERR_CANCELED, head->count);
  expect_write(queued, AIO_ERR_CANCELED, 0);
  expect_read(read, AIO_ERR_CANCELED, 0);
  start_close_behind_writes(pair);
  peer_receives_rest(pair);
}

static void test_abort__in_its_own_callback_is_another_one(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *first = start_abort(pair, AIO_BOTH);
  first->then = then_abort_both;
  expect_outcome(first, AIO_ERR_NOT_FOUND);
  expect_outcome(started(HERE, first->context), AIO_ERR_NOT_FOUND);
}

/* ---- callback, arguments ---- */

static void test_abort__callback_may_be_null(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  expect_status(aio_state_abort(pair->state, AIO_INPUT, NULL, NULL), AIO_OK);
  expect_read(read, AIO_ERR_CANCELED, 0);
}

static void *seen_user_info;

static void keep_user_info(aio_state *state, aio_status status, void *user_info) {
  (void)state;
  (void)status;
  seen_user_info = user_info;
}

static void test_abort__null_user_info_is_the_states(void **fixture) {
  struct pair *pair = *fixture;
  int mine;
  seen_user_info = NULL;
  aio_state_set_user_info(pair->state, &mine);
  expect_status(aio_state_abort(pair->state, AIO_INPUT, keep_user_info, NULL), AIO_OK);
  drive_until(pair, seen_user_info != NULL);
  assert_ptr_equal(seen_user_info, &mine);
}

static void test_abort__given_user_info_is_not_stored(void **fixture) {
  struct pair *pair = *fixture;
  int mine;
  aio_state_set_user_info(pair->state, &mine);
  expect_outcome(start_abort(pair, AIO_INPUT), AIO_ERR_NOT_FOUND);
  assert_ptr_equal(aio_state_user_info(pair->state), &mine);
}

static void test_abort__wants_a_direction(void **fixture) {
  struct pair *pair = *fixture;
  expect_refusal(try_abort(pair, 0), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(try_abort(pair, 4), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(try_abort(pair, -1), AIO_ERR_INVALID_ARGUMENT);
  expect_nothing_more(pair);
}

static void test_abort__of_a_closed_state_is_refused(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *close = start_close(pair);
  expect_refusal(try_abort(pair, AIO_BOTH), AIO_ERR_CLOSED);
  expect_outcome(close, AIO_OK);
  expect_refusal(try_abort(pair, AIO_BOTH), AIO_ERR_CLOSED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_pair(test_abort__read_reports_its_exact_count),
      with_pair(test_abort__input_works_on),
      with_threaded_pair(test_abort__input_works_on),
      with_pair(test_abort__sets_the_status_of_its_direction),
      with_pair(test_abort__leftovers_of_a_canceled_read_are_in_its_count),
      with_narrow_pair(test_abort__write_reports_its_exact_count),
      with_unix_pair(test_abort__write_reports_its_exact_count),
      with_unix_pair(test_abort__write_sends_nothing_more),
      with_narrow_pair(test_abort__caller_goes_on_from_the_count),
      with_unix_pair(test_abort__caller_goes_on_from_the_count),
      with_unix_pair(test_abort__queued_writes_are_canceled_in_order),
      with_narrow_pair(test_abort__of_writes_not_begun_sends_none),
      with_unix_pair(test_abort__of_input_leaves_output),
      with_unix_pair(test_abort__of_output_leaves_input),
      with_unix_pair(test_abort__of_both_ends_both),
      with_pair(test_abort__of_nothing_is_not_found),
      with_unix_pair(test_abort__of_the_idle_direction_is_not_found),
      with_pair(test_abort__second_finds_nothing),
      with_threaded_pair(test_abort__second_finds_nothing),
      with_pair(test_abort__finished_read_keeps_its_outcome),
      with_pair(test_abort__finished_write_keeps_its_outcome),
      with_unix_pair(test_abort__finished_write_keeps_its_outcome_before_a_running_one),
      with_pair(test_abort__finished_eof_keeps_its_outcome),
      with_unix_pair(test_abort__write_submitted_after_it_is_sent),
      with_pair(test_abort__operation_submitted_before_it_is_ended),
      with_pair(test_abort__in_a_callback_takes_effect_after_it),
      with_unix_pair(test_abort__in_a_write_callback_ends_the_queue),
      with_pair(test_abort__in_its_own_callback_is_another_one),
      with_pair(test_abort__callback_may_be_null),
      with_pair(test_abort__null_user_info_is_the_states),
      with_pair(test_abort__given_user_info_is_not_stored),
      with_pair(test_abort__wants_a_direction),
      with_pair(test_abort__of_a_closed_state_is_refused),
  };
  return cmocka_run_group_tests_name("abort", tests, NULL, NULL);
}
