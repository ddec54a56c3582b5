/* Unix sockets: addresses, connecting, accepting, the socket file, credentials. */
#include "support_network.h"

#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { kLongest = sizeof((struct sockaddr_un *)0)->sun_path - 1 };

/* A path in a folder of the test's own, which goes with it. */
struct socket_path {
  char folder[32];
  char path[64];
};

static void remove_folder(void *argument) {
  struct socket_path *where = argument;
  unlink(where->path);
  rmdir(where->folder);
}

static const char *new_path(void) {
  struct socket_path *where = fixture_memory(sizeof *where);
  strcpy(where->folder, "/tmp/aiostate-XXXXXX");
  assert_non_null(mkdtemp(where->folder));
  snprintf(where->path, sizeof where->path, "%s/socket", where->folder);
  at_tear_down(remove_folder, where);
  return where->path;
}

static int exists(const char *path) { return access(path, F_OK) == 0; }

/* A socket file of somebody else's: listening or left behind. */
static int raw_listener(const char *path, int backlog) {
  aio_address address;
  expect_status(aio_address_unix(&address, path), AIO_OK);
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(listener, (const struct sockaddr *)address.storage, address.length), 0);
  assert_int_equal(listen(listener, backlog), 0);
  return listener;
}

static struct acceptor *submit_unix_acceptor(struct pair *pair, const char *path, const aio_accept_options *given) {
  struct acceptor *acceptor = fixture_memory(sizeof *acceptor);
  aio_accept_options options = {0};
  if (given != NULL) options = *given;
  options.user_info = acceptor;
  options.error_callback = recorded_accept_error;
  acceptor->pair = pair;
  acceptor->submitted = aio_acceptor_create_unix(pair->collection, path, recorded_accept, &options, &acceptor->handle);
  if (acceptor->submitted != AIO_OK) assert_null(acceptor->handle);
  return acceptor;
}

static struct acceptor *listen_at(struct pair *pair, const char *path) {
  struct acceptor *acceptor = submit_unix_acceptor(pair, path, NULL);
  expect_status(acceptor->submitted, AIO_OK);
  return acceptor;
}

static void expect_no_acceptor(struct pair *pair, const char *path, const aio_accept_options *options,
                               aio_status status) {
  struct acceptor *acceptor = submit_unix_acceptor(pair, path, options);
  expect_status(acceptor->submitted, status);
}

static struct completion *submit_unix_connect(struct pair *fixture, const char *path,
                                              const aio_connect_options *given) {
  struct pair *pair = pair_of(fixture->collection, NULL, -1);
  struct completion *completion = new_completion(pair);
  aio_connect_options options = {0};
  if (given != NULL) options = *given;
  options.user_info = completion;
  accept_completion(completion,
                    aio_state_connect_unix(pair->collection, path, recorded_status, &options, &pair->state));
  return completion;
}

static struct completion *connect_to(struct pair *pair, const char *path) {
  return started(HERE, submit_unix_connect(pair, path, NULL));
}

/* ---- connections ---- */

static void expect_conversation(struct pair *pair, struct acceptor *acceptor, const char *path) {
  struct completion *connect = connect_to(pair, path);
  expect_outcome(connect, AIO_OK);
  drive_until(pair, acceptor->done);
  struct pair *client = connect->pair;
  struct pair *server = acceptor->pairs[0];
  struct completion *read = start_read(server, 100000);
  expect_write(start_write(client, 100000), AIO_OK, 100000);
  expect_read(read, AIO_OK, 100000);
  read = start_read(client, 1000);
  expect_write(start_write(server, 1000), AIO_OK, 1000);
  expect_read(read, AIO_OK, 1000);
  destroy_state(client);
  expect_read(start_read(server, 1), AIO_EOF, 0);
}

static void test_unix__both_ends_talk(void **fixture) {
  const char *path = new_path();
  struct acceptor *acceptor = listen_at(*fixture, path);
  assert_int_equal(aio_acceptor_local_port(acceptor->handle), 0);
  expect_conversation(*fixture, acceptor, path);
  destroy_acceptor(acceptor);
}

