/* aio_state_connect_tcp with `tls`: the handshake and the verification are part of the connect. */
#include <fcntl.h>
#include <unistd.h>

#include "support_tls.h"

static const int versions[] = {12, 13};

static void test_tls_connect__works_in_both_versions(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  for (int i = 0; i < 2; i++) {
    struct completion *connect = start_tls_connect(*fixture, listener, client_context(0), 0);
    accepts_tls(connect, listener, .maximum_version = versions[i]);
    expect_outcome(connect, AIO_OK);
    assert_string_equal(aio_state_tls_version(connect->pair->state), versions[i] == 12 ? "TLSv1.2" : "TLSv1.3");
    expect_talk(connect->pair);
  }
}

static void test_tls_connect__calls_back_after_the_verification(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_tls_connect(*fixture, listener, client_context(0), 0);
  connect->pair->peer = accept_peer(connect->pair, listener);
  expect_running(connect);
  speaks_tls(connect->pair, .side = AIO_TLS_SERVER);
  expect_outcome(connect, AIO_OK);
  assert_true(state_saw(connect->pair, the_server()));
}

static void test_tls_connect__fails_if_the_verification_does(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct identity *stranger = new_identity(.names = "DNS:localhost");
  struct completion *connect = start_tls_connect(*fixture, listener, client_context(0), 0);
  accepts_tls(connect, listener, .identity = stranger);
  expect_outcome(connect, AIO_ERR_TLS_CERTIFICATE);
  assert_non_null(strstr(aio_state_error_text(connect->pair->state), "self-signed"));
  expect_read(start_read(connect->pair, 1), AIO_ERR_TLS_CERTIFICATE, 0);
  expect_write(start_write(connect->pair, 1), AIO_ERR_TLS_CERTIFICATE, 0);
}

static void test_tls_connect__operations_submitted_early_wait(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_tls_connect(*fixture, listener, client_context(0), 0);
  struct pair *pair = connect->pair;
  struct completion *write = start_write(pair, 50000), *read = start_read(pair, 10);
  pair->peer = accept_peer(pair, listener);
  expect_running(write);
  speaks_tls(pair, .side = AIO_TLS_SERVER);
  peer_receives(pair, 50000);
  peer_sends(pair, 10);
  expect_write(write, AIO_OK, 50000);
  expect_read(read, AIO_OK, 10);
  expect_order(connect, write);
  expect_order(connect, read);
}

static void test_tls_connect__operations_submitted_early_end_with_its_status(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_connect_with(*fixture, "127.0.0.1", listener->service, .tls = client_context(0),
                                                  .tls_server_name = "example.test");
  struct completion *write = start_write(connect->pair, 10), *read = start_read(connect->pair, 10);
  struct completion *shutdown = start_shutdown(connect->pair);
  accepts_tls(connect, listener, 0);
  expect_outcome(connect, AIO_ERR_TLS_HOST_NAME);
  expect_write(write, AIO_ERR_TLS_HOST_NAME, 0);
  expect_read(read, AIO_ERR_TLS_HOST_NAME, 0);
  expect_outcome(shutdown, AIO_ERR_TLS_HOST_NAME);
  expect_order(connect, read);
  expect_order(connect, write);
}

static void test_tls_connect__operations_submitted_early_keep_their_timeouts(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_tls_connect(*fixture, listener, client_context(0), 0);
  struct pair *pair = connect->pair;
  pair->peer = accept_peer(pair, listener);
  const double start = now();
  struct completion *read = start_read_with(pair, 10, .timeout = 0.03);
  struct completion *write = start_write_with(pair, 10, .timeout = 0.03);
  expect_read(read, AIO_TIMEOUT, 0);
  expect_write(write, AIO_TIMEOUT, 0);
  expect_not_before(read, start, 0.03);
  assert_int_equal(connect->calls, 0);
  speaks_tls(pair, .side = AIO_TLS_SERVER);
  expect_outcome(connect, AIO_OK);
  aio_state_set_read_timeout(pair->state, 0);
  aio_state_set_write_timeout(pair->state, 0);
  expect_talk(pair);
}

