/* Peers that break TLS, by mistake or on purpose: each is told or cut off, costs little, and harms nobody else. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support_tls.h"

static aio_tls_context *context_for(int is_client) { return is_client ? client_context(0) : server_context(0); }

/* A plain peer's first bytes, to a client and to a server; the handshake ends with this status. */
static void expect_first_bytes(struct pair *fixture, const void *bytes, size_t length, aio_status status) {
  for (int is_client = 0; is_client < 2; is_client++) {
    struct pair *pair = new_pair(fixture->collection, LINK_TCP, NULL);
    struct completion *attach = start_attach(pair, context_for(is_client), .server_name = "localhost");
    pair->plain_bytes = 1;
    assert_int_equal(send(pair->peer, bytes, length, MSG_NOSIGNAL), length);
    expect_outcome(attach, status);
    assert_true(strlen(aio_state_error_text(pair->state)) > 0);
  }
}

/* ---- the first bytes ---- */

static void test_hostile__first_bytes_of_other_protocols(void **fixture) {
  static const char *const greetings[] = {
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "CONNECT localhost:443 HTTP/1.1\r\n\r\n",
      "220 mail.example.test ESMTP\r\n",           "SSH-2.0-OpenSSH_9.2\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  };
  for (size_t i = 0; i < sizeof greetings / sizeof *greetings; i++)
    expect_first_bytes(*fixture, greetings[i], strlen(greetings[i]), AIO_ERR_TLS);
}

static void test_hostile__first_bytes_at_random(void **fixture) {
  uint32_t seed = 11;
  for (int round = 0; round < 50; round++) {
    unsigned char bytes[64];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)random_below(256, &seed);
    if (bytes[0] == 22) bytes[0] = 99; /* that would be a handshake's */
    expect_first_bytes(*fixture, bytes, sizeof bytes, AIO_ERR_TLS);
  }
}

static void test_hostile__record_that_is_too_long(void **fixture) {
  static const unsigned char head[] = {22, 3, 1, 0xff, 0xff, 1, 0, 0, 10};
  expect_first_bytes(*fixture, head, sizeof head, AIO_ERR_TLS);
}

static void test_hostile__handshake_message_that_is_too_long(void **fixture) {
  static const unsigned char head[] = {22, 3, 1, 0, 9, 1, 0xff, 0xff, 0xff, 3, 3, 0, 0, 0};
  expect_first_bytes(*fixture, head, sizeof head, AIO_ERR_TLS);
}

static void test_hostile__application_data_before_the_handshake(void **fixture) {
  static const unsigned char record[] = {23, 3, 3, 0, 5, 'h', 'e', 'l', 'l', 'o'};
  expect_first_bytes(*fixture, record, sizeof record, AIO_ERR_TLS);
}

static void test_hostile__alert_instead_of_a_handshake(void **fixture) {
  static const unsigned char alert[] = {21, 3, 3, 0, 2, 2, 40};
  expect_first_bytes(*fixture, alert, sizeof alert, AIO_ERR_TLS);
}

static void test_hostile__close_notify_instead_of_a_handshake(void **fixture) {
  static const unsigned char alert[] = {21, 3, 3, 0, 2, 1, 0};
  for (int is_client = 0; is_client < 2; is_client++) {
    struct pair *pair = new_pair(((struct pair *)*fixture)->collection, LINK_TCP, NULL);
    struct completion *attach = start_attach(pair, context_for(is_client), .server_name = "localhost");
    assert_int_equal(send(pair->peer, alert, sizeof alert, MSG_NOSIGNAL), sizeof alert);
    peer_ends(pair);
    expect_outcome(attach, AIO_ERR_TLS);
    expect_read(start_read(pair, 10), AIO_ERR_TLS, 0);
  }
}

/* Behind the first flight; a man in the middle could put it there. */
static void test_hostile__close_notify_in_the_handshake(void **fixture) {
  static const unsigned char alert[] = {21, 3, 3, 0, 2, 1, 0};
  for (int kind = 0; kind < TLS_KINDS; kind++) {
    struct pair *pair = new_pair(((struct pair *)*fixture)->collection, LINK_TCP, NULL);
    const int is_client = kind % 2;
    speaks_tls(pair, .side = is_client ? AIO_TLS_SERVER : AIO_TLS_CLIENT, .maximum_version = 12 + kind / 2,
               .wire_step = 100);
    struct completion *attach = start_attach(pair, context_for(is_client), .server_name = "localhost");
    drive_until(pair, pair->tls->wire_sent > 0 && pair->tls->wire.end == 0);
    assert_int_equal(send(pair->tls->socket, alert, sizeof alert, MSG_NOSIGNAL), sizeof alert);
    drive_until(pair, attach->done);
    if (attach->status != AIO_ERR_TLS) expect_status(attach->status, AIO_OK);
    if (attach->status == AIO_OK) drive_until(pair, pair->tls->shook_hands); /* it came too late */
  }
}

