// Sessions that may be resumed: which one is given, how often, and how many are kept.
#include <string>

#include "tls/session_store.hpp"
#include "tls_parties.hpp"
#include "unit.hpp"

namespace aio {

namespace {

using tls::OwnedSession;
using tls::SessionStore;

constexpr size_t kMost = 256;
constexpr size_t kMostOfOneKey = 4;

struct OpenStore : SessionStore {
  OpenStore() { assert_true(open()); }
};

// One that can be resumed, with a number to know it by.
OwnedSession session(unsigned char number, int version = TLS1_3_VERSION) {
  OwnedSession made(SSL_SESSION_new());
  assert_int_equal(SSL_SESSION_set_protocol_version(made.get(), version), 1);
  assert_int_equal(SSL_SESSION_set1_id(made.get(), &number, 1), 1);
  return made;
}

void expect_session(const OwnedSession &found, unsigned char number) {
  assert_non_null(found.get());
  unsigned length = 0;
  const unsigned char *id = SSL_SESSION_get_id(found.get(), &length);
  assert_int_equal(length, 1);
  assert_int_equal(*id, number);
}

std::string key_of(size_t number) { return "server" + std::to_string(number) + ":443"; }

void test_take__gives_the_newest_of_the_key(void **) {
  OpenStore store;
  store.put("a:1", session(1));
  store.put("a:1", session(2));
  store.put("b:1", session(3));
  assert_null(store.take("a:2").get());
  assert_null(store.take("a").get());
  expect_session(store.take("a:1"), 2);
  expect_session(store.take("a:1"), 1);
  expect_session(store.take("b:1"), 3);
}

void test_take__gives_one_of_tls_1_3_once(void **) {
  OpenStore store;
  store.put("a:1", session(1));
  const OwnedSession first = store.take("a:1");
  expect_session(first, 1);
  assert_null(store.take("a:1").get());
}

void test_take__gives_one_of_tls_1_2_again(void **) {
  OpenStore store;
  store.put("a:1", session(1, TLS1_2_VERSION));
  for (int turn = 0; turn < 3; ++turn) expect_session(store.take("a:1"), 1);
  store.put("a:1", session(2, TLS1_2_VERSION));
  for (int turn = 0; turn < 3; ++turn) expect_session(store.take("a:1"), 2);
}

void test_take__passes_over_what_cannot_be_resumed(void **) {
  OpenStore store;
  store.put("a:1", session(1));
  store.put("a:1", OwnedSession(SSL_SESSION_new()));
  store.put("a:1", OwnedSession(SSL_SESSION_new()));
  expect_session(store.take("a:1"), 1);
  assert_null(store.take("a:1").get());
}

void test_put__keeps_a_few_of_one_key(void **) {
  OpenStore store;
  store.put("b:1", session(100));
  for (unsigned char number = 1; number <= 20; ++number) store.put("a:1", session(number));
  for (size_t index = 0; index < kMostOfOneKey; ++index) {
    expect_session(store.take("a:1"), static_cast<unsigned char>(20 - index));
  }
  assert_null(store.take("a:1").get());
  expect_session(store.take("b:1"), 100);
}

void test_put__lets_the_oldest_go(void **) {
  OpenStore store;
  for (size_t number = 0; number < kMost + 44; ++number) {
    store.put(key_of(number).c_str(), session(static_cast<unsigned char>(number)));
  }
  for (size_t number = 0; number < kMost + 44; ++number) {
    const OwnedSession found = store.take(key_of(number).c_str());
    if (number < 44) {
      assert_null(found.get());
    } else {
      expect_session(found, static_cast<unsigned char>(number));
    }
  }
}

// Its own oldest makes room, and nobody else's.
void test_put__in_a_full_store_of_a_key_that_has_enough(void **) {
  OpenStore store;
  for (size_t number = 0; number < kMost - kMostOfOneKey; ++number) store.put(key_of(number).c_str(), session(7));
  for (unsigned char number = 0; number < 50; ++number) store.put("busy:1", session(number));
  for (size_t number = 0; number < kMost - kMostOfOneKey; ++number) {
    expect_session(store.take(key_of(number).c_str()), 7);
  }
}

void test_put__counts_what_was_taken(void **) {
  OpenStore store;
  for (int turn = 0; turn < 3; ++turn) {
    for (size_t number = 0; number < kMost; ++number) store.put(key_of(number).c_str(), session(7));
    for (size_t number = 0; number < kMost; ++number) expect_session(store.take(key_of(number).c_str()), 7);
  }
}

void test_clear__forgets_all(void **) {
  OpenStore store;
  for (int turn = 0; turn < 2; ++turn) {
    for (size_t number = 0; number < kMost; ++number) store.put(key_of(number).c_str(), session(7));
    store.clear();
    for (size_t number = 0; number < kMost; ++number) assert_null(store.take(key_of(number).c_str()).get());
  }
}

void test_put__without_memory_forgets_the_session(void **) {
  for (const long allocation : {1, 2}) {
    OpenStore store;
    store.put("a:1", session(1));
    fail_allocation(allocation);
    store.put("a:1", session(2));
    assert_true(allocation_failed());
    expect_session(store.take("a:1"), 1);
    assert_null(store.take("a:1").get());
  }
}

// ---- By connections ----

struct Pair {
  explicit Pair(int version_number) : version(version_number) {}

