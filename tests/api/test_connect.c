/* aio_state_connect_tcp: names, addresses raced, one timeout over all, and every way to fail or be ended. */
#include "support.h"
#include "support_driving.h"
#include "support_network.h"
#include "support_resolver.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define needs_ipv6() \
  if (!has_ipv6()) skip()

static int tear_down_names(void **fixture) {
  resolver_continue();
  resolver_reset();
  return tear_down(fixture);
}

#define with_names(test) cmocka_unit_test_setup_teardown(test, set_up_collection, tear_down_names)
#define with_names_and_thread(test) cmocka_unit_test_setup_teardown(test, set_up_threaded_collection, tear_down_names)

static void expect_peer(struct pair *pair, const char *host, uint16_t port) {
  aio_address actual, expected;
  expect_status(aio_state_peer_address(pair->state, &actual), AIO_OK);
  expect_status(aio_address_parse(&expected, host, port), AIO_OK);
  assert_true(aio_address_equal(&actual, &expected));
}

static void expect_text_names(struct pair *pair, const char *host, const char *service) {
  char address[80];
  snprintf(address, sizeof address, "%s:%s", host, service);
  assert_non_null(strstr(aio_state_error_text(pair->state), address));
}

static int connections_waiting(struct listener *listener) {
  int count = 0;
  for (int peer; (peer = accept(listener->socket, NULL, NULL)) >= 0; count++) close(peer);
  return count;
}

/* A connect whose look-up waits until resolver_continue; the name leads to the listener. */
static struct completion *start_connect_in_look_up(struct pair *pair, struct listener *listener) {
  resolver_knows("slow.test", "127.0.0.1");
  resolver_pause();
  struct completion *connect = start_connect(pair, "slow.test", listener->service);
  settle(pair);
  resolver_await(1);
  return connect;
}

/* ---- success ---- */

static void test_connect__ipv4(void **test) {
  struct pair *fixture = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct pair *pair = connected_pair(fixture, listener);
  expect_peer(pair, "127.0.0.1", listener->port);
  struct completion *read = start_read(pair, 5), *write = start_write(pair, 7);
  peer_sends(pair, 5);
  expect_read(read, AIO_OK, 5);
  expect_write(write, AIO_OK, 7);
  peer_receives(pair, 7);
}

static void test_connect__ipv6(void **test) {
  needs_ipv6();
  struct pair *fixture = *test;
  struct listener *listener = new_listener("::1");
  struct pair *pair = connected_pair(fixture, listener);
  expect_peer(pair, "::1", listener->port);
  expect_write(start_write(pair, 7), AIO_OK, 7);
  peer_receives(pair, 7);
}

static void test_connect__returns_a_state_at_once(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_connect(pair, "127.0.0.1", listener->service);
  assert_int_equal(connect->calls, 0);
  assert_int_equal(aio_state_is_open(connect->pair->state), 1);
  assert_ptr_equal(aio_state_collection(connect->pair->state), pair->collection);
  expect_outcome(connect, AIO_OK);
  assert_ptr_equal(connect->state, connect->pair->state);
}

static void test_connect__a_name_is_looked_up_on_another_thread(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  resolver_knows("peer.test", "127.0.0.1");
  struct completion *connect = start_connect(pair, "peer.test", listener->service);
  expect_outcome(connect, AIO_OK);
  assert_int_equal(resolver_lookups(), 1);
  assert_int_equal(resolver_was_on_this_thread(), 0);
  expect_peer(connect->pair, "127.0.0.1", listener->port);
}

static void test_connect__localhost(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  expect_outcome(start_connect(pair, "localhost", listener->service), AIO_OK);
}

static void test_connect__numeric_hosts_do_not_wait_for_look_ups(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *slow[16];
  resolver_knows("slow.test", "127.0.0.1");
  resolver_pause();
  for (int i = 0; i < 16; i++) slow[i] = start_connect(pair, "slow.test", listener->service);
  expect_outcome(start_connect(pair, "127.0.0.1", listener->service), AIO_OK);
  for (int i = 0; i < 16; i++) assert_int_equal(slow[i]->calls, 0);
  resolver_continue();
  for (int i = 0; i < 16; i++) expect_outcome(slow[i], AIO_OK);
}

static void test_connect__copies_its_strings(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  char host[] = "peer.test", service[8], name[] = "a name", local[] = "127.0.0.1", local_service[] = "0";
  memcpy(service, listener->service, sizeof service);
  resolver_knows("peer.test", "127.0.0.1");
  struct completion *connect =
      start_connect_with(pair, host, service, .name = name, .local_address = local, .local_service = local_service);
  memset(host, '#', sizeof host - 1);
  memset(service, '#', sizeof service - 1);
  memset(name, '#', sizeof name - 1);
  memset(local, '#', sizeof local - 1);
  memset(local_service, '#', sizeof local_service - 1);
  expect_outcome(connect, AIO_OK);
  assert_string_equal(aio_state_name(connect->pair->state), "a name");
}

