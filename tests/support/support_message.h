/*
 * The vocabulary for datagrams. A pair's payload goes on from datagram to datagram, so one that is lost, doubled or
 * overtaken is found in every test. Receives verify the sender's address too.
 */
#ifndef SUPPORT_MESSAGE_H
#define SUPPORT_MESSAGE_H

#include "support.h"

enum { kLongestUdp = 65507, kMostSizes = 1024 };

/* ---- pairs; the peer is a raw socket that is connected to the state ---- */

enum message_link {
  LINK_UDP,           /* the state is not connected */
  LINK_UDP_CONNECTED, /* the state knows only its peer */
  LINK_UDP6,
  LINK_UDP_DUAL,      /* a state of both families, a peer of IPv4 */
  LINK_UNIX_DATAGRAM, /* adopted; nothing is ever lost, and the kernel's queue is short */
};

/* Only the fields of the options that all kinds of states have count where the state is adopted or connected. */
struct pair *new_message_pair(aio_collection *collection, enum message_link link, const aio_udp_options *options);

int set_up_udp_pair(void **fixture);
int set_up_connected_udp_pair(void **fixture);
int set_up_unix_datagram_pair(void **fixture);
int set_up_threaded_udp_pair(void **fixture);

#define with_udp_pair(test) cmocka_unit_test_setup_teardown(test, set_up_udp_pair, tear_down)
#define with_connected_udp_pair(test) cmocka_unit_test_setup_teardown(test, set_up_connected_udp_pair, tear_down)
#define with_unix_datagram_pair(test) cmocka_unit_test_setup_teardown(test, set_up_unix_datagram_pair, tear_down)
#define with_threaded_udp_pair(test) cmocka_unit_test_setup_teardown(test, set_up_threaded_udp_pair, tear_down)

/* A raw UDP socket, bound to the host and a free port; tear_down closes it. Addresses of raw sockets and of states. */
int new_raw_udp(const char *host);
aio_address address_of_socket(int socket);
aio_address address_of_state(const struct pair *pair);
aio_address parsed_address(const char *host, uint16_t port);
const char *service_of(int socket); /* its port as text */

/* As the state shows the peer: of a state of both families, an IPv6 address. */
aio_address address_of_peer(const struct pair *pair);

/* ---- the peer ---- */

#define peer_sends_message(pair, length) peer_sends_message_at(HERE, pair, length)
#define peer_receives_message(pair, length) peer_receives_message_at(HERE, pair, length) /* of exactly this length */
#define peer_receives_no_message(pair) peer_receives_no_message_at(HERE, pair)           /* settles first */
void peer_sends_message_at(struct place place, struct pair *pair, size_t length);
void peer_sends_messages(struct pair *pair, const size_t *sizes, size_t count);
void peer_receives_message_at(struct place place, struct pair *pair, size_t length);
void peer_receives_no_message_at(struct place place, struct pair *pair);

/* One call that the kernel cuts into datagrams of `segment` bytes, the last one perhaps shorter; 0 where it cannot. */
int peer_sends_segments(struct pair *pair, size_t total, size_t segment);

/* ---- operations; sends go to the peer, with its address where the state is not connected ---- */

#define start_receive(pair, length) started(HERE, try_receive(pair, length))
#define start_receive_with(pair, length, ...) started(HERE, try_receive_with(pair, length, __VA_ARGS__))
#define start_receive_all(pair, then) started(HERE, try_receive_all(pair, then))
#define start_receive_all_with(pair, then, ...) started(HERE, try_receive_all_with(pair, then, __VA_ARGS__))
#define start_send(pair, length) started(HERE, try_send(pair, length))
#define start_send_with(pair, length, ...) started(HERE, try_send_with(pair, length, __VA_ARGS__))
#define start_send_to_host(pair, host, service, length) started(HERE, try_send_to_host(pair, host, service, length))
#define start_send_to_host_with(pair, host, service, length, ...) \
  started(HERE, try_send_to_host_with(pair, host, service, length, __VA_ARGS__))
#define start_send_all(pair, sizes, count) started(HERE, try_send_all(pair, sizes, count))
#define start_send_all_with(pair, sizes, count, ...) started(HERE, try_send_all_with(pair, sizes, count, __VA_ARGS__))

#define try_receive(pair, length) submit_receive(pair, length, NULL)
#define try_receive_with(pair, length, ...) submit_receive(pair, length, &(aio_io_options){__VA_ARGS__})
#define try_receive_all(pair, then) submit_receive_all(pair, then, NULL)
#define try_receive_all_with(pair, then, ...) submit_receive_all(pair, then, &(aio_io_options){__VA_ARGS__})
#define try_send(pair, length) submit_send(pair, length, NULL)
#define try_send_with(pair, length, ...) submit_send(pair, length, &(aio_io_options){__VA_ARGS__})
#define try_send_to_host(pair, host, service, length) submit_send_to_host(pair, host, service, length, NULL)
#define try_send_to_host_with(pair, host, service, length, ...) \
  submit_send_to_host(pair, host, service, length, &(aio_io_options){__VA_ARGS__})
#define try_send_all(pair, sizes, count) submit_send_all(pair, sizes, count, NULL)
#define try_send_all_with(pair, sizes, count, ...) submit_send_all(pair, sizes, count, &(aio_io_options){__VA_ARGS__})

struct completion *submit_receive(struct pair *pair, size_t length, const aio_io_options *options);
struct completion *submit_receive_all(struct pair *pair, void (*then)(struct completion *),
                                      const aio_io_options *options);
struct completion *submit_send(struct pair *pair, size_t length, const aio_io_options *options);
struct completion *submit_send_to_host(struct pair *pair, const char *host, const char *service, size_t length,
                                       const aio_io_options *options);
struct completion *submit_send_all(struct pair *pair, const size_t *sizes, size_t count, const aio_io_options *options);

/* ---- expectations; expect_write and expect_refusal fit sends, too ---- */

/* A datagram of `length` bytes, of which `stored` fitted. */
#define expect_message(completion, length, stored) expect_message_at(HERE, completion, length, stored)
#define expect_no_message(completion, status) expect_read(completion, status, 0)
/* A standing receive's datagrams so far, exactly these. */
#define expect_messages(completion, sizes, count) expect_messages_at(HERE, completion, sizes, count)
/* And its last call. */
#define expect_last_call(completion, status) expect_last_call_at(HERE, completion, status)
/* So many of a batch were sent. Moves pair->written back to the first that was not. */
#define expect_sent(completion, status, count) expect_sent_at(HERE, completion, status, count)
/* One datagram that is held by the state is taken by the user. */
#define expect_held(pair, length) expect_held_at(HERE, pair, length)
void expect_message_at(struct place place, struct completion *completion, size_t length, size_t stored);
void expect_messages_at(struct place place, struct completion *completion, const size_t *sizes, size_t count);
void expect_last_call_at(struct place place, struct completion *completion, aio_status status);
void expect_sent_at(struct place place, struct completion *completion, aio_status status, size_t count);
void expect_held_at(struct place place, struct pair *pair, size_t length);

/* How many datagrams a standing receive has delivered; what the latest receive's callback saw. */
size_t messages_of(const struct completion *completion);
aio_address sender_of(const struct completion *completion);

/* `count` times the same size; sizes of all kinds below a bound. Both live until tear_down. */
const size_t *equal_sizes(size_t count, size_t size);
const size_t *mixed_sizes(size_t count, unsigned bound);

#endif