  // Whether it was resumed, which both sides know.
  bool connect(const tls::ServerName &name = {"server.test", 443}) {
    MemoryLink link;
    Party client_side(client, link.client, name);
    Party server_side(server, link.server);
    SSL_set_max_proto_version(client_side.engine->ssl(), version);
    shake_hands(client_side, server_side);
    assert_true(client_side.ready && server_side.ready);
    assert_true(send(server_side, client_side, "sessions come before the data"));
    assert_true(send(client_side, server_side, "data"));
    const Owned<tls::PeerFacts> facts(client_side.engine->make_facts());
    const Owned<tls::PeerFacts> facts_of_server(server_side.engine->make_facts());
    assert_int_equal(facts->resumed, facts_of_server->resumed);
    // What is known of the server is known of a resumed one too.
    assert_int_equal(facts->certificate(nullptr, 0), Conversation::identity().certificate.size() + 1);
    server_side.engine->notify_close();
    client_side.engine->notify_close();
    return facts->resumed;
  }

  aio_tls_options of_server = server_options(Conversation::identity());
  aio_tls_options of_client = client_options(Conversation::identity());
  int version;
  Shared<tls::Context> client = make_context(tls::Side::client, of_client);
  Shared<tls::Context> server = make_context(tls::Side::server, of_server);
};

void test_connections__are_resumed_by_name_and_port(void **) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Pair pair(version);
    assert_false(pair.connect());
    for (int turn = 0; turn < 4; ++turn) assert_true(pair.connect());
    assert_false(pair.connect({"server.test", 444}));
    assert_false(pair.connect({"a.wild.test", 443}));
    assert_false(pair.connect({"127.0.0.1", 443}));
    assert_true(pair.connect({"127.0.0.1", 443}));
    assert_true(pair.connect());
  }
}

void test_connections__are_not_resumed_after_a_reload(void **) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const bool of_client : {false, true}) {
      Pair pair(version);
      assert_false(pair.connect());
      tls::Context &reloaded = of_client ? *pair.client : *pair.server;
      assert_int_equal(reloaded.reload(of_client ? &pair.of_client : &pair.of_server), AIO_OK);
      assert_false(pair.connect());
      assert_true(pair.connect());
    }
  }
}

void test_connections__without_sessions(void **) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const bool of_client : {false, true}) {
      Pair pair(version);
      (of_client ? pair.of_client : pair.of_server).session_cache = AIO_NO;
      tls::Context &reloaded = of_client ? *pair.client : *pair.server;
      assert_int_equal(reloaded.reload(of_client ? &pair.of_client : &pair.of_server), AIO_OK);
      for (int turn = 0; turn < 3; ++turn) assert_false(pair.connect());
    }
  }
}

const CMUnitTest tests[] = {
    leaves_no_memory(test_take__gives_the_newest_of_the_key),
    leaves_no_memory(test_take__gives_one_of_tls_1_3_once),
    leaves_no_memory(test_take__gives_one_of_tls_1_2_again),
    leaves_no_memory(test_take__passes_over_what_cannot_be_resumed),
    leaves_no_memory(test_put__keeps_a_few_of_one_key),
    leaves_no_memory(test_put__lets_the_oldest_go),
    leaves_no_memory(test_put__in_a_full_store_of_a_key_that_has_enough),
    leaves_no_memory(test_put__counts_what_was_taken),
    leaves_no_memory(test_clear__forgets_all),
    leaves_no_memory(test_put__without_memory_forgets_the_session),
    leaves_no_memory(test_connections__are_resumed_by_name_and_port),
    leaves_no_memory(test_connections__are_not_resumed_after_a_reload),
    leaves_no_memory(test_connections__without_sessions),
};

}  // namespace

}  // namespace aio

int main() { return cmocka_run_group_tests(aio::tests, nullptr, nullptr); }
