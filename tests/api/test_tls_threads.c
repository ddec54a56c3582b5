/* TLS under calls from many threads. Sanitizers see what these tests cannot. */
#include <pthread.h>
#include <stdatomic.h>

#include "support_driving.h"
#include "support_tls.h"

/* ---- contexts are shared ---- */

struct reloader {
  aio_tls_context *context;
  const struct identity *identities[2];
  int rounds;
};

static void reload_on(void *argument) {
  struct reloader *reloader = argument;
  for (int i = 0; i < reloader->rounds; i++)
    if (aio_tls_context_reload(reloader->context, &(aio_tls_options){SHOWING(reloader->identities[i % 2])}) != AIO_OK)
      fail_at(HERE, "a reload failed");
}

static void test_tls_threads__reload_during_handshakes(void **fixture) {
  struct pair *pair = *fixture;
  struct reloader reloader = {.context = server_context(0), .rounds = 50};
  reloader.identities[0] = the_server();
  reloader.identities[1] = new_identity(.names = "DNS:localhost", .issuer = the_authority());
  struct acceptor *acceptor = start_acceptor_with(pair, "127.0.0.1", .tls = reloader.context);
  struct thread *thread = start_thread(reload_on, &reloader);
  for (int i = 0; i < 20; i++) {
    struct completion *connect = start_connect_with(pair, "127.0.0.1", acceptor->service, .tls = client_context(0),
                                                    .tls_server_name = "localhost");
    expect_outcome(connect, AIO_OK);
  }
  join_thread(thread);
}

static void add_names_on(void *context) {
  char name[32];
  for (int i = 0; i < 100; i++) {
    memcpy(name, "n00.test", 9);
    name[1] = (char)('0' + i / 10);
    name[2] = (char)('0' + i % 10);
    aio_tls_context_add_server_name(context, name, context);
  }
}

static void test_tls_threads__names_are_added_during_handshakes(void **fixture) {
  struct pair *pair = *fixture;
  aio_tls_context *context = server_context(0);
  struct acceptor *acceptor = start_acceptor_with(pair, "127.0.0.1", .tls = context);
  struct thread *thread = start_thread(add_names_on, context);
  for (int i = 0; i < 20; i++) meet_tls(acceptor, .server_name = "n05.test");
  join_thread(thread);
}

static void test_tls_threads__one_context_serves_several_collections(void **fixture) {
  (void)fixture;
  aio_tls_context *server = server_context(0), *client = client_context(0);
  struct completion *connects[40];
  struct pair *homes[4];
  struct acceptor *acceptors[4];
  for (int i = 0; i < 4; i++) {
    homes[i] = pair_of(new_threaded_collection(), NULL, -1);
    acceptors[i] = start_acceptor_with(homes[i], "127.0.0.1", .tls = server);
    acceptors[i]->then = then_echo;
  }
  for (int i = 0; i < 40; i++)
    connects[i] = start_connect_with(homes[i % 4], "127.0.0.1", acceptors[(i + 1) % 4]->service, .tls = client,
                                     .tls_server_name = "localhost");
  for (int i = 0; i < 40; i++) {
    struct completion *write = start_write(connects[i]->pair, 20000), *read = start_read(connects[i]->pair, 20000);
    expect_outcome(connects[i], AIO_OK);
    expect_write(write, AIO_OK, 20000);
    expect_read(read, AIO_OK, 20000);
  }
}

/* ---- races of a state's own calls ---- */

static void close_it(void *pair) { start_close((struct pair *)pair); }

static void test_tls_threads__attach_may_race_with_close(void **fixture) {
  struct pair *home = *fixture;
  aio_tls_context *context = server_context(0);
  for (int i = 0; i < 50; i++) {
    struct pair *pair = new_pair(home->collection, LINK_UNIX, NULL);
    put_tls_between(pair, LINK_UNIX, &(struct tls_peer_options){.side = AIO_TLS_CLIENT});
    struct thread *thread = start_thread(close_it, pair);
    struct completion *attach = try_attach(pair, context, 0);
    join_thread(thread);
    if (attach->submitted == AIO_OK) {
      drive_until(pair, attach->done);
      assert_true(attach->status == AIO_OK || attach->status == AIO_ERR_CANCELED);
    } else {
      expect_refusal(attach, AIO_ERR_CLOSED);
    }
  }
}

