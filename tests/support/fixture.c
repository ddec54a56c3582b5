/* What a test stands on: collections, memory, driving, and the checks at the end. */
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"
#include "tls_peer.h"

static const double kPatience = 10;

struct node {
  struct node *next;
  void *object;
  void (*function)(void *); /* of a clean-up */
  int done;                 /* a collection that the test has destroyed itself */
};

static struct {
  struct node *memory, *pairs, *collections, *completions, *cleanups;
  int descriptors, threads;
  long allocations;
  int order;
  char violation[256];
} the;

static pthread_mutex_t records = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t recorded = PTHREAD_COND_INITIALIZER;
static _Thread_local int holds_records;
static _Thread_local int must_not_dispatch;
static _Thread_local int callback_depth;

/* ---- locks, failures, violations ---- */

void lock_records(void) {
  if (holds_records++ == 0) pthread_mutex_lock(&records);
}

void unlock_records(void) {
  if (--holds_records == 0) pthread_mutex_unlock(&records);
}

void announce_record(void) { pthread_cond_broadcast(&recorded); }

void fail_at(struct place place, const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  while (holds_records > 0) unlock_records();
  print_error("%s:%d: %s\n", place.file, place.line, text);
  fail();
}

void note_violation(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  lock_records();
  if (the.violation[0] == '\0') vsnprintf(the.violation, sizeof the.violation, format, arguments);
  unlock_records();
  va_end(arguments);
}

void this_thread_runs_no_callbacks(void) { must_not_dispatch = 1; }

void this_thread_runs_callbacks(void) { must_not_dispatch = 0; }

void enter_callback(void) {
  if (callback_depth++ > 0) note_violation("a callback ran inside of another one");
  if (must_not_dispatch) note_violation("a callback ran inside of a library call, or on a wrong thread");
}

void leave_callback(void) { callback_depth--; }

int next_order(void) { return ++the.order; }

int callbacks_so_far(void) {
  lock_records();
  int order = the.order;
  unlock_records();
  return order;
}

/* ---- memory and lists, freed all at once ---- */

static struct node *push(struct node **list, void *object) {
  struct node *node = calloc(1, sizeof *node);
  node->object = object;
  lock_records();
  node->next = *list;
  *list = node;
  unlock_records();
  return node;
}

static void free_list(struct node **list) {
  while (*list != NULL) {
    struct node *node = *list;
    *list = node->next;
    free(node);
  }
}

void *fixture_memory(size_t size) {
  void *block = calloc(1, size > 0 ? size : 1);
  assert_non_null(block);
  push(&the.memory, block);
  return block;
}

struct pair *fixture_pair(void) {
  struct pair *pair = fixture_memory(sizeof *pair);
  pair->peer = -1;
  push(&the.pairs, pair);
  return pair;
}

void keep_completion(struct completion *completion) { push(&the.completions, completion); }

void at_tear_down(void (*function)(void *), void *argument) { push(&the.cleanups, argument)->function = function; }

/* ---- collections ---- */

aio_collection *new_collection(void) {
  aio_collection *collection = NULL;
  expect_status(aio_collection_create(NULL, &collection), AIO_OK);
  push(&the.collections, collection);
  return collection;
}

aio_collection *new_threaded_collection(void) {
  aio_collection *collection = NULL;
  expect_status(aio_collection_create_and_run("aio-test", NULL, &collection), AIO_OK);
  push(&the.collections, collection);
  return collection;
}

void forget_collection(aio_collection *collection) {
  for (struct node *node = the.collections; node != NULL; node = node->next)
    if (node->object == collection) node->done = 1;
}

static aio_status destroy_dispatching(aio_collection *collection) {
  int before = must_not_dispatch;
  must_not_dispatch = 0;
  aio_status status = aio_collection_destroy(collection);
  must_not_dispatch = before;
  return status;
}

void destroy_collection(struct pair *pair) {
  expect_status(destroy_dispatching(pair->collection), AIO_OK);
  forget_collection(pair->collection);
}

void destroy_state(struct pair *pair) {
  aio_state *state = pair->state;
  pair->state = NULL;
  aio_state_destroy(state);
}

/* ---- driving ---- */

