// Contexts: which settings a name gets, and what a reload changes.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <unistd.h>

#include "tls_parties.hpp"
#include "unit.hpp"

namespace aio {

namespace {

using tls::Context;
using tls::Side;

Shared<Context> server_context(const Identity &identity = Conversation::identity()) {
  Shared<Context> context = make_context(Side::server, server_options(identity));
  assert_true(static_cast<bool>(context));
  return context;
}

void add(Context &context, const char *pattern, Context &other) {
  assert_int_equal(context.add_name(pattern, other), AIO_OK);
}

void expect_settings(Context &context, const char *name, const Context *expected) {
  const Shared<tls::Settings> found = context.settings_for(name, std::strlen(name));
  const tls::Settings *settings = expected == nullptr ? nullptr : expected->settings().get();
  if (found.get() != settings) fail_msg("\"%s\" got other settings", name);
}

// ---- Names ----

void test_names__are_compared_without_case(void **) {
  const Shared<Context> context = server_context();
  const Shared<Context> other = server_context();
  add(*context, "Name.Test", *other);
  add(*context, "*.WILD.test", *other);
  for (const char *name : {"name.test", "NAME.TEST", "nAme.tesT", "a.wild.test", "A.Wild.Test"}) {
    expect_settings(*context, name, other.get());
  }
  for (const char *name : {"", "name", "name.tes", "name.test2", "xname.test", "a.name.test", "nam\xc5.test"}) {
    expect_settings(*context, name, nullptr);
  }
}

void test_wildcard__is_one_whole_label(void **) {
  const Shared<Context> context = server_context();
  const Shared<Context> other = server_context();
  add(*context, "*.wild.test", *other);
  for (const char *name : {"a.wild.test", "abc-1.wild.test", "*.wild.test"})
    expect_settings(*context, name, other.get());
  for (const char *name : {"wild.test", ".wild.test", "a.b.wild.test", "awild.test", "a.wild.test.x", "a", ".", ".."}) {
    expect_settings(*context, name, nullptr);
  }
  // Only at the front, and only with a dot.
  for (const char *pattern : {"*", "a*.test", "a.*.test", "*test"}) {
    const Shared<Context> fresh = server_context();
    add(*fresh, pattern, *other);
    for (const char *name : {"a.test", "ab.test", "a.b.test", "test", "atest"}) expect_settings(*fresh, name, nullptr);
  }
}

void test_names__the_latest_counts_and_names_go_before_wildcards(void **) {
  const Shared<Context> context = server_context();
  const Shared<Context> first = server_context();
  const Shared<Context> second = server_context();
  add(*context, "a.test", *first);
  add(*context, "*.test", *first);
  expect_settings(*context, "a.test", first.get());
  add(*context, "*.test", *second);
  expect_settings(*context, "a.test", first.get());
  expect_settings(*context, "b.test", second.get());
  add(*context, "A.TEST", *second);
  expect_settings(*context, "a.test", second.get());
}

void test_names__are_compared_by_their_length(void **) {
  const Shared<Context> context = server_context();
  add(*context, "a.test", *context);
  assert_true(static_cast<bool>(context->settings_for("a.testing", 6)));
  assert_false(static_cast<bool>(context->settings_for("a.test", 5)));
  assert_false(static_cast<bool>(context->settings_for("a.test\0", 7)));
  assert_false(static_cast<bool>(context->settings_for("a.test", 0)));
}

void test_names__see_reloads_of_the_other_context(void **) {
  const Shared<Context> context = server_context();
  const Shared<Context> other = server_context();
  add(*context, "a.test", *other);
  const Shared<tls::Settings> before = other->settings();
  const aio_tls_options options = server_options(Conversation::identity());
  assert_int_equal(other->reload(&options), AIO_OK);
  assert_ptr_not_equal(other->settings().get(), before.get());
  expect_settings(*context, "a.test", other.get());
}

void test_names__of_contexts_that_are_gone_or_name_each_other(void **) {
  const Shared<Context> context = server_context();
  {
    const Shared<Context> other = server_context();
    add(*context, "a.test", *other);
    add(*other, "b.test", *context);
    add(*context, "c.test", *context);
  }
  assert_true(static_cast<bool>(context->settings_for("a.test", 6)));
  expect_settings(*context, "c.test", context.get());
}

void test_names__without_memory(void **) {
  const Shared<Context> context = server_context();
  for (const long allocation : {1, 2}) {
    fail_allocation(allocation);
    assert_int_equal(context->add_name("a.test", *context), AIO_ERR_NO_MEMORY);
  }
  expect_settings(*context, "a.test", nullptr);
}

// A connection that asks for a name gets its certificate, protocols, version and verification.
void test_names__choose_for_connections(void **) {
  const Identity own("wild", "DNS:*.wild.test,DNS:a.a.wild.test");
  aio_tls_options options = server_options(own);
  options.alpn = "one";
  options.minimum_version = 13;
  const Shared<Context> named = make_context(Side::server, options);
  aio_tls_options of_client = client_options(own);
  of_client.alpn = "two,one";
  for (const char *name : {"x.wild.test", "a.a.wild.test"}) {
    Conversation talk(TLS1_3_VERSION, server_options(Conversation::identity()), of_client, {name, 443});
    add(*talk.server.context, "*.wild.test", *named);
    talk.open();
    if (std::strcmp(name, "a.a.wild.test") == 0) {
      assert_int_equal(talk.client.error.status, AIO_ERR_TLS_CERTIFICATE);  // two labels: the context's own
      continue;
    }
    assert_true(talk.client.ready && talk.server.ready);
    const Owned<tls::PeerFacts> facts(talk.client.engine->make_facts());
    assert_int_equal(facts->certificate(nullptr, 0), own.certificate.size() + 1);
    assert_string_equal(facts->protocol.get(), "one");
  }
  Conversation old(TLS1_2_VERSION, server_options(Conversation::identity()), of_client, {"x.wild.test", 443});
  add(*old.server.context, "*.wild.test", *named);
  old.open();
  assert_int_equal(old.server.error.status, AIO_ERR_TLS);
}

void test_names__choose_verification(void **) {
  const Identity own("wild", "DNS:x.wild.test");
  aio_tls_options options = server_options(own);
  trust(options, own);
  options.verify = AIO_YES;
  const Shared<Context> strict = make_context(Side::server, options);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const bool known : {false, true}) {
      aio_tls_options of_client = known ? server_options(own) : aio_tls_options();
      trust(of_client, own);
      Conversation talk(version, server_options(Conversation::identity()), of_client, {"x.wild.test", 443});
      add(*talk.server.context, "x.wild.test", *strict);
      talk.open();
      assert_int_equal(talk.server.error.status, known ? AIO_OK : AIO_ERR_TLS_CERTIFICATE);
    }
  }
}

