/* aio_state_read_buffer. */
#include <sys/socket.h>
#include <time.h>

#include "support.h"

/* ---- how much ---- */

static void test_read__fills_the_whole_range(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  peer_sends(pair, 4);
  expect_running(read);
  peer_sends(pair, 6);
  expect_read(read, AIO_OK, 10);
}

static void test_read__gets_what_had_arrived_before(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends(pair, 10);
  settle(pair);
  expect_read(start_read(pair, 10), AIO_OK, 10);
}

static void test_read__takes_no_more_than_asked(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends(pair, 25);
  expect_read(start_read(pair, 10), AIO_OK, 10);
  expect_read(start_read(pair, 10), AIO_OK, 10);
  expect_read(start_read(pair, 5), AIO_OK, 5);
  expect_running(start_read(pair, 1));
}

static void test_read__stays_in_its_range(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends(pair, 30);
  expect_read(start_read_with(pair, 20, .start = 5, .end = 12), AIO_OK, 7);
  expect_read(start_read_with(pair, 20, .start = 19), AIO_OK, 1);
  expect_read(start_read_with(pair, 20, .end = 1), AIO_OK, 1);
  expect_read(start_read(pair, 21), AIO_OK, 21);
}

static void test_read__stays_in_its_range_with_a_minimum(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends(pair, 100);
  expect_read(start_read_with(pair, 20, .start = 5, .end = 12, .minimum = 7), AIO_OK, 7);
  struct completion *read = start_read_with(pair, 20, .start = 2, .end = 10, .minimum = 1);
  drive_until(pair, read->done);
  assert_in_range(read->count, 1, 8);
  expect_read(read, AIO_OK, read->count);
}

static void test_read__minimum_is_enough(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read_with(pair, 100, .minimum = 7);
  peer_sends(pair, 5);
  expect_running(read);
  peer_sends(pair, 3);
  expect_read(read, AIO_OK, 8);
}

static void test_read__minimum_takes_what_else_is_there(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends(pair, 50);
  expect_read(start_read_with(pair, 100, .minimum = 7), AIO_OK, 50);
}

static void test_read__minimum_counts_leftovers(void **fixture) {
  struct pair *pair = *fixture;
  leave_buffered(pair, 10, 4);
  struct completion *read = start_read_with(pair, 100, .minimum = 6);
  expect_running(read);
  peer_sends(pair, 2);
  expect_read(read, AIO_OK, 6);
}

static void test_read__big_range_is_one_operation(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 8 << 20);
  peer_sends(pair, 8 << 20);
  expect_read(read, AIO_OK, 8 << 20);
}

static void test_read__sizes_of_both_sides_do_not_matter(void **fixture) {
  struct pair *pair = *fixture;
  uint32_t seed = 1;
  for (int round = 0; round < 300; round++) {
    size_t length = 1 + random_below(5000, &seed);
    struct completion *read = start_read(pair, length);
    while (pair->peer_sent < pair->read + length) peer_sends(pair, 1 + random_below(3000, &seed));
    expect_read(read, AIO_OK, length);
  }
}

/* ---- leftovers ---- */

static void test_read__leftovers_come_first(void **fixture) {
  struct pair *pair = *fixture;
  leave_buffered(pair, 10, 3);
  struct completion *read = start_read(pair, 10);
  expect_running(read);
  peer_sends(pair, 7);
  expect_read(read, AIO_OK, 10);
}

static void test_read__leftovers_alone_can_complete_it(void **fixture) {
  struct pair *pair = *fixture;
  leave_buffered(pair, 20, 15);
  expect_read(start_read(pair, 5), AIO_OK, 5);
  expect_read(start_read_with(pair, 30, .start = 10, .end = 20), AIO_OK, 10);
  expect_leftovers(pair, 0);
}

static void test_read__leftovers_come_before_eof(void **fixture) {
  struct pair *pair = *fixture;
  leave_buffered(pair, 10, 3);
  peer_ends(pair);
  settle(pair);
  expect_read(start_read(pair, 10), AIO_EOF, 3);
  expect_read(start_read(pair, 10), AIO_EOF, 0);
}

