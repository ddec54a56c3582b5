/* aio_tls_context_create, _reload, _destroy: what makes a context, and what does not. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support_tls.h"

/* Refused with this status; the text, if any is expected, contains this. */
#define expect_no_context(status, side, text, ...) \
  no_context_at(HERE, status, side, text, &(aio_tls_options){__VA_ARGS__})
static void no_context_at(struct place place, aio_status expected, int32_t side, const char *text,
                          const aio_tls_options *options) {
  aio_tls_context *context = (aio_tls_context *)(uintptr_t)1;
  expect_status_at(place, aio_tls_context_create(side, options, &context), expected);
  if (context != NULL) fail_at(place, "there is a context all the same");
  if (text != NULL && strstr(aio_last_error_text(), text) == NULL)
    fail_at(place, "\"%s\" does not name %s", aio_last_error_text(), text);
}

#define KEY_IN_MEMORY(text) .key_data = (text), .key_length = strlen(text)
#define CERTIFICATE_IN_MEMORY(text) .certificate_data = (text), .certificate_length = strlen(text)

/* ---- what is enough ---- */

static void test_context__of_a_client_needs_nothing(void **fixture) {
  (void)fixture;
  aio_tls_context *context = NULL;
  expect_status(aio_tls_context_create(AIO_TLS_CLIENT, NULL, &context), AIO_OK);
  assert_non_null(context);
  aio_tls_context_destroy(context);
}

static void test_context__takes_certificate_and_key_from_one_file_or_two(void **fixture) {
  const struct identity *server = the_server();
  aio_tls_context *contexts[] = {
      new_context(AIO_TLS_SERVER, .certificate_file = file_with(server->both)),
      new_context(AIO_TLS_SERVER, .certificate_file = file_with(server->certificate),
                  .key_file = file_with(server->key)),
      new_context(AIO_TLS_SERVER, SHOWING(server)),
      new_context(AIO_TLS_SERVER, CERTIFICATE_IN_MEMORY(server->certificate), KEY_IN_MEMORY(server->key)),
      new_context(AIO_TLS_SERVER, .certificate_file = file_with(server->certificate), KEY_IN_MEMORY(server->key)),
      new_context(AIO_TLS_SERVER, CERTIFICATE_IN_MEMORY(joined(server->key, server->certificate, NULL))),
  };
  for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++) {
    struct completion *attach = server_meets(*fixture, contexts[i], 0);
    expect_outcome(attach, AIO_OK);
    drive_until(attach->pair, attach->pair->tls->shook_hands);
    assert_true(peer_saw(attach->pair, server));
  }
}

static void test_context__takes_trust_from_a_file_a_directory_or_memory(void **fixture) {
  char folder[] = "/tmp/aiostate-trust-XXXXXX", hashed[64];
  const char *trust = file_with(the_authority()->certificate);
  assert_non_null(mkdtemp(folder));
  snprintf(hashed, sizeof hashed, "%s/%08lx.0", folder,
           X509_NAME_hash_ex(X509_get_subject_name(the_authority()->x509), NULL, NULL, NULL));
  assert_int_equal(symlink(trust, hashed), 0);
  aio_tls_context *contexts[] = {
      new_context(AIO_TLS_CLIENT, .trust_file = trust),
      new_context(AIO_TLS_CLIENT, .trust_directory = folder),
      new_context(AIO_TLS_CLIENT, TRUSTING(the_authority())),
      new_context(AIO_TLS_CLIENT, TRUSTING(the_authority()), .system_trust = AIO_YES),
  };
  for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++)
    expect_outcome(client_meets(*fixture, contexts[i], "localhost", 0), AIO_OK);
  unlink(hashed);
  rmdir(folder);
}

