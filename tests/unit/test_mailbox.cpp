// How threads reach the one that drives, and who drives.
#include <atomic>
#include <deque>
#include <initializer_list>
#include <thread>
#include <vector>

#include "base/allocator.hpp"
#include "net/mailbox.hpp"
#include "unit.hpp"

namespace {

std::atomic<int> wake_ups{0};

}  // namespace

extern "C" {

int __real_uv_async_send(uv_async_t *async);
int __wrap_uv_async_send(uv_async_t *async);

int __wrap_uv_async_send(uv_async_t *async) {
  ++wake_ups;
  return __real_uv_async_send(async);
}
}

namespace aio::net {

namespace {

using Arrivals = std::vector<int>;

struct Note final : Task {
  Note(Arrivals &arrivals, int number) : arrivals_(&arrivals), number_(number) {}
  void arrive() override { arrivals_->push_back(number_); }
  void run() override {}

  Arrivals *arrivals_;
  int number_;
};

struct Office {
  Office() {
    assert_true(loop.open().ok());
    mailbox = Mailbox::create(loop);
    assert_non_null(mailbox);
    wake_ups = 0;
  }
  ~Office() {
    mailbox->deliver();
    mailbox->release();
    loop.close();
  }

  // Becomes the driver for what another thread does meanwhile.
  template <class Function>
  void while_driving(Function function) {
    assert_true(mailbox->begin_driving());
    std::thread(function).join();
    mailbox->end_driving();
  }