double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void spend(double seconds) {
  for (double end = now() + seconds; now() < end;) continue;
}

static size_t dispatch(aio_collection *collection) {
  int before = must_not_dispatch;
  must_not_dispatch = 0;
  size_t callbacks = aio_collection_call(collection);
  must_not_dispatch = before;
  return callbacks;
}

size_t call(struct pair *pair) { return dispatch(pair->collection); }

/* With peers that speak TLS there is more than the collection to wait for. */
static double patience(double seconds) { return tls_peers_exist() && seconds > 0.001 ? 0.001 : seconds; }

static size_t turn(aio_collection *collection, double seconds) {
  aio_status status = aio_collection_wait(collection, move_tls_peers() > 0 ? 0 : patience(seconds));
  if (status != AIO_OK && status != AIO_TIMEOUT) expect_status(status, AIO_OK);
  return dispatch(collection);
}

double begin_condition(void) {
  lock_records();
  return now() + kPatience;
}

void end_condition(void) { unlock_records(); }

static void await_record(void) {
  struct timespec soon;
  clock_gettime(CLOCK_REALTIME, &soon);
  soon.tv_nsec += (long)(patience(0.02) * 1e9);
  soon.tv_sec += soon.tv_nsec / 1000000000;
  soon.tv_nsec %= 1000000000;
  pthread_cond_timedwait(&recorded, &records, &soon);
}

void drive_once(struct place place, aio_collection *collection, double deadline, const char *condition) {
  if (now() > deadline) fail_at(place, "not within %g s: %s", kPatience, condition);
  if (collection == NULL || aio_collection_alive(collection)) {
    if (move_tls_peers() == 0) await_record();
  } else {
    unlock_records();
    turn(collection, 0.02);
    lock_records();
  }
}

void pump(struct pair *pair, short poll_events) {
  if (aio_collection_alive(pair->collection)) {
    struct pollfd peer = {.fd = pair->peer, .events = poll_events};
    if (move_tls_peers() == 0) poll(&peer, 1, (int)(patience(0.02) * 1e3));
  } else {
    turn(pair->collection, 0.001);
  }
}

static void mark_reached(void *reached) {
  lock_records();
  *(int *)reached = 1;
  announce_record();
  unlock_records();
}

/* A function applied comes after what the collection had to do before it; twice, as what that queues may queue more. */
void settle(struct pair *pair) {
  for (int round = 0; round < 3; round++) {
    int *reached = fixture_memory(sizeof *reached);
    expect_status(aio_collection_apply(pair->collection, mark_reached, reached), AIO_OK);
    drive_until(pair, *reached);
    if (!aio_collection_alive(pair->collection))
      while (turn(pair->collection, 0) + move_tls_peers() > 0) continue;
  }
}

void drive_for(struct pair *pair, double seconds) {
  double end = now() + seconds;
  drive_until(pair, now() >= end);
}

void queue_callbacks_at(struct place place, struct pair *pair) {
  expect_status_at(place, aio_collection_wait(pair->collection, kPatience), AIO_OK);
}

unsigned random_below(unsigned bound, uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return (*seed >> 8) % bound;
}

/* ---- the process ---- */

static int count_entries(const char *path) {
  DIR *directory = opendir(path);
  int count = 0;
  assert_non_null(directory);
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) count += entry->d_name[0] != '.';
  closedir(directory);
  return count;
}

int open_descriptors(void) { return count_entries("/proc/self/fd"); }

int running_threads(void) { return count_entries("/proc/self/task"); }

/* ---- set up ---- */

static void *do_nothing(void *argument) { return argument; }

/* libuv opens a pair of descriptors for the whole process with its first loop; a sanitizer may start a thread of its own
 * with the program's first. */
