/* aio_state_read_until. */
#include "support_framing.h"

static void test_read_until__delivers_up_to_and_with_the_delimiter(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *line = start_line(pair, "\r\n");
  peer_sends_text(pair, "GET / HTTP/1.1\r\nHost");
  expect_text(line, "GET / HTTP/1.1\r\n");
  assert_int_equal(aio_state_buffered_length(pair->state), 4);
}

static void test_read_until__finds_it_in_leftovers(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends_text(pair, "one\ntwo\n\nthree\n");
  expect_text(start_line(pair, "\n"), "one\n");
  expect_text(start_line(pair, "\n"), "two\n");
  expect_text(start_line(pair, "\n"), "\n");
  expect_text(start_line(pair, "\n"), "three\n");
  expect_running(start_line(pair, "\n"));
}

/* The delimiter begins again within itself. */
static void test_read_until__finds_it_wherever_the_pieces_are_cut(void **fixture) {
  static const char text[] = "ababaab.aababab.ab";
  static const char delimiter[] = "abab.";
  struct pair *pair = *fixture;
  const size_t length = sizeof text - 1;
  const size_t end = 16;
  for (size_t cut = 0; cut <= length; cut++) {
    struct completion *line = start_line(pair, delimiter);
    peer_sends_bytes(pair, text, cut);
    if (cut < end) expect_running(line);
    peer_sends_bytes(pair, text + cut, length - cut);
    expect_bytes(line, text, end);
    struct completion *rest = start_read(pair, length - end);
    expect_read(rest, AIO_OK, length - end);
    assert_memory_equal(rest->memory, text + end, length - end);
  }
}

static void test_read_until__finds_it_byte_by_byte(void **fixture) {
  static const char text[] = "a long delimiter, longer than sixteen bytes";
  struct pair *pair = *fixture;
  struct completion *line = start_line(pair, "longer than sixteen bytes");
  for (size_t i = 0; i < sizeof text - 1; i++) {
    expect_running(line);
    peer_sends_bytes(pair, text + i, 1);
  }
  expect_text(line, text);
}

static void test_read_until__delimiter_may_hold_any_byte(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *line = started(HERE, submit_line(pair, "\0\xff\0", 3, NULL));
  peer_sends_bytes(pair, "\0\0\xff\xff\0\xff\0\0", 8);
  expect_bytes(line, "\0\0\xff\xff\0\xff\0", 7);
}

static void test_read_until__carries_long_lines(void **fixture) {
  enum { kLength = 3 << 20 };
  struct pair *pair = *fixture;
  char *bytes = fixture_memory(kLength);
  for (size_t i = 0; i < kLength; i++) bytes[i] = (char)('a' + i % 23);
  bytes[kLength - 1] = '\n';
  struct completion *line = start_line(pair, "\n");
  peer_sends_bytes(pair, bytes, kLength);
  expect_bytes(line, bytes, kLength);
}

/* ---- limits ---- */

static void test_read_until__may_be_as_long_as_the_limit(void **fixture) {
  struct pair *pair = *fixture;
  aio_state_set_buffer_limit(pair->state, 8);
  peer_sends_text(pair, "1234567\n1234567\n");
  expect_text(start_line(pair, "\n"), "1234567\n");
  expect_text(start_line(pair, "\n"), "1234567\n");
}

static void test_read_until__beyond_the_limit_all_bytes_stay(void **fixture) {
  struct pair *pair = *fixture;
  aio_state_set_buffer_limit(pair->state, 8);
  peer_sends_text(pair, "12345678\n");
  expect_outcome(start_line(pair, "\n"), AIO_ERR_LIMIT);
  expect_outcome(start_line(pair, "\n"), AIO_ERR_LIMIT);
  aio_state_set_buffer_limit(pair->state, 9);
  expect_text(start_line(pair, "\n"), "12345678\n");
}

/* ---- other ends ---- */

static void expect_rest(struct pair *pair, const char *rest) {
  struct completion *read = start_read(pair, strlen(rest));
  expect_read(read, AIO_OK, strlen(rest));
  assert_memory_equal(read->memory, rest, strlen(rest));
}

static void test_read_until__at_eof_all_bytes_stay(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *line = start_line(pair, "\n");
  peer_sends_text(pair, "half a line");
  peer_ends(pair);
  expect_outcome(line, AIO_EOF);
  expect_outcome(start_line(pair, "\n"), AIO_EOF);
  expect_rest(pair, "half a line");
  expect_read(start_read(pair, 1), AIO_EOF, 0);
}

