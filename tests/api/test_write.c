/* aio_state_write_buffer. */
#include <signal.h>
#include <sys/socket.h>

#include "support.h"

enum { BIG = 1 << 20 }; /* more than the kernel takes on a narrow or a Unix pair */

/* The two ways in which the kernel may tell that the connection is broken. */
static void expect_broken(struct completion *write) {
  drive_until(write->pair, write->done);
  if (write->status != AIO_ERR_BROKEN_PIPE) expect_status(write->status, AIO_ERR_CONNECTION_RESET);
}

static struct completion *blocked_write(struct pair *pair) {
  struct completion *write = start_write(pair, BIG);
  expect_running(write);
  return write;
}

/* ---- the bytes ---- */

static void test_write__sends_the_whole_range(void **fixture) {
  struct pair *pair = *fixture;
  expect_write(start_write(pair, 10), AIO_OK, 10);
  peer_receives(pair, 10);
}

static void test_write__sends_its_range_alone(void **fixture) {
  struct pair *pair = *fixture;
  expect_write(start_write_with(pair, 20, .start = 5, .end = 12), AIO_OK, 7);
  expect_write(start_write_with(pair, 20, .start = 19), AIO_OK, 1);
  expect_write(start_write_with(pair, 20, .end = 1), AIO_OK, 1);
  start_close(pair);
  peer_receives_rest(pair);
}

static void test_write__big_one_reaches_a_slow_reader(void **fixture) {
  struct pair *pair = *fixture;
  enum { LENGTH = 64 << 20 };
  struct completion *write = start_write(pair, LENGTH);
  expect_running(write);
  peer_receives(pair, LENGTH);
  expect_write(write, AIO_OK, LENGTH);
}

static void test_write__big_one_is_not_copied(void **fixture) {
  struct pair *pair = *fixture;
  size_t before = total_allocated_bytes();
  struct completion *write = start_write(pair, 16 << 20);
  peer_receives(pair, 16 << 20);
  expect_write(write, AIO_OK, 16 << 20);
  assert_in_range(total_allocated_bytes() - before, 0, 100000);
}

static void test_write__crawls_through_a_narrow_connection(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = blocked_write(pair);
  uint32_t seed = 2;
  for (size_t left = BIG; left > 0;) {
    size_t part = 1 + random_below(7000, &seed);
    if (part > left) part = left;
    peer_receives(pair, part);
    left -= part;
  }
  expect_write(write, AIO_OK, BIG);
}

static void then_overwrite(struct completion *write) { memset(write->memory, 0, write->length); }

static void test_write__buffer_is_the_callers_in_the_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = blocked_write(pair);
  write->then = then_overwrite;
  peer_receives(pair, BIG);
  expect_write(write, AIO_OK, BIG);
}

static void test_write__works_on_after_the_peers_eof(void **fixture) {
  struct pair *pair = *fixture;
  peer_ends(pair);
  expect_read(start_read(pair, 1), AIO_EOF, 0);
  struct completion *write = start_write(pair, BIG);
  peer_receives(pair, BIG);
  expect_write(write, AIO_OK, BIG);
}

/* ---- the queue ---- */

static void test_write__queue_keeps_its_order(void **fixture) {
  struct pair *pair = *fixture;
  enum { COUNT = 200 };
  struct completion *writes[COUNT];
  for (int i = 0; i < COUNT; i++) writes[i] = start_write(pair, (size_t)(i * 37 % 1000));
  peer_receives(pair, pair->written);
  for (int i = 0; i < COUNT; i++) expect_write(writes[i], AIO_OK, writes[i]->length);
  for (int i = 1; i < COUNT; i++) expect_order(writes[i - 1], writes[i]);
}