static void test_context__trusts_what_the_system_trusts_by_default(void **fixture) {
  const char *trust = file_with(the_authority()->certificate);
  setenv("SSL_CERT_FILE", trust, 1);
  aio_tls_context *by_default = new_context(AIO_TLS_CLIENT, 0);
  aio_tls_context *asked = new_context(AIO_TLS_CLIENT, TRUSTING(the_client()), .system_trust = AIO_YES);
  aio_tls_context *other = new_context(AIO_TLS_CLIENT, TRUSTING(the_client()));
  aio_tls_context *not_asked = new_context(AIO_TLS_CLIENT, .system_trust = AIO_NO);
  expect_outcome(client_meets(*fixture, by_default, "localhost", 0), AIO_OK);
  expect_outcome(client_meets(*fixture, asked, "localhost", 0), AIO_OK);
  expect_outcome(client_meets(*fixture, other, "localhost", 0), AIO_ERR_TLS_CERTIFICATE);
  expect_outcome(client_meets(*fixture, not_asked, "localhost", 0), AIO_ERR_TLS_CERTIFICATE);
  unsetenv("SSL_CERT_FILE");
}

static void test_context__low_memory_changes_nothing_else(void **fixture) {
  struct pair *pair = *fixture;
  speaks_tls(pair, .side = AIO_TLS_SERVER);
  secure(pair, client_context(.low_memory = AIO_YES), "localhost");
  for (int i = 0; i < 5; i++) expect_talk(pair);
}

/* ---- encrypted keys ---- */

static void test_context__opens_an_encrypted_key_with_its_password(void **fixture) {
  char *key = encrypted_key(the_server(), "sesame");
  aio_tls_context *from_memory = new_context(AIO_TLS_SERVER, CERTIFICATE_IN_MEMORY(the_server()->certificate),
                                             KEY_IN_MEMORY(key), .password = "sesame");
  aio_tls_context *from_file =
      new_context(AIO_TLS_SERVER, .certificate_file = file_with(joined(the_server()->certificate, key, NULL)),
                  .password = "sesame");
  expect_outcome(server_meets(*fixture, from_memory, 0), AIO_OK);
  expect_outcome(server_meets(*fixture, from_file, 0), AIO_OK);
}

static void test_context__does_not_open_one_without_it(void **fixture) {
  (void)fixture;
  char *key = encrypted_key(the_server(), "sesame");
  const char *passwords[] = {NULL, "", "open", "sesame "};
  for (size_t i = 0; i < sizeof passwords / sizeof *passwords; i++)
    expect_no_context(AIO_ERR_TLS_CERTIFICATE, AIO_TLS_SERVER, "key", CERTIFICATE_IN_MEMORY(the_server()->certificate),
                      KEY_IN_MEMORY(key), .password = passwords[i]);
}

static void test_context__ignores_the_password_of_a_plain_key(void **fixture) {
  (void)fixture;
  new_context(AIO_TLS_SERVER, SHOWING(the_server()), .password = "sesame");
}

/* ---- what cannot be used ---- */

static void test_context__names_a_file_that_is_missing(void **fixture) {
  (void)fixture;
  const char *missing = "/nonexistent/file.pem";
  const char *good = file_with(the_server()->both);
  expect_no_context(AIO_ERR_NOT_FOUND, AIO_TLS_SERVER, missing, .certificate_file = missing);
  expect_no_context(AIO_ERR_NOT_FOUND, AIO_TLS_SERVER, missing, .certificate_file = good, .key_file = missing);
  expect_no_context(AIO_ERR_NOT_FOUND, AIO_TLS_CLIENT, missing, .trust_file = missing);
  expect_no_context(AIO_ERR_NOT_FOUND, AIO_TLS_CLIENT, missing, TRUSTING(the_authority()), .crl_file = missing);
  expect_no_context(AIO_ERR_NOT_FOUND, AIO_TLS_CLIENT, missing, .trust_directory = missing);
}

