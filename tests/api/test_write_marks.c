/* aio_state_set_write_marks. */
#include "internal.h"

static struct completion *set_marks(struct pair *pair, size_t high, size_t low) {
  struct completion *drained = new_completion(pair);
  drained->standing = 1;
  accept_completion(drained, aio_state_set_write_marks(pair->state, high, low, recorded_status, drained));
  return started(HERE, drained);
}

static void expect_drained(struct completion *drained, int calls, aio_status status) {
  drive_until(drained->pair, drained->done >= calls);
  assert_int_equal(drained->calls, calls);
  expect_status(drained->status, status);
}

/* Marks have no last call: none may be expected of them at the end of a test. */
static void remove_marks(struct pair *pair) {
  expect_status(aio_state_set_write_marks(pair->state, 0, 0, NULL, NULL), AIO_OK);
}

static void test_write_marks__tell_when_the_queue_has_fallen(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *drained = set_marks(pair, 1 << 20, 1000);
  struct completion *write = start_write(pair, 4 << 20);
  expect_running(write);
  assert_int_equal(drained->calls, 0);
  peer_receives(pair, 4 << 20);
  expect_drained(drained, 1, AIO_OK);
  expect_write(write, AIO_OK, 4 << 20);
  remove_marks(pair);
}

static void test_write_marks__tell_each_time_anew(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *drained = set_marks(pair, 100, 10);
  for (int i = 1; i <= 3; i++) {
    start_write(pair, 100);
    expect_drained(drained, i, AIO_OK);
    expect_nothing_more(pair);
  }
  remove_marks(pair);
}

static void test_write_marks__are_silent_below_the_high_mark(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *drained = set_marks(pair, 101, 10);
  for (int i = 0; i < 5; i++) expect_write(start_write(pair, 100), AIO_OK, 100);
  expect_nothing_more(pair);
  assert_int_equal(drained->calls, 0);
  remove_marks(pair);
}

static void test_write_marks__zero_means_any_byte(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *drained = set_marks(pair, 0, 0);
  expect_nothing_more(pair);
  assert_int_equal(drained->calls, 0);
  start_write(pair, 1);
  expect_drained(drained, 1, AIO_OK);
  remove_marks(pair);
}

static void test_write_marks__see_what_was_queued_before(void **fixture) {
  struct pair *pair = *fixture;
  start_write(pair, 4 << 20);
  struct completion *drained = set_marks(pair, 1 << 20, 0);
  expect_nothing_more(pair);
  peer_receives(pair, 4 << 20);
  expect_drained(drained, 1, AIO_OK);
  remove_marks(pair);
}

static void test_write_marks__new_ones_replace_the_old(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *old = set_marks(pair, 1, 0);
  start_write(pair, 10);
  queue_callbacks(pair); /* also the old mark's */
  struct completion *drained = set_marks(pair, 5, 0);
  settle(pair);
  assert_int_equal(old->calls, 0);
  start_write(pair, 10);
  expect_drained(drained, 1, AIO_OK);
  assert_int_equal(old->calls, 0);
  remove_marks(pair);
}

static void test_write_marks__tell_of_an_abort(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *drained = set_marks(pair, 1 << 20, 0);
  struct completion *write = start_write(pair, 4 << 20);
  expect_running(write);
  start_abort(pair, AIO_OUTPUT);
  expect_partial_write(write, AIO_ERR_CANCELED);
  expect_drained(drained, 1, AIO_OK);
  remove_marks(pair);
}

static void test_write_marks__tell_that_the_output_has_ended(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *drained = set_marks(pair, 1 << 20, 0);
  struct completion *write = start_write(pair, 8 << 20);
  expect_running(write);
  peer_resets(pair);
  drive_until(pair, write->done && drained->done);
  expect_status(drained->status, write->status);
  assert_true(drained->status < 0);
  remove_marks(pair);
}

static void test_write_marks__are_silent_after_close(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *drained = set_marks(pair, 1, 0);
  struct completion *write = start_write(pair, 4 << 20);
  expect_running(write);
  expect_outcome(start_close(pair), AIO_OK);
  expect_nothing_more(pair);
  assert_int_equal(drained->calls, 0);
  expect_status(aio_state_set_write_marks(pair->state, 1, 0, recorded_status, NULL), AIO_ERR_CLOSED);
}

static void then_write_again(struct completion *drained) {
  if (drained->calls < 50) start_write(drained->pair, 100000);
}

static void test_write_marks__let_a_producer_go_on(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *drained = set_marks(pair, 50000, 1000);
  drained->then = then_write_again;
  start_write(pair, 100000);
  peer_receives(pair, 50 * 100000);
  expect_drained(drained, 50, AIO_OK);
  remove_marks(pair);
}

static void then_replace(struct completion *drained) { set_marks(drained->pair, 1 << 30, 0); }
static void then_remove(struct completion *drained) { remove_marks(drained->pair); }

static void test_write_marks__may_change_in_their_callback(void **fixture) {
  static void (*const changes[])(struct completion *) = {then_replace, then_remove, then_destroy};
  struct pair *pair = *fixture;
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    struct completion *drained = set_marks(pair, 1, 0);
    drained->then = changes[i];
    start_write(pair, 10);
    drive_until(pair, drained->done == 1);
    expect_nothing_more(pair);
  }
}

static void test_write_marks__refuse_bad_arguments(void **fixture) {
  struct pair *pair = *fixture;
  expect_status(aio_state_set_write_marks(NULL, 1, 0, recorded_status, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_set_write_marks(pair->state, 1, 2, recorded_status, NULL), AIO_ERR_INVALID_ARGUMENT);
  fail_allocation(1);
  expect_status(aio_state_set_write_marks(pair->state, 2, 1, recorded_status, NULL), AIO_ERR_NO_MEMORY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_narrow_pair(test_write_marks__tell_when_the_queue_has_fallen),
      with_pair(test_write_marks__tell_each_time_anew),
      with_pair(test_write_marks__are_silent_below_the_high_mark),
      with_pair(test_write_marks__zero_means_any_byte),
      with_narrow_pair(test_write_marks__see_what_was_queued_before),
      with_pair(test_write_marks__new_ones_replace_the_old),
      with_narrow_pair(test_write_marks__tell_of_an_abort),
      with_narrow_pair(test_write_marks__tell_that_the_output_has_ended),
      with_narrow_pair(test_write_marks__are_silent_after_close),
      with_narrow_pair(test_write_marks__let_a_producer_go_on),
      with_pair(test_write_marks__may_change_in_their_callback),
      with_pair(test_write_marks__refuse_bad_arguments),
  };
  return cmocka_run_group_tests_name("write_marks", tests, NULL, NULL);
}
