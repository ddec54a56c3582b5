// Hosts and services to addresses. Names are looked up in the test's own name service.
#include <netdb.h>
#include <netinet/in.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "net/resolver.hpp"
#include "unit.hpp"

extern "C" {
#include "support_resolver.h"
}

namespace aio::net {

namespace {

// ---- services ----

struct Numeric {
  Numeric(const char *host, const std::string &service, int32_t family = 0)
      : answered(resolve_numeric({host, service.c_str(), family}, addresses, error)) {}

  AddressList addresses;
  Error error;
  bool answered;
};

void expect_port(const std::string &service, uint16_t port) {
  const Numeric numeric("127.0.0.1", service);
  assert_true(numeric.answered);
  assert_true(numeric.error.ok());
  assert_int_equal(port_of(numeric.addresses[0]), port);
}

void test_service__number_is_a_port(void **) {
  expect_port("0", 0);
  expect_port("80", 80);
  expect_port("65535", 65535);
  expect_port("0080", 80);
  expect_port(std::string(28, '0') + "8080", 8080);
}

void test_service__number_that_is_no_port_is_not_found(void **) {
  for (const std::string service :
       {"65536", "99999", "-1", "+80", " 80", "\t80", "\n80", "4294967376", "18446744073709551696", "-0"}) {
    const Numeric numeric("127.0.0.1", service);
    assert_true(numeric.answered);
    assert_int_equal(numeric.error.status, AIO_ERR_SERVICE_NOT_FOUND);
    assert_int_equal(numeric.addresses.size(), 0);
  }
}

void test_service__empty_or_very_long_is_not_found(void **) {
  for (const std::string &service :
       {std::string(), std::string(33, '0'), std::string(100'000, '1'), std::string(100'000, 'x')}) {
    const Numeric numeric("127.0.0.1", service);
    assert_true(numeric.answered);
    assert_int_equal(numeric.error.status, AIO_ERR_SERVICE_NOT_FOUND);
  }
}

void test_service__bad_one_needs_no_lookup_of_the_host(void **) {
  const Numeric numeric("name.test", "99999");
  assert_true(numeric.answered);
  assert_int_equal(numeric.error.status, AIO_ERR_SERVICE_NOT_FOUND);
}

void test_service__anything_else_is_a_name_to_look_up(void **) {
  for (const char *service : {"http", "80x", "80 ", "8 0", "0x50", "80.0", "-"}) {
    assert_false(Numeric("127.0.0.1", service).answered);
  }
}

// ---- numeric hosts ----

void test_resolve_numeric__answers_numeric_hosts(void **) {
  for (const char *host : {"127.0.0.1", "::1", "fe80::1%1"}) {
    const Numeric numeric(host, "80");
    aio_address expected;
    assert_true(parse_address(expected, host, 80));
    assert_true(numeric.answered);
    assert_int_equal(numeric.addresses.size(), 1);
    assert_true(equal(numeric.addresses[0], expected));
  }
}

void test_resolve_numeric__leaves_names_and_no_host_to_a_lookup(void **) {
  assert_false(Numeric("localhost", "80").answered);
  assert_false(Numeric("", "80").answered);
  assert_false(Numeric(nullptr, "80").answered);
}

void test_resolve_numeric__host_of_another_family_is_not_found(void **) {
  assert_int_equal(Numeric("127.0.0.1", "80", 6).error.status, AIO_ERR_HOST_NOT_FOUND);
  assert_int_equal(Numeric("::1", "80", 4).error.status, AIO_ERR_HOST_NOT_FOUND);
  assert_true(Numeric("127.0.0.1", "80", 4).error.ok());
  assert_true(Numeric("::1", "80", 6).error.ok());
}

void test_resolve_numeric__without_memory_says_so(void **) {
  fail_allocation(1);
  const Numeric numeric("127.0.0.1", "80");
  assert_true(numeric.answered);
  assert_int_equal(numeric.error.status, AIO_ERR_NO_MEMORY);
}

// ---- lookups on this thread and in the pool, which must agree ----

struct Answer : LookupOwner {
  void on_resolved(Error given, AddressList &found) override {
    ++calls;
    error = given;
    addresses.swap(found);
  }

