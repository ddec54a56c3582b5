// Operations end as events: once, in order, with what they were started with.
#include <pthread.h>

#include <csignal>
#include <thread>
#include <vector>

#include "facade.hpp"

namespace aiostate {

namespace {

void test_read__event_has_token_status_and_bytes(void **) {
  Pair pair;
  pair.server.read(5, 7, nullptr);
  pair.client_sends("hello, you");
  Event &event = pair.expect(7);
  assert_int_equal(event.status(), AIO_OK);
  assert_true(event.last());
  assert_int_equal(event.count(), 5);
  assert_string_equal(text(event.bytes()).c_str(), "hello");
}

void test_read__ends_with_the_bytes_that_came(void **) {
  Pair pair;
  pair.server.read(5, 7, nullptr);
  pair.client_sends("hi");
  pair.client.close(0, nullptr);
  Event &event = pair.expect(7);
  assert_int_equal(event.status(), AIO_EOF);
  assert_string_equal(text(event.bytes()).c_str(), "hi");
}

void test_read__with_a_start_gives_the_bytes_from_there_on(void **) {
  Pair pair;
  IoOptions options;
  options.set_start(2);
  options.set_end(5);
  pair.server.read(8, 7, &options);
  pair.client_sends("abcdef");
  assert_string_equal(text(pair.expect(7).bytes()).c_str(), "abc");
}

void test_refusal__is_thrown_and_gives_no_event(void **) {
  Pair pair;
  pair.server.read(5, 7, nullptr);
  assert_int_equal(refusal([&] { pair.server.read(5, 8, nullptr); }), AIO_ERR_BUSY);
  IoOptions options;
  options.set_timeout(-1);
  assert_int_equal(refusal([&] { pair.server.write(view("x"), 9, &options); }), AIO_ERR_INVALID_ARGUMENT);
  State none;
  assert_int_equal(refusal([&] { none.read(5, 8, nullptr); }), AIO_ERR_INVALID_ARGUMENT);
  pair.server.abort(AIO_INPUT, 10);
  assert_int_equal(pair.expect(7).status(), AIO_ERR_CANCELED);
  pair.expect(10);
  pair.expect_nothing();
}

void test_creation__refused_says_why_and_leaves_the_object_empty(void **) {
  World world;
  Acceptor first;
  first.create_tcp(world.collection.get(), "127.0.0.1", "0", 1, nullptr);
  Acceptor second;
  std::string port = std::to_string(first.local_port());
  auto listen_again = [&] { second.create_tcp(world.collection.get(), "127.0.0.1", port.c_str(), 2, nullptr); };
  assert_int_equal(refusal(listen_again), AIO_ERR_ADDRESS_IN_USE);
  first.close(3);
  world.expect(3);
  listen_again();
  assert_int_equal(refusal(listen_again), AIO_ERR_BUSY);
}

void test_port__that_is_none_is_refused(void **) {
  Address address;
  for (int port : {-1, 65536, 70000})
    assert_int_equal(refusal([&] { address.parse("127.0.0.1", port); }), AIO_ERR_INVALID_ARGUMENT);
  address.parse("127.0.0.1", 65535);
  assert_int_equal(address.port(), 65535);
}

void test_none__in_the_place_of_an_object_is_refused(void **) {
  Pair pair;
  State state;
  Timer timer;
  AcceptOptions listening;
  auto refused = [](auto call) { assert_int_equal(refusal(call), AIO_ERR_INVALID_ARGUMENT); };
  refused([&] { state.connect_tcp(nullptr, "127.0.0.1", "1", 1, nullptr); });
  refused([&] { state.create_udp(nullptr, nullptr, nullptr, nullptr); });
  refused([&] { pair.client.write_buffers(nullptr, 1, nullptr); });
  refused([&] { pair.client.attach_tls(nullptr, 1, nullptr); });
  refused([&] { pair.server.read_frame(nullptr, 1, nullptr); });
  refused([&] { timer.start(nullptr, 0, 0, 1); });
  refused([&] { listening.add_collection(nullptr); });
  ConnectOptions plain;
  plain.set_tls(nullptr);
  state.connect_tcp(pair.collection.get(), "127.0.0.1", "1", 1, &plain);
  assert_int_equal(pair.expect(1).status(), AIO_ERR_CONNECTION_REFUSED);
}

void test_token_0__nobody_is_told(void **) {
  Pair pair;
  pair.client.write(view("hello"), 0, nullptr);
  pair.server.read(5, 7, nullptr);
  pair.expect(7);
  pair.client.shutdown(0);
  pair.server.close(0, nullptr);
  pair.expect_nothing();
}

void test_view_and_list_operations(void **) {
  Pair pair;
  Buffers pieces;
  pieces.add(view("line\n"));
  pieces.add(view(""));
  pieces.add({"\0\5", 2});
  pieces.add(view("frame"));
  pair.client.write_buffers(&pieces, 1, nullptr);
  assert_int_equal(pair.expect(1).count(), 12);
  pair.server.read_until(view("\n"), 2, nullptr);
  assert_string_equal(text(pair.expect(2).bytes()).c_str(), "line\n");
  FrameFormat format;
  format.set_length_size(2);
  format.set_strip(2);
  pair.server.read_frame(&format, 3, nullptr);
  assert_string_equal(text(pair.expect(3).bytes()).c_str(), "frame");
}

void test_datagrams__tell_their_senders(void **) {
  World world;
  State one;
  State other;
  one.create_udp(world.collection.get(), "127.0.0.1", "0", nullptr);
  other.create_udp(world.collection.get(), "127.0.0.1", "0", nullptr);
  Address to = other.local_address();
  other.receive_messages(5, nullptr);
  Messages messages;
  messages.add(view("a"), &to);
  messages.add(view(""), &to);
  one.send_messages(&messages, 6, nullptr);
  assert_int_equal(world.expect(6).count(), 2);
  for (const char *expected : {"a", ""}) {
    Event &event = world.expect(5);
    assert_string_equal(text(event.bytes()).c_str(), expected);
    Address from = event.address();
    Address own = one.local_address();
    assert_true(from.equal(&own));
    assert_false(event.last());
  }
  other.finish_read(0);
  one.send_message_to_address(&to, view("long"), 7, nullptr);
  world.expect(7);
  other.receive_message(2, 8, nullptr);
  assert_true(world.expect(8).truncated());
}

void test_apply_and_timers__in_order(void **) {
  World world;
  Timer repeating;
  Timer single;
  repeating.start(world.collection.get(), 0.001, 0.001, 1);
  assert_false(world.expect(1).last());
  assert_false(world.expect(1).last());
  repeating.stop();
  single.start(world.collection.get(), 0, 0, 2);
  assert_true(world.expect(2).last());
  world.collection->apply(3);
  world.collection->apply(4);
  world.expect(3);
  world.expect(4);
  world.expect_nothing();
}

void test_marks__tell_that_the_queue_is_low(void **) {
  Pair pair;
  pair.client.set_write_marks(1, 0, 5);
  pair.client.write(view("hello"), 0, nullptr);
  assert_false(pair.expect(5).last());
  pair.client.set_write_marks(1, 0, 0);
  pair.client.write(view("hello"), 6, nullptr);
  pair.expect(6);
  pair.expect_nothing();
}

void test_wait__ends_by_wake_timeout_and_signal(void **) {
  World world;
  assert_int_equal(world.collection->wait_events(0.001), WAIT_TIMEOUT);
  world.collection->wake();
  assert_int_equal(world.collection->wait_events(kDeadline), WAIT_READY);
  struct sigaction quiet {};
  quiet.sa_handler = [](int) {};
  sigaction(SIGUSR1, &quiet, nullptr);
  pthread_t waiting = pthread_self();
  std::atomic<bool> done{false};
  std::thread signals([&] {
    while (!done) pthread_kill(waiting, SIGUSR1), std::this_thread::yield();
  });
  assert_int_equal(world.collection->wait_events(kDeadline), WAIT_INTERRUPTED);
  done = true;
  signals.join();
}

// A close without callback ends the library's wait as a wake does.
void test_wake__is_not_lost_among_what_the_library_does(void **) {
  for (bool signals_wake : {false, true}) {
    Pair pair;
    if (signals_wake) pair.collection->signals_wake();
    pair.client.close(0, nullptr);
    pair.collection->wake();
    assert_int_equal(pair.collection->wait_events(kDeadline), WAIT_READY);
    pair.collection->loop()->wake_waiter();
    assert_int_equal(pair.collection->wait_events(kDeadline), WAIT_READY);
  }
}

void test_stop__is_used_up_by_one_question(void **) {
  World world;
  world.collection->stop();
  assert_true(world.collection->stopping());
  assert_false(world.collection->stopping());
}

void test_threads__submit_while_one_waits(void **) {
  Pair pair;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&pair, i] {
      for (int n = 0; n < 250; ++n) pair.client.write(view("x"), 100 + i * 250 + n, nullptr);
    });
  pair.server.read(1000, 1, nullptr);
  std::vector<int> seen(1000);
  for (int left = 1001; left > 0;) {
    if (!pair.collection->take(&pair.event)) {
      assert_int_not_equal(pair.collection->wait_events(kDeadline), WAIT_TIMEOUT);
    } else {
      if (pair.event.token() >= 100) ++seen[size_t(pair.event.token()) - 100];
      --left;
    }
  }
  for (int count : seen) assert_int_equal(count, 1);
  for (std::thread &thread : threads) thread.join();
}

