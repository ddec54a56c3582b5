/* The acceptor: binding, handing out, pausing, limits, spreading, failing, closing. */
#include "support.h"
#include "support_driving.h"
#include "support_network.h"
#include "support_resolver.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define needs_ipv6() \
  if (!has_ipv6()) skip()

static int try_dial(const char *host, uint16_t port) {
  aio_address address;
  expect_status(aio_address_parse(&address, host, port), AIO_OK);
  int caller = socket(aio_address_family(&address) == 6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
  int result = connect(caller, (const struct sockaddr *)address.storage, address.length);
  close(caller);
  return result;
}

static void expect_text_names(const char *text, const char *host, const char *service) {
  char address[80];
  snprintf(address, sizeof address, "%s:%s", host, service);
  assert_non_null(strstr(text, address));
}

static void drive_until_accepted(struct acceptor *acceptor, int count) {
  drive_until(acceptor->pair, acceptor->done >= count);
  settle(acceptor->pair);
  assert_int_equal(acceptor->accepts, count);
}

struct callers {
  int sockets[64];
  int count;
};

static void hang_up(void *argument) {
  struct callers *callers = argument;
  for (int i = 0; i < callers->count; i++) close(callers->sockets[i]);
}

static struct callers *dial_many(struct acceptor *acceptor, int count) {
  struct callers *callers = fixture_memory(sizeof *callers);
  at_tear_down(hang_up, callers);
  while (callers->count < count) callers->sockets[callers->count++] = dial_acceptor(acceptor);
  return callers;
}

/* ---- binding ---- */

static void test_bind__any_free_port(void **test) {
  struct pair *pair = *test;
  struct acceptor *one = start_acceptor(pair, "127.0.0.1"), *other = start_acceptor(pair, "127.0.0.1");
  assert_int_not_equal(one->port, 0);
  assert_int_not_equal(one->port, other->port);
  aio_address actual, expected;
  expect_status(aio_acceptor_local_address(one->handle, &actual), AIO_OK);
  expect_status(aio_address_parse(&expected, "127.0.0.1", one->port), AIO_OK);
  assert_true(aio_address_equal(&actual, &expected));
}

static void test_bind__ipv6(void **test) {
  needs_ipv6();
  struct pair *fixture = *test;
  struct pair *pair = meet(start_acceptor(fixture, "::1"));
  expect_write(start_write(pair, 9), AIO_OK, 9);
  peer_receives(pair, 9);
}

static void test_bind__no_address_is_all_of_both_families(void **test) {
  needs_ipv6();
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, NULL);
  assert_int_equal(try_dial("127.0.0.1", acceptor->port), 0);
  assert_int_equal(try_dial("127.0.0.2", acceptor->port), 0);
  assert_int_equal(try_dial("::1", acceptor->port), 0);
  drive_until_accepted(acceptor, 3);
}

static void test_bind__family_4_or_6_alone(void **test) {
  needs_ipv6();
  struct pair *pair = *test;
  struct acceptor *four = start_acceptor_with(pair, NULL, .family = 4);
  struct acceptor *six = start_acceptor_with(pair, NULL, .family = 6);
  assert_int_equal(try_dial("127.0.0.1", four->port), 0);
  assert_int_equal(try_dial("::1", four->port), -1);
  assert_int_equal(try_dial("::1", six->port), 0);
  assert_int_equal(try_dial("127.0.0.1", six->port), -1);
}

static void test_bind__by_name_to_the_first_address_that_can_be_bound(void **test) {
  struct pair *pair = *test;
  resolver_knows("here.test", "198.51.100.1 127.0.0.3 127.0.0.1");
  struct acceptor *acceptor = start_acceptor(pair, "here.test");
  aio_address address;
  char host[64];
  expect_status(aio_acceptor_local_address(acceptor->handle, &address), AIO_OK);
  expect_status(aio_address_host(&address, host, sizeof host), AIO_OK);
  assert_string_equal(host, "127.0.0.3");
  resolver_reset();
}

static void test_bind__port_in_use(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  expect_status(try_acceptor(pair, "127.0.0.1", acceptor->service)->submitted, AIO_ERR_ADDRESS_IN_USE);
  expect_text_names(aio_last_error_text(), "127.0.0.1", acceptor->service);
  start_acceptor(pair, "127.0.0.1");
  assert_string_equal(aio_last_error_text(), "");
}

static void test_bind__not_this_machines_address(void **test) {
  struct pair *pair = *test;
  expect_status(try_acceptor(pair, "198.51.100.1", "0")->submitted, AIO_ERR_ADDRESS_NOT_AVAILABLE);
  assert_non_null(strstr(aio_last_error_text(), "198.51.100.1"));
}

static void test_bind__unknown_host_and_service(void **test) {
  struct pair *pair = *test;
  const char *services[] = {"no-such-service", "65536", "99999", "-1", "", "80x", "4294967376"};
  resolver_fails("unknown.test", EAI_NONAME);
  resolver_fails("memory.test", EAI_MEMORY);
  expect_status(try_acceptor(pair, "unknown.test", "0")->submitted, AIO_ERR_HOST_NOT_FOUND);
  expect_status(try_acceptor(pair, "memory.test", "0")->submitted, AIO_ERR_NO_MEMORY);
  for (size_t i = 0; i < sizeof services / sizeof *services; i++)
    expect_status(try_acceptor(pair, "127.0.0.1", services[i])->submitted, AIO_ERR_SERVICE_NOT_FOUND);
  resolver_reset();
}

