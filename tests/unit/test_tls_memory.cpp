// Memory of the library that runs out, at each of its requests: nothing crashes or is left, what was said to be moved was,
// and who tries again goes on, unless what is lost is a record of his own.
#include "tls_unit.hpp"

namespace aio {

namespace {

constexpr int kPatience = 4;

// One failure is got over; false: it stays.
bool get_over(Party &party) {
  if (party.error.ok()) return true;
  assert_int_equal(party.error.status, AIO_ERR_NO_MEMORY);
  assert_true(allocation_failed());
  party.error = {};
  return party.engine->flush().kind != Kind::failed;
}

bool open_in_spite(Party &client, Party &server) {
  for (int turn = 0; turn < kPatience; ++turn) {
    shake_hands(client, server);
    if (client.ready && server.ready) return true;
    if (!get_over(client) || !get_over(server)) return false;
  }
  fail_msg("the handshake does not go on");
  return false;
}

// Sends through a channel that takes little at a time, which has the engine keep what is sealed.
bool send_in_spite(Party &from, Party &to, const std::string &bytes) {
  constexpr size_t kLittle = 10000;
  to.got.clear();
  from.channel.most_per_write = kLittle;
  for (size_t begin = 0; begin < bytes.size() || from.engine->has_output();) {
    from.channel.room = kLittle;
    if (begin < bytes.size()) begin += from.write(bytes.substr(begin), 3).bytes;
    static_cast<void>(from.engine->flush());
    if (!get_over(from)) return false;
    for (int turn = 0; turn < kPatience && to.can_read(); ++turn) {
      static_cast<void>(to.read_all());
      if (!get_over(to)) return false;
    }
  }
  from.channel.room = from.channel.most_per_write = SIZE_MAX;
  assert_true(to.got == bytes);
  return true;
}

bool end_in_spite(Party &from, Party &to) {
  Error error = from.engine->shutdown_output();
  if (error.status == AIO_ERR_NO_MEMORY) return false;
  assert_int_equal(error.status, AIO_OK);
  for (int turn = 0; turn < kPatience && to.can_read(); ++turn) {
    static_cast<void>(to.read_all());
    if (!get_over(to)) return false;
  }
  assert_true(to.ended);
  return true;
}

// Whether it came to its end.
bool converse(int version, const Shared<tls::Context> &of_client, const Shared<tls::Context> &of_server) {
  MemoryLink link;
  Party client(of_client, link.client, {"server.test", 443});
  Party server(of_server, link.server);
  for (const Party *party : {&client, &server}) {
    if (party->engine != nullptr) continue;
    assert_int_equal(party->error.status, AIO_ERR_NO_MEMORY);
    return false;
  }
  SSL_set_max_proto_version(client.engine->ssl(), version);
  if (!open_in_spite(client, server)) return false;
  const Owned<tls::PeerFacts> facts(client.engine->make_facts());
  if (facts == nullptr) assert_true(allocation_failed());
  return send_in_spite(client, server, payload(40000)) && send_in_spite(server, client, payload(40000)) &&
         end_in_spite(client, server) && end_in_spite(server, client);
}

void test_conversation__without_memory_at_each_request(void **) {
  for (const int version : kVersions) {
    long allocation = 1;
    long overcome = 0;
    for (;; ++allocation) {
      const Shared<tls::Context> of_client = make_context(tls::Side::client, client_options(Conversation::identity()));
      const Shared<tls::Context> of_server = make_context(tls::Side::server, server_options(Conversation::identity()));
      fail_allocation(allocation);
      const bool whole = converse(version, of_client, of_server);
      if (!allocation_failed()) {
        fail_allocation(0);
        assert_true(whole);
        break;
      }
      overcome += whole ? 1 : 0;
    }
    assert_in_range(allocation, 10, 1000);
    assert_true(overcome >= allocation / 2);
  }
}

void test_context__without_memory_at_each_request(void **) {
  aio_tls_options options = server_options(Conversation::identity());
  options.alpn = "one,two";
  options.password = "secret";
  for (const tls::Side side : {tls::Side::client, tls::Side::server}) {
    long allocation = 1;
    for (;; ++allocation) {
      const long live = live_allocations();
      fail_allocation(allocation);
      aio_status status = AIO_OK;
      const Shared<tls::Context> context(tls::Context::create(side, options, status));
      if (!allocation_failed()) break;
      assert_int_equal(status, AIO_ERR_NO_MEMORY);
      assert_false(static_cast<bool>(context));
      assert_int_equal(live_allocations(), live);
    }
    assert_in_range(allocation, 5, 50);
  }
}

void test_feed__without_memory_takes_nothing(void **) {
  Conversation talk(TLS1_3_VERSION);
  talk.client.step_handshake();
  std::string hello = talk.link.to_server.bytes;
  talk.link.to_server.bytes.clear();
  const Byte *bytes = reinterpret_cast<const Byte *>(hello.data());
  fail_allocation(1);
  assert_false(talk.server.engine->feed(bytes, hello.size()));
  assert_true(talk.server.engine->feed(bytes, hello.size()));
  talk.open();
  assert_true(talk.client.ready && talk.server.ready);
}

// Without a block to gather them in, spans leave in records of their own.
void test_write__without_memory_to_gather(void **) {
  Conversation talk(TLS1_3_VERSION);
  talk.open();
  fail_allocation(2);  // the first is for what might be blocked
  assert_int_equal(talk.client.write(payload(90), 3).bytes, 90);
  assert_true(allocation_failed());
  assert_in_range(count_records(talk.link.to_server.bytes), 2, 3);
  assert_true(talk.server.read_all());
  assert_true(talk.server.got == payload(90));
}

const CMUnitTest tests[] = {
    leaves_no_memory(test_conversation__without_memory_at_each_request),
    leaves_no_memory(test_context__without_memory_at_each_request),
    leaves_no_memory(test_feed__without_memory_takes_nothing),
    leaves_no_memory(test_write__without_memory_to_gather),
};

}  // namespace

}  // namespace aio

int main() { return cmocka_run_group_tests(aio::tests, nullptr, nullptr); }
