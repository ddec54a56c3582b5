/* Timers: one-shot and repeating, never early, stopped anywhere. */
#include "support.h"
#include "support_driving.h"

static void expect_never_early(const struct timer *timer, double delay, double repeat) {
  for (int i = 0; i < timer->calls && i < kMostCalls; i++) assert_true(timer->when[i] >= delay + repeat * i);
}

static void test_timer__fires_once(void **test) {
  struct pair *pair = *test;
  struct timer *timer = start_timer(pair, 0.02, 0, NULL);
  drive_until(pair, timer->done == 1);
  expect_never_early(timer, 0.02, 0);
  expect_status(aio_collection_wait(pair->collection, 0.05), AIO_TIMEOUT);
  assert_int_equal(timer->calls, 1);
}

static void test_timer__is_never_early(void **test) {
  struct pair *pair = *test;
  struct timer *timers[40];
  for (int i = 0; i < 40; i++) timers[i] = start_timer(pair, 0.0007 * i, 0, NULL);
  for (int i = 0; i < 40; i++) {
    drive_until(pair, timers[i]->done == 1);
    expect_never_early(timers[i], 0.0007 * i, 0);
  }
}

static void test_timer__repeats(void **test) {
  struct pair *pair = *test;
  struct timer *timer = start_timer(pair, 0.03, 0.004, NULL);
  drive_until(pair, timer->done == 6);
  expect_never_early(timer, 0.03, 0.004);
}

static void test_timer__repeats_from_zero(void **test) {
  struct pair *pair = *test;
  struct timer *timer = start_timer(pair, 0, 0.003, NULL);
  drive_until(pair, timer->done == 6);
  expect_never_early(timer, 0, 0.003);
}

static void then_spend(struct timer *timer) {
  if (timer->calls == 1) spend(0.05);
}

/* Due at 10, 20, 30 ... ms: the first call lasts until after 60 ms, so those of 20 to 60 are left out. */
static void test_timer__leaves_out_what_a_slow_callback_missed(void **test) {
  struct pair *pair = *test;
  struct timer *timer = start_timer(pair, 0.01, 0.01, then_spend);
  drive_until(pair, timer->done == 4);
  assert_true(timer->when[1] >= 0.07);
  assert_true(timer->when[2] >= 0.08);
  assert_true(timer->when[3] >= 0.09);
}

static void test_timer__delay_zero_is_deferred(void **test) {
  struct pair *pair = *test;
  struct timer *timer = start_timer(pair, 0, 0, NULL);
  assert_int_equal(timer->calls, 0);
  expect_status(aio_collection_wait(pair->collection, AIO_NO_TIMEOUT), AIO_OK);
  assert_int_equal(timer->calls, 0);
  assert_int_equal(call_now(pair->collection), 1);
  assert_int_equal(timer->calls, 1);
}

static void test_timer__wait_does_not_run_it(void **test) {
  struct pair *pair = *test;
  struct timer *timer = start_timer(pair, 0.005, 0, NULL);
  expect_status(aio_collection_wait(pair->collection, AIO_NO_TIMEOUT), AIO_OK);
  assert_int_equal(timer->calls, 0);
  assert_int_equal(call_now(pair->collection), 1);
}

static void test_timers__fire_in_the_order_they_are_due(void **test) {
  struct pair *pair = *test;
  struct timer *last = start_timer(pair, 0.03, 0, NULL), *first = start_timer(pair, 0.01, 0, NULL);
  struct timer *middle = start_timer(pair, 0.02, 0, NULL);
  drive_until(pair, last->done == 1);
  assert_true(first->order < middle->order);
  assert_true(middle->order < last->order);
}

