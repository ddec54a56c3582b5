#include <netdb.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"
#include "support_resolver.h"
#include "support_sweep.h"

static const double kPatience = 10;
enum { kPatientTurns = 30, kEcho = 4096, kPieces = 70 };

/* ---- memory ---- */

static atomic_long live, until_failure;
static atomic_int failed, failing_lasts;

static int fails_now(void) {
  if (is_apart()) return 0;
  if (atomic_load(&failed) && atomic_load(&failing_lasts)) return 1;
  if (atomic_load(&until_failure) <= 0 || atomic_fetch_sub(&until_failure, 1) != 1) return 0;
  atomic_store(&failed, 1);
  return 1;
}

static void *sweep_allocate(size_t size) {
  void *block = fails_now() ? NULL : malloc(size);
  if (block != NULL) atomic_fetch_add(&live, 1);
  return block;
}

static void *sweep_reallocate(void *block, size_t size) {
  void *moved = fails_now() ? NULL : realloc(block, size);
  if (moved != NULL && block == NULL) atomic_fetch_add(&live, 1);
  return moved;
}

static void sweep_release(void *block) {
  if (block != NULL) atomic_fetch_sub(&live, 1);
  free(block);
}

void fail_memory(long number, int lasts) {
  atomic_store(&failed, 0);
  atomic_store(&failing_lasts, lasts);
  atomic_store(&until_failure, number);
}

int memory_has_failed(void) { return atomic_load(&failed); }

static void looked_up(aio_state *state, aio_status status, void *done) {
  (void)state, (void)status;
  *(int *)done = 1;
}

/* libuv keeps descriptors from its first loop on, and threads from its first look-up on: made before any are counted. */
void use_sweep_memory(void) {
  aio_collection *first = NULL;
  aio_state *state = NULL;
  int done = 0;
  aio_connect_options options = {.user_info = &done};
  expect_status(aio_set_allocator(sweep_allocate, sweep_reallocate, sweep_release), AIO_OK);
  expect_status(aio_collection_create(NULL, &first), AIO_OK);
  resolver_fails("warm.test", EAI_NONAME);
  expect_status(aio_state_connect_tcp(first, "warm.test", "1", looked_up, &options, &state), AIO_OK);
  while (!done) {
    aio_collection_wait(first, 1);
    aio_collection_call(first);
  }
  aio_state_destroy(state);
  expect_status(aio_collection_destroy(first), AIO_OK);
  resolver_reset();
}

/* ---- a run ---- */

struct item {
  struct item *next;
  void *object;
  int is_threaded, is_gone; /* of collections */
};

static struct {
  const char *name;
  const struct fault *fault;
  long number;
  struct item *collections, *contexts, *gates, *ends, *steps, *memory;
  int descriptors, threads;
  long allocations;
  char complaint[256];
} run;

static atomic_int apart;
static _Thread_local int must_not_dispatch;

void begin_apart(void) { atomic_fetch_add(&apart, 1); }

void end_apart(void) { atomic_fetch_sub(&apart, 1); }

int is_apart(void) { return atomic_load(&apart) > 0; }

static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void complain(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  lock_records();
  if (run.complaint[0] == '\0') vsnprintf(run.complaint, sizeof run.complaint, format, arguments);
  unlock_records();
  va_end(arguments);
}

static void check_complaint(struct place place) {
  if (run.complaint[0] != '\0')
    fail_at(place, "%s, %s at point %ld: %s", run.name, run.fault->name, run.number, run.complaint);
}

static struct item *keep(struct item **list, void *object) {
  struct item *item = calloc(1, sizeof *item);
  item->object = object;
  lock_records();
  item->next = *list;
  *list = item;
  unlock_records();
  return item;
}

static void *run_memory(size_t size) {
  void *block = calloc(1, size > 0 ? size : 1);
  keep(&run.memory, block);
  return block;
}

static void forget(struct item **list) {
  while (*list != NULL) {
    struct item *item = *list;
    *list = item->next;
    free(item);
  }
}

