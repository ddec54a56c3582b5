// Parts of the core that stand alone: which callback is told, counters, and an acceptor's count of its states.
#include <initializer_list>
#include <thread>
#include <vector>

#include "core/accept_gauge.hpp"
#include "core/counters.hpp"
#include "core/request.hpp"
#include "unit.hpp"

namespace aio {

namespace {

// ---- which callback ----

void told(aio_state *, void *, size_t, void *) {}
void told_of_errors(aio_state *, void *, size_t, void *) {}

void test_completion__tells_errors_to_the_error_callback(void **) {
  const Completion completion = {told, told_of_errors, nullptr};
  assert_true(completion.for_status(AIO_ERR_CANCELED) == told_of_errors);
  assert_true(completion.for_status(AIO_ERR_CONNECTION_TIMED_OUT) == told_of_errors);
}

void test_completion__tells_all_else_to_the_callback(void **) {
  const Completion completion = {told, told_of_errors, nullptr};
  for (const aio_status status : {AIO_OK, AIO_EOF, AIO_TIMEOUT}) assert_true(completion.for_status(status) == told);
}

void test_completion__without_an_error_callback_tells_the_callback(void **) {
  const Completion completion = {told, nullptr, nullptr};
  assert_true(completion.for_status(AIO_ERR_CANCELED) == told);
}

// ---- counters ----

void test_counters__are_copied_field_by_field(void **) {
  Counters counters;
  aio_counters out;
  Counter *const fields[] = {&counters.bytes_read,         &counters.bytes_written, &counters.operations_read,
                             &counters.operations_written, &counters.calls_read,    &counters.calls_written,
                             &counters.callbacks,          &counters.open_states};
  uint64_t value = 1;
  for (Counter *field : fields) field->add(value++);
  counters.open_states.subtract(1);
  counters.copy_to(out);
  const uint64_t expected[16] = {1, 2, 3, 4, 5, 6, 7, 7};
  assert_int_equal(sizeof out, sizeof expected);
  assert_memory_equal(&out, expected, sizeof out);
}

// ---- the acceptor's gauge ----

struct Gauged : RoomOwner {
  Gauged() {
    assert_true(loop.open().ok());
    mailbox = net::Mailbox::create(loop);
    gauge = make<AcceptGauge>(*mailbox, *this);
  }
  ~Gauged() {
    gauge->forget_owner();
    gauge->release();
    mailbox->deliver();
    mailbox->release();
    loop.close();
  }
  void on_room() override { ++news; }

  net::Loop loop;
  net::Mailbox *mailbox;
  AcceptGauge *gauge;
  int news = 0;
};

void test_gauge__counts_those_who_are_in(void **) {
  Gauged acceptor;
  acceptor.gauge->enter();
  acceptor.gauge->enter();
  assert_int_equal(acceptor.gauge->open(), 2);
  acceptor.gauge->leave();
  assert_int_equal(acceptor.gauge->open(), 1);
  acceptor.gauge->leave();
}

void test_gauge__tells_of_room_once_per_question(void **) {
  Gauged acceptor;
  for (int i = 0; i < 4; ++i) acceptor.gauge->enter();
  for (int question = 1; question <= 2; ++question) {
    acceptor.gauge->ask_for_room();
    acceptor.gauge->leave();
    acceptor.gauge->leave();
    assert_int_equal(acceptor.news, question - 1);
    acceptor.mailbox->deliver();
    assert_int_equal(acceptor.news, question);
  }
}

void test_gauge__unasked_tells_nothing(void **) {
  Gauged acceptor;
  acceptor.gauge->enter();
  acceptor.gauge->leave();
  acceptor.mailbox->deliver();
  assert_int_equal(acceptor.news, 0);
}

void test_gauge__outlives_an_acceptor_that_is_told_no_more(void **) {
  AcceptGauge *gauge;
  {
    Gauged acceptor;
    gauge = acceptor.gauge;
    gauge->enter();
    gauge->ask_for_room();
    acceptor.mailbox->shut();
    assert_true(acceptor.mailbox->detach_if_unused());
  }
  assert_int_equal(gauge->open(), 1);
  gauge->leave();
}

void test_gauge__counts_states_of_all_threads(void **) {
  Gauged acceptor;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&acceptor] {
      for (int j = 0; j < 2000; ++j) {
        acceptor.gauge->enter();
        acceptor.gauge->leave();
      }
    });
  }
  for (int i = 0; i < 1000; ++i) {
    acceptor.gauge->ask_for_room();
    acceptor.mailbox->deliver();
  }
  for (std::thread &thread : threads) thread.join();
  assert_int_equal(acceptor.gauge->open(), 0);
}

const CMUnitTest tests[] = {
    leaves_no_memory(test_completion__tells_errors_to_the_error_callback),
    leaves_no_memory(test_completion__tells_all_else_to_the_callback),
    leaves_no_memory(test_completion__without_an_error_callback_tells_the_callback),
    leaves_no_memory(test_counters__are_copied_field_by_field),
    leaves_no_memory(test_gauge__counts_those_who_are_in),
    leaves_no_memory(test_gauge__tells_of_room_once_per_question),
    leaves_no_memory(test_gauge__unasked_tells_nothing),
    leaves_no_memory(test_gauge__outlives_an_acceptor_that_is_told_no_more),
    leaves_no_memory(test_gauge__counts_states_of_all_threads),
};

}  // namespace

}  // namespace aio

int main() { return cmocka_run_group_tests(aio::tests, nullptr, nullptr); }
