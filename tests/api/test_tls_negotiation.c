/* What both sides agree on: protocols (ALPN), the server's name (SNI), sessions. */
#include "support_tls.h"

static const int versions[] = {12, 13};

/* Waits until the peer is done as well; in 1.3 the server's tickets are on their way then. */
static struct pair *both_done(struct completion *attach) {
  expect_outcome(attach, AIO_OK);
  drive_until(attach->pair, attach->pair->tls->shook_hands);
  settle(attach->pair);
  return attach->pair;
}

/* ---- ALPN ---- */

static void test_alpn__first_of_the_servers_that_the_client_knows(void **fixture) {
  struct acceptor *acceptor =
      start_acceptor_with(*fixture, "127.0.0.1", .tls = server_context(.alpn = "h3,h2,http/1.1"));
  struct completion *connect =
      start_connect_with(*fixture, "127.0.0.1", acceptor->service, .tls = client_context(.alpn = "http/1.1,h2"));
  expect_outcome(connect, AIO_OK);
  drive_until(connect->pair, acceptor->done == 1);
  assert_string_equal(aio_state_tls_alpn(connect->pair->state), "h2");
  assert_string_equal(aio_state_tls_alpn(acceptor->pairs[0]->state), "h2");
}

static void test_alpn__client_learns_what_the_server_chose(void **fixture) {
  struct completion *attach =
      client_meets(*fixture, client_context(.alpn = "h2,http/1.1"), "localhost", .alpn = "http/1.1");
  expect_outcome(attach, AIO_OK);
  assert_string_equal(aio_state_tls_alpn(attach->pair->state), "http/1.1");
}

static void test_alpn__nothing_in_common_fails_the_handshake(void **fixture) {
  for (int i = 0; i < 2; i++) {
    struct completion *server =
        server_meets(*fixture, server_context(.alpn = "h2,http/1.1"), .alpn = "smtp", .maximum_version = versions[i]);
    expect_outcome(server, AIO_ERR_TLS);
    drive_until(server->pair, server->pair->tls->failed);
    assert_non_null(strstr(server->pair->tls->error_text, "no application protocol"));
    struct completion *client = client_meets(*fixture, client_context(.alpn = "h2"), "localhost", .alpn = "smtp",
                                             .maximum_version = versions[i]);
    expect_outcome(client, AIO_ERR_TLS);
    assert_non_null(strstr(aio_state_error_text(client->pair->state), "no application protocol"));
  }
}

static void test_alpn__of_one_side_alone_does_not_matter(void **fixture) {
  struct completion *server = server_meets(*fixture, server_context(.alpn = "h2"), 0);
  struct completion *client = client_meets(*fixture, client_context(.alpn = "h2"), "localhost", 0);
  struct completion *offered = server_meets(*fixture, server_context(0), .alpn = "h2");
  expect_outcome(server, AIO_OK);
  expect_outcome(client, AIO_OK);
  expect_outcome(offered, AIO_OK);
  assert_string_equal(aio_state_tls_alpn(server->pair->state), "");
  assert_string_equal(aio_state_tls_alpn(client->pair->state), "");
  assert_string_equal(aio_state_tls_alpn(offered->pair->state), "");
}

/* ---- SNI ---- */

struct names {
  struct identity *own, *one, *wild, *later;
  aio_tls_context *server, *one_context, *wild_context;
};

static aio_tls_context *showing(const struct identity *identity) {
  return new_context(AIO_TLS_SERVER, SHOWING(identity));
}

static void make_names(struct names *names) {
  names->own = new_identity(.common_name = "own", .issuer = the_authority());
  names->one = new_identity(.common_name = "one", .issuer = the_authority());
  names->wild = new_identity(.common_name = "wild", .issuer = the_authority());
  names->later = new_identity(.common_name = "later", .issuer = the_authority());
  names->server = showing(names->own);
  names->one_context = showing(names->one);
  names->wild_context = showing(names->wild);
  expect_status(aio_tls_context_add_server_name(names->server, "*.example.test", names->wild_context), AIO_OK);
  expect_status(aio_tls_context_add_server_name(names->server, "one.example.test", names->one_context), AIO_OK);
}