static void test_tls_connect__failed_one_is_as_if_it_had_never_connected(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_connect_with(*fixture, "127.0.0.1", listener->service, .tls = client_context(0),
                                                  .tls_server_name = "example.test");
  struct pair *pair = connect->pair;
  aio_address address;
  aio_socket released;
  struct tls_peer *peer = accepts_tls(connect, listener, 0);
  expect_outcome(connect, AIO_ERR_TLS_HOST_NAME);
  drive_until(pair, peer->failed);
  expect_status(aio_state_peer_address(pair->state, &address), AIO_ERR_NOT_CONNECTED);
  expect_status(aio_state_release_socket(pair->state, &released), AIO_ERR_NOT_CONNECTED);
  assert_int_equal(aio_state_socket(pair->state), AIO_NO_SOCKET);
  expect_refusal(try_attach(pair, client_context(0), .server_name = "localhost"), AIO_ERR_NOT_CONNECTED);
  assert_int_equal(aio_state_tls_side(pair->state), 0);
  assert_null(aio_state_ssl(pair->state));
}

/* ---- the name ---- */

/* By name, over the resolver: what is verified and asked for by SNI is the host. */
static void test_tls_connect__name_of_the_host_is_sent_and_verified(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect =
      start_connect_with(*fixture, "localhost", listener->service, .tls = client_context(0), .family = 4);
  struct tls_peer *peer = accepts_tls(connect, listener, 0);
  expect_outcome(connect, AIO_OK);
  assert_string_equal(SSL_get_servername(peer->ssl, TLSEXT_NAMETYPE_host_name), "localhost");
  connect = start_connect_with(*fixture, "localhost", listener->service, .tls = client_context(0), .family = 4);
  accepts_tls(connect, listener, .identity = new_identity(.names = "DNS:other.test", .issuer = the_authority()));
  expect_outcome(connect, AIO_ERR_TLS_HOST_NAME);
}

static void test_tls_connect__wants_the_hosts_certificate(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_connect_with(*fixture, "127.0.0.1", listener->service, .tls = client_context(0));
  struct tls_peer *peer = accepts_tls(connect, listener, 0);
  expect_outcome(connect, AIO_OK);
  assert_null(SSL_get_servername(peer->ssl, TLSEXT_NAMETYPE_host_name)); /* numeric: no SNI */
  assert_string_equal(aio_state_tls_server_name(connect->pair->state), "");
}

static void test_tls_connect__sends_the_server_name(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_tls_connect(*fixture, listener, client_context(0), 0);
  struct tls_peer *peer = accepts_tls(connect, listener, 0);
  expect_outcome(connect, AIO_OK);
  assert_string_equal(SSL_get_servername(peer->ssl, TLSEXT_NAMETYPE_host_name), "localhost");
  assert_string_equal(aio_state_tls_server_name(connect->pair->state), "localhost");
}

static void test_tls_connect__copies_the_server_name(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  char name[] = "localhost";
  struct completion *connect =
      start_connect_with(*fixture, "127.0.0.1", listener->service, .tls = client_context(0), .tls_server_name = name);
  memset(name, 'x', sizeof name - 1);
  accepts_tls(connect, listener, 0);
  expect_outcome(connect, AIO_OK);
}

/* ---- versions ---- */

static void test_tls_connect__minimum_version_is_kept(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_tls_connect(*fixture, listener, client_context(.minimum_version = 13), 0);
  accepts_tls(connect, listener, .maximum_version = 12);
  expect_outcome(connect, AIO_ERR_TLS);
  assert_true(strlen(aio_state_error_text(connect->pair->state)) > 0);
  connect = start_tls_connect(*fixture, listener, client_context(.minimum_version = 12), 0);
  accepts_tls(connect, listener, .maximum_version = 12);
  expect_outcome(connect, AIO_OK);
}

/* ---- time ---- */