  int calls = 0;
  Error error;
  AddressList addresses;
};

struct OpenLoop : Loop {
  OpenLoop() { assert_true(open().ok()); }
  ~OpenLoop() { close(); }
};

void look_up_here(const Query &query, Answer &answer) {
  answer.on_resolved(resolve(query, answer.addresses), answer.addresses);
}

void look_up_in_the_pool(const Query &query, Answer &answer) {
  OpenLoop loop;
  assert_non_null(Lookup::start(loop, query, answer, answer.error));
  while (answer.calls == 0) loop.run(true);
}

constexpr auto ways = {look_up_here, look_up_in_the_pool};

int forget_names(void **state) {
  resolver_reset();
  return expect_no_memory(state);
}

void test_lookup__gives_all_addresses_in_order(void **) {
  resolver_knows("name.test", "192.0.2.1 2001:db8::1 192.0.2.2");
  for (const auto look_up : ways) {
    Answer answer;
    look_up({"name.test", "80", 0}, answer);
    assert_true(answer.error.ok());
    assert_int_equal(answer.addresses.size(), 3);
    assert_string_equal(AddressText(answer.addresses[0]).text, "192.0.2.1:80");
    assert_string_equal(AddressText(answer.addresses[1]).text, "[2001:db8::1]:80");
    assert_string_equal(AddressText(answer.addresses[2]).text, "192.0.2.2:80");
  }
}

void test_lookup__gives_one_family_if_asked_to(void **) {
  resolver_knows("name.test", "192.0.2.1 2001:db8::1");
  for (const auto look_up : ways) {
    Answer answer;
    look_up({"name.test", "80", 6}, answer);
    assert_int_equal(answer.addresses.size(), 1);
    assert_int_equal(family_of(answer.addresses[0]), 6);
  }
}

void test_lookup__highest_port_stays(void **) {
  resolver_knows("name.test", "192.0.2.1");
  for (const auto look_up : ways) {
    Answer answer;
    look_up({"name.test", "65535", 0}, answer);
    assert_int_equal(port_of(answer.addresses[0]), 65535);
  }
}

void test_lookup__failure_has_its_status(void **) {
  const struct {
    int code;
    aio_status status;
  } failures[] = {
      {EAI_NONAME, AIO_ERR_HOST_NOT_FOUND},     {EAI_AGAIN, AIO_ERR_HOST_NOT_FOUND},
      {EAI_FAIL, AIO_ERR_HOST_NOT_FOUND},       {EAI_FAMILY, AIO_ERR_HOST_NOT_FOUND},
      {EAI_SERVICE, AIO_ERR_SERVICE_NOT_FOUND}, {EAI_MEMORY, AIO_ERR_NO_MEMORY},
  };
  for (const auto &[code, status] : failures) {
    for (const auto look_up : ways) {
      Answer answer;
      resolver_fails("name.test", code);
      look_up({"name.test", "80", 0}, answer);
      assert_int_equal(answer.error.status, status);
      assert_int_equal(answer.addresses.size(), 0);
      resolver_reset();
    }
  }
}

void test_lookup__unknown_service_name_is_not_found(void **) {
  for (const auto look_up : ways) {
    Answer answer;
    look_up({"127.0.0.1", "no-such-service", 0}, answer);
    assert_int_equal(answer.error.status, AIO_ERR_SERVICE_NOT_FOUND);
  }
}

void test_resolve__no_host_is_all_addresses(void **) {
  for (const int32_t family : {4, 6}) {
    AddressList addresses;
    assert_true(resolve({nullptr, "0", family}, addresses).ok());
    assert_int_equal(addresses.size(), 1);
    assert_true(equal(addresses[0], any_address(family, 0)));
  }
}

void test_resolve__without_memory_says_so(void **) {
  AddressList addresses;
  resolver_knows("name.test", "192.0.2.1");
  fail_allocation(1);
  assert_int_equal(resolve({"name.test", "80", 0}, addresses).status, AIO_ERR_NO_MEMORY);
}

void test_lookup__without_memory_does_not_start(void **) {
  OpenLoop loop;
  Answer answer;
  fail_allocation(1);
  assert_null(Lookup::start(loop, {"name.test", "80", 0}, answer, answer.error));
  assert_int_equal(answer.error.status, AIO_ERR_NO_MEMORY);
}

void test_lookup__runs_on_another_thread(void **) {
  Answer answer;
  resolver_knows("name.test", "192.0.2.1");
  look_up_in_the_pool({"name.test", "80", 0}, answer);
  assert_false(resolver_was_on_this_thread());
}

void test_abandoned_lookup__tells_nobody(void **) {
  Answer answer;
  resolver_knows("name.test", "192.0.2.1");
  resolver_pause();
  {
    OpenLoop loop;
    Lookup *lookup = Lookup::start(loop, {"name.test", "80", 0}, answer, answer.error);
    assert_non_null(lookup);
    resolver_await(1);
    lookup->abandon();
    resolver_continue();
  }
  assert_int_equal(answer.calls, 0);
}

// ---- RFC 8305, section 4 ----

// Addresses of these families ("4664"), whose ports are their places.
class Found {
 public:
  explicit Found(const std::string &families) : entries_(families.size()), systems_(families.size()) {
    for (size_t i = 0; i < families.size(); ++i) {
      systems_[i] = any_address(families[i] - '0', static_cast<uint16_t>(i));
      entries_[i].ai_addr = reinterpret_cast<sockaddr *>(systems_[i].storage);
      entries_[i].ai_addrlen = systems_[i].length;
      entries_[i].ai_next = i + 1 < families.size() ? &entries_[i + 1] : nullptr;
    }
  }
  const addrinfo *first() const { return entries_.data(); }

