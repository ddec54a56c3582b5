// Memory of OpenSSL's that runs out, at each of its requests: what fails says so, and nothing crashes or is left. In a
// program of its own, as OpenSSL takes other functions for memory only before its first request.
#include <cstdlib>
#include <string>

#include <openssl/crypto.h>

#include "tls_parties.hpp"
#include "unit.hpp"

namespace aio {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr long kSlowness = 3;  // fewer requests, where all takes longer
#else
constexpr long kSlowness = 1;
#endif

// ---- The memory ----

long live = 0;
long requests = 0;
long until_failure = 0;
bool failed = false;

bool fails_now() {
  ++requests;
  if (until_failure == 0 || --until_failure != 0) return false;
  failed = true;
  return true;
}

void *allocate_for_openssl(size_t size, const char *, int) {
  void *block = fails_now() ? nullptr : std::malloc(size);
  if (block != nullptr) ++live;
  return block;
}

void release_for_openssl(void *block, const char *, int) {
  if (block != nullptr) --live;
  std::free(block);
}

void *reallocate_for_openssl(void *block, size_t size, const char *file, int line) {
  if (size == 0) {
    release_for_openssl(block, file, line);
    return nullptr;
  }
  void *moved = fails_now() ? nullptr : std::realloc(block, size);
  if (moved != nullptr && block == nullptr) ++live;
  return moved;
}

void fail_request(long number) {
  failed = false;
  until_failure = number;
}

// ---- The scenarios ----

struct Contexts {
  Shared<tls::Context> client;
  Shared<tls::Context> server;
};

// How a side whose memory ran out may end: with a word about it, or with what OpenSSL took it for.
void expect_ending(const Error &error) {
  switch (error.status) {
    case AIO_OK:
    case AIO_ERR_NO_MEMORY:
    case AIO_ERR_TLS:
    case AIO_ERR_TLS_CERTIFICATE:
    case AIO_ERR_TLS_HOST_NAME:
      return;
    default:
      fail_msg("a side ended with %s", status_name(error.status));
  }
}

// Whether all of it worked.
bool converse(const Contexts &contexts, int version) {
  MemoryLink link;
  Party client(contexts.client, link.client, {"server.test", 443});
  Party server(contexts.server, link.server);
  bool whole = client.engine != nullptr && server.engine != nullptr;
  if (whole) {
    whole = SSL_set_max_proto_version(client.engine->ssl(), version) == 1;
    shake_hands(client, server);
    whole = whole && client.ready && server.ready;
  }
  if (whole) {
    const Owned<tls::PeerFacts> facts(client.engine->make_facts());
    const std::string bytes(20000, 'x');
    whole = facts != nullptr && facts->certificate(nullptr, 0) != 0 && send(client, server, bytes) &&
            send(server, client, bytes) && client.engine->shutdown_output().ok() && server.read_all() && server.ended;
  }
  for (const Party *party : {&client, &server}) {
    if (party->engine == nullptr && failed) assert_false(party->error.ok());
    expect_ending(party->error);
  }
  return whole;
}

bool make_contexts(Contexts &made) {
  aio_status of_client = AIO_OK;
  aio_status of_server = AIO_OK;
  const aio_tls_options for_client = client_options(Conversation::identity());
  const aio_tls_options for_server = server_options(Conversation::identity());
  made.client = Shared<tls::Context>(tls::Context::create(tls::Side::client, for_client, of_client));
  made.server = Shared<tls::Context>(tls::Context::create(tls::Side::server, for_server, of_server));
  for (const aio_status status : {of_client, of_server}) {
    if (status != AIO_OK) assert_true(failed && (status == AIO_ERR_NO_MEMORY || status == AIO_ERR_TLS_CERTIFICATE));
  }
  return of_client == AIO_OK && of_server == AIO_OK;
}

// Fails each `stride`-th request. What OpenSSL keeps from one use to the next is no leak: a run without failures has it again, and no more than before.
template <class Scenario>
void sweep_requests(long stride, Scenario scenario) {
  constexpr int kWarm = 3;
  for (int turn = 0; turn < kWarm; ++turn) assert_true(scenario());
  OPENSSL_thread_stop();  // what it keeps for the thread, such as texts of errors
  const long kept = live;
  const long before = requests;
  assert_true(scenario());
  const long most = 2 * (requests - before) + 100;
  for (long number = 1;; number += stride * kSlowness) {
    assert_true(number < most);
    fail_request(number);
    const bool whole = scenario();
    OPENSSL_thread_stop();
    if (!failed) {
      fail_request(0);
      assert_true(whole);
      break;
    }
    if (live > kept) {
      assert_true(scenario());
      OPENSSL_thread_stop();
      if (live > kept) fail_msg("%ld blocks are left after the failure of request %ld", live - kept, number);
    }
  }
}

void test_contexts__without_memory_for_openssl(void **) {
  constexpr long kStride = 5;  // there are thousands, most of them for finding how to decode a key
  sweep_requests(kStride, [] {
    Contexts contexts;
    return make_contexts(contexts);
  });
}

void sweep_conversations(int version) {
  Contexts contexts;
  assert_true(make_contexts(contexts));
  sweep_requests(1, [&] {
    const bool whole = converse(contexts, version);
    contexts.client->sessions().clear();  // a full handshake every time
    return whole;
  });
}

void test_tls_1_2__without_memory_for_openssl(void **) { sweep_conversations(TLS1_2_VERSION); }

void test_tls_1_3__without_memory_for_openssl(void **) { sweep_conversations(TLS1_3_VERSION); }

int use_memory(void **) {
  return CRYPTO_set_mem_functions(allocate_for_openssl, reallocate_for_openssl, release_for_openssl) == 1 ? 0 : -1;
}

const CMUnitTest tests[] = {
    leaves_no_memory(test_contexts__without_memory_for_openssl),
    leaves_no_memory(test_tls_1_2__without_memory_for_openssl),
    leaves_no_memory(test_tls_1_3__without_memory_for_openssl),
};

}  // namespace

}  // namespace aio

int main() { return cmocka_run_group_tests(aio::tests, aio::use_memory, nullptr); }
