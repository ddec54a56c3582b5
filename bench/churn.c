/*
 * Connections one after the other: connect, send a message, read it back, close; 100,000 times or as the argument says,
 * both sides in one process and one collection. Then nothing may be left over: the descriptors and the bytes of heap are
 * those after the first hundred, and after aio_collection_destroy those of the beginning.
 */
#include <aiostate/aiostate.h>
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kSize = 64, kFirst = 100 };

typedef struct snapshot {
  size_t descriptors, library_bytes, heap_bytes;
} snapshot;

static aio_collection *collection;
static char service[8], sent[kSize], received[kSize];
static size_t library_bytes, trips_left;

static void check(int good, const char *what) {
  if (good) return;
  fprintf(stderr, "churn: %s failed (%s)\n", what, aio_last_error_text());
  exit(1);
}

static void *allocate(size_t size) {
  void *block = malloc(size);
  if (block) library_bytes += malloc_usable_size(block);
  return block;
}

static void release(void *block) {
  if (block) library_bytes -= malloc_usable_size(block);
  free(block);
}

static void *reallocate(void *block, size_t size) {
  size_t before = block ? malloc_usable_size(block) : 0;
  void *moved = realloc(block, size);
  if (moved) library_bytes += malloc_usable_size(moved) - before;
  return moved;
}

static snapshot look(void) {
  snapshot now = {.library_bytes = library_bytes, .heap_bytes = mallinfo2().uordblks};
  DIR *directory = opendir("/proc/self/fd");
  check(directory != NULL, "opendir");
  while (readdir(directory)) now.descriptors++;
  closedir(directory);
  return now;
}

static void on_closed(aio_state *state, aio_status status, void *user_info) {
  (void)status;
  aio_state_destroy(state);
  free(user_info);
}

static void on_served_read(aio_state *state, void *buffer, size_t count, void *user_info);

static void on_served_written(aio_state *state, void *buffer, size_t count, void *user_info) {
  (void)user_info;
  check(count == kSize, "answering");
  check(aio_state_read_buffer(state, buffer, kSize, on_served_read, NULL) == AIO_OK, "aio_state_read_buffer");
}

static void on_served_read(aio_state *state, void *buffer, size_t count, void *user_info) {
  (void)user_info;
  if (count < kSize)
    aio_state_close(state, on_closed, NULL);
  else
    check(aio_state_write_buffer(state, buffer, kSize, on_served_written, NULL) == AIO_OK, "aio_state_write_buffer");
}

static void on_accepted(aio_acceptor *acceptor, aio_state *state, void *user_info) {
  char *buffer = malloc(kSize);
  (void)acceptor, (void)user_info;
  check(buffer != NULL, "malloc");
  aio_state_set_user_info(state, buffer);
  check(aio_state_read_buffer(state, buffer, kSize, on_served_read, NULL) == AIO_OK, "aio_state_read_buffer");
}

static void connect_next(void);

static void on_client_closed(aio_state *state, aio_status status, void *user_info) {
  (void)status, (void)user_info;
  aio_state_destroy(state);
  if (--trips_left) connect_next();
}

static void on_answer(aio_state *state, void *buffer, size_t count, void *user_info) {
  (void)user_info;
  check(count == kSize && !memcmp(buffer, sent, kSize), "the echo");
  aio_state_close(state, on_client_closed, NULL);
}

static void on_connected(aio_state *state, aio_status status, void *user_info) {
  (void)user_info;
  if (status != AIO_OK) fprintf(stderr, "%s: %s\n", aio_status_name(status), aio_state_error_text(state));
  check(status == AIO_OK, "connecting");
  memset(sent, (int)(trips_left % 251), kSize);
  check(aio_state_write_buffer(state, sent, kSize, NULL, NULL) == AIO_OK, "aio_state_write_buffer");
  check(aio_state_read_buffer(state, received, kSize, on_answer, NULL) == AIO_OK, "aio_state_read_buffer");
}

/* To one of 16 addresses, since each has but 28,000 ports that a closed connection keeps busy for a minute. */
static void connect_next(void) {
  char host[16];
  aio_state *state;
  snprintf(host, sizeof host, "127.0.0.%d", (int)(trips_left % 16) + 1);
  check(aio_state_connect_tcp(collection, host, service, on_connected, NULL, &state) == AIO_OK, "connect");
}

static void make_trips(size_t trips) {
  aio_counters counters = {.open_states = 1};
  trips_left = trips;
  if (trips) connect_next();
  while (trips_left || counters.open_states) {
    aio_collection_wait(collection, 1);
    aio_collection_call(collection);
    aio_collection_counters(collection, &counters);
  }
}

/* libuv keeps two descriptors for signals as long as the process lives. */
static void warm_up(void) {
  check(aio_collection_create(NULL, &collection) == AIO_OK, "aio_collection_create");
  check(aio_collection_destroy(collection) == AIO_OK, "aio_collection_destroy");
}

static int report(const char *when, const snapshot *before, const snapshot *after) {
  printf("%s: descriptors %+zd, bytes of the library's %+zd, of the whole heap %+zd\n", when,
         (ssize_t)(after->descriptors - before->descriptors), (ssize_t)(after->library_bytes - before->library_bytes),
         (ssize_t)(after->heap_bytes - before->heap_bytes));
  return after->descriptors != before->descriptors || after->library_bytes != before->library_bytes;
}

int main(int argc, char **argv) {
  size_t trips = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
  aio_acceptor *acceptor;
  aio_counters counters;
  check(aio_set_allocator(allocate, reallocate, release) == AIO_OK, "aio_set_allocator");
  warm_up();
  snapshot at_start = look();
  check(aio_collection_create(NULL, &collection) == AIO_OK, "aio_collection_create");
  check(aio_acceptor_create_tcp(collection, "0.0.0.0", "0", on_accepted, NULL, &acceptor) == AIO_OK, "listen");
  snprintf(service, sizeof service, "%u", aio_acceptor_local_port(acceptor));
  make_trips(trips < kFirst ? trips : kFirst);
  snapshot after_first = look();
  make_trips(trips < kFirst ? 0 : trips - kFirst);
  snapshot after_all = look();
  aio_collection_counters(collection, &counters);
  aio_acceptor_destroy(acceptor);
  check(aio_collection_destroy(collection) == AIO_OK, "aio_collection_destroy");
  snapshot at_end = look();
  printf("%zu connections, %llu bytes echoed\n", trips, (unsigned long long)counters.bytes_written / 2);
  int left = report("after all, since the first hundred", &after_first, &after_all);
  return report("after destroy, since the beginning", &at_start, &at_end) || left;
}