/* The end is known before the read starts: a standing read has seen it. */
static void test_read__leftovers_come_before_a_known_eof(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 8);
  peer_ends(pair);
  drive_until(pair, standing->status == AIO_EOF);
  expect_read(start_read(pair, 5), AIO_OK, 5);
  expect_read(start_read(pair, 3), AIO_OK, 3);
  expect_read(start_read(pair, 3), AIO_EOF, 0);
}

static void test_read__leftovers_come_before_a_known_reset(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 3);
  drive_until(pair, standing->calls == 1);
  peer_resets(pair);
  drive_until(pair, standing->status == AIO_ERR_CONNECTION_RESET);
  expect_read(start_read(pair, 10), AIO_ERR_CONNECTION_RESET, 3);
  expect_read(start_read(pair, 10), AIO_ERR_CONNECTION_RESET, 0);
}

/* ---- the end ---- */

static void test_read__eof_reports_what_came_before(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  peer_sends(pair, 4);
  peer_ends(pair);
  expect_read(read, AIO_EOF, 4);
}

static void test_read__full_range_at_eof_is_ok(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends(pair, 10);
  peer_ends(pair);
  expect_read(start_read(pair, 10), AIO_OK, 10);
  expect_read(start_read(pair, 10), AIO_EOF, 0);
}

static void test_read__minimum_reached_at_eof_is_ok(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends(pair, 5);
  peer_ends(pair);
  expect_read(start_read_with(pair, 10, .minimum = 3), AIO_OK, 5);
  expect_read(start_read_with(pair, 10, .minimum = 3), AIO_EOF, 0);
}

static void test_read__minimum_missed_at_eof_is_eof(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends(pair, 3);
  peer_ends(pair);
  expect_read(start_read_with(pair, 10, .minimum = 5), AIO_EOF, 3);
}

static void test_read__eof_is_sticky_for_every_kind(void **fixture) {
  struct pair *pair = *fixture;
  peer_ends(pair);
  expect_read(start_read(pair, 1), AIO_EOF, 0);
  expect_read(start_read(pair, 1), AIO_EOF, 0);
  expect_delivery(start_standing_read(pair, NULL), 1, AIO_EOF, 0, 0);
  expect_outcome(start_wait(pair), AIO_EOF);
  expect_read(start_read(pair, 0), AIO_EOF, 0);
}

static void test_read__reset_reports_what_came_before(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  peer_sends(pair, 4);
  settle(pair);
  peer_resets(pair);
  expect_read(read, AIO_ERR_CONNECTION_RESET, 4);
  assert_int_not_equal(aio_state_system_error(pair->state), 0);
}

static void test_read__bytes_that_came_before_a_reset_are_read(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends(pair, 10);
  peer_resets(pair);
  expect_read(start_read(pair, 6), AIO_OK, 6);
  expect_read(start_read(pair, 6), AIO_ERR_CONNECTION_RESET, 4);
}

static void test_read__reset_is_sticky_for_every_kind(void **fixture) {
  struct pair *pair = *fixture;
  peer_resets(pair);
  expect_read(start_read(pair, 1), AIO_ERR_CONNECTION_RESET, 0);
  expect_read(start_read(pair, 1), AIO_ERR_CONNECTION_RESET, 0);
  expect_delivery(start_standing_read(pair, NULL), 1, AIO_ERR_CONNECTION_RESET, 0, 0);
  expect_outcome(start_wait(pair), AIO_ERR_CONNECTION_RESET);
  expect_read(start_read(pair, 0), AIO_ERR_CONNECTION_RESET, 0);
}

/* ---- empty ranges ---- */

static void test_read__empty_range_completes_at_once(void **fixture) {
  struct pair *pair = *fixture;
  expect_read(start_read(pair, 0), AIO_OK, 0);
  expect_read(start_read_with(pair, 10, .start = 10), AIO_OK, 0);
  expect_read(start_read_with(pair, 10, .start = 5, .end = 5), AIO_OK, 0);
}

static void test_read__empty_range_needs_no_buffer(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = new_completion(pair);
  accept_completion(read,
                    aio_state_read_buffer(pair->state, NULL, 0, recorded_read, &(aio_io_options){.user_info = read}));
  expect_read(started(HERE, read), AIO_OK, 0);
}

static void test_read__empty_range_consumes_nothing(void **fixture) {
  struct pair *pair = *fixture;
  leave_buffered(pair, 10, 3);
  peer_sends(pair, 4);
  expect_read(start_read(pair, 0), AIO_OK, 0);
  expect_read(start_read(pair, 7), AIO_OK, 7);
}