static void test_connect__options_are_the_states(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect =
      start_connect_with(pair, "127.0.0.1", listener->service, .read_timeout = 1.5, .write_timeout = 2.5);
  assert_ptr_equal(aio_state_user_info(connect->pair->state), connect);
  assert_true(aio_state_read_timeout(connect->pair->state) == 1.5);
  assert_true(aio_state_write_timeout(connect->pair->state) == 2.5);
  assert_string_equal(aio_state_name(connect->pair->state), "");
  expect_outcome(connect, AIO_OK);
}

static void test_connect__many_at_once(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connects[50];
  for (int i = 0; i < 50; i++) connects[i] = start_connect(pair, "127.0.0.1", listener->service);
  for (int i = 0; i < 50; i++) expect_outcome(connects[i], AIO_OK);
}

/* ---- services ---- */

static uint16_t port_known_by(char *name, size_t size) {
  struct servent *entry;
  uint16_t port = 0;
  while (port == 0 && (entry = getservent()) != NULL) {
    if (strcmp(entry->s_proto, "tcp") != 0) continue;
    port = ntohs((uint16_t)entry->s_port);
    snprintf(name, size, "%s", entry->s_name);
  }
  endservent();
  return port;
}

/* Whatever answers there or not: the text of the failure, or the peer's address, tells the port. */
static void test_service__by_name(void **test) {
  struct pair *pair = *test;
  char name[64], port_text[8];
  const uint16_t port = port_known_by(name, sizeof name);
  if (port == 0) skip();
  struct completion *connect = start_connect(pair, "127.0.0.77", name);
  drive_until(pair, connect->done == 1);
  snprintf(port_text, sizeof port_text, "%u", port);
  if (connect->status == AIO_ERR_CONNECTION_REFUSED)
    expect_text_names(connect->pair, "127.0.0.77", port_text);
  else
    expect_peer(connect->pair, "127.0.0.77", port);
}

static void test_service__unknown_ones_are_not_found(void **test) {
  struct pair *pair = *test;
  const char *services[] = {"no-such-service",
                            "65536",
                            "99999",
                            "-1",
                            "80x",
                            " 80",
                            "",
                            "4294967376",
                            "18446744073709551696",
                            "0x50",
                            "00000000000000000000000000000065616"};
  resolver_knows("peer.test", "127.0.0.1");
  for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
    expect_outcome(start_connect(pair, "127.0.0.1", services[i]), AIO_ERR_SERVICE_NOT_FOUND);
    expect_outcome(start_connect(pair, "peer.test", services[i]), AIO_ERR_SERVICE_NOT_FOUND);
  }
}

/* ---- failures ---- */

static void test_refused(void **test) {
  struct pair *pair = *test;
  struct listener *refusing = new_refusing("127.0.0.1");
  struct completion *connect = start_connect(pair, "127.0.0.1", refusing->service);
  expect_outcome(connect, AIO_ERR_CONNECTION_REFUSED);
  assert_int_equal(aio_state_system_error(connect->pair->state), ECONNREFUSED);
  expect_text_names(connect->pair, "127.0.0.1", refusing->service);
}

static void test_refused__text_names_an_ipv6_address(void **test) {
  needs_ipv6();
  struct pair *pair = *test;
  struct listener *refusing = new_refusing("::1");
  struct completion *connect = start_connect(pair, "::1", refusing->service);
  expect_outcome(connect, AIO_ERR_CONNECTION_REFUSED);
  expect_text_names(connect->pair, "[::1]", refusing->service);
}

/* TCP to a multicast address: Linux has no route for that, on any machine. */
static void test_unreachable(void **test) {
  struct pair *pair = *test;
  struct completion *connect = start_connect(pair, "224.0.0.1", "80");
  expect_outcome(connect, AIO_ERR_UNREACHABLE);
  assert_int_equal(aio_state_system_error(connect->pair->state), ENETUNREACH);
  expect_text_names(connect->pair, "224.0.0.1", "80");
}

static void test_unknown_host(void **test) {
  struct pair *pair = *test;
  struct completion *connect = start_connect(pair, "nonexistent.invalid", "80");
  expect_outcome(connect, AIO_ERR_HOST_NOT_FOUND);
  assert_non_null(strstr(aio_state_error_text(connect->pair->state), "nonexistent.invalid"));
}

static void test_unknown_host__empty_name(void **test) {
  struct pair *pair = *test;
  expect_outcome(start_connect(pair, "", "80"), AIO_ERR_HOST_NOT_FOUND);
}

static void test_look_up__errors(void **test) {
  struct pair *pair = *test;
  const struct {
    const char *name;
    int code;
    aio_status status;
  } errors[] = {
      {"1.test", EAI_NONAME, AIO_ERR_HOST_NOT_FOUND}, {"2.test", EAI_AGAIN, AIO_ERR_HOST_NOT_FOUND},
      {"3.test", EAI_FAIL, AIO_ERR_HOST_NOT_FOUND},   {"4.test", EAI_FAMILY, AIO_ERR_HOST_NOT_FOUND},
      {"5.test", EAI_MEMORY, AIO_ERR_NO_MEMORY},      {"6.test", EAI_SERVICE, AIO_ERR_SERVICE_NOT_FOUND},
  };
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    resolver_fails(errors[i].name, errors[i].code);
    expect_outcome(start_connect(pair, errors[i].name, "80"), errors[i].status);
  }
}

