// Rates, by a clock of the test's own.
#include <cmath>
#include <cstdint>
#include <initializer_list>

#include "core/token_bucket.hpp"
#include "unit.hpp"

namespace aio {

namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr Nanoseconds kStart = 77 * kSecond;

TokenBucket bucket(double rate, uint64_t burst) {
  TokenBucket made;
  made.set({.bytes_per_second = rate, .burst = burst, .reserved = {}}, kStart);
  return made;
}

void test_available__begins_with_a_burst(void **) {
  assert_int_equal(bucket(10, 1000).available(kStart), 1000);
  assert_int_equal(bucket(1000, 0).available(kStart), 100);
  assert_int_equal(bucket(1, 0).available(kStart), 1);
}

void test_available__refills_up_to_the_burst(void **) {
  TokenBucket b = bucket(1000, 500);
  b.take(500);
  assert_int_equal(b.available(kStart), 0);
  assert_int_equal(b.available(kStart + kSecond / 10), 100);
  assert_int_equal(b.available(kStart + 5 * kSecond), 500);
  assert_int_equal(b.available(kStart), 500);  // a clock that goes back changes nothing
}

void test_take__of_more_than_there_is_makes_a_debt(void **) {
  TokenBucket b = bucket(1000, 100);
  b.take(600);
  assert_int_equal(b.available(kStart + kSecond / 2), 0);
  assert_int_equal(b.available(kStart + kSecond / 2 + 50'000'000), 50);
}

void test_available__loses_nothing_by_rounding(void **) {
  for (const double rate : {0.5, 3.0, 1000.0, 12345.678, 1e9}) {
    TokenBucket b = bucket(rate, 1);
    b.take(1);
    double moved = 0;
    Nanoseconds time = kStart;
    for (int step = 0; step < 100'000; ++step) {
      time = b.ready_at();
      const size_t some = b.available(time);
      assert_true(some >= 1);
      b.take(some);
      moved += static_cast<double>(some);
    }
    const double allowed = rate * static_cast<double>(time - kStart) / 1e9;
    assert_true(moved <= allowed + 1);
    assert_true(moved >= std::floor(allowed * 0.999999) - 1 || rate > 1e8);  // at that rate a nanosecond is a byte
  }
}

void test_ready_at__is_when_something_is_there(void **) {
  for (const double rate : {0.001, 1.0, 99.0, 100.0, 1e6, 1e18}) {
    TokenBucket b = bucket(rate, 1'000'000);
    b.take(b.available(kStart));
    const Nanoseconds ready = b.ready_at();
    assert_true(ready > kStart);
    assert_true(b.available(ready) >= 1);
    assert_true(b.ready_at() <= ready);
  }
}

void test_extremes__stay_in_range(void **) {
  TokenBucket fast = bucket(1e300, UINT64_MAX);
  assert_true(fast.available(kStart) > (SIZE_MAX >> 3));
  fast.take(SIZE_MAX);
  assert_true(fast.ready_at() <= kStart + 10 * kSecond);
  TokenBucket slow = bucket(1e-300, 1);
  slow.take(1);
  assert_true(slow.ready_at() == kNever);
  assert_int_equal(slow.available(kStart + 100ull * 365 * 86400 * kSecond), 0);
}

const CMUnitTest tests[] = {
    cmocka_unit_test(test_available__begins_with_a_burst),
    cmocka_unit_test(test_available__refills_up_to_the_burst),
    cmocka_unit_test(test_take__of_more_than_there_is_makes_a_debt),
    cmocka_unit_test(test_available__loses_nothing_by_rounding),
    cmocka_unit_test(test_ready_at__is_when_something_is_there),
    cmocka_unit_test(test_extremes__stay_in_range),
};

}  // namespace

}  // namespace aio

int main() { return cmocka_run_group_tests(aio::tests, nullptr, nullptr); }
