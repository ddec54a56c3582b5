// Handshakes of two engines: in pieces of any size, what they come to, and whom each side accepts.
#include "tls_unit.hpp"

namespace aio {

namespace {

void expect_open(const Conversation &talk) {
  assert_int_equal(talk.client.error.status, AIO_OK);
  assert_int_equal(talk.server.error.status, AIO_OK);
  assert_true(talk.client.ready);
  assert_true(talk.server.ready);
}

// ---- Handshakes ----

void test_handshake__in_reads_of_any_size(void **) {
  for (const int version : kVersions) {
    for (const size_t cut : {size_t{1}, size_t{2}, size_t{5}, size_t{6}, size_t{100}, SIZE_MAX}) {
      Conversation talk(version);
      talk.link.client.most_per_read = talk.link.server.most_per_read = cut;
      talk.open();
      expect_open(talk);
      assert_int_equal(SSL_version(talk.client.engine->ssl()), version);
      assert_true(send(talk.client, talk.server, payload(1000)));
      assert_true(send(talk.server, talk.client, payload(1000)));
    }
  }
}

void test_handshake__in_writes_of_any_size(void **) {
  for (const int version : kVersions) {
    for (const size_t cut : {size_t{1}, size_t{3}, size_t{100}}) {
      Conversation talk(version);
      talk.link.client.most_per_write = talk.link.server.most_per_write = cut;
      talk.open();
      expect_open(talk);
      assert_true(send(talk.client, talk.server, payload(1000)));
      assert_true(send(talk.server, talk.client, payload(1000)));
    }
  }
}

void test_handshake__tells_what_it_came_to(void **) {
  aio_tls_options of_server = server_options(Conversation::identity());
  aio_tls_options of_client = client_options(Conversation::identity());
  of_server.alpn = "two,one";
  of_client.alpn = "one,two";
  for (const int version : kVersions) {
    Conversation talk(version, of_server, of_client);
    talk.open();
    expect_open(talk);
    const Owned<tls::PeerFacts> client(talk.client.engine->make_facts());
    const Owned<tls::PeerFacts> server(talk.server.engine->make_facts());
    assert_int_equal(client->side, AIO_TLS_CLIENT);
    assert_int_equal(server->side, AIO_TLS_SERVER);
    assert_string_equal(client->version, version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
    assert_string_equal(client->cipher, server->cipher);
    for (const tls::PeerFacts *facts : {client.get(), server.get()}) {
      assert_string_equal(facts->protocol.get(), "two");
      assert_string_equal(facts->server_name.get(), "server.test");
      assert_false(facts->resumed);
    }
    char pem[4096];
    const std::string &expected = Conversation::identity().certificate;
    assert_int_equal(client->certificate(nullptr, 0), expected.size() + 1);
    assert_int_equal(client->certificate(pem, sizeof pem), expected.size() + 1);
    assert_string_equal(pem, expected.c_str());
    assert_int_equal(server->certificate(pem, sizeof pem), 0);
  }
}

void test_handshake__takes_what_was_read_before(void **) {
  for (const int version : kVersions) {
    Conversation talk(version);
    talk.client.step_handshake();
    std::string &hello = talk.link.to_server.bytes;
    const std::string first = hello.substr(0, 50);
    hello.erase(0, 50);
    assert_true(talk.server.engine->feed(reinterpret_cast<const Byte *>(first.data()), 20));
    assert_true(talk.server.engine->feed(reinterpret_cast<const Byte *>(first.data()) + 20, 30));
    assert_true(talk.server.engine->feed(nullptr, 0));
    assert_true(talk.server.engine->has_input());
    talk.open();
    expect_open(talk);
    assert_true(send(talk.client, talk.server, payload(10)));
  }
}

// ---- Whom a client talks to ----

void expect_client_failure(Conversation &talk, aio_status status, const char *text) {
  talk.open();
  assert_int_equal(talk.client.error.status, status);
  assert_non_null(std::strstr(talk.client.engine->error_text(), text));
  assert_int_equal(talk.server.error.status, AIO_ERR_TLS);  // an alert
  assert_string_not_equal(talk.server.engine->error_text(), "");
}

void test_name__must_be_the_certificates(void **) {
  for (const char *name : {"server.test", "SERVER.test", "server.test.", "a.wild.test", "127.0.0.1", "::1", "::1%lo"}) {
    Conversation talk(TLS1_3_VERSION, {name, 443});
    talk.open();
    expect_open(talk);
  }
  for (const char *name : {"other.test", "a.server.test", "a.b.wild.test", "wild.test", "127.0.0.2", "::2"}) {
    for (const int version : kVersions) {
      Conversation talk(version, {name, 443});
      expect_client_failure(talk, AIO_ERR_TLS_HOST_NAME, "certificate \"/CN=server\" (depth 0): ");
    }
  }
}

void test_name__is_asked_for_only_where_it_is_no_address(void **) {
  for (const char *name : {"127.0.0.1", "::1"}) {
    Conversation talk(TLS1_3_VERSION, {name, 443});
    talk.open();
    assert_null(SSL_get_servername(talk.server.engine->ssl(), TLSEXT_NAMETYPE_host_name));
  }
  Conversation talk(TLS1_3_VERSION, {"server.test.", 443});
  talk.open();
  assert_string_equal(SSL_get_servername(talk.server.engine->ssl(), TLSEXT_NAMETYPE_host_name), "server.test");
}

void test_name__is_needed_by_who_verifies(void **) {
  const std::string longest(255, 'x');
  const std::string too_long(256, 'x');
  for (const char *name : {static_cast<const char *>(nullptr), "", too_long.c_str()}) {
    Conversation talk(TLS1_3_VERSION, {name, 443});
    assert_null(talk.client.engine);
    assert_int_equal(talk.client.error.status, AIO_ERR_INVALID_ARGUMENT);
  }
  aio_tls_options careless = {};
  careless.verify = AIO_NO;
  for (const char *name : {static_cast<const char *>(nullptr), "", "other.test", longest.c_str()}) {
    Conversation talk(TLS1_3_VERSION, server_options(Conversation::identity()), careless, {name, 443});
    talk.open();
    expect_open(talk);
  }
}

void test_certificate__must_be_trusted(void **) {
  const Identity other("other", "DNS:server.test");
  for (const int version : kVersions) {
    Conversation talk(version, server_options(other), client_options(Conversation::identity()));
    expect_client_failure(talk, AIO_ERR_TLS_CERTIFICATE, "certificate \"/CN=other\" (depth 0): self");
  }
}

void test_certificate__of_clients(void **) {
  const Identity own("client", "DNS:client.test");
  aio_tls_options of_server = server_options(Conversation::identity());
  trust(of_server, own);
  for (const int version : kVersions) {
    for (const int32_t verify : {AIO_YES, AIO_OPTIONAL}) {
      of_server.verify = verify;
      aio_tls_options of_client = client_options(Conversation::identity());
      Conversation without(version, of_server, of_client);
      without.open();
      assert_int_equal(without.server.error.status, verify == AIO_YES ? AIO_ERR_TLS_CERTIFICATE : AIO_OK);
      assert_int_equal(without.client.error.status, verify == AIO_YES ? AIO_ERR_TLS : AIO_OK);
      of_client = server_options(own);
      trust(of_client, Conversation::identity());
      Conversation with(version, of_server, of_client);
      with.open();
      expect_open(with);
      const Owned<tls::PeerFacts> facts(with.server.engine->make_facts());
      assert_int_equal(facts->certificate(nullptr, 0), own.certificate.size() + 1);
    }
  }
}

const CMUnitTest tests[] = {
    leaves_no_memory(test_handshake__in_reads_of_any_size),
    leaves_no_memory(test_handshake__in_writes_of_any_size),
    leaves_no_memory(test_handshake__tells_what_it_came_to),
    leaves_no_memory(test_handshake__takes_what_was_read_before),
    leaves_no_memory(test_name__must_be_the_certificates),
    leaves_no_memory(test_name__is_asked_for_only_where_it_is_no_address),
    leaves_no_memory(test_name__is_needed_by_who_verifies),
    leaves_no_memory(test_certificate__must_be_trusted),
    leaves_no_memory(test_certificate__of_clients),
};

}  // namespace

}  // namespace aio

int main() { return cmocka_run_group_tests(aio::tests, nullptr, nullptr); }