static void test_no_descriptor_left(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct rlimit limit, none;
  settle(pair);
  getrlimit(RLIMIT_NOFILE, &limit);
  none = limit;
  none.rlim_cur = 3;
  setrlimit(RLIMIT_NOFILE, &none);
  struct completion *connect = try_connect(pair, "127.0.0.1", listener->service);
  settle(pair);
  setrlimit(RLIMIT_NOFILE, &limit);
  expect_status(connect->submitted, AIO_OK);
  expect_outcome(connect, AIO_ERR_TOO_MANY_FILES);
  assert_int_equal(aio_state_system_error(connect->pair->state), EMFILE);
}

/* ---- several addresses ---- */

static void test_addresses__the_next_is_tried_when_one_refuses(void **test) {
  needs_ipv6();
  struct pair *pair = *test;
  struct listener *both[2], *listener;
  listeners_at_one_port((const char *[]){"::1", "127.0.0.1"}, 2, both);
  start_listening(listener = both[1]);
  resolver_knows("two.test", "::1 127.0.0.1");
  struct completion *connect = start_connect(pair, "two.test", listener->service);
  expect_outcome(connect, AIO_OK);
  expect_peer(connect->pair, "127.0.0.1", listener->port);
}

static void test_addresses__the_next_is_tried_when_one_is_unreachable(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  resolver_knows("two.test", "224.0.0.1 127.0.0.1");
  struct completion *connect = start_connect(pair, "two.test", listener->service);
  expect_outcome(connect, AIO_OK);
  expect_peer(connect->pair, "127.0.0.1", listener->port);
}

static void test_addresses__the_next_is_tried_while_one_is_silent(void **test) {
  struct pair *pair = *test;
  struct listener *both[2], *listener;
  listeners_at_one_port((const char *[]){"127.0.0.2", "127.0.0.1"}, 2, both);
  fall_silent(both[0]);
  start_listening(listener = both[1]);
  resolver_knows("two.test", "127.0.0.2 127.0.0.1");
  const double before = now();
  struct completion *connect = start_connect(pair, "two.test", listener->service);
  expect_outcome(connect, AIO_OK);
  assert_true(now() - before >= 0.25);
  expect_peer(connect->pair, "127.0.0.1", listener->port);
}

static void test_addresses__losing_attempts_are_closed(void **test) {
  struct pair *pair = *test;
  struct listener *both[2];
  listeners_at_one_port((const char *[]){"127.0.0.2", "127.0.0.1"}, 2, both);
  fall_silent(both[0]);
  start_listening(both[1]);
  resolver_knows("two.test", "127.0.0.2 127.0.0.1");
  const int before = open_descriptors();
  struct completion *connect = start_connect(pair, "two.test", both[0]->service);
  expect_outcome(connect, AIO_OK);
  settle(pair);
  assert_int_equal(open_descriptors(), before + 1);
}

static void test_addresses__the_first_that_answers_is_used(void **test) {
  struct pair *pair = *test;
  struct listener *both[2];
  listeners_at_one_port((const char *[]){"127.0.0.2", "127.0.0.1"}, 2, both);
  for (int i = 0; i < 2; i++) start_listening(both[i]);
  resolver_knows("two.test", "127.0.0.2 127.0.0.1");
  struct completion *connect = start_connect(pair, "two.test", both[0]->service);
  expect_outcome(connect, AIO_OK);
  expect_peer(connect->pair, "127.0.0.2", both[0]->port);
  assert_int_equal(connections_waiting(both[1]), 0);
}

static void test_addresses__families_alternate(void **test) {
  needs_ipv6();
  struct pair *pair = *test;
  struct listener *all[3], *same_family, *other_family;
  listeners_at_one_port((const char *[]){"127.0.0.2", "127.0.0.1", "::1"}, 3, all);
  fall_silent(all[0]);
  start_listening(same_family = all[1]);
  start_listening(other_family = all[2]);
  resolver_knows("three.test", "127.0.0.2 127.0.0.1 ::1");
  struct completion *connect = start_connect(pair, "three.test", other_family->service);
  expect_outcome(connect, AIO_OK);
  expect_peer(connect->pair, "::1", other_family->port);
  assert_int_equal(connections_waiting(same_family), 0);
}

static void test_addresses__all_refuse(void **test) {
  struct pair *pair = *test;
  struct listener *both[2];
  listeners_at_one_port((const char *[]){"127.0.0.1", "127.0.0.2"}, 2, both);
  resolver_knows("two.test", "127.0.0.1 127.0.0.2");
  struct completion *connect = start_connect(pair, "two.test", both[0]->service);
  expect_outcome(connect, AIO_ERR_CONNECTION_REFUSED);
  assert_non_null(strstr(aio_state_error_text(connect->pair->state), "127.0.0."));
}