static void expect_for_name(struct pair *fixture, aio_tls_context *server, const char *name,
                            const struct identity *identity) {
  for (int i = 0; i < 2; i++) {
    struct pair *pair = both_done(server_meets(fixture, server, .server_name = name, .maximum_version = versions[i]));
    assert_true(peer_saw(pair, identity));
    assert_string_equal(aio_state_tls_server_name(pair->state), name != NULL ? name : "");
  }
}

static void test_sni__name_goes_before_a_wildcard_and_both_before_the_servers_own(void **fixture) {
  struct names names;
  make_names(&names);
  expect_for_name(*fixture, names.server, "one.example.test", names.one);
  expect_for_name(*fixture, names.server, "two.example.test", names.wild);
  expect_for_name(*fixture, names.server, "example.test", names.own);
  expect_for_name(*fixture, names.server, "a.two.example.test", names.own);
  expect_for_name(*fixture, names.server, "other.test", names.own);
  expect_for_name(*fixture, names.server, NULL, names.own);
}

static void test_sni__case_does_not_matter(void **fixture) {
  struct names names;
  make_names(&names);
  expect_status(aio_tls_context_add_server_name(names.server, "UPPER.test", names.one_context), AIO_OK);
  expect_for_name(*fixture, names.server, "One.Example.TEST", names.one);
  expect_for_name(*fixture, names.server, "tWo.ExAmple.test", names.wild);
  expect_for_name(*fixture, names.server, "upper.test", names.one);
}

static void test_sni__later_name_goes_before_an_earlier_one(void **fixture) {
  struct names names;
  make_names(&names);
  aio_tls_context *later = showing(names.later);
  expect_status(aio_tls_context_add_server_name(names.server, "one.example.test", later), AIO_OK);
  expect_for_name(*fixture, names.server, "one.example.test", names.later);
}

static void test_sni__reload_of_the_other_context_counts(void **fixture) {
  struct names names;
  make_names(&names);
  expect_status(aio_tls_context_reload(names.one_context, &(aio_tls_options){SHOWING(names.later)}), AIO_OK);
  expect_for_name(*fixture, names.server, "one.example.test", names.later);
}

static void test_sni__names_survive_a_reload_of_the_server(void **fixture) {
  struct names names;
  make_names(&names);
  expect_status(aio_tls_context_reload(names.server, &(aio_tls_options){SHOWING(names.later)}), AIO_OK);
  expect_for_name(*fixture, names.server, "one.example.test", names.one);
  expect_for_name(*fixture, names.server, "other.test", names.later);
}

static void test_sni__other_context_may_go(void **fixture) {
  aio_tls_context *server = server_context(0), *other = NULL;
  struct identity *identity = new_identity(.issuer = the_authority());
  aio_tls_options options = {SHOWING(identity)};
  expect_status(aio_tls_context_create(AIO_TLS_SERVER, &options, &other), AIO_OK);
  expect_status(aio_tls_context_add_server_name(server, "one.test", other), AIO_OK);
  aio_tls_context_destroy(other);
  expect_for_name(*fixture, server, "one.test", identity);
}

static void test_sni__other_context_brings_its_verification_and_protocols(void **fixture) {
  aio_tls_context *server = server_context(.alpn = "own");
  aio_tls_context *strict =
      server_context(TRUSTING(the_authority()), .verify = AIO_YES, .alpn = "strict", .minimum_version = 13);
  expect_status(aio_tls_context_add_server_name(server, "strict.test", strict), AIO_OK);
  expect_outcome(server_meets(*fixture, server, .server_name = "strict.test", .alpn = "strict"),
                 AIO_ERR_TLS_CERTIFICATE);
  expect_outcome(server_meets(*fixture, server, .server_name = "strict.test", .alpn = "own", .identity = the_client()),
                 AIO_ERR_TLS);
  expect_outcome(
      server_meets(*fixture, server, .server_name = "strict.test", .maximum_version = 12, .identity = the_client()),
      AIO_ERR_TLS);
  struct completion *good =
      server_meets(*fixture, server, .server_name = "strict.test", .alpn = "strict", .identity = the_client());
  expect_outcome(good, AIO_OK);
  assert_string_equal(aio_state_tls_alpn(good->pair->state), "strict");
  expect_outcome(server_meets(*fixture, server, .server_name = "lax.test", .alpn = "own"), AIO_OK);
}

