// How connections end: in order, cut, by errors below, by a broken protocol; and what comes behind the end.
#include "tls_unit.hpp"

namespace aio {

namespace {

// Whatever is tried, and however often.
void expect_reads_to_fail(Party &party, aio_status status) {
  for (int turn = 0; turn < 3; ++turn) {
    assert_true(party.engine->has_input());
    assert_int_equal(party.read({100}).error().status, status);
    const net::IoResult peeked = party.engine->peek();
    assert_int_equal(peeked.kind, Kind::failed);
    assert_int_equal(peeked.error().status, status);
  }
}

void expect_error_text(const Party &party, const char *text) {
  if (std::strstr(party.engine->error_text(), text) == nullptr) {
    fail_msg("\"%s\" does not tell of \"%s\"", party.engine->error_text(), text);
  }
}

// ---- In order ----

void test_end__is_the_peers_close_notify(void **) {
  for (const int version : kVersions) {
    Conversation talk(version);
    talk.open();
    assert_int_equal(talk.client.write(payload(20000)).bytes, 20000);
    talk.client.engine->notify_close();
    talk.client.engine->notify_close();  // once
    assert_int_equal(talk.link.client.shutdowns, 0);
    assert_true(talk.server.read_all());
    assert_true(talk.server.got == payload(20000));
    for (int turn = 0; turn < 3; ++turn) {
      assert_true(talk.server.engine->has_input());
      assert_int_equal(talk.server.read({100}).kind, Kind::ended);
    }
    assert_int_equal(talk.server.error.status, AIO_OK);
  }
}

void test_end__of_one_direction_leaves_the_other(void **) {
  for (const int version : kVersions) {
    Conversation talk(version);
    talk.open();
    assert_int_equal(talk.client.engine->shutdown_output().status, AIO_OK);
    assert_int_equal(talk.link.client.shutdowns, 1);
    assert_true(talk.server.read_all());
    assert_true(talk.server.ended);
    assert_int_equal(talk.server.write(payload(40000)).bytes, 40000);
    assert_int_equal(talk.server.engine->shutdown_output().status, AIO_OK);
    assert_true(talk.client.read_all());
    assert_true(talk.client.got == payload(40000));
    assert_true(talk.client.ended);
    assert_int_equal(talk.client.error.status, AIO_OK);
  }
}

void test_rest__is_what_comes_behind_close_notify(void **) {
  for (const int version : kVersions) {
    for (const size_t cut : {size_t{1}, size_t{20}, SIZE_MAX}) {
      Conversation talk(version);
      talk.open();
      assert_int_equal(talk.client.write("secret").bytes, 6);
      talk.client.engine->notify_close();
      talk.link.to_server.bytes += "in plain";
      talk.link.server.most_per_read = cut;
      assert_true(talk.server.read_all());
      assert_true(talk.server.ended);
      assert_string_equal(talk.server.got.c_str(), "secret");
      ByteQueue &rest = talk.server.engine->rest();
      std::string found(reinterpret_cast<const char *>(rest.data()), rest.size());
      found += talk.link.to_server.bytes;  // what was not read at all
      assert_string_equal(found.c_str(), "in plain");
      rest.consume(rest.size());
    }
  }
}

// ---- Cut ----

void test_end__without_close_notify_is_told_after_the_data(void **) {
  for (const int version : kVersions) {
    for (const size_t cut_off : {size_t{0}, size_t{1}, size_t{1500}}) {
      Conversation talk(version);
      talk.open();
      assert_int_equal(talk.client.write(payload(1000)).bytes, 1000);
      assert_int_equal(talk.client.write(payload(1000)).bytes, 1000);
      std::string &bytes = talk.link.to_server.bytes;
      bytes.resize(bytes.size() - cut_off);
      talk.link.to_server.ended = true;
      assert_true(talk.server.read_all());
      const size_t whole = cut_off == 0 ? 2 : cut_off < 1000 ? 1 : 0;
      assert_int_equal(talk.server.got.size(), whole * 1000);
      expect_reads_to_fail(talk.server, AIO_ERR_TLS_TRUNCATED);
      expect_error_text(talk.server, "without close_notify");
      talk.server.error = {};  // which does not end the other direction
      assert_int_equal(talk.server.write("abc").bytes, 3);
      assert_true(talk.client.read_all());
      assert_string_equal(talk.client.got.c_str(), "abc");
    }
  }
}

void test_handshake__cut(void **) {
  for (const int version : kVersions) {
    Conversation talk(version);
    talk.client.step_handshake();
    talk.link.to_server.bytes.resize(100);
    talk.link.to_server.ended = true;
    talk.link.to_client.ended = true;
    talk.open();
    for (const Party *party : {&talk.client, &talk.server}) {
      assert_int_equal(party->error.status, AIO_ERR_TLS_TRUNCATED);
      expect_error_text(*party, "during the handshake");
    }
    talk.client.engine->notify_close();  // there is nothing to close yet
    assert_int_equal(talk.link.client.writes, 1);
  }
}

// ---- Errors below ----

void test_errors_below__are_told_after_the_data_and_stay(void **) {
  for (const int version : kVersions) {
    Conversation talk(version);
    talk.open();
    assert_int_equal(talk.client.write(payload(50000)).bytes, 50000);
    talk.link.to_server.error = {AIO_ERR_CONNECTION_RESET, 104};
    assert_true(talk.server.read_all());
    assert_true(talk.server.got == payload(50000));
    assert_int_equal(talk.server.error.system, 104);
    talk.link.to_server.error = {};
    talk.link.to_server.bytes = "xxxxxxxxxxxxx";
    expect_reads_to_fail(talk.server, AIO_ERR_CONNECTION_RESET);
  }
}

void test_errors_below__of_reading_leave_writing(void **) {
  Conversation talk(TLS1_3_VERSION);
  talk.open();
  talk.link.to_server.error = {AIO_ERR_CONNECTION_RESET, 104};
  assert_true(talk.server.read_all());
  expect_reads_to_fail(talk.server, AIO_ERR_CONNECTION_RESET);
  talk.server.error = {};
  assert_int_equal(talk.server.write("abc").bytes, 3);
  assert_true(talk.client.read_all());
  assert_string_equal(talk.client.got.c_str(), "abc");
}

void test_errors_below__of_writing_stay_and_leave_reading(void **) {
  for (const bool sealed : {false, true}) {
    Conversation talk(TLS1_3_VERSION);
    talk.open();
    if (sealed) {
      talk.link.server.room = 10;
      assert_int_equal(talk.server.write(payload(100)).bytes, 100);
    }
    talk.link.server.write_error = {AIO_ERR_BROKEN_PIPE, 32};
    const net::IoResult first = sealed ? talk.server.engine->flush() : talk.server.write("abc");
    assert_int_equal(first.error().status, AIO_ERR_BROKEN_PIPE);
    assert_int_equal(first.error().system, 32);
    assert_false(talk.server.engine->has_output());
    talk.link.server.write_error = {};
    talk.link.server.room = SIZE_MAX;
    assert_int_equal(talk.server.write("abc").error().status, AIO_ERR_BROKEN_PIPE);
    assert_int_equal(talk.server.engine->flush().error().status, AIO_ERR_BROKEN_PIPE);
    assert_int_equal(talk.server.engine->shutdown_output().status, AIO_ERR_BROKEN_PIPE);
    assert_int_equal(talk.link.server.shutdowns, 0);
    talk.server.error = {};
    assert_true(send(talk.client, talk.server, payload(1000)));
  }
}

void test_handshake__with_errors_below(void **) {
  for (const int version : kVersions) {
    Conversation reading(version);
    reading.link.to_client.error = {AIO_ERR_CONNECTION_RESET, 104};
    reading.client.step_handshake();
    assert_int_equal(reading.client.error.status, AIO_ERR_CONNECTION_RESET);
    Conversation writing(version);
    writing.link.client.write_error = {AIO_ERR_BROKEN_PIPE, 32};
    writing.client.step_handshake();
    assert_int_equal(writing.client.error.status, AIO_ERR_BROKEN_PIPE);
  }
}

// ---- A broken protocol ----

void test_handshake__of_something_else(void **) {
  for (const char *bytes :
       {"GET / HTTP/1.1\r\n\r\n", "SSH-2.0-x\r\n", "\x16\x03\x01\x01\x01", "\x15\x03\x01\x01\x02", "{}"}) {
    for (const bool is_server : {false, true}) {
      constexpr size_t kMuch = 400;
      Conversation talk(TLS1_3_VERSION);
      Party &party = is_server ? talk.server : talk.client;
      MemoryStream &stream = is_server ? talk.link.to_server : talk.link.to_client;
      stream.bytes = bytes;
      stream.bytes.resize(kMuch, 'x');
      for (int turn = 0; turn < 3; ++turn) party.step_handshake();
      assert_int_equal(party.error.status, AIO_ERR_TLS);
      assert_string_not_equal(party.engine->error_text(), "");
      assert_int_equal(party.engine->shake_hands().error().status, AIO_ERR_TLS);
      assert_int_equal(party.write("x").error().status, AIO_ERR_TLS);
      expect_reads_to_fail(party, AIO_ERR_TLS);
    }
  }
}

void test_garbage__is_told_to_both(void **) {
  for (const int version : kVersions) {
    for (const bool whole_record : {false, true}) {
      Conversation talk(version);
      talk.open();
      assert_int_equal(talk.client.write(payload(1000)).bytes, 1000);
      assert_int_equal(talk.client.write(payload(1000)).bytes, 1000);
      std::string &bytes = talk.link.to_server.bytes;
      if (whole_record) {
        bytes.back() = static_cast<char>(bytes.back() ^ 1);
      } else {
        bytes += "garbage";
      }
      assert_true(talk.server.read_all());
      assert_int_equal(talk.server.got.size(), whole_record ? 1000 : 2000);
      expect_reads_to_fail(talk.server, AIO_ERR_TLS);
      expect_error_text(talk.server, whole_record ? "" : "wrong version number");
      assert_int_equal(talk.server.write("x").error().status, AIO_ERR_TLS);
      assert_true(talk.client.read_all());
      expect_reads_to_fail(talk.client, AIO_ERR_TLS);
      expect_error_text(talk.client, "alert");
      talk.server.engine->notify_close();  // after an alert there is none
      assert_true(talk.link.to_client.bytes.empty());
    }
  }
}

void test_renegotiation__is_refused(void **) {
  Conversation talk(TLS1_2_VERSION);
  talk.open();
  SSL_clear_options(talk.client.engine->ssl(), SSL_OP_NO_RENEGOTIATION);
  assert_int_equal(SSL_renegotiate(talk.client.engine->ssl()), 1);
  static_cast<void>(SSL_do_handshake(talk.client.engine->ssl()));
  assert_false(talk.link.to_server.bytes.empty());
  assert_true(talk.server.read_all());
  assert_int_equal(talk.server.error.status, AIO_OK);  // a warning is sent, and things go on
  assert_false(talk.link.to_client.bytes.empty());
}

void test_protocols__without_one_in_common(void **) {
  aio_tls_options of_server = server_options(Conversation::identity());
  aio_tls_options of_client = client_options(Conversation::identity());
  of_server.alpn = "two";
  of_client.alpn = "one";
  for (const int version : kVersions) {
    Conversation talk(version, of_server, of_client);
    talk.open();
    assert_int_equal(talk.client.error.status, AIO_ERR_TLS);
    assert_int_equal(talk.server.error.status, AIO_ERR_TLS);
    expect_error_text(talk.server, "no application protocol");
  }
}

void test_versions__without_one_in_common(void **) {
  aio_tls_options of_server = server_options(Conversation::identity());
  of_server.minimum_version = 13;
  Conversation talk(TLS1_2_VERSION, of_server, client_options(Conversation::identity()));
  talk.open();
  assert_int_equal(talk.client.error.status, AIO_ERR_TLS);
  assert_int_equal(talk.server.error.status, AIO_ERR_TLS);
  expect_error_text(talk.server, "unsupported protocol");
}

const CMUnitTest tests[] = {
    leaves_no_memory(test_end__is_the_peers_close_notify),
    leaves_no_memory(test_end__of_one_direction_leaves_the_other),
    leaves_no_memory(test_rest__is_what_comes_behind_close_notify),
    leaves_no_memory(test_end__without_close_notify_is_told_after_the_data),
    leaves_no_memory(test_handshake__cut),
    leaves_no_memory(test_errors_below__are_told_after_the_data_and_stay),
    leaves_no_memory(test_errors_below__of_reading_leave_writing),
    leaves_no_memory(test_errors_below__of_writing_stay_and_leave_reading),
    leaves_no_memory(test_handshake__with_errors_below),
    leaves_no_memory(test_handshake__of_something_else),
    leaves_no_memory(test_garbage__is_told_to_both),
    leaves_no_memory(test_renegotiation__is_refused),
    leaves_no_memory(test_protocols__without_one_in_common),
    leaves_no_memory(test_versions__without_one_in_common),
};

}  // namespace

}  // namespace aio

int main() { return cmocka_run_group_tests(aio::tests, nullptr, nullptr); }