static void test_tls_connect__silent_server_costs_the_connect_timeout(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  const double start = now();
  struct completion *connect = start_tls_connect(*fixture, listener, client_context(0), .connect_timeout = 0.05);
  struct completion *read = start_read(connect->pair, 10);
  expect_outcome(connect, AIO_TIMEOUT);
  expect_not_before(connect, start, 0.05);
  expect_read(read, AIO_TIMEOUT, 0);
  expect_write(start_write(connect->pair, 10), AIO_TIMEOUT, 0);
}

static void test_tls_connect__silent_server_costs_the_handshake_timeout(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  const double start = now();
  struct completion *connect =
      start_tls_connect(*fixture, listener, client_context(0), .connect_timeout = 60, .handshake_timeout = 0.05);
  expect_outcome(connect, AIO_TIMEOUT);
  expect_not_before(connect, start, 0.05);
  assert_true(now() - start < 5);
}

static void test_tls_connect__handshake_timeout_does_not_lengthen_the_connect_timeout(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  const double start = now();
  struct completion *connect =
      start_tls_connect(*fixture, listener, client_context(0), .connect_timeout = 0.05, .handshake_timeout = 60);
  expect_outcome(connect, AIO_TIMEOUT);
  assert_true(now() - start < 5);
}

/* ---- ends and failures on the way ---- */

static void test_tls_connect__refused_connection_is_told_as_such(void **fixture) {
  struct listener *listener = new_refusing("127.0.0.1");
  struct completion *connect = start_tls_connect(*fixture, listener, client_context(0), 0);
  expect_outcome(connect, AIO_ERR_CONNECTION_REFUSED);
}

static void test_tls_connect__server_that_ends_at_once(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_tls_connect(*fixture, listener, client_context(0), 0);
  struct pair *pair = connect->pair;
  pair->peer = accept_peer(pair, listener);
  peer_ends(pair);
  expect_outcome(connect, AIO_ERR_TLS_TRUNCATED);
}

static void test_tls_connect__server_that_resets(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_tls_connect(*fixture, listener, client_context(0), 0);
  connect->pair->peer = accept_peer(connect->pair, listener);
  settle(connect->pair);
  peer_resets(connect->pair);
  expect_outcome(connect, AIO_ERR_CONNECTION_RESET);
}

static void test_tls_connect__server_that_speaks_no_tls(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_tls_connect(*fixture, listener, client_context(0), 0);
  struct pair *pair = connect->pair;
  pair->peer = accept_peer(pair, listener);
  fcntl(pair->peer, F_SETFL, O_NONBLOCK);
  peer_sends_text(pair, "220 mail.example.test ESMTP\r\n");
  expect_outcome(connect, AIO_ERR_TLS);
  assert_true(strlen(aio_state_error_text(pair->state)) > 0);
}

static void test_tls_connect__close_cancels_it(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_tls_connect(*fixture, listener, client_context(0), 0);
  struct completion *read = start_read(connect->pair, 10);
  connect->pair->peer = accept_peer(connect->pair, listener);
  settle(connect->pair);
  struct completion *close = start_close(connect->pair);
  expect_outcome(close, AIO_OK);
  expect_outcome(connect, AIO_ERR_CANCELED);
  expect_read(read, AIO_ERR_CANCELED, 0);
  expect_order(connect, close);
}

static void test_tls_connect__lingering_close_cancels_it(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_tls_connect(*fixture, listener, client_context(0), 0);
  connect->pair->peer = accept_peer(connect->pair, listener);
  settle(connect->pair);
  struct completion *close = start_close_with(connect->pair, .linger = 0.05);
  drive_until(connect->pair, connect->done);
  expect_status(connect->status, AIO_ERR_CANCELED);
  expect_outcome(close, AIO_OK);
}

static void test_tls_connect__abort_does_not_end_it(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_tls_connect(*fixture, listener, client_context(0), 0);
  struct completion *read = start_read(connect->pair, 10);
  connect->pair->peer = accept_peer(connect->pair, listener);
  settle(connect->pair);
  expect_outcome(start_abort(connect->pair, AIO_BOTH), AIO_OK);
  expect_read(read, AIO_ERR_CANCELED, 0);
  speaks_tls(connect->pair, .side = AIO_TLS_SERVER);
  expect_outcome(connect, AIO_OK);
  expect_talk(connect->pair);
}

