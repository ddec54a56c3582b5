#include "support_framing.h"

#include "internal.h"

#include <sys/socket.h>

static void recorded_view(aio_state *state, void *bytes, size_t count, void *argument) {
  struct completion *completion = argument;
  if (count > 0) {
    completion->memory = guarded_memory(count);
    memcpy(completion->memory, bytes, count);
  }
  completion->length = count;
  if ((bytes == NULL) != (aio_state_read_status(state) != AIO_OK))
    note_violation("a view comes with AIO_OK, and nothing else does");
  recorded_read(state, bytes, count, completion);
}

static void recorded_view_error(aio_state *state, void *bytes, size_t count, void *completion) {
  ((struct completion *)completion)->error_calls++;
  recorded_view(state, bytes, count, completion);
}

static aio_io_options options_of(struct completion *completion, const aio_io_options *given) {
  aio_io_options options = {0};
  if (given != NULL) options = *given;
  if (options.error_callback != NULL) options.error_callback = recorded_view_error;
  options.user_info = completion;
  return options;
}

struct completion *submit_line(struct pair *pair, const void *delimiter, size_t length, const aio_io_options *given) {
  struct completion *completion = new_completion(pair);
  aio_io_options options = options_of(completion, given);
  char *copy = guarded_memory(length);
  memcpy(copy, delimiter, length);
  accept_completion(completion, aio_state_read_until(pair->state, copy, length, recorded_view, &options));
  memset(copy, 0xEE, length);
  return completion;
}

struct completion *submit_frame(struct pair *pair, const aio_frame_format *format, const aio_io_options *given) {
  struct completion *completion = new_completion(pair);
  aio_io_options options = options_of(completion, given);
  aio_frame_format copy = *format;
  accept_completion(completion, aio_state_read_frame(pair->state, &copy, recorded_view, &options));
  memset(&copy, 0xEE, sizeof copy);
  return completion;
}

void expect_bytes_at(struct place place, struct completion *completion, const void *bytes, size_t length) {
  drive_until(completion->pair, completion->done);
  expect_status_at(place, completion->status, AIO_OK);
  if (completion->calls != 1) fail_at(place, "%d callbacks instead of one", completion->calls);
  if (completion->count != length) fail_at(place, "%zu bytes instead of %zu", completion->count, length);
  if (length > 0 && memcmp(completion->memory, bytes, length) != 0) fail_at(place, "other bytes were delivered");
}

void peer_sends_bytes_at(struct place place, struct pair *pair, const void *bytes, size_t length) {
  pair->plain_bytes = 1;
  for (size_t sent = 0; sent < length;) {
    ssize_t count = send(pair->peer, (const char *)bytes + sent, length - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0)
      sent += (size_t)count;
    else
      drive_once(place, pair->collection, now() + 10, "the peer sends");
  }
}

struct completion *submit_gather(struct pair *pair, const size_t *sizes, size_t count, const aio_io_options *given) {
  struct completion *completion = new_completion(pair);
  aio_io_options options = {0};
  aio_buffer_view *views = fixture_memory((count + 1) * sizeof *views);
  size_t length = 0;
  for (size_t i = 0; i < count; i++) length += sizes[i];
  if (given != NULL) options = *given;
  options.user_info = completion;
  size_t end = options.end != 0 ? options.end : length;
  char *bytes = guarded_memory(length);
  fill_payload(bytes + options.start, pair->written, end - options.start);
  for (size_t i = 0, at = 0; i < count; at += sizes[i++]) views[i] = (aio_buffer_view){bytes + at, sizes[i]};
  completion->length = length;
  completion->position = pair->written;
  accept_completion(completion, aio_state_write_buffers(pair->state, views, count, recorded_write, &options));
  memset(views, 0xEE, count * sizeof *views);
  if (completion->submitted == AIO_OK) pair->written += end - options.start;
  return completion;
}

void expect_gathered_at(struct place place, struct completion *completion, aio_status status, size_t count) {
  struct pair *pair = completion->pair;
  drive_until(pair, completion->done);
  expect_status_at(place, completion->status, status);
  if (completion->calls != 1) fail_at(place, "%d callbacks instead of one", completion->calls);
  if (completion->count != count) fail_at(place, "count %zu instead of %zu", completion->count, count);
  if (completion->buffer != NULL) fail_at(place, "the callback got a buffer");
  if (status != AIO_OK) pair->written = completion->position + count;
}