static aio_status destroy_collection_now(aio_collection *collection) {
  must_not_dispatch = 0;
  aio_status status = aio_collection_destroy(collection);
  must_not_dispatch = 1;
  return status;
}

static void begin_run(const char *name, const struct fault *fault, long number) {
  memset(&run, 0, sizeof run);
  run.name = name;
  run.fault = fault;
  run.number = number;
  run.descriptors = open_descriptors();
  run.threads = running_threads();
  run.allocations = atomic_load(&live);
  must_not_dispatch = 1;
}

static void give_all_back(void) {
  for (struct item *item = run.gates; item != NULL; item = item->next)
    aio_acceptor_destroy(((struct gate *)item->object)->handle);
  for (struct item *item = run.collections; item != NULL; item = item->next)
    if (!item->is_gone && destroy_collection_now(item->object) != AIO_OK) complain("a collection was not destroyed");
  for (struct item *item = run.steps; item != NULL; item = item->next) sweep_stop_timer(item->object);
  for (struct item *item = run.ends; item != NULL; item = item->next) sweep_destroy(item->object);
  for (struct item *item = run.contexts; item != NULL; item = item->next) aio_tls_context_destroy(item->object);
}

static void check_step(const struct step *step, int hit) {
  const int wanted = !step->accepted ? 0 : step->calls_wanted;
  if (step->timer == NULL && step->calls_wanted >= 0 && step->calls != wanted)
    complain("%s step was called %d times", step->accepted ? "an accepted" : "a refused", step->calls);
  if (step->calls > 0 && !hit && step->status != step->expected)
    complain("%s instead of %s without a failure", aio_status_name(step->status), aio_status_name(step->expected));
  if (step->calls > 0 && hit && step->status != step->expected && !run.fault->allows(run.fault, step->status))
    complain("a step ended with %s", aio_status_name(step->status));
}

static void check_end(const struct end *end) {
  if (end->peer == NULL) return;
  if (end->got > end->peer->taken)
    complain("%llu bytes were read of %llu written", (unsigned long long)end->got,
             (unsigned long long)end->peer->taken);
  if (end->eof && end->got != end->peer->taken)
    complain("%llu bytes came before the end, %llu were written", (unsigned long long)end->got,
             (unsigned long long)end->peer->taken);
}

static void check_nothing_is_left(void) {
  if (atomic_load(&live) != run.allocations) complain("%ld allocations are left", atomic_load(&live) - run.allocations);
  if (open_descriptors() != run.descriptors)
    complain("%d descriptors instead of %d", open_descriptors(), run.descriptors);
  const double deadline = now() + kPatience;
  while (running_threads() > run.threads && now() < deadline) sched_yield();
  if (running_threads() != run.threads) complain("%d threads instead of %d", running_threads(), run.threads);
}

/* Whether the failure came. */
static int end_run(void) {
  give_all_back();
  const int hit = run.fault->hit();
  run.fault->arm(run.fault, 0);
  for (struct item *item = run.steps; item != NULL; item = item->next) check_step(item->object, hit);
  for (struct item *item = run.ends; item != NULL; item = item->next) check_end(item->object);
  check_nothing_is_left();
  check_complaint(HERE);
  for (struct item *item = run.memory; item != NULL; item = item->next) free(item->object);
  forget(&run.collections);
  forget(&run.contexts);
  forget(&run.gates);
  forget(&run.ends);
  forget(&run.steps);
  forget(&run.memory);
  return hit;
}

long sweep(const char *name, void (*scenario)(void), const struct fault *fault) {
  for (long number = 0;; number++) {
    begin_run(name, fault, number);
    fault->arm(fault, number);
    scenario();
    if (!end_run() && number > 0) return number - 1;
  }
}

int accepted(aio_status status) {
  if (status == AIO_OK) return 1;
  if (!run.fault->hit() || !run.fault->allows(run.fault, status)) complain("refused with %s", aio_status_name(status));
  return 0;
}

/* ---- driving ---- */