static void test_context__says_that_a_file_cannot_be_read(void **fixture) {
  (void)fixture;
  expect_no_context(AIO_ERR_SYSTEM, AIO_TLS_SERVER, "/tmp", .certificate_file = "/tmp");
  expect_no_context(AIO_ERR_SYSTEM, AIO_TLS_CLIENT, "/tmp", .trust_file = "/tmp");
}

static void test_context__says_that_a_file_may_not_be_read(void **fixture) {
  (void)fixture;
  const char *file = file_with(the_server()->both);
  assert_int_equal(chmod(file, 0), 0);
  if (access(file, R_OK) == 0) skip(); /* root may */
  expect_no_context(AIO_ERR_ACCESS, AIO_TLS_SERVER, file, .certificate_file = file);
}

static void test_context__wants_pem(void **fixture) {
  (void)fixture;
  const char *texts[] = {"", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                         "-----BEGIN CERTIFICATE-----\n"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    const char *file = file_with(texts[i]);
    expect_no_context(AIO_ERR_TLS_CERTIFICATE, AIO_TLS_SERVER, file, .certificate_file = file);
    expect_no_context(AIO_ERR_TLS_CERTIFICATE, AIO_TLS_SERVER, "memory", CERTIFICATE_IN_MEMORY(texts[i]));
    expect_no_context(AIO_ERR_TLS_CERTIFICATE, AIO_TLS_SERVER, file, SHOWING(the_server()), .key_file = file);
    expect_no_context(AIO_ERR_TLS_CERTIFICATE, AIO_TLS_CLIENT, file, .trust_file = file);
    expect_no_context(AIO_ERR_TLS_CERTIFICATE, AIO_TLS_CLIENT, file, TRUSTING(the_authority()), .crl_file = file);
  }
}

static void test_context__wants_all_of_a_file_to_be_good(void **fixture) {
  (void)fixture;
  const char *broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  char *chain = joined(the_server()->both, broken, NULL), *trust = joined(the_authority()->certificate, broken, NULL);
  expect_no_context(AIO_ERR_TLS_CERTIFICATE, AIO_TLS_SERVER, "certificate", CERTIFICATE_IN_MEMORY(chain));
  expect_no_context(AIO_ERR_TLS_CERTIFICATE, AIO_TLS_CLIENT, "trust", .trust_data = trust,
                    .trust_length = strlen(trust));
}

static void test_context__wants_a_key(void **fixture) {
  (void)fixture;
  expect_no_context(AIO_ERR_TLS_CERTIFICATE, AIO_TLS_SERVER, "key", CERTIFICATE_IN_MEMORY(the_server()->certificate));
  expect_no_context(AIO_ERR_TLS_CERTIFICATE, AIO_TLS_CLIENT, "key", CERTIFICATE_IN_MEMORY(the_client()->certificate));
}

static void test_context__wants_the_certificates_own_key(void **fixture) {
  (void)fixture;
  expect_no_context(AIO_ERR_TLS_CERTIFICATE, AIO_TLS_SERVER, "key", CERTIFICATE_IN_MEMORY(the_server()->certificate),
                    KEY_IN_MEMORY(the_client()->key));
}

static void test_context__refuses_a_weak_key(void **fixture) {
  (void)fixture;
  struct identity *weak = new_identity(.names = "DNS:localhost", .issuer = the_authority(), .weak = 1);
  expect_no_context(AIO_ERR_TLS_CERTIFICATE, AIO_TLS_SERVER, NULL, SHOWING(weak));
}

/* ---- bad arguments ---- */

