/* Making UDP states: aio_state_create_udp, aio_state_connect_udp, groups. */
#include "support_message.h"
#include "support_resolver.h"

#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int has_ipv6(void) {
  const aio_address address = parsed_address("::1", 0);
  int probe = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int works = probe >= 0 && bind(probe, (const struct sockaddr *)address.storage, address.length) == 0;
  if (probe >= 0) close(probe);
  return works;
}

#define need_ipv6()          \
  do {                       \
    if (!has_ipv6()) skip(); \
  } while (0)

#define create_udp(pair, address, service, ...) created(HERE, pair, address, service, &(aio_udp_options){__VA_ARGS__})

static struct pair *created(struct place place, struct pair *fixture, const char *address, const char *service,
                            const aio_udp_options *options) {
  struct pair *pair = pair_of(fixture->collection, NULL, -1);
  expect_status_at(place, aio_state_create_udp(pair->collection, address, service, options, &pair->state), AIO_OK);
  assert_non_null(pair->state);
  return pair;
}

static int option_of(const struct pair *pair, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  assert_int_equal(getsockopt(aio_state_socket(pair->state), level, name, &value, &length), 0);
  return value;
}

static int duplicate(int peer) {
  int copy = dup(peer);
  assert_int_equal(fcntl(copy, F_SETFL, O_NONBLOCK), 0);
  return copy;
}

static char *host_of(const aio_address *address) {
  char *text = fixture_memory(64);
  expect_status(aio_address_host(address, text, 64), AIO_OK);
  return text;
}

/* ---- options ---- */

