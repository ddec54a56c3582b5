/* Deadlines: of whole operations and of stalled ones; never early, one last attempt, exact counts. */
#include <math.h>

#include "support.h"

enum { BIG = 1 << 20 }; /* more than the kernel takes on a narrow or a Unix pair */

/* ---- reads ---- */

static void test_timeout__read_of_nothing(void **fixture) {
  struct pair *pair = *fixture;
  double start = now();
  struct completion *read = start_read_with(pair, 10, .timeout = 0.03);
  expect_read(read, AIO_TIMEOUT, 0);
  expect_not_before(read, start, 0.03);
}

static void test_timeout__read_reports_its_exact_count(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read_with(pair, 10, .timeout = 0.03);
  peer_sends(pair, 4);
  expect_read(read, AIO_TIMEOUT, 4);
}

static void test_timeout__read_goes_on_where_it_ended(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read_with(pair, 10, .timeout = 0.01);
  peer_sends(pair, 4);
  expect_read(read, AIO_TIMEOUT, 4);
  expect_read(start_read(pair, 6), AIO_TIMEOUT, 0);
  peer_sends(pair, 6);
  expect_read(start_read_with(pair, 6, .timeout = AIO_NO_TIMEOUT), AIO_OK, 6);
}

static void test_timeout__read_short_of_its_minimum(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read_with(pair, 10, .minimum = 5, .timeout = 0.01);
  peer_sends(pair, 4);
  expect_read(read, AIO_TIMEOUT, 4);
}

static void test_timeout__is_for_the_whole_read(void **fixture) {
  struct pair *pair = *fixture;
  double start = now();
  struct completion *read = start_read_with(pair, 1 << 20, .timeout = 0.1);
  size_t sent = 0;
  for (; !read->done; sent++) {
    peer_sends(pair, 1);
    drive_for(pair, 0.005);
  }
  assert_in_range(read->count, 1, sent);
  expect_read(read, AIO_TIMEOUT, read->count);
  expect_not_before(read, start, 0.1);
}

static void test_timeout__read_that_is_late_has_one_last_attempt(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read_with(pair, 10, .timeout = 0.001);
  peer_sends(pair, 10);
  spend(0.01);
  expect_read(read, AIO_OK, 10);
}

static void test_timeout__last_attempt_of_a_read_counts(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read_with(pair, 10, .timeout = 0.001);
  peer_sends(pair, 4);
  spend(0.01);
  expect_read(read, AIO_TIMEOUT, 4);
}

static void test_timeout__last_attempt_of_a_read_finds_eof(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read_with(pair, 10, .timeout = 0.001);
  peer_sends(pair, 4);
  peer_ends(pair);
  spend(0.01);
  expect_read(read, AIO_EOF, 4);
}

static void test_timeout__tiny_one_still_tries(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends(pair, 10);
  expect_read(start_read_with(pair, 10, .timeout = 1e-300), AIO_OK, 10);
  expect_write(start_write_with(pair, 10, .timeout = 1e-300), AIO_OK, 10);
  expect_read(start_read(pair, 10), AIO_TIMEOUT, 0);
}

/* ---- never early ---- */

static void then_remember_submission(struct completion *read) {
  spend(0.04);
  double *submitted = read->context = fixture_memory(sizeof *submitted);
  *submitted = now();
  struct completion *second = try_read_with(read->pair, 10, .timeout = 0.02);
  second->context = submitted;
  read->context = second;
}

static void test_timeout__is_not_early_in_a_slow_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *slow = start_read(pair, 1);
  slow->then = then_remember_submission;
  peer_sends(pair, 1);
  expect_read(slow, AIO_OK, 1);
  struct completion *read = slow->context;
  expect_read(started(HERE, read), AIO_TIMEOUT, 0);
  expect_not_before(read, *(double *)read->context, 0.02);
}

static void test_timeout__is_not_early_after_a_slow_caller(void **fixture) {
  struct pair *pair = *fixture;
  settle(pair);
  spend(0.04);
  double start = now();
  struct completion *read = start_read_with(pair, 10, .timeout = 0.02);
  expect_read(read, AIO_TIMEOUT, 0);
  expect_not_before(read, start, 0.02);
}

static void then_spend(struct completion *completion) {
  (void)completion;
  spend(0.25);
}

/* The other state's bytes come while the first one's callback is slow, after its deadline. */
static void test_timeout__slow_callback_does_not_cost_another_state_its_bytes(void **fixture) {
  struct pair *slow = *fixture;
  struct pair *other = new_pair(slow->collection, LINK_TCP, NULL);
  start_read(slow, 1)->then = then_spend;
  struct completion *read = start_read_with(other, 10, .timeout = 0.2);
  settle(slow);
  peer_sends(slow, 1);
  queue_callbacks(slow);
  peer_sends(other, 10);
  expect_read(read, AIO_OK, 10);
}