static void test_addresses__status_is_that_of_the_one_that_came_furthest(void **test) {
  struct pair *pair = *test;
  struct listener *refusing = new_refusing("127.0.0.1");
  resolver_knows("first.test", "127.0.0.1 224.0.0.1");
  resolver_knows("last.test", "224.0.0.1 127.0.0.1");
  const char *names[] = {"first.test", "last.test"};
  for (int i = 0; i < 2; i++) {
    struct completion *connect = start_connect(pair, names[i], refusing->service);
    expect_outcome(connect, AIO_ERR_CONNECTION_REFUSED);
    expect_text_names(connect->pair, "127.0.0.1", refusing->service);
  }
}

static void test_family__takes_only_its_addresses(void **test) {
  needs_ipv6();
  struct pair *pair = *test;
  struct listener *both[2];
  listeners_at_one_port((const char *[]){"127.0.0.1", "::1"}, 2, both);
  for (int i = 0; i < 2; i++) start_listening(both[i]);
  resolver_knows("two.test", "127.0.0.1 ::1");
  resolver_knows("turned.test", "::1 127.0.0.1");
  struct completion *connect4 = start_connect_with(pair, "turned.test", both[0]->service, .family = 4);
  struct completion *connect6 = start_connect_with(pair, "two.test", both[0]->service, .family = 6);
  expect_outcome(connect4, AIO_OK);
  expect_outcome(connect6, AIO_OK);
  expect_peer(connect4->pair, "127.0.0.1", both[0]->port);
  expect_peer(connect6->pair, "::1", both[0]->port);
}

static void test_family__without_an_address_is_host_not_found(void **test) {
  struct pair *pair = *test;
  resolver_knows("four.test", "127.0.0.1");
  expect_outcome(start_connect_with(pair, "four.test", "80", .family = 6), AIO_ERR_HOST_NOT_FOUND);
  expect_outcome(start_connect_with(pair, "127.0.0.1", "80", .family = 6), AIO_ERR_HOST_NOT_FOUND);
  expect_outcome(start_connect_with(pair, "::1", "80", .family = 4), AIO_ERR_HOST_NOT_FOUND);
}

/* ---- time ---- */

static void test_connect_timeout__ends_a_silent_connect(void **test) {
  struct pair *pair = *test;
  struct listener *silent = new_silent("127.0.0.1");
  const double before = now();
  struct completion *connect = start_connect_with(pair, "127.0.0.1", silent->service, .connect_timeout = 0.05);
  expect_outcome(connect, AIO_TIMEOUT);
  assert_true(now() - before >= 0.05);
}

static void test_connect_timeout__covers_all_addresses(void **test) {
  struct pair *pair = *test;
  struct listener *both[2];
  listeners_at_one_port((const char *[]){"127.0.0.1", "127.0.0.2"}, 2, both);
  for (int i = 0; i < 2; i++) fall_silent(both[i]);
  resolver_knows("two.test", "127.0.0.1 127.0.0.2");
  const double before = now();
  struct completion *connect = start_connect_with(pair, "two.test", both[0]->service, .connect_timeout = 0.3);
  expect_outcome(connect, AIO_TIMEOUT);
  assert_true(now() - before >= 0.3);
}

static void test_connect_timeout__covers_the_look_up(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  resolver_knows("slow.test", "127.0.0.1");
  resolver_pause();
  struct completion *connect = start_connect_with(pair, "slow.test", listener->service, .connect_timeout = 0.02);
  struct completion *read = start_read(connect->pair, 1);
  expect_outcome(connect, AIO_TIMEOUT);
  expect_read(read, AIO_TIMEOUT, 0);
  resolver_continue();
  settle(pair);
  assert_int_equal(connections_waiting(listener), 0);
}

static void test_connect_timeout__does_not_end_a_connection(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_connect_with(pair, "127.0.0.1", listener->service, .connect_timeout = 0.02);
  struct completion *read = start_read_with(connect->pair, 1, .timeout = 0.05);
  expect_outcome(connect, AIO_OK);
  expect_read(read, AIO_TIMEOUT, 0);
  expect_write(start_write(connect->pair, 1), AIO_OK, 1);
}

static void test_connect_timeout__gives_a_late_answer_one_last_look(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_connect_with(pair, "127.0.0.1", listener->service, .connect_timeout = 0.01);
  aio_collection_wait(pair->collection, 0);
  spend(0.02);
  expect_outcome(connect, AIO_OK);
}

