// The log hook.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "unit.hpp"

namespace aio {

namespace {

struct Line {
  int32_t level;
  std::string text;
};

using Lines = std::vector<Line>;

void keep(int32_t level, const char *text, void *lines) { static_cast<Lines *>(lines)->push_back({level, text}); }

int end_log(void **) {
  set_log(nullptr, nullptr, 0);
  return 0;
}

void test_log__is_silent_without_a_function(void **) {
  assert_int_equal(log_level.load(), 0);
  AIO_LOG(AIO_LOG_ERROR, "nobody listens");
  write_log(AIO_LOG_ERROR, "nobody listens");
}

void test_log__gives_level_and_formatted_text(void **) {
  Lines lines;
  set_log(keep, &lines, AIO_LOG_DEBUG);
  AIO_LOG(AIO_LOG_WARNING, "%s has %d", "this", 7);
  assert_int_equal(lines.size(), 1);
  assert_int_equal(lines[0].level, AIO_LOG_WARNING);
  assert_string_equal(lines[0].text.c_str(), "this has 7");
}

void test_log__leaves_out_what_is_above_the_level(void **) {
  Lines lines;
  set_log(keep, &lines, AIO_LOG_WARNING);
  for (int32_t level = AIO_LOG_ERROR; level <= AIO_LOG_DEBUG; ++level) AIO_LOG(level, "a line");
  assert_int_equal(lines.size(), 2);
}

void test_log__evaluates_arguments_only_for_a_listener(void **) {
  Lines lines;
  int evaluated = 0;
  set_log(keep, &lines, AIO_LOG_ERROR);
  AIO_LOG(AIO_LOG_WARNING, "%d", ++evaluated);
  assert_int_equal(evaluated, 0);
  AIO_LOG(AIO_LOG_ERROR, "%d", ++evaluated);
  assert_int_equal(evaluated, 1);
}

void test_log__level_zero_is_silence(void **) {
  Lines lines;
  set_log(keep, &lines, 0);
  AIO_LOG(AIO_LOG_ERROR, "a line");
  assert_true(lines.empty());
}

void test_log__ends_with_a_null_function(void **) {
  Lines lines;
  set_log(keep, &lines, AIO_LOG_DEBUG);
  set_log(nullptr, &lines, AIO_LOG_DEBUG);
  AIO_LOG(AIO_LOG_ERROR, "a line");
  assert_true(lines.empty());
  assert_int_equal(log_level.load(), 0);
}

void test_log__cuts_a_long_line(void **) {
  Lines lines;
  const std::string text(100000, 'x');
  set_log(keep, &lines, AIO_LOG_DEBUG);
  AIO_LOG(AIO_LOG_ERROR, "%s", text.c_str());
  assert_in_range(lines[0].text.size(), 100, 1000);
  assert_int_equal(text.compare(0, lines[0].text.size(), lines[0].text), 0);
}

// Two functions, each of which must be given what was set together with it.
std::atomic<int> mismatches{0};
int for_one, for_other;
void one(int32_t, const char *, void *user_info) { mismatches += user_info != &for_one; }
void other(int32_t, const char *, void *user_info) { mismatches += user_info != &for_other; }

void test_log__function_and_user_info_belong_together_in_every_thread(void **) {
  std::atomic<bool> over{false};
  const auto write_lines = [&over] {
    while (!over) AIO_LOG(AIO_LOG_ERROR, "a line");
  };
  std::thread first(write_lines);
  std::thread second(write_lines);
  for (int i = 0; i < 10000; ++i) {
    set_log(one, &for_one, AIO_LOG_DEBUG);
    set_log(other, &for_other, AIO_LOG_DEBUG);
  }
  over = true;
  first.join();
  second.join();
  assert_int_equal(mismatches.load(), 0);
}

#define logging(test) cmocka_unit_test_teardown(test, end_log)

const CMUnitTest tests[] = {
    logging(test_log__is_silent_without_a_function),
    logging(test_log__gives_level_and_formatted_text),
    logging(test_log__leaves_out_what_is_above_the_level),
    logging(test_log__evaluates_arguments_only_for_a_listener),
    logging(test_log__level_zero_is_silence),
    logging(test_log__ends_with_a_null_function),
    logging(test_log__cuts_a_long_line),
    logging(test_log__function_and_user_info_belong_together_in_every_thread),
};

}  // namespace

}  // namespace aio

int main() { return cmocka_run_group_tests(aio::tests, nullptr, nullptr); }
