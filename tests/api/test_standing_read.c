/* aio_state_read_with_checking, aio_state_discard, aio_state_finish_read. */
#include "support.h"

/* ---- deliveries ---- */

static void test_standing_read__keeps_what_is_not_consumed(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 5);
  expect_delivery(standing, 1, AIO_OK, 5, 0);
  peer_sends(pair, 3);
  expect_delivery(standing, 2, AIO_OK, 8, 5);
  peer_sends(pair, 1);
  expect_delivery(standing, 3, AIO_OK, 9, 8);
}

static void test_standing_read__starts_again_from_index_0_after_a_discard(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_discard_all);
  peer_sends(pair, 5);
  expect_delivery(standing, 1, AIO_OK, 5, 0);
  peer_sends(pair, 3);
  expect_delivery(standing, 2, AIO_OK, 3, 0);
}

static void then_discard_two(struct completion *standing) { discard(standing->pair, 2); }

static void test_standing_read__old_length_shrinks_with_a_discard(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_discard_two);
  peer_sends(pair, 5);
  expect_delivery(standing, 1, AIO_OK, 5, 0);
  assert_int_equal(aio_state_old_length(pair->state), 3);
  peer_sends(pair, 4);
  expect_delivery(standing, 2, AIO_OK, 7, 3);
}

static void test_standing_read__is_silent_without_new_bytes(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_discard_two);
  peer_sends(pair, 5);
  expect_delivery(standing, 1, AIO_OK, 5, 0);
  expect_nothing_more(pair);
  discard(pair, 1);
  expect_nothing_more(pair);
}

static void test_standing_read__callback_gets_its_state(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 5);
  expect_delivery(standing, 1, AIO_OK, 5, 0);
  assert_ptr_equal(standing->state, pair->state);
  expect_status(aio_state_read_status(pair->state), AIO_OK);
}

static void test_standing_read__carries_a_long_stream(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_discard_all);
  peer_sends(pair, 16 << 20);
  drive_until(pair, pair->read == 16 << 20);
  peer_ends(pair);
  drive_until(pair, standing->status == AIO_EOF);
  assert_int_equal(standing->count, 0);
}

static void test_standing_read__keeps_a_lot(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read_with(pair, NULL, .max_read = 1 << 20);
  peer_sends(pair, 5 << 20);
  drive_until(pair, standing->count == 5 << 20);
  finish_read(pair, 1);
  expect_read(start_read(pair, (5 << 20) - 1), AIO_OK, (5 << 20) - 1);
}

static void then_consume_some(struct completion *standing) {
  uint32_t *seed = standing->context;
  discard(standing->pair, random_below((unsigned)standing->count + 1, seed));
}

static void test_standing_read__any_discards_give_the_same_stream(void **fixture) {
  struct pair *pair = *fixture;
  uint32_t *seed = fixture_memory(sizeof *seed);
  struct completion *standing = start_standing_read_with(pair, then_consume_some, .max_read = 700);
  standing->context = seed;
  for (int round = 0; round < 300; round++) peer_sends(pair, 1 + random_below(3000, seed));
  peer_ends(pair);
  drive_until(pair, standing->status == AIO_EOF);
  expect_leftovers(pair, pair->peer_sent - pair->read);
}

/* ---- max_read ---- */

static void test_standing_read__max_read_bounds_what_is_new(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read_with(pair, NULL, .max_read = 10);
  peer_sends(pair, 95);
  expect_delivery(standing, 10, AIO_OK, 95, 90);
}

static void then_check_ten(struct completion *standing) {
  if (standing->count > 10) standing->context = standing;
  discard(standing->pair, standing->count);
}

static void test_standing_read__max_read_bounds_each_delivery(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read_with(pair, then_check_ten, .max_read = 10);
  peer_sends(pair, 1000);
  drive_until(pair, pair->read == 1000);
  assert_null(standing->context);
  assert_in_range(standing->calls, 100, 1000);
}