static void test_read_until__leftover_lines_come_before_a_known_eof(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends_text(pair, "one\ntwo\nhalf");
  peer_ends(pair);
  expect_text(start_line(pair, "\n"), "one\n");
  expect_text(start_line(pair, "\n"), "two\n");
  expect_outcome(start_line(pair, "\n"), AIO_EOF);
  assert_int_equal(aio_state_buffered_length(pair->state), 4);
}

static void test_read_until__after_a_timeout_all_bytes_stay(void **fixture) {
  struct pair *pair = *fixture;
  double start = now();
  struct completion *line = start_line_with(pair, "\n", .timeout = 0.05);
  peer_sends_text(pair, "half ");
  expect_outcome(line, AIO_TIMEOUT);
  expect_not_before(line, start, 0.05);
  line = start_line_with(pair, "\n", .timeout = 10);
  peer_sends_text(pair, "a line\n");
  expect_text(line, "half a line\n");
}

static void test_read_until__stalls_only_without_bytes(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *line = start_line_with(pair, "\n", .stall_timeout = 0.2);
  double start = now();
  for (int i = 0; i < 5; i++) {
    peer_sends_text(pair, "x");
    drive_for(pair, 0.05);
    assert_int_equal(line->calls, 0);
  }
  expect_outcome(line, AIO_TIMEOUT);
  expect_not_before(line, start, 0.4);
}

static void test_read_until__after_an_abort_all_bytes_stay(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *line = start_line(pair, "\n");
  peer_sends_text(pair, "half");
  expect_running(line);
  expect_outcome(start_abort(pair, AIO_INPUT), AIO_OK);
  expect_outcome(line, AIO_ERR_CANCELED);
  expect_rest(pair, "half");
}

static void test_read_until__after_close_all_bytes_stay(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *line = start_line_with(pair, "\n", .error_callback = recorded_read_error);
  peer_sends_text(pair, "half");
  expect_running(line);
  expect_outcome(start_close(pair), AIO_OK);
  expect_outcome(line, AIO_ERR_CANCELED);
  assert_int_equal(line->error_calls, 1);
  expect_leftovers(pair, 4);
}

static void test_read_until__a_found_line_keeps_its_outcome(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *line = start_line(pair, "\n");
  peer_sends_text(pair, "line\nrest");
  queue_callbacks(pair);
  assert_int_equal(aio_state_discard(pair->state, 3), 9); /* it is promised already */
  struct completion *close = start_close(pair);
  expect_text(line, "line\n");
  expect_outcome(close, AIO_OK);
  expect_leftovers(pair, 4);
}

static void test_read_until__bytes_may_be_dropped_while_it_waits(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *line = start_line(pair, "-end");
  peer_sends_text(pair, "rubbish and -e");
  expect_running(line);
  assert_int_equal(aio_state_discard(pair->state, 12), 2);
  peer_sends_text(pair, "nd");
  expect_text(line, "-end");
}

/* ---- in its callback ---- */

static void then_next_line(struct completion *line) {
  struct completion **next = line->context;
  *next = try_line(line->pair, "\n");
  assert_memory_equal(line->buffer, line->memory, line->count); /* valid until the callback returns */
}

static void test_read_until__next_may_start_in_the_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *second = NULL;
  struct completion *first = start_line(pair, "\n");
  first->then = then_next_line;
  first->context = &second;
  peer_sends_text(pair, "one\ntwo\n");
  expect_text(first, "one\n");
  expect_text(second, "two\n");
}

static void then_read_rest(struct completion *line) {
  struct completion **next = line->context;
  *next = try_read(line->pair, 4);
  assert_memory_equal(line->buffer, line->memory, line->count);
}

static void test_read_until__exact_read_may_start_in_the_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = NULL;
  struct completion *line = start_line(pair, "\n");
  line->then = then_read_rest;
  line->context = &read;
  peer_sends_text(pair, "one\nbody");
  expect_text(line, "one\n");
  expect_read(read, AIO_OK, 4);
  assert_memory_equal(read->memory, "body", 4);
}

static void test_read_until__state_may_be_destroyed_in_the_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *line = start_line(pair, "\n");
  line->then = then_destroy;
  peer_sends_text(pair, "one\ntwo\n");
  expect_text(line, "one\n");
}