static void test_hostile__close_notify_does_not_connect(void **fixture) {
  static const unsigned char alert[] = {21, 3, 3, 0, 2, 1, 0};
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_tls_connect(*fixture, listener, client_context(0), 0);
  struct completion *write = start_write(connect->pair, 10);
  connect->pair->peer = accept_peer(connect->pair, listener);
  assert_int_equal(send(connect->pair->peer, alert, sizeof alert, MSG_NOSIGNAL), sizeof alert);
  expect_outcome(connect, AIO_ERR_TLS);
  expect_write(write, AIO_ERR_TLS, 0);
}

static void test_hostile__close_notify_is_not_accepted(void **fixture) {
  static const unsigned char alert[] = {21, 3, 3, 0, 2, 1, 0};
  struct acceptor *acceptor =
      start_acceptor_with(*fixture, "127.0.0.1", .tls = server_context(0), .tls_error_callback = recorded_accept_error);
  struct pair *raw = pair_of(acceptor->pair->collection, NULL, dial_acceptor(acceptor));
  assert_int_equal(send(raw->peer, alert, sizeof alert, MSG_NOSIGNAL), sizeof alert);
  drive_until(raw, acceptor->errors + acceptor->accepts == 1);
  assert_int_equal(acceptor->accepts, 0);
  expect_status(acceptor->error, AIO_ERR_TLS);
}

static void test_hostile__version_that_is_too_old(void **fixture) {
  for (int is_client = 0; is_client < 2; is_client++) {
    struct pair *pair = new_pair(((struct pair *)*fixture)->collection, LINK_TCP, NULL);
    speaks_tls(pair, .side = is_client ? AIO_TLS_SERVER : AIO_TLS_CLIENT, .maximum_version = 11);
    struct completion *attach = start_attach(pair, context_for(is_client), .server_name = "localhost");
    expect_outcome(attach, AIO_ERR_TLS);
  }
}

static void test_hostile__peer_that_echoes(void **fixture) {
  for (int is_client = 0; is_client < 2; is_client++) {
    struct pair *pair = new_pair(((struct pair *)*fixture)->collection, LINK_TCP, NULL);
    struct completion *attach =
        start_attach(pair, context_for(is_client), .server_name = "localhost", .handshake_timeout = 0.2);
    double deadline = now() + 10;
    char bytes[4096];
    while (!attach->done && now() < deadline) {
      const ssize_t count = recv(pair->peer, bytes, sizeof bytes, MSG_DONTWAIT);
      if (count > 0) assert_int_equal(send(pair->peer, bytes, (size_t)count, MSG_NOSIGNAL), count);
      drive_for(pair, 0.001);
    }
    expect_status(attach->status, is_client ? AIO_ERR_TLS : AIO_TIMEOUT);
  }
}

/* Law 8: what a peer may make us keep is bounded, though it goes on for ever. */
static void test_hostile__flood_in_the_handshake_is_not_kept(void **fixture) {
  static const unsigned char head[] = {22, 3, 1, 0x40, 0x00, 1, 0, 0x3f, 0xfc};
  static char body[0x4000];
  struct pair *pair = *fixture;
  struct completion *attach = start_attach(pair, server_context(0), 0);
  const size_t before = total_allocated_bytes();
  double deadline = now() + 10;
  for (int i = 0; i < 200 && !attach->done && now() < deadline; i++) {
    if (i == 0) send(pair->peer, head, sizeof head, MSG_NOSIGNAL);
    send(pair->peer, body, sizeof body, MSG_NOSIGNAL);
    settle(pair);
  }
  expect_outcome(attach, AIO_ERR_TLS);
  assert_in_range(total_allocated_bytes() - before, 0, 1 << 20);
}

/* ---- in the middle ---- */

static void test_hostile__garbage_in_the_middle(void **fixture) {
  for_each_kind(pair, *fixture) {
    struct completion *read = start_read(pair, 100), *write = start_write(pair, 10);
    expect_write(write, AIO_OK, 10);
    peer_sends(pair, 20);
    wire_sends(pair, "this is no record at all", 24);
    expect_read(read, AIO_ERR_TLS, 20);
    expect_read(start_read(pair, 100), AIO_ERR_TLS, 0);
    expect_outcome(start_close(pair), AIO_OK);
  }
}

static void test_hostile__record_that_was_changed(void **fixture) {
  static const unsigned char forged[] = {23, 3,  3,  0,  32, 1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,
                                         15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};
  for_each_kind(pair, *fixture) {
    struct completion *read = start_read(pair, 100);
    wire_sends(pair, forged, sizeof forged);
    expect_read(read, AIO_ERR_TLS, 0);
    drive_until(pair, pair->tls->failed); /* it is told by an alert */
  }
}

