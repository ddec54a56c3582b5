// Addresses inside: what the API's tests of them cannot reach, and what hostile text may do.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <initializer_list>
#include <string>

#include "net/address.hpp"
#include "unit.hpp"

namespace aio::net {

namespace {

aio_address parsed(const std::string &host, uint16_t port = 80) {
  aio_address address;
  assert_true(parse_address(address, host.c_str(), port));
  return address;
}

void expect_not_numeric(const std::string &host) {
  aio_address address;
  std::memset(&address, 0xff, sizeof address);
  assert_false(parse_address(address, host.c_str(), 80));
  assert_int_equal(address.length, 0);
}

void expect_text(const aio_address &address, const char *text) { assert_string_equal(AddressText(address).text, text); }

aio_address unix_address(const char *path, size_t length) {
  sockaddr_un system = {};
  system.sun_family = AF_UNIX;
  std::memcpy(system.sun_path, path, length);
  return address_from(reinterpret_cast<const sockaddr *>(&system), offsetof(sockaddr_un, sun_path) + length);
}

// A host of 16 or 4 random bytes, as inet_ntop writes it.
std::string random_host(int family, uint32_t *seed) {
  unsigned char bytes[16];
  for (unsigned char &byte : bytes) {
    byte = static_cast<unsigned char>(random_below(3, seed) == 0 ? random_below(256, seed) : 0);
  }
  char text[INET6_ADDRSTRLEN];
  assert_non_null(inet_ntop(family, bytes, text, sizeof text));
  return text;
}

void test_address__text_and_back(void **) {
  uint32_t seed = 1;
  char text[kAddressTextSize];
  for (int i = 0; i < 20'000; ++i) {
    const std::string host = random_host(i % 2 == 0 ? AF_INET : AF_INET6, &seed);
    const uint16_t port = static_cast<uint16_t>(random_below(65536, &seed));
    const aio_address address = parsed(host, port);
    assert_int_equal(port_of(address), port);
    assert_int_equal(format_host(address, text, sizeof text), AIO_OK);
    assert_string_equal(text, host.c_str());
    assert_true(equal(address, parsed(text, port)));
  }
}

void test_address__text_and_back_with_scopes(void **) {
  char text[kAddressTextSize];
  for (const uint32_t scope : {1U, 2U, 77U, 65536U, UINT32_MAX}) {
    const aio_address address = parsed("fe80::1%" + std::to_string(scope));
    sockaddr_in6 system;
    std::memcpy(&system, system_address(address), sizeof system);
    assert_int_equal(system.sin6_scope_id, scope);
    assert_int_equal(format_host(address, text, sizeof text), AIO_OK);
    assert_true(equal(address, parsed(text)));
  }
}

void test_parse_address__refuses_scopes_that_are_none(void **) {
  for (const char *scope : {"", " ", " 1", "+1", "-1", "1 ", "1x", "0x1", "1%1", "%", "4294967296", "4294967297",
                            "18446744073709551615", "18446744073709551617", "no/interface"}) {
    expect_not_numeric(std::string("fe80::1%") + scope);
  }
}

void test_parse_address__refuses_text_before_the_scope(void **) {
  const std::string longest = "1111:2222:3333:4444:5555:6666:7777:8888";
  for (const char *more : {"9", "junk", ":9999", " "}) expect_not_numeric(longest + more + "%1");
}

void test_parse_address__takes_the_longest_forms_with_a_scope(void **) {
  const std::string zeros = "0000:0000:0000:0000:0000:ffff:";
  assert_true(equal(parsed(zeros + "1.2.33.100%1"), parsed("::ffff:1.2.33.100%1")));
  assert_true(equal(parsed(zeros + "255.255.255.255%1"), parsed("::ffff:255.255.255.255%1")));
}

void test_parse_address__refuses_hostile_text(void **) {
  for (const size_t size : {100U, 5'000U, 50'000U}) {
    for (const char *part : {"1", ":", "1:", "1.", "%", "f", "[", "\xff", "::%1"}) {
      std::string host;
      while (host.size() < size) host += part;
      expect_not_numeric(host);
      expect_not_numeric("::1%" + host);
      expect_not_numeric(host + "%1");
    }
  }
}

void test_parse_address__survives_any_bytes(void **) {
  const char alphabet[] = "0123456789abcdef::::....%%[]x \xc3\n";
  uint32_t seed = 2;
  for (int i = 0; i < 50'000; ++i) {
    std::string host(random_below(60, &seed), '\0');
    for (char &letter : host) letter = alphabet[random_below(sizeof alphabet - 1, &seed)];
    aio_address address;
    char text[kAddressTextSize];
    if (!parse_address(address, host.c_str(), 80)) continue;
    assert_int_equal(format_host(address, text, sizeof text), AIO_OK);
    assert_true(equal(address, parsed(text)));
  }
}

void test_any_address__of_each_family(void **) {
  expect_text(any_address(4, 80), "0.0.0.0:80");
  expect_text(any_address(6, 80), "[::]:80");
}

void test_set_port__changes_the_port_alone(void **) {
  for (const char *host : {"192.0.2.1", "2001:db8::1", "fe80::1%77"}) {
    aio_address address = parsed(host, 1);
    set_port(address, 65535);
    assert_true(equal(address, parsed(host, 65535)));
  }
}

void test_set_port__of_a_unix_address_is_nothing(void **) {
  aio_address address = unix_address("/a", 2);
  set_port(address, 80);
  assert_true(equal(address, unix_address("/a", 2)));
  assert_int_equal(port_of(address), 0);
}

void test_address_from__keeps_the_systems_bytes(void **) {
  const aio_address address = parsed("192.0.2.1");
  assert_true(equal(address_from(system_address(address), address.length), address));
}

void test_address_from__is_cut_to_what_fits(void **) {
  const sockaddr_storage systems[2] = {};
  const aio_address address = address_from(reinterpret_cast<const sockaddr *>(systems), sizeof systems);
  assert_int_equal(address.length, sizeof address.storage);
}

void test_format__ipv6_addresses_with_brackets(void **) {
  expect_text(parsed("192.0.2.1", 0), "192.0.2.1:0");
  expect_text(parsed("2001:db8::1", 65535), "[2001:db8::1]:65535");
  expect_text(parsed("fe80::1%4000000", 1), "[fe80::1%4000000]:1");
}

void test_format__unix_paths_with_and_without_an_end(void **) {
  expect_text(unix_address("/run/a", 6), "/run/a");
  expect_text(unix_address("/run/a", 7), "/run/a");
  expect_text(unix_address("\0abc", 4), "@abc");
  expect_text(unix_address("", 0), "");
}

void test_format__the_longest_unix_path(void **) {
  const std::string path(sizeof(sockaddr_un::sun_path), 'x');
  expect_text(unix_address(path.data(), path.size()), path.c_str());
}

void test_address_text__says_so_of_what_is_no_address(void **) {
  expect_text(aio_address{}, "an unknown address");
  aio_address too_long = parsed("::1");
  too_long.length = UINT32_MAX;
  expect_text(too_long, "an unknown address");
}

void test_equal__tells_abstract_names_from_paths(void **) {
  assert_false(equal(unix_address("\0a", 2), unix_address("@a", 2)));
  assert_false(equal(unix_address("\0a", 2), unix_address("\0a\0", 3)));
  assert_true(equal(unix_address("\0a", 2), unix_address("\0a", 2)));
}

void test_equal__unnamed_ones_are_equal_whatever_lies_behind(void **) {
  aio_address address = unix_address("", 0);
  address.storage[address.length] = 'x';
  assert_true(equal(address, unix_address("", 0)));
}

const CMUnitTest tests[] = {
    cmocka_unit_test(test_address__text_and_back),
    cmocka_unit_test(test_address__text_and_back_with_scopes),
    cmocka_unit_test(test_parse_address__refuses_scopes_that_are_none),
    cmocka_unit_test(test_parse_address__refuses_text_before_the_scope),
    cmocka_unit_test(test_parse_address__takes_the_longest_forms_with_a_scope),
    cmocka_unit_test(test_parse_address__refuses_hostile_text),
    cmocka_unit_test(test_parse_address__survives_any_bytes),
    cmocka_unit_test(test_any_address__of_each_family),
    cmocka_unit_test(test_set_port__changes_the_port_alone),
    cmocka_unit_test(test_set_port__of_a_unix_address_is_nothing),
    cmocka_unit_test(test_address_from__keeps_the_systems_bytes),
    cmocka_unit_test(test_address_from__is_cut_to_what_fits),
    cmocka_unit_test(test_format__ipv6_addresses_with_brackets),
    cmocka_unit_test(test_format__unix_paths_with_and_without_an_end),
    cmocka_unit_test(test_format__the_longest_unix_path),
    cmocka_unit_test(test_address_text__says_so_of_what_is_no_address),
    cmocka_unit_test(test_equal__tells_abstract_names_from_paths),
    cmocka_unit_test(test_equal__unnamed_ones_are_equal_whatever_lies_behind),
};

}  // namespace

}  // namespace aio::net

int main() { return cmocka_run_group_tests(aio::net::tests, nullptr, nullptr); }
