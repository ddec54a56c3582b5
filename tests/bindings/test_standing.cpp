// Standing reads over a queue: deliveries that wait there are one, and show what has not been dropped.
#include "facade.hpp"

namespace aiostate {

namespace {

void test_deliveries__that_nobody_took_are_one(void **) {
  Pair pair;
  pair.server.read_with_checking(7, nullptr);
  pair.client_sends("one");
  pair.arrived(3);
  pair.client_sends("two");
  pair.arrived(6);
  Event &event = pair.expect(7);
  assert_string_equal(text(event.bytes()).c_str(), "onetwo");
}

void test_discard__shifts_what_is_shown(void **) {
  Pair pair;
  pair.server.read_with_checking(7, nullptr);
  pair.client_sends("one");
  assert_int_equal(pair.expect(7).old_length(), 0);
  assert_int_equal(pair.server.discard(2), 1);
  pair.client_sends("two");
  Event &event = pair.expect(7);
  assert_string_equal(text(event.bytes()).c_str(), "etwo");
  assert_int_equal(event.old_length(), 1);
  assert_int_equal(event.count(), 4);
}

void test_discard__before_a_queued_delivery_is_taken(void **) {
  Pair pair;
  pair.server.read_with_checking(7, nullptr);
  pair.client_sends("one");
  pair.expect(7);
  pair.client_sends("two");
  pair.arrived(6);
  pair.server.discard(4);
  Event &event = pair.expect(7);
  assert_string_equal(text(event.bytes()).c_str(), "wo");
  assert_int_equal(event.old_length(), 0);
}

void test_delivery__of_which_all_was_dropped_is_left_out(void **) {
  Pair pair;
  pair.server.read_with_checking(7, nullptr);
  pair.client_sends("one");
  pair.arrived(3);
  assert_int_equal(pair.server.discard(100), 0);
  pair.expect_nothing();
}

void test_end__shows_what_is_unconsumed(void **) {
  Pair pair;
  pair.server.read_with_checking(7, nullptr);
  pair.client_sends("one");
  pair.expect(7);
  pair.server.discard(1);
  pair.client.close(0, nullptr);
  Event &event = pair.expect(7);
  assert_int_equal(event.status(), AIO_EOF);
  assert_true(event.last());
  assert_string_equal(text(event.bytes()).c_str(), "ne");
  pair.server.read(2, 8, nullptr);
  assert_string_equal(text(pair.expect(8).bytes()).c_str(), "ne");
}

void test_finish_read__drops_what_is_queued_and_keeps_the_bytes(void **) {
  Pair pair;
  pair.server.read_with_checking(7, nullptr);
  pair.client_sends("one");
  pair.expect(7);
  pair.client_sends("two");
  pair.client.close(0, nullptr);
  pair.arrived(6);
  assert_int_equal(pair.server.finish_read(3), 3);
  pair.server.read(3, 8, nullptr);
  assert_string_equal(text(pair.expect(8).bytes()).c_str(), "two");
  pair.expect_nothing();
}

void test_finish_read__on_another_thread_while_one_waits_is_refused(void **) {
  Pair pair;
  pair.server.read_with_checking(7, nullptr);
  Loop::Drive drive(*pair.collection->loop());
  assert_int_equal(refusal([&] { pair.server.finish_read(0); }), AIO_ERR_BUSY);
  assert_int_equal(refusal([&] { pair.server.discard(0); }), AIO_ERR_BUSY);
}

void test_closed__ends_with_canceled(void **) {
  Pair pair;
  pair.server.read_with_checking(7, nullptr);
  pair.server.close(8, nullptr);
  Event &event = pair.expect(7);
  assert_int_equal(event.status(), AIO_ERR_CANCELED);
  assert_true(event.last());
  pair.expect(8);
}

void test_acceptor__closed_drops_what_nobody_took(void **) {
  World world;
  Acceptor acceptor;
  acceptor.create_tcp(world.collection.get(), "127.0.0.1", "0", 1, nullptr);
  State client;
  client.connect_tcp(world.collection.get(), "127.0.0.1", std::to_string(acceptor.local_port()).c_str(), 2, nullptr);
  world.expect(1);  // held by the event, not taken from it
  client.read(1, 3, nullptr);
  acceptor.close(4);
  bool ended = false;
  for (int events = 0; events < 2;) {
    while (!world.collection->take(&world.event)) world.collection->wait_events(kDeadline);
    if (world.event.token() == 2) continue;
    ended = ended || world.event.token() == 3;
    ++events;
  }
  assert_true(ended);
}

void test_acceptor__hands_out_to_other_collections(void **) {
  World world;
  Collection other;
  AcceptOptions options;
  options.add_collection(&other);
  Acceptor acceptor;
  acceptor.create_tcp(world.collection.get(), "127.0.0.1", "0", 1, &options);
  State client;
  client.connect_tcp(world.collection.get(), "127.0.0.1", std::to_string(acceptor.local_port()).c_str(), 0, nullptr);
  Event &event = world.expect(1);
  assert_int_equal(event.home(), 0);
  State server;
  event.take_state(&server);
  client.write(view("x"), 0, nullptr);
  server.read(1, 5, nullptr);
  Event elsewhere;
  while (!other.take(&elsewhere)) {
    world.collection->wait_events(0);
    other.wait_events(0.01);
  }
  assert_int_equal(elsewhere.token(), 5);
}

}  // namespace

}  // namespace aiostate

int main() {
  using namespace aiostate;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_deliveries__that_nobody_took_are_one),
      cmocka_unit_test(test_discard__shifts_what_is_shown),
      cmocka_unit_test(test_discard__before_a_queued_delivery_is_taken),
      cmocka_unit_test(test_delivery__of_which_all_was_dropped_is_left_out),
      cmocka_unit_test(test_end__shows_what_is_unconsumed),
      cmocka_unit_test(test_finish_read__drops_what_is_queued_and_keeps_the_bytes),
      cmocka_unit_test(test_finish_read__on_another_thread_while_one_waits_is_refused),
      cmocka_unit_test(test_closed__ends_with_canceled),
      cmocka_unit_test(test_acceptor__closed_drops_what_nobody_took),
      cmocka_unit_test(test_acceptor__hands_out_to_other_collections),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