static void test_standing_read__max_read_is_the_states_by_default(void **fixture) {
  struct pair *pair = *fixture;
  expect_status(aio_state_set_max_read(pair->state, 10), AIO_OK);
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 25);
  expect_delivery(standing, 3, AIO_OK, 25, 20);
}

static void test_standing_read__keeps_the_max_read_of_its_submission(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read_with(pair, NULL, .max_read = 10);
  expect_status(aio_state_set_max_read(pair->state, 1000), AIO_OK);
  peer_sends(pair, 25);
  expect_delivery(standing, 3, AIO_OK, 25, 20);
  assert_int_equal(aio_state_max_read(pair->state), 1000);
}

static void then_check_default(struct completion *standing) {
  if (standing->count - standing->old_length > 65536) standing->context = standing;
}

static void test_standing_read__default_max_read_is_65536(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_check_default);
  assert_int_equal(aio_state_max_read(pair->state), 65536);
  peer_sends(pair, 1 << 20);
  drive_until(pair, standing->count == 1 << 20);
  assert_null(standing->context);
}

/* ---- leftovers ---- */

static void test_standing_read__leftovers_are_the_first_delivery(void **fixture) {
  struct pair *pair = *fixture;
  leave_buffered(pair, 10, 4);
  struct completion *standing = start_standing_read(pair, NULL);
  expect_delivery(standing, 1, AIO_OK, 4, 0);
  peer_sends(pair, 2);
  expect_delivery(standing, 2, AIO_OK, 6, 4);
}

static void test_standing_read__leftovers_may_exceed_max_read(void **fixture) {
  struct pair *pair = *fixture;
  leave_buffered(pair, 100, 80);
  struct completion *standing = start_standing_read_with(pair, NULL, .max_read = 10);
  drive_until(pair, standing->done == 1);
  assert_true(standing->count >= 80 && standing->count <= 90);
  assert_int_equal(standing->old_length, 0);
}

static void test_standing_read__what_an_exact_read_left_is_delivered(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends(pair, 300);
  expect_read(start_read(pair, 100), AIO_OK, 100);
  struct completion *standing = start_standing_read(pair, then_discard_all);
  drive_until(pair, pair->read == 300);
  assert_int_equal(standing->old_length, 0);
}

static void test_standing_read__bytes_seen_by_another_operation_are_not_old(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *first = start_standing_read(pair, NULL);
  peer_sends(pair, 5);
  expect_delivery(first, 1, AIO_OK, 5, 0);
  finish_read(pair, 0);
  expect_delivery(start_standing_read(pair, NULL), 1, AIO_OK, 5, 0);
}

/* ---- discard and finish_read ---- */

static void test_standing_read__discard_tells_what_is_left(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 10);
  expect_delivery(standing, 1, AIO_OK, 10, 0);
  assert_int_equal(discard(pair, 0), 10);
  assert_int_equal(discard(pair, 4), 6);
  assert_int_equal(aio_state_buffered_length(pair->state), 6);
  assert_int_equal(discard(pair, 1), 5);
  assert_int_equal(discard(pair, 100), 0);
  assert_int_equal(discard(pair, 1), 0);
}

static void test_standing_read__goes_on_after_a_discard_between_deliveries(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 10);
  expect_delivery(standing, 1, AIO_OK, 10, 0);
  discard(pair, 7);
  peer_sends(pair, 1);
  expect_delivery(standing, 2, AIO_OK, 4, 3);
}

/* The second five are read, but their callback has not run yet. */
static void test_standing_read__bytes_discarded_unseen_are_not_delivered(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 5);
  expect_delivery(standing, 1, AIO_OK, 5, 0);
  peer_sends(pair, 5);
  queue_callbacks(pair);
  assert_int_equal(discard(pair, 10), 0);
  expect_nothing_more(pair);
  peer_sends(pair, 1);
  expect_delivery(standing, 2, AIO_OK, 1, 0);
}

static void test_standing_read__queued_delivery_shows_what_a_discard_left(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 5);
  expect_delivery(standing, 1, AIO_OK, 5, 0);
  peer_sends(pair, 5);
  queue_callbacks(pair);
  assert_int_equal(discard(pair, 4), 6);
  expect_delivery(standing, 2, AIO_OK, 6, 1);
}

