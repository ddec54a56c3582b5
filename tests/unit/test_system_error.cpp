// The system's error numbers as statuses.
#include <cerrno>
#include <map>

#include <uv.h>

#include "net/system_error.hpp"
#include "unit.hpp"

namespace aio::net {

namespace {

const std::map<int, aio_status> table = {
    {0, AIO_OK},
    {ECONNREFUSED, AIO_ERR_CONNECTION_REFUSED},
    {ECONNRESET, AIO_ERR_CONNECTION_RESET},
    {ECONNABORTED, AIO_ERR_CONNECTION_RESET},
    {EPIPE, AIO_ERR_BROKEN_PIPE},
    {ENETDOWN, AIO_ERR_UNREACHABLE},
    {EHOSTDOWN, AIO_ERR_UNREACHABLE},
    {EHOSTUNREACH, AIO_ERR_UNREACHABLE},
    {ENETUNREACH, AIO_ERR_UNREACHABLE},
    {EADDRINUSE, AIO_ERR_ADDRESS_IN_USE},
    {EADDRNOTAVAIL, AIO_ERR_ADDRESS_NOT_AVAILABLE},
    {EACCES, AIO_ERR_ACCESS},
    {EPERM, AIO_ERR_ACCESS},
    {EMFILE, AIO_ERR_TOO_MANY_FILES},
    {ENFILE, AIO_ERR_TOO_MANY_FILES},
    {EMSGSIZE, AIO_ERR_MESSAGE_TOO_LONG},
    {ENOTCONN, AIO_ERR_NOT_CONNECTED},
    {ENOMEM, AIO_ERR_NO_MEMORY},
    {ENOBUFS, AIO_ERR_NO_MEMORY},
    {ENOENT, AIO_ERR_NOT_FOUND},
    {EAFNOSUPPORT, AIO_ERR_UNSUPPORTED},
    {ETIMEDOUT, AIO_ERR_CONNECTION_TIMED_OUT},
};

constexpr int kMostNumbers = 200;  // more than any system has

void test_error_from_system__is_the_table(void **) {
  for (const auto &[number, status] : table) assert_int_equal(error_from_system(number).status, status);
}

void test_error_from_system__anything_else_is_system(void **) {
  for (int number = 1; number < kMostNumbers; ++number) {
    if (!table.contains(number)) assert_int_equal(error_from_system(number).status, AIO_ERR_SYSTEM);
  }
}

void test_error_from_system__keeps_the_number(void **) {
  for (int number = 0; number < kMostNumbers; ++number) assert_int_equal(error_from_system(number).system, number);
}

void test_error_from_system__zero_alone_is_ok(void **) {
  assert_true(error_from_system(0).ok());
  for (int number = 1; number < kMostNumbers; ++number) assert_false(error_from_system(number).ok());
}

void test_error_from_uv__is_that_of_the_system(void **) {
  assert_int_equal(error_from_uv(UV_ECONNREFUSED).status, AIO_ERR_CONNECTION_REFUSED);
  assert_int_equal(error_from_uv(UV_EMFILE).status, AIO_ERR_TOO_MANY_FILES);
  assert_int_equal(error_from_uv(UV_EMFILE).system, EMFILE);
}

void test_last_system_error__is_errno(void **) {
  errno = EADDRINUSE;
  const Error error = last_system_error();
  assert_int_equal(error.status, AIO_ERR_ADDRESS_IN_USE);
  assert_int_equal(error.system, EADDRINUSE);
}

const CMUnitTest tests[] = {
    cmocka_unit_test(test_error_from_system__is_the_table),
    cmocka_unit_test(test_error_from_system__anything_else_is_system),
    cmocka_unit_test(test_error_from_system__keeps_the_number),
    cmocka_unit_test(test_error_from_system__zero_alone_is_ok),
    cmocka_unit_test(test_error_from_uv__is_that_of_the_system),
    cmocka_unit_test(test_last_system_error__is_errno),
};

}  // namespace

}  // namespace aio::net

int main() { return cmocka_run_group_tests(aio::net::tests, nullptr, nullptr); }
