/* Operations: how they are submitted, recorded and expected. */
#include "internal.h"

enum { kUntouched = 0xEE };

/* ---- recording ---- */

static void record(struct completion *completion, aio_state *state, void *buffer, size_t count, aio_status status) {
  lock_records();
  completion->calls++;
  completion->order = next_order();
  completion->time = now();
  completion->state = state;
  completion->was_open = aio_state_is_open(state);
  completion->buffer = buffer;
  completion->count = count;
  completion->status = status;
  unlock_records();
}

static void run_then(struct completion *completion) {
  if (completion->then != NULL) completion->then(completion);
  lock_records();
  completion->done++;
  announce_record();
  unlock_records();
}

/* A standing read shows all unconsumed bytes, so they are the payload from where the last consumer ended. Of what was
 * seen before, a part is verified again: else keeping much would take quadratic time. */
static void check_delivery(struct completion *completion, const char *bytes, size_t count) {
  enum { AGAIN = 4096 };
  struct pair *pair = completion->pair;
  size_t old = completion->old_length = aio_state_old_length(completion->state);
  if (old > count) note_violation("old_length %zu of %zu bytes", old, count);
  if (pair->plain_bytes || old > count) return;
  if (!is_payload(bytes, pair->read, old < AGAIN ? old : AGAIN) ||
      !is_payload(bytes + old, pair->read + old, count - old))
    note_violation("a standing read delivered something else than the payload at %llu", (unsigned long long)pair->read);
}

void recorded_read(aio_state *state, void *buffer, size_t count, void *argument) {
  struct completion *completion = argument;
  enter_callback();
  record(completion, state, buffer, count, aio_state_read_status(state));
  if (completion->standing) check_delivery(completion, buffer, count);
  run_then(completion);
  leave_callback();
}

void recorded_write(aio_state *state, void *buffer, size_t count, void *argument) {
  struct completion *completion = argument;
  enter_callback();
  record(completion, state, buffer, count, aio_state_write_status(state));
  run_then(completion);
  leave_callback();
}

void recorded_read_error(aio_state *state, void *buffer, size_t count, void *completion) {
  ((struct completion *)completion)->error_calls++;
  recorded_read(state, buffer, count, completion);
}

void recorded_write_error(aio_state *state, void *buffer, size_t count, void *completion) {
  ((struct completion *)completion)->error_calls++;
  recorded_write(state, buffer, count, completion);
}

void recorded_status(aio_state *state, aio_status status, void *argument) {
  struct completion *completion = argument;
  enter_callback();
  record(completion, state, NULL, 0, status);
  run_then(completion);
  leave_callback();
}

/* ---- submitting ---- */

struct completion *new_completion(struct pair *pair) {
  struct completion *completion = fixture_memory(sizeof *completion);
  completion->pair = pair;
  completion->then = pair->then;
  completion->submitted = AIO_ERR_INTERNAL;
  keep_completion(completion);
  return completion;
}

/* Written before the call, as the callback may run before it returns where the collection has its own thread. */
void accept_completion(struct completion *completion, aio_status submitted) { completion->submitted = submitted; }

struct completion *started(struct place place, struct completion *completion) {
  expect_status_at(place, completion->submitted, AIO_OK);
  return completion;
}

static aio_io_options options_for(struct completion *completion, const aio_io_options *given) {
  aio_io_options options = {0};
  if (given != NULL) options = *given;
  options.user_info = completion;
  return options;
}

struct completion *submit_read(struct pair *pair, size_t length, const aio_io_options *given) {
  struct completion *completion = new_completion(pair);
  aio_io_options options = options_for(completion, given);
  completion->memory = guarded_memory(length);
  completion->length = length;
  completion->start = options.start;
  memset(completion->memory, kUntouched, length);
  accept_completion(completion,
                    aio_state_read_buffer(pair->state, completion->memory, length, recorded_read, &options));
  return completion;
}

struct completion *submit_standing_read(struct pair *pair, void (*then)(struct completion *),
                                        const aio_io_options *given) {
  struct completion *completion = new_completion(pair);
  aio_io_options options = options_for(completion, given);
  completion->standing = 1;
  if (then != NULL) completion->then = then;
  accept_completion(completion, aio_state_read_with_checking(pair->state, recorded_read, &options));
  return completion;
}