static void test_write__blocked_ones_do_not_interleave(void **fixture) {
  struct pair *pair = *fixture;
  enum { COUNT = 20 };
  struct completion *writes[COUNT];
  for (int i = 0; i < COUNT; i++) writes[i] = start_write(pair, 50000);
  peer_receives(pair, COUNT * 50000);
  for (int i = 0; i < COUNT; i++) expect_write(writes[i], AIO_OK, 50000);
  for (int i = 1; i < COUNT; i++) expect_order(writes[i - 1], writes[i]);
}

static void test_write__more_of_them_than_one_call_can_gather(void **fixture) {
  struct pair *pair = *fixture;
  enum { COUNT = 5000 };
  struct completion *last = NULL;
  for (int i = 0; i < COUNT; i++) last = start_write(pair, 3);
  peer_receives(pair, COUNT * 3);
  expect_write(last, AIO_OK, 3);
  assert_int_equal(callbacks_so_far(), COUNT);
}

static void test_write__is_complete_when_the_kernel_has_it(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *first = blocked_write(pair);
  struct completion *second = start_write(pair, 10);
  peer_receives(pair, BIG);
  expect_write(first, AIO_OK, BIG);
  expect_write(second, AIO_OK, 10);
  peer_receives(pair, 10);
}

static void then_submit_twenty(struct completion *completion) {
  for (int i = 0; i < 20; i++) completion->context = try_write(completion->pair, 10);
}

static void test_write__replies_of_one_callback_leave_in_one_call(void **fixture) {
  struct pair *pair = *fixture;
  aio_counters counters;
  struct completion *read = start_read(pair, 1);
  read->then = then_submit_twenty;
  peer_sends(pair, 1);
  expect_read(read, AIO_OK, 1);
  expect_write(read->context, AIO_OK, 10);
  expect_status(aio_state_counters(pair->state, &counters), AIO_OK);
  assert_int_equal(counters.calls_written, 1);
  assert_int_equal(counters.operations_written, 20);
}

static void then_write_on(struct completion *write) {
  struct completion *next = write->pair->written < 1000 ? try_write(write->pair, 1) : NULL;
  if (next != NULL) next->then = then_write_on;
}

static void test_write__may_start_in_the_callback(void **fixture) {
  struct pair *pair = *fixture;
  start_write(pair, 1)->then = then_write_on;
  peer_receives(pair, 1000);
  settle(pair);
  assert_int_equal(callbacks_so_far(), 1000);
}

/* ---- queue_output = AIO_NO ---- */

static struct pair *unqueued_pair(struct pair *pair) {
  return new_pair(pair->collection, LINK_UNIX, &(aio_state_options){.queue_output = AIO_NO});
}

static void test_write__second_is_busy_without_a_queue(void **fixture) {
  struct pair *pair = unqueued_pair(*fixture);
  struct completion *write = start_write(pair, BIG);
  expect_refusal(try_write(pair, 10), AIO_ERR_BUSY);
  expect_refusal(try_write(pair, 0), AIO_ERR_BUSY);
  expect_running(write);
  expect_refusal(try_write(pair, 10), AIO_ERR_BUSY);
  peer_receives(pair, BIG);
  expect_write(write, AIO_OK, BIG);
  expect_write(start_write(pair, 10), AIO_OK, 10);
}

static void test_write__is_busy_until_the_callback_without_a_queue(void **fixture) {
  struct pair *pair = unqueued_pair(*fixture);
  struct completion *write = start_write(pair, 10);
  queue_callbacks(pair);
  expect_refusal(try_write(pair, 10), AIO_ERR_BUSY);
  expect_write(write, AIO_OK, 10);
}

static void test_write__may_start_in_the_callback_without_a_queue(void **fixture) {
  struct pair *pair = unqueued_pair(*fixture);
  start_write(pair, 1)->then = then_write_on;
  peer_receives(pair, 1000);
  settle(pair);
  assert_int_equal(callbacks_so_far(), 1000);
}

