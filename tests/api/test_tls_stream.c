/* How a stream of TLS is cut into pieces, ends, and is cut off. */
#include <sys/socket.h>

#include "support_tls.h"

enum { BIG = 1 << 20 };

/* ---- the end, and its lack ---- */

static void test_tls_end__close_notify_is_eof(void **fixture) {
  for_each_kind(pair, *fixture) {
    peer_sends(pair, 10);
    peer_ends(pair);
    expect_read(start_read(pair, 20), AIO_EOF, 10);
    expect_read(start_read(pair, 20), AIO_EOF, 0);
  }
}

static void test_tls_end__without_close_notify_is_truncation(void **fixture) {
  for_each_kind(pair, *fixture) {
    pair->tls->options.plain_end = 1;
    peer_sends(pair, 10);
    peer_ends(pair);
    expect_read(start_read(pair, 20), AIO_ERR_TLS_TRUNCATED, 10);
    expect_read(start_read(pair, 20), AIO_ERR_TLS_TRUNCATED, 0);
    expect_read(start_read(pair, 0), AIO_ERR_TLS_TRUNCATED, 0);
    expect_outcome(start_wait(pair), AIO_ERR_TLS_TRUNCATED);
    expect_delivery(start_standing_read(pair, NULL), 1, AIO_ERR_TLS_TRUNCATED, 0, 0);
  }
}

static void test_tls_end__truncation_ends_a_standing_read(void **fixture) {
  struct pair *pair = *fixture;
  become_client(pair, 13);
  pair->tls->options.plain_end = 1;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 10);
  expect_delivery(standing, 1, AIO_OK, 10, 0);
  peer_ends(pair);
  expect_delivery(standing, 2, AIO_ERR_TLS_TRUNCATED, 10, 10);
  expect_leftovers(pair, 10);
}

static void test_tls_end__truncation_goes_to_the_error_callback(void **fixture) {
  struct pair *pair = *fixture;
  become_client(pair, 13);
  pair->tls->options.plain_end = 1;
  struct completion *read = start_read_with(pair, 10, .error_callback = recorded_read_error);
  peer_ends(pair);
  expect_read(read, AIO_ERR_TLS_TRUNCATED, 0);
  assert_int_equal(read->error_calls, 1);
  assert_non_null(strstr(aio_state_error_text(pair->state), "close_notify"));
}

static void test_tls_end__leaves_the_output(void **fixture) {
  for_each_kind(pair, *fixture) {
    peer_ends(pair);
    expect_read(start_read(pair, 10), AIO_EOF, 0);
    struct completion *write = start_write(pair, 100000);
    peer_receives(pair, 100000);
    expect_write(write, AIO_OK, 100000);
  }
}

/* Behind a close_notify nothing counts (RFC 8446, 6.1), not even a reset. */
static void test_tls_end__close_notify_stays_the_end(void **fixture) {
  struct pair *pair = *fixture;
  become_client(pair, 13);
  peer_ends(pair);
  expect_read(start_read(pair, 10), AIO_EOF, 0);
  peer_closes(pair);
  expect_read(start_read(pair, 10), AIO_EOF, 0);
}

/* ---- our own end ---- */

static void test_tls_shutdown__sends_close_notify_and_the_end(void **fixture) {
  for_each_kind(pair, *fixture) {
    expect_write(start_write(pair, 10), AIO_OK, 10);
    expect_outcome(start_shutdown(pair), AIO_OK);
    peer_receives_rest(pair);
    assert_int_equal(pair->tls->state_ended, 1);
    char byte;
    drive_until(pair, recv(pair->tls->socket, &byte, 1, MSG_DONTWAIT) == 0);
    peer_sends(pair, 100);
    expect_read(start_read(pair, 100), AIO_OK, 100);
  }
}

static void test_tls_close__sends_close_notify(void **fixture) {
  for_each_kind(pair, *fixture) {
    start_write(pair, 1000);
    settle(pair);
    expect_outcome(start_close(pair), AIO_OK);
    peer_receives_rest(pair);
    assert_int_equal(pair->tls->state_ended, 1);
  }
}

/* Unread input would make the close a reset, which destroys what is on its way; of tickets no user knows. */
static void test_tls_close__tickets_that_nobody_read_do_no_harm(void **fixture) {
  struct pair *pair = *fixture;
  put_tls_between(pair, LINK_NARROW_TCP, &(struct tls_peer_options){.side = AIO_TLS_SERVER});
  secure(pair, client_context(0), "localhost");
  struct completion *write = start_write(pair, 150000);
  while (!write->done) {
    peer_takes_some(pair, 5000);
    drive_for(pair, 0.001);
  }
  expect_write(write, AIO_OK, 150000);
  expect_outcome(start_close(pair), AIO_OK);
  peer_receives_rest(pair);
}

