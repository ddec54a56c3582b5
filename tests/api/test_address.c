/* Addresses as plain values: parsed from numeric text, written back, compared. */
#include "support.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static aio_address parsed(const char *host, uint16_t port) {
  aio_address address;
  expect_status(aio_address_parse(&address, host, port), AIO_OK);
  return address;
}

static aio_address of_system(const void *sockaddr, size_t length) {
  aio_address address = {.length = (uint32_t)length};
  memcpy(address.storage, sockaddr, length);
  return address;
}

static void expect_host(const aio_address *address, const char *text) {
  char buffer[128];
  expect_status(aio_address_host(address, buffer, sizeof buffer), AIO_OK);
  assert_string_equal(buffer, text);
}

static void expect_format(const aio_address *address, const char *text) {
  char buffer[128];
  expect_status(aio_address_format(address, buffer, sizeof buffer), AIO_OK);
  assert_string_equal(buffer, text);
}

static void expect_not_numeric(const char *host) {
  aio_address address = {.length = 77};
  expect_status(aio_address_parse(&address, host, 80), AIO_ERR_INVALID_ARGUMENT);
  assert_int_equal(address.length, 0);
}

static void test_parse__ipv4_is_the_systems_sockaddr(void **test) {
  (void)test;
  aio_address address = parsed("192.0.2.1", 8080);
  struct sockaddr_in in;
  assert_int_equal(address.length, sizeof in);
  memcpy(&in, address.storage, sizeof in);
  assert_int_equal(in.sin_family, AF_INET);
  assert_int_equal(ntohs(in.sin_port), 8080);
  assert_int_equal(ntohl(in.sin_addr.s_addr), 0xc0000201);
}

static void test_parse__ipv6_is_the_systems_sockaddr(void **test) {
  (void)test;
  aio_address address = parsed("::1", 443);
  struct sockaddr_in6 in;
  assert_int_equal(address.length, sizeof in);
  memcpy(&in, address.storage, sizeof in);
  assert_int_equal(in.sin6_family, AF_INET6);
  assert_int_equal(ntohs(in.sin6_port), 443);
  assert_memory_equal(&in.sin6_addr, &in6addr_loopback, sizeof in6addr_loopback);
  assert_int_equal(in.sin6_scope_id, 0);
}

static void test_parse__fills_family_and_port(void **test) {
  (void)test;
  aio_address four = parsed("127.0.0.1", 0), six = parsed("2001:db8::1", 65535);
  assert_int_equal(aio_address_family(&four), 4);
  assert_int_equal(aio_address_port(&four), 0);
  assert_int_equal(aio_address_family(&six), 6);
  assert_int_equal(aio_address_port(&six), 65535);
}

static void test_parse__scope_by_interface_name(void **test) {
  (void)test;
  char name[IF_NAMESIZE], host[64];
  assert_non_null(if_indextoname(1, name));
  snprintf(host, sizeof host, "fe80::1%%%s", name);
  aio_address address = parsed(host, 7);
  struct sockaddr_in6 in;
  memcpy(&in, address.storage, sizeof in);
  assert_int_equal(in.sin6_scope_id, 1);
  expect_host(&address, host);
}

static void test_parse__scope_by_number(void **test) {
  (void)test;
  char name[IF_NAMESIZE], host[64];
  assert_non_null(if_indextoname(1, name));
  snprintf(host, sizeof host, "fe80::1%%%s", name);
  aio_address by_number = parsed("fe80::1%1", 7), by_name = parsed(host, 7);
  assert_true(aio_address_equal(&by_number, &by_name));
}

static void test_host__scope_without_an_interface_is_a_number(void **test) {
  (void)test;
  aio_address address = parsed("fe80::1%4000000", 7);
  expect_host(&address, "fe80::1%4000000");
}