static void test_write__does_not_disturb_reads_without_a_queue(void **fixture) {
  struct pair *pair = unqueued_pair(*fixture);
  struct completion *read = start_read(pair, 10);
  struct completion *write = start_write(pair, 10);
  peer_sends(pair, 10);
  expect_read(read, AIO_OK, 10);
  expect_write(write, AIO_OK, 10);
}

/* ---- write_limit, and what is queued ---- */

static void test_write__limit_is_for_what_waits_behind_the_first(void **fixture) {
  struct pair *pair = *fixture;
  expect_status(aio_state_set_write_limit(pair->state, 100), AIO_OK);
  blocked_write(pair);
  start_write(pair, 60);
  expect_refusal(try_write(pair, 41), AIO_ERR_LIMIT);
  start_write(pair, 40);
  expect_refusal(try_write(pair, 1), AIO_ERR_LIMIT);
  peer_receives(pair, BIG + 100);
  settle(pair);
  expect_write(start_write(pair, 1000), AIO_OK, 1000);
}

static void test_write__limit_counts_from_the_start(void **fixture) {
  struct pair *pair = *fixture;
  expect_status(aio_state_set_write_limit(pair->state, 100), AIO_OK);
  start_write(pair, 1000);
  start_write(pair, 100);
  expect_refusal(try_write(pair, 1), AIO_ERR_LIMIT);
}

static void test_write__limit_is_free_again_after_an_abort(void **fixture) {
  struct pair *pair = *fixture;
  expect_status(aio_state_set_write_limit(pair->state, 100), AIO_OK);
  struct completion *head = blocked_write(pair);
  struct completion *behind = start_write(pair, 100);
  start_abort(pair, AIO_OUTPUT);
  expect_partial_write(head, AIO_ERR_CANCELED);
  expect_write(behind, AIO_ERR_CANCELED, 0);
  start_write(pair, BIG);
  start_write(pair, 100);
  expect_refusal(try_write(pair, 1), AIO_ERR_LIMIT);
}

static void test_write__queue_can_be_asked(void **fixture) {
  struct pair *pair = *fixture;
  assert_int_equal(aio_state_queued_writes(pair->state), 0);
  struct completion *head = blocked_write(pair);
  struct completion *behind = start_write(pair, 100);
  size_t queued = aio_state_queued_bytes(pair->state);
  assert_int_equal(aio_state_queued_writes(pair->state), 2);
  start_abort(pair, AIO_OUTPUT);
  assert_int_equal(expect_partial_write(head, AIO_ERR_CANCELED), BIG + 100 - queued);
  expect_write(behind, AIO_ERR_CANCELED, 0);
  assert_int_equal(aio_state_queued_bytes(pair->state), 0);
  assert_int_equal(aio_state_queued_writes(pair->state), 0);
}

static void test_write__is_queued_until_its_callback_is_entered(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write(pair, 10);
  queue_callbacks(pair);
  assert_int_equal(aio_state_queued_writes(pair->state), 1);
  assert_int_equal(aio_state_queued_bytes(pair->state), 0);
  expect_write(write, AIO_OK, 10);
  assert_int_equal(aio_state_queued_writes(pair->state), 0);
}

/* ---- empty ranges ---- */

static void test_write__empty_range_completes_in_order(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *head = blocked_write(pair);
  struct completion *empty = start_write(pair, 0);
  struct completion *behind = start_write(pair, 10);
  expect_running(empty);
  peer_receives(pair, BIG + 10);
  expect_write(head, AIO_OK, BIG);
  expect_write(empty, AIO_OK, 0);
  expect_write(behind, AIO_OK, 10);
  expect_order(head, empty);
  expect_order(empty, behind);
}

static void test_write__empty_range_needs_no_buffer(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = new_completion(pair);
  aio_io_options options = {.user_info = write};
  accept_completion(write, aio_state_write_buffer(pair->state, NULL, 0, recorded_write, &options));
  expect_write(started(HERE, write), AIO_OK, 0);
  expect_write(start_write_with(pair, 10, .start = 10), AIO_OK, 0);
  expect_write(start_write_with(pair, 10, .start = 4, .end = 4), AIO_OK, 0);
  expect_nothing_more(pair);
}