static void test_tls_connect__destroy_of_the_collection_cancels_it(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect = start_tls_connect(*fixture, listener, client_context(0), 0);
  connect->pair->peer = accept_peer(connect->pair, listener);
  settle(connect->pair);
  destroy_collection(connect->pair);
  expect_outcome(connect, AIO_ERR_CANCELED);
}

/* ---- both ends are states ---- */

static void then_connected_read(struct acceptor *acceptor) {
  acceptor->context = start_read(acceptor->pairs[acceptor->accepts - 1], 5000);
}

static void test_tls_connect__two_states_talk(void **fixture) {
  struct acceptor *acceptor = start_acceptor_with(*fixture, "127.0.0.1", .tls = server_context(0));
  acceptor->then = then_connected_read;
  struct completion *connect = start_connect_with(*fixture, "127.0.0.1", acceptor->service, .tls = client_context(0));
  struct completion *write = start_write(connect->pair, 5000), *shutdown = start_shutdown(connect->pair);
  expect_outcome(connect, AIO_OK);
  expect_write(write, AIO_OK, 5000);
  expect_outcome(shutdown, AIO_OK);
  drive_until(connect->pair, acceptor->done == 1);
  expect_read(acceptor->context, AIO_OK, 5000);
  expect_read(start_read(acceptor->pairs[0], 1), AIO_EOF, 0);
}

static void test_tls_connect__echoes_a_megabyte(void **fixture) {
  struct acceptor *acceptor = start_acceptor_with(*fixture, "127.0.0.1", .tls = server_context(0));
  acceptor->then = then_echo;
  struct completion *connect = start_connect_with(*fixture, "127.0.0.1", acceptor->service, .tls = client_context(0));
  struct completion *write = start_write(connect->pair, 1 << 20), *read = start_read(connect->pair, 1 << 20);
  start_shutdown(connect->pair);
  expect_write(write, AIO_OK, 1 << 20);
  expect_read(read, AIO_OK, 1 << 20);
  expect_read(start_read(connect->pair, 1), AIO_EOF, 0);
}

/* ---- readers ---- */

static void test_tls_readers__tell_what_was_agreed_on(void **fixture) {
  struct pair *pair = *fixture;
  become_client(pair, 13);
  assert_int_equal(aio_state_tls_side(pair->state), AIO_TLS_CLIENT);
  assert_string_equal(aio_state_tls_version(pair->state), "TLSv1.3");
  assert_string_equal(aio_state_tls_cipher(pair->state), SSL_get_cipher_name(pair->tls->ssl));
  assert_string_equal(aio_state_tls_alpn(pair->state), "");
  assert_string_equal(aio_state_tls_server_name(pair->state), "localhost");
  assert_int_equal(aio_state_tls_session_reused(pair->state), 0);
  assert_non_null(aio_state_ssl(pair->state));
  assert_string_equal(SSL_get_version(aio_state_ssl(pair->state)), "TLSv1.3");
}

static void test_tls_readers__tell_a_servers_side(void **fixture) {
  struct pair *pair = *fixture;
  become_server(pair, 12);
  assert_int_equal(aio_state_tls_side(pair->state), AIO_TLS_SERVER);
  assert_string_equal(aio_state_tls_version(pair->state), "TLSv1.2");
  assert_string_equal(aio_state_tls_cipher(pair->state), SSL_get_cipher_name(pair->tls->ssl));
}

static void test_tls_readers__have_nothing_to_tell_without_tls(void **fixture) {
  struct pair *pair = *fixture;
  char text[10] = "unchanged";
  assert_int_equal(aio_state_tls_side(pair->state), 0);
  assert_string_equal(aio_state_tls_version(pair->state), "");
  assert_string_equal(aio_state_tls_cipher(pair->state), "");
  assert_string_equal(aio_state_tls_alpn(pair->state), "");
  assert_string_equal(aio_state_tls_server_name(pair->state), "");
  assert_int_equal(aio_state_tls_session_reused(pair->state), 0);
  assert_int_equal(aio_state_tls_peer_certificate(pair->state, text, sizeof text), 0);
  assert_string_equal(text, "unchanged");
  assert_null(aio_state_ssl(pair->state));
}

