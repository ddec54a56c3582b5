/* aio_state_write_buffers. */
#include "support_framing.h"

enum { kMany = 2000 };

static void test_write_buffers__gathers_in_order(void **fixture) {
  static const size_t sizes[] = {5, 0, 1, 100, 0, 0, 7};
  struct pair *pair = *fixture;
  expect_gathered(start_gather(pair, sizes, 7), AIO_OK, 113);
  peer_receives(pair, 113);
}

static void test_write_buffers__takes_one_system_call(void **fixture) {
  static const size_t sizes[] = {4, 60};
  struct pair *pair = *fixture;
  aio_counters counters;
  expect_gathered(start_gather(pair, sizes, 2), AIO_OK, 64);
  aio_state_counters(pair->state, &counters);
  assert_int_equal(counters.calls_written, 1);
  assert_int_equal(counters.operations_written, 1);
  peer_receives(pair, 64);
}

/* Every start and end, within views and at their edges. */
static void test_write_buffers__ranges_index_the_whole(void **fixture) {
  static const size_t sizes[] = {3, 0, 4, 1};
  struct pair *pair = *fixture;
  for (size_t start = 0; start < 8; start++) {
    for (size_t end = start + 1; end <= 8; end++) {
      expect_gathered(start_gather_with(pair, sizes, 4, .start = start, .end = end), AIO_OK, end - start);
      peer_receives(pair, end - start);
    }
  }
}

static void test_write_buffers__more_views_than_a_system_call_takes(void **fixture) {
  struct pair *pair = *fixture;
  size_t sizes[kMany];
  for (size_t i = 0; i < kMany; i++) sizes[i] = i % 5;
  expect_gathered(start_gather(pair, sizes, kMany), AIO_OK, kMany * 2);
  peer_receives(pair, kMany * 2);
}

static void test_write_buffers__keeps_its_place_among_writes(void **fixture) {
  static const size_t sizes[] = {10, 20};
  struct pair *pair = *fixture;
  struct completion *before = start_write(pair, 5);
  struct completion *gathered = start_gather(pair, sizes, 2);
  struct completion *after = start_write(pair, 7);
  expect_write(after, AIO_OK, 7);
  expect_order(before, gathered);
  expect_order(gathered, after);
  peer_receives(pair, 42);
}

static void test_write_buffers__of_nothing_completes(void **fixture) {
  static const size_t none[] = {0, 0};
  struct pair *pair = *fixture;
  expect_gathered(start_gather(pair, none, 0), AIO_OK, 0);
  expect_gathered(start_gather(pair, none, 2), AIO_OK, 0);
}

/* The peer reads slowly, so that the kernel cuts anywhere. */
static void test_write_buffers__is_cut_by_the_kernel_anywhere(void **fixture) {
  struct pair *pair = *fixture;
  size_t sizes[kMany];
  size_t total = 0;
  uint32_t seed = 3;
  for (size_t i = 0; i < kMany; i++) total += sizes[i] = random_below(3000, &seed);
  struct completion *gathered = start_gather(pair, sizes, kMany);
  peer_receives(pair, total);
  expect_gathered(gathered, AIO_OK, total);
}

static void test_write_buffers__count_at_a_timeout_is_exact(void **fixture) {
  struct pair *pair = *fixture;
  size_t sizes[100];
  for (size_t i = 0; i < 100; i++) sizes[i] = 65537;
  struct completion *gathered = start_gather_with(pair, sizes, 100, .timeout = 0.05);
  drive_until(pair, gathered->done);
  assert_in_range(gathered->count, 1, 100 * 65537 - 1);
  expect_gathered(gathered, AIO_TIMEOUT, gathered->count);
  peer_receives(pair, gathered->count);
  struct completion *next = start_write_with(pair, 10, .timeout = 10);
  peer_receives(pair, 10);
  expect_write(next, AIO_OK, 10);
}

static void test_write_buffers__counts_as_queued(void **fixture) {
  static const size_t sizes[] = {1 << 20, 1 << 20};
  struct pair *pair = *fixture;
  struct completion *gathered = start_gather(pair, sizes, 2);
  assert_int_equal(aio_state_queued_bytes(pair->state), 2 << 20);
  assert_int_equal(aio_state_queued_writes(pair->state), 1);
  expect_outcome(start_abort(pair, AIO_OUTPUT), AIO_OK);
  expect_gathered(gathered, AIO_ERR_CANCELED, gathered->count);
  assert_int_equal(aio_state_queued_bytes(pair->state), 0);
}

static void test_write_buffers__nobody_needs_to_be_told(void **fixture) {
  struct pair *pair = *fixture;
  const aio_buffer_view views[] = {{"ab", 2}, {NULL, 0}, {"c", 1}};
  pair->plain_bytes = 1;
  expect_status(aio_state_write_buffers(pair->state, views, 3, NULL, NULL), AIO_OK);
  drive_until(pair, aio_state_queued_bytes(pair->state) == 0);
}

static void test_write_buffers__refuses_what_is_missing(void **fixture) {
  struct pair *pair = *fixture;
  const aio_buffer_view missing[] = {{"ab", 2}, {NULL, 1}};
  const aio_buffer_view too_many[] = {{"ab", SIZE_MAX}, {"ab", 2}};
  const aio_buffer_view good = {"ab", 2};
  const aio_io_options beyond = {.end = 3};
  const aio_io_options later = {.reserved = {1}};
  expect_status(aio_state_write_buffers(NULL, &good, 1, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_write_buffers(pair->state, NULL, 1, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_write_buffers(pair->state, missing, 2, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_write_buffers(pair->state, too_many, 2, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_write_buffers(pair->state, &good, 1, NULL, &beyond), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_write_buffers(pair->state, &good, 1, NULL, &later), AIO_ERR_UNSUPPORTED);
  fail_allocation(1);
  expect_refusal(submit_gather(pair, (const size_t[]){2}, 1, NULL), AIO_ERR_NO_MEMORY);
  fail_allocation(2);
  expect_refusal(submit_gather(pair, (const size_t[]){2}, 1, NULL), AIO_ERR_NO_MEMORY);
  expect_nothing_more(pair);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_pair(test_write_buffers__gathers_in_order),
      with_pair(test_write_buffers__takes_one_system_call),
      with_pair(test_write_buffers__ranges_index_the_whole),
      with_pair(test_write_buffers__more_views_than_a_system_call_takes),
      with_pair(test_write_buffers__keeps_its_place_among_writes),
      with_pair(test_write_buffers__of_nothing_completes),
      with_narrow_pair(test_write_buffers__is_cut_by_the_kernel_anywhere),
      with_narrow_pair(test_write_buffers__count_at_a_timeout_is_exact),
      with_narrow_pair(test_write_buffers__counts_as_queued),
      with_pair(test_write_buffers__nobody_needs_to_be_told),
      with_pair(test_write_buffers__refuses_what_is_missing),
  };
  return cmocka_run_group_tests_name("write_buffers", tests, NULL, NULL);
}