static void test_tls_destroy__sends_close_notify(void **fixture) {
  for_each_kind(pair, *fixture) {
    destroy_state(pair);
    peer_gets_end(pair);
    assert_int_equal(pair->tls->state_ended, 1);
  }
}

static void test_tls_close__by_reset_sends_none(void **fixture) {
  for_each_kind(pair, *fixture) {
    expect_outcome(start_close_with(pair, .reset = AIO_YES), AIO_OK);
    peer_gets_reset(pair);
    assert_int_equal(pair->tls->state_ended, 0);
  }
}

static void test_tls_close__lingers_for_the_peers_close_notify(void **fixture) {
  for_each_kind(pair, *fixture) {
    struct completion *close = start_close_with(pair, .linger = 60);
    peer_gets_end(pair);
    expect_running(close);
    peer_sends(pair, 1000);
    expect_running(close);
    peer_ends(pair);
    expect_outcome(close, AIO_OK);
  }
}

static void test_tls_close__linger_ends_though_the_peer_sends_no_close_notify(void **fixture) {
  struct pair *pair = *fixture;
  become_server(pair, 13);
  struct completion *close = start_close_with(pair, .linger = 0.03);
  peer_gets_end(pair);
  expect_outcome(close, AIO_OK);
}

static void test_tls_close__linger_ends_when_the_peer_cuts_off(void **fixture) {
  struct pair *pair = *fixture;
  become_server(pair, 13);
  pair->tls->options.plain_end = 1;
  struct completion *close = start_close_with(pair, .linger = 60);
  peer_gets_end(pair);
  peer_ends(pair);
  expect_outcome(close, AIO_OK);
}

/* ---- writes that end early ---- */

static struct pair *narrow(struct pair *pair) {
  put_tls_between(pair, LINK_NARROW_TCP, &(struct tls_peer_options){.side = AIO_TLS_CLIENT});
  secure(pair, server_context(0), NULL);
  return pair;
}

static void test_tls_write__sealed_bytes_go_out_though_nothing_follows(void **fixture) {
  struct pair *pair = narrow(*fixture);
  const size_t count = expect_partial_write(start_write_with(pair, BIG, .timeout = 0.02), AIO_TIMEOUT);
  peer_receives(pair, count);
  settle(pair);
  assert_int_equal(peer_takes_some(pair, BIG), 0);
  expect_read(start_read_with(pair, 1, .timeout = 0.001), AIO_TIMEOUT, 0);
}

static void test_tls_write__at_most_one_record_is_sealed_ahead(void **fixture) {
  struct pair *pair = narrow(*fixture);
  struct completion *write = start_write(pair, BIG);
  expect_running(write);
  start_abort(pair, AIO_OUTPUT);
  const size_t count = expect_partial_write(write, AIO_ERR_CANCELED);
  /* What the kernels and the peer hold is known when they take no more: the rest is what the state holds. */
  size_t received = 0;
  for (size_t some; (some = peer_takes_some(pair, BIG)) > 0;) received += some;
  assert_true(count >= received);
  peer_receives(pair, count - received);
  assert_int_equal(aio_state_queued_bytes(pair->state), 0);
}

static void test_tls_write__caller_goes_on_from_any_count(void **fixture) {
  struct pair *pair = narrow(*fixture);
  for (int i = 0; i < 40; i++) {
    struct completion *write = start_write_with(pair, BIG, .timeout = 0.001 + 0.0005 * (i % 4));
    while (!write->done) {
      peer_takes_some(pair, 4000);
      drive_for(pair, 0.0005);
    }
    expect_write(write, AIO_TIMEOUT, write->count);
  }
  struct completion *last = start_write_with(pair, 10, .timeout = AIO_NO_TIMEOUT);
  start_close_with(pair, .linger = 60);
  peer_receives_rest(pair);
  expect_write(last, AIO_OK, 10);
}

static void test_tls_shutdown__comes_behind_what_an_aborted_write_sealed(void **fixture) {
  struct pair *pair = narrow(*fixture);
  struct completion *write = start_write(pair, BIG);
  expect_running(write);
  start_abort(pair, AIO_OUTPUT);
  expect_partial_write(write, AIO_ERR_CANCELED);
  struct completion *shutdown = start_shutdown(pair);
  peer_receives_rest(pair);
  expect_outcome(shutdown, AIO_OK);
}

/* ---- cut into pieces ---- */

