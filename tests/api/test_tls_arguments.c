/* TLS in the arguments of functions that are older than it, and what all of its readers say to NULL. */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "support_tls.h"

static const double bad_times[] = {-1, -1e-300, NAN, -INFINITY};

static void test_readers__answer_nothing_for_null(void **fixture) {
  (void)fixture;
  char text[4] = "abc";
  assert_int_equal(aio_state_tls_side(NULL), 0);
  assert_null(aio_state_tls_version(NULL));
  assert_null(aio_state_tls_cipher(NULL));
  assert_null(aio_state_tls_alpn(NULL));
  assert_null(aio_state_tls_server_name(NULL));
  assert_int_equal(aio_state_tls_session_reused(NULL), 0);
  assert_int_equal(aio_state_tls_peer_certificate(NULL, text, sizeof text), 0);
  assert_string_equal(text, "abc");
  assert_null(aio_state_ssl(NULL));
}

/* ---- connecting ---- */

static void test_connect__refuses_tls_that_makes_no_sense(void **fixture) {
  aio_tls_context *server = server_context(0), *client = client_context(0);
  expect_refusal(try_connect_with(*fixture, "127.0.0.1", "1", .tls = server), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(try_connect_with(*fixture, "127.0.0.1", "1", .tls = server, .reserved = {1}),
                 AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(try_connect_with(*fixture, "127.0.0.1", "1", .tls = client, .reserved = {1}), AIO_ERR_UNSUPPORTED);
  for (size_t i = 0; i < sizeof bad_times / sizeof *bad_times; i++)
    expect_refusal(try_connect_with(*fixture, "127.0.0.1", "1", .tls = client, .handshake_timeout = bad_times[i]),
                   AIO_ERR_INVALID_ARGUMENT);
}

static void test_connect__with_an_empty_name_verifies_the_host(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect =
      try_connect_with(*fixture, "127.0.0.1", listener->service, .tls = client_context(0), .tls_server_name = "");
  if (connect->submitted != AIO_OK) {
    expect_refusal(connect, AIO_ERR_INVALID_ARGUMENT);
    return;
  }
  accepts_tls(connect, listener, .identity = new_identity(.names = "DNS:other.test", .issuer = the_authority()));
  expect_outcome(connect, AIO_ERR_TLS_HOST_NAME);
}

static struct completion *connect_unix(struct pair *fixture, aio_tls_context *context, const char *name) {
  struct completion *connect = new_completion(pair_of(fixture->collection, NULL, -1));
  aio_connect_options options = {.tls = context, .tls_server_name = name, .user_info = connect};
  accept_completion(connect, aio_state_connect_unix(fixture->collection, "/tmp/aiostate-nobody", recorded_status,
                                                    &options, &connect->pair->state));
  return connect;
}

static void test_connect_unix__that_verifies_needs_a_name(void **fixture) {
  expect_refusal(connect_unix(*fixture, client_context(0), NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(connect_unix(*fixture, server_context(0), "localhost"), AIO_ERR_INVALID_ARGUMENT);
  expect_outcome(started(HERE, connect_unix(*fixture, client_context(0), "localhost")), AIO_ERR_NOT_FOUND);
  expect_outcome(started(HERE, connect_unix(*fixture, client_context(.verify = AIO_NO), NULL)), AIO_ERR_NOT_FOUND);
}

/* Fields that do not concern an operation are ignored. */
static void test_connect__without_tls_ignores_the_rest_of_it(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  struct completion *connect =
      start_connect_with(*fixture, "127.0.0.1", listener->service, .tls_server_name = "example.test");
  expect_outcome(connect, AIO_OK);
  assert_int_equal(aio_state_tls_side(connect->pair->state), 0);
  assert_string_equal(aio_state_tls_server_name(connect->pair->state), "");
}

static void test_connect_udp__has_no_tls(void **fixture) {
  struct completion *connect = new_completion(pair_of(((struct pair *)*fixture)->collection, NULL, -1));
  aio_connect_options options = {.tls = client_context(0), .tls_server_name = "localhost", .user_info = connect};
  accept_completion(connect, aio_state_connect_udp(connect->pair->collection, "127.0.0.1", "9", recorded_status,
                                                   &options, &connect->pair->state));
  if (connect->submitted == AIO_OK) {
    expect_outcome(connect, AIO_OK);
    assert_int_equal(aio_state_tls_side(connect->pair->state), 0);
  } else {
    expect_refusal(connect, AIO_ERR_UNSUPPORTED);
  }
}

static void test_connect__refusal_keeps_no_context(void **fixture) {
  const long before = live_allocations();
  aio_tls_context *context = NULL;
  aio_tls_options options = {TRUSTING(the_authority())};
  expect_status(aio_tls_context_create(AIO_TLS_CLIENT, &options, &context), AIO_OK);
  try_connect_with(*fixture, "127.0.0.1", "1", .tls = context, .reserved = {1});
  try_connect_with(*fixture, NULL, "1", .tls = context);
  try_attach((struct pair *)*fixture, context, 0);
  aio_tls_context_destroy(context);
  assert_int_equal(live_allocations(), before);
}

/* ---- very long, and odd, names ---- */

static void test_names__of_any_length_are_survived(void **fixture) {
  const size_t lengths[] = {1, 63, 253, 254, 255, 256, 300, 5000};
  char name[5001];
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    memset(name, 'a', lengths[i]);
    name[lengths[i]] = '\0';
    struct pair *pair = new_pair(((struct pair *)*fixture)->collection, LINK_TCP, NULL);
    speaks_tls(pair, .side = AIO_TLS_SERVER);
    struct completion *attach = try_attach(pair, client_context(0), .server_name = name);
    if (attach->submitted == AIO_OK) {
      drive_until(pair, attach->done);
      assert_true(attach->status < 0);
    } else {
      expect_refusal(attach, AIO_ERR_INVALID_ARGUMENT);
    }
  }
}

static void test_names__odd_ones_match_nothing(void **fixture) {
  const char *names[] = {"local\nhost", "*",     "*.test", "localhost..", ".localhost",
                         "lo calhost",  "[::1]", "127.1",  "\xff\xfe"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct pair *pair = new_pair(((struct pair *)*fixture)->collection, LINK_TCP, NULL);
    speaks_tls(pair, .side = AIO_TLS_SERVER);
    struct completion *attach = try_attach(pair, client_context(0), .server_name = names[i]);
    if (attach->submitted != AIO_OK) continue;
    drive_until(pair, attach->done);
    if (attach->status >= 0) fail_at(HERE, "\"%s\" is taken for the server", names[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_readers__answer_nothing_for_null),
      with_collection(test_connect__refuses_tls_that_makes_no_sense),
      with_collection(test_connect__with_an_empty_name_verifies_the_host),
      with_collection(test_connect_unix__that_verifies_needs_a_name),
      with_collection(test_connect__without_tls_ignores_the_rest_of_it),
      with_collection(test_connect_udp__has_no_tls),
      with_pair(test_connect__refusal_keeps_no_context),
      with_collection(test_names__of_any_length_are_survived),
      with_collection(test_names__odd_ones_match_nothing),
  };
  return cmocka_run_group_tests_name("tls_arguments", tests, NULL, NULL);
}
