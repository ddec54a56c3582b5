/*
 * One aio_state_write_buffer of 1 GiB (or as many MiB as the argument says) to a peer that reads and checks it. Prints
 * how much the process grew meanwhile: the library's own memory, and the anonymous memory that the system counts.
 */
#include <aiostate/aiostate.h>
#include <arpa/inet.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kPiece = 1 << 20 };

static size_t heap_now, heap_before, heap_peak, anonymous_before, anonymous_peak;

static void check(int good, const char *what) {
  if (good) return;
  perror(what);
  exit(1);
}

static void *counted(void *block) {
  if (block) heap_now += malloc_usable_size(block);
  if (heap_now > heap_peak) heap_peak = heap_now;
  return block;
}

static void *allocate(size_t size) { return counted(malloc(size)); }

static void release(void *block) {
  if (block) heap_now -= malloc_usable_size(block);
  free(block);
}

static void *reallocate(void *block, size_t size) {
  size_t before = block ? malloc_usable_size(block) : 0;
  void *moved = realloc(block, size);
  if (moved) heap_now -= before;
  return counted(moved);
}

/* Any size of real bytes in the memory of one piece: the same pages mapped over and over. */
static char *map_repeated(size_t length) {
  int descriptor = memfd_create("piece", MFD_CLOEXEC);
  check(descriptor >= 0 && ftruncate(descriptor, kPiece) == 0, "memfd_create");
  char *base = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  check(base != MAP_FAILED, "mmap");
  for (size_t at = 0; at < length; at += kPiece) {
    void *piece = mmap(base + at, kPiece, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, descriptor, 0);
    check(piece != MAP_FAILED, "mmap");
  }
  for (size_t i = 0; i < kPiece; i++) base[i] = (char)(i * 2654435761u >> 13);
  return base;
}

static size_t anonymous_bytes(void) {
  char line[256];
  size_t kilobytes = 0;
  FILE *status = fopen("/proc/self/status", "r");
  check(status != NULL, "/proc/self/status");
  while (fgets(line, sizeof line, status)) sscanf(line, "RssAnon: %zu", &kilobytes);
  fclose(status);
  return kilobytes * 1024;
}

static void sample(aio_timer *timer, void *user_info) {
  size_t now = anonymous_bytes();
  (void)timer, (void)user_info;
  if (now > anonymous_peak) anonymous_peak = now;
}

static void read_all(const struct sockaddr_in *address, const char *expected, size_t length) {
  static char buffer[1 << 18];
  size_t at = 0;
  int peer = socket(AF_INET, SOCK_STREAM, 0);
  check(connect(peer, (const struct sockaddr *)address, sizeof *address) == 0, "connect");
  for (ssize_t count; (count = read(peer, buffer, sizeof buffer)) > 0; at += (size_t)count) {
    if (memcmp(buffer, expected + at, (size_t)count)) _exit(1);
  }
  _exit(at != length);
}

static void on_written(aio_state *state, void *buffer, size_t count, void *user_info) {
  (void)buffer;
  *(size_t *)user_info = count;
  aio_collection_stop(aio_state_collection(state));
}

int main(int argc, char **argv) {
  size_t length = (argc > 1 ? strtoul(argv[1], NULL, 10) : 1024) << 20, written = 0;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t address_length = sizeof address;
  char *bytes = map_repeated(length);
  int listener = socket(AF_INET, SOCK_STREAM, 0), outcome;
  check(bind(listener, (struct sockaddr *)&address, address_length) == 0 && listen(listener, 1) == 0, "listen");
  check(getsockname(listener, (struct sockaddr *)&address, &address_length) == 0, "getsockname");
  pid_t reader = fork();
  check(reader >= 0, "fork");
  if (!reader) read_all(&address, bytes, length);

  aio_collection *collection;
  aio_state *state;
  aio_timer *timer;
  check(aio_set_allocator(allocate, reallocate, release) == AIO_OK, "aio_set_allocator");
  check(aio_collection_create(NULL, &collection) == AIO_OK, "aio_collection_create");
  check(aio_state_create(collection, accept(listener, NULL, NULL), NULL, &state) == AIO_OK, "aio_state_create");
  check(aio_timer_start(collection, 0.01, 0.01, sample, NULL, &timer) == AIO_OK, "aio_timer_start");
  anonymous_before = anonymous_peak = anonymous_bytes();
  heap_before = heap_peak = heap_now;
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  aio_io_options options = {.user_info = &written};
  check(aio_state_write_buffer(state, bytes, length, on_written, &options) == AIO_OK, "aio_state_write_buffer");
  aio_collection_run(collection);
  clock_gettime(CLOCK_MONOTONIC, &end);
  sample(NULL, NULL);
  aio_state_destroy(state);
  aio_timer_stop(timer);
  check(aio_collection_destroy(collection) == AIO_OK, "aio_collection_destroy");
  waitpid(reader, &outcome, 0);
  printf("written=%zu checked=%s seconds=%.3f heap_growth=%zu anonymous_growth=%zu heap_left=%zu\n", written,
         outcome ? "no" : "yes", (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) * 1e-9,
         heap_peak - heap_before, anonymous_peak - anonymous_before, heap_now);
  return outcome || written != length;
}