/* Every byte goes to exactly one of many reads of all kinds, whatever their order. */
static void test_read_until__mixes_with_all_other_reads(void **fixture) {
  enum { kLength = 20000, kEvery = 16 };
  struct pair *pair = *fixture;
  char *bytes = fixture_memory(kLength);
  uint32_t seed = 7;
  for (size_t i = 0; i < kLength; i++) bytes[i] = i % kEvery == kEvery - 1 ? '\n' : (char)('a' + i % kEvery);
  size_t sent = 0;
  size_t at = 0;
  while (at < kLength - 200) {
    size_t piece = random_below(300, &seed);
    if (piece > kLength - sent) piece = kLength - sent;
    if (sent < at + 200 || random_below(2, &seed)) peer_sends_bytes(pair, bytes + sent, piece), sent += piece;
    if (sent < at + 100) continue;
    struct completion *read = NULL;
    switch (random_below(4, &seed)) {
      case 0:
        read = start_line(pair, "\n");
        expect_bytes(read, bytes + at, kEvery - at % kEvery);
        break;
      case 1:
        read = start_read(pair, 1 + random_below(50, &seed));
        expect_read(read, AIO_OK, read->length);
        assert_memory_equal(read->memory, bytes + at, read->count);
        break;
      case 2:
        read = start_read_with(pair, 90, .minimum = 1 + random_below(20, &seed));
        drive_until(pair, read->done);
        assert_memory_equal(read->memory, bytes + at, read->count);
        break;
      default: {
        const aio_frame_format ten_more = {.length_size = 1, .adjustment = 10 - bytes[at]};
        read = start_frame(pair, &ten_more);
        expect_bytes(read, bytes + at, 11);
        break;
      }
    }
    at += read->count;
  }
}

/* ---- refusals ---- */

static void test_read_until__wants_a_delimiter(void **fixture) {
  struct pair *pair = *fixture;
  expect_refusal(submit_line(pair, "", 0, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_read_until(pair->state, NULL, 1, recorded_read, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_read_until(pair->state, "x", 1, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_read_until(NULL, "x", 1, recorded_read, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(try_line_with(pair, "x", .timeout = -1), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(try_line_with(pair, "x", .reserved = {1}), AIO_ERR_UNSUPPORTED);
}

static void test_read_until__is_busy_beside_another_read(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *line = start_line(pair, "\n");
  expect_refusal(try_line(pair, "other"), AIO_ERR_BUSY);
  expect_refusal(try_read(pair, 1), AIO_ERR_BUSY);
  peer_sends_text(pair, "other\n");
  expect_text(line, "other\n");
}

static void test_read_until__without_memory_is_refused(void **fixture) {
  struct pair *pair = *fixture;
  fail_allocation(1);
  expect_refusal(try_line(pair, "\n"), AIO_ERR_NO_MEMORY);
  struct completion *line = start_line(pair, "\n");
  peer_sends_text(pair, "one\n");
  expect_text(line, "one\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_pair(test_read_until__delivers_up_to_and_with_the_delimiter),
      with_pair(test_read_until__finds_it_in_leftovers),
      with_pair(test_read_until__finds_it_wherever_the_pieces_are_cut),
      with_pair(test_read_until__finds_it_byte_by_byte),
      with_pair(test_read_until__delimiter_may_hold_any_byte),
      with_pair(test_read_until__carries_long_lines),
      with_pair(test_read_until__may_be_as_long_as_the_limit),
      with_pair(test_read_until__beyond_the_limit_all_bytes_stay),
      with_pair(test_read_until__at_eof_all_bytes_stay),
      with_pair(test_read_until__leftover_lines_come_before_a_known_eof),
      with_pair(test_read_until__after_a_timeout_all_bytes_stay),
      with_pair(test_read_until__stalls_only_without_bytes),
      with_pair(test_read_until__after_an_abort_all_bytes_stay),
      with_pair(test_read_until__after_close_all_bytes_stay),
      with_pair(test_read_until__a_found_line_keeps_its_outcome),
      with_pair(test_read_until__bytes_may_be_dropped_while_it_waits),
      with_pair(test_read_until__next_may_start_in_the_callback),
      with_pair(test_read_until__exact_read_may_start_in_the_callback),
      with_pair(test_read_until__state_may_be_destroyed_in_the_callback),
      with_pair(test_read_until__mixes_with_all_other_reads),
      with_pair(test_read_until__wants_a_delimiter),
      with_pair(test_read_until__is_busy_beside_another_read),
      with_pair(test_read_until__without_memory_is_refused),
  };
  return cmocka_run_group_tests_name("read_until", tests, NULL, NULL);
}