static void test_operations__time_out_while_they_wait_for_the_connect(void **test) {
  struct pair *pair = *test;
  struct completion *connect = start_connect_in_look_up(pair, new_listener("127.0.0.1"));
  const double before = now();
  struct completion *read = start_read_with(connect->pair, 1, .timeout = 0.02);
  struct completion *write = start_write_with(connect->pair, 5, .timeout = 0.03);
  expect_read(read, AIO_TIMEOUT, 0);
  assert_true(now() - before >= 0.02);
  expect_write(write, AIO_TIMEOUT, 0);
  assert_true(now() - before >= 0.03);
  assert_int_equal(connect->calls, 0);
  resolver_continue();
  expect_outcome(connect, AIO_OK);
  expect_write(start_write(connect->pair, 5), AIO_OK, 5);
}

/* ---- operations submitted early ---- */

static void test_operations__complete_after_the_connects_callback(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_connect(pair, "127.0.0.1", listener->service);
  struct completion *write = start_write(connect->pair, 10), *wait = start_wait(connect->pair);
  connect->pair->peer = accept_peer(pair, listener);
  peer_sends(connect->pair, 1);
  expect_write(write, AIO_OK, 10);
  expect_outcome(wait, AIO_OK);
  expect_order(connect, write);
  expect_order(connect, wait);
}

static void test_operations__shutdown_waits_for_the_connect_too(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_connect(pair, "127.0.0.1", listener->service);
  struct completion *write = start_write(connect->pair, 10), *shutdown = start_shutdown(connect->pair);
  expect_outcome(connect, AIO_OK);
  expect_write(write, AIO_OK, 10);
  expect_outcome(shutdown, AIO_OK);
  connect->pair->peer = accept_peer(pair, listener);
  peer_receives_rest(connect->pair);
}

static void then_write(struct completion *completion) { completion->context = start_write(completion->pair, 4); }

static void test_operations__start_in_the_connects_callback(void **test) {
  struct pair *pair = *test;
  struct completion *connect = start_connect_in_look_up(pair, new_listener("127.0.0.1"));
  connect->then = then_write;
  resolver_continue();
  expect_outcome(connect, AIO_OK);
  expect_write(connect->context, AIO_OK, 4);
}

static void test_operations__abort_ends_those_that_wait_but_not_the_connect(void **test) {
  struct pair *pair = *test;
  struct completion *connect = start_connect_in_look_up(pair, new_listener("127.0.0.1"));
  struct completion *read = start_read(connect->pair, 1), *write = start_write(connect->pair, 1);
  expect_outcome(start_abort(connect->pair, AIO_BOTH), AIO_OK);
  expect_read(read, AIO_ERR_CANCELED, 0);
  expect_write(write, AIO_ERR_CANCELED, 0);
  expect_outcome(start_abort(connect->pair, AIO_BOTH), AIO_ERR_NOT_FOUND);
  resolver_continue();
  expect_outcome(connect, AIO_OK);
}

static void test_failed_connect__gives_its_status_to_operations_that_waited(void **test) {
  struct pair *pair = *test;
  struct listener *refusing = new_refusing("127.0.0.1");
  struct completion *connect = start_connect(pair, "127.0.0.1", refusing->service);
  struct completion *read = start_read_with(connect->pair, 9, .error_callback = recorded_read_error);
  struct completion *write = start_write(connect->pair, 9), *queued = start_write(connect->pair, 9);
  struct completion *shutdown = start_shutdown(connect->pair);
  expect_read(read, AIO_ERR_CONNECTION_REFUSED, 0);
  expect_write(write, AIO_ERR_CONNECTION_REFUSED, 0);
  expect_write(queued, AIO_ERR_CONNECTION_REFUSED, 0);
  expect_outcome(shutdown, AIO_ERR_CONNECTION_REFUSED);
  assert_int_equal(read->error_calls, 1);
  expect_order(connect, read);
  expect_order(connect, write);
  expect_order(write, queued);
}

static void test_failed_connect__gives_its_status_to_new_operations(void **test) {
  struct pair *pair = *test;
  struct listener *refusing = new_refusing("127.0.0.1"), *silent = new_silent("127.0.0.1");
  const struct {
    struct completion *connect;
    aio_status status;
  } failed[] = {
      {start_connect(pair, "127.0.0.1", refusing->service), AIO_ERR_CONNECTION_REFUSED},
      {start_connect(pair, "127.0.0.1", "65536"), AIO_ERR_SERVICE_NOT_FOUND},
      {start_connect_with(pair, "127.0.0.1", silent->service, .connect_timeout = 0.01), AIO_TIMEOUT},
  };
  for (size_t i = 0; i < sizeof failed / sizeof *failed; i++) {
    struct pair *new_state = failed[i].connect->pair;
    expect_outcome(failed[i].connect, failed[i].status);
    assert_int_equal(aio_state_read_status(new_state->state), AIO_OK);
    expect_read(start_read(new_state, 4), failed[i].status, 0);
    expect_outcome(start_wait(new_state), failed[i].status);
    expect_delivery(start_standing_read(new_state, NULL), 1, failed[i].status, 0, 0);
    expect_write(start_write(new_state, 4), failed[i].status, 0);
    expect_outcome(start_shutdown(new_state), failed[i].status);
    assert_int_equal(aio_state_read_status(new_state->state), failed[i].status);
    expect_outcome(start_close(new_state), AIO_OK);
  }
}