static void test_parse__refuses_what_is_not_numeric(void **test) {
  (void)test;
  const char *hosts[] = {"",
                         "localhost",
                         "example.invalid",
                         "1.2.3",
                         "1.2.3.4.5",
                         "256.0.0.1",
                         "1.2.3.4 ",
                         " 1.2.3.4",
                         "1.2.3.4x",
                         "-1.2.3.4",
                         "1.2.3.04x",
                         "0x7f.0.0.1",
                         ":",
                         ":::",
                         "1::2::3",
                         "12345::",
                         "::g",
                         "[::1]",
                         "::1 ",
                         "1:2:3:4:5:6:7:8:9",
                         "1.2.3.4:80",
                         "fe80::1%",
                         "fe80::1%no_such_interface_here",
                         "1.2.3.4%1"};
  for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) expect_not_numeric(hosts[i]);
}

static void test_parse__refuses_a_host_of_any_length(void **test) {
  (void)test;
  char host[5000];
  memset(host, '1', sizeof host);
  host[sizeof host - 1] = '\0';
  expect_not_numeric(host);
}

static void test_parse__null_is_an_invalid_argument(void **test) {
  (void)test;
  expect_status(aio_address_parse(NULL, "127.0.0.1", 80), AIO_ERR_INVALID_ARGUMENT);
  expect_not_numeric(NULL);
}

static void test_host__writes_the_shortest_form(void **test) {
  (void)test;
  aio_address four = parsed("127.0.0.1", 80), six = parsed("2001:0DB8:0:0:0:0:0:0001", 80);
  aio_address any = parsed("::", 80), mapped = parsed("::ffff:192.0.2.1", 80);
  expect_host(&four, "127.0.0.1");
  expect_host(&six, "2001:db8::1");
  expect_host(&any, "::");
  expect_host(&mapped, "::ffff:192.0.2.1");
}

static void test_format__puts_ipv6_in_brackets(void **test) {
  (void)test;
  aio_address four = parsed("127.0.0.1", 80), six = parsed("::1", 65535), scoped = parsed("fe80::1%4000000", 1);
  expect_format(&four, "127.0.0.1:80");
  expect_format(&six, "[::1]:65535");
  expect_format(&scoped, "[fe80::1%4000000]:1");
}

static void test_host__fits_to_the_byte(void **test) {
  (void)test;
  aio_address address = parsed("127.0.0.1", 80);
  char buffer[10];
  expect_status(aio_address_host(&address, buffer, sizeof "127.0.0.1"), AIO_OK);
  assert_string_equal(buffer, "127.0.0.1");
}

static void test_host__buffer_too_small_holds_an_empty_string(void **test) {
  (void)test;
  aio_address address = parsed("127.0.0.1", 80);
  char buffer[16];
  for (size_t size = 1; size < sizeof "127.0.0.1"; size++) {
    memset(buffer, '#', sizeof buffer);
    expect_status(aio_address_host(&address, buffer, size), AIO_ERR_LIMIT);
    assert_string_equal(buffer, "");
    assert_int_equal(buffer[size], '#');
  }
}

static void test_format__buffer_too_small_holds_an_empty_string(void **test) {
  (void)test;
  aio_address address = parsed("::1", 80);
  char buffer[16];
  for (size_t size = 1; size < sizeof "[::1]:80"; size++) {
    memset(buffer, '#', sizeof buffer);
    expect_status(aio_address_format(&address, buffer, size), AIO_ERR_LIMIT);
    assert_string_equal(buffer, "");
    assert_int_equal(buffer[size], '#');
  }
  expect_status(aio_address_format(&address, buffer, sizeof "[::1]:80"), AIO_OK);
}

static void test_host__size_zero_touches_nothing(void **test) {
  (void)test;
  aio_address address = parsed("::1", 80);
  char buffer[] = "#";
  expect_status(aio_address_host(&address, buffer, 0), AIO_ERR_LIMIT);
  expect_status(aio_address_format(&address, buffer, 0), AIO_ERR_LIMIT);
  assert_int_equal(buffer[0], '#');
}

static void test_host__longest_address_fits_in_64_bytes(void **test) {
  (void)test;
  aio_address address = parsed("1234:5678:1234:5678:1234:5678:1234:5678%4294967295", 65535);
  char buffer[64];
  expect_status(aio_address_host(&address, buffer, sizeof buffer), AIO_OK);
  expect_status(aio_address_format(&address, buffer, sizeof buffer), AIO_OK);
  assert_string_equal(buffer, "[1234:5678:1234:5678:1234:5678:1234:5678%4294967295]:65535");
}

