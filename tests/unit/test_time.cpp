// Seconds of the API as nanoseconds.
#include <cmath>
#include <initializer_list>
#include <limits>

#include "base/time.hpp"
#include "unit.hpp"

namespace aio {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kTiniest = std::numeric_limits<double>::denorm_min();

void test_valid_seconds__takes_zero_and_more(void **) {
  for (const double seconds : {0.0, -0.0, kTiniest, 2.5, 1e9, AIO_NO_TIMEOUT, kInfinity}) {
    assert_true(valid_seconds(seconds));
  }
}

void test_valid_seconds__refuses_nan_and_negative(void **) {
  for (const double seconds : {kNan, -kNan, -kTiniest, -1.0, -1e300, -kInfinity}) assert_false(valid_seconds(seconds));
}

void test_nanoseconds__whole_ones_are_exact(void **) {
  assert_true(nanoseconds(0) == 0);
  assert_true(nanoseconds(-0.0) == 0);
  assert_true(nanoseconds(1e-9) == 1);
  assert_true(nanoseconds(0.25) == 250'000'000);
  assert_true(nanoseconds(3600) == 3'600'000'000'000);
}

void test_nanoseconds__decimal_fractions_are_exact(void **) {
  for (Nanoseconds thousandths = 0; thousandths < 100'000; ++thousandths) {
    const double number = static_cast<double>(thousandths);
    assert_true(nanoseconds(number / 1e3) == thousandths * 1'000'000);
    assert_true(nanoseconds(number / 1e6) == thousandths * 1000);
    assert_true(nanoseconds(number / 1e9) == thousandths);
  }
}

void test_nanoseconds__parts_are_rounded_up(void **) {
  assert_true(nanoseconds(kTiniest) == 1);
  assert_true(nanoseconds(1e-12) == 1);
  assert_true(nanoseconds(1.5e-9) == 2);
  assert_true(nanoseconds(1.0000000001) == 1'000'000'001);
}

void test_nanoseconds__from_a_billion_seconds_on_is_never(void **) {
  for (const double seconds : {1e9, std::nextafter(1e9, 2e9), AIO_NO_TIMEOUT, kInfinity}) {
    assert_true(nanoseconds(seconds) == kNever);
  }
}

void test_nanoseconds__below_a_billion_seconds_is_a_time(void **) {
  assert_true(nanoseconds(std::nextafter(1e9, 0.0)) <= 1'000'000'000'000'000'000);
}

void test_time_limit__zero_is_none(void **) {
  assert_true(time_limit(0) == kNever);
  assert_true(time_limit(-0.0) == kNever);
}

void test_time_limit__the_smallest_is_a_limit(void **) {
  assert_true(time_limit(kTiniest) == 1);
  assert_true(time_limit(2) == 2'000'000'000);
  assert_true(time_limit(AIO_NO_TIMEOUT) == kNever);
}

void test_time_limit__of_no_time_is_none(void **) {
  assert_true(time_limit(kNan) == kNever);
  assert_true(time_limit(-1) == kNever);
}

void test_after__adds(void **) {
  assert_true(after(5, 7) == 12);
  assert_true(after(5, 0) == 5);
}

void test_after__never_stays_never(void **) {
  assert_true(after(0, kNever) == kNever);
  assert_true(after(5, kNever) == kNever);
}

const CMUnitTest tests[] = {
    cmocka_unit_test(test_valid_seconds__takes_zero_and_more),
    cmocka_unit_test(test_valid_seconds__refuses_nan_and_negative),
    cmocka_unit_test(test_nanoseconds__whole_ones_are_exact),
    cmocka_unit_test(test_nanoseconds__decimal_fractions_are_exact),
    cmocka_unit_test(test_nanoseconds__parts_are_rounded_up),
    cmocka_unit_test(test_nanoseconds__from_a_billion_seconds_on_is_never),
    cmocka_unit_test(test_nanoseconds__below_a_billion_seconds_is_a_time),
    cmocka_unit_test(test_time_limit__zero_is_none),
    cmocka_unit_test(test_time_limit__the_smallest_is_a_limit),
    cmocka_unit_test(test_time_limit__of_no_time_is_none),
    cmocka_unit_test(test_after__adds),
    cmocka_unit_test(test_after__never_stays_never),
};

}  // namespace

}  // namespace aio

int main() { return cmocka_run_group_tests(aio::tests, nullptr, nullptr); }
