// Output that the channel below does not take: at most one record is sealed ahead, nothing is lost, and reading goes on.
#include "tls_unit.hpp"

namespace aio {

namespace {

constexpr size_t kMostSealed = kRecord + 512;  // with a record's overhead

void unblock(Party &party) {
  party.channel.room = SIZE_MAX;
  assert_int_equal(party.engine->flush().kind, Kind::moved);
  assert_false(party.engine->has_output());
}

void test_write__seals_one_record_ahead(void **) {
  for (const int version : kVersions) {
    for (const size_t room : {size_t{0}, size_t{1}, kRecord, kRecord + 100, 3 * kRecord}) {
      Conversation talk(version);
      talk.open();
      const std::string all = payload(100000);
      talk.link.client.room = room;
      const size_t moved = talk.client.write(all).bytes;
      assert_in_range(moved, room / kMostSealed * kRecord + 1, (room / kRecord + 1) * kRecord);
      assert_true(talk.client.engine->has_output());
      const int writes = talk.link.client.writes;
      assert_int_equal(talk.client.write(all.substr(moved)).kind, Kind::blocked);
      assert_int_equal(talk.link.client.writes, writes);  // what is sealed goes first
      assert_int_equal(talk.client.engine->flush().kind, Kind::blocked);
      assert_true(talk.client.engine->has_output());
      unblock(talk.client);
      assert_true(talk.server.read_all());
      assert_true(talk.server.got == all.substr(0, moved));
      assert_true(send(talk.client, talk.server, all.substr(moved)));
    }
  }
}

void test_flush__in_pieces(void **) {
  for (const int version : kVersions) {
    Conversation talk(version);
    talk.open();
    talk.link.client.room = 0;
    assert_int_equal(talk.client.write(payload(kRecord)).bytes, kRecord);
    talk.link.client.most_per_write = 1000;
    talk.link.client.room = SIZE_MAX;
    int pieces = 0;
    for (; talk.client.engine->has_output(); ++pieces) {
      const net::IoResult result = talk.client.engine->flush();
      assert_int_equal(result.kind, Kind::moved);
      assert_in_range(result.bytes, 1, 1000);
      if (talk.client.engine->has_output()) assert_int_equal(talk.client.write("x").kind, Kind::blocked);
    }
    assert_int_equal(pieces, 17);
    assert_int_equal(talk.client.engine->flush().kind, Kind::moved);  // nothing is to be done
    assert_true(talk.server.read_all());
    assert_true(talk.server.got == payload(kRecord));
  }
}

void test_read__goes_on_while_output_is_blocked(void **) {
  for (const int version : kVersions) {
    Conversation talk(version);
    talk.open();
    talk.link.client.room = 100;
    assert_int_equal(talk.client.write(payload(kRecord)).bytes, kRecord);
    assert_true(send(talk.server, talk.client, payload(50000)));
    assert_true(talk.client.engine->has_output());
    unblock(talk.client);
    assert_true(talk.server.read_all());
    assert_true(talk.server.got == payload(kRecord));
  }
}

void test_handshake__while_output_is_blocked(void **) {
  for (const int version : kVersions) {
    Conversation talk(version);
    talk.link.server.room = 10;
    talk.client.step_handshake();
    talk.server.step_handshake();
    assert_true(talk.server.engine->has_output());
    for (int turn = 0; turn < 3; ++turn) talk.client.step_handshake();
    assert_int_equal(talk.client.error.status, AIO_OK);
    unblock(talk.server);
    talk.open();
    assert_true(talk.client.ready && talk.server.ready);
    assert_true(send(talk.server, talk.client, payload(100)));
  }
}

// Done, with the last message not yet taken below: the application's data goes behind it.
void test_handshake__done_with_its_end_to_be_flushed(void **) {
  Conversation talk(TLS1_3_VERSION);
  talk.client.step_handshake();
  talk.server.step_handshake();
  talk.link.client.room = 0;
  talk.client.step_handshake();
  assert_true(talk.client.ready);
  assert_true(talk.client.engine->has_output());
  assert_int_equal(talk.client.write("abc").kind, Kind::blocked);
  unblock(talk.client);
  assert_int_equal(talk.client.write("abc").bytes, 3);
  talk.server.step_handshake();
  assert_true(talk.server.ready);
  assert_true(talk.server.read_all());
  assert_string_equal(talk.server.got.c_str(), "abc");
}

void test_shutdown_output__is_busy_while_blocked(void **) {
  for (const int version : kVersions) {
    for (const bool writing : {false, true}) {
      Conversation talk(version);
      talk.open();
      talk.link.client.room = 0;
      if (writing) assert_int_equal(talk.client.write(payload(100)).bytes, 100);
      for (int turn = 0; turn < 3; ++turn) {
        assert_int_equal(talk.client.engine->shutdown_output().status, AIO_ERR_BUSY);
        assert_true(talk.client.engine->has_output());
        assert_int_equal(talk.link.client.shutdowns, 0);
      }
      unblock(talk.client);
      assert_int_equal(talk.client.engine->shutdown_output().status, AIO_OK);
      assert_int_equal(talk.link.client.shutdowns, 1);
      assert_int_equal(count_records(talk.link.to_server.bytes), writing ? 2 : 1);
      assert_true(talk.server.read_all());
      assert_true(talk.server.got == payload(writing ? 100 : 0));
      assert_true(talk.server.ended);
    }
  }
}

void test_shutdown_output__flushes_by_itself(void **) {
  Conversation talk(TLS1_3_VERSION);
  talk.open();
  talk.link.client.room = 0;
  assert_int_equal(talk.client.write(payload(100)).bytes, 100);
  talk.link.client.room = SIZE_MAX;
  assert_int_equal(talk.client.engine->shutdown_output().status, AIO_OK);
  assert_true(talk.server.read_all());
  assert_true(talk.server.got == payload(100));
  assert_true(talk.server.ended);
}

// ---- Keys that the peer has updated (RFC 8446, 4.6.3) ----

void ask_for_update(Party &party) {
  assert_int_equal(SSL_key_update(party.engine->ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
  assert_int_equal(party.write("k").bytes, 1);
}

void test_key_update__while_output_is_blocked(void **) {
  Conversation talk(TLS1_3_VERSION);
  talk.open();
  talk.link.server.room = 50;
  assert_int_equal(talk.server.write(payload(10000)).bytes, 10000);
  for (int turn = 0; turn < 3; ++turn) ask_for_update(talk.client);
  assert_true(talk.server.read_all());
  assert_string_equal(talk.server.got.c_str(), "kkk");
  assert_int_equal(talk.server.write("x").kind, Kind::blocked);
  unblock(talk.server);
  assert_true(talk.client.read_all());
  assert_true(talk.client.got == payload(10000));
  assert_true(send(talk.server, talk.client, payload(20000)));
  assert_true(send(talk.client, talk.server, payload(20000)));
}

// Who asks and asks, and does not read the answers, is not answered without bound.
void test_key_update__asked_for_without_end_is_an_error(void **) {
  constexpr size_t kMostAnswers = size_t{64} << 10;
  constexpr int kMany = 6000;
  Conversation talk(TLS1_3_VERSION);
  talk.open();
  talk.link.server.room = 0;
  for (int turn = 0; turn < kMany; ++turn) ask_for_update(talk.client);
  for (int turn = 0; turn < kMany && talk.server.goes_on(); ++turn) talk.server.read({1});
  assert_in_range(talk.server.got.size(), kMany / 4, kMany - 1);
  assert_int_equal(talk.server.error.status, AIO_ERR_TLS);
  assert_string_not_equal(talk.server.engine->error_text(), "");
  assert_int_equal(talk.server.read({1}).error().status, AIO_ERR_TLS);
  assert_true(talk.server.engine->has_input());
  const size_t before = talk.link.to_client.bytes.size();
  unblock(talk.server);
  assert_in_range(talk.link.to_client.bytes.size() - before, kMostAnswers, kMostAnswers + kRecord);
}

// ---- Messages to OpenSSL itself that have come in part: nothing can be sealed before the rest ----

// A client that has got the first record of a ticket which has more of them.
struct PartOfTicket {
  PartOfTicket() : talk(TLS1_3_VERSION, for_server(), for_client()) {
    constexpr long kSmallest = 512;
    assert_int_equal(SSL_set_max_send_fragment(talk.server.engine->ssl(), kSmallest), 1);
    for (int turn = 0; turn < 2; ++turn) {
      talk.client.step_handshake();
      talk.server.step_handshake();
    }
    assert_true(talk.client.ready && talk.server.ready);
    std::string &bytes = talk.link.to_client.bytes;
    const size_t first = record_size(bytes, 0);
    rest = bytes.substr(first);
    bytes.resize(first);
    assert_int_equal(talk.client.read({10}).kind, Kind::blocked);
  }

  void bring_rest() { talk.link.to_client.bytes += rest; }

  static aio_tls_options for_server() {
    aio_tls_options options = server_options(Conversation::identity());
    trust(options, Conversation::identity());
    options.verify = AIO_OPTIONAL;
    return options;
  }
  // With a certificate, which makes the ticket long.
  static aio_tls_options for_client() {
    aio_tls_options options = for_server();
    options.verify = AIO_YES;
    return options;
  }

  Conversation talk;
  std::string rest;
};

void test_write__waits_for_the_rest_of_a_message(void **) {
  PartOfTicket part;
  Party &client = part.talk.client;
  for (int turn = 0; turn < 3; ++turn) {
    assert_int_equal(client.write("abc").kind, Kind::blocked);
    assert_true(client.engine->wants_input());
    assert_false(client.engine->has_output());
    assert_int_equal(client.engine->peek().kind, Kind::blocked);
    assert_true(client.engine->wants_input());
  }
  part.bring_rest();
  assert_int_equal(client.engine->peek().kind, Kind::blocked);
  assert_false(client.engine->wants_input());
  assert_true(send(client, part.talk.server, "abc"));
  assert_true(send(part.talk.server, client, payload(1000)));
}

void test_shutdown_output__waits_for_the_rest_of_a_message(void **) {
  PartOfTicket part;
  Party &client = part.talk.client;
  for (int turn = 0; turn < 3; ++turn) {
    assert_int_equal(client.engine->shutdown_output().status, AIO_ERR_BUSY);
    assert_true(client.engine->wants_input());
    assert_int_equal(client.channel.shutdowns, 0);
  }
  part.bring_rest();
  assert_int_equal(client.read({10}).kind, Kind::blocked);
  assert_false(client.engine->wants_input());
  assert_int_equal(client.engine->shutdown_output().status, AIO_OK);
  assert_true(part.talk.server.read_all());
  assert_true(part.talk.server.ended);
}

// Who waited for it would wait for ever.
void test_write__fails_if_the_rest_of_a_message_cannot_come(void **) {
  for (const bool writing : {false, true}) {
    for (const Error error : {Error{}, Error{AIO_ERR_CONNECTION_RESET, 104}}) {
      PartOfTicket part;
      Party &client = part.talk.client;
      if (writing) {
        assert_int_equal(client.write("abc").kind, Kind::blocked);
      } else {
        assert_int_equal(client.engine->shutdown_output().status, AIO_ERR_BUSY);
      }
      part.talk.link.to_client.ended = true;
      part.talk.link.to_client.error = error;
      assert_int_equal(client.engine->peek().kind, Kind::failed);
      assert_false(client.engine->wants_input());
      const aio_status expected = error.ok() ? AIO_ERR_TLS_TRUNCATED : error.status;
      assert_int_equal(client.write("abc").error().status, expected);
      assert_false(client.engine->wants_input());
      assert_int_equal(client.engine->shutdown_output().status, expected);
      assert_false(client.engine->wants_input());
    }
  }
}

const CMUnitTest tests[] = {
    leaves_no_memory(test_write__seals_one_record_ahead),
    leaves_no_memory(test_flush__in_pieces),
    leaves_no_memory(test_read__goes_on_while_output_is_blocked),
    leaves_no_memory(test_handshake__while_output_is_blocked),
    leaves_no_memory(test_handshake__done_with_its_end_to_be_flushed),
    leaves_no_memory(test_shutdown_output__is_busy_while_blocked),
    leaves_no_memory(test_shutdown_output__flushes_by_itself),
    leaves_no_memory(test_key_update__while_output_is_blocked),
    leaves_no_memory(test_key_update__asked_for_without_end_is_an_error),
    leaves_no_memory(test_write__waits_for_the_rest_of_a_message),
    leaves_no_memory(test_shutdown_output__waits_for_the_rest_of_a_message),
    leaves_no_memory(test_write__fails_if_the_rest_of_a_message_cannot_come),
};

}  // namespace

}  // namespace aio

int main() { return cmocka_run_group_tests(aio::tests, nullptr, nullptr); }