  Loop loop;
  Mailbox *mailbox;
  Arrivals arrivals;
  Note first{arrivals, 1};
  Note second{arrivals, 2};
  Note third{arrivals, 3};
};

void expect_arrivals(const Arrivals &arrivals, std::initializer_list<int> expected) {
  assert_true(arrivals == Arrivals(expected));
}

// ---- submitting ----

void test_submit__arrives_with_the_delivery(void **) {
  Office office;
  assert_true(office.mailbox->submit(office.first));
  assert_true(office.mailbox->has_mail());
  expect_arrivals(office.arrivals, {});
  office.mailbox->deliver();
  assert_false(office.mailbox->has_mail());
  expect_arrivals(office.arrivals, {1});
}

void test_submit__keeps_the_order(void **) {
  Office office;
  for (Note *note : {&office.third, &office.first, &office.second}) assert_true(office.mailbox->submit(*note));
  office.mailbox->deliver();
  expect_arrivals(office.arrivals, {3, 1, 2});
}

void test_submit__in_a_dispatch_arrives_at_once(void **) {
  Office office;
  const Mailbox::Dispatch dispatch(*office.mailbox);
  assert_true(office.mailbox->submit(office.first));
  expect_arrivals(office.arrivals, {1});
  assert_false(office.mailbox->has_mail());
}

void test_submit__in_a_dispatch_comes_behind_earlier_mail(void **) {
  Office office;
  assert_true(office.mailbox->submit(office.first));
  std::thread([&office] { assert_true(office.mailbox->submit(office.second)); }).join();
  const Mailbox::Dispatch dispatch(*office.mailbox);
  assert_true(office.mailbox->submit(office.third));
  expect_arrivals(office.arrivals, {1, 2, 3});
}

void test_submit__in_the_dispatch_of_another_mailbox_is_mail(void **) {
  Office office;
  Office other;
  const Mailbox::Dispatch dispatch(*other.mailbox);
  assert_true(office.mailbox->submit(office.first));
  expect_arrivals(office.arrivals, {});
}

void test_dispatch__is_of_its_thread_alone_and_nests(void **) {
  Office office;
  Office other;
  const Mailbox::Dispatch dispatch(*office.mailbox);
  {
    const Mailbox::Dispatch inner(*other.mailbox);
    assert_true(other.mailbox->dispatching_here());
    assert_false(office.mailbox->dispatching_here());
  }
  assert_true(office.mailbox->dispatching_here());
  std::atomic<bool> elsewhere{true};
  std::thread([&] { elsewhere = office.mailbox->dispatching_here(); }).join();
  assert_false(elsewhere);
}

// ---- waking up ----

void test_wake_up__none_while_nobody_sleeps(void **) {
  Office office;
  assert_true(office.mailbox->submit(office.first));
  assert_int_equal(wake_ups, 0);
}

void test_wake_up__once_per_batch(void **) {
  Office office;
  assert_true(office.mailbox->sleep());
  for (Note *note : {&office.first, &office.second, &office.third}) assert_true(office.mailbox->submit(*note));
  assert_int_equal(wake_ups, 1);
  office.loop.run(true);  // returns at once
}

void test_wake_up__again_for_the_next_batch(void **) {
  Office office;
  for (Note *note : {&office.first, &office.second}) {
    assert_true(office.mailbox->sleep());
    assert_true(office.mailbox->submit(*note));
    office.mailbox->awake();
    office.mailbox->deliver();
  }
  assert_int_equal(wake_ups, 2);
}

void test_wake_up__none_after_awake(void **) {
  Office office;
  assert_true(office.mailbox->sleep());
  office.mailbox->awake();
  assert_true(office.mailbox->submit(office.first));
  assert_int_equal(wake_ups, 0);
}

void test_sleep__is_refused_while_there_is_mail(void **) {
  Office office;
  assert_true(office.mailbox->submit(office.first));
  assert_false(office.mailbox->sleep());
}

void test_wake_up__by_hand_is_taken_once(void **) {
  Office office;
  assert_false(office.mailbox->take_wake_up());
  office.mailbox->wake_up();
  office.mailbox->wake_up();
  office.loop.run(true);
  assert_true(office.mailbox->is_woken());
  assert_true(office.mailbox->take_wake_up());
  assert_false(office.mailbox->take_wake_up());
}

// ---- the end ----

void test_shut__refuses_what_must_not_be_late(void **) {
  Office office;
  office.mailbox->shut();
  assert_true(office.mailbox->is_shut());
  assert_false(office.mailbox->submit(office.first));
  assert_true(office.mailbox->submit(office.second, Mailbox::Late::accept));
  office.mailbox->deliver();
  expect_arrivals(office.arrivals, {2});
}

void test_shut__refuses_in_a_dispatch_too(void **) {
  Office office;
  office.mailbox->shut();
  const Mailbox::Dispatch dispatch(*office.mailbox);
  assert_false(office.mailbox->submit(office.first));
  assert_true(office.mailbox->submit(office.second, Mailbox::Late::accept));
  expect_arrivals(office.arrivals, {2});
}

void test_shut__lets_earlier_mail_arrive(void **) {
  Office office;
  assert_true(office.mailbox->submit(office.first));
  office.mailbox->shut();
  office.mailbox->deliver();
  expect_arrivals(office.arrivals, {1});
}

void test_detach__waits_for_mail(void **) {
  Office office;
  assert_true(office.mailbox->submit(office.first));
  assert_false(office.mailbox->detach_if_unused());
  office.mailbox->deliver();
  assert_true(office.mailbox->detach_if_unused());
}

void test_detach__waits_for_those_who_entered(void **) {
  Office office;
  assert_true(office.mailbox->enter());
  assert_true(office.mailbox->enter());
  office.mailbox->leave();
  assert_false(office.mailbox->detach_if_unused());
  office.mailbox->leave();
  assert_true(office.mailbox->detach_if_unused());
}

void test_detached__refuses_everything(void **) {
  Office office;
  office.mailbox->shut();
  assert_true(office.mailbox->detach_if_unused());
  assert_false(office.mailbox->submit(office.first));
  assert_false(office.mailbox->submit(office.first, Mailbox::Late::accept));
  assert_false(office.mailbox->enter());
}

void test_enter__is_too_late_after_shut(void **) {
  Office office;
  office.mailbox->shut();
  assert_false(office.mailbox->enter());
}

void test_mailbox__outlives_its_collection_while_somebody_keeps_it(void **) {
  Mailbox *kept;
  {
    Office office;
    kept = office.mailbox;
    kept->retain();
    kept->shut();
    assert_true(kept->detach_if_unused());
  }
  assert_int_equal(live_allocations(), 1);
  assert_true(kept->is_shut());
  kept->release();
}

void test_create__without_memory_is_null(void **) {
  Loop loop;
  fail_allocation(1);
  assert_null(Mailbox::create(loop));
}

// ---- driving and visiting ----

void test_driving__is_for_one_at_a_time(void **) {
  Office office;
  office.while_driving([&office] { assert_false(office.mailbox->begin_driving()); });
  assert_true(office.mailbox->begin_driving());
  assert_true(office.mailbox->driven_here());
  assert_false(office.mailbox->begin_driving());
  office.mailbox->end_driving();
  assert_false(office.mailbox->driven_here());
}

void test_visit__drives_while_nobody_does(void **) {
  Office office;
  {
    const Visit visit(*office.mailbox);
    assert_true(visit.allowed());
    assert_true(office.mailbox->driven_here());
  }
  assert_false(office.mailbox->driven_here());
}

void test_visit__takes_the_mail_in_first(void **) {
  Office office;
  assert_true(office.mailbox->submit(office.first));
  const Visit visit(*office.mailbox);
  expect_arrivals(office.arrivals, {1});
}

void test_visit__is_refused_while_another_thread_drives(void **) {
  Office office;
  assert_true(office.mailbox->submit(office.first));
  office.while_driving([&office] { assert_false(Visit(*office.mailbox).allowed()); });
  expect_arrivals(office.arrivals, {});
}

void test_visit__of_the_driver_ends_nothing(void **) {
  Office office;
  assert_true(office.mailbox->begin_driving());
  assert_true(Visit(*office.mailbox).allowed());
  assert_true(office.mailbox->driven_here());
  office.mailbox->end_driving();
}

void test_visit__nests(void **) {
  Office office;
  const Visit visit(*office.mailbox);
  assert_true(Visit(*office.mailbox).allowed());
  assert_true(office.mailbox->driven_here());
}

void test_visitor__cannot_begin_to_drive(void **) {
  Office office;
  const Visit visit(*office.mailbox);
  assert_false(office.mailbox->begin_driving());
}

void test_visit__is_refused_from_the_reservation_on(void **) {
  Office office;
  office.mailbox->reserve_driving();
  assert_false(Visit(*office.mailbox).allowed());
  assert_true(office.mailbox->begin_driving());
  office.mailbox->end_driving();
  assert_true(Visit(*office.mailbox).allowed());
}

void test_visit__is_allowed_to_everybody_once_detached(void **) {
  Office office;
  office.mailbox->shut();
  assert_true(office.mailbox->detach_if_unused());
  const Visit visit(*office.mailbox);
  assert_true(visit.allowed());
  std::atomic<bool> allowed{false};
  std::thread([&] { allowed = Visit(*office.mailbox).allowed(); }).join();
  assert_true(allowed);
}

// ---- many threads ----

constexpr int kSenders = 4;
constexpr int kNotesEach = 5000;

void test_mail__of_each_thread_arrives_in_its_order_while_the_driver_sleeps(void **) {
  Office office;
  std::deque<Note> notes[kSenders];
  for (int i = 0; i < kSenders * kNotesEach; ++i) notes[i % kSenders].emplace_back(office.arrivals, i);
  std::atomic<int> refused{0};
  std::vector<std::thread> senders;
  for (std::deque<Note> &own : notes) {
    senders.emplace_back([&office, &own, &refused] {
      for (Note &note : own) refused += office.mailbox->submit(note) ? 0 : 1;
    });
  }
  assert_true(office.mailbox->begin_driving());
  while (office.arrivals.size() < kSenders * kNotesEach) {
    office.loop.run(office.mailbox->sleep());
    office.mailbox->awake();
    office.mailbox->deliver();
  }
  office.mailbox->end_driving();
  for (std::thread &sender : senders) sender.join();
  assert_int_equal(refused, 0);
  int next[kSenders] = {};
  for (const int number : office.arrivals) assert_int_equal(number / kSenders, next[number % kSenders]++);
}

void test_visits_and_driving__exclude_each_other(void **) {
  Office office;
  long changes = 0;  // nothing but the mailbox guards it
  std::atomic<long> expected{0};
  std::vector<std::thread> visitors;
  for (int i = 0; i < 3; ++i) {
    visitors.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) {
        if (const Visit visit(*office.mailbox); visit.allowed()) {
          ++changes;
          ++expected;
        }
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    assert_true(office.mailbox->begin_driving());  // waits for visitors
    ++changes;
    ++expected;
    office.mailbox->end_driving();
    std::this_thread::yield();
  }
  for (std::thread &visitor : visitors) visitor.join();
  assert_int_equal(changes, expected);
}

void test_shut__each_note_either_arrives_or_is_refused(void **) {
  for (int round = 0; round < 100; ++round) {
    Office office;
    std::deque<Note> notes;
    for (int i = 0; i < 100; ++i) notes.emplace_back(office.arrivals, i);
    std::atomic<size_t> taken{0};
    std::thread sender([&] {
      for (Note &note : notes) taken += office.mailbox->submit(note) ? 1 : 0;
    });
    office.mailbox->shut();
    while (!office.mailbox->detach_if_unused()) office.mailbox->deliver();
    const size_t arrived = office.arrivals.size();
    sender.join();
    assert_int_equal(arrived, taken);
  }
}

const CMUnitTest tests[] = {
    leaves_no_memory(test_submit__arrives_with_the_delivery),
    leaves_no_memory(test_submit__keeps_the_order),
    leaves_no_memory(test_submit__in_a_dispatch_arrives_at_once),
    leaves_no_memory(test_submit__in_a_dispatch_comes_behind_earlier_mail),
    leaves_no_memory(test_submit__in_the_dispatch_of_another_mailbox_is_mail),
    leaves_no_memory(test_dispatch__is_of_its_thread_alone_and_nests),
    leaves_no_memory(test_wake_up__none_while_nobody_sleeps),
    leaves_no_memory(test_wake_up__once_per_batch),
    leaves_no_memory(test_wake_up__again_for_the_next_batch),
    leaves_no_memory(test_wake_up__none_after_awake),
    leaves_no_memory(test_sleep__is_refused_while_there_is_mail),
    leaves_no_memory(test_wake_up__by_hand_is_taken_once),
    leaves_no_memory(test_shut__refuses_what_must_not_be_late),
    leaves_no_memory(test_shut__refuses_in_a_dispatch_too),
    leaves_no_memory(test_shut__lets_earlier_mail_arrive),
    leaves_no_memory(test_detach__waits_for_mail),
    leaves_no_memory(test_detach__waits_for_those_who_entered),
    leaves_no_memory(test_detached__refuses_everything),
    leaves_no_memory(test_enter__is_too_late_after_shut),
    leaves_no_memory(test_mailbox__outlives_its_collection_while_somebody_keeps_it),
    leaves_no_memory(test_create__without_memory_is_null),
    leaves_no_memory(test_driving__is_for_one_at_a_time),
    leaves_no_memory(test_visit__drives_while_nobody_does),
    leaves_no_memory(test_visit__takes_the_mail_in_first),
    leaves_no_memory(test_visit__is_refused_while_another_thread_drives),
    leaves_no_memory(test_visit__of_the_driver_ends_nothing),
    leaves_no_memory(test_visit__nests),
    leaves_no_memory(test_visitor__cannot_begin_to_drive),
    leaves_no_memory(test_visit__is_refused_from_the_reservation_on),
    leaves_no_memory(test_visit__is_allowed_to_everybody_once_detached),
    leaves_no_memory(test_mail__of_each_thread_arrives_in_its_order_while_the_driver_sleeps),
    leaves_no_memory(test_visits_and_driving__exclude_each_other),
    leaves_no_memory(test_shut__each_note_either_arrives_or_is_refused),
};

}  // namespace

}  // namespace aio::net

int main() { return cmocka_run_group_tests(aio::net::tests, nullptr, nullptr); }
