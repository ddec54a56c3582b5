// Deadlines in the order in which they are due.
#include <algorithm>
#include <initializer_list>
#include <map>
#include <vector>

#include "net/deadlines.hpp"
#include "unit.hpp"

namespace aio::net {

namespace {

struct Alarm final : Deadline {
  void due(Nanoseconds) override {}
};

// The same set as an ordered map.
class Model {
 public:
  void arm(Alarm &alarm, Nanoseconds time) {
    disarm(alarm);
    if (time != kNever) armed_.emplace(time, &alarm);
  }
  void disarm(Alarm &alarm) {
    std::erase_if(armed_, [&alarm](const auto &entry) { return entry.second == &alarm; });
  }
  Nanoseconds next() const { return armed_.empty() ? kNever : armed_.begin()->first; }

 private:
  std::multimap<Nanoseconds, Alarm *> armed_;
};

size_t pop_all_in_order(Deadlines &deadlines) {
  size_t count = 0;
  Nanoseconds last = 0;
  while (const Deadline *first = deadlines.pop_due(kNever - 1)) {
    assert_true(first->time() >= last);
    assert_false(first->armed());
    last = first->time();
    ++count;
  }
  assert_true(deadlines.next() == kNever);
  return count;
}

void test_deadlines__none_armed_is_never_due(void **) {
  Deadlines deadlines;
  assert_true(deadlines.next() == kNever);
  assert_null(deadlines.pop_due(kNever - 1));
}

void test_pop_due__takes_what_is_due_and_no_more(void **) {
  Deadlines deadlines;
  Alarm alarm;
  deadlines.arm(alarm, 10);
  assert_null(deadlines.pop_due(9));
  assert_ptr_equal(deadlines.pop_due(10), &alarm);
  assert_false(alarm.armed());
  assert_null(deadlines.pop_due(10));
}

void test_pop_due__gives_the_earliest_first(void **) {
  Deadlines deadlines;
  Alarm late, early, middle;
  deadlines.arm(late, 30);
  deadlines.arm(early, 10);
  deadlines.arm(middle, 20);
  assert_ptr_equal(deadlines.pop_due(30), &early);
  assert_ptr_equal(deadlines.pop_due(30), &middle);
  assert_ptr_equal(deadlines.pop_due(30), &late);
}

void test_pop_due__gives_each_of_the_same_time(void **) {
  Deadlines deadlines;
  Alarm alarms[10];
  for (Alarm &alarm : alarms) deadlines.arm(alarm, 5);
  assert_int_equal(pop_all_in_order(deadlines), 10);
  for (const Alarm &alarm : alarms) assert_false(alarm.armed());
}

void test_arm__again_moves_in_both_directions(void **) {
  Deadlines deadlines;
  Alarm alarm, other;
  deadlines.arm(other, 20);
  for (const Nanoseconds time : {10U, 30U, 20U, 5U, 40U}) {
    deadlines.arm(alarm, time);
    assert_true(alarm.time() == time);
    assert_true(deadlines.next() == std::min<Nanoseconds>(time, 20));
  }
  assert_int_equal(pop_all_in_order(deadlines), 2);
}

void test_arm__for_never_disarms(void **) {
  Deadlines deadlines;
  Alarm alarm;
  deadlines.arm(alarm, 10);
  deadlines.arm(alarm, kNever);
  assert_false(alarm.armed());
  assert_true(deadlines.next() == kNever);
}

void test_disarm__of_what_is_not_armed_is_nothing(void **) {
  Deadlines deadlines;
  Alarm alarm, other;
  deadlines.arm(other, 10);
  deadlines.disarm(alarm);
  assert_false(alarm.armed());
  assert_int_equal(pop_all_in_order(deadlines), 1);
}

void test_arm_by__takes_the_earlier_time(void **) {
  Deadlines deadlines;
  Alarm alarm;
  deadlines.arm_by(alarm, 20);
  assert_true(alarm.time() == 20);
  deadlines.arm_by(alarm, 10);
  assert_true(alarm.time() == 10);
}

void test_arm_by__a_later_time_moves_nothing(void **) {
  Deadlines deadlines;
  Alarm alarm;
  deadlines.arm_by(alarm, 10);
  for (const Nanoseconds time : {Nanoseconds{10}, Nanoseconds{20}, kNever}) {
    deadlines.arm_by(alarm, time);
    assert_true(alarm.time() == 10);
  }
}

void test_arm_by__arms_for_any_time_after_a_disarm(void **) {
  Deadlines deadlines;
  Alarm alarm;
  deadlines.arm_by(alarm, 10);
  deadlines.disarm(alarm);
  deadlines.arm_by(alarm, kNever);
  assert_false(alarm.armed());
  deadlines.arm_by(alarm, 20);
  assert_true(deadlines.next() == 20);
  deadlines.disarm(alarm);
}

void test_deadlines__do_what_an_ordered_map_does(void **) {
  Deadlines deadlines;
  Model model;
  Alarm alarms[100];
  uint32_t seed = 1;
  for (int i = 0; i < 20'000; ++i) {
    Alarm &alarm = alarms[random_below(100, &seed)];
    const Nanoseconds time = random_below(500, &seed);
    switch (random_below(5, &seed)) {
      case 0:
        deadlines.disarm(alarm);
        model.disarm(alarm);
        break;
      case 1:
        deadlines.arm_by(alarm, time);
        if (alarm.time() == time) model.arm(alarm, time);
        break;
      case 2:
        if (Alarm *first = static_cast<Alarm *>(deadlines.pop_due(time)); first != nullptr) {
          assert_true(first->time() == model.next());
          model.disarm(*first);
        } else {
          assert_true(model.next() > time);
        }
        break;
      default:
        deadlines.arm(alarm, time);
        model.arm(alarm, time);
    }
    assert_true(deadlines.next() == model.next());
  }
  pop_all_in_order(deadlines);
}

constexpr size_t kMany = 100'000;

void test_deadlines__many_at_random_come_in_order(void **) {
  Deadlines deadlines;
  std::vector<Alarm> alarms(kMany);
  uint32_t seed = 2;
  for (Alarm &alarm : alarms) deadlines.arm(alarm, random_below(1'000'000, &seed));
  assert_int_equal(pop_all_in_order(deadlines), kMany);
}

void test_deadlines__many_in_rising_and_falling_order_come_in_order(void **) {
  for (const bool rising : {true, false}) {
    Deadlines deadlines;
    std::vector<Alarm> alarms(kMany);
    for (size_t i = 0; i < kMany; ++i) deadlines.arm(alarms[i], rising ? i : kMany - i);
    assert_int_equal(pop_all_in_order(deadlines), kMany);
  }
}

void test_deadlines__many_are_disarmed_in_any_order(void **) {
  Deadlines deadlines;
  std::vector<Alarm> alarms(kMany);
  uint32_t seed = 3;
  for (size_t i = 0; i < kMany; ++i) deadlines.arm(alarms[i], random_below(1'000'000, &seed));
  assert_non_null(deadlines.pop_due(kNever - 1));  // gives the heap a shape
  for (size_t i = 0; i < kMany; i += 2) deadlines.disarm(alarms[i]);
  const auto armed = std::count_if(alarms.begin(), alarms.end(), [](const Alarm &alarm) { return alarm.armed(); });
  assert_int_equal(pop_all_in_order(deadlines), armed);
}

const CMUnitTest tests[] = {
    cmocka_unit_test(test_deadlines__none_armed_is_never_due),
    cmocka_unit_test(test_pop_due__takes_what_is_due_and_no_more),
    cmocka_unit_test(test_pop_due__gives_the_earliest_first),
    cmocka_unit_test(test_pop_due__gives_each_of_the_same_time),
    cmocka_unit_test(test_arm__again_moves_in_both_directions),
    cmocka_unit_test(test_arm__for_never_disarms),
    cmocka_unit_test(test_disarm__of_what_is_not_armed_is_nothing),
    cmocka_unit_test(test_arm_by__takes_the_earlier_time),
    cmocka_unit_test(test_arm_by__a_later_time_moves_nothing),
    cmocka_unit_test(test_arm_by__arms_for_any_time_after_a_disarm),
    cmocka_unit_test(test_deadlines__do_what_an_ordered_map_does),
    cmocka_unit_test(test_deadlines__many_at_random_come_in_order),
    cmocka_unit_test(test_deadlines__many_in_rising_and_falling_order_come_in_order),
    cmocka_unit_test(test_deadlines__many_are_disarmed_in_any_order),
};

}  // namespace

}  // namespace aio::net

int main() { return cmocka_run_group_tests(aio::net::tests, nullptr, nullptr); }