static void test_bind__no_descriptor_left(void **test) {
  struct pair *pair = *test;
  struct rlimit limit, none;
  getrlimit(RLIMIT_NOFILE, &limit);
  none = limit;
  none.rlim_cur = 3;
  setrlimit(RLIMIT_NOFILE, &none);
  const struct acceptor *acceptor = try_acceptor(pair, "127.0.0.1", "0");
  setrlimit(RLIMIT_NOFILE, &limit);
  expect_status(acceptor->submitted, AIO_ERR_TOO_MANY_FILES);
}

static void test_bind__again_at_once_after_connections(void **test) {
  struct pair *fixture = *test;
  struct acceptor *acceptor = start_acceptor(fixture, "127.0.0.1");
  struct pair *pair = meet(acceptor);
  expect_outcome(start_close(pair), AIO_OK);
  peer_gets_end(pair);
  peer_closes(pair);
  expect_outcome(start_acceptor_close(acceptor), AIO_OK);
  struct acceptor *next = accepting(HERE, try_acceptor(fixture, "127.0.0.1", acceptor->service));
  expect_write(start_write(meet(next), 1), AIO_OK, 1);
}

static void test_bind__copies_its_strings(void **test) {
  struct pair *pair = *test;
  char host[] = "127.0.0.1", service[] = "0", name[] = "a name";
  struct acceptor *acceptor = try_acceptor_with(pair, host, service, .name = name);
  expect_status(acceptor->submitted, AIO_OK);
  memset(host, '#', sizeof host - 1);
  memset(name, '#', sizeof name - 1);
  acceptor->host = "127.0.0.1";
  assert_string_equal(aio_acceptor_name(acceptor->handle), "a name");
  assert_string_equal(aio_state_name(meet(acceptor)->state), "a name");
}