static void turn(double seconds) {
  int driven = 0;
  for (struct item *item = run.collections; item != NULL; item = item->next) {
    if (item->is_threaded || item->is_gone) continue;
    const aio_status status = aio_collection_wait(item->object, seconds);
    if (status != AIO_OK && status != AIO_TIMEOUT) accepted(status);
    must_not_dispatch = 0;
    aio_collection_call(item->object);
    must_not_dispatch = 1;
    driven++;
  }
  if (driven == 0) sched_yield();
}

void turns(int count) {
  for (int i = 0; i < count; i++) turn(0);
}

static int is_hopeless(void) { return run.fault->lasts && run.fault->hit(); }

static int has_ended(const struct step *step) {
  lock_records();
  int result = !step->accepted || step->calls >= step->calls_wanted;
  unlock_records();
  return result;
}

static void destroy_broken_ends(void) {
  for (struct item *item = run.ends; item != NULL; item = item->next) {
    struct end *end = item->object;
    lock_records();
    const int is_broken = end->is_broken;
    unlock_records();
    if (is_broken) sweep_destroy(end);
  }
}

void until_ended(struct step *step) {
  const double deadline = now() + kPatience;
  int left = kPatientTurns;
  while (!has_ended(step)) {
    if (is_hopeless() && left-- == 0) return;
    if (now() > deadline) complain("a step hangs");
    check_complaint(HERE);
    destroy_broken_ends();
    turn(is_hopeless() ? 0 : 0.001);
  }
}

void until_all_ended(void) {
  for (struct item *item = run.steps; item != NULL; item = item->next) until_ended(item->object);
}

/* ---- steps ---- */

static void begin_callback(void) {
  if (must_not_dispatch) complain("a callback ran inside of a call");
  lock_records();
}

static void break_end(const struct step *step) {
  if (step->end != NULL && !step->may_fail) step->end->is_broken = 1;
}

static void called(struct step *step, aio_status status) {
  step->calls++;
  step->status = status;
  if (status != AIO_OK && status != step->expected) break_end(step);
  unlock_records();
  if (step->then != NULL) step->then(step);
}

static struct step *new_step(struct end *end) {
  struct step *step = run_memory(sizeof *step);
  step->end = end;
  step->calls_wanted = 1;
  keep(&run.steps, step);
  return step;
}

/* Before the call, as the callback may come before it returns. */
static struct step *submitted(struct step *step, aio_status status) {
  const int was_accepted = accepted(status);
  lock_records();
  step->accepted = was_accepted;
  if (!was_accepted) break_end(step);
  unlock_records();
  return step;
}

static int exists(const struct end *end) { return end != NULL && end->state != NULL; }

struct step *expecting(struct step *step, aio_status status) {
  lock_records();
  step->expected = status;
  unlock_records();
  return step;
}

static void on_status(aio_state *state, aio_status status, void *step) {
  (void)state;
  begin_callback();
  called(step, status);
}

static void on_read(aio_state *state, void *buffer, size_t count, void *argument) {
  struct step *step = argument;
  begin_callback();
  if (!is_payload(buffer, step->end->got, count)) complain("something else than the payload was read");
  step->end->got += count;
  const aio_status status = aio_state_read_status(state);
  if (status == AIO_EOF && aio_state_buffered_length(state) == 0) step->end->eof = 1; /* frames leave what is cut off */
  called(step, status);
}

static void on_delivery(aio_state *state, void *buffer, size_t count, void *argument) {
  struct step *step = argument;
  struct end *end = step->end;
  begin_callback();
  if (!is_payload(buffer, end->got, count)) complain("something else than the payload was delivered");
  const aio_status status = aio_state_read_status(state);
  if (status != AIO_OK) {
    end->eof = status == AIO_EOF && count == 0;
    called(step, status);
    return;
  }
  const int is_last = end->got + count >= step->total;
  if (is_last || count >= step->keep) end->got += count;
  unlock_records();
  if (is_last) {
    aio_state_finish_read(state, count);
    lock_records();
    called(step, AIO_OK);
  } else if (count >= step->keep) {
    aio_state_discard(state, count);
  }
}