static void test_timers__overdue_ones_fire_in_the_order_they_were_due(void **test) {
  struct pair *pair = *test;
  struct timer *timers[20];
  for (int i = 0; i < 20; i++) timers[i] = start_timer(pair, 0.02 - 0.001 * i, 0, NULL);
  spend(0.03);
  drive_until(pair, timers[0]->done);
  for (int i = 1; i < 20; i++) assert_true(timers[i]->order < timers[i - 1]->order);
}

static void plain_timer(aio_timer *timer, void *user_info) {
  (void)timer;
  *(int *)user_info = 1;
}

static void test_timer__without_a_handle_frees_itself(void **test) {
  struct pair *pair = *test;
  int fired = 0;
  expect_status(aio_timer_start(pair->collection, 0.001, 0, plain_timer, &fired, NULL), AIO_OK);
  drive_until(pair, fired);
}

static void test_timer__without_a_handle_may_be_left_running(void **test) {
  struct pair *pair = *test;
  int fired = 0;
  expect_status(aio_timer_start(pair->collection, 100, 0, plain_timer, &fired, NULL), AIO_OK);
  destroy_collection(pair);
  assert_int_equal(fired, 0);
}

static void test_timer__long_delays_never_fire(void **test) {
  struct pair *pair = *test;
  struct timer *never = start_timer(pair, AIO_NO_TIMEOUT, 0, NULL), *long_ago = start_timer(pair, 1e9, 0, NULL);
  struct timer *years = start_timer(pair, 9e8, 0, NULL);
  expect_status(aio_collection_wait(pair->collection, 0.01), AIO_TIMEOUT);
  assert_int_equal(never->calls + long_ago->calls + years->calls, 0);
}

/* ---- stop ---- */

static void test_stop__before_it_is_due(void **test) {
  struct pair *pair = *test;
  struct timer *stopped = start_timer(pair, 0.005, 0, NULL), *later = start_timer(pair, 0.01, 0, NULL);
  stop_timer(stopped);
  drive_until(pair, later->done == 1);
  assert_int_equal(stopped->calls, 0);
}

static void test_stop__when_its_call_is_queued(void **test) {
  struct pair *pair = *test;
  struct timer *timer = start_timer(pair, 0.001, 0, NULL);
  expect_status(aio_collection_wait(pair->collection, AIO_NO_TIMEOUT), AIO_OK);
  stop_timer(timer);
  call_now(pair->collection);
  assert_int_equal(timer->calls, 0);
}

static void test_stop__in_its_own_callback(void **test) {
  struct pair *pair = *test;
  struct timer *timer = start_timer(pair, 0.001, 0.001, then_stop_timer), *later = start_timer(pair, 0.01, 0, NULL);
  drive_until(pair, later->done == 1);
  assert_int_equal(timer->calls, 1);
}

static void then_stop_other(struct timer *timer) { stop_timer(timer->context); }

static void test_stop__in_the_callback_of_another_that_is_due(void **test) {
  struct pair *pair = *test;
  struct timer *first = start_timer(pair, 0.001, 0, then_stop_other), *second = start_timer(pair, 0.002, 0, NULL);
  first->context = second;
  spend(0.005);
  drive_until(pair, first->done == 1);
  settle(pair);
  assert_int_equal(second->calls, 0);
}

static void test_stop__after_it_has_fired(void **test) {
  struct pair *pair = *test;
  struct timer *timer = start_timer(pair, 0, 0, NULL);
  drive_until(pair, timer->done == 1);
  stop_timer(timer);
}

static void test_stop__after_the_collections_end(void **test) {
  struct pair *pair = *test;
  struct timer *fired = start_timer(pair, 0, 0, NULL), *running = start_timer(pair, 0.001, 0.001, NULL);
  drive_until(pair, fired->done && running->done);
  destroy_collection(pair);
  const int calls = running->calls;
  stop_timer(fired);
  stop_timer(running);
  assert_int_equal(running->calls, calls);
}