static void test_hostile__error_ends_the_output_too(void **fixture) {
  for_each_kind(pair, *fixture) {
    wire_sends(pair, "this is no record at all", 24);
    expect_read(start_read(pair, 100), AIO_ERR_TLS, 0);
    struct completion *write = start_write(pair, 10);
    drive_until(pair, write->done);
    assert_true(write->status < 0);
    assert_int_equal(write->count, 0);
  }
}

static void test_hostile__lingering_close_of_a_broken_stream_is_short(void **fixture) {
  for_each_kind(pair, *fixture) {
    wire_sends(pair, "this is no record at all", 24);
    expect_read(start_read(pair, 100), AIO_ERR_TLS, 0);
    const double start = now();
    expect_outcome(start_close_with(pair, .linger = 8), AIO_OK);
    assert_true(now() - start < 4);
  }
}

/* ---- renegotiation ---- */

static void test_hostile__renegotiation_of_a_client_is_refused(void **fixture) {
  struct pair *pair = secured_pair(*fixture, 0);
  struct completion *read = start_read(pair, 10);
  assert_int_equal(SSL_renegotiate(pair->tls->ssl), 1);
  SSL_do_handshake(pair->tls->ssl);
  drive_until(pair, pair->tls->failed); /* OpenSSL's client takes no for a failure */
  assert_non_null(strstr(pair->tls->error_text, "renegotiation"));
  settle(pair);
  if (read->done) assert_true(read->status < 0 && read->count == 0);
  assert_int_equal(aio_state_tls_session_reused(pair->state), 0);
}

static void test_hostile__renegotiation_of_a_server_is_refused(void **fixture) {
  struct pair *pair = secured_pair(*fixture, 1);
  struct completion *read = start_read(pair, 10);
  SSL_renegotiate(pair->tls->ssl);
  SSL_do_handshake(pair->tls->ssl); /* a HelloRequest */
  for (int i = 0; i < 5; i++) settle(pair);
  /* Refused by a warning; whoever bears that goes on, and nothing was agreed on anew. */
  if (!pair->tls->failed && !read->done) {
    peer_sends(pair, 10);
    drive_until(pair, read->done || pair->tls->failed);
  }
  assert_true(pair->tls->failed || read->status == AIO_OK || read->status == AIO_ERR_TLS);
}

/* ---- crowds ---- */

static void test_hostile__many_half_handshakes_end_with_the_collection(void **fixture) {
  struct pair *pair = *fixture;
  aio_tls_context *server = server_context(0), *client = client_context(0);
  for (size_t i = 0; i < 200; i++) {
    struct pair *half = new_pair(pair->collection, LINK_UNIX, NULL);
    const int is_client = i % 2;
    put_tls_between(
        half, LINK_UNIX,
        &(struct tls_peer_options){.side = is_client ? AIO_TLS_SERVER : AIO_TLS_CLIENT, .wire_limit = i + 1});
    start_attach(half, is_client ? client : server, .server_name = "localhost");
    if (i % 20 == 0) settle(pair);
    if (i % 7 == 0) destroy_state(half);
    if (i % 11 == 0) peer_closes(half);
  }
  settle(pair);
  destroy_collection(pair);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_hostile__first_bytes_of_other_protocols),
      with_collection(test_hostile__first_bytes_at_random),
      with_collection(test_hostile__record_that_is_too_long),
      with_collection(test_hostile__handshake_message_that_is_too_long),
      with_collection(test_hostile__application_data_before_the_handshake),
      with_collection(test_hostile__alert_instead_of_a_handshake),
      with_collection(test_hostile__close_notify_instead_of_a_handshake),
      with_collection(test_hostile__close_notify_in_the_handshake),
      with_collection(test_hostile__close_notify_does_not_connect),
      with_collection(test_hostile__close_notify_is_not_accepted),
      with_collection(test_hostile__version_that_is_too_old),
      with_collection(test_hostile__peer_that_echoes),
      with_pair(test_hostile__flood_in_the_handshake_is_not_kept),
      with_collection(test_hostile__garbage_in_the_middle),
      with_threaded_collection(test_hostile__garbage_in_the_middle),
      with_collection(test_hostile__record_that_was_changed),
      with_collection(test_hostile__error_ends_the_output_too),
      with_collection(test_hostile__lingering_close_of_a_broken_stream_is_short),
      with_collection(test_hostile__renegotiation_of_a_client_is_refused),
      with_collection(test_hostile__renegotiation_of_a_server_is_refused),
      with_collection(test_hostile__many_half_handshakes_end_with_the_collection),
  };
  return cmocka_run_group_tests_name("tls_hostile", tests, NULL, NULL);
}