static void test_timeout__many_end_in_order_and_none_early(void **fixture) {
  enum { COUNT = 100 };
  aio_collection *collection = ((struct pair *)*fixture)->collection;
  struct completion *reads[COUNT];
  double starts[COUNT], timeouts[COUNT];
  for (int i = 0; i < COUNT; i++) {
    struct pair *pair = new_pair(collection, LINK_UNIX, NULL);
    timeouts[i] = 0.001 * (1 + i * 37 % COUNT);
    starts[i] = now();
    reads[i] = start_read_with(pair, 10, .timeout = timeouts[i]);
  }
  for (int i = 0; i < COUNT; i++) {
    expect_read(reads[i], AIO_TIMEOUT, 0);
    expect_not_before(reads[i], starts[i], timeouts[i]);
  }
}

static void test_timeout__is_not_early_with_an_own_thread(void **fixture) {
  struct pair *pair = *fixture;
  for (int i = 0; i < 20; i++) {
    double start = now();
    struct completion *read = start_read_with(pair, 10, .timeout = 0.0015);
    expect_read(read, AIO_TIMEOUT, 0);
    expect_not_before(read, start, 0.0015);
  }
}

/* ---- which timeout ---- */

static void test_timeout__states_own_is_used(void **fixture) {
  struct pair *pair = *fixture;
  expect_status(aio_state_set_read_timeout(pair->state, 0.01), AIO_OK);
  expect_read(start_read(pair, 10), AIO_TIMEOUT, 0);
  expect_outcome(start_wait(pair), AIO_TIMEOUT);
  expect_delivery(start_standing_read(pair, NULL), 1, AIO_TIMEOUT, 0, 0);
}

static void test_timeout__given_at_creation_is_used(void **fixture) {
  aio_state_options options = {.read_timeout = 0.01, .write_timeout = 0.02};
  struct pair *pair = new_pair(((struct pair *)*fixture)->collection, LINK_UNIX, &options);
  assert_true(aio_state_read_timeout(pair->state) == 0.01);
  assert_true(aio_state_write_timeout(pair->state) == 0.02);
  expect_read(start_read(pair, 10), AIO_TIMEOUT, 0);
  expect_partial_write(start_write(pair, BIG), AIO_TIMEOUT);
}

static void test_timeout__given_with_an_operation_is_for_later_ones_too(void **fixture) {
  struct pair *pair = *fixture;
  expect_read(start_read_with(pair, 10, .timeout = 0.01), AIO_TIMEOUT, 0);
  expect_read(start_read(pair, 10), AIO_TIMEOUT, 0);
}

static void test_timeout__is_the_one_of_the_submission(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read_with(pair, 10, .timeout = 0.02);
  struct completion *write = start_write_with(pair, BIG, .timeout = 0.02);
  aio_state_set_read_timeout(pair->state, 0);
  aio_state_set_write_timeout(pair->state, 0);
  expect_read(read, AIO_TIMEOUT, 0);
  expect_partial_write(write, AIO_TIMEOUT);
}

static void test_timeout__set_later_does_not_touch_what_runs(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *write = start_write(pair, BIG);
  aio_state_set_read_timeout(pair->state, 0.001);
  aio_state_set_write_timeout(pair->state, 0.001);
  drive_for(pair, 0.02);
  expect_running(read);
  expect_running(write);
}

static void test_timeout__none_overrides_the_states(void **fixture) {
  const double none[] = {AIO_NO_TIMEOUT, 1e9, 1e12, INFINITY};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
    struct pair *pair = new_pair(((struct pair *)*fixture)->collection, LINK_UNIX, NULL);
    aio_state_set_read_timeout(pair->state, 0.001);
    struct completion *read = start_read_with(pair, 10, .timeout = none[i]);
    drive_for(pair, 0.01);
    expect_running(read);
    assert_true(aio_state_read_timeout(pair->state) == AIO_NO_TIMEOUT);
  }
}

static void test_timeout__of_years_does_not_come_soon(void **fixture) {
  struct pair *pair = *fixture;
  const double years[] = {5e6, 5e8, 999999999};
  for (size_t i = 0; i < sizeof years / sizeof *years; i++) {
    struct completion *read = start_read_with(pair, 10, .timeout = years[i], .stall_timeout = years[i]);
    drive_for(pair, 0.01);
    expect_running(read);
    peer_sends(pair, 10);
    expect_read(read, AIO_OK, 10);
  }
  expect_read(start_read_with(pair, 10, .timeout = 0.01), AIO_TIMEOUT, 0);
}

