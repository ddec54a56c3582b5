/* Whom a state trusts: certificates of servers and of clients. */
#include <stdio.h>

#include "support_tls.h"

static const int versions[] = {12, 13};

/* In both versions, a client that asked for `name` and was shown `identity`. */
#define expect_verdict(fixture, context, name, shown, status) verdict_at(HERE, fixture, context, name, shown, status)
static struct completion *verdict_at(struct place place, struct pair *fixture, aio_tls_context *context,
                                     const char *name, const struct identity *shown, aio_status status) {
  struct completion *attach = NULL;
  for (size_t i = 0; i < 2; i++) {
    attach = client_meets(fixture, context, name, .identity = shown, .maximum_version = versions[i]);
    expect_outcome_at(place, attach, status);
  }
  return attach;
}

static struct identity *named(const char *names) { return new_identity(.names = names, .issuer = the_authority()); }

/* ---- names ---- */

static void test_verify__good_certificate_is_good(void **fixture) {
  expect_verdict(*fixture, client_context(0), "localhost", the_server(), AIO_OK);
  expect_verdict(*fixture, client_context(0), "LocalHost", the_server(), AIO_OK);
  expect_verdict(*fixture, client_context(0), "localhost.", the_server(), AIO_OK);
}

static void test_verify__certificate_of_another_host(void **fixture) {
  aio_tls_context *context = client_context(0);
  expect_verdict(*fixture, context, "example.test", the_server(), AIO_ERR_TLS_HOST_NAME);
  expect_verdict(*fixture, context, "localhost.test", the_server(), AIO_ERR_TLS_HOST_NAME);
  expect_verdict(*fixture, context, "local", the_server(), AIO_ERR_TLS_HOST_NAME);
}

static void test_verify__wildcard_is_one_label(void **fixture) {
  aio_tls_context *context = client_context(0);
  struct identity *wild = named("DNS:*.example.test");
  expect_verdict(*fixture, context, "a.example.test", wild, AIO_OK);
  expect_verdict(*fixture, context, "a.b.example.test", wild, AIO_ERR_TLS_HOST_NAME);
  expect_verdict(*fixture, context, "example.test", wild, AIO_ERR_TLS_HOST_NAME);
}

static void test_verify__wildcard_is_a_whole_label(void **fixture) {
  expect_verdict(*fixture, client_context(0), "www1.example.test", named("DNS:www*.example.test"),
                 AIO_ERR_TLS_HOST_NAME);
}

static void test_verify__one_of_several_names_is_enough(void **fixture) {
  struct identity *several = named("DNS:a.test, DNS:b.test, IP:10.1.2.3");
  expect_verdict(*fixture, client_context(0), "b.test", several, AIO_OK);
  expect_verdict(*fixture, client_context(0), "10.1.2.3", several, AIO_OK);
}

static void test_verify__numeric_addresses_are_compared_as_addresses(void **fixture) {
  aio_tls_context *context = client_context(0);
  expect_verdict(*fixture, context, "127.0.0.1", the_server(), AIO_OK);
  expect_verdict(*fixture, context, "::1", the_server(), AIO_OK);
  expect_verdict(*fixture, context, "0:0:0:0:0:0:0:1", the_server(), AIO_OK);
  expect_verdict(*fixture, context, "127.0.0.2", the_server(), AIO_ERR_TLS_HOST_NAME);
  expect_verdict(*fixture, context, "::2", the_server(), AIO_ERR_TLS_HOST_NAME);
  expect_verdict(*fixture, context, "10.1.2.3", named("DNS:10.1.2.3"), AIO_ERR_TLS_HOST_NAME);
}

/* RFC 6125, 6.4.4: the common name is the last resort. */
static void test_verify__common_name_counts_if_there_is_no_other(void **fixture) {
  aio_tls_context *context = client_context(0);
  struct identity *alone = new_identity(.common_name = "example.test", .issuer = the_authority());
  struct identity *beside =
      new_identity(.common_name = "example.test", .names = "DNS:localhost", .issuer = the_authority());
  expect_verdict(*fixture, context, "example.test", alone, AIO_OK);
  expect_verdict(*fixture, context, "localhost", alone, AIO_ERR_TLS_HOST_NAME);
  expect_verdict(*fixture, context, "example.test", beside, AIO_ERR_TLS_HOST_NAME);
}

/* ---- certificates ---- */

static void test_verify__expired(void **fixture) {
  struct identity *expired =
      new_identity(.names = "DNS:localhost", .issuer = the_authority(), .from = -7200, .until = -60);
  struct completion *attach =
      expect_verdict(*fixture, client_context(0), "localhost", expired, AIO_ERR_TLS_CERTIFICATE);
  assert_non_null(strstr(aio_state_error_text(attach->pair->state), "expired"));
}