static void test_tls_wire__may_be_cut_at_every_byte(void **fixture) {
  for (int kind = 0; kind < TLS_KINDS; kind++)
    for (size_t step = 1; step <= 7; step += 2) {
      struct pair *pair = new_pair(((struct pair *)*fixture)->collection, LINK_TCP, NULL);
      const int32_t side = kind % 2 ? AIO_TLS_SERVER : AIO_TLS_CLIENT;
      speaks_tls(pair, .side = side, .wire_step = step, .maximum_version = 12 + kind / 2);
      secure(pair, side == AIO_TLS_SERVER ? client_context(0) : server_context(0), "localhost");
      struct completion *standing = start_standing_read(pair, then_discard_all);
      for (int i = 0; i < 10; i++) peer_sends(pair, 7);
      drive_until(pair, pair->read == 70);
      peer_ends(pair);
      drive_until(pair, standing->status == AIO_EOF);
    }
}

static void test_tls_wire__sizes_of_records_and_reads_do_not_matter(void **fixture) {
  uint32_t seed = 5;
  for_each_kind(pair, *fixture) {
    for (int round = 0; round < 100; round++) {
      const size_t length = 1 + random_below(40000, &seed);
      struct completion *read = start_read(pair, length);
      while (pair->peer_sent < pair->read + length) peer_sends(pair, 1 + random_below(20000, &seed));
      expect_read(read, AIO_OK, length);
    }
  }
}

static void test_tls_wire__many_small_records_are_many_bytes(void **fixture) {
  for_each_kind(pair, *fixture) {
    for (int i = 0; i < 500; i++) peer_sends(pair, 1);
    expect_read(start_read(pair, 500), AIO_OK, 500);
  }
}

/* What is decrypted and not read is news enough: the socket has none. */
static void test_tls_wire__rest_of_a_record_needs_no_news(void **fixture) {
  for_each_kind(pair, *fixture) {
    peer_sends(pair, 10000);
    for (int i = 0; i < 100; i++) {
      expect_outcome(start_wait(pair), AIO_OK);
      expect_read(start_read(pair, 100), AIO_OK, 100);
    }
    struct completion *wait = start_wait(pair);
    expect_running(wait);
    peer_sends(pair, 1);
    expect_outcome(wait, AIO_OK);
  }
}