static void test_unix__abstract_names_are_no_files(void **fixture) {
  struct pair *pair = *fixture;
  char name[64];
  snprintf(name, sizeof name, "@aiostate-test-%d", (int)getpid());
  struct acceptor *acceptor = listen_at(pair, name);
  assert_false(exists(name));
  expect_no_acceptor(pair, name, NULL, AIO_ERR_ADDRESS_IN_USE);
  expect_conversation(pair, acceptor, name);
  destroy_acceptor(acceptor);
}

static void test_unix__operations_wait_for_the_connection(void **fixture) {
  struct pair *pair = *fixture;
  const char *path = new_path();
  int listener = raw_listener(path, 1);
  struct completion *connect = connect_to(pair, path);
  struct completion *write = start_write(connect->pair, 100);
  expect_write(write, AIO_OK, 100);
  expect_order(connect, write);
  connect->pair->peer = accept(listener, NULL, NULL);
  peer_receives(connect->pair, 100);
  close(listener);
}

static void test_unix__addresses_are_the_paths(void **fixture) {
  struct pair *pair = *fixture;
  const char *path = new_path();
  char text[128];
  aio_address address;
  struct acceptor *acceptor = listen_at(pair, path);
  expect_status(aio_acceptor_local_address(acceptor->handle, &address), AIO_OK);
  assert_int_equal(aio_address_family(&address), AIO_UNIX);
  expect_status(aio_address_format(&address, text, sizeof text), AIO_OK);
  assert_string_equal(text, path);
  struct completion *connect = connect_to(pair, path);
  expect_outcome(connect, AIO_OK);
  expect_status(aio_state_peer_address(connect->pair->state, &address), AIO_OK);
  expect_status(aio_address_host(&address, text, sizeof text), AIO_OK);
  assert_string_equal(text, path);
  assert_int_equal(aio_state_nodelay(connect->pair->state), 0);
  drive_until(pair, acceptor->done);
  destroy_acceptor(acceptor);
}

static void test_unix__connect_may_bind_a_path(void **fixture) {
  struct pair *pair = *fixture;
  const char *path = new_path();
  const char *own = new_path();
  int listener = raw_listener(path, 1);
  struct completion *connect =
      started(HERE, submit_unix_connect(pair, path, &(aio_connect_options){.local_address = own}));
  expect_outcome(connect, AIO_OK);
  aio_address address;
  char text[128];
  expect_status(aio_state_local_address(connect->pair->state, &address), AIO_OK);
  expect_status(aio_address_host(&address, text, sizeof text), AIO_OK);
  assert_string_equal(text, own);
  close(listener);
}

/* ---- failures to connect ---- */

static void expect_no_connection(struct pair *pair, const char *path, aio_status status) {
  struct completion *connect = connect_to(pair, path);
  struct completion *read = start_read(connect->pair, 1);
  expect_outcome(connect, status);
  assert_string_equal(aio_state_error_text(connect->pair->state), path);
  expect_read(read, status, 0);
  expect_order(connect, read);
}

static void test_unix_connect__to_no_file(void **fixture) {
  expect_no_connection(*fixture, new_path(), AIO_ERR_NOT_FOUND);
}

static void test_unix_connect__to_a_file_left_behind(void **fixture) {
  const char *path = new_path();
  close(raw_listener(path, 1));
  expect_no_connection(*fixture, path, AIO_ERR_CONNECTION_REFUSED);
}

/* The kernel says at once that there is no room, and never that there is. */
static void test_unix_connect__waits_for_room_in_the_queue(void **fixture) {
  struct pair *pair = *fixture;
  const char *path = new_path();
  int listener = raw_listener(path, 0);
  expect_outcome(connect_to(pair, path), AIO_OK);
  struct completion *second = connect_to(pair, path);
  expect_running(second);
  close(accept(listener, NULL, NULL));
  expect_outcome(second, AIO_OK);
  close(listener);
}