/* ---- failure ---- */

static void test_write__failure_has_its_count_and_ends_those_behind(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *head = blocked_write(pair);
  struct completion *second = start_write(pair, 10);
  struct completion *third = start_write(pair, 0);
  size_t taken = BIG + 10 - aio_state_queued_bytes(pair->state);
  peer_resets(pair);
  expect_broken(head);
  const size_t sealed = tls_under_test() != 0 ? 16384 : 0; /* a record that did not go out is not counted */
  assert_in_range(head->count, taken - sealed, taken);
  expect_write(head, head->status, head->count);
  expect_write(second, head->status, 0);
  expect_write(third, head->status, 0);
  expect_order(head, second);
  expect_order(second, third);
}

static void test_write__failure_is_sticky(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *head = blocked_write(pair);
  peer_resets(pair);
  expect_broken(head);
  expect_write(start_write(pair, 10), head->status, 0);
  expect_write(start_write(pair, 0), head->status, 0);
  expect_write(start_write(pair, 10), head->status, 0);
}

static void test_write__failure_does_not_hide_the_reset_from_reads(void **fixture) {
  struct pair *pair = *fixture;
  peer_resets(pair);
  expect_broken(start_write(pair, 10));
  expect_broken(start_write(pair, 10));
  expect_read(start_read(pair, 10), AIO_ERR_CONNECTION_RESET, 0);
}

static void test_write__failure_beside_a_running_read_resets_both(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *write = blocked_write(pair);
  peer_sends(pair, 4);
  settle(pair);
  peer_resets(pair);
  expect_broken(write);
  expect_read(read, AIO_ERR_CONNECTION_RESET, 4);
}

static void test_write__failure_leaves_what_was_received_before(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends(pair, 5);
  peer_resets(pair);
  expect_broken(start_write(pair, 10));
  expect_read(start_read(pair, 10), AIO_ERR_CONNECTION_RESET, 5);
}

static void test_write__after_a_read_saw_the_reset_is_broken(void **fixture) {
  struct pair *pair = *fixture;
  peer_resets(pair);
  expect_read(start_read(pair, 10), AIO_ERR_CONNECTION_RESET, 0);
  expect_broken(start_write(pair, 10));
}

static void test_write__into_a_pipe_that_takes_no_more_is_broken(void **fixture) {
  without_tls("the pipe is the socket's");
  struct pair *pair = *fixture;
  assert_int_equal(shutdown(aio_state_socket(pair->state), SHUT_WR), 0);
  expect_write(start_write(pair, 10), AIO_ERR_BROKEN_PIPE, 0);
  assert_int_not_equal(aio_state_system_error(pair->state), 0);
}

static void test_write__into_a_closed_unix_socket_is_broken(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = blocked_write(pair);
  peer_closes(pair);
  expect_broken(write);
  assert_in_range(write->count, 1, BIG - 1);
}

static void test_write__leaves_sigpipe_alone(void **fixture) {
  struct pair *pair = *fixture;
  struct sigaction action;
  peer_resets(pair);
  for (int i = 0; i < 3; i++) expect_broken(start_write(pair, 10));
  assert_int_equal(sigaction(SIGPIPE, NULL, &action), 0);
  assert_true(action.sa_handler == SIG_DFL);
}

/* ---- status, callbacks, user info, options ---- */

static void test_write__status_is_set_when_the_callback_is_entered(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = blocked_write(pair);
  peer_resets(pair);
  queue_callbacks(pair);
  expect_status(aio_state_write_status(pair->state), AIO_OK);
  expect_broken(write);
  expect_status(aio_state_write_status(pair->state), write->status);
  expect_status(aio_state_read_status(pair->state), AIO_OK);
}