static void test_create__defaults(void **fixture) {
  struct pair *pair = created(HERE, *fixture, "127.0.0.1", "0", NULL);
  assert_int_equal(option_of(pair, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
  assert_int_equal(option_of(pair, SOL_SOCKET, SO_REUSEADDR), 0);
  assert_int_equal(option_of(pair, SOL_SOCKET, SO_REUSEPORT), 0);
  assert_int_equal(option_of(pair, SOL_SOCKET, SO_BROADCAST), 0);
  assert_int_equal(option_of(pair, IPPROTO_IP, IP_MULTICAST_TTL), 1);
  assert_int_equal(option_of(pair, IPPROTO_IP, IP_MULTICAST_LOOP), 1);
  assert_string_equal(aio_state_name(pair->state), "");
  assert_null(aio_state_user_info(pair->state));
  assert_true(aio_state_read_timeout(pair->state) == AIO_NO_TIMEOUT);
  assert_true(aio_state_write_timeout(pair->state) == AIO_NO_TIMEOUT);
  assert_true(aio_state_is_open(pair->state));
  expect_status(aio_state_read_status(pair->state), AIO_OK);
  expect_status(aio_state_write_status(pair->state), AIO_OK);
  assert_int_equal(aio_state_buffered_length(pair->state), 0);
}

static void test_create__options_reach_the_socket(void **fixture) {
  struct pair *plain = created(HERE, *fixture, "127.0.0.1", "0", NULL);
  struct pair *pair =
      create_udp(*fixture, "127.0.0.1", "0", .reuse_address = AIO_YES, .reuse_port = AIO_YES, .broadcast = AIO_YES,
                 .multicast_ttl = 7, .multicast_loop = AIO_NO, .receive_buffer_size = 50000, .send_buffer_size = 40000);
  assert_int_not_equal(option_of(pair, SOL_SOCKET, SO_REUSEADDR), 0);
  assert_int_not_equal(option_of(pair, SOL_SOCKET, SO_REUSEPORT), 0);
  assert_int_not_equal(option_of(pair, SOL_SOCKET, SO_BROADCAST), 0);
  assert_int_equal(option_of(pair, IPPROTO_IP, IP_MULTICAST_TTL), 7);
  assert_int_equal(option_of(pair, IPPROTO_IP, IP_MULTICAST_LOOP), 0);
  assert_in_range(option_of(pair, SOL_SOCKET, SO_RCVBUF), 50000, 100000);
  assert_in_range(option_of(pair, SOL_SOCKET, SO_SNDBUF), 40000, 80000);
  assert_int_not_equal(option_of(pair, SOL_SOCKET, SO_RCVBUF), option_of(plain, SOL_SOCKET, SO_RCVBUF));
}

static void test_create__multicast_options_of_ipv6(void **fixture) {
  need_ipv6();
  struct pair *pair = create_udp(*fixture, "::1", "0", .multicast_ttl = 9, .multicast_loop = AIO_NO);
  assert_int_equal(option_of(pair, IPPROTO_IPV6, IPV6_MULTICAST_HOPS), 9);
  assert_int_equal(option_of(pair, IPPROTO_IPV6, IPV6_MULTICAST_LOOP), 0);
}

static void test_create__settings_of_the_state(void **fixture) {
  int here = 0;
  char name[] = "post";
  struct pair *pair =
      create_udp(*fixture, "127.0.0.1", "0", .name = name, .user_info = &here, .read_timeout = 3, .write_timeout = 4);
  name[0] = 'x';
  assert_string_equal(aio_state_name(pair->state), "post");
  assert_ptr_equal(aio_state_user_info(pair->state), &here);
  assert_true(aio_state_read_timeout(pair->state) == 3);
  assert_true(aio_state_write_timeout(pair->state) == 4);
}

static void test_create__socket_is_not_inherited(void **fixture) {
  struct pair *pair = created(HERE, *fixture, "127.0.0.1", "0", NULL);
  const int flags = fcntl(aio_state_socket(pair->state), F_GETFD);
  assert_int_not_equal(flags & FD_CLOEXEC, 0);
  assert_int_not_equal(fcntl(aio_state_socket(pair->state), F_GETFL) & O_NONBLOCK, 0);
}

/* ---- where it is bound ---- */

static void test_create__bound_where_told(void **fixture) {
  struct pair *pair = created(HERE, *fixture, "127.0.0.2", "0", NULL);
  const aio_address local = address_of_state(pair);
  assert_string_equal(host_of(&local), "127.0.0.2");
  assert_int_not_equal(aio_address_port(&local), 0);
}

static void test_create__bound_to_a_name(void **fixture) {
  resolver_knows("bound.test", "192.0.2.1 127.0.0.3");
  struct pair *pair = created(HERE, *fixture, "bound.test", "0", NULL);
  const aio_address local = address_of_state(pair);
  assert_string_equal(host_of(&local), "127.0.0.3");
}

static void test_create__bound_to_the_given_port(void **fixture) {
  struct pair *first = created(HERE, *fixture, "127.0.0.2", "0", NULL);
  const char *port = service_of(aio_state_socket(first->state));
  struct pair *second = created(HERE, *fixture, "127.0.0.3", port, NULL);
  const aio_address one = address_of_state(first), other = address_of_state(second);
  assert_int_equal(aio_address_port(&one), aio_address_port(&other));
}

static void test_create__all_addresses_of_both_families(void **fixture) {
  need_ipv6();
  struct pair *pair = created(HERE, *fixture, NULL, "0", NULL);
  const aio_address local = address_of_state(pair);
  assert_string_equal(host_of(&local), "::");
  assert_int_equal(option_of(pair, IPPROTO_IPV6, IPV6_V6ONLY), 0);
}

static void test_create__all_addresses_of_one_family(void **fixture) {
  struct pair *four = create_udp(*fixture, NULL, "0", .family = 4);
  aio_address local = address_of_state(four);
  assert_string_equal(host_of(&local), "0.0.0.0");
  need_ipv6();
  struct pair *six = create_udp(*fixture, NULL, "0", .family = 6);
  local = address_of_state(six);
  assert_string_equal(host_of(&local), "::");
  assert_int_not_equal(option_of(six, IPPROTO_IPV6, IPV6_V6ONLY), 0);
}

static void test_create__unbound_is_bound_by_the_first_send(void **fixture) {
  struct pair *pair = create_udp(*fixture, NULL, NULL, .family = 4);
  aio_address local = {0};
  if (aio_state_local_address(pair->state, &local) == AIO_OK) assert_int_equal(aio_address_port(&local), 0);
  pair->peer = duplicate(new_raw_udp("127.0.0.1"));
  expect_write(start_send(pair, 10), AIO_OK, 10);
  peer_receives_message(pair, 10);
  local = address_of_state(pair);
  assert_int_not_equal(aio_address_port(&local), 0);
}

static void test_create__unbound_receives_once_it_is_bound(void **fixture) {
  struct pair *pair = create_udp(*fixture, NULL, NULL, .family = 4);
  pair->peer = duplicate(new_raw_udp("127.0.0.1"));
  struct completion *receive = start_receive(pair, 10);
  expect_running(receive);
  expect_write(start_send(pair, 10), AIO_OK, 10);
  const aio_address local = address_of_state(pair), loopback = parsed_address("127.0.0.1", aio_address_port(&local));
  assert_int_equal(connect(pair->peer, (const struct sockaddr *)loopback.storage, loopback.length), 0);
  peer_sends_message(pair, 5);
  expect_message(receive, 5, 5);
}

static void test_create__both_families_reach_both(void **fixture) {
  need_ipv6();
  struct pair *pair = created(HERE, *fixture, NULL, "0", NULL);
  const char *const hosts[] = {"127.0.0.1", "::1"};
  char byte;
  for (int i = 0; i < 2; i++) {
    int peer = new_raw_udp(hosts[i]);
    const aio_address to = address_of_socket(peer);
    expect_status(aio_state_send_message_to_address(pair->state, &to, "x", 1, NULL, NULL), AIO_OK);
    settle(pair);
    assert_int_equal(recv(peer, &byte, 1, MSG_DONTWAIT), 1);
  }
}

static void test_create__reuse_port_shares_a_port(void **fixture) {
  struct pair *first = create_udp(*fixture, "127.0.0.1", "0", .reuse_port = AIO_YES);
  const char *port = service_of(aio_state_socket(first->state));
  create_udp(*fixture, "127.0.0.1", port, .reuse_port = AIO_YES);
}

/* ---- refusals ---- */

static void refuses_to_create(struct place place, struct pair *pair, const char *address, const char *service,
                              const aio_udp_options *options, aio_status status) {
  aio_state *out = (aio_state *)pair;
  const int descriptors = open_descriptors();
  expect_status_at(place, aio_state_create_udp(pair->collection, address, service, options, &out), status);
  assert_null(out);
  assert_int_equal(open_descriptors(), descriptors);
}

static void test_create__address_in_use(void **fixture) {
  struct pair *pair = created(HERE, *fixture, "127.0.0.1", "0", NULL);
  const char *port = service_of(aio_state_socket(pair->state));
  refuses_to_create(HERE, pair, "127.0.0.1", port, NULL, AIO_ERR_ADDRESS_IN_USE);
  assert_non_null(strstr(aio_last_error_text(), "127.0.0.1"));
  assert_non_null(strstr(aio_last_error_text(), port));
}

static void test_create__address_of_another_machine(void **fixture) {
  refuses_to_create(HERE, *fixture, "192.0.2.1", "0", NULL, AIO_ERR_ADDRESS_NOT_AVAILABLE);
  assert_non_null(strstr(aio_last_error_text(), "192.0.2.1"));
}

static void test_create__unknown_names(void **fixture) {
  resolver_fails("none.test", EAI_NONAME);
  refuses_to_create(HERE, *fixture, "none.test", "0", NULL, AIO_ERR_HOST_NOT_FOUND);
  assert_string_not_equal(aio_last_error_text(), "");
  refuses_to_create(HERE, *fixture, "127.0.0.1", "no such service", NULL, AIO_ERR_SERVICE_NOT_FOUND);
  refuses_to_create(HERE, *fixture, "127.0.0.1", "65536", NULL, AIO_ERR_SERVICE_NOT_FOUND);
  refuses_to_create(HERE, *fixture, NULL, "65536", NULL, AIO_ERR_SERVICE_NOT_FOUND);
  refuses_to_create(HERE, *fixture, "127.0.0.1", "-1", NULL, AIO_ERR_SERVICE_NOT_FOUND);
}

static void test_create__address_of_another_family(void **fixture) {
  struct pair *pair = *fixture;
  aio_state *out = (aio_state *)pair;
  const aio_udp_options six = {.family = 6}, four = {.family = 4};
  expect_status(aio_state_create_udp(pair->collection, "127.0.0.1", "0", &six, &out), AIO_ERR_HOST_NOT_FOUND);
  expect_status(aio_state_create_udp(pair->collection, "::1", "0", &four, &out), AIO_ERR_HOST_NOT_FOUND);
  assert_null(out);
}

static void test_create__last_error_text_is_cleared_by_success(void **fixture) {
  refuses_to_create(HERE, *fixture, "192.0.2.1", "0", NULL, AIO_ERR_ADDRESS_NOT_AVAILABLE);
  created(HERE, *fixture, "127.0.0.1", "0", NULL);
  assert_string_equal(aio_last_error_text(), "");
}

static void test_broadcast__needs_the_option(void **fixture) {
  const aio_address broadcast = parsed_address("127.255.255.255", 9);
  for (int i = 0; i < 2; i++) {
    struct pair *pair = create_udp(*fixture, "127.0.0.1", "0", .broadcast = i == 0 ? AIO_NO : AIO_YES);
    struct completion *send = new_completion(pair);
    const aio_io_options options = {.user_info = send};
    accept_completion(send, AIO_OK);
    expect_status(aio_state_send_message_to_address(pair->state, &broadcast, "x", 1, recorded_write, &options), AIO_OK);
    drive_until(pair, send->done);
    expect_status(send->status, i == 0 ? AIO_ERR_ACCESS : AIO_OK);
  }
}

static void test_addresses__an_unconnected_state_has_no_peer(void **fixture) {
  struct pair *pair = created(HERE, *fixture, "127.0.0.1", "0", NULL);
  aio_address peer;
  expect_status(aio_state_peer_address(pair->state, &peer), AIO_ERR_NOT_CONNECTED);
  assert_int_equal(peer.length, 0);
}

static void test_settings__of_tcp_are_refused(void **fixture) {
  struct pair *pair = created(HERE, *fixture, "127.0.0.1", "0", NULL);
  assert_int_equal(aio_state_nodelay(pair->state), 0);
  expect_status(aio_state_set_nodelay(pair->state, AIO_YES), AIO_ERR_UNSUPPORTED);
  expect_status(aio_state_peer_credentials(pair->state, &(aio_credentials){0}), AIO_ERR_UNSUPPORTED);
}

/* ---- connect_udp ---- */

#define start_connect(pair, host, service, ...) \
  started(HERE, submit_connect_udp(pair, host, service, &(aio_connect_options){__VA_ARGS__}))

static struct completion *submit_connect_udp(struct pair *fixture, const char *host, const char *service,
                                             const aio_connect_options *given) {
  struct pair *pair = pair_of(fixture->collection, NULL, -1);
  struct completion *completion = new_completion(pair);
  aio_connect_options options = *given;
  options.user_info = completion;
  accept_completion(completion,
                    aio_state_connect_udp(pair->collection, host, service, recorded_status, &options, &pair->state));
  return completion;
}

/* The pair of a connect that succeeded, with a raw peer. */
static struct pair *completed(struct completion *attempt, int peer) {
  struct pair *pair = attempt->pair;
  expect_outcome(attempt, AIO_OK);
  const aio_address local = address_of_state(pair);
  pair->peer = duplicate(peer);
  assert_int_equal(connect(pair->peer, (const struct sockaddr *)local.storage, local.length), 0);
  return pair;
}

static void test_connect__exchanges_with_the_peer(void **fixture) {
  int peer = new_raw_udp("127.0.0.1");
  struct completion *attempt = start_connect(*fixture, "127.0.0.1", service_of(peer), .name = "asker");
  struct pair *pair = completed(attempt, peer);
  aio_address seen;
  const aio_address expected = address_of_socket(peer);
  expect_status(aio_state_peer_address(pair->state, &seen), AIO_OK);
  assert_true(aio_address_equal(&seen, &expected));
  assert_string_equal(aio_state_name(pair->state), "asker");
  expect_write(start_send(pair, 10), AIO_OK, 10);
  peer_receives_message(pair, 10);
  peer_sends_message(pair, 20);
  expect_message(start_receive(pair, 20), 20, 20);
}

static void test_connect__hears_only_the_peer(void **fixture) {
  int peer = new_raw_udp("127.0.0.1"), stranger = new_raw_udp("127.0.0.1");
  struct pair *pair = completed(start_connect(*fixture, "127.0.0.1", service_of(peer), .name = ""), peer);
  const aio_address to = address_of_state(pair);
  assert_int_equal(sendto(stranger, "x", 1, 0, (const struct sockaddr *)to.storage, to.length), 1);
  struct completion *receive = start_receive(pair, 10);
  expect_running(receive);
  peer_sends_message(pair, 5);
  expect_message(receive, 5, 5);
}

static void test_connect__operations_may_be_submitted_at_once(void **fixture) {
  int peer = new_raw_udp("127.0.0.1");
  struct completion *attempt = start_connect(*fixture, "127.0.0.1", service_of(peer), .name = "");
  struct pair *pair = attempt->pair;
  char *bytes = fixture_memory(10);
  struct completion *send = new_completion(pair), *receive = start_receive(pair, 10);
  fill_payload(bytes, 0, 10);
  send->memory = NULL;
  accept_completion(
      send, aio_state_send_message(pair->state, bytes, 10, recorded_write, &(aio_io_options){.user_info = send}));
  expect_status(send->submitted, AIO_OK);
  completed(attempt, peer);
  drive_until(pair, send->done);
  expect_status(send->status, AIO_OK);
  expect_order(attempt, send);
  peer_receives_message(pair, 10);
  peer_sends_message(pair, 10);
  expect_message(receive, 10, 10);
}

static void test_connect__by_name(void **fixture) {
  int peer = new_raw_udp("127.0.0.1");
  resolver_knows("peer.test", "127.0.0.1");
  struct pair *pair = completed(start_connect(*fixture, "peer.test", service_of(peer), .name = ""), peer);
  expect_write(start_send(pair, 10), AIO_OK, 10);
  peer_receives_message(pair, 10);
  assert_false(resolver_was_on_this_thread());
}

static void test_connect__local_address_and_port(void **fixture) {
  int peer = new_raw_udp("127.0.0.1"), placeholder = new_raw_udp("127.0.0.4");
  const char *free_at_another_address = service_of(placeholder);
  struct pair *pair = completed(start_connect(*fixture, "127.0.0.1", service_of(peer), .local_address = "127.0.0.3",
                                              .local_service = free_at_another_address),
                                peer);
  const aio_address local = address_of_state(pair);
  assert_string_equal(host_of(&local), "127.0.0.3");
  expect_write(start_send(pair, 3), AIO_OK, 3);
  peer_receives_message(pair, 3);
}

static void test_connect__over_ipv6(void **fixture) {
  need_ipv6();
  int peer = new_raw_udp("::1");
  struct pair *pair = completed(start_connect(*fixture, "::1", service_of(peer), .family = 6), peer);
  expect_write(start_send(pair, 3), AIO_OK, 3);
  peer_receives_message(pair, 3);
}

static void test_connect__missing_peer_shows_later(void **fixture) {
  int elsewhere = new_raw_udp("127.0.0.1");
  struct completion *attempt = start_connect(*fixture, "127.0.0.9", service_of(elsewhere), .name = "");
  expect_outcome(attempt, AIO_OK);
  struct completion *receive = start_receive(attempt->pair, 10);
  expect_write(start_send(attempt->pair, 10), AIO_OK, 10);
  expect_no_message(receive, AIO_ERR_CONNECTION_REFUSED);
}

static void expect_failed(struct completion *attempt, aio_status status) {
  struct pair *pair = attempt->pair;
  struct completion *waiting = start_receive(pair, 10);
  expect_outcome(attempt, status);
  expect_no_message(waiting, status);
  expect_no_message(start_receive(pair, 10), status);
  struct completion *standing = start_receive_all(pair, NULL);
  expect_last_call(standing, status);
}

static void test_connect__failures(void **fixture) {
  resolver_fails("none.test", EAI_NONAME);
  expect_failed(start_connect(*fixture, "none.test", "1", .name = ""), AIO_ERR_HOST_NOT_FOUND);
  expect_failed(start_connect(*fixture, "127.0.0.1", "65536", .name = ""), AIO_ERR_SERVICE_NOT_FOUND);
  expect_failed(start_connect(*fixture, "127.0.0.1", "1", .local_address = "192.0.2.1"), AIO_ERR_ADDRESS_NOT_AVAILABLE);
}

static void test_connect__local_port_in_use(void **fixture) {
  int taken = new_raw_udp("127.0.0.1");
  expect_failed(
      start_connect(*fixture, "127.0.0.1", "1", .local_address = "127.0.0.1", .local_service = service_of(taken)),
      AIO_ERR_ADDRESS_IN_USE);
}

static void let_look_ups_end(void *unused) {
  (void)unused;
  resolver_continue();
}

static void test_connect__times_out_during_the_look_up(void **fixture) {
  resolver_knows("slow.test", "127.0.0.1");
  resolver_pause();
  at_tear_down(let_look_ups_end, NULL);
  expect_failed(start_connect(*fixture, "slow.test", "1", .connect_timeout = 0.02), AIO_TIMEOUT);
}

static void test_connect__closed_during_the_look_up(void **fixture) {
  resolver_knows("slow.test", "127.0.0.1");
  resolver_pause();
  at_tear_down(let_look_ups_end, NULL);
  struct completion *attempt = start_connect(*fixture, "slow.test", "1", .name = "");
  struct completion *close = start_close(attempt->pair);
  expect_outcome(close, AIO_OK);
  expect_outcome(attempt, AIO_ERR_CANCELED);
}

/* ---- groups, over the loopback interface ---- */

#define kGroup "239.255.77.1"
#define kSourceGroup "232.77.0.1"

static struct pair *listening_pair(void **fixture) { return create_udp(*fixture, "0.0.0.0", "0", .family = 4); }

static int loopback_sender(const char *host) {
  const struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
  int sender = new_raw_udp(host);
  assert_int_equal(setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof loopback), 0);
  return sender;
}

static void send_to_group(struct pair *pair, int sender, const char *group, size_t length) {
  const aio_address local = address_of_state(pair), to = parsed_address(group, aio_address_port(&local));
  char *bytes = fixture_memory(length);
  fill_payload(bytes, pair->read, length);
  assert_int_equal(sendto(sender, bytes, length, 0, (const struct sockaddr *)to.storage, to.length), length);
}

static void expect_heard(struct pair *pair, int sender, const char *group) {
  struct completion *receive = start_receive(pair, 10);
  send_to_group(pair, sender, group, 6);
  expect_message(receive, 6, 6);
  const aio_address from = address_of_socket(sender), seen = sender_of(receive);
  assert_true(aio_address_equal(&from, &seen));
}

static void expect_unheard(struct pair *pair, int sender, const char *group) {
  struct completion *receive = start_receive(pair, 10);
  send_to_group(pair, sender, group, 6);
  expect_running(receive);
  expect_outcome(start_abort(pair, AIO_INPUT), AIO_OK);
}

static void test_group__joined_and_left(void **fixture) {
  struct pair *pair = listening_pair(fixture);
  int sender = loopback_sender("127.0.0.1");
  const int off = 0;
  assert_int_equal(setsockopt(aio_state_socket(pair->state), IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof off), 0);
  expect_unheard(pair, sender, kGroup);
  expect_status(aio_state_join_group(pair->state, kGroup, NULL, "lo"), AIO_OK);
  expect_heard(pair, sender, kGroup);
  expect_status(aio_state_leave_group(pair->state, kGroup, NULL, "lo"), AIO_OK);
  expect_unheard(pair, sender, kGroup);
}

static void test_group__of_one_source(void **fixture) {
  struct pair *pair = listening_pair(fixture);
  int wanted = loopback_sender("127.0.0.1"), other = loopback_sender("127.0.0.2");
  expect_status(aio_state_join_group(pair->state, kSourceGroup, "127.0.0.1", "lo"), AIO_OK);
  expect_unheard(pair, other, kSourceGroup);
  expect_heard(pair, wanted, kSourceGroup);
  expect_status(aio_state_join_group(pair->state, kSourceGroup, "127.0.0.2", "lo"), AIO_OK);
  expect_heard(pair, other, kSourceGroup);
  expect_status(aio_state_leave_group(pair->state, kSourceGroup, "127.0.0.1", "lo"), AIO_OK);
  expect_unheard(pair, wanted, kSourceGroup);
  expect_heard(pair, other, kSourceGroup);
}

static void test_group__standing_receive(void **fixture) {
  struct pair *pair = listening_pair(fixture);
  int sender = loopback_sender("127.0.0.1");
  expect_status(aio_state_join_group(pair->state, kGroup, NULL, "lo"), AIO_OK);
  struct completion *receive = start_receive_all(pair, NULL);
  for (size_t i = 1; i <= 10; i++) {
    send_to_group(pair, sender, kGroup, 6);
    drive_until(pair, messages_of(receive) == i);
  }
}

static void test_group__interface_by_its_index(void **fixture) {
  struct pair *pair = listening_pair(fixture);
  char index[16];
  snprintf(index, sizeof index, "%u", if_nametoindex("lo"));
  expect_status(aio_state_join_group(pair->state, kGroup, NULL, index), AIO_OK);
  expect_status(aio_state_join_group(pair->state, kGroup, NULL, "lo"), AIO_ERR_ADDRESS_IN_USE);
}

static void test_group__joined_twice_or_not_at_all(void **fixture) {
  struct pair *pair = listening_pair(fixture);
  expect_status(aio_state_leave_group(pair->state, kGroup, NULL, "lo"), AIO_ERR_ADDRESS_NOT_AVAILABLE);
  expect_status(aio_state_join_group(pair->state, kGroup, NULL, "lo"), AIO_OK);
  expect_status(aio_state_join_group(pair->state, kGroup, NULL, "lo"), AIO_ERR_ADDRESS_IN_USE);
  expect_status(aio_state_leave_group(pair->state, kGroup, NULL, "lo"), AIO_OK);
  expect_status(aio_state_leave_group(pair->state, kGroup, NULL, "lo"), AIO_ERR_ADDRESS_NOT_AVAILABLE);
}

static void test_group__source_joined_twice_or_not_at_all(void **fixture) {
  struct pair *pair = listening_pair(fixture);
  expect_status(aio_state_leave_group(pair->state, kSourceGroup, "127.0.0.1", "lo"), AIO_ERR_ADDRESS_NOT_AVAILABLE);
  expect_status(aio_state_join_group(pair->state, kSourceGroup, "127.0.0.1", "lo"), AIO_OK);
  expect_status(aio_state_join_group(pair->state, kSourceGroup, "127.0.0.1", "lo"), AIO_ERR_ADDRESS_IN_USE);
  expect_status(aio_state_leave_group(pair->state, kSourceGroup, "127.0.0.2", "lo"), AIO_ERR_ADDRESS_NOT_AVAILABLE);
}

static void test_group__of_ipv6(void **fixture) {
  need_ipv6();
  struct pair *pair = created(HERE, *fixture, "::", "0", NULL);
  expect_status(aio_state_join_group(pair->state, "ff01::77", NULL, "lo"), AIO_OK);
  expect_status(aio_state_join_group(pair->state, "ff01::77", NULL, "lo"), AIO_ERR_ADDRESS_IN_USE);
  expect_status(aio_state_leave_group(pair->state, "ff01::77", NULL, "lo"), AIO_OK);
  expect_status(aio_state_leave_group(pair->state, "ff01::77", NULL, "lo"), AIO_ERR_ADDRESS_NOT_AVAILABLE);
}

static void test_group__no_such_interface(void **fixture) {
  struct pair *pair = listening_pair(fixture);
  static const char *const names[] = {"no-such-if", "", "4000000000", "99999999999", "1x", "-1"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    expect_status(aio_state_join_group(pair->state, kGroup, NULL, names[i]), AIO_ERR_NOT_FOUND);
    expect_status(aio_state_leave_group(pair->state, kGroup, NULL, names[i]), AIO_ERR_NOT_FOUND);
  }
}

static void test_group__too_many(void **fixture) {
  struct pair *pair = listening_pair(fixture);
  char group[32];
  aio_status status = AIO_OK;
  for (int i = 0; i < 100000 && status == AIO_OK; i++) {
    snprintf(group, sizeof group, "239.255.%d.%d", i / 250, i % 250);
    status = aio_state_join_group(pair->state, group, NULL, "lo");
  }
  expect_status(status, AIO_ERR_LIMIT);
}

static void test_group__needs_an_open_udp_state(void **fixture) {
  struct pair *stream = *fixture, *pair = listening_pair(fixture);
  expect_status(aio_state_join_group(stream->state, kGroup, NULL, NULL), AIO_ERR_UNSUPPORTED);
  expect_status(aio_state_leave_group(stream->state, kGroup, NULL, NULL), AIO_ERR_UNSUPPORTED);
  start_close(pair);
  expect_status(aio_state_join_group(pair->state, kGroup, NULL, "lo"), AIO_ERR_CLOSED);
  expect_status(aio_state_leave_group(pair->state, kGroup, NULL, "lo"), AIO_ERR_CLOSED);
}

static void test_group__not_while_connecting(void **fixture) {
  resolver_knows("slow.test", "127.0.0.1");
  resolver_pause();
  at_tear_down(let_look_ups_end, NULL);
  struct completion *attempt = start_connect(*fixture, "slow.test", "1", .name = "");
  expect_status(aio_state_join_group(attempt->pair->state, kGroup, NULL, "lo"), AIO_ERR_NOT_CONNECTED);
}

static void test_group__sent_to_by_a_state(void **fixture) {
  struct pair *pair = listening_pair(fixture), *sender = create_udp(*fixture, "127.0.0.1", "0", .multicast_ttl = 1);
  const aio_address local = address_of_state(pair), to = parsed_address(kGroup, aio_address_port(&local));
  char *bytes = fixture_memory(6);
  fill_payload(bytes, 0, 6);
  expect_status(aio_state_join_group(pair->state, kGroup, NULL, "lo"), AIO_OK);
  struct completion *receive = start_receive(pair, 10);
  expect_status(aio_state_send_message_to_address(sender->state, &to, bytes, 6, NULL, NULL), AIO_OK);
  expect_message(receive, 6, 6);
}

static int set_up_names(void **fixture) {
  resolver_reset();
  return set_up_pair(fixture);
}

static int forget_names(void **fixture) {
  int result = tear_down(fixture);
  resolver_reset();
  return result;
}

#define by_name(test) cmocka_unit_test_setup_teardown(test, set_up_names, forget_names)

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_create__defaults),
      with_collection(test_create__options_reach_the_socket),
      with_collection(test_create__multicast_options_of_ipv6),
      with_collection(test_create__settings_of_the_state),
      with_collection(test_create__socket_is_not_inherited),
      with_collection(test_create__bound_where_told),
      by_name(test_create__bound_to_a_name),
      with_collection(test_create__bound_to_the_given_port),
      with_collection(test_create__all_addresses_of_both_families),
      with_collection(test_create__all_addresses_of_one_family),
      with_collection(test_create__unbound_is_bound_by_the_first_send),
      with_collection(test_create__unbound_receives_once_it_is_bound),
      with_collection(test_create__both_families_reach_both),
      with_collection(test_create__reuse_port_shares_a_port),
      with_collection(test_create__address_in_use),
      with_collection(test_create__address_of_another_machine),
      by_name(test_create__unknown_names),
      with_collection(test_create__address_of_another_family),
      with_collection(test_create__last_error_text_is_cleared_by_success),
      with_collection(test_broadcast__needs_the_option),
      with_collection(test_addresses__an_unconnected_state_has_no_peer),
      with_collection(test_settings__of_tcp_are_refused),
      by_name(test_connect__exchanges_with_the_peer),
      by_name(test_connect__hears_only_the_peer),
      by_name(test_connect__operations_may_be_submitted_at_once),
      by_name(test_connect__by_name),
      by_name(test_connect__local_address_and_port),
      by_name(test_connect__over_ipv6),
      by_name(test_connect__missing_peer_shows_later),
      by_name(test_connect__failures),
      by_name(test_connect__local_port_in_use),
      by_name(test_connect__times_out_during_the_look_up),
      by_name(test_connect__closed_during_the_look_up),
      with_collection(test_group__joined_and_left),
      with_collection(test_group__of_one_source),
      with_collection(test_group__standing_receive),
      with_collection(test_group__interface_by_its_index),
      with_collection(test_group__joined_twice_or_not_at_all),
      with_collection(test_group__source_joined_twice_or_not_at_all),
      with_collection(test_group__of_ipv6),
      with_collection(test_group__no_such_interface),
      with_collection(test_group__too_many),
      with_pair(test_group__needs_an_open_udp_state),
      by_name(test_group__not_while_connecting),
      with_collection(test_group__sent_to_by_a_state),
  };
  return cmocka_run_group_tests_name("udp_socket", tests, start_resolver_threads, NULL);
}
