// Datagrams: what one system call sends and receives.
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <initializer_list>
#include <vector>

#include "base/allocator.hpp"
#include "net/datagram.hpp"
#include "unit.hpp"

namespace aio::net {

namespace {

using Kind = IoResult::Kind;

Socket bound_socket() {
  Socket socket(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  sockaddr_in loopback = {};
  loopback.sin_family = AF_INET;
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  assert_int_equal(bind(socket.handle(), reinterpret_cast<sockaddr *>(&loopback), sizeof loopback), 0);
  return socket;
}

aio_address address_of(const Socket &socket) {
  aio_address address = {};
  socklen_t length = sizeof address.storage;
  getsockname(socket.handle(), reinterpret_cast<sockaddr *>(address.storage), &length);
  address.length = length;
  return address;
}

// Two UDP sockets on loopback, connected to each other.
struct Peers {
  Peers() {
    for (int i = 0; i < 2; ++i) {
      const aio_address to = address(1 - i);
      assert_int_equal(connect(sockets[i].handle(), reinterpret_cast<const sockaddr *>(to.storage), to.length), 0);
    }
  }

  [[nodiscard]] aio_address address(int index) const { return address_of(sockets[index]); }
  [[nodiscard]] aio_socket one() const { return sockets[0].handle(); }
  [[nodiscard]] aio_socket other() const { return sockets[1].handle(); }

  Socket sockets[2] = {bound_socket(), bound_socket()};
};

// Datagrams of these sizes, which share their bytes.
struct Letters {
  Letters(std::initializer_list<size_t> sizes, const aio_address *to = nullptr) {
    for (const size_t size : sizes) list.push_back({{bytes, size}, to});
  }

  [[nodiscard]] SendResult send(aio_socket socket, bool &segments) const {
    return send_datagrams(socket, list.data(), list.size(), segments);
  }

  Byte bytes[70'000] = {};
  std::vector<OutgoingDatagram> list;
};

void expect_next(ReceiveBatch &batch, size_t size) {
  IncomingDatagram datagram;
  assert_true(batch.next(datagram));
  assert_int_equal(datagram.size, size);
  assert_false(datagram.truncated);
}

void expect_sent(const SendResult &result, size_t count, size_t bytes) {
  assert_true(result.result.kind == Kind::moved);
  assert_int_equal(result.count, count);
  assert_int_equal(result.result.bytes, bytes);
}

struct Batch {
  Batch() { assert_non_null(room); }
  ~Batch() { dispose(room); }
  Batch(const Batch &) = delete;
  Batch &operator=(const Batch &) = delete;
  ReceiveBatch *room = ReceiveBatch::create();
};

void test_send__counts_datagrams_and_bytes(void **) {
  for (const bool wanted : {false, true}) {
    const Peers peers;
    bool segments = wanted;
    Batch batch;
    expect_sent(Letters({10, 10, 10, 4, 0, 20}).send(peers.one(), segments), 6, 54);
    assert_int_equal(segments, wanted);
    assert_int_equal(batch.room->receive(peers.other(), ReceiveBatch::kSlots).bytes, 54);
    for (const size_t size : std::initializer_list<size_t>{10, 10, 10, 4, 0, 20}) expect_next(*batch.room, size);
    IncomingDatagram none;
    assert_false(batch.room->next(none));
    assert_false(batch.room->was_full());
  }
}

void test_send__one_alone(void **) {
  const Peers peers;
  bool segments = true;
  expect_sent(Letters({0}).send(peers.one(), segments), 1, 0);
  expect_sent(Letters({65'507}).send(peers.one(), segments), 1, 65'507);
}

void test_send__stops_in_front_of_what_is_too_long(void **) {
  const Peers peers;
  bool segments = true;
  expect_sent(Letters({5, 5, 65'508, 5}).send(peers.one(), segments), 2, 10);
  const SendResult refused = Letters({65'508, 5, 5}).send(peers.one(), segments);
  assert_true(refused.result.kind == Kind::failed);
  assert_int_equal(refused.result.system, EMSGSIZE);
  assert_int_equal(refused.count, 0);
  assert_true(segments);
}

// A socket that is not connected sends to two others, which hear only what is theirs.
void test_send__runs_end_with_the_destination(void **) {
  const Socket sender(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)), one = bound_socket(), other = bound_socket();
  const aio_address first = address_of(one), second = address_of(other);
  Letters letters({8, 8, 8, 8, 8}, &first);
  letters.list[1].address = letters.list[2].address = letters.list[3].address = &second;
  bool segments = true;
  Batch batch;
  expect_sent(letters.send(sender.handle(), segments), 5, 40);
  assert_int_equal(batch.room->receive(one.handle(), ReceiveBatch::kSlots).bytes, 16);
  for (int i = 0; i < 2; ++i) expect_next(*batch.room, 8);
  assert_int_equal(batch.room->receive(other.handle(), ReceiveBatch::kSlots).bytes, 24);
  for (int i = 0; i < 3; ++i) expect_next(*batch.room, 8);
}

void test_receive__is_blocked_when_there_is_nothing(void **) {
  const Peers peers;
  Batch batch;
  aio_address from;
  bool truncated;
  Byte byte;
  IncomingDatagram none;
  assert_true(batch.room->receive(peers.one(), 1).kind == Kind::blocked);
  assert_false(batch.room->next(none));
  assert_true(receive_datagram(peers.one(), {&byte, 1}, from, truncated).kind == Kind::blocked);
  assert_true(peek_datagram(peers.one()).kind == Kind::blocked);
}

void test_receive__no_bytes_are_a_datagram(void **) {
  const Peers peers;
  aio_address from;
  bool truncated = true;
  Byte byte;
  assert_int_equal(send(peers.one(), "", 0, 0), 0);
  assert_true(peek_datagram(peers.other()).kind == Kind::moved);
  const IoResult result = receive_datagram(peers.other(), {&byte, 1}, from, truncated);
  assert_true(result.kind == Kind::moved);
  assert_int_equal(result.bytes, 0);
  assert_false(truncated);
  const aio_address sender = peers.address(0);
  assert_true(aio_address_equal(&from, &sender));
}

void test_receive__tells_what_was_cut(void **) {
  const Peers peers;
  aio_address from;
  Byte bytes[10];
  for (const size_t room : {size_t{9}, size_t{10}, size_t{0}}) {
    bool truncated = false;
    assert_int_equal(send(peers.one(), "0123456789", 10, 0), 10);
    assert_int_equal(receive_datagram(peers.other(), {bytes, room}, from, truncated).bytes, room);
    assert_int_equal(truncated, room < 10);
  }
}

void test_receive__takes_at_most_what_was_asked(void **) {
  const Peers peers;
  Batch batch;
  bool segments = false;
  expect_sent(Letters({1, 2, 3}).send(peers.one(), segments), 3, 6);
  assert_int_equal(batch.room->receive(peers.other(), 2).bytes, 3);
  expect_next(*batch.room, 1);
  assert_int_equal(batch.room->receive(peers.other(), 2).bytes, 3);  // the second one is gone
  expect_next(*batch.room, 3);
}

void test_receive__fills_all_slots(void **) {
  const Peers peers;
  Batch batch;
  for (size_t i = 0; i <= ReceiveBatch::kSlots; ++i) assert_int_equal(send(peers.one(), "x", 1, 0), 1);
  assert_int_equal(batch.room->receive(peers.other(), SIZE_MAX).bytes, ReceiveBatch::kSlots);
  assert_true(batch.room->was_full());
  for (size_t i = 0; i < ReceiveBatch::kSlots; ++i) expect_next(*batch.room, 1);
  assert_int_equal(batch.room->receive(peers.other(), SIZE_MAX).bytes, 1);
  assert_false(batch.room->was_full());
}

void test_receive__takes_joined_ones_apart(void **) {
  const Peers peers;
  Batch batch;
  bool segments = true;
  if (!has_segmentation() || !join_datagrams(peers.other())) skip();
  expect_sent(Letters({100, 100, 100, 40, 7}).send(peers.one(), segments), 5, 347);
  assert_int_equal(batch.room->receive(peers.other(), 2).bytes, 347);  // two slots: a run and what came alone
  for (const size_t size : std::initializer_list<size_t>{100, 100, 100, 40, 7}) expect_next(*batch.room, size);
}

void test_batch__without_memory(void **) {
  fail_allocation(1);
  assert_null(ReceiveBatch::create());
}

void test_family__that_a_socket_reaches(void **) {
  const Peers peers;
  int32_t family = -1;
  assert_true(reachable_family(peers.one(), family).ok());
  assert_int_equal(family, 4);
}

}  // namespace

}  // namespace aio::net

int main() {
  using namespace aio;
  using namespace aio::net;
  const CMUnitTest tests[] = {
      leaves_no_memory(test_send__counts_datagrams_and_bytes),
      leaves_no_memory(test_send__one_alone),
      leaves_no_memory(test_send__stops_in_front_of_what_is_too_long),
      leaves_no_memory(test_send__runs_end_with_the_destination),
      leaves_no_memory(test_receive__is_blocked_when_there_is_nothing),
      leaves_no_memory(test_receive__no_bytes_are_a_datagram),
      leaves_no_memory(test_receive__tells_what_was_cut),
      leaves_no_memory(test_receive__takes_at_most_what_was_asked),
      leaves_no_memory(test_receive__fills_all_slots),
      leaves_no_memory(test_receive__takes_joined_ones_apart),
      leaves_no_memory(test_batch__without_memory),
      leaves_no_memory(test_family__that_a_socket_reaches),
  };
  return cmocka_run_group_tests_name("datagram", tests, aio::count_memory, nullptr);
}