struct completion *submit_wait(struct pair *pair, const aio_io_options *given) {
  struct completion *completion = new_completion(pair);
  aio_io_options options = options_for(completion, given);
  accept_completion(completion, aio_state_wait_for_input(pair->state, recorded_read, &options));
  return completion;
}

struct completion *submit_write(struct pair *pair, size_t length, const aio_io_options *given) {
  struct completion *completion = new_completion(pair);
  aio_io_options options = options_for(completion, given);
  size_t end = options.end != 0 ? options.end : length;
  size_t range = options.start <= end && end <= length ? end - options.start : 0;
  completion->memory = guarded_memory(length);
  completion->length = length;
  completion->start = options.start;
  completion->position = pair->written;
  completion->range = range;
  memset(completion->memory, kUntouched, length);
  if (range > 0) fill_payload(completion->memory + options.start, pair->written, range);
  accept_completion(completion,
                    aio_state_write_buffer(pair->state, completion->memory, length, recorded_write, &options));
  if (completion->submitted == AIO_OK) pair->written += range;
  return completion;
}

struct completion *submit_shutdown(struct pair *pair) {
  struct completion *completion = new_completion(pair);
  accept_completion(completion, aio_state_shutdown(pair->state, recorded_status, completion));
  return completion;
}

struct completion *submit_abort(struct pair *pair, int32_t direction) {
  struct completion *completion = new_completion(pair);
  accept_completion(completion, aio_state_abort(pair->state, direction, recorded_status, completion));
  return completion;
}

struct completion *submit_close(struct pair *pair, const aio_close_options *given) {
  struct completion *completion = new_completion(pair);
  aio_close_options options = {0};
  if (given != NULL) options = *given;
  options.user_info = completion;
  accept_completion(completion, aio_state_close(pair->state, recorded_status, &options));
  return completion;
}

/* ---- expecting ---- */

void expect_status_at(struct place place, aio_status actual, aio_status expected) {
  if (actual != expected) fail_at(place, "%s instead of %s", aio_status_name(actual), aio_status_name(expected));
}

static void await_call(struct place place, struct completion *completion, int calls) {
  double deadline = begin_condition();
  while (completion->done < calls) drive_once(place, completion->pair->collection, deadline, "the callback");
  end_condition();
}

static void expect_completed(struct place place, struct completion *completion, aio_status status) {
  await_call(place, completion, 1);
  expect_status_at(place, completion->status, status);
  if (completion->calls != 1) fail_at(place, "%d callbacks instead of one", completion->calls);
}

static void expect_count(struct place place, const struct completion *completion, size_t count) {
  if (completion->count != count) fail_at(place, "count %zu instead of %zu", completion->count, count);
}

static void expect_own_buffer(struct place place, const struct completion *completion) {
  if (completion->buffer != completion->memory) fail_at(place, "the callback got another buffer");
}

static void expect_untouched(struct place place, const struct completion *completion, size_t from, size_t to) {
  for (size_t i = from; i < to; i++)
    if ((unsigned char)completion->memory[i] != kUntouched) fail_at(place, "byte %zu of the buffer was changed", i);
}

void expect_read_at(struct place place, struct completion *completion, aio_status status, size_t count) {
  struct pair *pair = completion->pair;
  size_t start = completion->start;
  expect_completed(place, completion, status);
  expect_count(place, completion, count);
  expect_own_buffer(place, completion);
  expect_untouched(place, completion, 0, start);
  expect_untouched(place, completion, start + count, completion->length);
  if (!pair->plain_bytes && !is_payload(completion->memory + start, pair->read, count))
    fail_at(place, "something else than the payload at %llu was read", (unsigned long long)pair->read);
  pair->read += count;
}

/* The stream goes on at the first byte not taken. Behind an operation of which all were taken, which TLS may have sealed
 * and not sent, the next one tells. */
static void go_on_from(struct completion *completion) {
  struct pair *pair = completion->pair;
  if (completion->status != AIO_OK && completion->count < completion->range &&
      pair->written > completion->position + completion->count)
    pair->written = completion->position + completion->count;
}

void expect_write_at(struct place place, struct completion *completion, aio_status status, size_t count) {
  expect_completed(place, completion, status);
  expect_count(place, completion, count);
  expect_own_buffer(place, completion);
  go_on_from(completion);
}