static void test_write__error_goes_to_the_error_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write_with(pair, BIG, .error_callback = recorded_write_error);
  settle(pair);
  peer_resets(pair);
  expect_broken(write);
  assert_int_equal(write->error_calls, 1);
}

static void test_write__ok_and_timeout_go_to_the_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *good = start_write_with(pair, 10, .error_callback = recorded_write_error);
  expect_write(good, AIO_OK, 10);
  struct completion *late = start_write_with(pair, BIG, .error_callback = recorded_write_error, .timeout = 0.01);
  expect_partial_write(late, AIO_TIMEOUT);
  assert_int_equal(good->error_calls + late->error_calls, 0);
}

static void test_write__callback_may_be_null(void **fixture) {
  struct pair *pair = *fixture;
  expect_status(aio_state_write_buffer(pair->state, "\0\0", 1, NULL, NULL), AIO_OK);
  pair->plain_bytes = 1;
  peer_receives(pair, 1);
  expect_nothing_more(pair);
}

static void test_write__error_callback_is_called_beside_a_null_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = new_completion(pair);
  aio_io_options options = {.user_info = write, .error_callback = recorded_write_error};
  peer_resets(pair);
  accept_completion(write, aio_state_write_buffer(pair->state, "", 1, NULL, &options));
  expect_broken(started(HERE, write));
  assert_int_equal(write->error_calls, 1);
}

static void test_write__callback_gets_its_state_and_buffer(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write_with(pair, 10, .start = 3);
  expect_write(write, AIO_OK, 7);
  assert_ptr_equal(write->state, pair->state);
  assert_ptr_equal(write->buffer, write->memory);
}

static void *seen_user_info;

static void keep_user_info(aio_state *state, void *buffer, size_t count, void *user_info) {
  (void)state;
  (void)buffer;
  (void)count;
  seen_user_info = user_info;
}

static void test_write__keeps_the_user_info_of_its_submission(void **fixture) {
  struct pair *pair = *fixture;
  int before, after;
  seen_user_info = NULL;
  aio_state_set_user_info(pair->state, &before);
  expect_status(aio_state_write_buffer(pair->state, "", 1, keep_user_info, NULL), AIO_OK);
  aio_state_set_user_info(pair->state, &after);
  drive_until(pair, seen_user_info != NULL);
  assert_ptr_equal(seen_user_info, &before);
}

static void test_write__given_options_are_stored(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write_with(pair, 10, .timeout = 7.5);
  assert_true(aio_state_write_timeout(pair->state) == 7.5);
  assert_true(aio_state_read_timeout(pair->state) == AIO_NO_TIMEOUT);
  assert_ptr_equal(aio_state_user_info(pair->state), write);
  expect_write(write, AIO_OK, 10);
}

static void test_write__refusal_stores_nothing(void **fixture) {
  struct pair *pair = unqueued_pair(*fixture);
  struct completion *running = start_write(pair, BIG);
  expect_refusal(try_write_with(pair, 10, .timeout = 5), AIO_ERR_BUSY);
  assert_true(aio_state_write_timeout(pair->state) == AIO_NO_TIMEOUT);
  assert_ptr_equal(aio_state_user_info(pair->state), running);
}

