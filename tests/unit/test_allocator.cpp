// The library's memory, and objects and texts in it.
#include <initializer_list>
#include <string>

#include "base/allocator.hpp"
#include "unit.hpp"

namespace aio {

namespace {

struct Witness {
  Witness(int &lives, int given) : lives_(lives), value(given) { ++lives_; }
  ~Witness() { --lives_; }
  int &lives_;
  int value;
};

void test_make__constructs(void **) {
  int lives = 0;
  Witness *witness = make<Witness>(lives, 7);
  assert_non_null(witness);
  assert_int_equal(lives, 1);
  assert_int_equal(witness->value, 7);
  dispose(witness);
  assert_int_equal(lives, 0);
}

void test_make__without_memory_constructs_nothing(void **) {
  int lives = 0;
  fail_allocation(1);
  assert_null(make<Witness>(lives, 7));
  assert_int_equal(lives, 0);
}

void test_owned__disposes_at_the_end_of_its_scope(void **) {
  int lives = 0;
  {
    const Owned<Witness> owned(make<Witness>(lives, 7));
    assert_int_equal(lives, 1);
  }
  assert_int_equal(lives, 0);
}

void test_null__may_be_disposed_and_released(void **) {
  dispose(static_cast<Witness *>(nullptr));
  release(nullptr);
}

void test_text__begins_empty_without_memory(void **) {
  const Text text;
  assert_string_equal(text.get(), "");
  assert_int_equal(live_allocations(), 0);
}

void test_text__is_a_copy(void **) {
  Text text;
  char given[] = "abc";
  assert_true(text.assign(given));
  given[0] = 'x';
  assert_string_equal(text.get(), "abc");
}

void test_text__of_nothing_is_empty_without_memory(void **) {
  Text text;
  for (const char *nothing : {static_cast<const char *>(nullptr), ""}) {
    assert_true(text.assign("abc"));
    assert_true(text.assign(nothing));
    assert_string_equal(text.get(), "");
    assert_int_equal(live_allocations(), 0);
  }
}

void test_text__of_any_length(void **) {
  Text text;
  const std::string longest(1 << 20, 'x');
  assert_true(text.assign(longest.c_str()));
  assert_true(text.get() == longest);
}

void test_text__may_be_assigned_its_own(void **) {
  Text text;
  assert_true(text.assign("abcdef"));
  assert_true(text.assign(text.get() + 3));
  assert_string_equal(text.get(), "def");
}

void test_text__without_memory_stays(void **) {
  Text text;
  assert_true(text.assign("abc"));
  fail_allocation(1);
  assert_false(text.assign("def"));
  assert_string_equal(text.get(), "abc");
}

void test_set_allocator__is_too_late_after_the_first_block(void **) {
  release(allocate(1));
  assert_int_equal(set_allocator(nullptr, nullptr, nullptr), AIO_ERR_BUSY);
}

const CMUnitTest tests[] = {
    leaves_no_memory(test_make__constructs),
    leaves_no_memory(test_make__without_memory_constructs_nothing),
    leaves_no_memory(test_owned__disposes_at_the_end_of_its_scope),
    leaves_no_memory(test_null__may_be_disposed_and_released),
    leaves_no_memory(test_text__begins_empty_without_memory),
    leaves_no_memory(test_text__is_a_copy),
    leaves_no_memory(test_text__of_nothing_is_empty_without_memory),
    leaves_no_memory(test_text__of_any_length),
    leaves_no_memory(test_text__may_be_assigned_its_own),
    leaves_no_memory(test_text__without_memory_stays),
    leaves_no_memory(test_set_allocator__is_too_late_after_the_first_block),
};

}  // namespace

}  // namespace aio

int main() { return cmocka_run_group_tests(aio::tests, nullptr, nullptr); }