static void test_standing_read__finish_in_the_callback_ends_it(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_finish_all);
  peer_sends(pair, 5);
  expect_delivery(standing, 1, AIO_OK, 5, 0);
  peer_sends(pair, 5);
  peer_ends(pair);
  expect_nothing_more(pair);
  expect_read(start_read(pair, 10), AIO_EOF, 5);
}

static void test_standing_read__finish_between_deliveries_ends_it(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 5);
  expect_delivery(standing, 1, AIO_OK, 5, 0);
  assert_int_equal(finish_read(pair, 2), 3);
  peer_sends(pair, 5);
  expect_nothing_more(pair);
  expect_read(start_read(pair, 8), AIO_OK, 8);
}

static void test_standing_read__finish_before_any_delivery_ends_it(void **fixture) {
  struct pair *pair = *fixture;
  start_standing_read(pair, NULL);
  assert_int_equal(finish_read(pair, 5), 0);
  peer_sends(pair, 5);
  expect_nothing_more(pair);
  expect_read(start_read(pair, 5), AIO_OK, 5);
}

static void test_standing_read__finish_takes_a_queued_delivery_back(void **fixture) {
  struct pair *pair = *fixture;
  start_standing_read(pair, NULL);
  peer_sends(pair, 5);
  queue_callbacks(pair);
  assert_int_equal(finish_read(pair, 0), 5);
  expect_nothing_more(pair);
  expect_read(start_read(pair, 5), AIO_OK, 5);
}

static void test_standing_read__finish_takes_a_queued_last_call_back(void **fixture) {
  struct pair *pair = *fixture;
  start_standing_read(pair, NULL);
  peer_ends(pair);
  queue_callbacks(pair);
  finish_read(pair, 0);
  expect_nothing_more(pair);
  expect_read(start_read(pair, 5), AIO_EOF, 0);
}

static void test_standing_read__finish_of_more_than_there_is_drops_all(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 5);
  expect_delivery(standing, 1, AIO_OK, 5, 0);
  assert_int_equal(finish_read(pair, 100), 0);
  expect_leftovers(pair, 0);
}

static void then_discard_and_finish(struct completion *standing) {
  discard(standing->pair, 2);
  discard(standing->pair, 1);
  finish_read(standing->pair, 3);
}

static void test_standing_read__discard_and_finish_add_up(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_discard_and_finish);
  peer_sends(pair, 10);
  expect_delivery(standing, 1, AIO_OK, 10, 0);
  expect_leftovers(pair, 4);
}

static void test_standing_read__take_buffered_waits_for_its_end(void **fixture) {
  struct pair *pair = *fixture;
  char byte;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 5);
  expect_delivery(standing, 1, AIO_OK, 5, 0);
  assert_int_equal(aio_state_buffered_length(pair->state), 5);
  assert_int_equal(aio_state_take_buffered(pair->state, &byte, 1), 0);
  finish_read(pair, 0);
  expect_leftovers(pair, 5);
}

/* ---- a new read in the callback that finished ---- */

static void then_finish_and_read(struct completion *standing) {
  finish_read(standing->pair, 4);
  standing->context = try_read(standing->pair, 10);
}

static void test_standing_read__read_may_follow_in_the_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_finish_and_read);
  peer_sends(pair, 7);
  expect_delivery(standing, 1, AIO_OK, 7, 0);
  peer_sends(pair, 7);
  expect_read(started(HERE, standing->context), AIO_OK, 10);
}

static void then_finish_and_stand(struct completion *standing) {
  finish_read(standing->pair, 4);
  standing->context = try_standing_read(standing->pair, NULL);
}

static void test_standing_read__another_may_follow_in_the_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_finish_and_stand);
  peer_sends(pair, 7);
  expect_delivery(standing, 1, AIO_OK, 7, 0);
  expect_delivery(started(HERE, standing->context), 1, AIO_OK, 3, 0);
}

static void then_finish_and_wait(struct completion *standing) {
  finish_read(standing->pair, 4);
  standing->context = try_wait(standing->pair);
}