 private:
  std::vector<addrinfo> entries_;
  std::vector<aio_address> systems_;
};

// What comes next: the other family's first, if any is left, else one's own first.
std::vector<size_t> alternated(const std::string &families) {
  std::vector<size_t> places;
  std::string rest = families;
  char wanted = families.empty() ? '4' : families[0];
  while (places.size() < families.size()) {
    size_t place = rest.find(wanted);
    if (place == std::string::npos) place = rest.find(wanted == '4' ? '6' : '4');
    wanted = rest[place] == '4' ? '6' : '4';
    rest[place] = '-';
    places.push_back(place);
  }
  return places;
}

void test_alternate_families__all_mixtures(void **) {
  for (size_t length = 1; length <= 6; ++length) {
    for (unsigned mixture = 0; mixture < 1U << length; ++mixture) {
      std::string families;
      for (size_t i = 0; i < length; ++i) families += (mixture >> i & 1) != 0 ? '6' : '4';
      AddressList addresses;
      assert_true(addresses.assign(Found(families).first(), nullptr));
      addresses.alternate_families();
      const std::vector<size_t> expected = alternated(families);
      assert_int_equal(addresses.size(), length);
      for (size_t i = 0; i < length; ++i) assert_int_equal(port_of(addresses[i]), expected[i]);
    }
  }
}

void test_alternate_families__of_nothing_is_nothing(void **) {
  AddressList addresses;
  addresses.alternate_families();
  assert_int_equal(addresses.size(), 0);
}

void test_address_list__sets_a_given_port(void **) {
  AddressList addresses;
  const uint16_t port = 8080;
  assert_true(addresses.assign(Found("46").first(), &port));
  for (size_t i = 0; i < 2; ++i) assert_int_equal(port_of(addresses[i]), port);
}

void test_address_list__leaves_other_families_out(void **) {
  AddressList addresses;
  Found found("464");
  found.first()->ai_next->ai_addr->sa_family = AF_UNIX;
  assert_true(addresses.assign(found.first(), nullptr));
  assert_int_equal(addresses.size(), 2);
}

void test_address_list__without_memory_stays(void **) {
  AddressList addresses;
  assert_true(addresses.assign(Found("46").first(), nullptr));
  fail_allocation(1);
  assert_false(addresses.assign(any_address(4, 7)));
  assert_int_equal(addresses.size(), 2);
}

#define naming(test) cmocka_unit_test_setup_teardown(test, count_memory, forget_names)

const CMUnitTest tests[] = {
    leaves_no_memory(test_service__number_is_a_port),
    leaves_no_memory(test_service__number_that_is_no_port_is_not_found),
    leaves_no_memory(test_service__empty_or_very_long_is_not_found),
    leaves_no_memory(test_service__bad_one_needs_no_lookup_of_the_host),
    leaves_no_memory(test_service__anything_else_is_a_name_to_look_up),
    leaves_no_memory(test_resolve_numeric__answers_numeric_hosts),
    leaves_no_memory(test_resolve_numeric__leaves_names_and_no_host_to_a_lookup),
    leaves_no_memory(test_resolve_numeric__host_of_another_family_is_not_found),
    leaves_no_memory(test_resolve_numeric__without_memory_says_so),
    naming(test_lookup__gives_all_addresses_in_order),
    naming(test_lookup__gives_one_family_if_asked_to),
    naming(test_lookup__highest_port_stays),
    naming(test_lookup__failure_has_its_status),
    naming(test_lookup__unknown_service_name_is_not_found),
    naming(test_lookup__without_memory_does_not_start),
    naming(test_lookup__runs_on_another_thread),
    naming(test_abandoned_lookup__tells_nobody),
    naming(test_resolve__no_host_is_all_addresses),
    naming(test_resolve__without_memory_says_so),
    leaves_no_memory(test_alternate_families__all_mixtures),
    leaves_no_memory(test_alternate_families__of_nothing_is_nothing),
    leaves_no_memory(test_address_list__sets_a_given_port),
    leaves_no_memory(test_address_list__leaves_other_families_out),
    leaves_no_memory(test_address_list__without_memory_stays),
};

}  // namespace

}  // namespace aio::net

int main() { return cmocka_run_group_tests(aio::net::tests, nullptr, nullptr); }
