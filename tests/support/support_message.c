#include "support_message.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

enum { kUntouched = 0xEE, kLargeBuffer = 1 << 20, kShortQueue = 16 * 1024 };
static const double kPatience = 10;

/* A completion, and what only datagrams have. */
struct letter {
  struct completion completion;
  aio_address sender; /* length 0: the callback saw none */
  int truncated;
  size_t sizes[kMostSizes]; /* of the datagrams delivered, or of those of a batch */
  size_t count;
  void (*then)(struct completion *);
};

static struct letter *letter_of(struct completion *completion) { return (struct letter *)completion; }

static void must(int good, const char *what) {
  if (!good) fail_at(HERE, "%s: %s", what, strerror(errno));
}

/* ---- sockets and addresses ---- */

aio_address parsed_address(const char *host, uint16_t port) {
  aio_address address;
  expect_status(aio_address_parse(&address, host, port), AIO_OK);
  return address;
}

aio_address address_of_socket(int socket) {
  aio_address address = {0};
  socklen_t length = sizeof address.storage;
  must(getsockname(socket, (struct sockaddr *)address.storage, &length) == 0, "getsockname");
  address.length = length;
  return address;
}

aio_address address_of_state(const struct pair *pair) {
  aio_address address;
  expect_status(aio_state_local_address(pair->state, &address), AIO_OK);
  return address;
}

aio_address address_of_peer(const struct pair *pair) {
  const aio_address address = address_of_socket(pair->peer);
  aio_address local;
  if (aio_address_family(&address) != 4 || aio_state_local_address(pair->state, &local) != AIO_OK) return address;
  if (aio_address_family(&local) != 6) return address;
  char text[64] = "::ffff:";
  expect_status(aio_address_host(&address, text + strlen(text), sizeof text - strlen(text)), AIO_OK);
  return parsed_address(text, aio_address_port(&address));
}

const char *service_of(int socket) {
  const aio_address address = address_of_socket(socket);
  char *text = fixture_memory(8);
  snprintf(text, 8, "%u", aio_address_port(&address));
  return text;
}