static int queue_length(aio_socket listening) {
  struct tcp_info info;
  socklen_t length = sizeof info;
  assert_int_equal(getsockopt(listening, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
  return (int)info.tcpi_sacked; /* what Linux tells of listening sockets there */
}

static void test_bind__backlog(void **test) {
  struct pair *pair = *test;
  struct acceptor *chosen = start_acceptor_with(pair, "127.0.0.1", .backlog = 7);
  struct acceptor *greatest = start_acceptor(pair, "127.0.0.1");
  FILE *file = fopen("/proc/sys/net/core/somaxconn", "r");
  int maximum = 0;
  if (file == NULL || fscanf(file, "%d", &maximum) != 1) skip();
  fclose(file);
  assert_int_equal(queue_length(aio_acceptor_socket(chosen->handle)), 7);
  assert_int_equal(queue_length(aio_acceptor_socket(greatest->handle)), maximum);
}

/* ---- SO_REUSEPORT ---- */

static void test_reuse_port__several_share_a_port(void **test) {
  struct pair *pair = *test;
  struct acceptor *one = start_acceptor_with(pair, "127.0.0.1", .reuse_port = AIO_YES);
  struct acceptor *other = try_acceptor_with(pair, "127.0.0.1", one->service, .reuse_port = AIO_YES);
  expect_status(other->submitted, AIO_OK);
  dial_many(one, 40);
  drive_until(pair, one->done + other->done == 40);
  assert_true(one->accepts > 0);
  assert_true(other->accepts > 0);
}

static void test_reuse_port__is_off_by_default(void **test) {
  struct pair *pair = *test;
  struct acceptor *one = start_acceptor_with(pair, "127.0.0.1", .reuse_port = AIO_YES);
  expect_status(try_acceptor(pair, "127.0.0.1", one->service)->submitted, AIO_ERR_ADDRESS_IN_USE);
  expect_status(try_acceptor_with(pair, "127.0.0.1", one->service, .reuse_port = AIO_NO)->submitted,
                AIO_ERR_ADDRESS_IN_USE);
}

/* ---- what is handed out ---- */

static void test_accept__hands_out_an_open_state(void **test) {
  struct pair *fixture = *test;
  struct pair *pair = meet(start_acceptor(fixture, "127.0.0.1"));
  assert_int_equal(aio_state_is_open(pair->state), 1);
  assert_ptr_equal(aio_state_collection(pair->state), fixture->collection);
  struct completion *read = start_read(pair, 5), *write = start_write(pair, 7);
  peer_sends(pair, 5);
  expect_read(read, AIO_OK, 5);
  expect_write(write, AIO_OK, 7);
  peer_receives(pair, 7);
}

static void test_accept__knows_the_peers_address(void **test) {
  struct pair *fixture = *test;
  struct pair *pair = meet(start_acceptor(fixture, "127.0.0.1"));
  aio_address actual, expected;
  socklen_t length = sizeof expected.storage;
  assert_int_equal(getsockname(pair->peer, (struct sockaddr *)expected.storage, &length), 0);
  expected.length = length;
  expect_status(aio_state_peer_address(pair->state, &actual), AIO_OK);
  assert_true(aio_address_equal(&actual, &expected));
}

static void test_accept__not_in_wait(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  dial_many(acceptor, 1);
  expect_status(aio_collection_wait(pair->collection, 10), AIO_OK);
  assert_int_equal(acceptor->accepts, 0);
  assert_int_equal(call_now(pair->collection), 1);
  assert_int_equal(acceptor->accepts, 1);
}

static void test_accept__in_the_order_of_arrival(void **test) {
  struct pair *fixture = *test;
  struct acceptor *acceptor = start_acceptor(fixture, "127.0.0.1");
  struct callers *callers = dial_many(acceptor, 30);
  drive_until_accepted(acceptor, 30);
  for (int i = 0; i < 30; i++) {
    char index = (char)i, seen = -1;
    assert_int_equal(send(callers->sockets[i], &index, 1, 0), 1);
    struct completion *read = start_read(acceptor->pairs[i], 1);
    read->pair->plain_bytes = 1;
    expect_read(read, AIO_OK, 1);
    seen = read->memory[0];
    assert_int_equal(seen, i);
  }
}

static void test_accept__states_start_with_the_options(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor =
      start_acceptor_with(pair, "127.0.0.1", .read_timeout = 1.5, .write_timeout = 2.5, .queue_output = AIO_NO);
  struct pair *accepted = meet(acceptor);
  assert_true(aio_state_read_timeout(accepted->state) == 1.5);
  assert_true(aio_state_write_timeout(accepted->state) == 2.5);
  assert_string_equal(aio_state_name(accepted->state), "");
  struct completion *write = start_write(accepted, 5);
  expect_refusal(try_write(accepted, 5), AIO_ERR_BUSY);
  expect_write(write, AIO_OK, 5);
}

static void test_accept__states_start_with_the_acceptors_user_info(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  assert_ptr_equal(aio_acceptor_user_info(acceptor->handle), acceptor);
  assert_ptr_equal(aio_state_user_info(meet(acceptor)->state), acceptor);
}

struct accepted_with {
  int calls;
  void *state_user_info;
};

static void note_user_info(aio_acceptor *acceptor, aio_state *state, void *user_info) {
  (void)acceptor;
  struct accepted_with *with = user_info;
  with->state_user_info = aio_state_user_info(state);
  with->calls++;
  aio_state_destroy(state);
}

static void test_user_info__may_be_changed(void **test) {
  struct pair *pair = *test;
  struct accepted_with first = {0}, second = {0};
  aio_accept_options options = {.user_info = &first};
  aio_acceptor *acceptor;
  expect_status(aio_acceptor_create_tcp(pair->collection, "127.0.0.1", "0", note_user_info, &options, &acceptor),
                AIO_OK);
  expect_status(aio_acceptor_set_user_info(acceptor, &second), AIO_OK);
  assert_ptr_equal(aio_acceptor_user_info(acceptor), &second);
  assert_int_equal(try_dial("127.0.0.1", aio_acceptor_local_port(acceptor)), 0);
  drive_until(pair, second.calls == 1);
  assert_int_equal(first.calls, 0);
  assert_ptr_equal(second.state_user_info, &second);
  aio_acceptor_destroy(acceptor);
}

static int socket_option(aio_socket socket, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  assert_int_equal(getsockopt(socket, level, name, &value, &length), 0);
  return value != 0;
}

static void test_accept__nodelay_is_on_and_keepalive_off(void **test) {
  struct pair *pair = *test;
  aio_state *state = meet(start_acceptor(pair, "127.0.0.1"))->state;
  assert_int_equal(socket_option(aio_state_socket(state), IPPROTO_TCP, TCP_NODELAY), 1);
  assert_int_equal(socket_option(aio_state_socket(state), SOL_SOCKET, SO_KEEPALIVE), 0);
}

static void test_accept__nodelay_and_keepalive_as_chosen(void **test) {
  struct pair *pair = *test;
  aio_state *state = meet(start_acceptor_with(pair, "127.0.0.1", .nodelay = AIO_NO, .keepalive = AIO_YES))->state;
  assert_int_equal(socket_option(aio_state_socket(state), IPPROTO_TCP, TCP_NODELAY), 0);
  assert_int_equal(socket_option(aio_state_socket(state), SOL_SOCKET, SO_KEEPALIVE), 1);
}

static void test_accept__sockets_are_closed_on_exec(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  assert_int_equal(fcntl(aio_state_socket(meet(acceptor)->state), F_GETFD), FD_CLOEXEC);
  assert_int_equal(fcntl(aio_acceptor_socket(acceptor->handle), F_GETFD), FD_CLOEXEC);
}

static void then_destroy_accepted(struct acceptor *acceptor) { destroy_state(acceptor->pairs[acceptor->accepts - 1]); }

static void test_accept__the_callback_may_destroy_the_state(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  acceptor->then = then_destroy_accepted;
  dial_many(acceptor, 10);
  drive_until_accepted(acceptor, 10);
}

static void test_accept__a_caller_that_reset_is_handed_out_all_the_same(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  struct pair caller = {.peer = dial_acceptor(acceptor)};
  peer_resets(&caller);
  drive_until(pair, acceptor->done == 1);
  expect_read(start_read(acceptor->pairs[0], 1), AIO_ERR_CONNECTION_RESET, 0);
  expect_write(start_write(meet(acceptor), 1), AIO_OK, 1);
}

static void dials_fifty(void *acceptor) {
  for (int i = 0; i < 50; i++) close(dial_acceptor(acceptor));
}

static void test_accept__on_the_own_thread(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  struct thread *threads[4];
  for (int i = 0; i < 4; i++) threads[i] = start_thread(dials_fifty, acceptor);
  for (int i = 0; i < 4; i++) join_thread(threads[i]);
  drive_until_accepted(acceptor, 200);
}

/* ---- raw sockets ---- */

static void test_raw_sockets__are_handed_out_instead_of_states(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor_with(pair, "127.0.0.1", .socket_callback = recorded_socket);
  const int caller = dial_acceptor(acceptor);
  drive_until_accepted(acceptor, 1);
  assert_null(acceptor->pairs[0]);
  assert_int_equal(send(caller, "x", 1, 0), 1);
  char byte = 0;
  struct pollfd readable = {.fd = acceptor->sockets[0], .events = POLLIN};
  assert_int_equal(poll(&readable, 1, 10000), 1);
  assert_int_equal(recv(acceptor->sockets[0], &byte, 1, 0), 1);
  assert_int_equal(byte, 'x');
  close(caller);
}

static void test_raw_sockets__need_no_accept_callback(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = fixture_memory(sizeof *acceptor);
  aio_accept_options options = {.socket_callback = recorded_socket, .user_info = acceptor};
  expect_status(aio_acceptor_create_tcp(pair->collection, "127.0.0.1", "0", NULL, &options, &acceptor->handle), AIO_OK);
  assert_int_equal(try_dial("127.0.0.1", aio_acceptor_local_port(acceptor->handle)), 0);
  drive_until(pair, acceptor->done == 1);
  close(acceptor->sockets[0]);
  aio_acceptor_destroy(acceptor->handle);
}

static void test_raw_sockets__can_be_adopted(void **test) {
  struct pair *fixture = *test;
  struct acceptor *acceptor = start_acceptor_with(fixture, "127.0.0.1", .socket_callback = recorded_socket);
  const int caller = dial_acceptor(acceptor);
  drive_until_accepted(acceptor, 1);
  struct pair *pair = pair_of(fixture->collection, NULL, caller);
  expect_status(aio_state_create(fixture->collection, acceptor->sockets[0], NULL, &pair->state), AIO_OK);
  acceptor->sockets[0] = AIO_NO_SOCKET;
  expect_write(start_write(pair, 5), AIO_OK, 5);
  peer_receives(pair, 5);
}

static void test_raw_sockets__not_handed_out_are_closed(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor_with(pair, "127.0.0.1", .socket_callback = recorded_socket);
  dial_many(acceptor, 5);
  expect_status(aio_collection_wait(pair->collection, 10), AIO_OK);
  expect_outcome(start_acceptor_close(acceptor), AIO_OK);
  assert_int_equal(acceptor->accepts, 0);
}

/* ---- pause and resume ---- */

static void test_pause__leaves_connections_in_the_kernel(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  expect_status(aio_acceptor_pause(acceptor->handle), AIO_OK);
  dial_many(acceptor, 3);
  const int descriptors = open_descriptors();
  settle(pair);
  expect_status(aio_collection_wait(pair->collection, 0.01), AIO_TIMEOUT);
  assert_int_equal(acceptor->accepts, 0);
  assert_int_equal(open_descriptors(), descriptors);
  expect_status(aio_acceptor_resume(acceptor->handle), AIO_OK);
  drive_until_accepted(acceptor, 3);
}

static void then_pause(struct acceptor *acceptor) { expect_status(aio_acceptor_pause(acceptor->handle), AIO_OK); }

static void test_pause__in_the_accept_callback(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  acceptor->then = then_pause;
  dial_many(acceptor, 3);
  for (int i = 1; i <= 3; i++) {
    drive_until_accepted(acceptor, i);
    expect_status(aio_acceptor_resume(acceptor->handle), AIO_OK);
  }
}

static void test_pause__holds_back_what_is_queued(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  dial_many(acceptor, 2);
  expect_status(aio_collection_wait(pair->collection, 10), AIO_OK);
  expect_status(aio_acceptor_pause(acceptor->handle), AIO_OK);
  settle(pair);
  assert_int_equal(acceptor->accepts, 0);
  expect_status(aio_acceptor_resume(acceptor->handle), AIO_OK);
  drive_until_accepted(acceptor, 2);
}

static void test_pause__twice_is_ended_by_one_resume(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  for (int i = 0; i < 2; i++) expect_status(aio_acceptor_pause(acceptor->handle), AIO_OK);
  dial_many(acceptor, 1);
  settle(pair);
  for (int i = 0; i < 2; i++) expect_status(aio_acceptor_resume(acceptor->handle), AIO_OK);
  drive_until_accepted(acceptor, 1);
}

static void pauses(void *acceptor) { then_pause(acceptor); }

static void resumes(void *acceptor) {
  expect_status(aio_acceptor_resume(((struct acceptor *)acceptor)->handle), AIO_OK);
}

static void test_pause__on_another_thread(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  on_another_thread(pauses, acceptor);
  dial_many(acceptor, 2);
  settle(pair);
  assert_int_equal(acceptor->accepts, 0);
  on_another_thread(resumes, acceptor);
  drive_until_accepted(acceptor, 2);
}

/* ---- connection_limit ---- */

static void test_limit__pauses_at_it_and_resumes_below(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor_with(pair, "127.0.0.1", .connection_limit = 2);
  dial_many(acceptor, 5);
  drive_until_accepted(acceptor, 2);
  destroy_state(acceptor->pairs[0]);
  drive_until_accepted(acceptor, 3);
  expect_outcome(start_close(acceptor->pairs[1]), AIO_OK);
  drive_until_accepted(acceptor, 4);
  destroy_state(acceptor->pairs[1]);
  settle(pair);
  assert_int_equal(acceptor->accepts, 4);
}

static void test_limit__counts_states_of_other_collections(void **test) {
  struct pair *pair = *test;
  aio_collection *others[2] = {new_threaded_collection(), new_threaded_collection()};
  struct acceptor *acceptor =
      start_acceptor_with(pair, "127.0.0.1", .connection_limit = 3, .collections = others, .collection_count = 2);
  dial_many(acceptor, 6);
  drive_until_accepted(acceptor, 3);
  destroy_state(acceptor->pairs[1]);
  drive_until_accepted(acceptor, 4);
  destroy_state(acceptor->pairs[0]);
  destroy_state(acceptor->pairs[2]);
  drive_until_accepted(acceptor, 6);
}

static void test_limit__does_not_end_a_pause(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor_with(pair, "127.0.0.1", .connection_limit = 1);
  dial_many(acceptor, 2);
  drive_until_accepted(acceptor, 1);
  expect_status(aio_acceptor_pause(acceptor->handle), AIO_OK);
  destroy_state(acceptor->pairs[0]);
  settle(pair);
  assert_int_equal(acceptor->accepts, 1);
  expect_status(aio_acceptor_resume(acceptor->handle), AIO_OK);
  drive_until_accepted(acceptor, 2);
}

static void test_limit__resume_does_not_pass_it(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor_with(pair, "127.0.0.1", .connection_limit = 1);
  dial_many(acceptor, 2);
  drive_until_accepted(acceptor, 1);
  expect_status(aio_acceptor_resume(acceptor->handle), AIO_OK);
  settle(pair);
  assert_int_equal(acceptor->accepts, 1);
}

/* ---- spreading over collections ---- */

static void test_collections__get_states_in_turn(void **test) {
  struct pair *pair = *test;
  aio_collection *others[3] = {new_threaded_collection(), new_threaded_collection(), new_threaded_collection()};
  aio_collection *given[3] = {others[0], others[1], others[2]};
  struct acceptor *acceptor = start_acceptor_with(pair, "127.0.0.1", .collections = given, .collection_count = 3);
  memset(given, 0, sizeof given);
  dial_many(acceptor, 9);
  drive_until_accepted(acceptor, 9);
  for (int i = 0; i < 9; i++)
    assert_ptr_equal(aio_state_collection(acceptor->pairs[i]->state),
                     aio_state_collection(acceptor->pairs[i % 3]->state));
  for (int i = 0; i < 3; i++)
    assert_ptr_not_equal(aio_state_collection(acceptor->pairs[i]->state),
                         aio_state_collection(acceptor->pairs[(i + 1) % 3]->state));
}

static void then_note_thread(struct completion *completion) { *(pthread_t *)completion->context = pthread_self(); }

static pthread_t thread_of(aio_collection *collection) {
  struct pair *pair = pair_of(collection, NULL, -1);
  struct completion *apply = new_completion(pair);
  pthread_t *thread = apply->context = fixture_memory(sizeof *thread);
  apply->then = then_note_thread;
  accept_completion(apply, aio_collection_apply(collection, recorded_apply, apply));
  expect_outcome(apply, AIO_OK);
  return *thread;
}

static void then_note_accept_thread(struct acceptor *acceptor) { *(pthread_t *)acceptor->context = pthread_self(); }

static void test_collections__run_their_states_callbacks(void **test) {
  struct pair *pair = *test;
  aio_collection *other = new_threaded_collection();
  struct acceptor *acceptor = start_acceptor_with(pair, "127.0.0.1", .collections = &other, .collection_count = 1);
  pthread_t accept_thread, thread;
  acceptor->then = then_note_accept_thread;
  acceptor->context = &accept_thread;
  struct pair *accepted = meet(acceptor);
  struct completion *abort = new_completion(accepted);
  abort->then = then_note_thread;
  abort->context = &thread;
  accept_completion(abort, aio_state_abort(accepted->state, AIO_BOTH, recorded_status, abort));
  expect_outcome(abort, AIO_ERR_NOT_FOUND);
  assert_true(pthread_equal(accept_thread, pthread_self()));
  assert_true(pthread_equal(thread, thread_of(other)));
  struct completion *write = start_write(accepted, 100);
  expect_write(write, AIO_OK, 100);
  peer_receives(accepted, 100);
}

static void test_collections__closed_ones_are_passed_over(void **test) {
  struct pair *pair = *test;
  aio_collection *others[3] = {new_threaded_collection(), new_threaded_collection(), new_collection()};
  struct acceptor *acceptor = start_acceptor_with(pair, "127.0.0.1", .collections = others, .collection_count = 3);
  expect_status(aio_collection_stop(others[0]), AIO_OK);
  expect_status(destroy_now(others[2]), AIO_OK);
  dial_many(acceptor, 4);
  drive_until_accepted(acceptor, 4);
  for (int i = 0; i < 4; i++) assert_ptr_equal(aio_state_collection(acceptor->pairs[i]->state), others[1]);
}

static void test_collections__may_hold_the_acceptors_own(void **test) {
  struct pair *pair = *test;
  aio_collection *both[2] = {pair->collection, new_threaded_collection()};
  struct acceptor *acceptor = start_acceptor_with(pair, "127.0.0.1", .collections = both, .collection_count = 2);
  dial_many(acceptor, 4);
  drive_until_accepted(acceptor, 4);
  for (int i = 0; i < 4; i++) assert_ptr_equal(aio_state_collection(acceptor->pairs[i]->state), both[i % 2]);
}

static void test_collections__echo_on_their_threads(void **test) {
  struct pair *pair = *test;
  aio_collection *others[2] = {new_threaded_collection(), new_threaded_collection()};
  struct acceptor *acceptor = start_acceptor_with(pair, "127.0.0.1", .collections = others, .collection_count = 2);
  struct completion *reads[8];
  acceptor->then = then_echo;
  for (int i = 0; i < 8; i++) {
    struct completion *connect = start_connect(pair, "127.0.0.1", acceptor->service);
    start_write(connect->pair, 20000);
    reads[i] = start_read(connect->pair, 20000);
  }
  for (int i = 0; i < 8; i++) expect_read(reads[i], AIO_OK, 20000);
}

/* ---- a full descriptor table ---- */

static struct rlimit let_no_descriptor_be_made(void) {
  struct rlimit limit, none;
  getrlimit(RLIMIT_NOFILE, &limit);
  none = limit;
  none.rlim_cur = 3;
  setrlimit(RLIMIT_NOFILE, &none);
  return limit;
}

/* Valgrind plays the limit: it lets the system accept, and then closes what came. */
static int limit_is_the_systems(void) {
  struct listener *listener = new_listener("127.0.0.1");
  const int caller = dial("127.0.0.1", listener->port);
  const struct rlimit limit = let_no_descriptor_be_made();
  const int refused = accept(listener->socket, NULL, NULL);
  setrlimit(RLIMIT_NOFILE, &limit);
  const int callee = accept(listener->socket, NULL, NULL);
  close(caller);
  if (callee >= 0) close(callee);
  return refused == -1 && callee >= 0;
}

static void test_full_table__is_told_once_and_waited_out(void **test) {
  if (!limit_is_the_systems()) skip();
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor_with(pair, "127.0.0.1", .error_callback = recorded_accept_error);
  dial_many(acceptor, 3);
  for (int episode = 1; episode <= 2; episode++) {
    const struct rlimit limit = let_no_descriptor_be_made();
    drive_until(pair, acceptor->errors == episode);
    settle(pair);
    aio_collection_wait(pair->collection, 0.3);
    settle(pair);
    setrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(acceptor->errors, episode);
    expect_status(acceptor->error, AIO_ERR_TOO_MANY_FILES);
    assert_string_not_equal(acceptor->error_text, "");
    drive_until_accepted(acceptor, 3 * episode);
    assert_string_not_equal(aio_acceptor_error_text(acceptor->handle), "");
    dial_many(acceptor, 3);
  }
  drive_until_accepted(acceptor, 9);
  assert_int_equal(acceptor->errors, 2);
}

static void test_full_table__does_not_spin(void **test) {
  if (!limit_is_the_systems()) skip();
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  dial_many(acceptor, 1);
  const struct rlimit limit = let_no_descriptor_be_made();
  int turns = 0;
  for (const double end = now() + 0.5; now() < end; turns++) {
    call_now(pair->collection);
    const double timeout = aio_collection_next_timeout(pair->collection);
    struct pollfd descriptor = {.fd = aio_collection_descriptor(pair->collection), .events = POLLIN};
    poll(&descriptor, 1, timeout < 0.5 ? (int)(timeout * 1000 + 0.999) : 500);
    aio_collection_wait(pair->collection, 0);
  }
  setrlimit(RLIMIT_NOFILE, &limit);
  assert_in_range(turns, 1, 60);
  drive_until_accepted(acceptor, 1);
}

static void test_full_table__acceptor_can_be_closed_while_it_waits(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor_with(pair, "127.0.0.1", .error_callback = recorded_accept_error);
  dial_many(acceptor, 1);
  const struct rlimit limit = let_no_descriptor_be_made();
  drive_until(pair, acceptor->errors == 1);
  struct completion *closed = start_acceptor_close(acceptor);
  expect_outcome(closed, AIO_OK);
  setrlimit(RLIMIT_NOFILE, &limit);
  settle(pair);
  assert_int_equal(acceptor->accepts, 0);
}

static void test_full_table__states_that_exist_work_on(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor_with(pair, "127.0.0.1", .error_callback = recorded_accept_error);
  struct pair *accepted = meet(acceptor);
  dial_many(acceptor, 1);
  const struct rlimit limit = let_no_descriptor_be_made();
  drive_until(pair, acceptor->errors == 1);
  struct completion *write = start_write(accepted, 5);
  drive_until(pair, write->done);
  setrlimit(RLIMIT_NOFILE, &limit);
  expect_write(write, AIO_OK, 5);
}

/* ---- close ---- */

static void expect_closed(struct acceptor *acceptor) {
  aio_address address;
  assert_null(aio_acceptor_collection(acceptor->handle));
  assert_int_equal(aio_acceptor_local_port(acceptor->handle), acceptor->port);
  expect_status(aio_acceptor_local_address(acceptor->handle, &address), AIO_OK);
  assert_int_equal(aio_address_port(&address), acceptor->port);
  expect_status(aio_acceptor_pause(acceptor->handle), AIO_ERR_CLOSED);
  expect_status(aio_acceptor_resume(acceptor->handle), AIO_ERR_CLOSED);
}

static void test_close__readers_work_on(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  assert_ptr_equal(aio_acceptor_collection(acceptor->handle), pair->collection);
  struct completion *closed = start_acceptor_close(acceptor);
  expect_closed(acceptor);
  expect_outcome(closed, AIO_OK);
  expect_closed(acceptor);
  assert_int_equal(aio_acceptor_socket(acceptor->handle), AIO_NO_SOCKET);
  assert_string_equal(aio_acceptor_error_text(acceptor->handle), "");
}

/* Without SO_REUSEADDR, a second socket can be bound only when the first is gone. */
static void then_bind_the_port(struct completion *closed) {
  const struct acceptor *acceptor = closed->context;
  aio_address address;
  expect_status(aio_address_parse(&address, "127.0.0.1", acceptor->port), AIO_OK);
  int second = socket(AF_INET, SOCK_STREAM, 0);
  int bound = bind(second, (const struct sockaddr *)address.storage, address.length);
  close(second);
  closed->context = bound == 0 ? closed : NULL;
}

static void test_close__the_port_is_free_when_it_calls_back(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  struct completion *closed = start_acceptor_close(acceptor);
  closed->then = then_bind_the_port;
  closed->context = acceptor;
  expect_outcome(closed, AIO_OK);
  assert_non_null(closed->context);
}

static void test_close__states_handed_out_live_on(void **test) {
  struct pair *fixture = *test;
  struct acceptor *acceptor = start_acceptor(fixture, "127.0.0.1");
  struct pair *pair = meet(acceptor);
  expect_outcome(start_acceptor_close(acceptor), AIO_OK);
  destroy_acceptor(acceptor);
  struct completion *read = start_read(pair, 5), *write = start_write(pair, 7);
  peer_sends(pair, 5);
  expect_read(read, AIO_OK, 5);
  expect_write(write, AIO_OK, 7);
}

static void then_close(struct acceptor *acceptor) { acceptor->context = start_acceptor_close(acceptor); }

static void test_close__in_the_accept_callback_with_more_queued(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  acceptor->then = then_close;
  struct callers *callers = dial_many(acceptor, 6);
  drive_until(pair, acceptor->done == 1);
  expect_outcome(acceptor->context, AIO_OK);
  settle(pair);
  assert_int_equal(acceptor->accepts, 1);
  char byte;
  for (int i = 1; i < 6; i++) assert_true(recv(callers->sockets[i], &byte, 1, 0) <= 0);
}

static void test_close__closes_what_was_not_handed_out(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  struct callers *callers = dial_many(acceptor, 3);
  expect_status(aio_collection_wait(pair->collection, 10), AIO_OK);
  expect_outcome(start_acceptor_close(acceptor), AIO_OK);
  assert_int_equal(acceptor->accepts, 0);
  char byte;
  for (int i = 0; i < 3; i++) assert_true(recv(callers->sockets[i], &byte, 1, 0) <= 0);
}

static void test_close__twice(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  struct completion *first = start_acceptor_close(acceptor), *second = start_acceptor_close(acceptor);
  expect_outcome(second, AIO_OK);
  expect_outcome(first, AIO_OK);
  expect_order(first, second);
  expect_outcome(start_acceptor_close(acceptor), AIO_OK);
}

static void test_close__callback_may_be_null(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  expect_status(aio_acceptor_close(acceptor->handle, NULL, NULL), AIO_OK);
  drive_until(pair, aio_acceptor_socket(acceptor->handle) == AIO_NO_SOCKET);
}

static void note_close(aio_acceptor *handle, aio_status status, void *user_info) {
  struct acceptor *acceptor = user_info;
  if (acceptor->handle == handle && status == AIO_OK) acceptor->context = acceptor;
}

static void test_close__gets_the_acceptors_user_info(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  expect_status(aio_acceptor_close(acceptor->handle, note_close, NULL), AIO_OK);
  drive_until(pair, acceptor->context == acceptor);
}

static void closes(void *acceptor) { then_close(acceptor); }

static void test_close__on_another_thread(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  dial_many(acceptor, 5);
  on_another_thread(closes, acceptor);
  begin_condition(); /* the collection's thread counts, too */
  const int accepts = acceptor->accepts;
  end_condition();
  expect_outcome(acceptor->context, AIO_OK);
  assert_in_range(acceptor->accepts, accepts, accepts + !!aio_collection_alive(pair->collection));
}

static void test_close__while_paused(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  dial_many(acceptor, 1);
  expect_status(aio_acceptor_pause(acceptor->handle), AIO_OK);
  expect_outcome(start_acceptor_close(acceptor), AIO_OK);
  assert_int_equal(acceptor->accepts, 0);
}

/* ---- destroy ---- */

static void test_destroy__without_close(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  dial_many(acceptor, 2);
  destroy_acceptor(acceptor);
  settle(pair);
  assert_int_equal(acceptor->accepts, 0);
  assert_int_equal(try_dial("127.0.0.1", acceptor->port), -1);
}

static void test_destroy__with_a_close_running(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  struct completion *closed = start_acceptor_close(acceptor);
  destroy_acceptor(acceptor);
  expect_outcome(closed, AIO_OK);
}

static void then_destroy_acceptor(struct acceptor *acceptor) { destroy_acceptor(acceptor); }

static void test_destroy__in_the_accept_callback(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  acceptor->then = then_destroy_acceptor;
  dial_many(acceptor, 4);
  drive_until_accepted(acceptor, 1);
}

static void then_destroy_closed(struct completion *closed) { destroy_acceptor(closed->context); }

static void test_destroy__in_the_close_callback(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  struct completion *closed = start_acceptor_close(acceptor);
  closed->then = then_destroy_closed;
  closed->context = acceptor;
  expect_outcome(closed, AIO_OK);
}

static void destroys(void *acceptor) { destroy_acceptor(acceptor); }

static void test_destroy__on_another_thread(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  on_another_thread(destroys, acceptor);
  settle(pair);
  assert_int_equal(try_dial("127.0.0.1", acceptor->port), -1);
}

static void test_destroy__after_the_collections_end(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  meet(acceptor);
  destroy_collection(pair);
  expect_closed(acceptor);
  destroy_acceptor(acceptor);
}

static void test_close__after_the_collections_end(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  destroy_collection(pair);
  assert_int_equal(submit_acceptor_close(acceptor)->submitted, AIO_ERR_CLOSED); /* nobody could call back any more */
  expect_status(aio_acceptor_close(acceptor->handle, NULL, NULL), AIO_OK);
}

static void test_destroy__accepted_states_live_on(void **test) {
  struct pair *fixture = *test;
  struct acceptor *acceptor = start_acceptor(fixture, "127.0.0.1");
  struct pair *pair = meet(acceptor);
  destroy_acceptor(acceptor);
  expect_write(start_write(pair, 7), AIO_OK, 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_bind__any_free_port),
      with_collection(test_bind__ipv6),
      with_collection(test_bind__no_address_is_all_of_both_families),
      with_collection(test_bind__family_4_or_6_alone),
      with_collection(test_bind__by_name_to_the_first_address_that_can_be_bound),
      with_collection(test_bind__port_in_use),
      with_collection(test_bind__not_this_machines_address),
      with_collection(test_bind__unknown_host_and_service),
      with_collection(test_bind__no_descriptor_left),
      with_collection(test_bind__again_at_once_after_connections),
      with_collection(test_bind__copies_its_strings),
      with_collection(test_bind__backlog),
      with_collection(test_reuse_port__several_share_a_port),
      with_collection(test_reuse_port__is_off_by_default),
      with_collection(test_accept__hands_out_an_open_state),
      with_collection(test_accept__knows_the_peers_address),
      with_collection(test_accept__not_in_wait),
      with_collection(test_accept__in_the_order_of_arrival),
      with_collection(test_accept__states_start_with_the_options),
      with_collection(test_accept__states_start_with_the_acceptors_user_info),
      with_collection(test_user_info__may_be_changed),
      with_collection(test_accept__nodelay_is_on_and_keepalive_off),
      with_collection(test_accept__nodelay_and_keepalive_as_chosen),
      with_collection(test_accept__sockets_are_closed_on_exec),
      with_collection(test_accept__the_callback_may_destroy_the_state),
      with_collection(test_accept__a_caller_that_reset_is_handed_out_all_the_same),
      with_threaded_collection(test_accept__on_the_own_thread),
      with_collection(test_raw_sockets__are_handed_out_instead_of_states),
      with_collection(test_raw_sockets__need_no_accept_callback),
      with_collection(test_raw_sockets__can_be_adopted),
      with_collection(test_raw_sockets__not_handed_out_are_closed),
      with_collection(test_pause__leaves_connections_in_the_kernel),
      with_collection(test_pause__in_the_accept_callback),
      with_collection(test_pause__holds_back_what_is_queued),
      with_collection(test_pause__twice_is_ended_by_one_resume),
      with_collection(test_pause__on_another_thread),
      with_collection(test_limit__pauses_at_it_and_resumes_below),
      with_collection(test_limit__counts_states_of_other_collections),
      with_collection(test_limit__does_not_end_a_pause),
      with_collection(test_limit__resume_does_not_pass_it),
      with_collection(test_collections__get_states_in_turn),
      with_collection(test_collections__run_their_states_callbacks),
      with_collection(test_collections__closed_ones_are_passed_over),
      with_collection(test_collections__may_hold_the_acceptors_own),
      with_collection(test_collections__echo_on_their_threads),
      with_collection(test_full_table__is_told_once_and_waited_out),
      with_collection(test_full_table__does_not_spin),
      with_collection(test_full_table__acceptor_can_be_closed_while_it_waits),
      with_collection(test_full_table__states_that_exist_work_on),
      with_collection(test_close__readers_work_on),
      with_collection(test_close__the_port_is_free_when_it_calls_back),
      with_collection(test_close__states_handed_out_live_on),
      with_collection(test_close__in_the_accept_callback_with_more_queued),
      with_collection(test_close__closes_what_was_not_handed_out),
      with_collection(test_close__twice),
      with_collection(test_close__callback_may_be_null),
      with_collection(test_close__gets_the_acceptors_user_info),
      with_collection(test_close__on_another_thread),
      with_threaded_collection(test_close__on_another_thread),
      with_collection(test_close__while_paused),
      with_collection(test_close__after_the_collections_end),
      with_collection(test_destroy__without_close),
      with_collection(test_destroy__with_a_close_running),
      with_collection(test_destroy__in_the_accept_callback),
      with_collection(test_destroy__in_the_close_callback),
      with_collection(test_destroy__on_another_thread),
      with_collection(test_destroy__after_the_collections_end),
      with_collection(test_destroy__accepted_states_live_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
