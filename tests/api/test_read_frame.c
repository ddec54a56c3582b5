/* aio_state_read_frame. */
#include "support_framing.h"

static const aio_frame_format kPlain = {.length_size = 4, .strip = 4};

/* A frame of `format` around `length` bytes of payload, which is what follows the length field. */
static size_t make_frame(unsigned char *frame, const aio_frame_format *format, size_t length) {
  size_t at = 0;
  uint64_t value = (uint64_t)((int64_t)length - format->adjustment);
  while (at < format->length_offset) frame[at++] = 0xF0;
  if (format->length_size == 0) {
    for (; value > 127; value >>= 7) frame[at++] = (unsigned char)(value | 128);
    frame[at++] = (unsigned char)value;
  } else {
    for (int i = 0; i < format->length_size; i++) {
      int byte = format->little_endian == AIO_YES ? i : format->length_size - 1 - i;
      frame[at++] = (unsigned char)(value >> (8 * byte));
    }
  }
  fill_payload(frame + at, 0, length);
  return at + length;
}

static const aio_frame_format formats[] = {
    {.length_size = 1},
    {.length_size = 2},
    {.length_size = 4},
    {.length_size = 8},
    {.length_size = 0},
    {.length_size = 2, .little_endian = AIO_YES},
    {.length_size = 4, .little_endian = AIO_YES, .strip = 4},
    {.length_size = 8, .little_endian = AIO_YES, .strip = 3},
    {.length_size = 2, .length_offset = 3, .strip = 5},
    {.length_size = 4, .length_offset = 1, .adjustment = -5}, /* counts itself and what is before it */
    {.length_size = 1, .adjustment = 2, .strip = 1},
    {.length_size = 0, .length_offset = 2, .adjustment = -1, .strip = 100000},
};
enum { kFormats = sizeof formats / sizeof *formats };

static void expect_frame(struct completion *read, const aio_frame_format *format, const unsigned char *frame,
                         size_t size) {
  size_t strip = format->strip < size ? format->strip : size;
  expect_bytes(read, frame + strip, size - strip);
}

static void test_read_frame__of_every_format_and_length(void **fixture) {
  static const size_t lengths[] = {0, 1, 2, 63, 64, 127, 128, 129, 250};
  struct pair *pair = *fixture;
  unsigned char frame[512];
  for (size_t i = 0; i < kFormats; i++) {
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
      const aio_frame_format *format = &formats[i];
      size_t size = make_frame(frame, format, lengths[k] + (size_t)(format->adjustment > 0 ? format->adjustment : 0));
      peer_sends_bytes(pair, frame, size);
      expect_frame(start_frame(pair, format), format, frame, size);
    }
  }
  assert_int_equal(aio_state_buffered_length(pair->state), 0);
}

static void test_read_frame__cut_anywhere(void **fixture) {
  struct pair *pair = *fixture;
  unsigned char frame[512];
  for (size_t i = 0; i < kFormats; i++) {
    const aio_frame_format *format = &formats[i];
    size_t size = make_frame(frame, format, 200);
    for (size_t cut = 1; cut < size; cut += cut < 12 ? 1 : 31) {
      struct completion *read = start_frame(pair, format);
      peer_sends_bytes(pair, frame, cut);
      expect_running(read);
      peer_sends_bytes(pair, frame + cut, size - cut);
      expect_frame(read, format, frame, size);
    }
  }
}

static void test_read_frame__many_at_once_in_order(void **fixture) {
  enum { kFrames = 500 };
  struct pair *pair = *fixture;
  unsigned char frame[600];
  for (size_t i = 0; i < kFrames; i++) peer_sends_bytes(pair, frame, make_frame(frame, &kPlain, i));
  for (size_t i = 0; i < kFrames; i++) {
    size_t size = make_frame(frame, &kPlain, i);
    expect_frame(start_frame(pair, &kPlain), &kPlain, frame, size);
  }
}

static void then_next_frame(struct completion *read) {
  if (read->status != AIO_OK) return;
  struct completion *next = submit_frame(read->pair, &kPlain, NULL);
  int *frames = next->context = read->context;
  next->then = then_next_frame;
  if (read->count != (size_t)*frames % 1000) fail_at(HERE, "frame %d has %zu bytes", *frames, read->count);
  ++*frames;
}

