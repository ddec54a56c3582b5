// What a peer, or whoever is in between, cannot have the engine do: keep answers without end, say what is out of place,
// take anything for a handshake.
#include "tls_unit.hpp"

namespace aio {

namespace {

void ask_for_update(Party &party) {
  assert_int_equal(SSL_key_update(party.engine->ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
  assert_int_equal(SSL_do_handshake(party.engine->ssl()), 1);
}

// OpenSSL 3.0 answers when the next one comes.
void exchange_updates(Party &asking, Party &answering) {
  for (int turn = 0; turn < 3; ++turn) {
    ask_for_update(asking);
    assert_int_equal(answering.read({10}).kind, Kind::blocked);
  }
}

// ---- Bytes that are taken and not out ----

void test_unsent__is_what_the_record_held_back_stands_for(void **) {
  for (const int version : kVersions) {
    Conversation talk(version);
    talk.open();
    assert_int_equal(talk.client.write(payload(100)).bytes, 100);
    assert_int_equal(talk.client.engine->unsent(), 0);
    talk.link.client.room = kRecord + 2000;
    assert_int_equal(talk.client.write(payload(40000)).bytes, 2 * kRecord);
    assert_int_equal(talk.client.engine->unsent(), kRecord);
    talk.link.client.room = 100;
    assert_int_equal(talk.client.engine->flush().kind, Kind::moved);
    assert_int_equal(talk.client.engine->unsent(), kRecord);
    talk.link.client.room = SIZE_MAX;
    assert_int_equal(talk.client.engine->flush().kind, Kind::moved);
    assert_int_equal(talk.client.engine->unsent(), 0);
  }
}

// Nor is an answer to the peer.
void test_unsent__is_not_what_went_out_before(void **) {
  for (const bool flushed : {false, true}) {
    Conversation talk(TLS1_3_VERSION);
    talk.open();
    if (flushed) talk.link.server.room = 0;
    assert_int_equal(talk.server.write(payload(100)).bytes, 100);
    talk.link.server.room = SIZE_MAX;
    if (flushed) assert_int_equal(talk.server.engine->flush().kind, Kind::moved);
    talk.link.server.room = 0;
    exchange_updates(talk.client, talk.server);
    assert_true(talk.server.engine->has_output());
    assert_int_equal(talk.server.engine->unsent(), 0);
  }
}

// ---- Answers ----

// Whether the engine refuses to answer any more before it keeps `most` bytes.
template <class Step>
void expect_an_end_of_answers(Step step) {
  constexpr size_t kMost = size_t{512} << 10;
  constexpr int kMany = 40000;
  Conversation talk(TLS1_3_VERSION);
  talk.open();
  talk.link.server.room = 0;
  Error error;
  for (int turn = 0; turn < kMany && error.ok(); ++turn) {
    ask_for_update(talk.client);
    error = step(*talk.server.engine).error();
  }
  assert_int_equal(error.status, AIO_ERR_TLS);
  assert_string_not_equal(talk.server.engine->error_text(), "");
  talk.link.server.room = SIZE_MAX;
  const size_t before = talk.link.to_client.bytes.size();
  assert_int_equal(talk.server.engine->flush().kind, Kind::moved);
  assert_in_range(talk.link.to_client.bytes.size() - before, 1, kMost);
}

void test_answers__end_for_who_reads(void **) {
  expect_an_end_of_answers([](tls::Engine &engine) {
    Byte byte;
    const net::Span span = {&byte, 1};
    return engine.read(&span, 1);
  });
}

void test_answers__end_for_who_only_looks(void **) {
  expect_an_end_of_answers([](tls::Engine &engine) { return engine.peek(); });
}

// Behind close_notify the peer may take what comes for plain bytes (and RFC 8446, 6.1 forbids it anyhow).
void test_answers__none_behind_close_notify(void **) {
  Conversation talk(TLS1_3_VERSION);
  talk.open();
  talk.server.engine->notify_close();
  assert_int_equal(count_records(talk.link.to_client.bytes), 1);
  exchange_updates(talk.client, talk.server);
  assert_int_equal(talk.client.write("abc").bytes, 3);
  assert_true(talk.server.read_all());
  assert_string_equal(talk.server.got.c_str(), "abc");
  assert_int_equal(count_records(talk.link.to_client.bytes), 1);
}

void test_alert__none_behind_close_notify(void **) {
  for (const int version : kVersions) {
    Conversation talk(version);
    talk.open();
    talk.server.engine->notify_close();
    talk.link.to_server.bytes = "garbage garbage";
    assert_int_equal(talk.server.read({1}).error().status, AIO_ERR_TLS);
    assert_int_equal(count_records(talk.link.to_client.bytes), 1);
  }
}

// ---- A handshake ----

// Anybody in between can say it, in plain: nothing is verified.
void test_handshake__ended_by_close_notify_is_not_done(void **) {
  const std::string close_notify("\x15\x03\x03\x00\x02\x01\x00", 7);
  for (const int version : kVersions) {
    for (const bool begun : {false, true}) {
      Conversation talk(version);
      if (begun) {
        talk.client.step_handshake();
        talk.server.step_handshake();
        talk.link.to_client.bytes = close_notify;
      } else {
        talk.client.step_handshake();
        talk.link.to_client.bytes = talk.link.to_server.bytes = close_notify;
        talk.server.step_handshake();
        assert_false(talk.server.error.ok());
      }
      talk.client.step_handshake();
      assert_false(talk.client.ready);
      assert_int_equal(talk.client.error.status, AIO_ERR_TLS);
      assert_string_not_equal(talk.client.engine->error_text(), "");
      assert_int_equal(talk.client.engine->shake_hands().kind, Kind::failed);
      assert_int_equal(talk.client.read({10}).kind, Kind::failed);
      assert_int_equal(talk.client.write("secret").kind, Kind::failed);
    }
  }
}

// ---- Names ----

void test_name__of_nothing_is_refused(void **) {
  for (const char *name : {".", "%eth0", "%"}) {
    const Conversation talk(TLS1_3_VERSION, {name, 443});
    assert_null(talk.client.engine);
    assert_int_equal(talk.client.error.status, AIO_ERR_INVALID_ARGUMENT);
  }
}

void test_name__too_long_is_refused(void **) {
  const std::string longest = std::string(250, 'a') + ".test";
  const Conversation good(TLS1_3_VERSION, {longest.c_str(), 443});
  assert_non_null(good.client.engine);
  const Conversation bad(TLS1_3_VERSION, {("a" + longest).c_str(), 443});
  assert_null(bad.client.engine);
  assert_int_equal(bad.client.error.status, AIO_ERR_INVALID_ARGUMENT);
}

const CMUnitTest tests[] = {
    leaves_no_memory(test_unsent__is_what_the_record_held_back_stands_for),
    leaves_no_memory(test_unsent__is_not_what_went_out_before),
    leaves_no_memory(test_answers__end_for_who_reads),
    leaves_no_memory(test_answers__end_for_who_only_looks),
    leaves_no_memory(test_answers__none_behind_close_notify),
    leaves_no_memory(test_alert__none_behind_close_notify),
    leaves_no_memory(test_handshake__ended_by_close_notify_is_not_done),
    leaves_no_memory(test_name__of_nothing_is_refused),
    leaves_no_memory(test_name__too_long_is_refused),
};

}  // namespace

}  // namespace aio

int main() { return cmocka_run_group_tests(aio::tests, nullptr, nullptr); }
