// Sockets: what one attempt to move bytes can come to, and what can be asked of them.
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <string>
#include <utility>

#include "net/socket.hpp"
#include "unit.hpp"

namespace aio::net {

namespace {

using Kind = IoResult::Kind;

// Two connected sockets, non-blocking.
struct Pair {
  explicit Pair(int type = SOCK_STREAM) {
    int sockets[2];
    assert_int_equal(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, sockets), 0);
    adopt(sockets);
  }

  void adopt(const int *sockets) {
    here = Socket(sockets[0]);
    there = Socket(sockets[1]);
  }

  Socket here, there;
};

// The same over loopback, where only `here` is non-blocking.
struct TcpPair : Pair {
  TcpPair() {
    int sockets[2];
    connected_sockets(LINK_TCP, sockets);
    adopt(sockets);
    assert_true(make_nonblocking(here.handle()).ok());
  }
};

IoResult read_some(Socket &socket, char *bytes, size_t size) {
  const Span span = {reinterpret_cast<Byte *>(bytes), size};
  return socket.read(&span, 1);
}

IoResult write_text(Socket &socket, const std::string &text) {
  const ConstSpan span = {reinterpret_cast<const Byte *>(text.data()), text.size()};
  return socket.write(&span, 1);
}

void expect_moved(const IoResult &result, size_t bytes) {
  assert_int_equal(result.kind, Kind::moved);
  assert_int_equal(result.bytes, bytes);
}

void expect_failed(const IoResult &result, int system) {
  assert_int_equal(result.kind, Kind::failed);
  assert_int_equal(result.system, system);
  assert_int_equal(result.bytes, 0);
}

void expect_text(Socket &socket, const char *text) {
  char bytes[100];
  expect_moved(read_some(socket, bytes, sizeof bytes), std::strlen(text));
  assert_memory_equal(bytes, text, std::strlen(text));
}

void await_events(const Socket &socket, short events) {
  pollfd entry = {socket.handle(), events, 0};
  assert_int_equal(poll(&entry, 1, 10'000), 1);
}

bool is_open_descriptor(int descriptor) { return fcntl(descriptor, F_GETFD) != -1; }

aio_address loopback(int32_t family = 4) {
  aio_address address;
  assert_true(parse_address(address, family == 4 ? "127.0.0.1" : "::1", 0));
  return address;
}

aio_address bind_anywhere(Socket &socket, bool reuse_port = false) {
  aio_address address;
  assert_true(socket.open(4, SocketKind::stream).ok());
  assert_true(socket.bind_server(loopback(), reuse_port, false).ok());
  assert_true(local_address(socket.handle(), address).ok());
  return address;
}

aio_address start_listening(Socket &socket) {
  const aio_address address = bind_anywhere(socket);
  assert_true(socket.listen(0).ok());
  return address;
}

// ---- owning ----

void test_socket__begins_closed(void **) {
  Socket socket;
  assert_false(socket.is_open());
  assert_int_equal(socket.handle(), AIO_NO_SOCKET);
  socket.close();
  socket.reset();
}

void test_socket__closes_at_the_end_of_its_scope(void **) {
  int descriptor;
  {
    const Pair pair;
    descriptor = pair.here.handle();
    assert_true(is_open_descriptor(descriptor));
  }
  assert_false(is_open_descriptor(descriptor));
}

void test_release__gives_the_descriptor_away(void **) {
  Pair pair;
  const aio_socket handle = pair.here.release();
  assert_false(pair.here.is_open());
  assert_true(is_open_descriptor(handle));
  close(handle);
}

void test_move__leaves_one_owner_and_closes_the_target(void **) {
  Pair pair;
  const int here = pair.here.handle();
  const int there = pair.there.handle();
  pair.here = std::move(pair.there);
  assert_false(is_open_descriptor(here));
  assert_int_equal(pair.here.handle(), there);
  const Socket moved(std::move(pair.here));
  assert_int_equal(moved.handle(), there);
  assert_true(is_open_descriptor(there));
}

void test_open__is_nonblocking_and_closed_by_exec(void **) {
  for (const int32_t family : {4, 6}) {
    Socket socket;
    if (socket.open(family, SocketKind::stream).status == AIO_ERR_UNSUPPORTED) continue;
    assert_true((fcntl(socket.handle(), F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(socket.handle(), F_GETFD) & FD_CLOEXEC) != 0);
  }
}

void test_open__closes_the_socket_before(void **) {
  Socket socket;
  const int before = open_descriptors();
  for (int i = 0; i < 3; ++i) assert_true(socket.open(4, SocketKind::stream).ok());
  assert_int_equal(open_descriptors(), before + 1);
}

// ---- reading ----

void test_read__moves_what_is_there(void **) {
  Pair pair;
  expect_moved(write_text(pair.there, "abc"), 3);
  expect_text(pair.here, "abc");
}

void test_read__moves_no_more_than_there_is_room(void **) {
  Pair pair;
  char bytes[] = "....";
  expect_moved(write_text(pair.there, "abcdef"), 6);
  expect_moved(read_some(pair.here, bytes, 3), 3);
  assert_string_equal(bytes, "abc.");
  expect_text(pair.here, "def");
}

void test_read__fills_spans_in_order(void **) {
  Pair pair;
  Byte first[2], second[3], third[4];
  const Span spans[] = {{first, 2}, {second, 3}, {third, 4}};
  expect_moved(write_text(pair.there, "abcdef"), 6);
  expect_moved(pair.here.read(spans, 3), 6);
  assert_memory_equal(first, "ab", 2);
  assert_memory_equal(second, "cde", 3);
  assert_memory_equal(third, "f", 1);
}

void test_read__of_nothing_is_blocked(void **) {
  Pair pair;
  Byte bytes[2];
  const Span spans[] = {{bytes, 1}, {bytes + 1, 1}};
  for (const size_t count : {1U, 2U}) assert_int_equal(pair.here.read(spans, count).kind, Kind::blocked);
}

void test_read__after_the_last_byte_has_ended(void **) {
  Pair pair;
  Byte bytes[2];
  const Span spans[] = {{bytes, 1}, {bytes + 1, 1}};
  expect_moved(write_text(pair.there, "abc"), 3);
  pair.there.close();
  expect_text(pair.here, "abc");
  for (const size_t count : {1U, 2U}) assert_int_equal(pair.here.read(spans, count).kind, Kind::ended);
}

void test_read__after_a_reset_has_failed(void **) {
  TcpPair pair;
  char byte;
  pair.there.reset();
  await_events(pair.here, POLLIN);
  expect_failed(read_some(pair.here, &byte, 1), ECONNRESET);
}

void test_read__of_no_socket_has_failed(void **) {
  Socket socket;
  Byte bytes[2];
  const Span spans[] = {{bytes, 1}, {bytes + 1, 1}};
  for (const size_t count : {1U, 2U}) expect_failed(socket.read(spans, count), EBADF);
}

// ---- writing ----

void test_write__gathers_spans_in_order(void **) {
  Pair pair;
  const auto *bytes = reinterpret_cast<const Byte *>("abcdef");
  const ConstSpan spans[] = {{bytes + 3, 3}, {bytes, 2}, {bytes + 2, 1}};
  expect_moved(pair.here.write(spans, 3), 6);
  expect_text(pair.there, "defabc");
}

void test_write__takes_as_many_spans_as_allowed(void **) {
  Pair pair;
  const std::string text(kMostSpans, 'x');
  ConstSpan spans[kMostSpans];
  for (ConstSpan &span : spans) span = {reinterpret_cast<const Byte *>("x"), 1};
  expect_moved(pair.here.write(spans, kMostSpans), kMostSpans);
  expect_text(pair.there, text.c_str());
}

void test_write__is_blocked_once_the_kernel_is_full(void **) {
  Pair pair;
  const std::string text(100'000, 'x');
  const ConstSpan spans[] = {{reinterpret_cast<const Byte *>("x"), 1}, {reinterpret_cast<const Byte *>("x"), 1}};
  size_t written = 0;
  IoResult result = IoResult::moved(0);
  while (result.kind == Kind::moved) {
    written += result.bytes;
    result = write_text(pair.here, text);
  }
  assert_int_equal(result.kind, Kind::blocked);
  assert_int_equal(pair.here.write(spans, 2).kind, Kind::blocked);

  size_t read = 0;
  std::string room(text.size(), '\0');
  while ((result = read_some(pair.there, room.data(), room.size())).kind == Kind::moved) read += result.bytes;
  assert_int_equal(read, written);
}

void test_write__to_a_closed_end_has_failed_without_a_signal(void **) {
  Pair pair;
  const ConstSpan spans[] = {{reinterpret_cast<const Byte *>("x"), 1}, {reinterpret_cast<const Byte *>("x"), 1}};
  pair.there.close();
  for (const size_t count : {1U, 2U}) expect_failed(pair.here.write(spans, count), EPIPE);
}

void test_write__behind_ones_own_end_has_failed(void **) {
  Pair pair;
  assert_true(pair.here.shutdown_output().ok());
  expect_failed(write_text(pair.here, "x"), EPIPE);
}

void test_write__before_connecting_has_failed(void **) {
  Socket socket;
  assert_true(socket.open(4, SocketKind::stream).ok());
  assert_int_equal(write_text(socket, "x").kind, Kind::failed);
}

// ---- looking ----

void test_peek__takes_nothing(void **) {
  Pair pair;
  expect_moved(write_text(pair.there, "abc"), 3);
  for (int i = 0; i < 2; ++i) expect_moved(pair.here.peek(), 1);
  expect_text(pair.here, "abc");
}

void test_peek__tells_all_that_a_read_would(void **) {
  Pair pair;
  assert_int_equal(pair.here.peek().kind, Kind::blocked);
  pair.there.close();
  assert_int_equal(pair.here.peek().kind, Kind::ended);
  pair.here.close();
  expect_failed(pair.here.peek(), EBADF);
}

// ---- the end of output ----

void test_shutdown_output__ends_one_direction(void **) {
  Pair pair;
  char byte;
  assert_true(pair.here.shutdown_output().ok());
  assert_int_equal(read_some(pair.there, &byte, 1).kind, Kind::ended);
  expect_moved(write_text(pair.there, "abc"), 3);
  expect_text(pair.here, "abc");
}

void test_shutdown_output__before_connecting_is_not_connected(void **) {
  Socket socket;
  assert_true(socket.open(4, SocketKind::stream).ok());
  assert_int_equal(socket.shutdown_output().status, AIO_ERR_NOT_CONNECTED);
}

// ---- connecting and accepting ----

void test_accept__gives_the_connection(void **) {
  Socket listener, client, accepted;
  const aio_address address = start_listening(listener);
  assert_true(client.open(4, SocketKind::stream).ok());
  assert_true(client.connect(address).ok());
  await_events(listener, POLLIN);
  assert_true(listener.accept(accepted).ok());
  assert_true(accepted.is_open());
  assert_true((fcntl(accepted.handle(), F_GETFL) & O_NONBLOCK) != 0);
  assert_true((fcntl(accepted.handle(), F_GETFD) & FD_CLOEXEC) != 0);
  expect_moved(write_text(accepted, "abc"), 3);
  await_events(client, POLLIN);
  assert_true(client.pending_error().ok());
  expect_text(client, "abc");
}

void test_accept__of_nobody_is_no_failure(void **) {
  Socket listener, accepted;
  start_listening(listener);
  assert_true(listener.accept(accepted).ok());
  assert_false(accepted.is_open());
}

void test_accept__by_what_does_not_listen_fails(void **) {
  Socket socket, accepted;
  bind_anywhere(socket);
  assert_int_equal(socket.accept(accepted).system, EINVAL);
}

void test_pending_error__tells_of_a_refused_connect_once(void **) {
  Socket refusing, client;
  const aio_address address = bind_anywhere(refusing);
  assert_true(client.open(4, SocketKind::stream).ok());
  const Error at_once = client.connect(address);
  if (at_once.ok()) {
    await_events(client, POLLOUT);
    assert_int_equal(client.pending_error().status, AIO_ERR_CONNECTION_REFUSED);
    assert_true(client.pending_error().ok());
  } else {
    assert_int_equal(at_once.status, AIO_ERR_CONNECTION_REFUSED);
  }
}

void test_connect__to_another_family_fails(void **) {
  Socket client;
  assert_true(client.open(4, SocketKind::stream).ok());
  assert_false(client.connect(loopback(6)).ok());
}

// ---- binding ----

void test_bind__of_a_taken_port_is_in_use(void **) {
  Socket listener, second;
  const aio_address address = start_listening(listener);
  assert_true(second.open(4, SocketKind::stream).ok());
  assert_int_equal(second.bind_server(address, false, false).status, AIO_ERR_ADDRESS_IN_USE);
  assert_true(second.open(4, SocketKind::stream).ok());
  assert_int_equal(second.bind_client(address).status, AIO_ERR_ADDRESS_IN_USE);
}

void test_bind__shares_a_port_if_both_want_to(void **) {
  Socket first, second;
  const aio_address address = bind_anywhere(first, true);
  assert_true(first.listen(0).ok());
  assert_true(second.open(4, SocketKind::stream).ok());
  assert_true(second.bind_server(address, true, false).ok());
  assert_true(second.listen(0).ok());
}

void test_bind__of_a_foreign_address_is_not_available(void **) {
  Socket socket;
  aio_address foreign;
  assert_true(parse_address(foreign, "192.0.2.1", 0));
  assert_true(socket.open(4, SocketKind::stream).ok());
  assert_int_equal(socket.bind_server(foreign, false, false).status, AIO_ERR_ADDRESS_NOT_AVAILABLE);
}

void test_bind__takes_both_families_only_if_told(void **) {
  for (const bool dual_stack : {true, false}) {
    Socket socket;
    if (socket.open(6, SocketKind::stream).status == AIO_ERR_UNSUPPORTED) skip();
    assert_true(socket.bind_server(any_address(6, 0), false, dual_stack).ok());
    int only_one = 0;
    socklen_t length = sizeof only_one;
    assert_int_equal(getsockopt(socket.handle(), IPPROTO_IPV6, IPV6_V6ONLY, &only_one, &length), 0);
    assert_int_equal(only_one, !dual_stack);
  }
}

void test_bind_client__fixes_the_local_address(void **) {
  Socket listener, client;
  aio_address mine, seen;
  const aio_address address = start_listening(listener);
  assert_true(client.open(4, SocketKind::stream).ok());
  assert_true(client.bind_client(loopback()).ok());
  assert_true(local_address(client.handle(), mine).ok());
  assert_true(client.connect(address).ok());
  assert_true(local_address(client.handle(), seen).ok());
  assert_true(equal(mine, seen));
}

// ---- questions by handle ----

SocketKind kind_of(aio_socket socket) {
  SocketKind kind = SocketKind::other;
  assert_true(socket_kind(socket, kind).ok());
  return kind;
}

void test_socket_kind__tells_all_kinds(void **) {
  Socket listener;
  start_listening(listener);
  assert_int_equal(kind_of(Pair(SOCK_STREAM).here.handle()), SocketKind::stream);
  assert_int_equal(kind_of(Pair(SOCK_DGRAM).here.handle()), SocketKind::datagram);
  assert_int_equal(kind_of(Pair(SOCK_SEQPACKET).here.handle()), SocketKind::other);
  assert_int_equal(kind_of(listener.handle()), SocketKind::listening);
}

void test_socket_kind__fails_for_what_is_no_socket(void **) {
  SocketKind kind;
  int pipes[2];
  assert_int_equal(pipe(pipes), 0);
  assert_int_equal(socket_kind(pipes[0], kind).system, ENOTSOCK);
  assert_int_equal(socket_kind(AIO_NO_SOCKET, kind).system, EBADF);
  for (const int end : pipes) close(end);
}

void test_make_nonblocking__keeps_the_other_flags(void **) {
  int sockets[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
  const Socket here(sockets[0]), there(sockets[1]);
  assert_int_equal(fcntl(here.handle(), F_SETFL, O_APPEND), 0);
  for (int i = 0; i < 2; ++i) assert_true(make_nonblocking(here.handle()).ok());
  assert_int_equal(fcntl(here.handle(), F_GETFL) & (O_NONBLOCK | O_APPEND), O_NONBLOCK | O_APPEND);
  assert_int_equal(make_nonblocking(AIO_NO_SOCKET).system, EBADF);
}

void test_addresses__of_both_ends_match(void **) {
  const TcpPair pair;
  aio_address mine, seen;
  assert_true(local_address(pair.here.handle(), mine).ok());
  assert_true(peer_address(pair.there.handle(), seen).ok());
  assert_true(equal(mine, seen));
}

void test_addresses__of_what_has_none(void **) {
  Socket socket;
  aio_address address;
  std::memset(&address, 0xff, sizeof address);
  assert_true(socket.open(4, SocketKind::stream).ok());
  assert_int_equal(peer_address(socket.handle(), address).status, AIO_ERR_NOT_CONNECTED);
  assert_int_equal(address.length, 0);
  assert_int_equal(local_address(AIO_NO_SOCKET, address).system, EBADF);
  assert_true(local_address(Pair().here.handle(), address).ok());
  assert_int_equal(family_of(address), AIO_UNIX);
}

void test_flags__can_be_set_and_asked(void **) {
  const TcpPair pair;
  for (const SocketFlag flag : {SocketFlag::nodelay, SocketFlag::keepalive}) {
    for (const bool on : {true, false, true}) {
      bool now = !on;
      assert_true(set_flag(pair.here.handle(), flag, on).ok());
      assert_true(get_flag(pair.here.handle(), flag, now).ok());
      assert_int_equal(now, on);
    }
  }
}

void test_flags__that_a_socket_does_not_have_are_unsupported(void **) {
  const Pair pair;
  assert_int_equal(set_flag(pair.here.handle(), SocketFlag::nodelay, true).status, AIO_ERR_UNSUPPORTED);
}

const CMUnitTest tests[] = {
    cmocka_unit_test(test_socket__begins_closed),
    cmocka_unit_test(test_socket__closes_at_the_end_of_its_scope),
    cmocka_unit_test(test_release__gives_the_descriptor_away),
    cmocka_unit_test(test_move__leaves_one_owner_and_closes_the_target),
    cmocka_unit_test(test_open__is_nonblocking_and_closed_by_exec),
    cmocka_unit_test(test_open__closes_the_socket_before),
    cmocka_unit_test(test_read__moves_what_is_there),
    cmocka_unit_test(test_read__moves_no_more_than_there_is_room),
    cmocka_unit_test(test_read__fills_spans_in_order),
    cmocka_unit_test(test_read__of_nothing_is_blocked),
    cmocka_unit_test(test_read__after_the_last_byte_has_ended),
    cmocka_unit_test(test_read__after_a_reset_has_failed),
    cmocka_unit_test(test_read__of_no_socket_has_failed),
    cmocka_unit_test(test_write__gathers_spans_in_order),
    cmocka_unit_test(test_write__takes_as_many_spans_as_allowed),
    cmocka_unit_test(test_write__is_blocked_once_the_kernel_is_full),
    cmocka_unit_test(test_write__to_a_closed_end_has_failed_without_a_signal),
    cmocka_unit_test(test_write__behind_ones_own_end_has_failed),
    cmocka_unit_test(test_write__before_connecting_has_failed),
    cmocka_unit_test(test_peek__takes_nothing),
    cmocka_unit_test(test_peek__tells_all_that_a_read_would),
    cmocka_unit_test(test_shutdown_output__ends_one_direction),
    cmocka_unit_test(test_shutdown_output__before_connecting_is_not_connected),
    cmocka_unit_test(test_accept__gives_the_connection),
    cmocka_unit_test(test_accept__of_nobody_is_no_failure),
    cmocka_unit_test(test_accept__by_what_does_not_listen_fails),
    cmocka_unit_test(test_pending_error__tells_of_a_refused_connect_once),
    cmocka_unit_test(test_connect__to_another_family_fails),
    cmocka_unit_test(test_bind__of_a_taken_port_is_in_use),
    cmocka_unit_test(test_bind__shares_a_port_if_both_want_to),
    cmocka_unit_test(test_bind__of_a_foreign_address_is_not_available),
    cmocka_unit_test(test_bind__takes_both_families_only_if_told),
    cmocka_unit_test(test_bind_client__fixes_the_local_address),
    cmocka_unit_test(test_socket_kind__tells_all_kinds),
    cmocka_unit_test(test_socket_kind__fails_for_what_is_no_socket),
    cmocka_unit_test(test_make_nonblocking__keeps_the_other_flags),
    cmocka_unit_test(test_addresses__of_both_ends_match),
    cmocka_unit_test(test_addresses__of_what_has_none),
    cmocka_unit_test(test_flags__can_be_set_and_asked),
    cmocka_unit_test(test_flags__that_a_socket_does_not_have_are_unsupported),
};

}  // namespace

}  // namespace aio::net

int main() { return cmocka_run_group_tests(aio::net::tests, nullptr, nullptr); }
