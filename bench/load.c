/*
 * The load generator: bare epoll, one thread. Each connection sends a batch of messages, waits until all of it has come
 * back, checks every byte, and sends the next batch. With --framed each message begins with the length of its rest, in four
 * bytes, most significant first. With --tls each message is a record; the records of a batch are sent at once.
 *
 * With --answer the server answers each message with so many bytes; those and the messages are then all zero. With --reconnect
 * each batch is sent on a new connection, whose handshake is part of it; with --resume that takes up the session of the last.
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

#include "tls.h"

enum { kPattern = 1 << 20, kReadSize = 1 << 18 };

typedef struct connection {
  int descriptor;
  int waiting;              /* for the socket to take more */
  size_t sent, due;         /* positions in the connection's endless stream */
  size_t received, awaited; /* the same of what comes back; all equal: idle */
  SSL *ssl;                 /* NULL = plain */
} connection;

typedef struct arguments {
  int port;
  size_t connections, size, answer, pipeline, warmup, trips;
  double seconds;
  int framed, tls, reconnect, resume;
} arguments;

static arguments args = {.connections = 1, .size = 64, .pipeline = 1, .warmup = 16};
static connection *connections;
static SSL_CTX *context;
static SSL_SESSION *session; /* to be resumed */
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
          "            [--answer BYTES] [--framed] [--tls] [--reconnect [--resume]] (--trips N | --seconds S)\n");
  exit(2);
}

static void parse(int argc, char **argv) {
  for (int i = 1; i < argc; i += 2) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    if (!strcmp(argv[i], "--framed"))
      args.framed = 1, i--;
    else if (!strcmp(argv[i], "--tls"))
      args.tls = 1, i--;
    else if (!strcmp(argv[i], "--reconnect"))
      args.reconnect = 1, i--;
    else if (!strcmp(argv[i], "--resume"))
      args.resume = 1, i--;
    else if (!strcmp(argv[i], "--port"))
      args.port = atoi(value);
    else if (!strcmp(argv[i], "--connections"))
      args.connections = strtoul(value, NULL, 10);
    else if (!strcmp(argv[i], "--size"))
      args.size = strtoul(value, NULL, 10);
    else if (!strcmp(argv[i], "--answer"))
      args.answer = strtoul(value, NULL, 10);
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
  if (!args.answer) args.answer = args.size;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void fill_pattern(void) {
  uint32_t x = 2463534242u;
  uint32_t header = htonl((uint32_t)(args.size - sizeof header));
  if (args.answer != args.size) return;
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

/* Its write side gathers, until it is flushed, what does not fill its buffer. */
static void shake_hands(connection *c) {
  c->ssl = SSL_new(context);
  BIO *below = BIO_new_socket(c->descriptor, BIO_NOCLOSE);
  BIO *gathering = BIO_new(BIO_f_buffer());
  if (!c->ssl || !below || !gathering || !BIO_up_ref(below)) fail("memory");
  SSL_set_bio(c->ssl, below, BIO_push(gathering, below));
  if (args.resume && session && !SSL_set_session(c->ssl, session)) fail("session");
  int resumes = args.resume && session;
  if (SSL_connect(c->ssl) != 1 || SSL_session_reused(c->ssl) != resumes) errno = EPROTO, fail("handshake");
}

static void open_connection(connection *c) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)args.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  c->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (c->descriptor < 0 || connect(c->descriptor, (struct sockaddr *)&address, sizeof address)) fail("connect");
  setsockopt(c->descriptor, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  if (args.tls) shake_hands(c);
  fcntl(c->descriptor, F_SETFL, O_NONBLOCK);
  watch(c, EPOLL_CTL_ADD, EPOLLIN);
}

static void open_anew(connection *c) {
  if (args.resume) {
    SSL_SESSION_free(session);
    session = SSL_get1_session(c->ssl);
  }
  if (c->ssl) SSL_shutdown(c->ssl), BIO_flush(SSL_get_wbio(c->ssl));
  SSL_free(c->ssl);
  close(c->descriptor);
  c->ssl = NULL;
  open_connection(c);
}

/* The bytes handed over; -1 with EAGAIN if none can be now. */
static ssize_t put(connection *c, const char *data, size_t length) {
  if (!c->ssl) return send(c->descriptor, data, length, MSG_NOSIGNAL);
  size_t message = args.size - c->sent % args.size;
  return tls_send(c->ssl, data, length < message ? length : message);
}

static int flushed(connection *c) { return !c->ssl || BIO_flush(SSL_get_wbio(c->ssl)) == 1; }

static void send_due(connection *c) {
  while (c->sent < c->due) {
    size_t length = c->due - c->sent;
    ssize_t count = put(c, expected_at(c, c->sent), length < period ? length : period);
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) fail("send");
    c->sent += (size_t)count;
  }
  int waiting = c->sent < c->due || !flushed(c);
  if (waiting != c->waiting) watch(c, EPOLL_CTL_MOD, waiting ? EPOLLIN | EPOLLOUT : EPOLLIN);
  c->waiting = waiting;
}

static void start_batch(connection *c) {
  if (trips_started >= trips_wanted) return;
  if (args.reconnect && c->due) open_anew(c);
  trips_started += args.pipeline;
  c->due += args.pipeline * args.size;
  c->awaited += args.pipeline * args.answer;
  send_due(c);
}

static void receive(connection *c) {
  static char buffer[kReadSize];
  do {
    ssize_t count = c->ssl ? tls_receive(c->ssl, buffer, sizeof buffer) : recv(c->descriptor, buffer, sizeof buffer, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) fail("the server closed a connection");
    if ((size_t)count > c->awaited - c->received || memcmp(buffer, expected_at(c, c->received), (size_t)count)) {
      errno = EBADMSG;
      fail("wrong bytes came back");
    }
    c->received += (size_t)count;
    if (c->received < c->awaited) continue;
    trips_done += args.pipeline;
    start_batch(c);
  } while (c->ssl && SSL_has_pending(c->ssl));
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
  if (args.tls) context = tls_client_context();
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