static void test_destroy__does_not_fire_timers(void **test) {
  struct pair *pair = *test;
  struct timer *due = start_timer(pair, 0, 0, NULL), *later = start_timer(pair, 0.001, 0.001, NULL);
  spend(0.002);
  destroy_collection(pair);
  assert_int_equal(due->calls, 0);
  assert_int_equal(later->calls, 0);
}

static void stops(void *timer) { stop_timer(timer); }

static void test_stop__on_another_thread(void **test) {
  struct pair *pair = *test;
  struct timer *stopped = start_timer(pair, 0.001, 0.001, NULL), *later = start_timer(pair, 0.01, 0, NULL);
  on_another_thread(stops, stopped);
  drive_until(pair, later->done == 1);
  assert_int_equal(stopped->calls, 0);
}

static void test_stop__on_another_thread_while_it_fires(void **test) {
  struct pair *pair = *test;
  for (int i = 0; i < 100; i++) {
    struct timer *timer = start_timer(pair, 0, 0.0001, NULL);
    wait_until(timer->calls > 0);
    stop_timer(timer);
    settle(pair);
    const int calls = timer->calls;
    settle(pair);
    assert_int_equal(timer->calls, calls);
  }
}

static void test_timer__on_the_own_thread(void **test) {
  struct pair *pair = *test;
  struct timer *timer = start_timer(pair, 0.005, 0.002, NULL);
  wait_until(timer->done >= 4);
  stop_timer(timer);
  settle(pair);
  expect_never_early(timer, 0.005, 0.002);
}

static void then_start_another(struct timer *timer) {
  if (timer->context == NULL) timer->context = start_timer(timer->pair, 0.002, 0, NULL);
}

static void test_timer__starts_in_a_callback(void **test) {
  struct pair *pair = *test;
  struct timer *timer = start_timer(pair, 0.001, 0, then_start_another);
  drive_until(pair, timer->done == 1);
  struct timer *other = timer->context;
  drive_until(pair, other->done == 1);
  expect_never_early(other, 0.002, 0);
}

static void test_timers__in_large_numbers(void **test) {
  struct pair *pair = *test;
  static struct timer *timers[2000];
  for (int i = 0; i < 2000; i++) timers[i] = start_timer(pair, 0.00001 * (double)(i * 7919 % 2000), 0, NULL);
  for (int i = 0; i < 2000; i += 3) stop_timer(timers[i]);
  for (int i = 0; i < 2000; i++)
    if (i % 3 != 0) drive_until(pair, timers[i]->done == 1);
  for (int i = 0; i < 2000; i += 3) assert_int_equal(timers[i]->calls, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_timer__fires_once),
      with_collection(test_timer__is_never_early),
      with_collection(test_timer__repeats),
      with_collection(test_timer__repeats_from_zero),
      with_collection(test_timer__leaves_out_what_a_slow_callback_missed),
      with_collection(test_timer__delay_zero_is_deferred),
      with_collection(test_timer__wait_does_not_run_it),
      with_collection(test_timers__fire_in_the_order_they_are_due),
      with_collection(test_timers__overdue_ones_fire_in_the_order_they_were_due),
      with_collection(test_timer__without_a_handle_frees_itself),
      with_collection(test_timer__without_a_handle_may_be_left_running),
      with_collection(test_timer__long_delays_never_fire),
      with_collection(test_stop__before_it_is_due),
      with_collection(test_stop__when_its_call_is_queued),
      with_collection(test_stop__in_its_own_callback),
      with_collection(test_stop__in_the_callback_of_another_that_is_due),
      with_collection(test_stop__after_it_has_fired),
      with_collection(test_stop__after_the_collections_end),
      with_collection(test_destroy__does_not_fire_timers),
      with_collection(test_stop__on_another_thread),
      with_threaded_collection(test_stop__on_another_thread_while_it_fires),
      with_threaded_collection(test_timer__on_the_own_thread),
      with_collection(test_timer__starts_in_a_callback),
      with_collection(test_timers__in_large_numbers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