static void test_host__null_is_an_invalid_argument(void **test) {
  (void)test;
  aio_address address = parsed("::1", 80);
  char buffer[64];
  expect_status(aio_address_host(NULL, buffer, sizeof buffer), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_address_host(&address, NULL, 64), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_address_format(NULL, buffer, sizeof buffer), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_address_format(&address, NULL, 64), AIO_ERR_INVALID_ARGUMENT);
}

static void test_unknown_family__is_an_invalid_argument(void **test) {
  (void)test;
  aio_address none = {.length = 0};
  struct sockaddr strange = {.sa_family = 99};
  aio_address unknown = of_system(&strange, sizeof strange);
  char buffer[64];
  expect_status(aio_address_host(&none, buffer, sizeof buffer), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_address_format(&unknown, buffer, sizeof buffer), AIO_ERR_INVALID_ARGUMENT);
  assert_int_equal(aio_address_family(&none), 0);
  assert_int_equal(aio_address_family(&unknown), 0);
  assert_int_equal(aio_address_port(&none), 0);
  assert_int_equal(aio_address_port(&unknown), 0);
}

static void test_length__that_cannot_be_is_no_address(void **test) {
  (void)test;
  aio_address address = parsed("127.0.0.1", 80);
  const uint32_t lengths[] = {1, 2, 8, 129, UINT32_MAX};
  char buffer[64];
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    address.length = lengths[i];
    assert_int_equal(aio_address_family(&address), 0);
    assert_int_equal(aio_address_port(&address), 0);
    expect_status(aio_address_host(&address, buffer, sizeof buffer), AIO_ERR_INVALID_ARGUMENT);
  }
}

static void test_readers__answer_zero_for_null(void **test) {
  (void)test;
  assert_int_equal(aio_address_port(NULL), 0);
  assert_int_equal(aio_address_family(NULL), 0);
}

static void test_unix_address__gives_its_path(void **test) {
  (void)test;
  struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/run/example.sock"};
  aio_address address = of_system(&un, offsetof(struct sockaddr_un, sun_path) + strlen(un.sun_path) + 1);
  assert_int_equal(aio_address_family(&address), AIO_UNIX);
  assert_int_equal(aio_address_port(&address), 0);
  expect_host(&address, "/run/example.sock");
  expect_format(&address, "/run/example.sock");
}

static void test_unix_address__unnamed_is_empty(void **test) {
  (void)test;
  struct sockaddr_un un = {.sun_family = AF_UNIX};
  aio_address address = of_system(&un, offsetof(struct sockaddr_un, sun_path));
  assert_int_equal(aio_address_family(&address), AIO_UNIX);
  expect_host(&address, "");
}

static void test_unix_address__abstract_name_starts_with_at(void **test) {
  (void)test;
  struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "\0hidden"};
  aio_address address = of_system(&un, offsetof(struct sockaddr_un, sun_path) + 7);
  expect_host(&address, "@hidden");
}

static void test_equal__same_host_and_port(void **test) {
  (void)test;
  aio_address one = parsed("2001:db8::1", 80), other = parsed("2001:DB8:0::1", 80);
  assert_int_equal(aio_address_equal(&one, &other), 1);
  assert_int_equal(aio_address_equal(&one, &one), 1);
}

static void test_equal__each_part_counts(void **test) {
  (void)test;
  aio_address base = parsed("127.0.0.1", 80), port = parsed("127.0.0.1", 81), host = parsed("127.0.0.2", 80);
  aio_address family = parsed("::ffff:127.0.0.1", 80);
  aio_address scope1 = parsed("fe80::1%1", 80), scope2 = parsed("fe80::1%2", 80);
  assert_int_equal(aio_address_equal(&base, &port), 0);
  assert_int_equal(aio_address_equal(&base, &host), 0);
  assert_int_equal(aio_address_equal(&base, &family), 0);
  assert_int_equal(aio_address_equal(&scope1, &scope2), 0);
}