/* ---- writes ---- */

/* The peer reads a little now and then until the write has timed out. */
static void read_slowly_until_timeout(struct pair *pair, struct completion *write) {
  while (!write->done) {
    peer_takes_some(pair, 1000);
    drive_for(pair, 0.001);
  }
}

static void test_timeout__write_reports_its_exact_count(void **fixture) {
  struct pair *pair = *fixture;
  double start = now();
  struct completion *write = start_write_with(pair, BIG, .timeout = 0.1);
  read_slowly_until_timeout(pair, write);
  expect_partial_write(write, AIO_TIMEOUT);
  expect_not_before(write, start, 0.1);
  start_close_behind_writes(pair);
  peer_receives_rest(pair);
}

static void test_timeout__write_sends_nothing_more(void **fixture) {
  struct pair *pair = *fixture;
  size_t count = expect_partial_write(start_write_with(pair, BIG, .timeout = 0.02), AIO_TIMEOUT);
  peer_receives(pair, count);
  settle(pair);
  assert_int_equal(peer_takes_some(pair, BIG), 0);
}

static void test_timeout__caller_goes_on_from_the_count(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write_with(pair, BIG, .timeout = 0.05);
  read_slowly_until_timeout(pair, write);
  size_t count = expect_partial_write(write, AIO_TIMEOUT);
  struct completion *rest = start_write_with(pair, BIG - count, .timeout = AIO_NO_TIMEOUT);
  peer_receives(pair, BIG - pair->peer_received);
  expect_write(rest, AIO_OK, BIG - count);
  start_close_behind_writes(pair);
  peer_receives_rest(pair);
}

static void test_timeout__many_writes_in_a_row_make_one_stream(void **fixture) {
  struct pair *pair = *fixture;
  for (int i = 0; i < 30; i++) {
    struct completion *write = start_write_with(pair, BIG, .timeout = 0.002 + 0.001 * (i % 3));
    drive_until(pair, write->done);
    expect_write(write, AIO_TIMEOUT, write->count);
    peer_takes_some(pair, 3000 + 1000 * (size_t)i);
  }
  start_close_behind_writes(pair);
  peer_receives_rest(pair);
}

static void test_timeout__write_into_a_full_connection_takes_nothing(void **fixture) {
  struct pair *pair = *fixture;
  expect_partial_write(start_write_with(pair, BIG, .timeout = 0.02), AIO_TIMEOUT);
  expect_write(start_write_with(pair, 10, .timeout = 0.02), AIO_TIMEOUT, 0);
  expect_status(aio_state_write_status(pair->state), AIO_TIMEOUT);
  start_close_behind_writes(pair);
  peer_receives_rest(pair);
}

static void test_timeout__write_that_is_late_has_one_last_attempt(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write_with(pair, 10, .timeout = 0.001);
  spend(0.01);
  expect_write(write, AIO_OK, 10);
  peer_receives(pair, 10);
}

static void test_timeout__last_attempt_of_a_blocked_write_counts(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write_with(pair, BIG, .timeout = 0.5);
  expect_running(write);
  size_t before = BIG - aio_state_queued_bytes(pair->state);
  peer_receives(pair, before / 2);
  spend(0.5);
  assert_true(expect_partial_write(write, AIO_TIMEOUT) > before);
  start_close_behind_writes(pair);
  peer_receives_rest(pair);
}

static void test_timeout__writes_behind_are_canceled(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *head = start_write_with(pair, BIG, .timeout = 0.02);
  struct completion *second = start_write_with(pair, 10, .timeout = AIO_NO_TIMEOUT);
  struct completion *third = start_write_with(pair, 0, .error_callback = recorded_write_error);
  expect_partial_write(head, AIO_TIMEOUT);
  expect_write(second, AIO_ERR_CANCELED, 0);
  expect_write(third, AIO_ERR_CANCELED, 0);
  assert_int_equal(third->error_calls, 1);
  expect_order(head, second);
  expect_order(second, third);
  start_close_behind_writes(pair);
  peer_receives_rest(pair);
}

static void test_timeout__output_works_on(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *head = start_write_with(pair, BIG, .timeout = 0.02);
  struct completion *behind = start_write(pair, 10);
  expect_partial_write(head, AIO_TIMEOUT);
  expect_write(behind, AIO_ERR_CANCELED, 0);
  struct completion *write = start_write_with(pair, 1000, .timeout = AIO_NO_TIMEOUT);
  peer_receives(pair, head->count + 1000);
  expect_write(write, AIO_OK, 1000);
}