static void test_read__empty_range_is_refused_while_another_read_runs(void **fixture) {
  struct pair *pair = *fixture;
  start_read(pair, 10);
  expect_refusal(try_read(pair, 0), AIO_ERR_BUSY);
}

/* ---- one at a time ---- */

enum { READ_KINDS = 3 };

static struct completion *try_kind(struct pair *pair, int kind) {
  return kind == 0 ? try_read(pair, 10) : kind == 1 ? try_standing_read(pair, NULL) : try_wait(pair);
}

static void test_read__second_of_any_kind_is_busy(void **fixture) {
  struct pair *pair = *fixture;
  for (int first = 0; first < READ_KINDS; first++) {
    struct completion *running = started(HERE, try_kind(pair, first));
    for (int second = 0; second < READ_KINDS; second++) expect_refusal(try_kind(pair, second), AIO_ERR_BUSY);
    expect_running(running);
    start_abort(pair, AIO_INPUT);
    drive_until(pair, running->done);
    expect_status(running->status, AIO_ERR_CANCELED);
  }
}

static void test_read__refused_second_leaves_the_first_alone(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  peer_sends(pair, 4);
  settle(pair);
  expect_refusal(try_read(pair, 3), AIO_ERR_BUSY);
  peer_sends(pair, 6);
  expect_read(read, AIO_OK, 10);
}

static void test_read__is_busy_until_the_callback_is_entered(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  peer_sends(pair, 20);
  queue_callbacks(pair);
  for (int kind = 0; kind < READ_KINDS; kind++) expect_refusal(try_kind(pair, kind), AIO_ERR_BUSY);
  expect_read(read, AIO_OK, 10);
  expect_read(start_read(pair, 10), AIO_OK, 10);
}

static void then_read_again(struct completion *read) { read->context = try_read(read->pair, 10); }

static void test_read__may_start_in_the_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *first = start_read(pair, 10);
  first->then = then_read_again;
  peer_sends(pair, 20);
  expect_read(first, AIO_OK, 10);
  expect_read(first->context, AIO_OK, 10);
  expect_order(first, first->context);
}

static void test_read__refusal_stores_nothing(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *running = start_read(pair, 10);
  expect_refusal(try_read_with(pair, 10, .timeout = 5, .max_read = 7), AIO_ERR_BUSY);
  assert_true(aio_state_read_timeout(pair->state) == AIO_NO_TIMEOUT);
  assert_int_equal(aio_state_max_read(pair->state), 65536);
  assert_ptr_equal(aio_state_user_info(pair->state), running);
}

/* ---- reads and writes are independent ---- */

static void test_read__runs_beside_a_blocked_write(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write(pair, 1 << 20);
  settle(pair);
  peer_sends(pair, 100);
  expect_read(start_read(pair, 100), AIO_OK, 100);
  expect_running(write);
}

static void test_read__waits_beside_writes_that_complete(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 1);
  for (int i = 0; i < 10; i++) expect_write(start_write(pair, 100), AIO_OK, 100);
  peer_receives(pair, 1000);
  expect_running(read);
}

/* ---- status, callbacks, user info, options ---- */

static void test_read__fresh_state_is_ok(void **fixture) {
  struct pair *pair = *fixture;
  expect_status(aio_state_read_status(pair->state), AIO_OK);
  expect_status(aio_state_write_status(pair->state), AIO_OK);
  assert_int_equal(aio_state_system_error(pair->state), 0);
}

static void test_read__status_is_set_when_the_callback_is_entered(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  peer_ends(pair);
  queue_callbacks(pair);
  expect_status(aio_state_read_status(pair->state), AIO_OK);
  expect_read(read, AIO_EOF, 0);
  expect_status(aio_state_read_status(pair->state), AIO_EOF);
}

static void test_read__status_is_not_the_write_status(void **fixture) {
  struct pair *pair = *fixture;
  peer_ends(pair);
  expect_read(start_read(pair, 10), AIO_EOF, 0);
  expect_status(aio_state_write_status(pair->state), AIO_OK);
  expect_write(start_write(pair, 10), AIO_OK, 10);
  expect_status(aio_state_read_status(pair->state), AIO_EOF);
}