static void test_write__refusals_come_in_order(void **fixture) {
  struct pair *pair = unqueued_pair(*fixture);
  expect_status(aio_state_set_write_limit(pair->state, 1), AIO_OK);
  start_write(pair, BIG);
  expect_refusal(try_write_with(pair, 10, .start = 11, .reserved = {1}), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(try_write_with(pair, 10, .reserved = {0, 1}), AIO_ERR_UNSUPPORTED);
  expect_refusal(try_write(pair, 10), AIO_ERR_BUSY);
  start_close(pair);
  expect_refusal(try_write_with(pair, 10, .reserved = {1}), AIO_ERR_UNSUPPORTED);
  expect_refusal(try_write(pair, 10), AIO_ERR_CLOSED);
}

/* ---- an echo ---- */

static void then_read_on(struct completion *write);

static void then_write_back(struct completion *read) {
  struct completion *write = try_write_with(read->pair, read->count, .timeout = AIO_NO_TIMEOUT);
  read->pair->read += read->count;
  write->then = then_read_on;
}

static void then_read_on(struct completion *write) {
  struct completion *read = try_read_with(write->pair, 1000, .minimum = 1);
  if (read->submitted == AIO_OK) read->then = then_write_back;
}

static void test_write__echoes_a_stream(void **fixture) {
  struct pair *pair = *fixture;
  start_read_with(pair, 1000, .minimum = 1)->then = then_write_back;
  uint32_t seed = 3;
  for (int round = 0; round < 100; round++) {
    size_t length = 1 + random_below(5000, &seed);
    peer_sends(pair, length);
    peer_receives(pair, length);
  }
}

static void test_write__echo_allocates_nothing_once_it_is_warm(void **fixture) {
  struct pair *pair = *fixture;
  start_read_with(pair, 1000, .minimum = 1, .timeout = 60)->then = then_write_back;
  long before = 0;
  for (int round = 0; round < 100; round++) {
    peer_sends(pair, 500);
    peer_receives(pair, 500);
    if (round == 10) before = total_allocations();
  }
  assert_int_equal(total_allocations(), before);
}

/* ---- anything goes ---- */

enum { MOST_WRITES = 20 };

struct traffic {
  struct pair *pair;
  uint32_t seed;
  struct completion *read, *writes[MOST_WRITES];
  size_t write_count;
};

static void collect(struct traffic *traffic) {
  size_t left = 0;
  if (traffic->read != NULL && traffic->read->done) {
    expect_read(traffic->read, traffic->read->status, traffic->read->count);
    traffic->read = NULL;
  }
  for (size_t i = 0; i < traffic->write_count; i++) {
    struct completion *write = traffic->writes[i];
    if (write->done) expect_write(write, write->status, write->count);
    if (!write->done) traffic->writes[left++] = write;
  }
  traffic->write_count = left;
}

static double some_timeout(struct traffic *traffic) {
  return random_below(3, &traffic->seed) == 0 ? 1e-4 * random_below(30, &traffic->seed) : AIO_NO_TIMEOUT;
}

static void do_something(struct traffic *traffic) {
  struct pair *pair = traffic->pair;
  uint32_t *seed = &traffic->seed;
  size_t length = random_below(random_below(2, seed) ? 50000 : 50, seed);
  struct completion *abort = NULL;
  switch (random_below(7, seed)) {
    case 0:
      if (traffic->read == NULL)
        traffic->read = start_read_with(pair, length, .minimum = length / 3, .timeout = some_timeout(traffic));
      break;
    case 1:
    case 2:
      if (traffic->write_count < MOST_WRITES)
        traffic->writes[traffic->write_count++] = start_write_with(pair, length, .timeout = some_timeout(traffic));
      break;
    case 3:
      peer_sends_some(pair, length);
      break;
    case 4:
      peer_takes_some(pair, length);
      break;
    case 5:
      if (random_below(5, seed) == 0) abort = start_abort(pair, 1 + (int32_t)random_below(3, seed));
      if (abort != NULL) drive_until(pair, abort->done);
      break;
    default:
      settle(pair);
  }
  collect(traffic);
}

static void test_write__any_operations_keep_both_streams_exact(void **fixture) {
  struct traffic traffic = {.pair = *fixture};
  struct pair *pair = traffic.pair;
  for (int step = 0; step < 6000; step++) do_something(&traffic);
  struct completion *abort = start_abort(pair, AIO_BOTH);
  drive_until(pair, abort->done);
  collect(&traffic);
  size_t unread = pair->peer_sent - pair->read;
  expect_read(start_read_with(pair, unread, .timeout = AIO_NO_TIMEOUT), AIO_OK, unread);
  start_close_behind_writes(pair);
  peer_receives_rest(pair);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_pair(test_write__sends_the_whole_range),
      with_pair(test_write__sends_its_range_alone),
      with_pair(test_write__big_one_reaches_a_slow_reader),
      with_threaded_pair(test_write__big_one_reaches_a_slow_reader),
      with_pair(test_write__big_one_is_not_copied),
      with_narrow_pair(test_write__crawls_through_a_narrow_connection),
      with_unix_pair(test_write__crawls_through_a_narrow_connection),
      with_narrow_pair(test_write__buffer_is_the_callers_in_the_callback),
      with_unix_pair(test_write__works_on_after_the_peers_eof),
      with_pair(test_write__queue_keeps_its_order),
      with_threaded_pair(test_write__queue_keeps_its_order),
      with_narrow_pair(test_write__blocked_ones_do_not_interleave),
      with_unix_pair(test_write__blocked_ones_do_not_interleave),
      with_pair(test_write__more_of_them_than_one_call_can_gather),
      with_unix_pair(test_write__is_complete_when_the_kernel_has_it),
      with_pair(test_write__replies_of_one_callback_leave_in_one_call),
      with_pair(test_write__may_start_in_the_callback),
      with_collection(test_write__second_is_busy_without_a_queue),
      with_collection(test_write__is_busy_until_the_callback_without_a_queue),
      with_collection(test_write__may_start_in_the_callback_without_a_queue),
      with_collection(test_write__does_not_disturb_reads_without_a_queue),
      with_unix_pair(test_write__limit_is_for_what_waits_behind_the_first),
      with_pair(test_write__limit_counts_from_the_start),
      with_unix_pair(test_write__limit_is_free_again_after_an_abort),
      with_unix_pair(test_write__queue_can_be_asked),
      with_pair(test_write__is_queued_until_its_callback_is_entered),
      with_unix_pair(test_write__empty_range_completes_in_order),
      with_pair(test_write__empty_range_needs_no_buffer),
      with_narrow_pair(test_write__failure_has_its_count_and_ends_those_behind),
      with_narrow_pair(test_write__failure_is_sticky),
      with_pair(test_write__failure_does_not_hide_the_reset_from_reads),
      with_narrow_pair(test_write__failure_beside_a_running_read_resets_both),
      with_pair(test_write__failure_leaves_what_was_received_before),
      with_pair(test_write__after_a_read_saw_the_reset_is_broken),
      with_pair(test_write__into_a_pipe_that_takes_no_more_is_broken),
      with_unix_pair(test_write__into_a_closed_unix_socket_is_broken),
      with_pair(test_write__leaves_sigpipe_alone),
      with_threaded_pair(test_write__leaves_sigpipe_alone),
      with_narrow_pair(test_write__status_is_set_when_the_callback_is_entered),
      with_narrow_pair(test_write__error_goes_to_the_error_callback),
      with_unix_pair(test_write__ok_and_timeout_go_to_the_callback),
      with_pair(test_write__callback_may_be_null),
      with_pair(test_write__error_callback_is_called_beside_a_null_callback),
      with_pair(test_write__callback_gets_its_state_and_buffer),
      with_pair(test_write__keeps_the_user_info_of_its_submission),
      with_pair(test_write__given_options_are_stored),
      with_collection(test_write__refusal_stores_nothing),
      with_collection(test_write__refusals_come_in_order),
      with_pair(test_write__echoes_a_stream),
      with_pair(test_write__echo_allocates_nothing_once_it_is_warm),
      with_pair(test_write__any_operations_keep_both_streams_exact),
      with_narrow_pair(test_write__any_operations_keep_both_streams_exact),
      with_unix_pair(test_write__any_operations_keep_both_streams_exact),
  };
  return cmocka_run_group_tests_name("write", tests, NULL, NULL);
}