static void test_standing_read__wait_may_follow_in_the_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_finish_and_wait);
  peer_sends(pair, 7);
  expect_delivery(standing, 1, AIO_OK, 7, 0);
  expect_outcome(started(HERE, standing->context), AIO_OK);
  expect_leftovers(pair, 3);
}

static void then_read_without_finishing(struct completion *standing) {
  standing->context = try_read(standing->pair, 10);
}

static void test_standing_read__holds_its_direction_in_its_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_read_without_finishing);
  peer_sends(pair, 7);
  expect_delivery(standing, 1, AIO_OK, 7, 0);
  expect_refusal(standing->context, AIO_ERR_BUSY);
}

static void test_standing_read__last_call_leaves_the_direction_free(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_read_without_finishing);
  peer_ends(pair);
  expect_delivery(standing, 1, AIO_EOF, 0, 0);
  expect_read(started(HERE, standing->context), AIO_EOF, 0);
}

/* ---- the end ---- */

static void then_note_status_of_data(struct completion *standing) {
  if (standing->status != AIO_OK && standing->count > standing->old_length) standing->context = standing;
}

static void test_standing_read__data_and_eof_come_apart(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_note_status_of_data);
  peer_sends(pair, 5);
  peer_ends(pair);
  expect_delivery(standing, 2, AIO_EOF, 5, 5);
  assert_null(standing->context);
  expect_nothing_more(pair);
  expect_read(start_read(pair, 10), AIO_EOF, 5);
}

static void test_standing_read__last_call_has_no_new_bytes(void **fixture) {
  for (size_t length = 0; length < 40; length++) {
    struct pair *pair = new_pair(((struct pair *)*fixture)->collection, LINK_TCP, NULL);
    struct completion *standing = start_standing_read_with(pair, then_note_status_of_data, .max_read = 7);
    peer_sends(pair, length);
    peer_ends(pair);
    expect_delivery(standing, (int)(length + 6) / 7 + 1, AIO_EOF, length, length);
    assert_null(standing->context);
  }
}

static void test_standing_read__eof_may_have_nothing_unconsumed(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_discard_all);
  peer_sends(pair, 5);
  peer_ends(pair);
  expect_delivery(standing, 2, AIO_EOF, 0, 0);
  expect_leftovers(pair, 0);
}

static void test_standing_read__leftovers_and_a_known_eof_come_apart(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *first = start_standing_read(pair, NULL);
  peer_sends(pair, 5);
  peer_ends(pair);
  expect_delivery(first, 2, AIO_EOF, 5, 5);
  expect_delivery(start_standing_read(pair, NULL), 2, AIO_EOF, 5, 5);
}

static void test_standing_read__data_and_reset_come_apart(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read_with(pair, NULL, .error_callback = recorded_read_error);
  peer_sends(pair, 5);
  peer_resets(pair);
  expect_delivery(standing, 2, AIO_ERR_CONNECTION_RESET, 5, 5);
  assert_int_equal(standing->error_calls, 1);
  expect_read(start_read(pair, 10), AIO_ERR_CONNECTION_RESET, 5);
}

static void test_standing_read__abort_is_its_last_call(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 5);
  expect_delivery(standing, 1, AIO_OK, 5, 0);
  struct completion *abort = start_abort(pair, AIO_INPUT);
  expect_delivery(standing, 2, AIO_ERR_CANCELED, 5, 5);
  expect_outcome(abort, AIO_OK);
  expect_order(standing, abort);
  peer_sends(pair, 2);
  expect_nothing_more(pair);
  expect_read(start_read(pair, 7), AIO_OK, 7);
}

static void test_standing_read__abort_turns_a_queued_delivery_into_the_last_call(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 5);
  queue_callbacks(pair);
  struct completion *abort = start_abort(pair, AIO_INPUT);
  drive_until(pair, abort->done);
  expect_delivery(standing, 1, AIO_ERR_CANCELED, 5, standing->old_length);
  expect_outcome(abort, AIO_OK);
  expect_read(start_read(pair, 5), AIO_OK, 5);
}