static void test_read__status_is_ok_again_after_a_timeout(void **fixture) {
  struct pair *pair = *fixture;
  expect_read(start_read_with(pair, 10, .timeout = 0.001), AIO_TIMEOUT, 0);
  expect_status(aio_state_read_status(pair->state), AIO_TIMEOUT);
  peer_sends(pair, 10);
  expect_read(start_read_with(pair, 10, .timeout = AIO_NO_TIMEOUT), AIO_OK, 10);
  expect_status(aio_state_read_status(pair->state), AIO_OK);
}

static void test_read__error_goes_to_the_error_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read_with(pair, 10, .error_callback = recorded_read_error);
  peer_sends(pair, 4);
  settle(pair);
  peer_resets(pair);
  expect_read(read, AIO_ERR_CONNECTION_RESET, 4);
  assert_int_equal(read->error_calls, 1);
}

static void test_read__cancel_goes_to_the_error_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read_with(pair, 10, .error_callback = recorded_read_error);
  start_abort(pair, AIO_INPUT);
  expect_read(read, AIO_ERR_CANCELED, 0);
  assert_int_equal(read->error_calls, 1);
}

static void test_read__timeout_ok_and_eof_go_to_the_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *late = start_read_with(pair, 10, .error_callback = recorded_read_error, .timeout = 0.001);
  expect_read(late, AIO_TIMEOUT, 0);
  peer_sends(pair, 10);
  struct completion *good = start_read_with(pair, 10, .error_callback = recorded_read_error, .timeout = AIO_NO_TIMEOUT);
  expect_read(good, AIO_OK, 10);
  peer_ends(pair);
  struct completion *end = start_read_with(pair, 10, .error_callback = recorded_read_error);
  expect_read(end, AIO_EOF, 0);
  assert_int_equal(late->error_calls + good->error_calls + end->error_calls, 0);
}

static void test_read__callback_gets_its_state_and_buffer(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read_with(pair, 10, .start = 3);
  peer_sends(pair, 7);
  expect_read(read, AIO_OK, 7);
  assert_ptr_equal(read->state, pair->state);
  assert_ptr_equal(read->buffer, read->memory);
}

static void *seen_user_info;

static void keep_user_info(aio_state *state, void *buffer, size_t count, void *user_info) {
  (void)state;
  (void)buffer;
  (void)count;
  seen_user_info = user_info;
}

static void read_nothing_with(struct pair *pair, void *user_info) {
  seen_user_info = NULL;
  expect_status(aio_state_read_buffer(pair->state, NULL, 0, keep_user_info, &(aio_io_options){.user_info = user_info}),
                AIO_OK);
  drive_until(pair, seen_user_info != NULL);
}

static void test_read__null_user_info_is_the_states(void **fixture) {
  struct pair *pair = *fixture;
  int mine, other;
  aio_state_set_user_info(pair->state, &mine);
  read_nothing_with(pair, NULL);
  assert_ptr_equal(seen_user_info, &mine);
  read_nothing_with(pair, &other);
  assert_ptr_equal(seen_user_info, &other);
}

static void test_read__given_user_info_is_stored(void **fixture) {
  struct pair *pair = *fixture;
  int mine;
  read_nothing_with(pair, &mine);
  assert_ptr_equal(aio_state_user_info(pair->state), &mine);
  read_nothing_with(pair, NULL);
  assert_ptr_equal(seen_user_info, &mine);
}

static void test_read__keeps_the_user_info_of_its_submission(void **fixture) {
  struct pair *pair = *fixture;
  int before, after;
  char *byte = fixture_memory(1);
  seen_user_info = NULL;
  aio_state_set_user_info(pair->state, &before);
  expect_status(aio_state_read_buffer(pair->state, byte, 1, keep_user_info, NULL), AIO_OK);
  aio_state_set_user_info(pair->state, &after);
  peer_sends(pair, 1);
  drive_until(pair, seen_user_info != NULL);
  assert_ptr_equal(seen_user_info, &before);
  assert_ptr_equal(aio_state_user_info(pair->state), &after);
}