static void on_write(aio_state *state, void *buffer, size_t count, void *argument) {
  struct step *step = argument;
  (void)buffer;
  begin_callback();
  step->end->taken += count;
  step->end->writing--;
  called(step, aio_state_write_status(state));
}

static void on_wait(aio_state *state, void *buffer, size_t count, void *step) {
  (void)buffer, (void)count;
  begin_callback();
  called(step, aio_state_read_status(state));
}

static void on_apply(void *step) {
  begin_callback();
  called(step, AIO_OK);
}

static void on_timer(aio_timer *timer, void *step) {
  (void)timer;
  on_apply(step);
}

static void on_gate_close(aio_acceptor *acceptor, aio_status status, void *step) {
  (void)acceptor;
  on_status(NULL, status, step);
}

struct step *sweep_read(struct end *end, size_t length, size_t minimum) {
  struct step *step = new_step(end);
  aio_io_options options = {.minimum = minimum, .user_info = step};
  if (!exists(end)) return step;
  step->memory = run_memory(length);
  return submitted(step, aio_state_read_buffer(end->state, step->memory, length, on_read, &options));
}

struct step *sweep_standing_read(struct end *end, size_t keep_bytes, size_t total) {
  struct step *step = new_step(end);
  aio_io_options options = {.user_info = step};
  step->keep = keep_bytes;
  step->total = total;
  if (!exists(end)) return step;
  return submitted(step, aio_state_read_with_checking(end->state, on_delivery, &options));
}

struct step *sweep_frame(struct end *end, size_t length) {
  struct step *step = new_step(end);
  aio_io_options options = {.user_info = step};
  if (!exists(end)) return step;
  /* The byte of payload that stands where the length is, made one by the adjustment. */
  const int64_t adjustment = (int64_t)length - 1 - payload_byte(end->got);
  const aio_frame_format format = {.length_size = 1, .adjustment = adjustment};
  return submitted(step, aio_state_read_frame(end->state, &format, on_read, &options));
}

struct step *sweep_line(struct end *end, size_t length) {
  enum { kDelimiter = 20 };
  struct step *step = new_step(end);
  aio_io_options options = {.user_info = step};
  unsigned char delimiter[kDelimiter];
  if (!exists(end)) return step;
  fill_payload(delimiter, end->got + length - kDelimiter, kDelimiter);
  return submitted(step, aio_state_read_until(end->state, delimiter, kDelimiter, on_read, &options));
}

/* `pieces`: gathered out of so many; 0: one buffer. */
static struct step *write_payload(struct end *end, size_t length, size_t pieces) {
  struct step *step = new_step(end);
  aio_io_options options = {.user_info = step};
  aio_buffer_view views[kPieces];
  if (!exists(end)) return step;
  lock_records();
  if (end->writing == 0) end->submitted = end->taken;
  const uint64_t position = end->submitted;
  end->submitted += length;
  end->writing++;
  unlock_records();
  step->memory = run_memory(length);
  fill_payload(step->memory, position, length);
  for (size_t i = 0; i < pieces; i++)
    views[i] = (aio_buffer_view){step->memory + length * i / pieces, length * (i + 1) / pieces - length * i / pieces};
  const aio_status status = pieces > 0 ? aio_state_write_buffers(end->state, views, pieces, on_write, &options)
                                       : aio_state_write_buffer(end->state, step->memory, length, on_write, &options);
  if (submitted(step, status)->accepted) return step;
  lock_records();
  end->submitted -= length;
  end->writing--;
  unlock_records();
  return step;
}

struct step *sweep_write(struct end *end, size_t length) {
  return write_payload(end, length, 0);
}

struct step *sweep_gather(struct end *end, size_t length) {
  return write_payload(end, length, kPieces);
}

struct step *sweep_marks(struct end *end, size_t high, size_t low) {
  struct step *step = new_step(end);
  step->calls_wanted = -1; /* once, unless the queue never gets so long */
  if (!exists(end)) return step;
  return submitted(step, aio_state_set_write_marks(end->state, high, low, on_status, step));
}

