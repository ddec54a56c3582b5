/* States: made, asked, set, and ended in every place where they can be ended. */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.h"

enum { BIG = 1 << 20 }; /* more than the kernel takes on a Unix pair */

/* ---- destroy, close and abort in every kind of callback, with operations running ---- */

/*
 * Each returns an operation whose callback is to come, with others running beside it wherever that kind allows: a read
 * unless it is a read itself, a blocked write and one behind it unless it is a shutdown.
 */
static void run_writes_beside(struct pair *pair) {
  start_write(pair, BIG);
  start_write(pair, 10);
}

static struct completion *coming_read(struct pair *pair) {
  struct completion *read = start_read(pair, 10);
  run_writes_beside(pair);
  peer_sends(pair, 20);
  return read;
}

static struct completion *coming_standing_read(struct pair *pair) {
  struct completion *standing = start_standing_read(pair, NULL);
  run_writes_beside(pair);
  peer_sends(pair, 20);
  return standing;
}

static struct completion *coming_wait(struct pair *pair) {
  struct completion *wait = start_wait(pair);
  run_writes_beside(pair);
  peer_sends(pair, 20);
  return wait;
}

static struct completion *coming_write(struct pair *pair) {
  struct completion *write = start_write(pair, 10);
  start_read(pair, 10);
  run_writes_beside(pair);
  return write;
}

static struct completion *coming_eof(struct pair *pair) {
  struct completion *read = start_read(pair, 10);
  run_writes_beside(pair);
  peer_ends(pair);
  return read;
}

static struct completion *coming_reset(struct pair *pair) {
  struct completion *write = start_write(pair, BIG);
  start_write(pair, 10);
  start_read(pair, 10);
  settle(pair);
  peer_resets(pair);
  return write;
}

static struct completion *coming_timeout(struct pair *pair) {
  struct completion *write = start_write_with(pair, BIG, .timeout = 0.01);
  start_write(pair, 10);
  start_read(pair, 10);
  return write;
}

static struct completion *coming_shutdown(struct pair *pair) {
  start_read(pair, 10);
  start_write(pair, 10);
  return start_shutdown(pair);
}

static struct completion *coming_abort(struct pair *pair) {
  start_read(pair, 10);
  run_writes_beside(pair);
  return start_abort(pair, AIO_INPUT);
}

static struct completion *coming_close(struct pair *pair) {
  start_read(pair, 10);
  run_writes_beside(pair);
  struct completion *close = start_close(pair);
  start_close(pair);
  return close;
}

static void then_close(struct completion *completion) { completion->context = try_close(completion->pair); }

static void then_close_and_destroy(struct completion *completion) {
  then_close(completion);
  destroy_state(completion->pair);
}

static void then_linger_and_destroy(struct completion *completion) {
  completion->context = try_close_with(completion->pair, .linger = 0.01);
  destroy_state(completion->pair);
}

static void then_abort(struct completion *completion) { completion->context = try_abort(completion->pair, AIO_BOTH); }

static void then_abort_and_destroy(struct completion *completion) {
  then_abort(completion);
  destroy_state(completion->pair);
}

static void (*action)(struct completion *);

static void then_act_once(struct completion *completion) {
  completion->then = NULL;
  action(completion);
}

/* That everything completes exactly once and nothing is left is seen by tear_down. */
static void act_in(struct completion *coming, void (*wanted_action)(struct completion *)) {
  struct pair *pair = coming->pair;
  action = wanted_action;
  coming->then = then_act_once;
  drive_until(pair, coming->done > 0);
  struct completion *ending = coming->context;
  if (ending != NULL && ending->submitted != AIO_ERR_CLOSED) drive_until(pair, started(HERE, ending)->done > 0);
  settle(pair);
  expect_nothing_more(pair);
}