static void open_what_stays(void) {
  static int opened;
  aio_collection *collection = NULL;
  pthread_t thread;
  if (opened++) return;
  assert_int_equal(pthread_create(&thread, NULL, do_nothing, NULL), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  count_allocations();
  expect_status(aio_collection_create(NULL, &collection), AIO_OK);
  expect_status(aio_collection_destroy(collection), AIO_OK);
}

static int set_up(void **fixture, aio_collection *(*make_collection)(void), int connects, enum link link) {
  open_what_stays();
  this_thread_runs_no_callbacks();
  fail_allocation(0);
  the.descriptors = open_descriptors();
  the.threads = running_threads();
  the.allocations = live_allocations();
  the.order = 0;
  the.violation[0] = '\0';
  aio_collection *collection = make_collection();
  *fixture = connects ? new_pair(collection, link, NULL) : pair_of(collection, NULL, -1);
  return 0;
}

int set_up_collection(void **fixture) { return set_up(fixture, new_collection, 0, LINK_TCP); }

int set_up_pair(void **fixture) { return set_up(fixture, new_collection, 1, LINK_TCP); }

int set_up_narrow_pair(void **fixture) { return set_up(fixture, new_collection, 1, LINK_NARROW_TCP); }

int set_up_unix_pair(void **fixture) { return set_up(fixture, new_collection, 1, LINK_UNIX); }

int set_up_threaded_collection(void **fixture) { return set_up(fixture, new_threaded_collection, 0, LINK_TCP); }

int set_up_threaded_pair(void **fixture) { return set_up(fixture, new_threaded_collection, 1, LINK_TCP); }

/* ---- tear down ---- */

static void check_completion(const struct completion *completion) {
  int wanted = completion->submitted == AIO_OK;
  if (completion->memory != NULL) check_guards(completion->memory, completion->length);
  if (completion->standing ? completion->calls > 0 && !wanted : completion->calls != wanted)
    note_violation("%s operation called back %d times", wanted ? "an accepted" : "a refused", completion->calls);
  if (completion->calls != completion->done) note_violation("a callback never returned");
}

/* A joined thread stays in /proc for a moment. */
static void check_threads(void) {
  double deadline = now() + kPatience;
  while (running_threads() > the.threads && now() < deadline) sched_yield();
  if (running_threads() != the.threads) note_violation("%d threads instead of %d", running_threads(), the.threads);
}

static void end_library_objects(void) {
  for (struct node *node = the.cleanups; node != NULL; node = node->next) node->function(node->object);
  for (struct node *node = the.pairs; node != NULL; node = node->next)
    if (((struct pair *)node->object)->state != NULL) destroy_state(node->object);
  for (struct node *node = the.collections; node != NULL; node = node->next) {
    aio_status status = node->done ? AIO_OK : destroy_dispatching(node->object);
    if (status != AIO_OK) note_violation("aio_collection_destroy: %s", aio_status_name(status));
  }
  for (struct node *node = the.pairs; node != NULL; node = node->next)
    if (((struct pair *)node->object)->peer >= 0) peer_closes(node->object);
}

static void free_everything(void) {
  for (struct node *node = the.memory; node != NULL; node = node->next) free(node->object);
  free_list(&the.memory);
  free_list(&the.pairs);
  free_list(&the.collections);
  free_list(&the.completions);
  free_list(&the.cleanups);
}

int tear_down(void **fixture) {
  (void)fixture;
  fail_allocation(0);
  end_library_objects();
  for (struct node *node = the.completions; node != NULL; node = node->next) check_completion(node->object);
  if (live_allocations() != the.allocations)
    note_violation("%ld allocations are left", live_allocations() - the.allocations);
  if (open_descriptors() != the.descriptors)
    note_violation("%d descriptors instead of %d", open_descriptors(), the.descriptors);
  check_threads();
  free_everything();
  if (the.violation[0] != '\0') fail_at(HERE, "%s", the.violation);
  return 0;
}

static void looked_up(aio_state *state, aio_status status, void *done) {
  (void)state;
  (void)status;
  *(int *)done = 1;
}

int start_resolver_threads(void **unused) {
  (void)unused;
  aio_collection *collection = NULL;
  aio_state *state = NULL;
  int done = 0;
  count_allocations();
  expect_status(aio_collection_create(NULL, &collection), AIO_OK);
  expect_status(aio_state_connect_tcp(collection, "localhost", "1", looked_up,
                                      &(aio_connect_options){.user_info = &done}, &state),
                AIO_OK);
  while (!done) turn(collection, 1);
  aio_state_destroy(state);
  expect_status(aio_collection_destroy(collection), AIO_OK);
  return 0;
}