static void test_sni__refuses_what_makes_no_sense(void **fixture) {
  (void)fixture;
  aio_tls_context *server = server_context(0), *client = client_context(0);
  expect_status(aio_tls_context_add_server_name(NULL, "name", server), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_tls_context_add_server_name(server, NULL, server), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_tls_context_add_server_name(server, "", server), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_tls_context_add_server_name(server, "name", NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_tls_context_add_server_name(client, "name", server), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_tls_context_add_server_name(server, "name", client), AIO_ERR_INVALID_ARGUMENT);
}

/* A context may be its own other: no cycle may keep either alive, which tear_down sees. */
static void test_sni__contexts_may_name_each_other(void **fixture) {
  aio_tls_context *first = server_context(0), *second = server_context(0);
  expect_status(aio_tls_context_add_server_name(first, "second.test", second), AIO_OK);
  expect_status(aio_tls_context_add_server_name(second, "first.test", first), AIO_OK);
  expect_status(aio_tls_context_add_server_name(first, "first.test", first), AIO_OK);
  expect_for_name(*fixture, first, "second.test", the_server());
}

/* ---- sessions ---- */

/* Whether a connect takes up a session; both ends say the same. */
static int resumes_at(struct acceptor *acceptor, aio_tls_context *context, const char *name) {
  struct completion *connect =
      start_connect_with(acceptor->pair, "127.0.0.1", acceptor->service, .tls = context, .tls_server_name = name);
  const int index = acceptor->done;
  expect_outcome(connect, AIO_OK);
  drive_until(acceptor->pair, acceptor->done > index);
  struct pair *client = connect->pair, *server = acceptor->pairs[index];
  struct completion *read = start_read(client, 10);
  expect_write(start_write(server, 10), AIO_OK, 10);
  expect_read(read, AIO_OK, 10);
  const int reused = aio_state_tls_session_reused(client->state);
  assert_int_equal(aio_state_tls_session_reused(server->state), reused);
  expect_outcome(start_close(client), AIO_OK);
  return reused;
}

static aio_tls_context *client_of(int version) { return client_context(.minimum_version = version); }

static struct acceptor *server_of(struct pair *fixture, aio_tls_context *context) {
  return start_acceptor_with(fixture, "127.0.0.1", .tls = context);
}

static void test_session__is_resumed(void **fixture) {
  struct acceptor *acceptor = server_of(*fixture, server_context(0));
  aio_tls_context *context = client_of(13);
  assert_int_equal(resumes_at(acceptor, context, "localhost"), 0);
  assert_int_equal(resumes_at(acceptor, context, "localhost"), 1);
  assert_int_equal(resumes_at(acceptor, context, "localhost"), 1);
}

static void test_session__resumed_one_still_knows_the_certificate(void **fixture) {
  struct acceptor *acceptor = server_of(*fixture, server_context(0));
  aio_tls_context *context = client_of(13);
  resumes_at(acceptor, context, "localhost");
  struct completion *connect =
      start_connect_with(*fixture, "127.0.0.1", acceptor->service, .tls = context, .tls_server_name = "localhost");
  expect_outcome(connect, AIO_OK);
  assert_int_equal(aio_state_tls_session_reused(connect->pair->state), 1);
  assert_true(state_saw(connect->pair, the_server()));
}

static void test_session__is_of_one_context(void **fixture) {
  struct acceptor *acceptor = server_of(*fixture, server_context(0));
  assert_int_equal(resumes_at(acceptor, client_of(13), "localhost"), 0);
  assert_int_equal(resumes_at(acceptor, client_of(13), "localhost"), 0);
}

static void test_session__is_of_one_name_and_port(void **fixture) {
  aio_tls_context *server = server_context(0), *context = client_of(13);
  struct acceptor *first = server_of(*fixture, server), *second = server_of(*fixture, server);
  assert_int_equal(resumes_at(first, context, "localhost"), 0);
  assert_int_equal(resumes_at(second, context, "localhost"), 0);
  assert_int_equal(resumes_at(first, context, "127.0.0.1"), 0);
  assert_int_equal(resumes_at(first, context, "localhost"), 1);
}

static void test_session__is_not_kept_if_so_wished(void **fixture) {
  struct acceptor *acceptor = server_of(*fixture, server_context(0));
  aio_tls_context *forgetful = client_context(.session_cache = AIO_NO);
  assert_int_equal(resumes_at(acceptor, forgetful, "localhost"), 0);
  assert_int_equal(resumes_at(acceptor, forgetful, "localhost"), 0);
  struct acceptor *other = server_of(*fixture, server_context(.session_cache = AIO_NO));
  aio_tls_context *context = client_of(13);
  assert_int_equal(resumes_at(other, context, "localhost"), 0);
  assert_int_equal(resumes_at(other, context, "localhost"), 0);
}

static void test_session__is_forgotten_by_a_reload(void **fixture) {
  aio_tls_context *server = server_context(0), *context = client_of(13);
  struct acceptor *acceptor = server_of(*fixture, server);
  aio_tls_options same = {TRUSTING(the_authority())}, shown = {SHOWING(the_server())};
  resumes_at(acceptor, context, "localhost");
  expect_status(aio_tls_context_reload(context, &same), AIO_OK);
  assert_int_equal(resumes_at(acceptor, context, "localhost"), 0);
  assert_int_equal(resumes_at(acceptor, context, "localhost"), 1);
  expect_status(aio_tls_context_reload(server, &shown), AIO_OK);
  assert_int_equal(resumes_at(acceptor, context, "localhost"), 0);
}

/* The client would offer its session to whatever server it asks for by that name and port. */
static void test_session__does_not_cross_from_one_name_to_another(void **fixture) {
  struct identity *both = new_identity(.names = "DNS:a.test, DNS:b.test", .issuer = the_authority());
  aio_tls_context *server = showing(both),
                  *strict = new_context(AIO_TLS_SERVER, SHOWING(both), TRUSTING(the_authority()), .verify = AIO_YES);
  expect_status(aio_tls_context_add_server_name(server, "b.test", strict), AIO_OK);
  for (int i = 0; i < 2; i++) {
    struct pair *first =
        both_done(server_meets(*fixture, server, .server_name = "a.test", .maximum_version = versions[i]));
    struct completion *write = start_write(first, 10);
    peer_receives(first, 10);
    expect_write(write, AIO_OK, 10);
    SSL_SESSION *session = SSL_get1_session(first->tls->ssl);
    struct completion *again =
        server_meets(*fixture, server, .server_name = "a.test", .session = session, .maximum_version = versions[i]);
    expect_outcome(again, AIO_OK);
    assert_int_equal(aio_state_tls_session_reused(again->pair->state), 1);
    struct completion *crossed =
        server_meets(*fixture, server, .server_name = "b.test", .session = session, .maximum_version = versions[i]);
    expect_outcome(crossed, AIO_ERR_TLS_CERTIFICATE);
    SSL_SESSION_free(session);
  }
}

static void test_session__of_version_12_is_resumed_by_servers(void **fixture) {
  aio_tls_context *server = server_context(0);
  struct pair *first = both_done(server_meets(*fixture, server, .maximum_version = 12));
  SSL_SESSION *session = SSL_get1_session(first->tls->ssl);
  struct completion *again = server_meets(*fixture, server, .session = session, .maximum_version = 12);
  expect_outcome(again, AIO_OK);
  assert_int_equal(aio_state_tls_session_reused(again->pair->state), 1);
  SSL_SESSION_free(session);
}

/* A server with keys of its own cannot read the ticket, and the handshake is a full one. */
static void test_session__of_another_server_is_no_harm(void **fixture) {
  aio_tls_context *context = client_context(0);
  for (int i = 0; i < 2; i++) {
    struct pair *first = both_done(client_meets(*fixture, context, "localhost", .maximum_version = versions[i]));
    expect_talk(first);
    struct pair *second = both_done(client_meets(*fixture, context, "localhost", .maximum_version = versions[i]));
    assert_int_equal(aio_state_tls_session_reused(second->state), 0);
    expect_talk(second);
  }
}

static struct completion *connect_again(struct pair *fixture, struct listener *listener, aio_tls_context *context,
                                        const struct tls_peer *server, int version) {
  struct completion *connect = start_tls_connect(fixture, listener, context, 0);
  accepts_tls(connect, listener, .same_as = server, .maximum_version = version);
  expect_outcome(connect, AIO_OK);
  expect_talk(connect->pair);
  return connect;
}

static void test_session__is_resumed_by_clients_in_both_versions(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  for (int i = 0; i < 2; i++) {
    aio_tls_context *context = client_context(0);
    struct completion *first = connect_again(*fixture, listener, context, NULL, versions[i]);
    struct completion *second = connect_again(*fixture, listener, context, first->pair->tls, versions[i]);
    assert_int_equal(aio_state_tls_session_reused(first->pair->state), 0);
    assert_int_equal(aio_state_tls_session_reused(second->pair->state), 1);
    assert_int_equal(SSL_session_reused(second->pair->tls->ssl), 1);
  }
}

/* RFC 8446, C.4: whoever watches could tell that both connections are of one client. */
static void test_session__of_version_13_is_offered_once(void **fixture) {
  struct listener *listener = new_listener("127.0.0.1");
  aio_tls_context *context = client_context(0);
  struct tls_peer *server = connect_again(*fixture, listener, context, NULL, 13)->pair->tls;
  struct completion *silent[4];
  for (int i = 0; i < 4; i++) { /* more than there are tickets, and none of them is answered by new ones */
    silent[i] = start_tls_connect(*fixture, listener, context, 0);
    accepts_tls(silent[i], listener, .same_as = server, .wire_limit = 1);
  }
  struct completion *last = connect_again(*fixture, listener, context, server, 13);
  assert_int_equal(aio_state_tls_session_reused(last->pair->state), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_alpn__first_of_the_servers_that_the_client_knows),
      with_collection(test_alpn__client_learns_what_the_server_chose),
      with_collection(test_alpn__nothing_in_common_fails_the_handshake),
      with_collection(test_alpn__of_one_side_alone_does_not_matter),
      with_collection(test_sni__name_goes_before_a_wildcard_and_both_before_the_servers_own),
      with_collection(test_sni__case_does_not_matter),
      with_collection(test_sni__later_name_goes_before_an_earlier_one),
      with_collection(test_sni__reload_of_the_other_context_counts),
      with_collection(test_sni__names_survive_a_reload_of_the_server),
      with_collection(test_sni__other_context_may_go),
      with_collection(test_sni__other_context_brings_its_verification_and_protocols),
      with_collection(test_sni__refuses_what_makes_no_sense),
      with_collection(test_sni__contexts_may_name_each_other),
      with_collection(test_session__is_resumed),
      with_collection(test_session__resumed_one_still_knows_the_certificate),
      with_collection(test_session__is_of_one_context),
      with_collection(test_session__is_of_one_name_and_port),
      with_collection(test_session__is_not_kept_if_so_wished),
      with_collection(test_session__is_forgotten_by_a_reload),
      with_collection(test_session__does_not_cross_from_one_name_to_another),
      with_collection(test_session__of_version_12_is_resumed_by_servers),
      with_collection(test_session__of_another_server_is_no_harm),
      with_collection(test_session__is_resumed_by_clients_in_both_versions),
      with_collection(test_session__of_version_13_is_offered_once),
  };
  return cmocka_run_group_tests_name("tls_negotiation", tests, NULL, NULL);
}