static void test_read__given_options_are_stored(void **fixture) {
  struct pair *pair = *fixture;
  expect_read(start_read_with(pair, 0, .timeout = 7.5, .max_read = 99), AIO_OK, 0);
  assert_true(aio_state_read_timeout(pair->state) == 7.5);
  assert_true(aio_state_write_timeout(pair->state) == AIO_NO_TIMEOUT);
  assert_int_equal(aio_state_max_read(pair->state), 99);
  expect_read(start_read(pair, 0), AIO_OK, 0);
  assert_true(aio_state_read_timeout(pair->state) == 7.5);
  assert_int_equal(aio_state_max_read(pair->state), 99);
}

/* ---- the buffer is the caller's in the callback; no recursion ---- */

struct one_byte_reader {
  unsigned char byte;
  int in_order;
  uint64_t read;
};

static void read_the_next_byte(aio_state *state, void *buffer, size_t count, void *argument) {
  struct one_byte_reader *reader = argument;
  reader->in_order &= count == 1 && reader->byte == payload_byte(reader->read);
  reader->byte = 0;
  if (++reader->read < 10000) aio_state_read_buffer(state, buffer, 1, read_the_next_byte, NULL);
}

static void test_read__buffer_can_be_used_again_in_the_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct one_byte_reader *reader = fixture_memory(sizeof *reader);
  reader->in_order = 1;
  expect_status(
      aio_state_read_buffer(pair->state, &reader->byte, 1, read_the_next_byte, &(aio_io_options){.user_info = reader}),
      AIO_OK);
  peer_sends(pair, 10000);
  drive_until(pair, reader->read == 10000);
  assert_true(reader->in_order);
}

/* ---- the order of checks ---- */