static void test_standing_read__close_turns_a_queued_delivery_into_the_last_call(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 5);
  queue_callbacks(pair);
  struct completion *close = start_close(pair);
  expect_outcome(close, AIO_OK);
  expect_delivery(standing, 1, AIO_ERR_CANCELED, 5, standing->old_length);
  expect_order(standing, close);
  expect_leftovers(pair, 5);
}

static void then_abort(struct completion *standing) {
  if (standing->calls == 1) standing->context = try_abort(standing->pair, AIO_INPUT);
}

static void test_standing_read__abort_in_its_callback_takes_effect_after_it(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_abort);
  peer_sends(pair, 5);
  expect_delivery(standing, 2, AIO_ERR_CANCELED, 5, 5);
  expect_outcome(standing->context, AIO_OK);
}

static void then_finish_and_abort(struct completion *standing) {
  finish_read(standing->pair, 0);
  standing->context = try_abort(standing->pair, AIO_INPUT);
}

static void test_standing_read__finished_in_its_callback_is_not_aborted(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_finish_and_abort);
  peer_sends(pair, 5);
  expect_delivery(standing, 1, AIO_OK, 5, 0);
  expect_outcome(standing->context, AIO_ERR_NOT_FOUND);
  expect_leftovers(pair, 5);
}

static void then_close_and_discard(struct completion *standing) {
  if (standing->calls > 1) return;
  standing->context = try_close(standing->pair);
  discard(standing->pair, 2);
}

static void test_standing_read__may_discard_after_it_closed_its_state(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_close_and_discard);
  peer_sends(pair, 10);
  drive_until(pair, standing->context != NULL);
  expect_outcome(standing->context, AIO_OK);
  expect_delivery(standing, 2, AIO_ERR_CANCELED, 8, 8);
  expect_leftovers(pair, 8);
}

static void then_finish_and_close(struct completion *standing) {
  finish_read(standing->pair, 2);
  standing->context = try_close(standing->pair);
}

static void test_standing_read__has_no_last_call_when_finished_before_close(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_finish_and_close);
  peer_sends(pair, 10);
  drive_until(pair, standing->context != NULL);
  expect_outcome(standing->context, AIO_OK);
  expect_delivery(standing, 1, AIO_OK, 10, 0);
  expect_leftovers(pair, 8);
}

static void then_close_and_finish(struct completion *standing) {
  standing->context = try_close(standing->pair);
  finish_read(standing->pair, 2);
}

static void test_standing_read__has_no_last_call_when_finished_after_close(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_close_and_finish);
  peer_sends(pair, 10);
  drive_until(pair, standing->context != NULL);
  expect_outcome(standing->context, AIO_OK);
  expect_delivery(standing, 1, AIO_OK, 10, 0);
  expect_leftovers(pair, 8);
}

static void test_standing_read__finish_takes_an_abort_back(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 5);
  queue_callbacks(pair);
  struct completion *abort = start_abort(pair, AIO_INPUT);
  finish_read(pair, 1);
  drive_until(pair, abort->done);
  expect_nothing_more(pair);
  assert_int_equal(standing->calls, 0);
  expect_leftovers(pair, 4);
}

static void then_finish_the_read(struct completion *write) { finish_read(write->pair, 3); }

static void test_standing_read__may_be_finished_in_another_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 5);
  expect_delivery(standing, 1, AIO_OK, 5, 0);
  struct completion *write = start_write(pair, 1);
  write->then = then_finish_the_read;
  expect_write(write, AIO_OK, 1);
  peer_sends(pair, 5);
  expect_nothing_more(pair);
  expect_read(start_read(pair, 7), AIO_OK, 7);
}

static void test_standing_read__discard_works_on_leftovers(void **fixture) {
  struct pair *pair = *fixture;
  leave_buffered(pair, 10, 6);
  assert_int_equal(discard(pair, 2), 4);
  expect_read(start_read(pair, 4), AIO_OK, 4);
}

/* ---- buffer_limit ---- */

