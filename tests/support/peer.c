/* The raw end of a connection. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"
#include "tls_peer.h"

enum { kChunk = 1 << 18, kNarrowBuffer = 16 * 1024, kSegment = 1400 };
static const double kPatience = 10;

static void must(int good, const char *what) {
  if (!good) fail_at(HERE, "%s: %s", what, strerror(errno));
}

static void set_option(int socket, int level, int name, int value) {
  must(setsockopt(socket, level, name, &value, sizeof value) == 0, "setsockopt");
}

/* Small segments keep a small window moving: with loopback's of 64 KiB it would wait for window probes. */
static void narrow(int socket) {
  set_option(socket, SOL_SOCKET, SO_SNDBUF, kNarrowBuffer);
  set_option(socket, SOL_SOCKET, SO_RCVBUF, kNarrowBuffer);
  set_option(socket, IPPROTO_TCP, TCP_MAXSEG, kSegment);
}

static void connected_tcp(int sockets[2], int is_narrow) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockets[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(listener >= 0 && sockets[0] >= 0, "socket");
  if (is_narrow) {
    narrow(listener);
    narrow(sockets[0]);
  }
  must(bind(listener, (struct sockaddr *)&address, length) == 0 && listen(listener, 1) == 0, "listen");
  must(getsockname(listener, (struct sockaddr *)&address, &length) == 0, "getsockname");
  must(connect(sockets[0], (struct sockaddr *)&address, length) == 0, "connect");
  sockets[1] = accept(listener, NULL, NULL);
  must(sockets[1] >= 0, "accept");
  close(listener);
  for (int i = 0; i < 2; i++) set_option(sockets[i], IPPROTO_TCP, TCP_NODELAY, 1);
}

void connected_sockets(enum link link, int sockets[2]) {
  if (link != LINK_UNIX) {
    connected_tcp(sockets, link == LINK_NARROW_TCP);
    return;
  }
  must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0, "socketpair");
  for (int i = 0; i < 2; i++) set_option(sockets[i], SOL_SOCKET, SO_SNDBUF, kNarrowBuffer);
}

struct pair *pair_of(aio_collection *collection, aio_state *state, int peer) {
  struct pair *pair = fixture_pair();
  pair->collection = collection;
  pair->state = state;
  pair->peer = peer;
  if (peer >= 0) must(fcntl(peer, F_SETFL, fcntl(peer, F_GETFL) | O_NONBLOCK) == 0, "fcntl");
  return pair;
}

struct pair *new_pair(aio_collection *collection, enum link link, const aio_state_options *options) {
  int sockets[2];
  aio_state *state = NULL;
  connected_sockets(link, sockets);
  struct pair *pair = pair_of(collection, NULL, sockets[1]);
  aio_status status = aio_state_create(collection, sockets[0], options, &state);
  if (status != AIO_OK) close(sockets[0]);
  expect_status(status, AIO_OK);
  pair->state = state;
  if (tls_under_test() != 0) secure_pair(pair, link);
  return pair;
}

/* One try; 0 if it would have blocked, after having driven the collection a little. */
static size_t moved(struct place place, struct pair *pair, ssize_t result, short events, double *deadline) {
  if (result > 0) {
    move_tls_peers();
    *deadline = now() + kPatience;
    return (size_t)result;
  }
  if (result < 0 && errno != EAGAIN) fail_at(place, "the peer's socket fails: %s", strerror(errno));
  if (now() > *deadline) fail_at(place, "the peer makes no progress");
  pump(pair, events);
  return 0;
}

static void send_all(struct place place, struct pair *pair, const char *bytes, size_t length) {
  double deadline = now() + kPatience;
  for (size_t sent = 0; sent < length;)
    sent += moved(place, pair, send(pair->peer, bytes + sent, length - sent, MSG_NOSIGNAL), POLLOUT, &deadline);
}

void peer_sends_at(struct place place, struct pair *pair, size_t length) {
  static char chunk[kChunk];
  while (length > 0) {
    size_t part = length < kChunk ? length : kChunk;
    fill_payload(chunk, pair->peer_sent, part);
    send_all(place, pair, chunk, part);
    pair->peer_sent += part;
    length -= part;
  }
}