static void test_context__refuses_what_makes_no_sense(void **fixture) {
  (void)fixture;
  const char *file = file_with(the_server()->both);
  const int32_t sides[] = {0, 3, -1, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
    expect_no_context(AIO_ERR_INVALID_ARGUMENT, sides[i], NULL, SHOWING(the_server()));
  expect_no_context(AIO_ERR_INVALID_ARGUMENT, AIO_TLS_SERVER, NULL, 0);
  expect_no_context(AIO_ERR_INVALID_ARGUMENT, AIO_TLS_SERVER, NULL, SHOWING(the_server()), .certificate_file = file);
  expect_no_context(AIO_ERR_INVALID_ARGUMENT, AIO_TLS_SERVER, NULL, SHOWING(the_server()), .key_file = file,
                    KEY_IN_MEMORY(the_server()->key));
  expect_no_context(AIO_ERR_INVALID_ARGUMENT, AIO_TLS_CLIENT, NULL, KEY_IN_MEMORY(the_server()->key));
  expect_no_context(AIO_ERR_INVALID_ARGUMENT, AIO_TLS_CLIENT, NULL, .key_file = file);
  expect_no_context(AIO_ERR_INVALID_ARGUMENT, AIO_TLS_SERVER, NULL, SHOWING(the_server()), .verify = AIO_YES);
  expect_no_context(AIO_ERR_INVALID_ARGUMENT, AIO_TLS_SERVER, NULL, SHOWING(the_server()), .verify = AIO_OPTIONAL);
  expect_no_context(AIO_ERR_INVALID_ARGUMENT, AIO_TLS_CLIENT, NULL, .certificate_length = 1);
  expect_status(aio_tls_context_create(AIO_TLS_CLIENT, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
}

static void test_context__refuses_bad_choices(void **fixture) {
  (void)fixture;
  const int32_t choices[] = {-1, 3, 4, INT32_MAX, INT32_MIN}, versions[] = {-1, 1, 2, 11, 14, 0x0303, INT32_MAX};
  for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
    expect_no_context(AIO_ERR_INVALID_ARGUMENT, AIO_TLS_CLIENT, NULL, .system_trust = choices[i]);
    expect_no_context(AIO_ERR_INVALID_ARGUMENT, AIO_TLS_CLIENT, NULL, .session_cache = choices[i]);
    expect_no_context(AIO_ERR_INVALID_ARGUMENT, AIO_TLS_CLIENT, NULL, .low_memory = choices[i]);
    expect_no_context(AIO_ERR_INVALID_ARGUMENT, AIO_TLS_CLIENT, NULL, .verify = choices[i]);
  }
  for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
    expect_no_context(AIO_ERR_INVALID_ARGUMENT, AIO_TLS_CLIENT, NULL, .minimum_version = versions[i]);
  expect_no_context(AIO_ERR_INVALID_ARGUMENT, AIO_TLS_SERVER, NULL, SHOWING(the_server()), TRUSTING(the_authority()),
                    .verify = 4);
}

static void test_context__refuses_bad_protocols(void **fixture) {
  (void)fixture;
  char long_one[300];
  const char *lists[] = {",", "h2,", ",h2", "h2,,http/1.1", long_one};
  memset(long_one, 'a', 256);
  long_one[256] = '\0';
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    expect_no_context(AIO_ERR_INVALID_ARGUMENT, AIO_TLS_CLIENT, NULL, .alpn = lists[i]);
  long_one[255] = '\0';
  new_context(AIO_TLS_CLIENT, .alpn = long_one);
}

static void test_context__wants_reserved_fields_to_be_zero(void **fixture) {
  (void)fixture;
  aio_tls_options options = {0};
  aio_tls_context *context;
  for (size_t i = 0; i < sizeof options.reserved / sizeof *options.reserved; i++) {
    memset(&options, 0, sizeof options);
    options.reserved[i] = 1;
    no_context_at(HERE, AIO_ERR_UNSUPPORTED, AIO_TLS_CLIENT, NULL, &options);
    options.verify = 9;
    no_context_at(HERE, AIO_ERR_INVALID_ARGUMENT, AIO_TLS_CLIENT, NULL, &options);
  }
  expect_status(aio_tls_context_create(0, &options, &context), AIO_ERR_INVALID_ARGUMENT);
}

static void test_context__destroy_of_null_is_fine(void **fixture) {
  (void)fixture;
  aio_tls_context_destroy(NULL);
}

static void test_context__out_of_memory_is_a_status(void **fixture) {
  (void)fixture;
  aio_tls_options options = {SHOWING(the_server()), TRUSTING(the_authority()), .alpn = "h2"};
  aio_tls_context *context = NULL;
  long number = 0;
  do {
    fail_allocation(++number);
    const aio_status status = aio_tls_context_create(AIO_TLS_SERVER, &options, &context);
    if (allocation_failed()) expect_status(status, AIO_ERR_NO_MEMORY);
  } while (allocation_failed());
  fail_allocation(0);
  assert_true(number > 1);
  aio_tls_context_destroy(context);
}

/* ---- reload ---- */

static void rewrite(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static struct identity *another_server(void) {
  return new_identity(.common_name = "another", .names = "DNS:localhost", .issuer = the_authority());
}

static void expect_shown(struct pair *fixture, aio_tls_context *context, const struct identity *identity) {
  struct completion *attach = server_meets(fixture, context, 0);
  expect_outcome(attach, AIO_OK);
  drive_until(attach->pair, attach->pair->tls->shook_hands);
  assert_true(peer_saw(attach->pair, identity));
}

static void test_reload__reads_the_same_files_again(void **fixture) {
  struct identity *another = another_server();
  const char *file = file_with(the_server()->both);
  aio_tls_context *context = new_context(AIO_TLS_SERVER, .certificate_file = file);
  expect_shown(*fixture, context, the_server());
  rewrite(file, another->both);
  expect_shown(*fixture, context, the_server());
  expect_status(aio_tls_context_reload(context, NULL), AIO_OK);
  expect_shown(*fixture, context, another);
}

static void test_reload__keeps_copies_of_the_names_of_files(void **fixture) {
  const char *file = file_with(joined(the_server()->certificate, encrypted_key(the_server(), "sesame"), NULL));
  char copy[64], password[] = "sesame";
  strcpy(copy, file);
  aio_tls_context *context = new_context(AIO_TLS_SERVER, .certificate_file = copy, .password = password);
  memset(copy, 'x', sizeof copy - 1);
  memset(password, 'x', sizeof password - 1);
  expect_status(aio_tls_context_reload(context, NULL), AIO_OK);
  expect_shown(*fixture, context, the_server());
}

static void test_reload__takes_other_options(void **fixture) {
  struct identity *another = another_server();
  aio_tls_context *context = server_context(0);
  expect_status(aio_tls_context_reload(context, &(aio_tls_options){SHOWING(another), .minimum_version = 13}), AIO_OK);
  expect_shown(*fixture, context, another);
  expect_outcome(server_meets(*fixture, context, .maximum_version = 12), AIO_ERR_TLS);
}

static void test_reload__failure_changes_nothing(void **fixture) {
  const char *file = file_with(the_server()->both);
  aio_tls_context *context = new_context(AIO_TLS_SERVER, .certificate_file = file);
  rewrite(file, "nonsense");
  expect_status(aio_tls_context_reload(context, NULL), AIO_ERR_TLS_CERTIFICATE);
  assert_non_null(strstr(aio_last_error_text(), file));
  unlink(file);
  expect_status(aio_tls_context_reload(context, NULL), AIO_ERR_NOT_FOUND);
  expect_status(aio_tls_context_reload(context, &(aio_tls_options){.certificate_file = "/nonexistent"}),
                AIO_ERR_NOT_FOUND);
  expect_shown(*fixture, context, the_server());
  rewrite(file, another_server()->both);
  expect_status(aio_tls_context_reload(context, NULL), AIO_OK); /* still of the same file */
}

static void test_reload__leaves_connections_alone(void **fixture) {
  struct pair *pair = *fixture;
  aio_tls_context *context = server_context(0);
  speaks_tls(pair, .side = AIO_TLS_CLIENT);
  secure(pair, context, NULL);
  const struct identity *another = another_server();
  expect_status(aio_tls_context_reload(context, &(aio_tls_options){SHOWING(another)}), AIO_OK);
  expect_talk(pair);
  aio_tls_context_reload(context, NULL);
  expect_talk(pair);
}

static void test_reload__of_bytes_in_memory_wants_them_again(void **fixture) {
  (void)fixture;
  expect_status(aio_tls_context_reload(server_context(0), NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_tls_context_reload(client_context(0), NULL), AIO_ERR_INVALID_ARGUMENT);
  aio_tls_context *context = new_context(AIO_TLS_CLIENT, 0);
  expect_status(aio_tls_context_reload(context, NULL), AIO_OK);
}

static void test_reload__refuses_what_create_refuses(void **fixture) {
  (void)fixture;
  aio_tls_context *server = server_context(0), *client = client_context(0);
  expect_status(aio_tls_context_reload(NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_tls_context_reload(server, &(aio_tls_options){0}), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_tls_context_reload(client, &(aio_tls_options){.verify = AIO_OPTIONAL}), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_tls_context_reload(client, &(aio_tls_options){.alpn = ","}), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_tls_context_reload(client, &(aio_tls_options){.reserved = {0, 1}}), AIO_ERR_UNSUPPORTED);
}

/* ---- how long it lives ---- */

static void test_context__may_go_while_connections_use_it(void **fixture) {
  struct pair *pair = *fixture;
  aio_tls_context *context = NULL;
  aio_tls_options options = {TRUSTING(the_authority())};
  expect_status(aio_tls_context_create(AIO_TLS_CLIENT, &options, &context), AIO_OK);
  speaks_tls(pair, .side = AIO_TLS_SERVER);
  struct completion *attach = start_attach(pair, context, .server_name = "localhost");
  aio_tls_context_destroy(context);
  expect_outcome(attach, AIO_OK);
  expect_talk(pair);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_context__of_a_client_needs_nothing),
      with_collection(test_context__takes_certificate_and_key_from_one_file_or_two),
      with_collection(test_context__takes_trust_from_a_file_a_directory_or_memory),
      with_collection(test_context__trusts_what_the_system_trusts_by_default),
      with_pair(test_context__low_memory_changes_nothing_else),
      with_collection(test_context__opens_an_encrypted_key_with_its_password),
      with_collection(test_context__does_not_open_one_without_it),
      with_collection(test_context__ignores_the_password_of_a_plain_key),
      with_collection(test_context__names_a_file_that_is_missing),
      with_collection(test_context__says_that_a_file_cannot_be_read),
      with_collection(test_context__says_that_a_file_may_not_be_read),
      with_collection(test_context__wants_pem),
      with_collection(test_context__wants_all_of_a_file_to_be_good),
      with_collection(test_context__wants_a_key),
      with_collection(test_context__wants_the_certificates_own_key),
      with_collection(test_context__refuses_a_weak_key),
      with_collection(test_context__refuses_what_makes_no_sense),
      with_collection(test_context__refuses_bad_choices),
      with_collection(test_context__refuses_bad_protocols),
      with_collection(test_context__wants_reserved_fields_to_be_zero),
      with_collection(test_context__destroy_of_null_is_fine),
      with_collection(test_context__out_of_memory_is_a_status),
      with_collection(test_reload__reads_the_same_files_again),
      with_collection(test_reload__keeps_copies_of_the_names_of_files),
      with_collection(test_reload__takes_other_options),
      with_collection(test_reload__failure_changes_nothing),
      with_pair(test_reload__leaves_connections_alone),
      with_collection(test_reload__of_bytes_in_memory_wants_them_again),
      with_collection(test_reload__refuses_what_create_refuses),
      with_pair(test_context__may_go_while_connections_use_it),
  };
  return cmocka_run_group_tests_name("tls_context", tests, NULL, NULL);
}