static void test_unix_connect__to_a_full_queue_times_out(void **fixture) {
  struct pair *pair = *fixture;
  const char *path = new_path();
  int listener = raw_listener(path, 0);
  expect_outcome(connect_to(pair, path), AIO_OK);
  double start = now();
  struct completion *second =
      started(HERE, submit_unix_connect(pair, path, &(aio_connect_options){.connect_timeout = 0.05}));
  expect_outcome(second, AIO_TIMEOUT);
  expect_not_before(second, start, 0.05);
  struct completion *third = connect_to(pair, path);
  expect_running(third);
  destroy_state(third->pair);
  expect_outcome(third, AIO_ERR_CANCELED);
  close(listener);
}

static void test_unix_connect__refuses_bad_arguments(void **fixture) {
  struct pair *pair = *fixture;
  char path[kLongest + 2] = {0};
  expect_refusal(submit_unix_connect(pair, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(submit_unix_connect(pair, "", NULL), AIO_ERR_INVALID_ARGUMENT);
  memset(path, 'x', kLongest + 1);
  expect_refusal(submit_unix_connect(pair, path, NULL), AIO_ERR_INVALID_ARGUMENT);
  path[kLongest] = '\0';
  expect_outcome(connect_to(pair, path), AIO_ERR_NOT_FOUND);
  expect_refusal(submit_unix_connect(pair, "x", &(aio_connect_options){.connect_timeout = -1}),
                 AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(submit_unix_connect(pair, "x", &(aio_connect_options){.reserved = {1}}), AIO_ERR_UNSUPPORTED);
}

/* ---- the socket file ---- */

static void test_unix_acceptor__replaces_a_file_left_behind(void **fixture) {
  const char *path = new_path();
  close(raw_listener(path, 1));
  struct acceptor *acceptor = listen_at(*fixture, path);
  expect_conversation(*fixture, acceptor, path);
  destroy_acceptor(acceptor);
}

static void test_unix_acceptor__leaves_one_that_is_in_use(void **fixture) {
  struct pair *pair = *fixture;
  const char *path = new_path();
  int listener = raw_listener(path, 0);
  expect_no_acceptor(pair, path, NULL, AIO_ERR_ADDRESS_IN_USE);
  assert_string_equal(aio_last_error_text(), path);
  expect_outcome(connect_to(pair, path), AIO_OK); /* still, and now its queue is full */
  expect_no_acceptor(pair, path, NULL, AIO_ERR_ADDRESS_IN_USE);
  assert_true(exists(path));
  close(listener);
}

static void test_unix_acceptor__leaves_what_is_no_socket(void **fixture) {
  const char *path = new_path();
  FILE *file = fopen(path, "w");
  fclose(file);
  expect_no_acceptor(*fixture, path, NULL, AIO_ERR_ADDRESS_IN_USE);
  assert_true(exists(path));
}

static void test_unix_acceptor__file_goes_at_close(void **fixture) {
  struct pair *pair = *fixture;
  const char *path = new_path();
  struct acceptor *acceptor = listen_at(pair, path);
  assert_true(exists(path));
  expect_outcome(start_acceptor_close(acceptor), AIO_OK);
  assert_false(exists(path));
  destroy_acceptor(acceptor);
}

static void test_unix_acceptor__file_goes_at_destroy(void **fixture) {
  struct pair *pair = *fixture;
  const char *path = new_path();
  struct acceptor *acceptor = listen_at(pair, path);
  destroy_acceptor(acceptor);
  settle(pair);
  assert_false(exists(path));
}

static void test_unix_acceptor__file_goes_with_the_collection(void **fixture) {
  struct pair *pair = *fixture;
  const char *path = new_path();
  struct acceptor *acceptor = listen_at(pair, path);
  destroy_collection(pair);
  assert_false(exists(path));
  destroy_acceptor(acceptor);
}

static void test_unix_acceptor__leaves_a_file_that_took_its_place(void **fixture) {
  struct pair *pair = *fixture;
  const char *path = new_path();
  struct acceptor *acceptor = listen_at(pair, path);
  unlink(path);
  int listener = raw_listener(path, 1);
  expect_outcome(start_acceptor_close(acceptor), AIO_OK);
  assert_true(exists(path));
  destroy_acceptor(acceptor);
  close(listener);
}

static void test_unix_acceptor__without_memory_leaves_no_file(void **fixture) {
  struct pair *pair = *fixture;
  const char *path = new_path();
  for (long number = 1; number < 20; number++) {
    fail_allocation(number);
    struct acceptor *acceptor = submit_unix_acceptor(pair, path, NULL);
    fail_allocation(0);
    if (acceptor->submitted == AIO_OK) {
      destroy_acceptor(acceptor);
      settle(pair);
    } else {
      expect_status(acceptor->submitted, AIO_ERR_NO_MEMORY);
    }
    assert_false(exists(path));
  }
}

static void test_unix_acceptor__mode_is_that_of_the_file(void **fixture) {
  static const int32_t modes[] = {0600, 0660, 0777};
  struct pair *pair = *fixture;
  const char *path = new_path();
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    struct stat file;
    struct acceptor *acceptor = submit_unix_acceptor(pair, path, &(aio_accept_options){.unix_mode = modes[i]});
    expect_status(acceptor->submitted, AIO_OK);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 0777, modes[i]);
    destroy_acceptor(acceptor);
    settle(pair);
  }
}

static void test_unix_acceptor__refuses_bad_arguments(void **fixture) {
  struct pair *pair = *fixture;
  const char *path = new_path();
  char longer[kLongest + 2] = {0};
  memset(longer, 'x', kLongest + 1);
  expect_no_acceptor(pair, NULL, NULL, AIO_ERR_INVALID_ARGUMENT);
  expect_no_acceptor(pair, "", NULL, AIO_ERR_INVALID_ARGUMENT);
  expect_no_acceptor(pair, longer, NULL, AIO_ERR_INVALID_ARGUMENT);
  expect_no_acceptor(pair, path, &(aio_accept_options){.unix_mode = 01000}, AIO_ERR_INVALID_ARGUMENT);
  expect_no_acceptor(pair, path, &(aio_accept_options){.unix_mode = -1}, AIO_ERR_INVALID_ARGUMENT);
  expect_no_acceptor(pair, path, &(aio_accept_options){.reserved = {1}}, AIO_ERR_UNSUPPORTED);
  expect_no_acceptor(pair, "/no/such/folder/socket", NULL, AIO_ERR_NOT_FOUND);
  assert_false(exists(path));
}

/* ---- datagrams ---- */

/* The kernel finds an unconnected sender writable always, also while the receiver has no room. */
static void test_unix_datagrams__a_full_receiver_is_asked_now_and_then(void **fixture) {
  enum { kMany = 64, kSize = 1000 };
  struct pair *pair =
      pair_of(((struct pair *)*fixture)->collection, NULL, socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  struct completion *sends[kMany];
  aio_counters counters;
  aio_address to;
  char name[64];
  char bytes[kSize] = {0};
  snprintf(name, sizeof name, "@aiostate-receiver-%d", (int)getpid());
  expect_status(aio_address_unix(&to, name), AIO_OK);
  assert_int_equal(bind(pair->peer, (const struct sockaddr *)to.storage, to.length), 0);
  expect_status(aio_state_create(pair->collection, socket(AF_UNIX, SOCK_DGRAM, 0), NULL, &pair->state), AIO_OK);
  for (int i = 0; i < kMany; i++) {
    sends[i] = new_completion(pair);
    aio_io_options options = {.user_info = sends[i]};
    accept_completion(sends[i],
                      aio_state_send_message_to_address(pair->state, &to, bytes, kSize, recorded_write, &options));
  }
  drive_for(pair, 0.1);
  assert_int_equal(sends[kMany - 1]->calls, 0);
  expect_status(aio_state_counters(pair->state, &counters), AIO_OK);
  assert_in_range(counters.calls_written, 2, 200);
  for (int i = 0; i < kMany; i++) drive_until(pair, recv(pair->peer, bytes, kSize, 0) == kSize);
  drive_until(pair, sends[kMany - 1]->done);
  assert_int_equal(sends[kMany - 1]->count, kSize);
}

/* ---- credentials ---- */

static void test_credentials__are_the_peers(void **fixture) {
  struct pair *pair = *fixture;
  aio_credentials credentials;
  expect_status(aio_state_peer_credentials(pair->state, &credentials), AIO_OK);
  assert_int_equal(credentials.process, getpid());
  assert_int_equal(credentials.user, geteuid());
  assert_int_equal(credentials.group, getegid());
}

static void test_credentials__are_for_unix_sockets(void **fixture) {
  struct pair *pair = *fixture;
  aio_credentials credentials;
  expect_status(aio_state_peer_credentials(pair->state, &credentials), AIO_ERR_UNSUPPORTED);
  assert_int_equal(credentials.process, -1);
  expect_status(aio_state_peer_credentials(NULL, &credentials), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_peer_credentials(pair->state, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_outcome(start_close(pair), AIO_OK);
  expect_status(aio_state_peer_credentials(pair->state, &credentials), AIO_ERR_CLOSED);
}

/* ---- addresses ---- */

static void test_address_unix__goes_there_and_back(void **fixture) {
  static const char *const paths[] = {"/tmp/socket", "relative", "./@file", "@abstract", "@"};
  (void)fixture;
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    aio_address address;
    aio_address again;
    char text[128];
    expect_status(aio_address_unix(&address, paths[i]), AIO_OK);
    assert_int_equal(aio_address_family(&address), AIO_UNIX);
    expect_status(aio_address_host(&address, text, sizeof text), AIO_OK);
    if (strcmp(paths[i], "@") != 0) assert_string_equal(text, paths[i]);
    expect_status(aio_address_unix(&again, paths[i]), AIO_OK);
    assert_true(aio_address_equal(&address, &again));
  }
}

static void test_address_unix__knows_its_limits(void **fixture) {
  char path[kLongest + 3] = {0};
  aio_address address;
  (void)fixture;
  memset(path, 'x', kLongest);
  expect_status(aio_address_unix(&address, path), AIO_OK);
  path[kLongest] = 'x';
  expect_status(aio_address_unix(&address, path), AIO_ERR_INVALID_ARGUMENT);
  assert_int_equal(address.length, 0);
  path[0] = '@'; /* needs no NUL at the end */
  expect_status(aio_address_unix(&address, path), AIO_OK);
  path[kLongest + 1] = 'x';
  expect_status(aio_address_unix(&address, path), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_address_unix(&address, ""), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_address_unix(&address, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_address_unix(NULL, "x"), AIO_ERR_INVALID_ARGUMENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_unix__both_ends_talk),
      with_collection(test_unix__abstract_names_are_no_files),
      with_collection(test_unix__operations_wait_for_the_connection),
      with_collection(test_unix__addresses_are_the_paths),
      with_collection(test_unix__connect_may_bind_a_path),
      with_collection(test_unix_connect__to_no_file),
      with_collection(test_unix_connect__to_a_file_left_behind),
      with_collection(test_unix_connect__waits_for_room_in_the_queue),
      with_collection(test_unix_connect__to_a_full_queue_times_out),
      with_collection(test_unix_connect__refuses_bad_arguments),
      with_collection(test_unix_acceptor__replaces_a_file_left_behind),
      with_collection(test_unix_acceptor__leaves_one_that_is_in_use),
      with_collection(test_unix_acceptor__leaves_what_is_no_socket),
      with_collection(test_unix_acceptor__file_goes_at_close),
      with_collection(test_unix_acceptor__file_goes_at_destroy),
      with_collection(test_unix_acceptor__file_goes_with_the_collection),
      with_collection(test_unix_acceptor__leaves_a_file_that_took_its_place),
      with_collection(test_unix_acceptor__without_memory_leaves_no_file),
      with_collection(test_unix_acceptor__mode_is_that_of_the_file),
      with_collection(test_unix_acceptor__refuses_bad_arguments),
      with_collection(test_unix_datagrams__a_full_receiver_is_asked_now_and_then),
      with_unix_pair(test_credentials__are_the_peers),
      with_pair(test_credentials__are_for_unix_sockets),
      cmocka_unit_test(test_address_unix__goes_there_and_back),
      cmocka_unit_test(test_address_unix__knows_its_limits),
  };
  return cmocka_run_group_tests_name("unix", tests, NULL, NULL);
}