static void test_read_frame__each_in_the_callback_of_the_one_before(void **fixture) {
  enum { kFrames = 5000 };
  struct pair *pair = *fixture;
  unsigned char frame[1100];
  int frames = 0;
  struct completion *read = start_frame(pair, &kPlain);
  read->then = then_next_frame;
  read->context = &frames;
  for (int i = 0; i < kFrames; i++) peer_sends_bytes(pair, frame, make_frame(frame, &kPlain, (size_t)i % 1000));
  drive_until(pair, frames == kFrames);
}

static void test_read_frame__carries_a_large_one(void **fixture) {
  enum { kLength = 5 << 20 };
  struct pair *pair = *fixture;
  unsigned char *frame = fixture_memory(kLength + 4);
  size_t size = make_frame(frame, &kPlain, kLength);
  struct completion *read = start_frame(pair, &kPlain);
  peer_sends_bytes(pair, frame, size);
  expect_frame(read, &kPlain, frame, size);
}

/* ---- limits ---- */

static void expect_limit(struct pair *pair, const aio_frame_format *format, const void *bytes, size_t length) {
  peer_sends_bytes(pair, bytes, length);
  expect_outcome(start_frame(pair, format), AIO_ERR_LIMIT);
  expect_outcome(start_frame(pair, format), AIO_ERR_LIMIT);
  expect_leftovers(pair, length);
}

static void test_read_frame__maximum_is_that_of_the_whole_frame(void **fixture) {
  const aio_frame_format format = {.length_size = 2, .strip = 2, .maximum = 12};
  struct pair *pair = *fixture;
  unsigned char frame[32];
  peer_sends_bytes(pair, frame, make_frame(frame, &format, 10));
  expect_frame(start_frame(pair, &format), &format, frame, 12);
  expect_limit(pair, &format, "\0\x0b", 2); /* one more is refused as soon as its length is known */
}

static void test_read_frame__buffer_limit_is_one_too(void **fixture) {
  const aio_frame_format format = {.length_size = 2};
  struct pair *pair = *fixture;
  unsigned char frame[32];
  aio_state_set_buffer_limit(pair->state, 12);
  peer_sends_bytes(pair, frame, make_frame(frame, &format, 10));
  expect_frame(start_frame(pair, &format), &format, frame, 12);
  expect_limit(pair, &format, "\0\x0b", 2);
}

