/*
 * How many deadlines can be re-armed per second of CPU time while N are outstanding, all 30 seconds away:
 *   timers    aio_timer_stop and aio_timer_start
 *   uv        uv_timer_start on a running uv_timer_t
 *   reads     an aio_state_read_buffer with a timeout completes and starts again, each by one byte from a socket pair
 *   untimed   the same without a timeout: the difference to `reads` is what the deadline costs
 * A process here may have few descriptors, so `reads` and `untimed` hold at most 8,000 connections; timers make up N.
 */
#include <aiostate/aiostate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

enum { kAtOnce = 1000, kMostReads = 8000, kReadsAtOnce = 50 };
static const double timeout_seconds = 30;

static size_t outstanding, rearmed, position;
static double cpu_seconds; /* to spend */
static clock_t started;

static void check(int good, const char *what) {
  if (good) return;
  fprintf(stderr, "deadlines: %s failed\n", what);
  exit(1);
}

static void *allocate(size_t size) {
  void *memory = calloc(1, size);
  check(memory != NULL, "calloc");
  return memory;
}

static double spent(void) { return (double)(clock() - started) / CLOCKS_PER_SEC; }

static size_t next_position(void) {
  position = position + 1 < outstanding ? position + 1 : 0;
  return position;
}

static aio_collection *collection;
static aio_timer **timers;

static void on_timer(aio_timer *timer, void *user_info) { (void)timer, (void)user_info; }

static aio_timer *start_timer(void) {
  aio_timer *timer;
  check(aio_timer_start(collection, timeout_seconds, 0, on_timer, NULL, &timer) == AIO_OK, "aio_timer_start");
  return timer;
}

/* What was submitted before does not count. */
static void begin(void) {
  aio_collection_wait(collection, 0);
  aio_collection_call(collection);
  started = clock();
}

static void rearm_timers(void *argument) {
  (void)argument;
  for (int i = 0; i < kAtOnce; i++) {
    size_t at = next_position();
    aio_timer_stop(timers[at]);
    timers[at] = start_timer();
  }
  rearmed += kAtOnce;
  if (spent() < cpu_seconds)
    aio_collection_apply(collection, rearm_timers, NULL);
  else
    aio_collection_stop(collection);
}

static void measure_timers(void) {
  timers = allocate(outstanding * sizeof *timers);
  for (size_t i = 0; i < outstanding; i++) timers[i] = start_timer();
  begin();
  aio_collection_apply(collection, rearm_timers, NULL);
  aio_collection_run(collection);
}

static uv_timer_t *uv_timers;

static void on_uv_timer(uv_timer_t *timer) { (void)timer; }

static void rearm_uv_timers(uv_idle_t *idle) {
  for (int i = 0; i < kAtOnce; i++) uv_timer_start(&uv_timers[next_position()], on_uv_timer, 30000, 0);
  rearmed += kAtOnce;
  if (spent() >= cpu_seconds) uv_stop(idle->loop);
}

static void measure_uv(void) {
  uv_idle_t idle;
  uv_timers = allocate(outstanding * sizeof *uv_timers);
  for (size_t i = 0; i < outstanding; i++) {
    uv_timer_init(uv_default_loop(), &uv_timers[i]);
    uv_timer_start(&uv_timers[i], on_uv_timer, 30000, 0);
  }
  uv_idle_init(uv_default_loop(), &idle);
  uv_idle_start(&idle, rearm_uv_timers);
  started = clock();
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

typedef struct reader {
  int peer;
  char byte;
} reader;

static size_t reads_expected;

static void on_byte(aio_state *state, void *buffer, size_t count, void *user_info) {
  if (count != 1) return; /* closed at the end */
  reads_expected--;
  check(aio_state_read_buffer(state, buffer, 1, on_byte, NULL) == AIO_OK, "aio_state_read_buffer");
  (void)user_info;
}

static void measure_reads(double timeout) {
  size_t count = outstanding < kMostReads ? outstanding : kMostReads;
  reader *readers = allocate(count * sizeof *readers);
  for (size_t i = 0; i < count; i++) {
    int pair[2];
    aio_state *state;
    aio_state_options options = {.read_timeout = timeout};
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
    readers[i].peer = pair[0];
    check(aio_state_create(collection, pair[1], &options, &state) == AIO_OK, "aio_state_create");
    check(aio_state_read_buffer(state, &readers[i].byte, 1, on_byte, NULL) == AIO_OK, "aio_state_read_buffer");
  }
  for (size_t i = count; i < outstanding; i++) start_timer();
  outstanding = count;
  begin();
  while (spent() < cpu_seconds) {
    reads_expected = count < kReadsAtOnce ? count : kReadsAtOnce;
    rearmed += reads_expected;
    for (size_t i = reads_expected; i > 0; i--) check(write(readers[next_position()].peer, "x", 1) == 1, "write");
    while (reads_expected) {
      aio_collection_wait(collection, 1);
      aio_collection_call(collection);
    }
  }
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: deadlines timers|uv|reads|untimed OUTSTANDING [CPU-SECONDS]\n");
    return 2;
  }
  outstanding = strtoul(argv[2], NULL, 10);
  cpu_seconds = argc > 3 ? strtod(argv[3], NULL) : 1;
  check(outstanding > 0, "reading OUTSTANDING");
  check(aio_collection_create(NULL, &collection) == AIO_OK, "aio_collection_create");
  if (!strcmp(argv[1], "timers"))
    measure_timers();
  else if (!strcmp(argv[1], "uv"))
    measure_uv();
  else
    measure_reads(strcmp(argv[1], "reads") ? 0 : timeout_seconds);
  printf("rearmed=%zu seconds=%.6f\n", rearmed, spent());
  return 0;
}
