/* aio_state_set_rate_limit. Times are bounded from below alone: a limit must not be exceeded. */
#include "support_framing.h"

#include <math.h>

static void limit(struct pair *pair, int32_t direction, double bytes_per_second, uint64_t burst) {
  const aio_rate_limit rate = {.bytes_per_second = bytes_per_second, .burst = burst};
  expect_status(aio_state_set_rate_limit(pair->state, direction, &rate), AIO_OK);
}

static void unlimit(struct pair *pair, int32_t direction) {
  expect_status(aio_state_set_rate_limit(pair->state, direction, NULL), AIO_OK);
}

static void test_rate_limit__of_output_is_kept(void **fixture) {
  struct pair *pair = *fixture;
  limit(pair, AIO_OUTPUT, 100000, 1000);
  double start = now();
  struct completion *write = start_write(pair, 21000);
  expect_write(write, AIO_OK, 21000);
  expect_not_before(write, start, 0.2);
  peer_receives(pair, 21000);
}

static void test_rate_limit__of_input_is_kept(void **fixture) {
  struct pair *pair = *fixture;
  limit(pair, AIO_INPUT, 100000, 1000);
  double start = now();
  peer_sends(pair, 21000);
  struct completion *read = start_read(pair, 21000);
  expect_read(read, AIO_OK, 21000);
  expect_not_before(read, start, 0.2);
}

static void test_rate_limit__of_standing_reads_and_lines_is_kept(void **fixture) {
  struct pair *pair = *fixture;
  limit(pair, AIO_INPUT, 100000, 1000);
  double start = now();
  peer_sends(pair, 11000);
  struct completion *standing = start_standing_read(pair, NULL);
  drive_until(pair, standing->count == 11000);
  expect_not_before(standing, start, 0.1);
  finish_read(pair, 11000);
  char line[11000];
  memset(line, 'x', sizeof line);
  line[sizeof line - 1] = '\n';
  start = now();
  peer_sends_bytes(pair, line, sizeof line);
  struct completion *read = start_line(pair, "\n");
  expect_bytes(read, line, sizeof line);
  expect_not_before(read, start, 0.1);
}

static void test_rate_limit__leaves_the_other_direction_alone(void **fixture) {
  struct pair *pair = *fixture;
  limit(pair, AIO_OUTPUT, 1e-3, 1);
  peer_sends(pair, 1 << 20);
  expect_read(start_read(pair, 1 << 20), AIO_OK, 1 << 20);
}

static void test_rate_limit__lets_a_burst_pass(void **fixture) {
  struct pair *pair = *fixture;
  limit(pair, AIO_BOTH, 1e-3, 5000);
  expect_write(start_write(pair, 5000), AIO_OK, 5000);
  expect_running(start_write(pair, 1));
  peer_receives(pair, 5000);
  peer_sends(pair, 5001);
  expect_read(start_read(pair, 5000), AIO_OK, 5000);
  expect_running(start_read(pair, 1));
}

static void test_rate_limit__removed_while_waiting_lets_all_go(void **fixture) {
  struct pair *pair = *fixture;
  limit(pair, AIO_BOTH, 1e-3, 10);
  struct completion *write = start_write(pair, 100000);
  struct completion *read = start_read(pair, 100000);
  peer_sends(pair, 100000);
  expect_running(write);
  expect_running(read);
  unlimit(pair, AIO_BOTH);
  expect_write(write, AIO_OK, 100000);
  expect_read(read, AIO_OK, 100000);
  peer_receives(pair, 100000);
}

static void test_rate_limit__changed_while_waiting_counts_at_once(void **fixture) {
  struct pair *pair = *fixture;
  limit(pair, AIO_OUTPUT, 1e-3, 10);
  struct completion *write = start_write(pair, 100000);
  expect_running(write);
  limit(pair, AIO_OUTPUT, 1e18, UINT64_MAX);
  expect_write(write, AIO_OK, 100000);
}

static void test_rate_limit__timeouts_go_on_and_counts_are_exact(void **fixture) {
  struct pair *pair = *fixture;
  limit(pair, AIO_BOTH, 1e-3, 10);
  peer_sends(pair, 100);
  double start = now();
  struct completion *write = start_write_with(pair, 100, .timeout = 0.05);
  struct completion *read = start_read_with(pair, 100, .timeout = 0.05);
  expect_write(write, AIO_TIMEOUT, 10);
  expect_read(read, AIO_TIMEOUT, 10);
  expect_not_before(write, start, 0.05);
  expect_not_before(read, start, 0.05);
  peer_receives(pair, 10);
  unlimit(pair, AIO_BOTH);
  expect_read(start_read(pair, 90), AIO_OK, 90);
  expect_write(start_write(pair, 5), AIO_OK, 5);
  peer_receives(pair, 5);
}