/* Tickets and key updates are no input: a wait goes on. */
static void test_tls_wire__records_without_bytes_are_no_input(void **fixture) {
  struct pair *pair = *fixture;
  speaks_tls(pair, .side = AIO_TLS_SERVER);
  expect_outcome(start_attach(pair, client_context(0), .server_name = "localhost"), AIO_OK);
  struct completion *wait = start_wait(pair);
  settle(pair); /* the tickets are there */
  assert_int_equal(SSL_key_update(pair->tls->ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
  SSL_do_handshake(pair->tls->ssl);
  expect_running(wait);
  peer_sends(pair, 1);
  expect_outcome(wait, AIO_OK);
}

static void test_tls_wire__keys_may_change(void **fixture) {
  for (int is_client = 0; is_client < 2; is_client++) {
    struct pair *pair = secured_pair(*fixture, 2 + is_client);
    for (int i = 0; i < 10; i++) {
      assert_int_equal(SSL_key_update(pair->tls->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
      SSL_do_handshake(pair->tls->ssl);
      expect_talk(pair);
    }
  }
}

/* The answer to a key update has to go out although nobody writes. */
static void test_tls_wire__key_update_is_answered_by_who_only_reads(void **fixture) {
  struct pair *pair = secured_pair(*fixture, 2);
  start_standing_read(pair, then_discard_all);
  for (int i = 0; i < 10; i++) {
    assert_int_equal(SSL_key_update(pair->tls->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    SSL_do_handshake(pair->tls->ssl);
    peer_sends(pair, 10);
    drive_until(pair, pair->read == pair->peer_sent);
  }
  settle(pair);
  expect_write(start_write(pair, 100), AIO_OK, 100);
  peer_receives(pair, 100);
}

/* ---- cut off ---- */

/* How much ciphertext `length` bytes of the peer's payload are. */
static size_t ciphertext_of(struct pair *pair, size_t length) {
  const size_t before = pair->tls->wire_sent;
  peer_sends(pair, length);
  expect_read(start_read(pair, length), AIO_OK, length);
  return pair->tls->wire_sent - before;
}

static void test_tls_wire__cut_off_inside_a_record_gives_none_of_it(void **fixture) {
  for (int kind = 0; kind < TLS_KINDS; kind++) {
    const size_t record = ciphertext_of(secured_pair(*fixture, kind), 20);
    for (size_t cut = 1; cut <= 2 * record; cut += cut == 1 ? 3 : 7) {
      struct pair *pair = secured_pair(*fixture, kind);
      pair->tls->options.wire_limit = pair->tls->wire_sent + cut;
      pair->tls->options.ends_at_limit = 1;
      peer_sends(pair, 20);
      peer_sends(pair, 20);
      expect_read(start_read(pair, 100), AIO_ERR_TLS_TRUNCATED, cut / record * 20);
    }
  }
}

/* What a peer of this kind sends until its handshake is done, or a little less: a server's tickets may be among it. */
static size_t flights_of(struct pair *fixture, int kind) {
  const size_t sent = secured_pair(fixture, kind)->tls->wire_sent;
  return kind == 3 ? sent - 600 : sent;
}

static struct completion *attach_to_cut_off(struct pair *fixture, int kind, size_t limit, int ends) {
  struct pair *pair = new_pair(fixture->collection, LINK_TCP, NULL);
  const int is_client = kind % 2;
  speaks_tls(pair, .side = is_client ? AIO_TLS_SERVER : AIO_TLS_CLIENT, .maximum_version = 12 + kind / 2,
             .wire_limit = limit, .ends_at_limit = ends);
  return start_attach(pair, is_client ? client_context(0) : server_context(0), .server_name = "localhost",
                      .handshake_timeout = ends ? 0 : 0.02);
}

static void test_tls_wire__cut_off_in_the_handshake_is_truncation(void **fixture) {
  for (int kind = 0; kind < TLS_KINDS; kind++) {
    const size_t flights = flights_of(*fixture, kind);
    for (size_t cut = 1; cut < flights; cut += 1 + flights / 60) {
      struct completion *attach = attach_to_cut_off(*fixture, kind, cut, 1);
      expect_outcome(attach, AIO_ERR_TLS_TRUNCATED);
      expect_read(start_read(attach->pair, 10), AIO_ERR_TLS_TRUNCATED, 0);
      expect_write(start_write(attach->pair, 10), AIO_ERR_TLS_TRUNCATED, 0);
    }
  }
}

static void test_tls_wire__stall_in_the_handshake_times_out(void **fixture) {
  for (int kind = 0; kind < TLS_KINDS; kind++) {
    const size_t flights = flights_of(*fixture, kind);
    for (size_t limit = 1; limit < flights; limit += 1 + flights / 8)
      expect_outcome(attach_to_cut_off(*fixture, kind, limit, 0), AIO_TIMEOUT);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_tls_end__close_notify_is_eof),
      with_threaded_collection(test_tls_end__close_notify_is_eof),
      with_collection(test_tls_end__without_close_notify_is_truncation),
      with_threaded_collection(test_tls_end__without_close_notify_is_truncation),
      with_pair(test_tls_end__truncation_ends_a_standing_read),
      with_pair(test_tls_end__truncation_goes_to_the_error_callback),
      with_collection(test_tls_end__leaves_the_output),
      with_pair(test_tls_end__close_notify_stays_the_end),
      with_collection(test_tls_shutdown__sends_close_notify_and_the_end),
      with_collection(test_tls_close__sends_close_notify),
      with_narrow_pair(test_tls_close__tickets_that_nobody_read_do_no_harm),
      with_collection(test_tls_destroy__sends_close_notify),
      with_collection(test_tls_close__by_reset_sends_none),
      with_collection(test_tls_close__lingers_for_the_peers_close_notify),
      with_pair(test_tls_close__linger_ends_though_the_peer_sends_no_close_notify),
      with_pair(test_tls_close__linger_ends_when_the_peer_cuts_off),
      with_narrow_pair(test_tls_write__sealed_bytes_go_out_though_nothing_follows),
      with_narrow_pair(test_tls_write__at_most_one_record_is_sealed_ahead),
      with_narrow_pair(test_tls_write__caller_goes_on_from_any_count),
      with_narrow_pair(test_tls_shutdown__comes_behind_what_an_aborted_write_sealed),
      with_collection(test_tls_wire__may_be_cut_at_every_byte),
      with_collection(test_tls_wire__sizes_of_records_and_reads_do_not_matter),
      with_collection(test_tls_wire__many_small_records_are_many_bytes),
      with_collection(test_tls_wire__rest_of_a_record_needs_no_news),
      with_pair(test_tls_wire__records_without_bytes_are_no_input),
      with_collection(test_tls_wire__keys_may_change),
      with_collection(test_tls_wire__key_update_is_answered_by_who_only_reads),
      with_collection(test_tls_wire__cut_off_inside_a_record_gives_none_of_it),
      with_collection(test_tls_wire__cut_off_in_the_handshake_is_truncation),
      with_collection(test_tls_wire__stall_in_the_handshake_times_out),
  };
  return cmocka_run_group_tests_name("tls_stream", tests, NULL, NULL);
}