static void test_failed_connect__has_no_socket_and_no_addresses(void **test) {
  struct pair *pair = *test;
  struct completion *connect = start_connect(pair, "127.0.0.1", new_refusing("127.0.0.1")->service);
  expect_outcome(connect, AIO_ERR_CONNECTION_REFUSED);
  aio_address address = {.length = 7};
  aio_socket socket;
  expect_status(aio_state_local_address(connect->pair->state, &address), AIO_ERR_NOT_CONNECTED);
  assert_int_equal(address.length, 0);
  expect_status(aio_state_peer_address(connect->pair->state, &address), AIO_ERR_NOT_CONNECTED);
  expect_status(aio_state_release_socket(connect->pair->state, &socket), AIO_ERR_NOT_CONNECTED);
  assert_int_equal(aio_state_socket(connect->pair->state), AIO_NO_SOCKET);
}

static void test_connecting__has_no_addresses_and_releases_nothing(void **test) {
  struct pair *pair = *test;
  struct completion *connect = start_connect(pair, "127.0.0.1", new_silent("127.0.0.1")->service);
  settle(pair);
  aio_address address = {.length = 7};
  aio_socket socket;
  expect_status(aio_state_peer_address(connect->pair->state, &address), AIO_ERR_NOT_CONNECTED);
  assert_int_equal(address.length, 0);
  expect_status(aio_state_local_address(connect->pair->state, &address), AIO_ERR_NOT_CONNECTED);
  expect_status(aio_state_release_socket(connect->pair->state, &socket), AIO_ERR_NOT_CONNECTED);
  assert_int_equal(aio_state_is_open(connect->pair->state), 1);
}

/* ---- ended early ---- */

static void test_close__during_the_connect(void **test) {
  struct pair *pair = *test;
  struct completion *connect = start_connect(pair, "127.0.0.1", new_silent("127.0.0.1")->service);
  struct completion *read = start_read(connect->pair, 1), *write = start_write(connect->pair, 1);
  settle(pair);
  struct completion *closed = start_close(connect->pair);
  expect_outcome(closed, AIO_OK);
  expect_outcome(connect, AIO_ERR_CANCELED);
  expect_read(read, AIO_ERR_CANCELED, 0);
  expect_write(write, AIO_ERR_CANCELED, 0);
  expect_order(connect, read);
  expect_order(connect, write);
  expect_order(read, closed);
  expect_order(write, closed);
}

static void test_close__during_the_look_up(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_connect_in_look_up(pair, listener);
  struct completion *closed = start_close(connect->pair);
  expect_outcome(connect, AIO_ERR_CANCELED);
  expect_outcome(closed, AIO_OK);
  resolver_continue();
  settle(pair);
  assert_int_equal(connections_waiting(listener), 0);
}

static void test_close__right_after_connect(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_connect(pair, "127.0.0.1", listener->service);
  struct completion *closed = start_close(connect->pair);
  expect_outcome(connect, AIO_ERR_CANCELED);
  expect_outcome(closed, AIO_OK);
  expect_order(connect, closed);
}

static void then_close(struct completion *completion) { completion->context = start_close(completion->pair); }

static void test_close__in_the_connects_callback(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_connect(pair, "127.0.0.1", listener->service);
  struct completion *read = start_read(connect->pair, 1);
  connect->then = then_close;
  expect_outcome(connect, AIO_OK);
  expect_read(read, AIO_ERR_CANCELED, 0);
  expect_outcome(connect->context, AIO_OK);
}

static void test_destroy__during_the_connect(void **test) {
  struct pair *pair = *test;
  struct completion *connect = start_connect(pair, "127.0.0.1", new_silent("127.0.0.1")->service);
  struct completion *read = start_read(connect->pair, 1);
  settle(pair);
  destroy_state(connect->pair);
  expect_outcome(connect, AIO_ERR_CANCELED);
  expect_read(read, AIO_ERR_CANCELED, 0);
}

static void test_destroy__during_the_look_up(void **test) {
  struct pair *pair = *test;
  struct completion *connect = start_connect_in_look_up(pair, new_listener("127.0.0.1"));
  destroy_state(connect->pair);
  expect_outcome(connect, AIO_ERR_CANCELED);
}

static void test_destroy__in_the_connects_callback(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_connect(pair, "127.0.0.1", listener->service);
  struct completion *write = start_write(connect->pair, 10);
  connect->then = then_destroy;
  expect_outcome(connect, AIO_OK);
  drive_until(pair, write->done == 1);
}

static void destroys(void *pair) { destroy_state(pair); }

static void test_destroy__on_another_thread_during_the_look_up(void **test) {
  struct pair *pair = *test;
  struct completion *connect = start_connect_in_look_up(pair, new_listener("127.0.0.1"));
  on_another_thread(destroys, connect->pair);
  expect_outcome(connect, AIO_ERR_CANCELED);
}

