/* An acceptor over a listening socket that was passed in, as systemd does. */
#include "support.h"
#include "support_driving.h"
#include "support_network.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A blocking listening socket of the test's, as a service manager makes it; owned by who gets it. */
static int listening_socket(const char *host) {
  aio_address address;
  expect_status(aio_address_parse(&address, host, 0), AIO_OK);
  int listening = socket(aio_address_family(&address) == 6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(listening, (const struct sockaddr *)address.storage, address.length), 0);
  assert_int_equal(listen(listening, 16), 0);
  return listening;
}

static struct acceptor *start_passed_in(struct pair *pair, int listening) {
  struct acceptor *acceptor = submit_acceptor_socket(pair, listening, NULL);
  return accepting(HERE, acceptor);
}

static void expect_refused_and_left_alone(struct pair *pair, int socket, aio_status status) {
  const int flags = fcntl(socket, F_GETFL), descriptor_flags = fcntl(socket, F_GETFD);
  expect_status(submit_acceptor_socket(pair, socket, NULL)->submitted, status);
  assert_int_equal(fcntl(socket, F_GETFL), flags);
  assert_int_equal(fcntl(socket, F_GETFD), descriptor_flags);
  assert_int_equal(close(socket), 0);
}

static void test_passed_in__is_accepted_from(void **test) {
  struct pair *fixture = *test;
  struct pair *pair = meet(start_passed_in(fixture, listening_socket("127.0.0.1")));
  struct completion *read = start_read(pair, 5), *write = start_write(pair, 7);
  peer_sends(pair, 5);
  expect_read(read, AIO_OK, 5);
  expect_write(write, AIO_OK, 7);
  peer_receives(pair, 7);
}

static void test_passed_in__tells_its_address(void **test) {
  struct pair *pair = *test;
  const int listening = listening_socket("127.0.0.1");
  aio_address expected = {0}, actual;
  socklen_t length = sizeof expected.storage;
  assert_int_equal(getsockname(listening, (struct sockaddr *)expected.storage, &length), 0);
  expected.length = length;
  struct acceptor *acceptor = start_passed_in(pair, listening);
  assert_int_equal(acceptor->port, aio_address_port(&expected));
  expect_status(aio_acceptor_local_address(acceptor->handle, &actual), AIO_OK);
  assert_true(aio_address_equal(&actual, &expected));
  assert_int_equal(aio_acceptor_socket(acceptor->handle), listening);
}

static void test_passed_in__becomes_non_blocking(void **test) {
  struct pair *pair = *test;
  const int listening = listening_socket("127.0.0.1");
  start_passed_in(pair, listening);
  assert_true(fcntl(listening, F_GETFL) & O_NONBLOCK);
}

static void test_passed_in__is_closed_with_the_acceptor(void **test) {
  struct pair *pair = *test;
  const int listening = listening_socket("127.0.0.1");
  expect_outcome(start_acceptor_close(start_passed_in(pair, listening)), AIO_OK);
  assert_int_equal(fcntl(listening, F_GETFL), -1);
}

static void test_passed_in__hands_out_who_called_before(void **test) {
  struct pair *pair = *test;
  const int listening = listening_socket("127.0.0.1");
  aio_address address;
  socklen_t length = sizeof address.storage;
  assert_int_equal(getsockname(listening, (struct sockaddr *)address.storage, &length), 0);
  address.length = length;
  const int early = dial("127.0.0.1", aio_address_port(&address));
  struct acceptor *acceptor = start_passed_in(pair, listening);
  drive_until(pair, acceptor->done == 1);
  close(early);
}

static void test_passed_in__ignores_options_of_binding(void **test) {
  struct pair *pair = *test;
  aio_accept_options options = {.backlog = 1, .family = 6, .reuse_port = AIO_YES};
  struct acceptor *acceptor = submit_acceptor_socket(pair, listening_socket("127.0.0.1"), &options);
  expect_status(acceptor->submitted, AIO_OK);
  assert_int_equal(aio_state_is_open(meet(acceptor)->state), 1);
}