static void test_read_frame__impossible_lengths_are_refused(void **fixture) {
  struct pair *pair = *fixture;
  expect_limit(pair, &(aio_frame_format){.length_size = 8}, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
  expect_limit(pair, &(aio_frame_format){.length_size = 8, .adjustment = 1}, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
  expect_limit(pair, &(aio_frame_format){.length_size = 8, .adjustment = INT64_MAX}, "\x80\0\0\0\0\0\0\x01", 8);
  expect_limit(pair, &(aio_frame_format){.length_size = 1, .adjustment = -5}, "\x04", 1);
  expect_limit(pair, &(aio_frame_format){.length_size = 1, .adjustment = INT64_MIN}, "\xff", 1);
  expect_limit(pair, &(aio_frame_format){0}, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10);
  expect_limit(pair, &(aio_frame_format){0}, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", 10);
  expect_limit(pair, &(aio_frame_format){.length_offset = 10, .length_size = 4, .maximum = 13}, "x", 1);
}

static void test_read_frame__long_forms_of_leb128_are_lengths(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends_bytes(pair, "\x83\x80\x00zyx", 6);
  expect_bytes(start_frame(pair, &(aio_frame_format){.strip = 3}), "zyx", 3);
}

/* ---- other ends ---- */

static void test_read_frame__at_eof_all_bytes_stay(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends_bytes(pair, "\0\0\0\4abc", 7);
  peer_ends(pair);
  expect_outcome(start_frame(pair, &kPlain), AIO_EOF);
  expect_leftovers(pair, 7);
}

static void test_read_frame__after_a_timeout_it_can_be_completed(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends_bytes(pair, "\0\0\0\4abc", 7);
  double start = now();
  struct completion *read = start_frame_with(pair, &kPlain, .timeout = 0.05);
  expect_outcome(read, AIO_TIMEOUT);
  expect_not_before(read, start, 0.05);
  read = start_frame_with(pair, &kPlain, .timeout = 10);
  peer_sends_bytes(pair, "d", 1);
  expect_text(read, "abcd");
}

static void test_read_frame__after_an_abort_it_can_be_completed(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_frame(pair, &kPlain);
  peer_sends_bytes(pair, "\0\0", 2);
  expect_running(read);
  expect_outcome(start_abort(pair, AIO_BOTH), AIO_OK);
  expect_outcome(read, AIO_ERR_CANCELED);
  peer_sends_bytes(pair, "\0\1a", 3);
  expect_text(start_frame(pair, &kPlain), "a");
}

static void test_read_frame__state_may_be_destroyed_in_the_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_frame(pair, &kPlain);
  read->then = then_destroy;
  peer_sends_bytes(pair, "\0\0\0\1a\0\0\0\1b", 10);
  expect_text(read, "a");
}

static void test_read_frame__reads_ahead_in_one_call(void **fixture) {
  struct pair *pair = *fixture;
  aio_counters counters;
  unsigned char frame[64];
  for (size_t i = 0; i < 16; i++) peer_sends_bytes(pair, frame, make_frame(frame, &kPlain, 32));
  for (size_t i = 0; i < 16; i++) expect_frame(start_frame(pair, &kPlain), &kPlain, frame, 36);
  assert_int_equal(aio_state_counters(pair->state, &counters), AIO_OK);
  assert_int_equal(counters.calls_read, 1);
}

/* ---- refusals ---- */

static void test_read_frame__bad_formats_are_refused(void **fixture) {
  struct pair *pair = *fixture;
  static const int32_t sizes[] = {-1, 3, 5, 6, 7, 9, 16};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    expect_refusal(try_frame(pair, &(aio_frame_format){.length_size = sizes[i]}), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(try_frame(pair, &(aio_frame_format){.little_endian = 3}), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(try_frame(pair, &(aio_frame_format){.length_offset = SIZE_MAX}), AIO_ERR_INVALID_ARGUMENT);
  const aio_frame_format later = {.reserved = {0, 0, 0, 1}};
  expect_refusal(try_frame(pair, &later), AIO_ERR_UNSUPPORTED);
  expect_status(aio_state_read_frame(pair->state, NULL, recorded_read, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_read_frame(pair->state, &kPlain, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_read_frame(NULL, &kPlain, recorded_read, NULL), AIO_ERR_INVALID_ARGUMENT);
}

static void test_read_frame__is_busy_beside_another_read(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *line = start_line(pair, "\n");
  expect_refusal(try_frame(pair, &kPlain), AIO_ERR_BUSY);
  peer_sends_text(pair, "the line is what was asked for\n");
  expect_text(line, "the line is what was asked for\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_pair(test_read_frame__of_every_format_and_length),
      with_pair(test_read_frame__cut_anywhere),
      with_pair(test_read_frame__many_at_once_in_order),
      with_pair(test_read_frame__each_in_the_callback_of_the_one_before),
      with_pair(test_read_frame__carries_a_large_one),
      with_pair(test_read_frame__maximum_is_that_of_the_whole_frame),
      with_pair(test_read_frame__buffer_limit_is_one_too),
      with_pair(test_read_frame__impossible_lengths_are_refused),
      with_pair(test_read_frame__long_forms_of_leb128_are_lengths),
      with_pair(test_read_frame__at_eof_all_bytes_stay),
      with_pair(test_read_frame__after_a_timeout_it_can_be_completed),
      with_pair(test_read_frame__after_an_abort_it_can_be_completed),
      with_pair(test_read_frame__state_may_be_destroyed_in_the_callback),
      with_pair(test_read_frame__reads_ahead_in_one_call),
      with_pair(test_read_frame__bad_formats_are_refused),
      with_pair(test_read_frame__is_busy_beside_another_read),
  };
  return cmocka_run_group_tests_name("read_frame", tests, NULL, NULL);
}