static void test_tls_readers__remember_after_close(void **fixture) {
  struct pair *pair = *fixture;
  become_client(pair, 13);
  expect_outcome(start_close(pair), AIO_OK);
  assert_string_equal(aio_state_tls_version(pair->state), "TLSv1.3");
  assert_true(state_saw(pair, the_server()));
  assert_null(aio_state_ssl(pair->state));
}

static void test_tls_readers__store_a_certificate_that_fits(void **fixture) {
  struct pair *pair = *fixture;
  char text[4096];
  become_client(pair, 13);
  const size_t size = aio_state_tls_peer_certificate(pair->state, NULL, 0);
  assert_int_equal(size, strlen(the_server()->certificate) + 1);
  memset(text, '#', sizeof text);
  assert_int_equal(aio_state_tls_peer_certificate(pair->state, text, size - 1), size);
  for (size_t i = 0; i < sizeof text; i++) assert_int_equal(text[i], '#');
  assert_int_equal(aio_state_tls_peer_certificate(pair->state, text, size), size);
  assert_string_equal(text, the_server()->certificate);
  assert_int_equal(text[size], '#');
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_tls_connect__works_in_both_versions),
      with_threaded_collection(test_tls_connect__works_in_both_versions),
      with_collection(test_tls_connect__calls_back_after_the_verification),
      with_collection(test_tls_connect__fails_if_the_verification_does),
      with_collection(test_tls_connect__operations_submitted_early_wait),
      with_threaded_collection(test_tls_connect__operations_submitted_early_wait),
      with_collection(test_tls_connect__operations_submitted_early_end_with_its_status),
      with_collection(test_tls_connect__operations_submitted_early_keep_their_timeouts),
      with_collection(test_tls_connect__failed_one_is_as_if_it_had_never_connected),
      with_collection(test_tls_connect__name_of_the_host_is_sent_and_verified),
      with_collection(test_tls_connect__wants_the_hosts_certificate),
      with_collection(test_tls_connect__sends_the_server_name),
      with_collection(test_tls_connect__copies_the_server_name),
      with_collection(test_tls_connect__minimum_version_is_kept),
      with_collection(test_tls_connect__silent_server_costs_the_connect_timeout),
      with_collection(test_tls_connect__silent_server_costs_the_handshake_timeout),
      with_collection(test_tls_connect__handshake_timeout_does_not_lengthen_the_connect_timeout),
      with_collection(test_tls_connect__refused_connection_is_told_as_such),
      with_collection(test_tls_connect__server_that_ends_at_once),
      with_collection(test_tls_connect__server_that_resets),
      with_collection(test_tls_connect__server_that_speaks_no_tls),
      with_collection(test_tls_connect__close_cancels_it),
      with_collection(test_tls_connect__lingering_close_cancels_it),
      with_collection(test_tls_connect__abort_does_not_end_it),
      with_collection(test_tls_connect__destroy_of_the_collection_cancels_it),
      with_collection(test_tls_connect__two_states_talk),
      with_threaded_collection(test_tls_connect__two_states_talk),
      with_collection(test_tls_connect__echoes_a_megabyte),
      with_threaded_collection(test_tls_connect__echoes_a_megabyte),
      with_pair(test_tls_readers__tell_what_was_agreed_on),
      with_pair(test_tls_readers__tell_a_servers_side),
      with_pair(test_tls_readers__have_nothing_to_tell_without_tls),
      with_pair(test_tls_readers__remember_after_close),
      with_pair(test_tls_readers__store_a_certificate_that_fits),
  };
  return cmocka_run_group_tests_name("tls_connect", tests, start_resolver_threads, NULL);
}
