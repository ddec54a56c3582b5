/* The status table: names, values and messages are what programs were compiled against. */
#include "support.h"

#include <ctype.h>
#include <string.h>

#define XX(name, value, message) name,
static const aio_status all[] = {AIO_STATUS_MAP(XX)};
#undef XX

static const size_t all_count = sizeof all / sizeof *all;

static void test_status__values_are_fixed(void **test) {
  (void)test;
  assert_int_equal(AIO_OK, 0);
  assert_int_equal(AIO_EOF, 1);
  assert_int_equal(AIO_TIMEOUT, 2);
  assert_int_equal(AIO_ERR_CANCELED, -1);
  assert_int_equal(AIO_ERR_INVALID_ARGUMENT, -2);
  assert_int_equal(AIO_ERR_BUSY, -3);
  assert_int_equal(AIO_ERR_CLOSED, -4);
  assert_int_equal(AIO_ERR_NO_MEMORY, -5);
  assert_int_equal(AIO_ERR_LIMIT, -6);
  assert_int_equal(AIO_ERR_UNSUPPORTED, -7);
  assert_int_equal(AIO_ERR_NOT_CONNECTED, -8);
  assert_int_equal(AIO_ERR_CONNECTION_REFUSED, -9);
  assert_int_equal(AIO_ERR_CONNECTION_RESET, -10);
  assert_int_equal(AIO_ERR_BROKEN_PIPE, -11);
  assert_int_equal(AIO_ERR_UNREACHABLE, -12);
  assert_int_equal(AIO_ERR_ADDRESS_IN_USE, -13);
  assert_int_equal(AIO_ERR_ADDRESS_NOT_AVAILABLE, -14);
  assert_int_equal(AIO_ERR_ACCESS, -15);
  assert_int_equal(AIO_ERR_HOST_NOT_FOUND, -16);
  assert_int_equal(AIO_ERR_SERVICE_NOT_FOUND, -17);
  assert_int_equal(AIO_ERR_TOO_MANY_FILES, -18);
  assert_int_equal(AIO_ERR_MESSAGE_TOO_LONG, -19);
  assert_int_equal(AIO_ERR_TLS, -20);
  assert_int_equal(AIO_ERR_TLS_CERTIFICATE, -21);
  assert_int_equal(AIO_ERR_TLS_HOST_NAME, -22);
  assert_int_equal(AIO_ERR_TLS_TRUNCATED, -23);
  assert_int_equal(AIO_ERR_SYSTEM, -24);
  assert_int_equal(AIO_ERR_INTERNAL, -25);
  assert_int_equal(AIO_ERR_NOT_FOUND, -26);
  assert_int_equal(AIO_ERR_CONNECTION_TIMED_OUT, -27);
}

static void test_status__name_is_the_enumerator(void **test) {
  (void)test;
#define XX(name, value, message) assert_string_equal(aio_status_name(name), #name);
  AIO_STATUS_MAP(XX)
#undef XX
}

static void test_status__message_is_that_of_the_table(void **test) {
  (void)test;
#define XX(name, value, message) assert_string_equal(aio_status_message(name), message);
  AIO_STATUS_MAP(XX)
#undef XX
}

static void test_status__message_is_one_short_sentence(void **test) {
  (void)test;
  for (size_t i = 0; i < all_count; i++) {
    const char *message = aio_status_message(all[i]);
    assert_true(isupper((unsigned char)message[0]));
    assert_ptr_equal(strchr(message, '.'), message + strlen(message) - 1);
    assert_in_range(strlen(message), 10, 79);
  }
}

static void test_status__messages_tell_statuses_apart(void **test) {
  (void)test;
  for (size_t i = 0; i < all_count; i++)
    for (size_t j = i + 1; j < all_count; j++)
      assert_string_not_equal(aio_status_message(all[i]), aio_status_message(all[j]));
}

static void test_status__number_that_is_none_has_a_name_and_a_message(void **test) {
  (void)test;
  const int none[] = {3, 1000, AIO_STATUS_MAX_, -28, -1000, INT32_MIN};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
    assert_string_equal(aio_status_name((aio_status)none[i]), "AIO_UNKNOWN");
    assert_string_equal(aio_status_message((aio_status)none[i]), "Unknown status.");
  }
}

static void test_status__strings_are_static(void **test) {
  (void)test;
  assert_ptr_equal(aio_status_name(AIO_EOF), aio_status_name(AIO_EOF));
  assert_ptr_equal(aio_status_message(AIO_EOF), aio_status_message(AIO_EOF));
}

static void test_last_error_text__is_empty_before_any_failure(void **test) {
  (void)test;
  assert_string_equal(aio_last_error_text(), "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_last_error_text__is_empty_before_any_failure),
      cmocka_unit_test(test_status__values_are_fixed),
      cmocka_unit_test(test_status__name_is_the_enumerator),
      cmocka_unit_test(test_status__message_is_that_of_the_table),
      cmocka_unit_test(test_status__message_is_one_short_sentence),
      cmocka_unit_test(test_status__messages_tell_statuses_apart),
      cmocka_unit_test(test_status__number_that_is_none_has_a_name_and_a_message),
      cmocka_unit_test(test_status__strings_are_static),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