static void test_standing_read__limit_ends_it_and_loses_nothing(void **fixture) {
  struct pair *pair = *fixture;
  expect_status(aio_state_set_buffer_limit(pair->state, 100), AIO_OK);
  struct completion *standing = start_standing_read_with(pair, NULL, .max_read = 30);
  peer_sends(pair, 200);
  drive_until(pair, standing->status == AIO_ERR_LIMIT);
  assert_in_range(standing->count, 71, 101);
  assert_int_equal(standing->old_length, standing->count);
  expect_nothing_more(pair);
  expect_read(start_read(pair, 200), AIO_OK, 200);
}

static void test_standing_read__as_much_as_the_limit_is_fine(void **fixture) {
  struct pair *pair = *fixture;
  expect_status(aio_state_set_buffer_limit(pair->state, 100), AIO_OK);
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 100);
  drive_until(pair, standing->count == 100);
  expect_status(standing->status, AIO_OK);
  expect_nothing_more(pair);
  peer_sends(pair, 1);
  drive_until(pair, standing->status == AIO_ERR_LIMIT);
}

static void test_standing_read__limit_is_not_sticky(void **fixture) {
  struct pair *pair = *fixture;
  expect_status(aio_state_set_buffer_limit(pair->state, 10), AIO_OK);
  struct completion *standing = start_standing_read_with(pair, NULL, .error_callback = recorded_read_error);
  peer_sends(pair, 100);
  drive_until(pair, standing->status == AIO_ERR_LIMIT);
  assert_int_equal(standing->error_calls, 1);
  start_standing_read(pair, then_discard_all);
  drive_until(pair, pair->read == 100);
  expect_status(aio_state_read_status(pair->state), AIO_OK);
}

static void test_standing_read__limit_does_not_bound_what_is_consumed(void **fixture) {
  struct pair *pair = *fixture;
  expect_status(aio_state_set_buffer_limit(pair->state, 100), AIO_OK);
  struct completion *standing = start_standing_read(pair, then_discard_all);
  peer_sends(pair, 10000);
  drive_until(pair, pair->read == 10000);
  expect_status(standing->status, AIO_OK);
}

static void test_standing_read__default_limit_is_16_mib(void **fixture) {
  struct pair *pair = *fixture;
  assert_int_equal(aio_state_buffer_limit(pair->state), 16 << 20);
  struct completion *standing = start_standing_read_with(pair, NULL, .max_read = 1 << 22);
  peer_sends(pair, 17 << 20);
  drive_until(pair, standing->status == AIO_ERR_LIMIT);
  expect_read(start_read(pair, 17 << 20), AIO_OK, 17 << 20);
}

/* ---- timeouts ---- */

static void test_standing_read__timeout_is_per_delivery(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read_with(pair, NULL, .timeout = 0.3);
  for (int i = 1; i <= 10; i++) {
    peer_sends(pair, 1);
    expect_delivery(standing, i, AIO_OK, (size_t)i, (size_t)i - 1);
    drive_for(pair, 0.05);
  }
  double last = standing->time;
  expect_delivery(standing, 11, AIO_TIMEOUT, 10, 10);
  expect_not_before(standing, last, 0.3);
}

static void test_standing_read__timeout_leaves_the_bytes_and_the_direction(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing =
      start_standing_read_with(pair, NULL, .timeout = 0.02, .error_callback = recorded_read_error);
  peer_sends(pair, 5);
  drive_until(pair, standing->status == AIO_TIMEOUT);
  assert_int_equal(standing->error_calls, 0);
  expect_nothing_more(pair);
  peer_sends(pair, 5);
  expect_read(start_read_with(pair, 10, .timeout = AIO_NO_TIMEOUT), AIO_OK, 10);
}

static void test_standing_read__timeout_before_any_delivery(void **fixture) {
  struct pair *pair = *fixture;
  double start = now();
  struct completion *standing = start_standing_read_with(pair, NULL, .timeout = 0.02);
  expect_delivery(standing, 1, AIO_TIMEOUT, 0, 0);
  expect_not_before(standing, start, 0.02);
}

/* ---- every cut of a message ---- */