#define ACTIONS_IN(kind)                                                                                        \
  static void test_destroy__in_a_##kind##_callback(void **pair) { act_in(coming_##kind(*pair), then_destroy); } \
  static void test_close__in_a_##kind##_callback(void **pair) { act_in(coming_##kind(*pair), then_close); }     \
  static void test_close_and_destroy__in_a_##kind##_callback(void **pair) {                                     \
    act_in(coming_##kind(*pair), then_close_and_destroy);                                                       \
  }                                                                                                             \
  static void test_linger_and_destroy__in_a_##kind##_callback(void **pair) {                                    \
    act_in(coming_##kind(*pair), then_linger_and_destroy);                                                      \
  }                                                                                                             \
  static void test_abort__in_a_##kind##_callback(void **pair) { act_in(coming_##kind(*pair), then_abort); }     \
  static void test_abort_and_destroy__in_a_##kind##_callback(void **pair) {                                     \
    act_in(coming_##kind(*pair), then_abort_and_destroy);                                                       \
  }

#define TESTS_IN(kind)                                                                                      \
  with_unix_pair(test_destroy__in_a_##kind##_callback), with_unix_pair(test_close__in_a_##kind##_callback), \
      with_unix_pair(test_close_and_destroy__in_a_##kind##_callback),                                       \
      with_unix_pair(test_linger_and_destroy__in_a_##kind##_callback),                                      \
      with_unix_pair(test_abort__in_a_##kind##_callback),                                                   \
      with_unix_pair(test_abort_and_destroy__in_a_##kind##_callback)

ACTIONS_IN(read)
ACTIONS_IN(standing_read)
ACTIONS_IN(wait)
ACTIONS_IN(write)
ACTIONS_IN(eof)
ACTIONS_IN(timeout)
ACTIONS_IN(shutdown)
ACTIONS_IN(abort)
ACTIONS_IN(close)

static void test_destroy__in_a_reset_callback(void **pair) { act_in(coming_reset(*pair), then_destroy); }

static void test_close__in_a_reset_callback(void **pair) { act_in(coming_reset(*pair), then_close); }

/* ---- one state ends another ---- */

static void then_destroy_other(struct completion *completion) { destroy_state(completion->context); }

static void test_destroy__of_a_state_with_a_queued_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct pair *other = new_pair(pair->collection, LINK_TCP, NULL);
  struct completion *first = start_read(pair, 10);
  struct completion *second = start_read(other, 10);
  first->then = second->then = then_destroy_other;
  first->context = other;
  second->context = pair;
  peer_sends(pair, 10);
  peer_sends(other, 10);
  drive_until(pair, first->done && second->done);
  expect_read(first, AIO_OK, 10);
  expect_read(second, AIO_OK, 10);
}

/* ---- destroy outside of callbacks ---- */

static void test_destroy__cancels_what_runs(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *head = start_write(pair, BIG);
  struct completion *queued = start_write(pair, 10);
  peer_sends(pair, 4);
  settle(pair);
  destroy_state(pair);
  expect_read(read, AIO_ERR_CANCELED, 4);
  expect_partial_write(head, AIO_ERR_CANCELED);
  expect_write(queued, AIO_ERR_CANCELED, 0);
  peer_receives_cut_rest(pair);
}

static void test_destroy__before_anything_was_driven(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *write = start_write(pair, 10);
  destroy_state(pair);
  expect_read(read, AIO_ERR_CANCELED, 0);
  drive_until(pair, write->done);
  expect_write(write, write->status, write->count);
  peer_receives_rest(pair);
}

static void test_destroy__of_null_is_fine(void **fixture) {
  (void)fixture;
  aio_state_destroy(NULL);
}

static void then_use_state(struct completion *completion) {
  aio_counters counters;
  completion->context = completion->state;
  aio_state_counters(completion->state, &counters);
  if (aio_state_is_open(completion->state) || aio_state_collection(completion->state) != NULL)
    completion->context = NULL;
  if (aio_state_read_status(completion->state) != AIO_ERR_CANCELED) completion->context = NULL;
  if (aio_state_read_buffer(completion->state, NULL, 0, recorded_read, NULL) != AIO_ERR_CLOSED)
    completion->context = NULL;
}

static void test_destroy__leaves_the_state_to_the_callbacks_that_follow(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  read->then = then_use_state;
  aio_state *state = pair->state;
  destroy_state(pair);
  expect_read(read, AIO_ERR_CANCELED, 0);
  assert_ptr_equal(read->state, state);
  assert_non_null(read->context);
}

static void test_destroy__after_close_waits_for_its_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *close = start_close(pair);
  destroy_state(pair);
  expect_outcome(close, AIO_OK);
  expect_read(read, AIO_ERR_CANCELED, 0);
  expect_order(read, close);
}

static void *destroy_on_a_thread(void *argument) {
  this_thread_runs_no_callbacks();
  destroy_state(argument);
  return NULL;
}

static void on_a_thread(void *(*function)(void *), void *argument) {
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, function, argument), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
}

static void test_destroy__on_another_thread(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *write = start_write(pair, BIG);
  on_a_thread(destroy_on_a_thread, pair);
  expect_read(read, AIO_ERR_CANCELED, 0);
  drive_until(pair, write->done);
  expect_write(write, AIO_ERR_CANCELED, write->count);
}

static void test_destroy__on_another_thread_than_its_own_ones(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  start_write(pair, 16 << 20);
  on_a_thread(destroy_on_a_thread, pair);
  expect_read(read, AIO_ERR_CANCELED, 0);
}

/* ---- the collection ends first ---- */

static void test_collection_destroy__completes_what_runs(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *head = start_write(pair, BIG);
  struct completion *queued = start_write(pair, 10);
  struct completion *shutdown = start_shutdown(pair);
  settle(pair);
  destroy_collection(pair);
  assert_int_equal(read->calls + head->calls + queued->calls + shutdown->calls, 4);
  expect_read(read, AIO_ERR_CANCELED, 0);
  expect_partial_write(head, AIO_ERR_CANCELED);
  expect_write(queued, AIO_ERR_CANCELED, 0);
  expect_outcome(shutdown, AIO_ERR_CANCELED);
}

static void test_collection_destroy__runs_queued_callbacks(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  peer_sends(pair, 10);
  queue_callbacks(pair);
  destroy_collection(pair);
  expect_read(read, AIO_OK, 10);
}

static void test_collection_destroy__calls_a_pending_close_back(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *close = start_close_with(pair, .linger = 60);
  destroy_collection(pair);
  expect_outcome(close, AIO_OK);
  expect_read(read, AIO_ERR_CANCELED, 0);
  expect_order(read, close);
}

static void test_collection_destroy__leaves_handles(void **fixture) {
  struct pair *pair = *fixture;
  leave_buffered(pair, 10, 4);
  destroy_collection(pair);
  assert_int_equal(aio_state_is_open(pair->state), 0);
  assert_null(aio_state_collection(pair->state));
  assert_string_equal(aio_state_name(pair->state), "");
  expect_refusal(try_read(pair, 10), AIO_ERR_CLOSED);
  expect_refusal(try_write(pair, 10), AIO_ERR_CLOSED);
  expect_refusal(try_standing_read(pair, NULL), AIO_ERR_CLOSED);
  expect_refusal(try_wait(pair), AIO_ERR_CLOSED);
  expect_refusal(try_shutdown(pair), AIO_ERR_CLOSED);
  expect_refusal(try_abort(pair, AIO_BOTH), AIO_ERR_CLOSED);
  expect_leftovers(pair, 4);
  destroy_state(pair);
}

static void then_start_again(struct completion *completion) {
  completion->context = try_read(completion->pair, 10);
  try_write(completion->pair, 10);
  try_close(completion->pair);
}

static void test_collection_destroy__callbacks_may_go_on_submitting(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  read->then = then_start_again;
  destroy_collection(pair);
  expect_read(read, AIO_ERR_CANCELED, 0);
  expect_refusal(read->context, AIO_ERR_CLOSED);
}

static void test_collection_destroy__state_may_be_destroyed_in_its_callbacks(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  start_write(pair, BIG);
  read->then = then_destroy;
  destroy_collection(pair);
  expect_read(read, AIO_ERR_CANCELED, 0);
}

static void test_collection_destroy__ends_an_own_thread_with_operations(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  start_write(pair, 16 << 20);
  struct completion *close = start_close_with(pair, .linger = 60);
  destroy_collection(pair);
  assert_int_equal(read->calls, 1);
  assert_int_equal(close->calls, 1);
}

static void test_collection_destroy__ends_many_states(void **fixture) {
  aio_collection *collection = ((struct pair *)*fixture)->collection;
  for (int i = 0; i < 50; i++) {
    struct pair *pair = new_pair(collection, LINK_UNIX, NULL);
    start_read_with(pair, 10, .timeout = 60);
    start_write_with(pair, BIG, .timeout = 60, .stall_timeout = 30);
    if (i % 2) destroy_state(pair);
  }
  settle(*fixture);
  destroy_collection(*fixture);
}

/* ---- how a state is made ---- */

static void test_create__takes_its_options(void **fixture) {
  char name[] = "a name";
  int mine;
  aio_state_options options = {.kind = AIO_STREAM, .name = name, .user_info = &mine, .read_timeout = 1.5};
  struct pair *pair = new_pair(((struct pair *)*fixture)->collection, LINK_TCP, &options);
  name[0] = 'X';
  assert_string_equal(aio_state_name(pair->state), "a name");
  assert_ptr_equal(aio_state_user_info(pair->state), &mine);
  assert_true(aio_state_read_timeout(pair->state) == 1.5);
  assert_true(aio_state_write_timeout(pair->state) == AIO_NO_TIMEOUT);
}

static void test_create__has_defaults(void **fixture) {
  struct pair *pair = *fixture;
  assert_string_equal(aio_state_name(pair->state), "");
  assert_null(aio_state_user_info(pair->state));
  assert_true(aio_state_read_timeout(pair->state) == AIO_NO_TIMEOUT);
  assert_int_equal(aio_state_max_read(pair->state), 65536);
  assert_int_equal(aio_state_buffer_limit(pair->state), 16 << 20);
  assert_true(aio_state_write_limit(pair->state) == SIZE_MAX);
  assert_int_equal(aio_state_buffered_length(pair->state), 0);
  assert_string_equal(aio_state_error_text(pair->state), "");
  assert_int_equal(aio_state_is_open(pair->state), 1);
  assert_ptr_equal(aio_state_collection(pair->state), pair->collection);
}

static void test_create__makes_the_socket_non_blocking(void **fixture) {
  struct pair *pair = *fixture;
  assert_true(fcntl(aio_state_socket(pair->state), F_GETFL) & O_NONBLOCK);
}

static void expect_no_state(struct pair *pair, int socket, const aio_state_options *options, aio_status status) {
  aio_state *state = (aio_state *)pair;
  int flags = fcntl(socket, F_GETFL);
  expect_status(aio_state_create(pair->collection, socket, options, &state), status);
  assert_null(state);
  assert_int_equal(fcntl(socket, F_GETFL), flags);
}

static void test_create__refused_socket_stays_the_callers(void **fixture) {
  struct pair *pair = *fixture;
  int sockets[2];
  connected_sockets(LINK_TCP, sockets);
  expect_no_state(pair, sockets[0], &(aio_state_options){.reserved = {1}}, AIO_ERR_UNSUPPORTED);
  expect_no_state(pair, sockets[0], &(aio_state_options){.kind = AIO_DATAGRAM}, AIO_ERR_UNSUPPORTED);
  expect_no_state(pair, sockets[0], &(aio_state_options){.kind = 7}, AIO_ERR_INVALID_ARGUMENT);
  expect_no_state(pair, sockets[0], &(aio_state_options){.queue_output = 7}, AIO_ERR_INVALID_ARGUMENT);
  expect_no_state(pair, sockets[0], &(aio_state_options){.read_timeout = -1}, AIO_ERR_INVALID_ARGUMENT);
  assert_int_equal(send(sockets[0], "a", 1, 0), 1);
  close(sockets[0]);
  close(sockets[1]);
}

static void test_create__wants_the_kind_of_socket_it_is_told(void **fixture) {
  int datagram = socket(AF_INET, SOCK_DGRAM, 0);
  int pipes[2];
  assert_int_equal(pipe(pipes), 0);
  expect_no_state(*fixture, datagram, &(aio_state_options){.kind = AIO_STREAM}, AIO_ERR_UNSUPPORTED);
  expect_no_state(*fixture, pipes[0], NULL, AIO_ERR_SYSTEM);
  expect_no_state(*fixture, AIO_NO_SOCKET, NULL, AIO_ERR_INVALID_ARGUMENT);
  close(datagram);
  close(pipes[0]);
  close(pipes[1]);
}

static void test_create__two_states_talk(void **fixture) {
  struct pair *pair = *fixture;
  aio_state *state = NULL;
  expect_status(aio_state_create(pair->collection, pair->peer, NULL, &state), AIO_OK);
  pair->peer = -1;
  struct pair *other = pair_of(pair->collection, state, -1);
  struct completion *read = start_read(other, 100000);
  expect_write(start_write(pair, 100000), AIO_OK, 100000);
  expect_read(read, AIO_OK, 100000);
  destroy_state(pair);
  expect_read(start_read(other, 1), AIO_EOF, 0);
}

/* ---- getters and setters ---- */

static void test_setters__are_read_back(void **fixture) {
  struct pair *pair = *fixture;
  aio_state *state = pair->state;
  expect_status(aio_state_set_user_info(state, pair), AIO_OK);
  assert_ptr_equal(aio_state_user_info(state), pair);
  expect_status(aio_state_set_read_timeout(state, 2.5), AIO_OK);
  expect_status(aio_state_set_write_timeout(state, 3.5), AIO_OK);
  assert_true(aio_state_read_timeout(state) == 2.5);
  assert_true(aio_state_write_timeout(state) == 3.5);
  expect_status(aio_state_set_max_read(state, 10), AIO_OK);
  expect_status(aio_state_set_buffer_limit(state, 20), AIO_OK);
  expect_status(aio_state_set_write_limit(state, 30), AIO_OK);
  assert_int_equal(aio_state_max_read(state), 10);
  assert_int_equal(aio_state_buffer_limit(state), 20);
  assert_int_equal(aio_state_write_limit(state), 30);
}

static void test_setters__zero_brings_the_default_back(void **fixture) {
  aio_state *state = ((struct pair *)*fixture)->state;
  test_setters__are_read_back(fixture);
  expect_status(aio_state_set_read_timeout(state, 0), AIO_OK);
  expect_status(aio_state_set_write_timeout(state, 1e9), AIO_OK);
  assert_true(aio_state_read_timeout(state) == AIO_NO_TIMEOUT);
  assert_true(aio_state_write_timeout(state) == AIO_NO_TIMEOUT);
  expect_status(aio_state_set_max_read(state, 0), AIO_OK);
  expect_status(aio_state_set_buffer_limit(state, 0), AIO_OK);
  expect_status(aio_state_set_write_limit(state, 0), AIO_OK);
  assert_int_equal(aio_state_max_read(state), 65536);
  assert_int_equal(aio_state_buffer_limit(state), 16 << 20);
  assert_true(aio_state_write_limit(state) == SIZE_MAX);
}

static void test_setters__refuse_bad_times(void **fixture) {
  aio_state *state = ((struct pair *)*fixture)->state;
  expect_status(aio_state_set_read_timeout(state, -1), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_set_write_timeout(state, -1e-9), AIO_ERR_INVALID_ARGUMENT);
  assert_true(aio_state_read_timeout(state) == AIO_NO_TIMEOUT);
  assert_true(aio_state_write_timeout(state) == AIO_NO_TIMEOUT);
}

static int socket_option(int socket, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  assert_int_equal(getsockopt(socket, level, name, &value, &length), 0);
  return value != 0;
}

static void test_setters__nodelay_is_the_sockets(void **fixture) {
  aio_state *state = ((struct pair *)*fixture)->state;
  for (int round = 0; round < 2; round++) {
    expect_status(aio_state_set_nodelay(state, AIO_NO), AIO_OK);
    assert_int_equal(aio_state_nodelay(state), AIO_NO);
    assert_int_equal(socket_option(aio_state_socket(state), IPPROTO_TCP, TCP_NODELAY), 0);
    expect_status(aio_state_set_nodelay(state, AIO_YES), AIO_OK);
    assert_int_equal(aio_state_nodelay(state), AIO_YES);
    assert_int_equal(socket_option(aio_state_socket(state), IPPROTO_TCP, TCP_NODELAY), 1);
  }
  expect_status(aio_state_set_nodelay(state, AIO_DEFAULT), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_set_nodelay(state, 3), AIO_ERR_INVALID_ARGUMENT);
}

static void test_setters__keepalive_is_the_sockets(void **fixture) {
  aio_state *state = ((struct pair *)*fixture)->state;
  assert_int_equal(aio_state_keepalive(state), AIO_NO);
  expect_status(aio_state_set_keepalive(state, AIO_YES), AIO_OK);
  assert_int_equal(aio_state_keepalive(state), AIO_YES);
  assert_int_equal(socket_option(aio_state_socket(state), SOL_SOCKET, SO_KEEPALIVE), 1);
  expect_status(aio_state_set_keepalive(state, AIO_NO), AIO_OK);
  assert_int_equal(socket_option(aio_state_socket(state), SOL_SOCKET, SO_KEEPALIVE), 0);
  expect_status(aio_state_set_keepalive(state, 0), AIO_ERR_INVALID_ARGUMENT);
}

static void test_setters__a_unix_socket_has_no_nodelay(void **fixture) {
  aio_state *state = ((struct pair *)*fixture)->state;
  assert_int_equal(aio_state_nodelay(state), 0);
  expect_status(aio_state_set_nodelay(state, AIO_YES), AIO_ERR_UNSUPPORTED);
}

static void test_addresses__are_those_of_both_ends(void **fixture) {
  without_tls("the test's peer is not the connection's");
  struct pair *pair = *fixture;
  aio_address local, peer;
  struct sockaddr_in mine, theirs;
  socklen_t length = sizeof mine;
  expect_status(aio_state_local_address(pair->state, &local), AIO_OK);
  expect_status(aio_state_peer_address(pair->state, &peer), AIO_OK);
  assert_int_equal(getpeername(pair->peer, (struct sockaddr *)&mine, &length), 0);
  assert_int_equal(getsockname(pair->peer, (struct sockaddr *)&theirs, &length), 0);
  assert_int_equal(aio_address_port(&local), ntohs(mine.sin_port));
  assert_int_equal(aio_address_port(&peer), ntohs(theirs.sin_port));
  assert_int_equal(aio_address_family(&local), 4);
}

static void test_counters__count(void **fixture) {
  without_tls("attaching calls back too");
  struct pair *pair = *fixture;
  aio_counters counters;
  peer_sends(pair, 30);
  expect_read(start_read(pair, 10), AIO_OK, 10);
  expect_read(start_read(pair, 20), AIO_OK, 20);
  expect_write(start_write(pair, 100), AIO_OK, 100);
  expect_outcome(start_abort(pair, AIO_BOTH), AIO_ERR_NOT_FOUND);
  expect_status(aio_state_counters(pair->state, &counters), AIO_OK);
  assert_int_equal(counters.bytes_read, 30);
  assert_int_equal(counters.bytes_written, 100);
  assert_int_equal(counters.operations_read, 2);
  assert_int_equal(counters.operations_written, 1);
  assert_in_range(counters.calls_read, 1, 10);
  assert_int_equal(counters.calls_written, 1);
  assert_int_equal(counters.callbacks, 4);
  assert_int_equal(counters.open_states, 0);
}

static void test_counters__count_what_was_taken_of_a_canceled_write(void **fixture) {
  struct pair *pair = *fixture;
  aio_counters counters;
  struct completion *write = start_write(pair, BIG);
  settle(pair);
  start_abort(pair, AIO_OUTPUT);
  size_t count = expect_partial_write(write, AIO_ERR_CANCELED);
  expect_status(aio_state_counters(pair->state, &counters), AIO_OK);
  assert_int_equal(counters.bytes_written, count);
}

static void test_counters__count_deliveries(void **fixture) {
  without_tls("attaching calls back too");
  struct pair *pair = *fixture;
  aio_counters counters;
  struct completion *standing = start_standing_read_with(pair, then_discard_all, .max_read = 10);
  peer_sends(pair, 30);
  peer_ends(pair);
  expect_delivery(standing, 4, AIO_EOF, 0, 0);
  expect_status(aio_state_counters(pair->state, &counters), AIO_OK);
  assert_int_equal(counters.bytes_read, 30);
  assert_int_equal(counters.callbacks, 4);
  assert_in_range(counters.operations_read, 3, 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TESTS_IN(read),
      TESTS_IN(standing_read),
      TESTS_IN(wait),
      TESTS_IN(write),
      TESTS_IN(eof),
      TESTS_IN(timeout),
      TESTS_IN(shutdown),
      TESTS_IN(abort),
      TESTS_IN(close),
      with_narrow_pair(test_destroy__in_a_reset_callback),
      with_narrow_pair(test_close__in_a_reset_callback),
      with_pair(test_destroy__of_a_state_with_a_queued_callback),
      with_unix_pair(test_destroy__cancels_what_runs),
      with_pair(test_destroy__before_anything_was_driven),
      with_collection(test_destroy__of_null_is_fine),
      with_pair(test_destroy__leaves_the_state_to_the_callbacks_that_follow),
      with_pair(test_destroy__after_close_waits_for_its_callback),
      with_unix_pair(test_destroy__on_another_thread),
      with_threaded_pair(test_destroy__on_another_thread_than_its_own_ones),
      with_unix_pair(test_collection_destroy__completes_what_runs),
      with_pair(test_collection_destroy__runs_queued_callbacks),
      with_pair(test_collection_destroy__calls_a_pending_close_back),
      with_pair(test_collection_destroy__leaves_handles),
      with_pair(test_collection_destroy__callbacks_may_go_on_submitting),
      with_unix_pair(test_collection_destroy__state_may_be_destroyed_in_its_callbacks),
      with_threaded_pair(test_collection_destroy__ends_an_own_thread_with_operations),
      with_collection(test_collection_destroy__ends_many_states),
      with_collection(test_create__takes_its_options),
      with_pair(test_create__has_defaults),
      with_pair(test_create__makes_the_socket_non_blocking),
      with_collection(test_create__refused_socket_stays_the_callers),
      with_collection(test_create__wants_the_kind_of_socket_it_is_told),
      with_pair(test_create__two_states_talk),
      with_pair(test_setters__are_read_back),
      with_pair(test_setters__zero_brings_the_default_back),
      with_pair(test_setters__refuse_bad_times),
      with_pair(test_setters__nodelay_is_the_sockets),
      with_pair(test_setters__keepalive_is_the_sockets),
      with_unix_pair(test_setters__a_unix_socket_has_no_nodelay),
      with_pair(test_addresses__are_those_of_both_ends),
      with_pair(test_counters__count),
      with_unix_pair(test_counters__count_what_was_taken_of_a_canceled_write),
      with_pair(test_counters__count_deliveries),
  };
  return cmocka_run_group_tests_name("lifetime", tests, NULL, NULL);
}
