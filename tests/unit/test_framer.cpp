// Where deliveries end; all formats and cuts are the fuzzer's business too.
#include <cstring>
#include <string>

#include "core/framer.hpp"
#include "unit.hpp"

namespace aio {

namespace {

using Kind = Framer::Verdict::Kind;

Framer::Verdict look(Framer &framer, const std::string &bytes, size_t limit = 1000) {
  return framer.look(reinterpret_cast<const Byte *>(bytes.data()), bytes.size(), limit);
}

void expect(const Framer::Verdict &verdict, Kind kind, size_t size, size_t strip = 0) {
  assert_int_equal(verdict.kind, kind);
  if (kind != Kind::refused) assert_int_equal(verdict.size, size);
  assert_int_equal(verdict.strip, strip);
}

aio_frame_format format_of(int32_t length_size, size_t length_offset = 0, size_t strip = 0) {
  aio_frame_format format = {};
  format.length_size = length_size;
  format.length_offset = length_offset;
  format.strip = strip;
  return format;
}

void test_delimiter__is_not_searched_again_where_it_was(void **) {
  Framer framer;
  assert_true(framer.set_delimiter("\r\n", 2));
  framer.begin();
  expect(look(framer, "aaaa\r"), Kind::incomplete, 6);
  // Whoever changes what was searched is not seen; the last byte may begin the delimiter.
  expect(look(framer, "\r\naa\rb"), Kind::incomplete, 7);
  expect(look(framer, "\r\naa\rb\r\n"), Kind::complete, 8);
  framer.begin();
  expect(look(framer, "\r\naa\r\n"), Kind::complete, 2);
}

void test_delimiter__long_and_short_ones_replace_each_other(void **) {
  const std::string longer(40, 'x');
  Framer framer;
  for (int turn = 0; turn < 3; ++turn) {
    assert_true(framer.set_delimiter(longer.data(), longer.size()));
    framer.begin();
    expect(look(framer, longer + "y"), Kind::complete, 40);
    assert_true(framer.set_delimiter("y", 1));
    framer.begin();
    expect(look(framer, longer + "y"), Kind::complete, 41);
  }
}

void test_delimiter__without_memory_for_a_long_one(void **) {
  const std::string longer(17, 'x');
  Framer framer;
  fail_allocation(1);
  assert_false(framer.set_delimiter(longer.data(), longer.size()));
  assert_true(framer.set_delimiter(longer.data(), 16));
}

void test_delimiter__limit_is_the_longest_delivery(void **) {
  Framer framer;
  assert_true(framer.set_delimiter("\n", 1));
  framer.begin();
  expect(look(framer, "", 4), Kind::incomplete, 1);
  expect(look(framer, "123", 4), Kind::incomplete, 4);
  expect(look(framer, "1234", 4), Kind::refused, 0);
  framer.begin();
  expect(look(framer, "123\n", 4), Kind::complete, 4);
  framer.begin();
  expect(look(framer, "1234\n", 4), Kind::refused, 0);
}

void test_frame__says_how_much_it_needs(void **) {
  Framer framer;
  framer.set_format(format_of(2, 2, 4));
  expect(look(framer, ""), Kind::incomplete, 4);
  expect(look(framer, std::string("zz\1", 3)), Kind::incomplete, 4);
  expect(look(framer, std::string("zz\1\0", 4)), Kind::incomplete, 260);
  expect(look(framer, std::string("zz\0\1", 4)), Kind::incomplete, 5);
  expect(look(framer, std::string("zz\0\1a-", 6)), Kind::complete, 5, 4);
}

void test_frame__of_no_bytes_behind_the_length(void **) {
  Framer framer;
  framer.set_format(format_of(1, 0, 9));
  expect(look(framer, std::string("\0", 1)), Kind::complete, 1, 1);
}

void test_frame__format_replaces_a_delimiter(void **) {
  Framer framer;
  assert_true(framer.set_delimiter("a", 1));
  framer.set_format(format_of(1));
  expect(look(framer, "\1a"), Kind::complete, 2);
}

const CMUnitTest tests[] = {
    leaves_no_memory(test_delimiter__is_not_searched_again_where_it_was),
    leaves_no_memory(test_delimiter__long_and_short_ones_replace_each_other),
    leaves_no_memory(test_delimiter__without_memory_for_a_long_one),
    leaves_no_memory(test_delimiter__limit_is_the_longest_delivery),
    leaves_no_memory(test_frame__says_how_much_it_needs),
    leaves_no_memory(test_frame__of_no_bytes_behind_the_length),
    leaves_no_memory(test_frame__format_replaces_a_delimiter),
};

}  // namespace

}  // namespace aio

int main() { return cmocka_run_group_tests(aio::tests, nullptr, nullptr); }