enum { FRAME = 10, LONG_MESSAGE = 40, SHORT_MESSAGE = 12 };

static void then_consume_frames(struct completion *standing) {
  size_t frames = standing->count / FRAME;
  if (frames > 0) discard(standing->pair, frames * FRAME);
}

static void send_cut(struct pair *pair, size_t cut, size_t length) {
  peer_sends(pair, cut);
  settle(pair);
  peer_sends(pair, length - cut);
  settle(pair);
}

static void test_standing_read__message_may_be_cut_anywhere(void **fixture) {
  struct pair *pair = *fixture;
  start_standing_read(pair, then_consume_frames);
  for (size_t cut = 0; cut <= LONG_MESSAGE; cut++) {
    send_cut(pair, cut, LONG_MESSAGE);
    assert_int_equal(pair->read, pair->peer_sent);
  }
}

static void test_standing_read__message_may_be_cut_at_any_two_places(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, then_consume_frames);
  for (size_t first = 0; first <= SHORT_MESSAGE; first++)
    for (size_t second = 0; second <= SHORT_MESSAGE - first; second++) {
      peer_sends(pair, first);
      settle(pair);
      send_cut(pair, second, SHORT_MESSAGE - first);
      assert_int_equal(pair->read, pair->peer_sent / FRAME * FRAME);
    }
  expect_status(standing->status, AIO_OK);
}

static void test_standing_read__exact_reads_see_the_same_cuts(void **fixture) {
  struct pair *pair = *fixture;
  for (size_t cut = 0; cut <= LONG_MESSAGE; cut++) {
    struct completion *head = start_read(pair, 4);
    send_cut(pair, cut, LONG_MESSAGE);
    expect_read(head, AIO_OK, 4);
    expect_read(start_read(pair, LONG_MESSAGE - 4), AIO_OK, LONG_MESSAGE - 4);
  }
}

/* ---- all kinds of reads in any order ---- */

static void then_finish_some(struct completion *standing) {
  finish_read(standing->pair, random_below((unsigned)standing->count + 1, standing->context));
}

static void one_read_of_any_kind(struct pair *pair, uint32_t *seed) {
  size_t length = 1 + random_below(600, seed);
  struct completion *read = NULL;
  switch (random_below(4, seed)) {
    case 0:
      expect_read(start_read(pair, length), AIO_OK, length);
      break;
    case 1:
      read = start_read_with(pair, length, .minimum = 1 + length / 3);
      drive_until(pair, read->done);
      expect_read(read, AIO_OK, read->count);
      break;
    case 2:
      read = start_standing_read_with(pair, then_finish_some, .max_read = length);
      read->context = seed;
      drive_until(pair, read->done);
      break;
    default:
      expect_outcome(start_wait(pair), AIO_OK);
  }
}