static void test_verify__not_yet_valid(void **fixture) {
  struct identity *early = new_identity(.names = "DNS:localhost", .issuer = the_authority(), .from = 3600);
  expect_verdict(*fixture, client_context(0), "localhost", early, AIO_ERR_TLS_CERTIFICATE);
}

static void test_verify__unknown_issuer(void **fixture) {
  struct identity *stranger = new_identity(.common_name = "stranger", .authority = 1);
  struct identity *issued = new_identity(.names = "DNS:localhost", .issuer = stranger);
  expect_verdict(*fixture, client_context(0), "localhost", issued, AIO_ERR_TLS_CERTIFICATE);
}

static void test_verify__self_signed(void **fixture) {
  struct identity *alone = new_identity(.names = "DNS:localhost");
  expect_verdict(*fixture, client_context(0), "localhost", alone, AIO_ERR_TLS_CERTIFICATE);
  aio_tls_context *trusting = new_context(AIO_TLS_CLIENT, TRUSTING(alone));
  expect_verdict(*fixture, trusting, "localhost", alone, AIO_OK);
}

static void test_verify__issuer_of_the_same_name_is_another(void **fixture) {
  struct identity *impostor = new_identity(.common_name = "authority", .authority = 1);
  struct identity *issued = new_identity(.names = "DNS:localhost", .issuer = impostor);
  expect_verdict(*fixture, client_context(0), "localhost", issued, AIO_ERR_TLS_CERTIFICATE);
}

static void test_verify__certificate_that_may_not_issue(void **fixture) {
  struct identity *issued = new_identity(.names = "DNS:localhost", .issuer = the_server());
  expect_verdict(*fixture, client_context(0), "localhost", issued, AIO_ERR_TLS_CERTIFICATE);
}

static void test_verify__certificate_for_clients_is_no_servers(void **fixture) {
  struct identity *client = new_identity(.names = "DNS:localhost", .client = 1, .issuer = the_authority());
  expect_verdict(*fixture, client_context(0), "localhost", client, AIO_ERR_TLS_CERTIFICATE);
}

static void test_verify__weak_key(void **fixture) {
  struct identity *weak = new_identity(.names = "DNS:localhost", .issuer = the_authority(), .weak = 1);
  expect_verdict(*fixture, client_context(0), "localhost", weak, AIO_ERR_TLS_CERTIFICATE);
}

static void test_verify__chain_over_an_intermediate(void **fixture) {
  struct identity *middle = new_identity(.common_name = "middle", .authority = 1, .issuer = the_authority());
  struct identity *leaf = new_identity(.names = "DNS:localhost", .issuer = middle);
  char *chain = joined(leaf->certificate, leaf->key, middle->certificate, NULL);
  struct pair *pair = *fixture;
  struct acceptor *acceptor = start_acceptor_with(
      pair, "127.0.0.1",
      .tls = new_context(AIO_TLS_SERVER, .certificate_data = chain, .certificate_length = strlen(chain)));
  expect_outcome(start_connect_with(pair, "127.0.0.1", acceptor->service, .tls = client_context(0),
                                    .tls_server_name = "localhost"),
                 AIO_OK);
  expect_verdict(pair, client_context(0), "localhost", leaf, AIO_ERR_TLS_CERTIFICATE); /* without its issuer */
}

static void test_verify__error_text_names_certificate_and_reason(void **fixture) {
  struct identity *expired = new_identity(.common_name = "old-timer", .names = "DNS:localhost",
                                          .issuer = the_authority(), .from = -7200, .until = -60);
  struct completion *attach = client_meets(*fixture, client_context(0), "localhost", .identity = expired);
  expect_outcome(attach, AIO_ERR_TLS_CERTIFICATE);
  const char *text = aio_state_error_text(attach->pair->state);
  assert_non_null(strstr(text, "old-timer"));
  assert_non_null(strstr(text, "expired"));
  attach = client_meets(*fixture, client_context(0), "example.test", 0);
  expect_outcome(attach, AIO_ERR_TLS_HOST_NAME);
  assert_non_null(strstr(aio_state_error_text(attach->pair->state), "server"));
}

static void test_verify__failure_tells_the_peer(void **fixture) {
  struct completion *attach = client_meets(*fixture, client_context(0), "example.test", 0);
  expect_outcome(attach, AIO_ERR_TLS_HOST_NAME);
  drive_until(attach->pair, attach->pair->tls->failed);
  assert_non_null(strstr(attach->pair->tls->error_text, "certificate"));
}