static void test_timeout__queued_write_ends_before_the_running_one(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *head = start_write(pair, BIG);
  struct completion *queued = start_write_with(pair, 100, .timeout = 0.02);
  struct completion *behind = start_write_with(pair, 100, .timeout = AIO_NO_TIMEOUT);
  expect_write(queued, AIO_TIMEOUT, 0);
  expect_write(behind, AIO_ERR_CANCELED, 0);
  expect_running(head);
  peer_receives(pair, BIG);
  expect_write(head, AIO_OK, BIG);
  expect_order(queued, head);
  start_close_behind_writes(pair);
  peer_receives_rest(pair);
}

static void test_timeout__queued_write_does_not_touch_those_before_it(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *head = start_write(pair, BIG);
  struct completion *before = start_write(pair, 100);
  struct completion *queued = start_write_with(pair, 100, .timeout = 0.02);
  expect_write(queued, AIO_TIMEOUT, 0);
  expect_running(before);
  struct completion *later = start_write_with(pair, 50, .timeout = AIO_NO_TIMEOUT);
  peer_receives(pair, BIG + 150);
  expect_write(head, AIO_OK, BIG);
  expect_write(before, AIO_OK, 100);
  expect_write(later, AIO_OK, 50);
}

static void test_timeout__of_a_queued_write_runs_from_its_submission(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *head = start_write_with(pair, BIG, .timeout = AIO_NO_TIMEOUT);
  double start = now();
  struct completion *queued = start_write_with(pair, 100, .timeout = 0.05);
  expect_write(queued, AIO_TIMEOUT, 0);
  expect_not_before(queued, start, 0.05);
  expect_running(head);
}

/* ---- stalls ---- */

static void test_timeout__stalled_read_of_nothing(void **fixture) {
  struct pair *pair = *fixture;
  double start = now();
  struct completion *read = start_read_with(pair, 10, .stall_timeout = 0.03);
  expect_read(read, AIO_TIMEOUT, 0);
  expect_not_before(read, start, 0.03);
}

static void test_timeout__read_that_moves_does_not_stall(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read_with(pair, 20, .stall_timeout = 0.3);
  for (int i = 0; i < 10; i++) {
    peer_sends(pair, 1);
    drive_for(pair, 0.04);
  }
  double last = now();
  peer_sends(pair, 1);
  expect_read(read, AIO_TIMEOUT, 11);
  expect_not_before(read, last, 0.3);
}

static void test_timeout__stall_is_of_its_operation_alone(void **fixture) {
  struct pair *pair = *fixture;
  expect_read(start_read_with(pair, 10, .stall_timeout = 0.01), AIO_TIMEOUT, 0);
  struct completion *read = start_read(pair, 10);
  drive_for(pair, 0.03);
  expect_running(read);
}

static void test_timeout__whichever_comes_first_ends_it(void **fixture) {
  struct pair *pair = *fixture;
  expect_read(start_read_with(pair, 10, .timeout = 60, .stall_timeout = 0.01), AIO_TIMEOUT, 0);
  expect_read(start_read_with(pair, 10, .timeout = 0.01, .stall_timeout = 60), AIO_TIMEOUT, 0);
}

static void test_timeout__stalled_write_reports_its_exact_count(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write_with(pair, BIG, .stall_timeout = 0.05);
  expect_partial_write(write, AIO_TIMEOUT);
  start_close_behind_writes(pair);
  peer_receives_rest(pair);
}

static void test_timeout__write_that_moves_does_not_stall(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write_with(pair, BIG, .stall_timeout = 0.3);
  double last = 0;
  for (int i = 0; i < 10; i++) {
    drive_for(pair, 0.04);
    last = now();
    peer_receives(pair, 20000);
  }
  expect_running(write);
  expect_partial_write(write, AIO_TIMEOUT);
  expect_not_before(write, last, 0.3);
  start_close_behind_writes(pair);
  peer_receives_rest(pair);
}

static void test_timeout__stall_counts_from_being_first(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *head = start_write(pair, BIG);
  struct completion *queued = start_write_with(pair, BIG, .stall_timeout = 0.05);
  drive_for(pair, 0.1);
  expect_running(queued);
  double first = now();
  peer_receives(pair, BIG);
  expect_write(head, AIO_OK, BIG);
  drive_until(pair, queued->done);
  expect_write(queued, AIO_TIMEOUT, queued->count);
  expect_not_before(queued, first, 0.05);
  start_close_behind_writes(pair);
  peer_receives_rest(pair);
}