size_t peer_sends_some(struct pair *pair, size_t most) {
  static char chunk[kChunk];
  size_t part = most < kChunk ? most : kChunk;
  fill_payload(chunk, pair->peer_sent, part);
  ssize_t count = send(pair->peer, chunk, part, MSG_NOSIGNAL);
  if (count > 0) pair->peer_sent += (uint64_t)count;
  move_tls_peers();
  return count > 0 ? (size_t)count : 0;
}

void peer_sends_text_at(struct place place, struct pair *pair, const char *text) {
  pair->plain_bytes = 1;
  send_all(place, pair, text, strlen(text));
}

/* recv, with what came verified. */
static ssize_t receive(struct place place, struct pair *pair, size_t most) {
  static char chunk[kChunk];
  move_tls_peers();
  ssize_t count = recv(pair->peer, chunk, most < kChunk ? most : kChunk, 0);
  if (count <= 0) return count;
  if (!pair->plain_bytes && !is_payload(chunk, pair->peer_received, (size_t)count))
    fail_at(place, "the peer received something else than the payload at %llu",
            (unsigned long long)pair->peer_received);
  pair->peer_received += (uint64_t)count;
  return count;
}

void peer_receives_at(struct place place, struct pair *pair, size_t length) {
  double deadline = now() + kPatience;
  while (length > 0) {
    ssize_t count = receive(place, pair, length);
    if (count == 0) fail_at(place, "the peer got the end, %zu bytes too early", length);
    length -= moved(place, pair, count, POLLIN, &deadline);
  }
}

size_t peer_takes_some(struct pair *pair, size_t most) {
  ssize_t count = receive(HERE, pair, most);
  return count > 0 ? (size_t)count : 0;
}

/* Reads on until recv returns something else than bytes: 0, or the errno. */
static int end_of_stream(struct place place, struct pair *pair) {
  double deadline = now() + kPatience;
  for (;;) {
    ssize_t count = receive(place, pair, kChunk);
    if (count == 0) return 0;
    if (count < 0 && errno != EAGAIN) return errno;
    moved(place, pair, count, POLLIN, &deadline);
  }
}

void peer_gets_end_at(struct place place, struct pair *pair) {
  uint64_t before = pair->peer_received;
  int error = end_of_stream(place, pair);
  if (error != 0) fail_at(place, "the peer got an error instead of the end: %s", strerror(error));
  if (pair->peer_received != before)
    fail_at(place, "the peer got %llu bytes before the end", (unsigned long long)(pair->peer_received - before));
}

static void receive_rest(struct place place, struct pair *pair, int allowed) {
  int error = end_of_stream(place, pair);
  if (error != 0 && error != allowed) fail_at(place, "the peer got an error instead of the end: %s", strerror(error));
  if (pair->peer_received != pair->written)
    fail_at(place, "the peer received %llu bytes, %llu were taken", (unsigned long long)pair->peer_received,
            (unsigned long long)pair->written);
}

void peer_receives_rest_at(struct place place, struct pair *pair) { receive_rest(place, pair, 0); }

void peer_receives_cut_rest_at(struct place place, struct pair *pair) {
  receive_rest(place, pair, tls_under_test() != 0 ? ECONNRESET : 0);
}

void peer_gets_reset_at(struct place place, struct pair *pair) {
  int error = end_of_stream(place, pair);
  if (error != ECONNRESET) fail_at(place, "the peer got no reset: %s", error == 0 ? "the end" : strerror(error));
}

void peer_ends(struct pair *pair) {
  must(shutdown(pair->peer, SHUT_WR) == 0, "shutdown");
  move_tls_peers();
}

void peer_closes(struct pair *pair) {
  close(pair->peer);
  pair->peer = -1;
  move_tls_peers();
}

void peer_resets(struct pair *pair) {
  struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  must(setsockopt(pair->peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0, "SO_LINGER");
  peer_closes(pair);
}