static void test_tls_threads__detach_may_race_with_close(void **fixture) {
  struct pair *home = *fixture;
  for (int i = 0; i < 30; i++) {
    struct pair *pair = new_pair(home->collection, LINK_TCP, NULL);
    become_server(pair, 13)->options.detaches = 1;
    if (i % 2) peer_detaches(pair);
    struct thread *thread = start_thread(close_it, pair);
    struct completion *detach = submit_detach(pair, 0);
    join_thread(thread);
    if (detach->submitted == AIO_OK) {
      drive_until(pair, detach->done);
      assert_true(detach->status == AIO_OK || detach->status == AIO_ERR_CANCELED);
    } else {
      expect_refusal(detach, AIO_ERR_CLOSED);
    }
  }
}

static void write_some(void *argument) {
  for (int i = 0; i < 20; i++) try_write(argument, 10);
}

/* Whoever comes first has the direction, and the other is busy. */
static void test_tls_threads__attach_may_race_with_operations(void **fixture) {
  struct pair *home = *fixture;
  aio_tls_context *context = server_context(0);
  for (int i = 0; i < 50; i++) {
    struct pair *pair = new_pair(home->collection, LINK_UNIX, NULL);
    struct thread *thread = start_thread(write_some, pair);
    struct completion *attach = try_attach(pair, context, 0);
    join_thread(thread);
    if (attach->submitted != AIO_OK) expect_refusal(attach, AIO_ERR_BUSY);
    expect_outcome(start_close(pair), AIO_OK);
  }
}

struct watcher {
  aio_state *state;
  atomic_int stopped;
};

static void read_facts(void *argument) {
  struct watcher *watcher = argument;
  char text[4096];
  while (!atomic_load(&watcher->stopped)) {
    const int32_t side = aio_state_tls_side(watcher->state);
    const size_t size = aio_state_tls_peer_certificate(watcher->state, text, sizeof text);
    if (side != 0 && side != AIO_TLS_CLIENT) fail_at(HERE, "a side that is none");
    if (strlen(aio_state_tls_version(watcher->state)) > 7 || aio_state_tls_cipher(watcher->state) == NULL ||
        aio_state_tls_alpn(watcher->state) == NULL || aio_state_tls_server_name(watcher->state) == NULL ||
        aio_state_tls_session_reused(watcher->state) != 0 || (size != 0 && strlen(text) + 1 != size))
      fail_at(HERE, "a reader answers something else");
  }
}

static void test_tls_threads__readers_are_safe_against_everything(void **fixture) {
  struct pair *home = *fixture;
  for (int i = 0; i < 20; i++) {
    struct pair *pair = new_pair(home->collection, LINK_TCP, NULL);
    struct watcher watcher = {.state = pair->state};
    struct thread *thread = start_thread(read_facts, &watcher);
    become_client(pair, 13)->options.detaches = 1;
    struct completion *detach = start_detach(pair, 0);
    peer_detaches(pair);
    expect_outcome(detach, AIO_OK);
    expect_outcome(start_close(pair), AIO_OK);
    atomic_store(&watcher.stopped, 1);
    join_thread(thread);
  }
}

static void test_tls_threads__collection_may_end_during_handshakes(void **fixture) {
  (void)fixture;
  for (int i = 0; i < 20; i++) {
    struct pair *home = pair_of(new_threaded_collection(), NULL, -1);
    struct acceptor *acceptor = start_acceptor_with(home, "127.0.0.1", .tls = server_context(0));
    for (int j = 0; j < 5; j++)
      start_connect_with(home, "127.0.0.1", acceptor->service, .tls = client_context(0),
                         .tls_server_name = "localhost");
    if (i % 2) spend(0.002);
    destroy_collection(home);
    destroy_acceptor(acceptor);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_threaded_collection(test_tls_threads__reload_during_handshakes),
      with_collection(test_tls_threads__names_are_added_during_handshakes),
      with_threaded_collection(test_tls_threads__names_are_added_during_handshakes),
      with_collection(test_tls_threads__one_context_serves_several_collections),
      with_threaded_collection(test_tls_threads__attach_may_race_with_close),
      with_threaded_collection(test_tls_threads__detach_may_race_with_close),
      with_threaded_collection(test_tls_threads__attach_may_race_with_operations),
      with_threaded_collection(test_tls_threads__readers_are_safe_against_everything),
      with_collection(test_tls_threads__collection_may_end_during_handshakes),
  };
  return cmocka_run_group_tests_name("tls_threads", tests, NULL, NULL);
}