/* The rest of the first one fills the kernel to the last byte: none of the second moves, before it is first or after. */
static void test_timeout__stall_counts_though_no_byte_ever_moves(void **fixture) {
  without_tls("records fill the kernel unevenly");
  struct pair *measured = *fixture;
  struct pair *pair = new_pair(measured->collection, LINK_UNIX, NULL);
  expect_running(start_write(measured, BIG));
  size_t room = BIG - aio_state_queued_bytes(measured->state);
  struct completion *head = start_write(pair, 2 * room);
  struct completion *queued = start_write_with(pair, BIG, .stall_timeout = 0.02);
  expect_running(queued);
  assert_int_equal(peer_takes_some(pair, room), room);
  expect_write(head, AIO_OK, 2 * room);
  expect_write(queued, AIO_TIMEOUT, 0);
}

static void test_timeout__writes_behind_a_stalled_one_are_canceled(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *head = start_write_with(pair, BIG, .stall_timeout = 0.02);
  struct completion *behind = start_write(pair, 10);
  expect_partial_write(head, AIO_TIMEOUT);
  expect_write(behind, AIO_ERR_CANCELED, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_pair(test_timeout__read_of_nothing),
      with_pair(test_timeout__read_reports_its_exact_count),
      with_pair(test_timeout__read_goes_on_where_it_ended),
      with_pair(test_timeout__read_short_of_its_minimum),
      with_pair(test_timeout__is_for_the_whole_read),
      with_pair(test_timeout__read_that_is_late_has_one_last_attempt),
      with_pair(test_timeout__last_attempt_of_a_read_counts),
      with_pair(test_timeout__last_attempt_of_a_read_finds_eof),
      with_pair(test_timeout__tiny_one_still_tries),
      with_pair(test_timeout__is_not_early_in_a_slow_callback),
      with_pair(test_timeout__is_not_early_after_a_slow_caller),
      with_pair(test_timeout__slow_callback_does_not_cost_another_state_its_bytes),
      with_collection(test_timeout__many_end_in_order_and_none_early),
      with_threaded_pair(test_timeout__is_not_early_with_an_own_thread),
      with_pair(test_timeout__states_own_is_used),
      with_collection(test_timeout__given_at_creation_is_used),
      with_pair(test_timeout__given_with_an_operation_is_for_later_ones_too),
      with_unix_pair(test_timeout__is_the_one_of_the_submission),
      with_unix_pair(test_timeout__set_later_does_not_touch_what_runs),
      with_collection(test_timeout__none_overrides_the_states),
      with_pair(test_timeout__of_years_does_not_come_soon),
      with_narrow_pair(test_timeout__write_reports_its_exact_count),
      with_unix_pair(test_timeout__write_reports_its_exact_count),
      with_unix_pair(test_timeout__write_sends_nothing_more),
      with_narrow_pair(test_timeout__caller_goes_on_from_the_count),
      with_unix_pair(test_timeout__caller_goes_on_from_the_count),
      with_narrow_pair(test_timeout__many_writes_in_a_row_make_one_stream),
      with_unix_pair(test_timeout__many_writes_in_a_row_make_one_stream),
      with_unix_pair(test_timeout__write_into_a_full_connection_takes_nothing),
      with_pair(test_timeout__write_that_is_late_has_one_last_attempt),
      with_unix_pair(test_timeout__last_attempt_of_a_blocked_write_counts),
      with_narrow_pair(test_timeout__writes_behind_are_canceled),
      with_unix_pair(test_timeout__output_works_on),
      with_narrow_pair(test_timeout__queued_write_ends_before_the_running_one),
      with_unix_pair(test_timeout__queued_write_does_not_touch_those_before_it),
      with_unix_pair(test_timeout__of_a_queued_write_runs_from_its_submission),
      with_pair(test_timeout__stalled_read_of_nothing),
      with_pair(test_timeout__read_that_moves_does_not_stall),
      with_pair(test_timeout__stall_is_of_its_operation_alone),
      with_pair(test_timeout__whichever_comes_first_ends_it),
      with_narrow_pair(test_timeout__stalled_write_reports_its_exact_count),
      with_unix_pair(test_timeout__write_that_moves_does_not_stall),
      with_unix_pair(test_timeout__stall_counts_from_being_first),
      with_unix_pair(test_timeout__stall_counts_though_no_byte_ever_moves),
      with_unix_pair(test_timeout__writes_behind_a_stalled_one_are_canceled),
  };
  return cmocka_run_group_tests_name("timeout", tests, NULL, NULL);
}