static void test_passed_in__may_hand_out_raw_sockets(void **test) {
  struct pair *pair = *test;
  aio_accept_options options = {.socket_callback = recorded_socket};
  struct acceptor *acceptor = submit_acceptor_socket(pair, listening_socket("127.0.0.1"), &options);
  expect_status(acceptor->submitted, AIO_OK);
  close(dial_acceptor(acceptor));
  drive_until(pair, acceptor->done == 1);
  assert_int_not_equal(acceptor->sockets[0], AIO_NO_SOCKET);
}

static void test_passed_in__ipv6(void **test) {
  if (!has_ipv6()) skip();
  struct pair *pair = *test;
  struct acceptor *acceptor = start_passed_in(pair, listening_socket("::1"));
  acceptor->host = "::1";
  expect_write(start_write(meet(acceptor), 3), AIO_OK, 3);
}

static void test_passed_in__unix_socket_has_no_port(void **test) {
  struct pair *pair = *test;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const int listening = socket(AF_UNIX, SOCK_STREAM, 0), caller = socket(AF_UNIX, SOCK_STREAM, 0);
  socklen_t length = sizeof address;
  assert_int_equal(bind(listening, (const struct sockaddr *)&address, sizeof(sa_family_t)), 0); /* any abstract name */
  assert_int_equal(listen(listening, 4), 0);
  assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &length), 0);
  struct acceptor *acceptor = start_passed_in(pair, listening);
  assert_int_equal(aio_acceptor_local_port(acceptor->handle), 0);
  assert_int_equal(connect(caller, (const struct sockaddr *)&address, length), 0);
  drive_until(pair, acceptor->done == 1);
  struct pair *accepted = acceptor->pairs[0];
  accepted->peer = caller;
  expect_write(start_write(accepted, 3), AIO_OK, 3);
  peer_receives(accepted, 3);
}

static void test_passed_in__not_listening_is_refused(void **test) {
  struct pair *pair = *test;
  expect_refused_and_left_alone(pair, socket(AF_INET, SOCK_STREAM, 0), AIO_ERR_UNSUPPORTED);
}

static void test_passed_in__connected_is_refused(void **test) {
  struct pair *pair = *test;
  int sockets[2];
  connected_sockets(LINK_TCP, sockets);
  expect_refused_and_left_alone(pair, sockets[0], AIO_ERR_UNSUPPORTED);
  close(sockets[1]);
}

static void test_passed_in__datagram_socket_is_refused(void **test) {
  struct pair *pair = *test;
  expect_refused_and_left_alone(pair, socket(AF_INET, SOCK_DGRAM, 0), AIO_ERR_UNSUPPORTED);
}

static void test_passed_in__stays_the_callers_when_the_collection_has_ended(void **test) {
  struct pair *pair = *test;
  expect_status(aio_collection_stop(pair->collection), AIO_OK);
  expect_refused_and_left_alone(pair, listening_socket("127.0.0.1"), AIO_ERR_CLOSED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_passed_in__is_accepted_from),
      with_collection(test_passed_in__tells_its_address),
      with_collection(test_passed_in__becomes_non_blocking),
      with_collection(test_passed_in__is_closed_with_the_acceptor),
      with_collection(test_passed_in__hands_out_who_called_before),
      with_collection(test_passed_in__ignores_options_of_binding),
      with_collection(test_passed_in__may_hand_out_raw_sockets),
      with_collection(test_passed_in__ipv6),
      with_collection(test_passed_in__unix_socket_has_no_port),
      with_collection(test_passed_in__not_listening_is_refused),
      with_collection(test_passed_in__connected_is_refused),
      with_collection(test_passed_in__datagram_socket_is_refused),
      with_threaded_collection(test_passed_in__stays_the_callers_when_the_collection_has_ended),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