static void test_rate_limit__abort_while_waiting_has_the_exact_count(void **fixture) {
  struct pair *pair = *fixture;
  limit(pair, AIO_OUTPUT, 1e-3, 10);
  struct completion *write = start_write(pair, 100);
  expect_running(write);
  expect_outcome(start_abort(pair, AIO_OUTPUT), AIO_OK);
  expect_write(write, AIO_ERR_CANCELED, 10);
  peer_receives(pair, 10);
}

static void test_rate_limit__close_while_waiting(void **fixture) {
  struct pair *pair = *fixture;
  limit(pair, AIO_BOTH, 1e-3, 10);
  peer_sends(pair, 100);
  struct completion *write = start_write(pair, 100);
  struct completion *read = start_read(pair, 100);
  expect_running(write);
  expect_outcome(start_close(pair), AIO_OK);
  expect_write(write, AIO_ERR_CANCELED, 10);
  expect_read(read, AIO_ERR_CANCELED, 10);
  expect_status(aio_state_set_rate_limit(pair->state, AIO_BOTH, NULL), AIO_ERR_CLOSED);
}

static void test_rate_limit__destroy_while_waiting(void **fixture) {
  struct pair *pair = *fixture;
  limit(pair, AIO_BOTH, 1e-3, 10);
  start_write(pair, 100);
  start_read(pair, 100);
  peer_sends(pair, 100);
  settle(pair);
  destroy_state(pair);
}

static void test_rate_limit__lingering_close_waits_for_its_turn(void **fixture) {
  struct pair *pair = *fixture;
  limit(pair, AIO_OUTPUT, 100000, 1000);
  double start = now();
  struct completion *write = start_write(pair, 11000);
  struct completion *close = start_close_with(pair, .linger = 10);
  peer_ends(pair);
  expect_write(write, AIO_OK, 11000);
  expect_not_before(write, start, 0.1);
  peer_receives_rest(pair);
  expect_outcome(close, AIO_OK);
}

static void test_rate_limit__default_burst_is_a_tenth_of_a_second(void **fixture) {
  struct pair *pair = *fixture;
  limit(pair, AIO_OUTPUT, 1e9, 0); /* a tenth of a second's worth at once */
  expect_write(start_write(pair, 1 << 20), AIO_OK, 1 << 20);
}

static void test_rate_limit__refuses_bad_arguments(void **fixture) {
  static const double bad[] = {0, -1, -INFINITY, NAN};
  struct pair *pair = *fixture;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const aio_rate_limit rate = {.bytes_per_second = bad[i]};
    expect_status(aio_state_set_rate_limit(pair->state, AIO_BOTH, &rate), AIO_ERR_INVALID_ARGUMENT);
  }
  expect_status(aio_state_set_rate_limit(NULL, AIO_BOTH, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_set_rate_limit(pair->state, 0, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_set_rate_limit(pair->state, 4, NULL), AIO_ERR_INVALID_ARGUMENT);
  const aio_rate_limit later = {.bytes_per_second = 1, .reserved = {1}};
  expect_status(aio_state_set_rate_limit(pair->state, AIO_BOTH, &later), AIO_ERR_UNSUPPORTED);
  for (long number = 1; number <= 3; number++) {
    const aio_rate_limit rate = {.bytes_per_second = 1e-3};
    fail_allocation(number);
    expect_status(aio_state_set_rate_limit(pair->state, AIO_BOTH, &rate), AIO_ERR_NO_MEMORY);
  }
  expect_write(start_write(pair, 1000), AIO_OK, 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_pair(test_rate_limit__of_output_is_kept),
      with_pair(test_rate_limit__of_input_is_kept),
      with_pair(test_rate_limit__of_standing_reads_and_lines_is_kept),
      with_pair(test_rate_limit__leaves_the_other_direction_alone),
      with_pair(test_rate_limit__lets_a_burst_pass),
      with_pair(test_rate_limit__removed_while_waiting_lets_all_go),
      with_pair(test_rate_limit__changed_while_waiting_counts_at_once),
      with_pair(test_rate_limit__timeouts_go_on_and_counts_are_exact),
      with_pair(test_rate_limit__abort_while_waiting_has_the_exact_count),
      with_pair(test_rate_limit__close_while_waiting),
      with_pair(test_rate_limit__destroy_while_waiting),
      with_pair(test_rate_limit__lingering_close_waits_for_its_turn),
      with_pair(test_rate_limit__default_burst_is_a_tenth_of_a_second),
      with_pair(test_rate_limit__refuses_bad_arguments),
  };
  return cmocka_run_group_tests_name("rate_limit", tests, NULL, NULL);
}
