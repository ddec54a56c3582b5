/*
 * The load generator: bare epoll, one thread. Each connection sends a batch of messages, waits until all of it has come
 * back, checks every byte, and sends the next batch. With --framed each message begins with the length of its rest, in four
 * bytes, most significant first.
 *
 * It says "ready" when all connections are made and warm and waits for a line on standard input; then it runs and says
 * "done trips=N seconds=S"; with the end of standard input it closes. Whoever measures the server does it between.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { kPattern = 1 << 20, kReadSize = 1 << 18 };

typedef struct connection {
  int descriptor;
  int waiting;                /* for the socket to take more */
  size_t sent, received, due; /* positions in the connection's endless stream; all equal: idle */
} connection;

typedef struct arguments {
  int port;
  size_t connections, size, pipeline, warmup, trips;
  double seconds;
  int framed;
} arguments;

static arguments args = {.connections = 1, .size = 64, .pipeline = 1, .warmup = 16};
static connection *connections;
static int poller;
static size_t trips_started, trips_done, trips_wanted;
/* Every stream is this, repeated; each connection starts at another place. A second copy saves the wrap-around. */
static char pattern[2 * kPattern];
static size_t period = kPattern; /* the repeated part: whole messages, if they are framed */

static void fail(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void usage(void) {
  fprintf(stderr,
          "usage: load --port P [--connections N] [--size BYTES] [--pipeline MESSAGES] [--warmup TRIPS]\n"
          "            [--framed] (--trips N | --seconds S)\n");
  exit(2);
}

static void parse(int argc, char **argv) {
  for (int i = 1; i < argc; i += 2) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    if (!strcmp(argv[i], "--framed"))
      args.framed = 1, i--;
    else if (!strcmp(argv[i], "--port"))
      args.port = atoi(value);
    else if (!strcmp(argv[i], "--connections"))
      args.connections = strtoul(value, NULL, 10);
    else if (!strcmp(argv[i], "--size"))
      args.size = strtoul(value, NULL, 10);
    else if (!strcmp(argv[i], "--pipeline"))
      args.pipeline = strtoul(value, NULL, 10);
    else if (!strcmp(argv[i], "--warmup"))
      args.warmup = strtoul(value, NULL, 10);
    else if (!strcmp(argv[i], "--trips"))
      args.trips = strtoul(value, NULL, 10);
    else if (!strcmp(argv[i], "--seconds"))
      args.seconds = strtod(value, NULL);
    else
      usage();
  }
  if (!args.port || !args.connections || !args.size || !args.pipeline || (args.trips != 0) == (args.seconds > 0))
    usage();
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void fill_pattern(void) {
  uint32_t x = 2463534242u;
  uint32_t header = htonl((uint32_t)(args.size - sizeof header));
  if (args.framed) period -= period % args.size;
  for (size_t i = 0; i < period; i++) {
    x ^= x << 13, x ^= x >> 17, x ^= x << 5;
    pattern[i] = (char)x;
  }
  for (size_t i = 0; args.framed && i < period; i += args.size) memcpy(pattern + i, &header, sizeof header);
  memcpy(pattern + period, pattern, period);
}

static const char *expected_at(const connection *c, size_t position) {
  size_t begin = (size_t)(c - connections) * (args.framed ? args.size : 7919);
  return pattern + (begin + position) % period;
}

static void watch(connection *c, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = c};
  if (epoll_ctl(poller, operation, c->descriptor, &event)) fail("epoll_ctl");
}

static void open_connection(connection *c) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)args.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  c->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (c->descriptor < 0 || connect(c->descriptor, (struct sockaddr *)&address, sizeof address)) fail("connect");
  setsockopt(c->descriptor, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  fcntl(c->descriptor, F_SETFL, O_NONBLOCK);
  watch(c, EPOLL_CTL_ADD, EPOLLIN);
}

static void send_due(connection *c) {
  while (c->sent < c->due) {
    size_t length = c->due - c->sent;
    ssize_t count = send(c->descriptor, expected_at(c, c->sent), length < period ? length : period, MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) fail("send");
    c->sent += (size_t)count;
  }
  int waiting = c->sent < c->due;
  if (waiting != c->waiting) watch(c, EPOLL_CTL_MOD, waiting ? EPOLLIN | EPOLLOUT : EPOLLIN);
  c->waiting = waiting;
}

static void start_batch(connection *c) {
  if (trips_started >= trips_wanted) return;
  trips_started += args.pipeline;
  c->due += args.pipeline * args.size;
  send_due(c);
}

static void receive(connection *c) {
  static char buffer[kReadSize];
  ssize_t count = recv(c->descriptor, buffer, sizeof buffer, 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) fail("the server closed a connection");
  if ((size_t)count > c->sent - c->received || memcmp(buffer, expected_at(c, c->received), (size_t)count)) {
    errno = EBADMSG;
    fail("wrong bytes came back");
  }
  c->received += (size_t)count;
  if (c->received < c->due) return;
  trips_done += args.pipeline;
  start_batch(c);
}

/* Runs until `trips` have been made or `seconds` are over, and everything sent has come back. */
static void run(size_t trips, double seconds) {
  struct epoll_event events[1024];
  double end = seconds > 0 ? now() + seconds : 0;
  trips_started = trips_done = 0;
  trips_wanted = trips ? trips : (size_t)-1;
  for (size_t i = 0; i < args.connections; i++) start_batch(&connections[i]);
  while (trips_done < trips_started) {
    int count = epoll_wait(poller, events, 1024, 10000);
    if (count == 0) errno = ETIMEDOUT, fail("no answer for ten seconds");
    for (int i = 0; i < count; i++) {
      if (events[i].events & EPOLLOUT) send_due(events[i].data.ptr);
      if (events[i].events & ~(uint32_t)EPOLLOUT) receive(events[i].data.ptr);
    }
    if (end > 0 && now() >= end) trips_wanted = 0;
  }
}

static int wait_for_line(void) {
  int c;
  while ((c = getchar()) != EOF)
    if (c == '\n') return 1;
  return 0;
}

int main(int argc, char **argv) {
  parse(argc, argv);
  fill_pattern();
  poller = epoll_create1(EPOLL_CLOEXEC);
  connections = calloc(args.connections, sizeof *connections);
  for (size_t i = 0; i < args.connections; i++) open_connection(&connections[i]);
  if (args.warmup) run(args.warmup * args.connections, 0);
  printf("ready\n");
  fflush(stdout);
  if (!wait_for_line()) return 0;
  double start = now();
  run(args.trips, args.seconds);
  printf("done trips=%zu seconds=%.6f\n", trips_done, now() - start);
  fflush(stdout);
  wait_for_line();
  return 0;
}