void test_second_driver__is_refused(void **) {
  World world;
  Loop::Drive drive(*world.collection->loop());
  std::thread([&] {
    assert_int_equal(refusal([&] { world.collection->wait_events(0); }), AIO_ERR_BUSY);
    assert_int_equal(refusal([&] { world.collection->destroy(); }), AIO_ERR_BUSY);
  }).join();
}

}  // namespace

}  // namespace aiostate

int main() {
  using namespace aiostate;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_read__event_has_token_status_and_bytes),
      cmocka_unit_test(test_read__ends_with_the_bytes_that_came),
      cmocka_unit_test(test_read__with_a_start_gives_the_bytes_from_there_on),
      cmocka_unit_test(test_refusal__is_thrown_and_gives_no_event),
      cmocka_unit_test(test_creation__refused_says_why_and_leaves_the_object_empty),
      cmocka_unit_test(test_port__that_is_none_is_refused),
      cmocka_unit_test(test_none__in_the_place_of_an_object_is_refused),
      cmocka_unit_test(test_token_0__nobody_is_told),
      cmocka_unit_test(test_view_and_list_operations),
      cmocka_unit_test(test_datagrams__tell_their_senders),
      cmocka_unit_test(test_apply_and_timers__in_order),
      cmocka_unit_test(test_marks__tell_that_the_queue_is_low),
      cmocka_unit_test(test_wait__ends_by_wake_timeout_and_signal),
      cmocka_unit_test(test_wake__is_not_lost_among_what_the_library_does),
      cmocka_unit_test(test_stop__is_used_up_by_one_question),
      cmocka_unit_test(test_threads__submit_while_one_waits),
      cmocka_unit_test(test_second_driver__is_refused),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
