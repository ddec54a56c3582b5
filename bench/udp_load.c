/*
 * The load generator for datagrams: bare epoll, peers that each keep a number of datagrams in flight, check what comes back
 * and send it again. What was lost is sent anew after a tenth of a second. It speaks as load does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_PEERS = 64, MOST_IN_FLIGHT = 64, LONGEST = 2048, PATIENCE_MILLISECONDS = 100 };

static int port, descriptors[MOST_PEERS];
static int peers = 8, in_flight = 32, poller;
static size_t size = 64, trips, lost;
static double seconds;
static char bytes[MOST_IN_FLIGHT][LONGEST], pattern[LONGEST];
static struct iovec vectors[MOST_IN_FLIGHT];
static struct mmsghdr messages[MOST_IN_FLIGHT];

static void fail(const char *what) {
  fprintf(stderr, "udp_load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void parse(int argc, char **argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!strcmp(argv[i], "--port")) port = atoi(argv[i + 1]);
    if (!strcmp(argv[i], "--peers")) peers = atoi(argv[i + 1]);
    if (!strcmp(argv[i], "--in-flight")) in_flight = atoi(argv[i + 1]);
    if (!strcmp(argv[i], "--size")) size = strtoul(argv[i + 1], NULL, 10);
    if (!strcmp(argv[i], "--seconds")) seconds = strtod(argv[i + 1], NULL);
  }
  if (!port || peers < 1 || peers > MOST_PEERS || in_flight < 1 || in_flight > MOST_IN_FLIGHT || !size ||
      size > LONGEST || !(seconds > 0)) {
    fprintf(stderr, "usage: udp_load --port P [--peers N] [--in-flight N] [--size BYTES] --seconds S\n");
    exit(2);
  }
}

static void send_some(int descriptor, int count) {
  for (int i = 0; i < count; i++) vectors[i] = (struct iovec){pattern, size};
  if (sendmmsg(descriptor, messages, (unsigned)count, 0) < 0) fail("sendmmsg");
}

static int receive_some(int descriptor) {
  for (int i = 0; i < in_flight; i++) vectors[i] = (struct iovec){bytes[i], LONGEST};
  int count = recvmmsg(descriptor, messages, (unsigned)in_flight, MSG_DONTWAIT, NULL);
  for (int i = 0; i < count; i++) {
    if (messages[i].msg_len != size || memcmp(bytes[i], pattern, size))
      errno = EBADMSG, fail("something else came back");
  }
  return count > 0 ? count : 0;
}

static void run(double duration) {
  struct epoll_event events[MOST_PEERS];
  int waiting[MOST_PEERS]; /* datagrams in flight */
  double end = now() + duration;
  for (int i = 0; i < peers; i++) send_some(descriptors[i], waiting[i] = in_flight);
  for (int left = peers * in_flight; left > 0;) {
    int over = now() >= end;
    int count = epoll_wait(poller, events, MOST_PEERS, PATIENCE_MILLISECONDS);
    for (int i = 0; i < count; i++) {
      int peer = (int)events[i].data.u32;
      int came = receive_some(descriptors[peer]);
      trips += (size_t)came;
      if (over)
        waiting[peer] -= came, left -= came;
      else if (came > 0)
        send_some(descriptors[peer], came);
    }
    if (count > 0) continue;
    for (int i = 0; i < peers; i++) { /* what has not come by now does not come */
      lost += (size_t)waiting[i];
      if (over)
        left = 0;
      else
        send_some(descriptors[i], in_flight);
    }
  }
}

int main(int argc, char **argv) {
  parse(argc, argv);
  poller = epoll_create1(EPOLL_CLOEXEC);
  for (size_t i = 0; i < size; i++) pattern[i] = (char)(i * 7 + i / 251);
  for (int i = 0; i < MOST_IN_FLIGHT; i++)
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  for (int i = 0; i < peers; i++) {
    struct sockaddr_in server = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    descriptors[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(descriptors[i], SOL_SOCKET, SO_RCVBUF, &(int){1 << 20}, sizeof(int));
    if (connect(descriptors[i], (struct sockaddr *)&server, sizeof server)) fail("connect");
    epoll_ctl(poller, EPOLL_CTL_ADD, descriptors[i], &event);
  }
  run(0.02);
  printf("ready\n");
  fflush(stdout);
  if (getchar() == EOF) return 0;
  trips = 0;
  double start = now();
  run(seconds);
  printf("done trips=%zu seconds=%.6f\n", trips, now() - start);
  fflush(stdout);
  while (getchar() != EOF) continue;
  return 0;
}