static void continues(void *unused) {
  (void)unused;
  resolver_continue();
}

static void test_collection_destroy__waits_for_the_look_up(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_connect_in_look_up(pair, listener);
  struct thread *thread = start_thread(continues, NULL);
  destroy_collection(pair);
  join_thread(thread);
  assert_int_equal(connect->calls, 1);
  expect_outcome(connect, AIO_ERR_CANCELED);
  assert_int_equal(connections_waiting(listener), 0);
}

static void test_collection_destroy__right_after_connect(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  resolver_knows("peer.test", "127.0.0.1");
  struct completion *by_address = start_connect(pair, "127.0.0.1", listener->service);
  struct completion *by_name = start_connect(pair, "peer.test", listener->service);
  destroy_collection(pair);
  expect_outcome(by_address, AIO_ERR_CANCELED);
  expect_outcome(by_name, AIO_ERR_CANCELED);
}

/* ---- the local end ---- */

static void test_local_address__is_where_the_connection_comes_from(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_connect_with(pair, "127.0.0.1", listener->service, .local_address = "127.0.0.5",
                                                  .local_service = listener->service);
  expect_outcome(connect, AIO_OK);
  aio_address actual, expected;
  expect_status(aio_address_parse(&expected, "127.0.0.5", listener->port), AIO_OK);
  expect_status(aio_state_local_address(connect->pair->state, &actual), AIO_OK);
  assert_true(aio_address_equal(&actual, &expected));
  connect->pair->peer = accept_peer(pair, listener);
  socklen_t length = sizeof actual.storage;
  assert_int_equal(getpeername(connect->pair->peer, (struct sockaddr *)actual.storage, &length), 0);
  assert_true(aio_address_equal(&actual, &expected));
}

static void test_local_address__alone(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_connect_with(pair, "127.0.0.1", listener->service, .local_address = "127.0.0.9");
  expect_outcome(connect, AIO_OK);
  aio_address actual;
  char host[64];
  expect_status(aio_state_local_address(connect->pair->state, &actual), AIO_OK);
  expect_status(aio_address_host(&actual, host, sizeof host), AIO_OK);
  assert_string_equal(host, "127.0.0.9");
  assert_int_not_equal(aio_address_port(&actual), 0);
}

static void test_local_address__picks_the_family(void **test) {
  needs_ipv6();
  struct pair *pair = *test;
  struct listener *both[2], *listener;
  listeners_at_one_port((const char *[]){"::1", "127.0.0.1"}, 2, both);
  start_listening(both[0]);
  start_listening(listener = both[1]);
  resolver_knows("two.test", "::1 127.0.0.1");
  struct completion *connect = start_connect_with(pair, "two.test", listener->service, .local_address = "127.0.0.1");
  expect_outcome(connect, AIO_OK);
  expect_peer(connect->pair, "127.0.0.1", listener->port);
}

static void test_local_address__in_use(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1"), *taken = new_refusing("127.0.0.1");
  struct completion *connect = start_connect_with(pair, "127.0.0.1", listener->service, .local_address = "127.0.0.1",
                                                  .local_service = taken->service);
  expect_outcome(connect, AIO_ERR_ADDRESS_IN_USE);
  assert_int_equal(aio_state_system_error(connect->pair->state), EADDRINUSE);
  expect_text_names(connect->pair, "127.0.0.1", taken->service);
}

static void test_local_address__not_this_machines(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect =
      start_connect_with(pair, "127.0.0.1", listener->service, .local_address = "198.51.100.1");
  expect_outcome(connect, AIO_ERR_ADDRESS_NOT_AVAILABLE);
}

static void test_local_service__unknown(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  expect_outcome(start_connect_with(pair, "127.0.0.1", listener->service, .local_service = "65536"),
                 AIO_ERR_SERVICE_NOT_FOUND);
}

/* ---- options of the socket ---- */

static int socket_option(aio_state *state, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  assert_int_equal(getsockopt(aio_state_socket(state), level, name, &value, &length), 0);
  return value != 0;
}

static void expect_socket(struct completion *connect, int nodelay, int keepalive) {
  aio_state *state = connect->pair->state;
  expect_outcome(connect, AIO_OK);
  assert_int_equal(aio_state_nodelay(state), nodelay);
  assert_int_equal(aio_state_keepalive(state), keepalive);
  assert_int_equal(socket_option(state, IPPROTO_TCP, TCP_NODELAY), nodelay == AIO_YES);
  assert_int_equal(socket_option(state, SOL_SOCKET, SO_KEEPALIVE), keepalive == AIO_YES);
}

static void test_socket__nodelay_is_on_and_keepalive_off(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_connect(pair, "127.0.0.1", listener->service);
  assert_int_equal(aio_state_nodelay(connect->pair->state), AIO_YES);
  assert_int_equal(aio_state_keepalive(connect->pair->state), AIO_NO);
  expect_socket(connect, AIO_YES, AIO_NO);
}