static void test_read__refusals_come_in_order(void **fixture) {
  struct pair *pair = *fixture;
  start_read(pair, 10);
  expect_refusal(try_read_with(pair, 10, .start = 11, .reserved = {1}), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(try_read_with(pair, 10, .reserved = {0, 0, 0, 1}), AIO_ERR_UNSUPPORTED);
  expect_refusal(try_read(pair, 10), AIO_ERR_BUSY);
  start_close(pair);
  expect_refusal(try_read_with(pair, 10, .start = 11, .reserved = {1}), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(try_read_with(pair, 10, .reserved = {1}), AIO_ERR_UNSUPPORTED);
  expect_refusal(try_read(pair, 10), AIO_ERR_CLOSED);
}

/* ---- at once ---- */

static void expect_in_next_call(struct completion *read) {
  assert_int_equal(read->calls, 0);
  call(read->pair);
  assert_int_equal(read->calls, 1);
}

static void test_read__satisfied_at_once_completes_in_the_next_call(void **fixture) {
  struct pair *pair = *fixture;
  settle(pair);
  struct completion *empty = start_read(pair, 0);
  expect_in_next_call(empty);
  expect_read(empty, AIO_OK, 0);
  leave_buffered(pair, 10, 4);
  struct completion *read = start_read(pair, 4);
  expect_in_next_call(read);
  expect_read(read, AIO_OK, 4);
}

/* ---- nobody reads ---- */

static void test_read__unread_input_does_not_end_a_wait(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends(pair, 10);
  expect_status(aio_collection_wait(pair->collection, 0.01), AIO_TIMEOUT);
  peer_resets(pair);
  expect_status(aio_collection_wait(pair->collection, 0.01), AIO_TIMEOUT);
}

static void test_read__hung_up_peer_costs_no_time(void **fixture) {
  struct pair *pair = *fixture;
  expect_write(start_write(pair, 10), AIO_OK, 10);
  peer_sends(pair, 10);
  peer_resets(pair);
  clock_t before = clock();
  expect_status(aio_collection_wait(pair->collection, 0.2), AIO_TIMEOUT);
  assert_true((double)(clock() - before) / CLOCKS_PER_SEC < 0.1);
}

/* A reader that stops leaves the bytes to the kernel, whose window stops the peer. */
static void test_read__without_a_reader_little_is_buffered(void **fixture) {
  struct pair *pair = *fixture;
  size_t before = total_allocated_bytes();
  peer_sends(pair, 1);
  expect_read(start_read(pair, 1), AIO_OK, 1);
  struct completion *last = start_read(pair, 1);
  static char flood[1 << 16];
  pair->plain_bytes = 1;
  while (send(pair->peer, flood, sizeof flood, MSG_NOSIGNAL) > 0) settle(pair);
  expect_read(last, AIO_OK, 1);
  settle(pair);
  assert_in_range(aio_state_buffered_length(pair->state), 0, 1 << 17);
  assert_in_range(total_allocated_bytes() - before, 0, 1 << 20);
}

static void test_read__of_an_unconnected_socket_says_so(void **fixture) {
  struct pair *pair = *fixture;
  int unconnected = socket(AF_INET, SOCK_STREAM, 0);
  expect_status(aio_state_create(pair->collection, unconnected, NULL, &pair->state), AIO_OK);
  expect_read(start_read(pair, 10), AIO_ERR_NOT_CONNECTED, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_pair(test_read__fills_the_whole_range),
      with_threaded_pair(test_read__fills_the_whole_range),
      with_pair(test_read__gets_what_had_arrived_before),
      with_pair(test_read__takes_no_more_than_asked),
      with_pair(test_read__stays_in_its_range),
      with_pair(test_read__stays_in_its_range_with_a_minimum),
      with_pair(test_read__minimum_is_enough),
      with_pair(test_read__minimum_takes_what_else_is_there),
      with_pair(test_read__minimum_counts_leftovers),
      with_pair(test_read__big_range_is_one_operation),
      with_pair(test_read__sizes_of_both_sides_do_not_matter),
      with_threaded_pair(test_read__sizes_of_both_sides_do_not_matter),
      with_pair(test_read__leftovers_come_first),
      with_pair(test_read__leftovers_alone_can_complete_it),
      with_pair(test_read__leftovers_come_before_eof),
      with_pair(test_read__leftovers_come_before_a_known_eof),
      with_pair(test_read__leftovers_come_before_a_known_reset),
      with_pair(test_read__eof_reports_what_came_before),
      with_threaded_pair(test_read__eof_reports_what_came_before),
      with_pair(test_read__full_range_at_eof_is_ok),
      with_pair(test_read__minimum_reached_at_eof_is_ok),
      with_pair(test_read__minimum_missed_at_eof_is_eof),
      with_pair(test_read__eof_is_sticky_for_every_kind),
      with_threaded_pair(test_read__eof_is_sticky_for_every_kind),
      with_pair(test_read__reset_reports_what_came_before),
      with_threaded_pair(test_read__reset_reports_what_came_before),
      with_pair(test_read__bytes_that_came_before_a_reset_are_read),
      with_pair(test_read__reset_is_sticky_for_every_kind),
      with_pair(test_read__empty_range_completes_at_once),
      with_pair(test_read__empty_range_needs_no_buffer),
      with_pair(test_read__empty_range_consumes_nothing),
      with_pair(test_read__empty_range_is_refused_while_another_read_runs),
      with_pair(test_read__second_of_any_kind_is_busy),
      with_pair(test_read__refused_second_leaves_the_first_alone),
      with_pair(test_read__is_busy_until_the_callback_is_entered),
      with_pair(test_read__may_start_in_the_callback),
      with_pair(test_read__refusal_stores_nothing),
      with_narrow_pair(test_read__runs_beside_a_blocked_write),
      with_pair(test_read__waits_beside_writes_that_complete),
      with_pair(test_read__fresh_state_is_ok),
      with_pair(test_read__status_is_set_when_the_callback_is_entered),
      with_pair(test_read__status_is_not_the_write_status),
      with_pair(test_read__status_is_ok_again_after_a_timeout),
      with_pair(test_read__error_goes_to_the_error_callback),
      with_pair(test_read__cancel_goes_to_the_error_callback),
      with_pair(test_read__timeout_ok_and_eof_go_to_the_callback),
      with_pair(test_read__callback_gets_its_state_and_buffer),
      with_pair(test_read__null_user_info_is_the_states),
      with_pair(test_read__given_user_info_is_stored),
      with_pair(test_read__keeps_the_user_info_of_its_submission),
      with_pair(test_read__given_options_are_stored),
      with_pair(test_read__buffer_can_be_used_again_in_the_callback),
      with_pair(test_read__refusals_come_in_order),
      with_pair(test_read__unread_input_does_not_end_a_wait),
      with_pair(test_read__hung_up_peer_costs_no_time),
      with_pair(test_read__satisfied_at_once_completes_in_the_next_call),
      with_pair(test_read__without_a_reader_little_is_buffered),
      with_collection(test_read__of_an_unconnected_socket_says_so),
  };
  return cmocka_run_group_tests_name("read", tests, NULL, NULL);
}
