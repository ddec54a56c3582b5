// A collector frees objects in any order, on any thread, in use.
#include <atomic>
#include <new>
#include <thread>

#include "facade.hpp"

// operator new of this program and of the facade. Memory that runs out: the allocation of that number fails.
static std::atomic<long> failing_allocation{-1};

extern "C" void *__real__Znwm(size_t size);
extern "C" void *__wrap__Znwm(size_t size);
extern "C" void *__wrap__Znwm(size_t size) {
  if (failing_allocation >= 0 && failing_allocation-- == 0) throw std::bad_alloc();
  return __real__Znwm(size);
}

namespace aiostate {

namespace {

void test_state__freed_in_use_ends_its_operations(void **) {
  Pair pair;
  auto state = std::make_unique<State>();
  state->connect_tcp(pair.collection.get(), "127.0.0.1", "1", 7, nullptr);
  state->write(view("x"), 8, nullptr);
  state.reset();
  assert_int_equal(pair.expect(7).status(), AIO_ERR_CANCELED);
  assert_int_equal(pair.expect(8).status(), AIO_ERR_CANCELED);
}

void test_collection__freed_first(void **) {
  Pair pair;
  Acceptor acceptor;
  acceptor.create_tcp(pair.collection.get(), "127.0.0.1", "0", 3, nullptr);
  Timer timer;
  timer.start(pair.collection.get(), 100, 1, 4);
  pair.server.read_with_checking(5, nullptr);
  pair.client.set_write_marks(1, 0, 6);
  pair.client.write(view("never taken"), 7, nullptr);
  for (int turn = 0; turn < 3; ++turn) pair.collection->wait_events(0);
  pair.collection.reset();
  assert_int_equal(refusal([&] { pair.client.write(view("x"), 8, nullptr); }), AIO_ERR_CLOSED);
  assert_int_equal(refusal([&] { timer.stop(); }), AIO_OK);
}

void test_destroyed_collection__gives_its_last_events(void **) {
  Pair pair;
  pair.server.read(5, 7, nullptr);
  pair.collection->destroy();
  pair.collection->destroy();
  assert_int_equal(pair.expect(7).status(), AIO_ERR_CANCELED);
  pair.server.close(8, nullptr);
  assert_int_equal(pair.expect(8).status(), AIO_OK);
  assert_int_equal(refusal([&] { pair.collection->wait_events(0); }), AIO_ERR_CLOSED);
  assert_int_equal(refusal([&] { pair.collection->apply(9); }), AIO_ERR_CLOSED);
}

void test_collection__freed_while_a_thread_waits(void **) {
  for (int round = 0; round < 50; ++round) {
    auto collection = std::make_unique<Collection>();
    std::shared_ptr<Loop> loop = collection->loop();
    std::thread waiter([loop] {
      try {
        loop->wait(kDeadline);
      } catch (const Error &error) {
        assert_true(error.status() == AIO_ERR_CLOSED || error.status() == AIO_ERR_BUSY);  // it is over, or ending
      }
    });
    collection.reset();
    waiter.join();
  }
}

void test_states__freed_by_another_thread(void **) {
  World world;
  Acceptor acceptor;
  acceptor.create_tcp(world.collection.get(), "127.0.0.1", "0", 1, nullptr);
  std::string port = std::to_string(acceptor.local_port());
  std::atomic<bool> done{false};
  std::thread collector([&] {
    for (int i = 0; i < 200; ++i) {
      State state;
      state.connect_tcp(world.collection.get(), "127.0.0.1", port.c_str(), 2, nullptr);
      state.set_write_marks(1, 0, 4);
      state.read_with_checking(3, nullptr);
      Timer timer;
      timer.start(world.collection.get(), 0, 0.0001, 5);
    }
    done = true;
    world.collection->wake();
  });
  while (!done) {
    world.collection->wait_events(kDeadline);
    while (world.collection->take(&world.event)) {
    }
  }
  collector.join();
}

void test_tls_context__lives_as_long_as_options_and_connections(void **) {
  World world;
  auto context = std::make_unique<TlsContext>();
  context->create(AIO_TLS_CLIENT, nullptr);
  ConnectOptions options;
  options.set_tls(context.get());
  context.reset();
  State state;
  state.connect_tcp(world.collection.get(), "127.0.0.1", "1", 1, &options);
  assert_int_equal(world.expect(1).status(), AIO_ERR_CONNECTION_REFUSED);
}

// All kinds of operations on a pair; what cannot be had is thrown or left out.
void use_everything(Pair &pair) {
  pair.server.read_with_checking(1, nullptr);
  pair.client.set_write_marks(1, 0, 2);
  Timer timer;
  timer.start(pair.collection.get(), 0, 0.001, 3);
  Acceptor acceptor;
  acceptor.create_tcp(pair.collection.get(), "127.0.0.1", "0", 4, nullptr);
  State other;
  other.connect_tcp(pair.collection.get(), "127.0.0.1", std::to_string(acceptor.local_port()).c_str(), 5, nullptr);
  Buffers pieces;
  pieces.add(view("hello"));
  pair.client.write_buffers(&pieces, 6, nullptr);
  pair.collection->apply(7);
  for (int turn = 0; turn < 10; ++turn) {
    pair.collection->wait_events(0.001);
    while (pair.collection->take(&pair.event)) {
    }
  }
  pair.server.finish_read(0);
  pair.server.read_until(view("o"), 8, nullptr);
  pair.client.close(9, nullptr);
  pair.collection->wait_events(0);
}

// False once nothing was left to fail.
bool fails_without_harm(long allocation) {
  Pair pair;
  failing_allocation = allocation;
  try {
    use_everything(pair);
  } catch (const std::bad_alloc &) {
  }
  return failing_allocation.exchange(-1) < 0;
}

void test_memory__may_run_out_anywhere(void **) {
  long allocation = 0;
  while (fails_without_harm(allocation)) ++allocation;
  assert_true(allocation > 20);
}

}  // namespace

}  // namespace aiostate

int main() {
  using namespace aiostate;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_state__freed_in_use_ends_its_operations),
      cmocka_unit_test(test_collection__freed_first),
      cmocka_unit_test(test_destroyed_collection__gives_its_last_events),
      cmocka_unit_test(test_collection__freed_while_a_thread_waits),
      cmocka_unit_test(test_states__freed_by_another_thread),
      cmocka_unit_test(test_tls_context__lives_as_long_as_options_and_connections),
      cmocka_unit_test(test_memory__may_run_out_anywhere),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