void sweep_rate(struct end *end, double bytes_per_second) {
  const aio_rate_limit limit = {.bytes_per_second = bytes_per_second};
  if (exists(end)) accepted(aio_state_set_rate_limit(end->state, AIO_BOTH, bytes_per_second > 0 ? &limit : NULL));
}

struct step *sweep_wait(struct end *end) {
  struct step *step = new_step(end);
  aio_io_options options = {.user_info = step};
  if (!exists(end)) return step;
  return submitted(step, aio_state_wait_for_input(end->state, on_wait, &options));
}

struct step *sweep_shutdown(struct end *end) {
  struct step *step = new_step(end);
  return exists(end) ? submitted(step, aio_state_shutdown(end->state, on_status, step)) : step;
}

struct step *sweep_abort(struct end *end, int32_t direction) {
  struct step *step = new_step(end);
  return exists(end) ? submitted(step, aio_state_abort(end->state, direction, on_status, step)) : step;
}

struct step *sweep_close(struct end *end, double linger, int32_t reset) {
  struct step *step = new_step(end);
  aio_close_options options = {.linger = linger, .reset = reset, .user_info = step};
  return exists(end) ? submitted(step, aio_state_close(end->state, on_status, &options)) : step;
}

struct step *sweep_attach_tls(struct end *end, aio_tls_context *context, const char *server_name) {
  struct step *step = new_step(end);
  aio_attach_options options = {.server_name = server_name, .user_info = step};
  if (!exists(end) || end->is_broken) return step; /* what the other end lacks, it would take from the handshake */
  const aio_status status =
      context != NULL ? aio_state_attach_tls(end->state, context, on_status, &options) : AIO_ERR_NO_MEMORY;
  return submitted(step, status);
}

struct step *sweep_detach_tls(struct end *end) {
  struct step *step = new_step(end);
  return exists(end) ? submitted(step, aio_state_detach_tls(end->state, on_status, 0, step)) : step;
}

struct step *sweep_apply(aio_collection *collection) {
  struct step *step = new_step(NULL);
  return collection != NULL ? submitted(step, aio_collection_apply(collection, on_apply, step)) : step;
}

struct step *sweep_timer(aio_collection *collection, double delay, double repeat, int calls) {
  struct step *step = new_step(NULL);
  step->calls_wanted = calls;
  if (collection == NULL) return step;
  return submitted(step, aio_timer_start(collection, delay, repeat, on_timer, step, &step->timer));
}

void sweep_stop_timer(struct step *step) {
  aio_timer *timer = step->timer;
  if (timer == NULL) return;
  step->timer = NULL;
  step->calls_wanted = -1; /* as often as it came to */
  aio_timer_stop(timer);
}

void sweep_destroy(struct end *end) {
  if (!exists(end)) return;
  aio_state *state = end->state;
  end->state = NULL;
  aio_state_destroy(state);
}

/* ---- collections, ends, gates ---- */

aio_collection *sweep_collection(void) {
  aio_collection *collection = NULL;
  if (accepted(aio_collection_create(NULL, &collection))) keep(&run.collections, collection);
  return collection;
}

aio_collection *sweep_threaded_collection(void) {
  aio_collection *collection = NULL;
  if (accepted(aio_collection_create_and_run("sweep", NULL, &collection)))
    keep(&run.collections, collection)->is_threaded = 1;
  return collection;
}

aio_tls_context *sweep_context(int32_t side, const aio_tls_options *options) {
  aio_tls_context *context = NULL;
  if (accepted(aio_tls_context_create(side, options, &context))) keep(&run.contexts, context);
  return context;
}

void sweep_destroy_collection(aio_collection *collection) {
  for (struct item *item = run.collections; item != NULL; item = item->next) {
    if (item->object != collection) continue;
    if (destroy_collection_now(collection) != AIO_OK) complain("a collection was not destroyed");
    item->is_gone = 1;
  }
}

static struct end *new_end(void) {
  struct end *end = run_memory(sizeof *end);
  keep(&run.ends, end);
  return end;
}