static void test_verify__failure_is_what_every_operation_ends_with(void **fixture) {
  struct pair *pair = client_meets(*fixture, client_context(0), "example.test", 0)->pair;
  drive_until(pair, !aio_state_is_open(pair->state) || pair->tls->failed);
  settle(pair);
  expect_read(start_read(pair, 10), AIO_ERR_TLS_HOST_NAME, 0);
  expect_write(start_write(pair, 10), AIO_ERR_TLS_HOST_NAME, 0);
  expect_outcome(start_wait(pair), AIO_ERR_TLS_HOST_NAME);
}

/* ---- no verification ---- */

static void test_verify__without_it_everybody_is_good(void **fixture) {
  aio_tls_context *context = new_context(AIO_TLS_CLIENT, .verify = AIO_NO);
  struct identity *alone = new_identity(.names = "DNS:other", .until = -1);
  expect_verdict(*fixture, context, "localhost", alone, AIO_OK);
  expect_verdict(*fixture, context, NULL, alone, AIO_OK);
  expect_verdict(*fixture, client_context(.verify = AIO_NO), "example.test", the_server(), AIO_OK);
}

/* ---- revocation ---- */

static void test_verify__revoked(void **fixture) {
  struct identity *revoked = named("DNS:localhost");
  const char *list = file_with(revocation_list(the_authority(), revoked));
  aio_tls_context *context = client_context(.crl_file = list);
  struct completion *attach = expect_verdict(*fixture, context, "localhost", revoked, AIO_ERR_TLS_CERTIFICATE);
  assert_non_null(strstr(aio_state_error_text(attach->pair->state), "revoked"));
  expect_verdict(*fixture, context, "localhost", the_server(), AIO_OK);
  expect_verdict(*fixture, client_context(0), "localhost", revoked, AIO_OK);
}

static void test_verify__issuer_without_a_list(void **fixture) {
  struct identity *other = new_identity(.common_name = "other", .authority = 1);
  const char *list = file_with(revocation_list(other, NULL));
  expect_verdict(*fixture, client_context(.crl_file = list), "localhost", the_server(), AIO_ERR_TLS_CERTIFICATE);
}

static void test_verify__lists_of_all_issuers_in_one_file(void **fixture) {
  struct identity *middle = new_identity(.common_name = "middle", .authority = 1, .issuer = the_authority());
  struct identity *leaf = new_identity(.names = "DNS:localhost", .issuer = middle);
  char *trust = joined(the_authority()->certificate, middle->certificate, NULL);
  const char *one = file_with(revocation_list(middle, NULL));
  const char *both = file_with(joined(revocation_list(the_authority(), NULL), revocation_list(middle, NULL), NULL));
  const char *above = file_with(joined(revocation_list(the_authority(), middle), revocation_list(middle, NULL), NULL));
  const char *files[] = {both, one, above};
  for (int i = 0; i < 3; i++) {
    aio_tls_context *context =
        new_context(AIO_TLS_CLIENT, .trust_data = trust, .trust_length = strlen(trust), .crl_file = files[i]);
    expect_verdict(*fixture, context, "localhost", leaf, i == 0 ? AIO_OK : AIO_ERR_TLS_CERTIFICATE);
  }
}

/* ---- servers that verify ---- */

#define expect_client(fixture, context, shown, status) client_verdict_at(HERE, fixture, context, shown, status)
static struct pair *client_verdict_at(struct place place, struct pair *fixture, aio_tls_context *context,
                                      const struct identity *shown, aio_status status) {
  struct completion *attach = NULL;
  for (size_t i = 0; i < 2; i++) {
    attach = server_meets(fixture, context, .identity = shown, .maximum_version = versions[i]);
    expect_outcome_at(place, attach, status);
  }
  return attach->pair;
}

static aio_tls_context *verifying_server(int32_t verify) {
  return server_context(TRUSTING(the_authority()), .verify = verify);
}

static void test_verify__client_with_a_good_certificate(void **fixture) {
  struct pair *pair = expect_client(*fixture, verifying_server(AIO_YES), the_client(), AIO_OK);
  assert_true(state_saw(pair, the_client()));
  pair = expect_client(*fixture, verifying_server(AIO_OPTIONAL), the_client(), AIO_OK);
  assert_true(state_saw(pair, the_client()));
}

static void test_verify__client_without_a_certificate(void **fixture) {
  expect_client(*fixture, verifying_server(AIO_YES), NULL, AIO_ERR_TLS_CERTIFICATE);
  struct pair *pair = expect_client(*fixture, verifying_server(AIO_OPTIONAL), NULL, AIO_OK);
  assert_int_equal(aio_state_tls_peer_certificate(pair->state, NULL, 0), 0);
}