static int bound_udp(const char *host) {
  const aio_address address = parsed_address(host, 0);
  const int room = kLargeBuffer;
  int bound = socket(aio_address_family(&address) == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  must(bound >= 0, "socket");
  must(setsockopt(bound, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) == 0, "setsockopt");
  must(bind(bound, (const struct sockaddr *)address.storage, address.length) == 0, "bind");
  return bound;
}

static void close_descriptor(void *argument) { close(*(int *)argument); }

int new_raw_udp(const char *host) {
  int *bound = fixture_memory(sizeof *bound);
  *bound = bound_udp(host);
  at_tear_down(close_descriptor, bound);
  return *bound;
}

/* ---- pairs ---- */

static void connect_peer(struct pair *pair, const char *host) {
  const aio_address local = address_of_state(pair);
  const aio_address address = parsed_address(host, aio_address_port(&local));
  must(connect(pair->peer, (const struct sockaddr *)address.storage, address.length) == 0, "connect");
}

static struct pair *unconnected_pair(aio_collection *collection, const char *host, const char *peer_host,
                                     const aio_udp_options *given) {
  aio_udp_options options = {0};
  if (given != NULL) options = *given;
  if (options.receive_buffer_size == 0) options.receive_buffer_size = kLargeBuffer;
  struct pair *pair = pair_of(collection, NULL, bound_udp(peer_host));
  expect_status(aio_state_create_udp(collection, host, "0", &options, &pair->state), AIO_OK);
  connect_peer(pair, peer_host);
  return pair;
}

static aio_state_options for_adopted(const aio_udp_options *given) {
  if (given == NULL) return (aio_state_options){0};
  return (aio_state_options){.queue_output = given->queue_output,
                             .read_timeout = given->read_timeout,
                             .write_timeout = given->write_timeout,
                             .user_info = given->user_info,
                             .name = given->name};
}

static struct pair *adopted_pair(aio_collection *collection, const int sockets[2], const aio_udp_options *given) {
  const aio_state_options options = for_adopted(given);
  struct pair *pair = pair_of(collection, NULL, sockets[1]);
  aio_status status = aio_state_create(collection, sockets[0], &options, &pair->state);
  if (status != AIO_OK) close(sockets[0]);
  expect_status(status, AIO_OK);
  return pair;
}

static struct pair *connected_pair_of_udp(aio_collection *collection, const aio_udp_options *given) {
  const int sockets[2] = {bound_udp("127.0.0.1"), bound_udp("127.0.0.1")};
  for (int i = 0; i < 2; i++) {
    const aio_address other = address_of_socket(sockets[1 - i]);
    must(connect(sockets[i], (const struct sockaddr *)other.storage, other.length) == 0, "connect");
  }
  return adopted_pair(collection, sockets, given);
}

static struct pair *unix_datagram_pair(aio_collection *collection, const aio_udp_options *given) {
  const int room = kShortQueue;
  int sockets[2];
  must(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets) == 0, "socketpair");
  for (int i = 0; i < 2; i++)
    must(setsockopt(sockets[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room) == 0, "setsockopt");
  return adopted_pair(collection, sockets, given);
}

struct pair *new_message_pair(aio_collection *collection, enum message_link link, const aio_udp_options *options) {
  switch (link) {
    case LINK_UDP:
      return unconnected_pair(collection, "127.0.0.1", "127.0.0.1", options);
    case LINK_UDP6:
      return unconnected_pair(collection, "::1", "::1", options);
    case LINK_UDP_DUAL:
      return unconnected_pair(collection, NULL, "127.0.0.1", options);
    case LINK_UDP_CONNECTED:
      return connected_pair_of_udp(collection, options);
    default:
      return unix_datagram_pair(collection, options);
  }
}

static int set_up(void **fixture, int (*set_up_base)(void **), enum message_link link) {
  set_up_base(fixture);
  *fixture = new_message_pair(((struct pair *)*fixture)->collection, link, NULL);
  return 0;
}

int set_up_udp_pair(void **fixture) { return set_up(fixture, set_up_collection, LINK_UDP); }

int set_up_connected_udp_pair(void **fixture) { return set_up(fixture, set_up_collection, LINK_UDP_CONNECTED); }

int set_up_unix_datagram_pair(void **fixture) { return set_up(fixture, set_up_collection, LINK_UNIX_DATAGRAM); }

int set_up_threaded_udp_pair(void **fixture) { return set_up(fixture, set_up_threaded_collection, LINK_UDP); }

/* ---- the peer ---- */

void peer_sends_message_at(struct place place, struct pair *pair, size_t length) {
  double deadline = now() + kPatience;
  char *bytes = malloc(length + 1);
  fill_payload(bytes, pair->peer_sent, length);
  while (send(pair->peer, bytes, length, 0) != (ssize_t)length) {
    if (errno != EAGAIN && errno != ENOBUFS) fail_at(place, "the peer's socket fails: %s", strerror(errno));
    if (now() > deadline) fail_at(place, "the peer makes no progress");
    pump(pair, POLLOUT);
  }
  free(bytes);
  pair->peer_sent += length;
}

void peer_sends_messages(struct pair *pair, const size_t *sizes, size_t count) {
  for (size_t i = 0; i < count; i++) peer_sends_message(pair, sizes[i]);
}

void peer_receives_message_at(struct place place, struct pair *pair, size_t length) {
  double deadline = now() + kPatience;
  char *bytes = malloc(kLongestUdp + 1);
  ssize_t count;
  while ((count = recv(pair->peer, bytes, kLongestUdp + 1, 0)) < 0) {
    if (errno != EAGAIN) fail_at(place, "the peer's socket fails: %s", strerror(errno));
    if (now() > deadline) fail_at(place, "the peer gets no datagram");
    pump(pair, POLLIN);
  }
  const int good = is_payload(bytes, pair->peer_received, (size_t)count);
  free(bytes);
  if ((size_t)count != length) fail_at(place, "the peer got %zd bytes instead of %zu", count, length);
  if (!good) fail_at(place, "the peer got another datagram than that at %llu", (unsigned long long)pair->peer_received);
  pair->peer_received += length;
}

void peer_receives_no_message_at(struct place place, struct pair *pair) {
  char byte;
  settle(pair);
  if (recv(pair->peer, &byte, 1, 0) >= 0) fail_at(place, "the peer got a datagram");
  if (errno != EAGAIN) fail_at(place, "the peer's socket fails: %s", strerror(errno));
}

int peer_sends_segments(struct pair *pair, size_t total, size_t segment) {
#ifdef UDP_SEGMENT
  char control[CMSG_SPACE(sizeof(uint16_t))] = {0};
  char *bytes = malloc(total);
  struct iovec vector = {bytes, total};
  struct msghdr message = {
      .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  const uint16_t size = (uint16_t)segment;
  header->cmsg_level = SOL_UDP;
  header->cmsg_type = UDP_SEGMENT;
  header->cmsg_len = CMSG_LEN(sizeof size);
  memcpy(CMSG_DATA(header), &size, sizeof size);
  fill_payload(bytes, pair->peer_sent, total);
  const ssize_t sent = sendmsg(pair->peer, &message, 0);
  free(bytes);
  if (sent == (ssize_t)total) pair->peer_sent += total;
  return sent == (ssize_t)total;
#else
  (void)pair, (void)total, (void)segment;
  return 0;
#endif
}

/* ---- receiving ---- */

static struct letter *new_letter(struct pair *pair) {
  struct letter *letter = fixture_memory(sizeof *letter);
  letter->completion.pair = pair;
  letter->completion.then = pair->then;
  letter->completion.submitted = AIO_ERR_INTERNAL;
  keep_completion(&letter->completion);
  return letter;
}

static aio_io_options options_for(struct letter *letter, const aio_io_options *given) {
  aio_io_options options = {0};
  if (given != NULL) options = *given;
  options.user_info = letter;
  return options;
}

static void note_envelope(struct letter *letter, const aio_state *state) {
  const aio_address *sender = aio_state_message_address(state);
  lock_records();
  letter->sender = sender != NULL ? *sender : (aio_address){0};
  letter->truncated = aio_state_message_truncated(state);
  unlock_records();
}

static void recorded_message(aio_state *state, void *buffer, size_t count, void *letter) {
  note_envelope(letter, state);
  recorded_read(state, buffer, count, letter);
}

struct completion *submit_receive(struct pair *pair, size_t length, const aio_io_options *given) {
  struct letter *letter = new_letter(pair);
  struct completion *completion = &letter->completion;
  aio_io_options options = options_for(letter, given);
  completion->memory = guarded_memory(length);
  completion->length = length;
  completion->start = options.start;
  memset(completion->memory, kUntouched, length);
  accept_completion(completion,
                    aio_state_receive_message(pair->state, completion->memory, length, recorded_message, &options));
  return completion;
}

/* The payload was verified; what comes next is behind it. */
static void take_note(struct completion *completion) {
  struct letter *letter = letter_of(completion);
  lock_records();
  if (completion->status == AIO_OK) {
    if (letter->count < kMostSizes) letter->sizes[letter->count] = completion->count;
    letter->count++;
    completion->pair->read += completion->count;
    if (letter->truncated) note_violation("a standing receive cut a datagram off");
  } else if (completion->buffer != NULL || completion->count != 0 || letter->sender.length != 0) {
    note_violation("the last call had a datagram");
  }
  unlock_records();
  if (letter->then != NULL) letter->then(completion);
}

struct completion *submit_receive_all(struct pair *pair, void (*then)(struct completion *),
                                      const aio_io_options *given) {
  struct letter *letter = new_letter(pair);
  aio_io_options options = options_for(letter, given);
  letter->completion.standing = 1;
  letter->completion.then = take_note;
  letter->then = then != NULL ? then : pair->then;
  accept_completion(&letter->completion, aio_state_receive_messages(pair->state, recorded_message, &options));
  return &letter->completion;
}

/* ---- sending ---- */

static struct completion *new_send(struct pair *pair, size_t length, const aio_io_options *options) {
  struct completion *completion = &new_letter(pair)->completion;
  size_t end = options->end != 0 ? options->end : length;
  size_t range = options->start <= end && end <= length ? end - options->start : 0;
  completion->memory = guarded_memory(length);
  completion->length = length;
  completion->start = options->start;
  completion->position = pair->written;
  completion->range = range;
  memset(completion->memory, kUntouched, length);
  fill_payload(completion->memory + completion->start, pair->written, range);
  letter_of(completion)->sizes[0] = range;
  return completion;
}

static struct completion *submitted_send(struct completion *completion, aio_status status) {
  accept_completion(completion, status);
  if (status == AIO_OK) completion->pair->written += letter_of(completion)->sizes[0];
  return completion;
}

static int is_connected(const struct pair *pair) {
  aio_address peer;
  return aio_state_peer_address(pair->state, &peer) == AIO_OK;
}

struct completion *submit_send(struct pair *pair, size_t length, const aio_io_options *given) {
  const aio_io_options none = {0};
  struct completion *completion = new_send(pair, length, given != NULL ? given : &none);
  aio_io_options options = options_for(letter_of(completion), given);
  if (is_connected(pair))
    return submitted_send(completion,
                          aio_state_send_message(pair->state, completion->memory, length, recorded_write, &options));
  const aio_address peer = address_of_peer(pair);
  return submitted_send(completion, aio_state_send_message_to_address(pair->state, &peer, completion->memory, length,
                                                                      recorded_write, &options));
}

struct completion *submit_send_to_host(struct pair *pair, const char *host, const char *service, size_t length,
                                       const aio_io_options *given) {
  const aio_io_options none = {0};
  struct completion *completion = new_send(pair, length, given != NULL ? given : &none);
  aio_io_options options = options_for(letter_of(completion), given);
  return submitted_send(completion, aio_state_send_message_to_host(pair->state, host, service, completion->memory,
                                                                   length, recorded_write, &options));
}

/* The arrays are gone when the call returns: the library must have copied them. */
struct completion *submit_send_all(struct pair *pair, const size_t *sizes, size_t count, const aio_io_options *given) {
  struct letter *letter = new_letter(pair);
  struct completion *completion = &letter->completion;
  aio_io_options options = options_for(letter, given);
  const int connected = is_connected(pair);
  aio_address *peers = malloc((count + 1) * sizeof *peers);
  aio_message *messages = calloc(count + 1, sizeof *messages);
  size_t total = 0;
  assert_true(count <= kMostSizes);
  for (size_t i = 0; i < count; i++) total += letter->sizes[i] = sizes[i];
  letter->count = count;
  completion->memory = guarded_memory(total);
  completion->length = total;
  completion->position = pair->written;
  completion->range = total;
  fill_payload(completion->memory, pair->written, total);
  for (size_t i = 0, start = 0; i < count; start += sizes[i++]) {
    messages[i] = (aio_message){.data = completion->memory + start, .length = sizes[i]};
    if (connected) continue;
    peers[i] = address_of_peer(pair);
    messages[i].address = &peers[i];
  }
  accept_completion(completion, aio_state_send_messages(pair->state, messages, count, recorded_write, &options));
  free(peers);
  free(messages);
  if (completion->submitted == AIO_OK) pair->written += total;
  return completion;
}

/* ---- expecting ---- */

void expect_message_at(struct place place, struct completion *completion, size_t length, size_t stored) {
  struct letter *letter = letter_of(completion);
  struct pair *pair = completion->pair;
  expect_read_at(place, completion, AIO_OK, stored);
  pair->read += length - stored;
  if (letter->truncated != (stored < length)) fail_at(place, "truncated: %d", letter->truncated);
  if (pair->peer < 0 || pair->state == NULL || !aio_state_is_open(pair->state)) return;
  const aio_address peer = address_of_peer(pair);
  if (aio_address_family(&peer) != AIO_UNIX && !aio_address_equal(&letter->sender, &peer))
    fail_at(place, "the sender's address is another one");
}

void expect_messages_at(struct place place, struct completion *completion, const size_t *sizes, size_t count) {
  struct letter *letter = letter_of(completion);
  drive_until(completion->pair, letter->count >= count);
  if (letter->count != count) fail_at(place, "%zu datagrams instead of %zu", letter->count, count);
  for (size_t i = 0; i < count; i++)
    if (letter->sizes[i] != sizes[i])
      fail_at(place, "datagram %zu has %zu bytes instead of %zu", i, letter->sizes[i], sizes[i]);
}

void expect_last_call_at(struct place place, struct completion *completion, aio_status status) {
  struct letter *letter = letter_of(completion);
  drive_until(completion->pair, (size_t)completion->done > letter->count);
  expect_status_at(place, completion->status, status);
  if ((size_t)completion->calls != letter->count + 1) fail_at(place, "it was called again");
}

void expect_sent_at(struct place place, struct completion *completion, aio_status status, size_t count) {
  struct letter *letter = letter_of(completion);
  uint64_t end = completion->position;
  drive_until(completion->pair, completion->done > 0);
  expect_status_at(place, completion->status, status);
  if (completion->count != count) fail_at(place, "%zu sent instead of %zu", completion->count, count);
  if (completion->buffer != NULL) fail_at(place, "the callback got a buffer");
  for (size_t i = 0; i < count; i++) end += letter->sizes[i];
  if (status != AIO_OK && completion->pair->written > end) completion->pair->written = end;
}

void expect_held_at(struct place place, struct pair *pair, size_t length) {
  char *bytes = guarded_memory(kLongestUdp);
  const size_t taken = aio_state_take_buffered(pair->state, bytes, kLongestUdp);
  if (taken != length) fail_at(place, "%zu bytes were held instead of %zu", taken, length);
  if (!is_payload(bytes, pair->read, taken)) fail_at(place, "another datagram was held");
  check_guards(bytes, kLongestUdp);
  pair->read += taken;
}

size_t messages_of(const struct completion *completion) { return ((const struct letter *)completion)->count; }

aio_address sender_of(const struct completion *completion) { return ((const struct letter *)completion)->sender; }

const size_t *equal_sizes(size_t count, size_t size) {
  size_t *sizes = fixture_memory(count * sizeof *sizes);
  for (size_t i = 0; i < count; i++) sizes[i] = size;
  return sizes;
}

const size_t *mixed_sizes(size_t count, unsigned bound) {
  static const size_t special[] = {0, 1, 1472, 1473, 8, 0, 0};
  size_t *sizes = fixture_memory(count * sizeof *sizes);
  uint32_t seed = bound;
  for (size_t i = 0; i < count; i++) {
    const unsigned choice = random_below(10, &seed);
    sizes[i] = choice < 7 && special[choice] < bound ? special[choice] : random_below(bound, &seed);
  }
  return sizes;
}
