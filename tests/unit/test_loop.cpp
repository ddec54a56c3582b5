// The loop: what ends its sleep, and readiness of sockets.
#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <initializer_list>
#include <thread>

#include "net/poller.hpp"
#include "unit.hpp"

namespace aio::net {

namespace {

constexpr Nanoseconds kMillisecond = 1'000'000;
constexpr Nanoseconds kHour = 3'600'000 * kMillisecond;

struct OpenLoop : Loop {
  OpenLoop() { assert_true(open().ok()); }
  ~OpenLoop() { close(); }
};

// A watched end of a connection.
struct Watched : PollOwner {
  Watched() {
    int sockets[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets), 0);
    here = Socket(sockets[0]);
    there = Socket(sockets[1]);
    Error error;
    poller = Poller::create(loop, here.handle(), *this, error);
    assert_non_null(poller);
  }
  ~Watched() { Poller::close(poller); }

  void on_ready(bool can_read, bool can_write) override {
    ++calls;
    readable = can_read;
    writable = can_write;
  }

  void peer_writes() { assert_int_equal(send(there.handle(), "x", 1, MSG_NOSIGNAL), 1); }

  OpenLoop loop;
  Socket here, there;
  Poller *poller;
  int calls = 0;
  bool readable = false;
  bool writable = false;
};

// ---- what ends a blocking run ----

void test_run__without_blocking_returns(void **) {
  OpenLoop loop;
  loop.arm(Loop::clock() + kHour);
  loop.run(false);
}

void test_run__ends_at_the_armed_time_and_not_before(void **) {
  OpenLoop loop;
  for (int i = 0; i < 5; ++i) {
    const Nanoseconds time = Loop::clock() + 3 * kMillisecond / 2;
    loop.arm(time);
    loop.run(true);
    assert_true(Loop::clock() >= time);
    assert_true(loop.now() >= time);
  }
}

void test_run__ends_at_once_for_a_time_gone_by(void **) {
  OpenLoop loop;
  for (const Nanoseconds time : {Nanoseconds{0}, Loop::clock()}) {
    loop.arm(time);
    loop.run(true);
  }
}

void test_arm__the_earlier_time_counts(void **) {
  OpenLoop loop;
  const Nanoseconds soon = Loop::clock() + kMillisecond;
  loop.arm(soon + kHour);
  loop.arm(soon);
  loop.arm(kNever);
  loop.run(true);
  assert_true(Loop::clock() >= soon);
}

void test_wake__ends_a_run_that_sleeps_for_ever(void **) {
  OpenLoop loop;
  loop.arm(kNever);
  std::thread waker([&loop] { loop.wake(); });
  loop.run(true);
  waker.join();
}

void test_wake__before_a_run_ends_it(void **) {
  OpenLoop loop;
  loop.wake();
  loop.run(true);
}

void test_now__is_never_ahead_of_the_clock(void **) {
  OpenLoop loop;
  for (int i = 0; i < 1000; ++i) {
    loop.run(false);
    assert_true(loop.now() <= Loop::clock());
  }
}

// ---- readiness ----

void test_poller__tells_of_bytes_to_read(void **) {
  Watched watched;
  watched.poller->watch(true, false);
  watched.peer_writes();
  watched.loop.run(true);
  assert_true(watched.readable);
  assert_false(watched.writable);
}

void test_poller__tells_of_room_to_write(void **) {
  Watched watched;
  watched.poller->watch(false, true);
  watched.loop.run(true);
  assert_false(watched.readable);
  assert_true(watched.writable);
}

void test_poller__tells_both_in_one_call(void **) {
  Watched watched;
  watched.peer_writes();
  watched.poller->watch(true, true);
  watched.loop.run(true);
  assert_true(watched.readable && watched.writable);
  assert_int_equal(watched.calls, 1);
}

void test_poller__tells_again_until_the_bytes_are_read(void **) {
  Watched watched;
  watched.peer_writes();
  watched.poller->watch(true, false);
  for (int i = 0; i < 3; ++i) watched.loop.run(true);
  assert_int_equal(watched.calls, 3);
}

void test_poller__tells_of_the_end_as_readable(void **) {
  Watched watched;
  watched.there.close();
  watched.poller->watch(true, false);
  watched.loop.run(true);
  assert_true(watched.readable);
}

void test_poller__tells_only_what_is_watched(void **) {
  Watched watched;
  watched.peer_writes();
  watched.loop.run(false);
  watched.poller->watch(true, true);
  watched.poller->watch(false, false);
  watched.loop.run(false);
  assert_int_equal(watched.calls, 0);
}

void test_poller__knows_what_it_watches(void **) {
  Watched watched;
  assert_false(watched.poller->watches_readable() || watched.poller->watches_writable());
  watched.poller->watch(true, false);
  assert_true(watched.poller->watches_readable() && !watched.poller->watches_writable());
  watched.poller->watch(false, true);
  assert_true(!watched.poller->watches_readable() && watched.poller->watches_writable());
}

void test_poller__tells_its_new_owner(void **) {
  Watched watched, other;
  watched.poller->set_owner(other);
  watched.peer_writes();
  watched.poller->watch(true, false);
  watched.loop.run(true);
  assert_int_equal(watched.calls, 0);
  assert_int_equal(other.calls, 1);
}

void test_poller__once_closed_tells_nobody(void **) {
  Watched watched;
  watched.peer_writes();
  watched.poller->watch(true, false);
  Poller::close(watched.poller);
  watched.poller = nullptr;
  watched.loop.run(false);
  assert_int_equal(watched.calls, 0);
}

void test_poller__leaves_the_socket_to_its_owner(void **) {
  Watched watched;
  Poller::close(watched.poller);
  watched.poller = nullptr;
  watched.loop.run(false);
  assert_int_not_equal(fcntl(watched.here.handle(), F_GETFD), -1);
}

void test_poller__cannot_watch_what_is_no_socket(void **) {
  OpenLoop loop;
  Watched owner;
  Error error;
  assert_null(Poller::create(loop, AIO_NO_SOCKET, owner, error));
  assert_int_equal(error.system, EBADF);
}

void test_poller__without_memory_says_so(void **) {
  OpenLoop loop;
  Watched owner;
  Error error;
  fail_allocation(1);
  assert_null(Poller::create(loop, owner.there.handle(), owner, error));
  assert_int_equal(error.status, AIO_ERR_NO_MEMORY);
}

void test_loop__knows_what_its_descriptor_does_not_tell_yet(void **) {
  Watched watched;
  watched.loop.run(false);
  assert_false(watched.loop.has_unregistered());
  watched.poller->watch(true, false);
  assert_true(watched.loop.has_unregistered());
  watched.loop.run(false);
  assert_false(watched.loop.has_unregistered());
  watched.poller->watch(true, false);
  assert_false(watched.loop.has_unregistered());
}

const CMUnitTest tests[] = {
    leaves_no_memory(test_run__without_blocking_returns),
    leaves_no_memory(test_run__ends_at_the_armed_time_and_not_before),
    leaves_no_memory(test_run__ends_at_once_for_a_time_gone_by),
    leaves_no_memory(test_arm__the_earlier_time_counts),
    leaves_no_memory(test_wake__ends_a_run_that_sleeps_for_ever),
    leaves_no_memory(test_wake__before_a_run_ends_it),
    leaves_no_memory(test_now__is_never_ahead_of_the_clock),
    leaves_no_memory(test_poller__tells_of_bytes_to_read),
    leaves_no_memory(test_poller__tells_of_room_to_write),
    leaves_no_memory(test_poller__tells_both_in_one_call),
    leaves_no_memory(test_poller__tells_again_until_the_bytes_are_read),
    leaves_no_memory(test_poller__tells_of_the_end_as_readable),
    leaves_no_memory(test_poller__tells_only_what_is_watched),
    leaves_no_memory(test_poller__knows_what_it_watches),
    leaves_no_memory(test_poller__tells_its_new_owner),
    leaves_no_memory(test_poller__once_closed_tells_nobody),
    leaves_no_memory(test_poller__leaves_the_socket_to_its_owner),
    leaves_no_memory(test_poller__cannot_watch_what_is_no_socket),
    leaves_no_memory(test_poller__without_memory_says_so),
    leaves_no_memory(test_loop__knows_what_its_descriptor_does_not_tell_yet),
};

}  // namespace

}  // namespace aio::net

int main() { return cmocka_run_group_tests(aio::net::tests, nullptr, nullptr); }