struct end *sweep_adopt(aio_collection *collection, int socket) {
  struct end *end = new_end();
  aio_status status = AIO_ERR_CLOSED;
  if (collection != NULL) status = aio_state_create(collection, socket, NULL, &end->state);
  if (collection != NULL && accepted(status)) return end;
  begin_apart();
  close(socket);
  end_apart();
  return end;
}

void sweep_pair(aio_collection *collection, enum link link, struct end *ends[2]) {
  int sockets[2];
  begin_apart();
  connected_sockets(link, sockets);
  end_apart();
  for (int i = 0; i < 2; i++) ends[i] = sweep_adopt(collection, sockets[i]);
  for (int i = 0; i < 2; i++) ends[i]->peer = ends[1 - i];
}

static void on_accept(aio_acceptor *acceptor, aio_state *state, void *argument) {
  struct gate *gate = argument;
  (void)acceptor;
  if (must_not_dispatch) complain("an accept callback ran inside of a call");
  struct end *end = new_end();
  end->state = state;
  if (gate->then != NULL) gate->then(end);
}

struct gate *sweep_gate(aio_collection *collection, const aio_accept_options *given, void (*then)(struct end *)) {
  struct gate *gate = run_memory(sizeof *gate);
  aio_accept_options options = {0};
  if (given != NULL) options = *given;
  options.user_info = gate;
  gate->then = then;
  keep(&run.gates, gate);
  if (collection == NULL) return gate;
  if (accepted(aio_acceptor_create_tcp(collection, "127.0.0.1", "0", on_accept, &options, &gate->handle)))
    gate->port = aio_acceptor_local_port(gate->handle);
  return gate;
}

struct step *sweep_gate_close(struct gate *gate) {
  struct step *step = new_step(NULL);
  return gate->handle != NULL ? submitted(step, aio_acceptor_close(gate->handle, on_gate_close, step)) : step;
}

struct step *sweep_connect(aio_collection *collection, const char *host, uint16_t port,
                           const aio_connect_options *given) {
  struct step *step = new_step(new_end());
  aio_connect_options options = {0};
  char service[8];
  if (given != NULL) options = *given;
  options.user_info = step;
  snprintf(service, sizeof service, "%u", port);
  if (collection == NULL || port == 0) return step;
  return submitted(step, aio_state_connect_tcp(collection, host, service, on_status, &options, &step->end->state));
}

/* ---- echo; the end and every failure ends the connection ---- */

static void echo_on(struct end *end, char *buffer);

/* In order under TLS too, where a close that does not linger says so only if the kernel takes it at once. */
static void end_echo(aio_state *state) {
  const aio_close_options lingering = {.linger = 1};
  const int in_order = aio_state_tls_side(state) != 0;
  if (!in_order || aio_state_close(state, NULL, &lingering) == AIO_ERR_NO_MEMORY) aio_state_close(state, NULL, NULL);
}

/* The collection may be ending. */
static int goes_on(aio_status status) { return status != AIO_ERR_CLOSED && accepted(status); }

static void on_echo_write(aio_state *state, void *buffer, size_t count, void *argument) {
  struct end *end = argument;
  (void)count;
  if (aio_state_write_status(state) == AIO_OK)
    echo_on(end, buffer);
  else
    end_echo(state);
}

static void on_echo_read(aio_state *state, void *buffer, size_t count, void *argument) {
  const aio_status status = aio_state_read_status(state);
  aio_io_options options = {.end = count, .user_info = argument};
  if (status != AIO_OK || !goes_on(aio_state_write_buffer(state, buffer, kEcho, on_echo_write, &options)))
    end_echo(state);
}

static void echo_on(struct end *end, char *buffer) {
  aio_io_options options = {.minimum = 1, .user_info = end};
  if (!goes_on(aio_state_read_buffer(end->state, buffer, kEcho, on_echo_read, &options))) end_echo(end->state);
}

void then_echo_sweep(struct end *end) { echo_on(end, run_memory(kEcho)); }