// ---- Reloads ----

struct Folder {
  Folder() { assert_non_null(mkdtemp(path)); }
  ~Folder() {
    for (const std::string &name : written) static_cast<void>(std::remove(name.c_str()));
    rmdir(path);
  }
  const char *write(const char *name, const std::string &content) {
    written.push_back(std::string(path) + "/" + name);
    std::FILE *file = std::fopen(written.back().c_str(), "w");
    assert_non_null(file);
    assert_int_equal(std::fwrite(content.data(), 1, content.size(), file), content.size());
    assert_int_equal(std::fclose(file), 0);
    return written.back().c_str();
  }

  char path[32] = "/tmp/aiostate-tls-XXXXXX";
  std::vector<std::string> written;
};

std::string encrypted(const std::string &key, const char *password) {
  const tls::OwnedBio in(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
  const tls::OwnedKey read(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  const tls::OwnedBio out(BIO_new(BIO_s_mem()));
  const auto *bytes = reinterpret_cast<const unsigned char *>(password);
  PEM_write_bio_PrivateKey(out.get(), read.get(), EVP_aes_128_cbc(), bytes, static_cast<int>(std::strlen(password)),
                           nullptr, nullptr);
  char *text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<size_t>(size)};
}

// Whether clients find this certificate.
bool presents(const Shared<Context> &server, const Identity &identity) {
  MemoryLink link;
  Party client_side(make_context(Side::client, client_options(identity)), link.client, {"server.test", 443});
  Party server_side(server, link.server);
  shake_hands(client_side, server_side);
  return client_side.ready;
}

void test_reload__reads_the_same_files_again(void **) {
  const Identity first("first", "DNS:server.test");
  const Identity second("second", "DNS:server.test");
  Folder folder;
  Shared<Context> context;
  {
    std::string certificate = folder.write("certificate", first.certificate);
    std::string key = folder.write("key", encrypted(first.key, "secret"));
    std::string password = "secret";
    aio_tls_options options = {};
    options.certificate_file = certificate.c_str();
    options.key_file = key.c_str();
    options.password = password.c_str();
    context = make_context(Side::server, options);
    for (std::string *text : {&certificate, &key, &password}) text->assign(text->size(), 'x');  // they are copied
  }
  assert_true(presents(context, first));
  folder.write("certificate", second.certificate);
  assert_int_equal(context->reload(nullptr), AIO_ERR_TLS_CERTIFICATE);  // with the old key
  assert_true(presents(context, first));
  folder.write("key", encrypted(second.key, "other"));
  assert_int_equal(context->reload(nullptr), AIO_ERR_TLS_CERTIFICATE);
  assert_true(presents(context, first));
  folder.write("key", encrypted(second.key, "secret"));
  assert_int_equal(context->reload(nullptr), AIO_OK);
  assert_false(presents(context, first));
  assert_true(presents(context, second));
}

void test_reload__needs_options_where_data_was_given(void **) {
  const Shared<Context> context = server_context();
  const Shared<tls::Settings> before = context->settings();
  assert_int_equal(context->reload(nullptr), AIO_ERR_INVALID_ARGUMENT);
  assert_ptr_equal(context->settings().get(), before.get());
}

// What was kept is that of the latest reload that went well.
void test_reload__replaces_what_is_kept(void **) {
  const Identity first("first", "DNS:server.test");
  const Identity second("second", "DNS:server.test");
  Folder folder;
  aio_tls_options options = {};
  const std::string file = folder.write("both", first.certificate + first.key);
  options.certificate_file = file.c_str();
  const Shared<Context> context = make_context(Side::server, options);
  assert_true(presents(context, first));
  aio_tls_options broken = server_options(second);
  broken.key_data = first.key.data();
  broken.key_length = first.key.size();
  assert_int_equal(context->reload(&broken), AIO_ERR_TLS_CERTIFICATE);
  assert_int_equal(context->reload(nullptr), AIO_OK);
  assert_true(presents(context, first));
  aio_tls_options in_memory = server_options(second);
  assert_int_equal(context->reload(&in_memory), AIO_OK);
  assert_true(presents(context, second));
  assert_int_equal(context->reload(nullptr), AIO_ERR_INVALID_ARGUMENT);
  assert_int_equal(context->reload(&options), AIO_OK);
  assert_int_equal(context->reload(nullptr), AIO_OK);
  assert_true(presents(context, first));
}

void test_reload__leaves_connections_that_stand(void **) {
  const Identity other("other", "DNS:server.test");
  Conversation talk(TLS1_3_VERSION);
  const aio_tls_options options = server_options(other);
  assert_int_equal(talk.server.context->reload(&options), AIO_OK);  // before the handshake
  talk.open();
  assert_true(talk.client.ready && talk.server.ready);
  assert_true(presents(talk.server.context, other));
  assert_true(send(talk.client, talk.server, "abc"));
}

void test_reload__without_memory_changes_nothing(void **) {
  Folder folder;
  const std::string file = folder.write("both", Conversation::identity().certificate + Conversation::identity().key);
  aio_tls_options options = {};
  options.certificate_file = file.c_str();
  options.alpn = "one,two";
  const Shared<Context> context = make_context(Side::server, options);
  for (const aio_tls_options *given : {static_cast<const aio_tls_options *>(nullptr), &std::as_const(options)}) {
    long allocation = 1;
    for (;; ++allocation) {
      const Shared<tls::Settings> before = context->settings();
      const long live = live_allocations();
      fail_allocation(allocation);
      const aio_status status = context->reload(given);
      if (!allocation_failed()) break;
      assert_int_equal(status, AIO_ERR_NO_MEMORY);
      assert_int_equal(live_allocations(), live);
      assert_ptr_equal(context->settings().get(), before.get());
    }
    assert_in_range(allocation, 4, 20);
  }
}

const CMUnitTest tests[] = {
    leaves_no_memory(test_names__are_compared_without_case),
    leaves_no_memory(test_wildcard__is_one_whole_label),
    leaves_no_memory(test_names__the_latest_counts_and_names_go_before_wildcards),
    leaves_no_memory(test_names__are_compared_by_their_length),
    leaves_no_memory(test_names__see_reloads_of_the_other_context),
    leaves_no_memory(test_names__of_contexts_that_are_gone_or_name_each_other),
    leaves_no_memory(test_names__without_memory),
    leaves_no_memory(test_names__choose_for_connections),
    leaves_no_memory(test_names__choose_verification),
    leaves_no_memory(test_reload__reads_the_same_files_again),
    leaves_no_memory(test_reload__needs_options_where_data_was_given),
    leaves_no_memory(test_reload__replaces_what_is_kept),
    leaves_no_memory(test_reload__leaves_connections_that_stand),
    leaves_no_memory(test_reload__without_memory_changes_nothing),
};

}  // namespace

}  // namespace aio

int main() { return cmocka_run_group_tests(aio::tests, nullptr, nullptr); }