size_t expect_partial_write_at(struct place place, struct completion *completion, aio_status status) {
  expect_completed(place, completion, status);
  expect_own_buffer(place, completion);
  if (completion->count == 0 || completion->count >= completion->length)
    fail_at(place, "%zu of %zu bytes were taken, not a part", completion->count, completion->length);
  go_on_from(completion);
  return completion->count;
}

void expect_outcome_at(struct place place, struct completion *completion, aio_status status) {
  expect_completed(place, completion, status);
  expect_count(place, completion, 0);
  if (completion->buffer != NULL) fail_at(place, "the callback got a buffer");
}

void expect_delivery_at(struct place place, struct completion *completion, int calls, aio_status status, size_t count,
                        size_t old_length) {
  await_call(place, completion, calls);
  if (completion->calls != calls) fail_at(place, "%d deliveries instead of %d", completion->calls, calls);
  expect_status_at(place, completion->status, status);
  expect_count(place, completion, count);
  if (completion->old_length != old_length)
    fail_at(place, "old_length %zu instead of %zu", completion->old_length, old_length);
}

void expect_refusal_at(struct place place, struct completion *completion, aio_status status) {
  expect_status_at(place, completion->submitted, status);
}

void expect_running_at(struct place place, struct completion *completion) {
  settle(completion->pair);
  lock_records();
  if (completion->calls != 0)
    fail_at(place, "it has completed with %s and %zu", aio_status_name(completion->status), completion->count);
  unlock_records();
}

void expect_nothing_more_at(struct place place, struct pair *pair) {
  int before = callbacks_so_far();
  settle(pair);
  if (callbacks_so_far() != before) fail_at(place, "%d more callbacks came", callbacks_so_far() - before);
}

void expect_order_at(struct place place, const struct completion *first, const struct completion *second) {
  if (first->calls == 0 || second->calls == 0) fail_at(place, "one of the two has not been called");
  if (first->order > second->order)
    fail_at(place, "callbacks %d and %d came in the wrong order", first->order, second->order);
}

void expect_not_before_at(struct place place, const struct completion *completion, double start, double seconds) {
  if (completion->time - start < seconds)
    fail_at(place, "the callback came after %g s instead of %g", completion->time - start, seconds);
}

void expect_leftovers_at(struct place place, struct pair *pair, size_t count) {
  size_t length = aio_state_buffered_length(pair->state);
  char *bytes = guarded_memory(count + 1);
  if (length != count) fail_at(place, "%zu bytes are buffered instead of %zu", length, count);
  size_t taken = aio_state_take_buffered(pair->state, bytes, count + 1);
  if (taken != count) fail_at(place, "%zu bytes were taken instead of %zu", taken, count);
  if (!pair->plain_bytes && !is_payload(bytes, pair->read, count))
    fail_at(place, "something else than the payload at %llu was left", (unsigned long long)pair->read);
  pair->read += count;
  check_guards(bytes, count + 1);
}

/* ---- the standing read's verbs ---- */

static size_t consumed(struct pair *pair, size_t before, size_t left) {
  lock_records();
  pair->read += before - left;
  announce_record();
  unlock_records();
  return left;
}

size_t discard(struct pair *pair, size_t count) {
  size_t before = aio_state_buffered_length(pair->state);
  return consumed(pair, before, aio_state_discard(pair->state, count));
}

size_t finish_read(struct pair *pair, size_t count) {
  size_t before = aio_state_buffered_length(pair->state);
  return consumed(pair, before, aio_state_finish_read(pair->state, count));
}

void then_discard_all(struct completion *completion) { discard(completion->pair, completion->count); }

void then_finish_all(struct completion *completion) { finish_read(completion->pair, completion->count); }

void then_destroy(struct completion *completion) { destroy_state(completion->pair); }

static void then_leave(struct completion *completion) {
  size_t left = *(size_t *)completion->context;
  if (completion->count > left) discard(completion->pair, completion->count - left);
}

/* Kept to `left` bytes at each delivery, so that it does not matter how many there are. */
void leave_buffered_at(struct place place, struct pair *pair, size_t sent, size_t left) {
  uint64_t end = pair->read + sent - left;
  struct completion *standing = started(place, try_standing_read(pair, then_leave));
  standing->context = fixture_memory(sizeof left);
  memcpy(standing->context, &left, sizeof left);
  peer_sends_at(place, pair, sent);
  drive_until(pair, pair->read == end && aio_state_buffered_length(pair->state) == left);
  finish_read(pair, 0);
}