static void test_socket__has_what_was_chosen(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect =
      start_connect_with(pair, "127.0.0.1", listener->service, .nodelay = AIO_NO, .keepalive = AIO_YES);
  assert_int_equal(aio_state_nodelay(connect->pair->state), AIO_NO);
  assert_int_equal(aio_state_keepalive(connect->pair->state), AIO_YES);
  expect_socket(connect, AIO_NO, AIO_YES);
}

static void test_socket__has_what_was_set_while_connecting(void **test) {
  struct pair *pair = *test;
  struct completion *connect = start_connect_in_look_up(pair, new_listener("127.0.0.1"));
  expect_status(aio_state_set_nodelay(connect->pair->state, AIO_NO), AIO_OK);
  expect_status(aio_state_set_keepalive(connect->pair->state, AIO_YES), AIO_OK);
  resolver_continue();
  expect_socket(connect, AIO_NO, AIO_YES);
}

static void test_queue_output__no_refuses_a_second_write(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_connect_with(pair, "127.0.0.1", listener->service, .queue_output = AIO_NO);
  struct completion *write = start_write(connect->pair, 5);
  expect_refusal(try_write(connect->pair, 5), AIO_ERR_BUSY);
  expect_write(write, AIO_OK, 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_names(test_connect__ipv4),
      with_names(test_connect__ipv6),
      with_names(test_connect__returns_a_state_at_once),
      with_names(test_connect__a_name_is_looked_up_on_another_thread),
      with_names(test_connect__localhost),
      with_names(test_connect__numeric_hosts_do_not_wait_for_look_ups),
      with_names(test_connect__copies_its_strings),
      with_names(test_connect__options_are_the_states),
      with_names(test_connect__many_at_once),
      with_names_and_thread(test_connect__many_at_once),
      with_names(test_service__by_name),
      with_names(test_service__unknown_ones_are_not_found),
      with_names(test_refused),
      with_names(test_refused__text_names_an_ipv6_address),
      with_names(test_unreachable),
      with_names(test_unknown_host),
      with_names(test_unknown_host__empty_name),
      with_names(test_look_up__errors),
      with_names(test_no_descriptor_left),
      with_names(test_addresses__the_next_is_tried_when_one_refuses),
      with_names(test_addresses__the_next_is_tried_when_one_is_unreachable),
      with_names(test_addresses__the_next_is_tried_while_one_is_silent),
      with_names(test_addresses__losing_attempts_are_closed),
      with_names(test_addresses__the_first_that_answers_is_used),
      with_names(test_addresses__families_alternate),
      with_names(test_addresses__all_refuse),
      with_names(test_addresses__status_is_that_of_the_one_that_came_furthest),
      with_names(test_family__takes_only_its_addresses),
      with_names(test_family__without_an_address_is_host_not_found),
      with_names(test_connect_timeout__ends_a_silent_connect),
      with_names(test_connect_timeout__covers_all_addresses),
      with_names(test_connect_timeout__covers_the_look_up),
      with_names(test_connect_timeout__does_not_end_a_connection),
      with_names(test_connect_timeout__gives_a_late_answer_one_last_look),
      with_names(test_operations__time_out_while_they_wait_for_the_connect),
      with_names(test_operations__complete_after_the_connects_callback),
      with_names(test_operations__shutdown_waits_for_the_connect_too),
      with_names(test_operations__start_in_the_connects_callback),
      with_names(test_operations__abort_ends_those_that_wait_but_not_the_connect),
      with_names(test_failed_connect__gives_its_status_to_operations_that_waited),
      with_names(test_failed_connect__gives_its_status_to_new_operations),
      with_names(test_failed_connect__has_no_socket_and_no_addresses),
      with_names(test_connecting__has_no_addresses_and_releases_nothing),
      with_names(test_close__during_the_connect),
      with_names_and_thread(test_close__during_the_connect),
      with_names(test_close__during_the_look_up),
      with_names(test_close__right_after_connect),
      with_names(test_close__in_the_connects_callback),
      with_names(test_destroy__during_the_connect),
      with_names(test_destroy__during_the_look_up),
      with_names(test_destroy__in_the_connects_callback),
      with_names(test_destroy__on_another_thread_during_the_look_up),
      with_names_and_thread(test_destroy__on_another_thread_during_the_look_up),
      with_names(test_collection_destroy__waits_for_the_look_up),
      with_names(test_collection_destroy__right_after_connect),
      with_names(test_local_address__is_where_the_connection_comes_from),
      with_names(test_local_address__alone),
      with_names(test_local_address__picks_the_family),
      with_names(test_local_address__in_use),
      with_names(test_local_address__not_this_machines),
      with_names(test_local_service__unknown),
      with_names(test_socket__nodelay_is_on_and_keepalive_off),
      with_names(test_socket__has_what_was_chosen),
      with_names(test_socket__has_what_was_set_while_connecting),
      with_names(test_queue_output__no_refuses_a_second_write),
  };
  return cmocka_run_group_tests(tests, start_resolver_threads, NULL);
}