static void test_verify__client_with_a_bad_certificate(void **fixture) {
  struct identity *stranger = new_identity(.client = 1);
  struct identity *expired = new_identity(.client = 1, .issuer = the_authority(), .until = -60);
  expect_client(*fixture, verifying_server(AIO_YES), stranger, AIO_ERR_TLS_CERTIFICATE);
  expect_client(*fixture, verifying_server(AIO_OPTIONAL), stranger, AIO_ERR_TLS_CERTIFICATE);
  expect_client(*fixture, verifying_server(AIO_YES), expired, AIO_ERR_TLS_CERTIFICATE);
  expect_client(*fixture, verifying_server(AIO_YES), the_server(), AIO_ERR_TLS_CERTIFICATE);
}

static void test_verify__server_asks_for_no_certificate_by_default(void **fixture) {
  struct pair *pair = expect_client(*fixture, server_context(0), the_client(), AIO_OK);
  assert_int_equal(aio_state_tls_peer_certificate(pair->state, NULL, 0), 0);
  expect_client(*fixture, server_context(.verify = AIO_NO), new_identity(.client = 1), AIO_OK);
}

static void test_verify__client_shows_its_certificate_where_asked(void **fixture) {
  aio_tls_context *context = client_context(SHOWING(the_client()));
  for (size_t i = 0; i < 2; i++) {
    struct completion *attach =
        client_meets(*fixture, context, "localhost", .trust = the_authority(), .maximum_version = versions[i]);
    expect_outcome(attach, AIO_OK);
    drive_until(attach->pair, attach->pair->tls->shook_hands);
    assert_true(peer_saw(attach->pair, the_client()));
  }
}

static void test_verify__client_that_shows_none_is_sent_away(void **fixture) {
  struct completion *attach =
      client_meets(*fixture, client_context(0), "localhost", .trust = the_authority(), .maximum_version = 12);
  expect_outcome(attach, AIO_ERR_TLS);
  assert_non_null(strstr(aio_state_error_text(attach->pair->state), "alert"));
}

/* In 1.3 the client is done before the server has seen its certificate: the alert comes to the first read. */
static void test_verify__client_that_shows_none_hears_so_when_it_reads(void **fixture) {
  struct completion *attach = client_meets(*fixture, client_context(0), "localhost", .trust = the_authority());
  expect_outcome(attach, AIO_OK);
  expect_read(start_read(attach->pair, 10), AIO_ERR_TLS, 0);
  assert_non_null(strstr(aio_state_error_text(attach->pair->state), "certificate required"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_verify__good_certificate_is_good),
      with_collection(test_verify__certificate_of_another_host),
      with_collection(test_verify__wildcard_is_one_label),
      with_collection(test_verify__wildcard_is_a_whole_label),
      with_collection(test_verify__one_of_several_names_is_enough),
      with_collection(test_verify__numeric_addresses_are_compared_as_addresses),
      with_collection(test_verify__common_name_counts_if_there_is_no_other),
      with_collection(test_verify__expired),
      with_collection(test_verify__not_yet_valid),
      with_collection(test_verify__unknown_issuer),
      with_collection(test_verify__self_signed),
      with_collection(test_verify__issuer_of_the_same_name_is_another),
      with_collection(test_verify__certificate_that_may_not_issue),
      with_collection(test_verify__certificate_for_clients_is_no_servers),
      with_collection(test_verify__weak_key),
      with_collection(test_verify__chain_over_an_intermediate),
      with_collection(test_verify__error_text_names_certificate_and_reason),
      with_collection(test_verify__failure_tells_the_peer),
      with_collection(test_verify__failure_is_what_every_operation_ends_with),
      with_collection(test_verify__without_it_everybody_is_good),
      with_collection(test_verify__revoked),
      with_collection(test_verify__issuer_without_a_list),
      with_collection(test_verify__lists_of_all_issuers_in_one_file),
      with_collection(test_verify__client_with_a_good_certificate),
      with_collection(test_verify__client_without_a_certificate),
      with_collection(test_verify__client_with_a_bad_certificate),
      with_collection(test_verify__server_asks_for_no_certificate_by_default),
      with_collection(test_verify__client_shows_its_certificate_where_asked),
      with_collection(test_verify__client_that_shows_none_is_sent_away),
      with_collection(test_verify__client_that_shows_none_hears_so_when_it_reads),
  };
  return cmocka_run_group_tests_name("tls_verification", tests, NULL, NULL);
}