static void test_standing_read__reads_of_all_kinds_share_one_stream(void **fixture) {
  struct pair *pair = *fixture;
  uint32_t *seed = fixture_memory(sizeof *seed);
  for (int round = 0; round < 1000; round++) {
    if (pair->peer_sent < pair->read + 600) peer_sends(pair, 600 + random_below(3000, seed));
    one_read_of_any_kind(pair, seed);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_pair(test_standing_read__keeps_what_is_not_consumed),
      with_pair(test_standing_read__starts_again_from_index_0_after_a_discard),
      with_pair(test_standing_read__old_length_shrinks_with_a_discard),
      with_pair(test_standing_read__is_silent_without_new_bytes),
      with_pair(test_standing_read__callback_gets_its_state),
      with_pair(test_standing_read__carries_a_long_stream),
      with_threaded_pair(test_standing_read__carries_a_long_stream),
      with_pair(test_standing_read__keeps_a_lot),
      with_pair(test_standing_read__any_discards_give_the_same_stream),
      with_pair(test_standing_read__max_read_bounds_what_is_new),
      with_pair(test_standing_read__max_read_bounds_each_delivery),
      with_pair(test_standing_read__max_read_is_the_states_by_default),
      with_pair(test_standing_read__keeps_the_max_read_of_its_submission),
      with_pair(test_standing_read__default_max_read_is_65536),
      with_pair(test_standing_read__leftovers_are_the_first_delivery),
      with_pair(test_standing_read__leftovers_may_exceed_max_read),
      with_pair(test_standing_read__what_an_exact_read_left_is_delivered),
      with_pair(test_standing_read__bytes_seen_by_another_operation_are_not_old),
      with_pair(test_standing_read__discard_tells_what_is_left),
      with_pair(test_standing_read__goes_on_after_a_discard_between_deliveries),
      with_pair(test_standing_read__bytes_discarded_unseen_are_not_delivered),
      with_pair(test_standing_read__queued_delivery_shows_what_a_discard_left),
      with_pair(test_standing_read__finish_in_the_callback_ends_it),
      with_pair(test_standing_read__finish_between_deliveries_ends_it),
      with_pair(test_standing_read__finish_before_any_delivery_ends_it),
      with_pair(test_standing_read__finish_takes_a_queued_delivery_back),
      with_pair(test_standing_read__finish_takes_a_queued_last_call_back),
      with_pair(test_standing_read__finish_of_more_than_there_is_drops_all),
      with_pair(test_standing_read__discard_and_finish_add_up),
      with_pair(test_standing_read__take_buffered_waits_for_its_end),
      with_pair(test_standing_read__read_may_follow_in_the_callback),
      with_pair(test_standing_read__another_may_follow_in_the_callback),
      with_pair(test_standing_read__wait_may_follow_in_the_callback),
      with_pair(test_standing_read__holds_its_direction_in_its_callback),
      with_pair(test_standing_read__last_call_leaves_the_direction_free),
      with_pair(test_standing_read__data_and_eof_come_apart),
      with_threaded_pair(test_standing_read__data_and_eof_come_apart),
      with_collection(test_standing_read__last_call_has_no_new_bytes),
      with_pair(test_standing_read__eof_may_have_nothing_unconsumed),
      with_pair(test_standing_read__leftovers_and_a_known_eof_come_apart),
      with_pair(test_standing_read__data_and_reset_come_apart),
      with_pair(test_standing_read__abort_is_its_last_call),
      with_threaded_pair(test_standing_read__abort_is_its_last_call),
      with_pair(test_standing_read__abort_turns_a_queued_delivery_into_the_last_call),
      with_pair(test_standing_read__close_turns_a_queued_delivery_into_the_last_call),
      with_pair(test_standing_read__abort_in_its_callback_takes_effect_after_it),
      with_pair(test_standing_read__finished_in_its_callback_is_not_aborted),
      with_pair(test_standing_read__limit_ends_it_and_loses_nothing),
      with_pair(test_standing_read__as_much_as_the_limit_is_fine),
      with_pair(test_standing_read__limit_is_not_sticky),
      with_pair(test_standing_read__limit_does_not_bound_what_is_consumed),
      with_pair(test_standing_read__default_limit_is_16_mib),
      with_pair(test_standing_read__timeout_is_per_delivery),
      with_pair(test_standing_read__timeout_leaves_the_bytes_and_the_direction),
      with_pair(test_standing_read__timeout_before_any_delivery),
      with_pair(test_standing_read__message_may_be_cut_anywhere),
      with_threaded_pair(test_standing_read__message_may_be_cut_anywhere),
      with_pair(test_standing_read__message_may_be_cut_at_any_two_places),
      with_pair(test_standing_read__exact_reads_see_the_same_cuts),
      with_pair(test_standing_read__reads_of_all_kinds_share_one_stream),
      with_pair(test_standing_read__may_discard_after_it_closed_its_state),
      with_pair(test_standing_read__has_no_last_call_when_finished_before_close),
      with_pair(test_standing_read__has_no_last_call_when_finished_after_close),
      with_pair(test_standing_read__finish_takes_an_abort_back),
      with_pair(test_standing_read__may_be_finished_in_another_callback),
      with_pair(test_standing_read__discard_works_on_leftovers),
  };
  return cmocka_run_group_tests_name("standing_read", tests, NULL, NULL);
}