static void test_equal__ignores_bytes_that_mean_nothing(void **test) {
  (void)test;
  aio_address one = parsed("127.0.0.1", 80), other = one;
  memset(other.storage + other.length, 0xff, sizeof other.storage - other.length);
  memset(other.storage + offsetof(struct sockaddr_in, sin_zero), 0xff, sizeof((struct sockaddr_in *)0)->sin_zero);
  assert_int_equal(aio_address_equal(&one, &other), 1);

  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(80), .sin6_flowinfo = htonl(7)};
  aio_address with_flow = of_system(&six, sizeof six), plain = parsed("::", 80);
  assert_int_equal(aio_address_equal(&with_flow, &plain), 1);
}

static void test_equal__unix_paths(void **test) {
  (void)test;
  struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/a"};
  aio_address with_nul = of_system(&un, offsetof(struct sockaddr_un, sun_path) + 3);
  aio_address whole = of_system(&un, sizeof un);
  un.sun_path[1] = 'b';
  aio_address other = of_system(&un, offsetof(struct sockaddr_un, sun_path) + 3);
  assert_int_equal(aio_address_equal(&with_nul, &whole), 1);
  assert_int_equal(aio_address_equal(&with_nul, &other), 0);
}

static void test_equal__null_equals_nothing(void **test) {
  (void)test;
  aio_address address = parsed("::1", 80);
  assert_int_equal(aio_address_equal(NULL, &address), 0);
  assert_int_equal(aio_address_equal(&address, NULL), 0);
  assert_int_equal(aio_address_equal(NULL, NULL), 0);
}

static void test_text__parses_back_to_the_same_address(void **test) {
  (void)test;
  const char *hosts[] = {"0.0.0.0", "255.255.255.255", "::", "::1", "ff02::1%1", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8"};
  for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
    aio_address one = parsed(hosts[i], 9);
    char text[64];
    expect_status(aio_address_host(&one, text, sizeof text), AIO_OK);
    aio_address other = parsed(text, 9);
    assert_int_equal(aio_address_equal(&one, &other), 1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parse__ipv4_is_the_systems_sockaddr),
      cmocka_unit_test(test_parse__ipv6_is_the_systems_sockaddr),
      cmocka_unit_test(test_parse__fills_family_and_port),
      cmocka_unit_test(test_parse__scope_by_interface_name),
      cmocka_unit_test(test_parse__scope_by_number),
      cmocka_unit_test(test_parse__refuses_what_is_not_numeric),
      cmocka_unit_test(test_parse__refuses_a_host_of_any_length),
      cmocka_unit_test(test_parse__null_is_an_invalid_argument),
      cmocka_unit_test(test_host__scope_without_an_interface_is_a_number),
      cmocka_unit_test(test_host__writes_the_shortest_form),
      cmocka_unit_test(test_host__fits_to_the_byte),
      cmocka_unit_test(test_host__buffer_too_small_holds_an_empty_string),
      cmocka_unit_test(test_host__size_zero_touches_nothing),
      cmocka_unit_test(test_host__longest_address_fits_in_64_bytes),
      cmocka_unit_test(test_host__null_is_an_invalid_argument),
      cmocka_unit_test(test_format__puts_ipv6_in_brackets),
      cmocka_unit_test(test_format__buffer_too_small_holds_an_empty_string),
      cmocka_unit_test(test_unknown_family__is_an_invalid_argument),
      cmocka_unit_test(test_length__that_cannot_be_is_no_address),
      cmocka_unit_test(test_readers__answer_zero_for_null),
      cmocka_unit_test(test_unix_address__gives_its_path),
      cmocka_unit_test(test_unix_address__unnamed_is_empty),
      cmocka_unit_test(test_unix_address__abstract_name_starts_with_at),
      cmocka_unit_test(test_equal__same_host_and_port),
      cmocka_unit_test(test_equal__each_part_counts),
      cmocka_unit_test(test_equal__ignores_bytes_that_mean_nothing),
      cmocka_unit_test(test_equal__unix_paths),
      cmocka_unit_test(test_equal__null_equals_nothing),
      cmocka_unit_test(test_text__parses_back_to_the_same_address),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
