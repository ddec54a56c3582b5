/* aio_state_close and aio_state_release_socket. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.h"

enum { BIG = 1 << 20 }; /* more than the kernel takes on a narrow or a Unix pair */

static struct completion *blocked_write(struct pair *pair) {
  struct completion *write = start_write(pair, BIG);
  expect_running(write);
  return write;
}

/* ---- order and outcomes ---- */

static void test_close__of_an_idle_state(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *close = start_close(pair);
  expect_outcome(close, AIO_OK);
  assert_ptr_equal(close->state, pair->state);
  peer_gets_end(pair);
}

static void test_close__operations_come_first(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *head = blocked_write(pair);
  struct completion *queued = start_write(pair, 10);
  peer_sends(pair, 4);
  settle(pair);
  struct completion *close = start_close(pair);
  expect_outcome(close, AIO_OK);
  expect_read(read, AIO_ERR_CANCELED, 4);
  expect_partial_write(head, AIO_ERR_CANCELED);
  expect_write(queued, AIO_ERR_CANCELED, 0);
  expect_order(head, queued);
  expect_order(queued, close);
  expect_order(read, close);
}

static void test_close__kernel_has_the_count(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = blocked_write(pair);
  start_close(pair);
  expect_partial_write(write, AIO_ERR_CANCELED);
  peer_receives_cut_rest(pair);
}

static void test_close__finished_read_keeps_its_outcome(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  peer_sends(pair, 10);
  queue_callbacks(pair);
  struct completion *close = start_close(pair);
  expect_outcome(close, AIO_OK);
  expect_read(read, AIO_OK, 10);
  expect_order(read, close);
}

static void test_close__finished_write_keeps_its_outcome(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write(pair, 10);
  queue_callbacks(pair);
  struct completion *close = start_close(pair);
  expect_outcome(close, AIO_OK);
  expect_write(write, AIO_OK, 10);
  expect_order(write, close);
}

static void test_close__second_callback_follows_the_first(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *first = start_close(pair);
  struct completion *second = start_close(pair);
  expect_outcome(first, AIO_OK);
  expect_outcome(second, AIO_OK);
  expect_order(first, second);
  struct completion *third = start_close(pair);
  expect_outcome(third, AIO_OK);
  expect_order(second, third);
}

static void then_close_again(struct completion *close) { close->context = try_close(close->pair); }

static void test_close__again_in_its_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *first = start_close(pair);
  first->then = then_close_again;
  expect_outcome(first, AIO_OK);
  expect_outcome(started(HERE, first->context), AIO_OK);
}

static void test_close__comes_after_the_abort_before_it(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *abort = start_abort(pair, AIO_BOTH);
  struct completion *close = start_close(pair);
  expect_outcome(close, AIO_OK);
  expect_outcome(abort, AIO_OK);
  expect_read(read, AIO_ERR_CANCELED, 0);
  expect_order(read, abort);
  expect_order(abort, close);
}

static void then_close(struct completion *completion) { completion->context = try_close(completion->pair); }

static void test_close__in_a_burst_comes_last(void **fixture) {
  struct pair *pair = *fixture;
  enum { COUNT = 3000 };
  struct completion *writes[COUNT];
  for (int i = 0; i < COUNT; i++) writes[i] = start_write(pair, 1);
  writes[0]->then = then_close;
  drive_until(pair, writes[COUNT - 1]->done);
  expect_outcome(started(HERE, writes[0]->context), AIO_OK);
  for (int i = 1; i < COUNT; i++) expect_order(writes[i - 1], writes[i]);
  expect_order(writes[COUNT - 1], writes[0]->context);
}

enum { CHAIN = 200 };

struct chain {
  int read, close_at;
  struct completion *last, *close;
};

static void then_read_next_or_close(struct completion *read) {
  struct chain *chain = read->context;
  if (chain->close != NULL) return;
  chain->last = try_read(read->pair, 1);
  chain->last->then = then_read_next_or_close;
  chain->last->context = chain;
  if (++chain->read == chain->close_at) chain->close = try_close(read->pair);
}

/* The read before the close has its byte already; however many such reads went before it, close comes behind it. */
static void test_close__does_not_overtake_a_buffered_read(void **fixture) {
  aio_collection *collection = ((struct pair *)*fixture)->collection;
  for (int close_at = 1; close_at < CHAIN; close_at++) {
    struct pair *pair = new_pair(collection, LINK_UNIX, NULL);
    struct chain *chain = fixture_memory(sizeof *chain);
    chain->close_at = close_at;
    leave_buffered(pair, CHAIN + 1, CHAIN + 1);
    struct completion *first = start_read(pair, 1);
    first->then = then_read_next_or_close;
    first->context = chain;
    drive_until(pair, chain->close != NULL && chain->close->done);
    assert_int_equal(chain->last->done, 1);
    expect_order(chain->last, chain->close);
    peer_closes(pair);
  }
}

static void then_count_descriptors(struct completion *close) {
  int *descriptors = close->context;
  *descriptors = open_descriptors();
}

static void test_close__socket_is_closed_when_it_calls_back(void **fixture) {
  struct pair *pair = *fixture;
  int before = open_descriptors();
  int *in_callback = fixture_memory(sizeof *in_callback);
  struct completion *close = start_close(pair);
  close->then = then_count_descriptors;
  close->context = in_callback;
  expect_outcome(close, AIO_OK);
  assert_int_equal(*in_callback, before - 1);
}

static void test_close__callback_may_be_null(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  expect_status(aio_state_close(pair->state, NULL, NULL), AIO_OK);
  expect_read(read, AIO_ERR_CANCELED, 0);
  expect_status(aio_state_close(pair->state, NULL, NULL), AIO_OK);
  peer_gets_end(pair);
}

static void *seen_user_info;

static void keep_user_info(aio_state *state, aio_status status, void *user_info) {
  (void)state;
  (void)status;
  seen_user_info = user_info;
}

static void test_close__null_user_info_is_the_states(void **fixture) {
  struct pair *pair = *fixture;
  int mine;
  seen_user_info = NULL;
  aio_state_set_user_info(pair->state, &mine);
  expect_status(aio_state_close(pair->state, keep_user_info, NULL), AIO_OK);
  drive_until(pair, seen_user_info != NULL);
  assert_ptr_equal(seen_user_info, &mine);
}

static void test_close__refuses_bad_options(void **fixture) {
  struct pair *pair = *fixture;
  expect_refusal(try_close_with(pair, .linger = -1), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(try_close_with(pair, .reset = 3), AIO_ERR_INVALID_ARGUMENT);
  expect_refusal(try_close_with(pair, .reserved = {0, 0, 1}), AIO_ERR_UNSUPPORTED);
  assert_true(aio_state_is_open(pair->state));
  expect_write(start_write(pair, 10), AIO_OK, 10);
}

/* ---- from the call on ---- */

static void test_close__refuses_new_operations_from_the_call_on(void **fixture) {
  struct pair *pair = *fixture;
  for (int called_back = 0; called_back < 2; called_back++) {
    struct completion *close = start_close(pair);
    expect_refusal(try_read(pair, 10), AIO_ERR_CLOSED);
    expect_refusal(try_read(pair, 0), AIO_ERR_CLOSED);
    expect_refusal(try_standing_read(pair, NULL), AIO_ERR_CLOSED);
    expect_refusal(try_wait(pair), AIO_ERR_CLOSED);
    expect_refusal(try_write(pair, 10), AIO_ERR_CLOSED);
    expect_refusal(try_shutdown(pair), AIO_ERR_CLOSED);
    expect_refusal(try_abort(pair, AIO_BOTH), AIO_ERR_CLOSED);
    expect_outcome(close, AIO_OK);
  }
}

static void test_close__is_not_open_from_the_call_on(void **fixture) {
  struct pair *pair = *fixture;
  assert_int_equal(aio_state_is_open(pair->state), 1);
  assert_ptr_equal(aio_state_collection(pair->state), pair->collection);
  struct completion *close = start_close_with(pair, .linger = 1);
  assert_int_equal(aio_state_is_open(pair->state), 0);
  assert_null(aio_state_collection(pair->state));
  peer_closes(pair);
  expect_outcome(close, AIO_OK);
  assert_int_equal(aio_state_is_open(pair->state), 0);
  assert_null(aio_state_collection(pair->state));
}

static void test_close__leaves_a_handle_that_can_be_asked(void **fixture) {
  struct pair *pair = *fixture;
  aio_address address;
  aio_counters counters;
  expect_write(start_write(pair, 10), AIO_OK, 10);
  expect_outcome(start_close(pair), AIO_OK);
  assert_int_equal(aio_state_socket(pair->state), AIO_NO_SOCKET);
  expect_status(aio_state_local_address(pair->state, &address), AIO_ERR_CLOSED);
  expect_status(aio_state_peer_address(pair->state, &address), AIO_ERR_CLOSED);
  assert_int_equal(address.length, 0);
  assert_int_equal(aio_state_nodelay(pair->state), 0);
  expect_status(aio_state_set_nodelay(pair->state, AIO_YES), AIO_ERR_CLOSED);
  expect_status(aio_state_set_keepalive(pair->state, AIO_YES), AIO_ERR_CLOSED);
  expect_status(aio_state_counters(pair->state, &counters), AIO_OK);
  assert_int_equal(counters.bytes_written, 10);
  assert_string_equal(aio_state_name(pair->state), "");
}

/* ---- reset ---- */

static void test_close__reset_is_seen_by_the_peer(void **fixture) {
  struct pair *pair = *fixture;
  expect_outcome(start_close_with(pair, .reset = AIO_YES), AIO_OK);
  peer_gets_reset(pair);
}

static void test_close__reset_cancels_what_runs(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *write = blocked_write(pair);
  struct completion *close = start_close_with(pair, .reset = AIO_YES, .linger = 60);
  expect_read(read, AIO_ERR_CANCELED, 0);
  expect_partial_write(write, AIO_ERR_CANCELED);
  expect_outcome(close, AIO_OK);
  peer_gets_reset(pair);
}

static void test_close__no_reset_is_the_default(void **fixture) {
  struct pair *pair = *fixture;
  expect_write(start_write(pair, 1000), AIO_OK, 1000);
  expect_outcome(start_close_with(pair, .reset = AIO_NO), AIO_OK);
  peer_receives_rest(pair);
}

/* ---- linger ---- */

static void test_close__linger_sends_everything_first(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *head = start_write(pair, BIG);
  struct completion *second = start_write(pair, 1000);
  struct completion *close = start_close_with(pair, .linger = 60);
  expect_running(close);
  peer_receives_rest(pair);
  peer_closes(pair);
  expect_write(head, AIO_OK, BIG);
  expect_write(second, AIO_OK, 1000);
  expect_outcome(close, AIO_OK);
  expect_order(head, second);
  expect_order(second, close);
}

static void test_close__linger_ends_reads_at_once(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *write = blocked_write(pair);
  peer_sends(pair, 4);
  settle(pair);
  start_close_with(pair, .linger = 60);
  expect_read(read, AIO_ERR_CANCELED, 4);
  expect_running(write);
  peer_receives_rest(pair);
  expect_write(write, AIO_OK, BIG);
}

static void test_close__linger_survives_unread_input(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends(pair, 10000);
  settle(pair);
  struct completion *write = start_write(pair, 200000);
  struct completion *close = start_close_with(pair, .linger = 60);
  peer_sends(pair, 50000);
  peer_receives_rest(pair);
  expect_write(write, AIO_OK, 200000);
  peer_closes(pair);
  expect_outcome(close, AIO_OK);
}

static void test_close__linger_of_an_idle_state_awaits_the_peers_end(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *close = start_close_with(pair, .linger = 60);
  peer_gets_end(pair);
  peer_ends(pair);
  expect_outcome(close, AIO_OK);
}

static void test_close__linger_after_the_peers_end_is_short(void **fixture) {
  struct pair *pair = *fixture;
  peer_ends(pair);
  expect_read(start_read(pair, 1), AIO_EOF, 0);
  struct completion *write = start_write(pair, 10);
  expect_outcome(start_close_with(pair, .linger = 60), AIO_OK);
  expect_write(write, AIO_OK, 10);
  peer_receives_rest(pair);
}

static void test_close__linger_after_shutdown_awaits_the_peers_end(void **fixture) {
  struct pair *pair = *fixture;
  expect_outcome(start_shutdown(pair), AIO_OK);
  struct completion *close = start_close_with(pair, .linger = 60);
  expect_running(close);
  peer_ends(pair);
  expect_outcome(close, AIO_OK);
}

static void test_close__linger_ends_in_time_though_the_peer_is_silent(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *close = start_close_with(pair, .linger = 0.02);
  peer_gets_end(pair);
  expect_outcome(close, AIO_OK);
}

static void test_close__linger_ends_in_time_though_the_peer_reads_nothing(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *head = start_write(pair, BIG);
  struct completion *queued = start_write(pair, 10);
  struct completion *close = start_close_with(pair, .linger = 0.05);
  expect_partial_write(head, AIO_ERR_CANCELED);
  expect_write(queued, AIO_ERR_CANCELED, 0);
  expect_outcome(close, AIO_OK);
  expect_order(head, queued);
  expect_order(queued, close);
  peer_receives_cut_rest(pair);
}

static void test_close__linger_ends_in_time_though_the_peer_talks(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *close = start_close_with(pair, .linger = 0.05);
  while (!close->done) {
    peer_takes_some(pair, 10);
    send(pair->peer, "x", 1, MSG_NOSIGNAL);
    drive_for(pair, 0.001);
  }
  expect_outcome(close, AIO_OK);
}

static void test_close__lingering_write_keeps_its_own_timeout(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write_with(pair, BIG, .timeout = 0.02);
  struct completion *close = start_close_with(pair, .linger = 60);
  expect_partial_write(write, AIO_TIMEOUT);
  peer_receives_rest(pair);
  peer_closes(pair);
  expect_outcome(close, AIO_OK);
}

static void test_close__linger_ends_when_the_peer_resets(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write(pair, BIG);
  struct completion *close = start_close_with(pair, .linger = 60);
  expect_running(close);
  peer_resets(pair);
  expect_outcome(close, AIO_OK);
  assert_true(write->status < 0);
}

static void test_close__shorter_linger_takes_effect(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write(pair, BIG);
  struct completion *first = start_close_with(pair, .linger = 60);
  expect_running(write);
  struct completion *second = start_close_with(pair, .linger = 0.02);
  expect_outcome(first, AIO_OK);
  expect_outcome(second, AIO_OK);
  expect_partial_write(write, AIO_ERR_CANCELED);
  expect_order(first, second);
  peer_receives_cut_rest(pair);
}

static void test_close__longer_linger_takes_no_effect(void **fixture) {
  struct pair *pair = *fixture;
  start_write(pair, BIG);
  struct completion *first = start_close_with(pair, .linger = 0.05);
  struct completion *second = start_close_with(pair, .linger = 60);
  expect_outcome(first, AIO_OK);
  expect_outcome(second, AIO_OK);
}

static void test_close__without_linger_ends_a_lingering_one(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write(pair, BIG);
  struct completion *first = start_close_with(pair, .linger = 60);
  expect_running(first);
  struct completion *second = start_close(pair);
  expect_outcome(first, AIO_OK);
  expect_outcome(second, AIO_OK);
  expect_partial_write(write, AIO_ERR_CANCELED);
}

static void test_close__reset_ends_a_lingering_one(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write(pair, BIG);
  struct completion *first = start_close_with(pair, .linger = 60);
  expect_running(first);
  struct completion *second = start_close_with(pair, .reset = AIO_YES);
  expect_outcome(first, AIO_OK);
  expect_outcome(second, AIO_OK);
  expect_partial_write(write, AIO_ERR_CANCELED);
  peer_gets_reset(pair);
}

static void test_close__destroy_ends_a_lingering_one(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write(pair, BIG);
  struct completion *close = start_close_with(pair, .linger = 60);
  expect_running(close);
  destroy_collection(pair);
  expect_outcome(close, AIO_OK);
  expect_partial_write(write, AIO_ERR_CANCELED);
}

/* Whether destroy cuts the lingering short is open. */
static void test_close__of_a_destroyed_state_completes_everything(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *write = start_write(pair, BIG);
  struct completion *close = start_close_with(pair, .linger = 60);
  destroy_state(pair);
  settle(pair);
  if (write->done) {
    expect_partial_write(write, AIO_ERR_CANCELED);
  } else {
    peer_receives_rest(pair);
    peer_closes(pair);
    expect_write(write, AIO_OK, BIG);
  }
  expect_outcome(close, AIO_OK);
}

/* ---- leftovers ---- */

static void test_close__leaves_what_was_not_consumed(void **fixture) {
  struct pair *pair = *fixture;
  leave_buffered(pair, 10, 6);
  expect_outcome(start_close(pair), AIO_OK);
  expect_leftovers(pair, 6);
  expect_leftovers(pair, 0);
}

static void test_close__leftovers_can_be_taken_piece_by_piece(void **fixture) {
  struct pair *pair = *fixture;
  char bytes[6];
  leave_buffered(pair, 10, 6);
  expect_outcome(start_close(pair), AIO_OK);
  assert_int_equal(aio_state_take_buffered(pair->state, bytes, 0), 0);
  assert_int_equal(aio_state_take_buffered(pair->state, bytes, 1), 1);
  assert_int_equal(aio_state_take_buffered(pair->state, bytes + 1, 3), 3);
  assert_int_equal(aio_state_buffered_length(pair->state), 2);
  assert_int_equal(aio_state_take_buffered(pair->state, bytes + 4, 10), 2);
  assert_true(is_payload(bytes, 4, 6));
}

static void test_close__leaves_what_a_standing_read_kept(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *standing = start_standing_read(pair, NULL);
  peer_sends(pair, 6);
  expect_delivery(standing, 1, AIO_OK, 6, 0);
  expect_outcome(start_close(pair), AIO_OK);
  expect_delivery(standing, 2, AIO_ERR_CANCELED, 6, 6);
  expect_leftovers(pair, 6);
}

static void test_close__lingering_adds_nothing_to_the_leftovers(void **fixture) {
  struct pair *pair = *fixture;
  leave_buffered(pair, 10, 6);
  peer_sends(pair, 100);
  struct completion *close = start_close_with(pair, .linger = 60);
  peer_closes(pair);
  expect_outcome(close, AIO_OK);
  expect_leftovers(pair, 6);
}

static void test_close__leftovers_outlive_the_collection(void **fixture) {
  struct pair *pair = *fixture;
  leave_buffered(pair, 10, 6);
  destroy_collection(pair);
  expect_leftovers(pair, 6);
}

struct take {
  aio_state *state;
  char bytes[16];
  size_t count;
};

static void *take_on_a_thread(void *argument) {
  struct take *take = argument;
  take->count = aio_state_take_buffered(take->state, take->bytes, sizeof take->bytes);
  return NULL;
}

static void test_close__leftovers_can_be_taken_on_any_thread(void **fixture) {
  struct pair *pair = *fixture;
  struct take take = {.state = pair->state};
  pthread_t thread;
  leave_buffered(pair, 10, 6);
  expect_outcome(start_close(pair), AIO_OK);
  assert_int_equal(pthread_create(&thread, NULL, take_on_a_thread, &take), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_int_equal(take.count, 6);
  assert_true(is_payload(take.bytes, 4, 6));
}

/* ---- release_socket ---- */

static aio_socket release(struct pair *pair) {
  aio_socket socket = AIO_NO_SOCKET;
  expect_status(aio_state_release_socket(pair->state, &socket), AIO_OK);
  assert_true(socket >= 0);
  return socket;
}

static void test_release__socket_works_on(void **fixture) {
  without_tls("TLS keeps its socket");
  struct pair *pair = *fixture;
  char bytes[10];
  aio_socket socket = release(pair);
  assert_int_equal(send(socket, "abc", 3, 0), 3);
  assert_int_equal(recv(pair->peer, bytes, sizeof bytes, 0), 3);
  assert_int_equal(send(pair->peer, "defg", 4, 0), 4);
  assert_int_equal(recv(socket, bytes, sizeof bytes, 0), 4);
  assert_memory_equal(bytes, "defg", 4);
  close(socket);
}

static void test_release__socket_is_non_blocking(void **fixture) {
  without_tls("TLS keeps its socket");
  struct pair *pair = *fixture;
  char byte;
  aio_socket socket = release(pair);
  assert_true(fcntl(socket, F_GETFL) & O_NONBLOCK);
  assert_int_equal(recv(socket, &byte, 1, 0), -1);
  assert_int_equal(errno, EAGAIN);
  close(socket);
}

static void test_release__is_the_states_own_descriptor(void **fixture) {
  without_tls("TLS keeps its socket");
  struct pair *pair = *fixture;
  aio_socket before = aio_state_socket(pair->state);
  aio_socket socket = release(pair);
  assert_int_equal(socket, before);
  assert_int_equal(aio_state_socket(pair->state), AIO_NO_SOCKET);
  close(socket);
}

static void test_release__closes_the_state(void **fixture) {
  without_tls("TLS keeps its socket");
  struct pair *pair = *fixture;
  aio_socket again = 0;
  aio_socket socket = release(pair);
  assert_int_equal(aio_state_is_open(pair->state), 0);
  assert_null(aio_state_collection(pair->state));
  expect_refusal(try_read(pair, 1), AIO_ERR_CLOSED);
  expect_status(aio_state_release_socket(pair->state, &again), AIO_ERR_CLOSED);
  expect_outcome(start_close(pair), AIO_OK);
  destroy_state(pair);
  assert_int_equal(send(socket, "a", 1, 0), 1);
  close(socket);
}

static void test_release__cancels_what_runs(void **fixture) {
  without_tls("TLS keeps its socket");
  struct pair *pair = *fixture;
  struct completion *read = start_read(pair, 10);
  struct completion *head = blocked_write(pair);
  struct completion *queued = start_write(pair, 10);
  peer_sends(pair, 4);
  settle(pair);
  aio_socket socket = release(pair);
  expect_read(read, AIO_ERR_CANCELED, 4);
  expect_partial_write(head, AIO_ERR_CANCELED);
  expect_write(queued, AIO_ERR_CANCELED, 0);
  close(socket);
  peer_receives_rest(pair);
}

static void test_release__leaves_what_was_not_consumed(void **fixture) {
  without_tls("TLS keeps its socket");
  struct pair *pair = *fixture;
  leave_buffered(pair, 10, 6);
  aio_socket socket = release(pair);
  expect_leftovers(pair, 6);
  close(socket);
}

static void test_release__no_byte_is_lost_between_both(void **fixture) {
  without_tls("TLS keeps its socket");
  struct pair *pair = *fixture;
  char bytes[200];
  peer_sends(pair, 200);
  expect_read(start_read(pair, 50), AIO_OK, 50);
  aio_socket socket = release(pair);
  size_t left = aio_state_take_buffered(pair->state, bytes, sizeof bytes);
  while (left < 150) left += (size_t)recv(socket, bytes + left, sizeof bytes - left, 0);
  assert_int_equal(left, 150);
  assert_true(is_payload(bytes, 50, 150));
  close(socket);
}

static void test_release__socket_can_be_adopted_again(void **fixture) {
  without_tls("TLS keeps its socket");
  struct pair *pair = *fixture;
  aio_state *state = NULL;
  expect_write(start_write(pair, 10), AIO_OK, 10);
  aio_socket socket = release(pair);
  destroy_state(pair);
  expect_status(aio_state_create(pair->collection, socket, NULL, &state), AIO_OK);
  pair->state = state;
  expect_write(start_write(pair, 10), AIO_OK, 10);
  peer_receives(pair, 20);
  peer_sends(pair, 10);
  expect_read(start_read(pair, 10), AIO_OK, 10);
}

static void then_release(struct completion *completion) {
  aio_socket *socket = completion->context;
  aio_state_release_socket(completion->pair->state, socket);
}

static void test_release__in_a_callback(void **fixture) {
  without_tls("TLS keeps its socket");
  struct pair *pair = *fixture;
  aio_socket *socket = fixture_memory(sizeof *socket);
  struct completion *read = start_read(pair, 10);
  struct completion *write = blocked_write(pair);
  read->then = then_release;
  read->context = socket;
  peer_sends(pair, 10);
  expect_read(read, AIO_OK, 10);
  expect_partial_write(write, AIO_ERR_CANCELED);
  close(*socket);
  peer_receives_rest(pair);
}

static void test_release__is_refused_while_closing(void **fixture) {
  struct pair *pair = *fixture;
  aio_socket socket = 0;
  start_close_with(pair, .linger = 1);
  expect_status(aio_state_release_socket(pair->state, &socket), AIO_ERR_CLOSED);
  assert_int_equal(socket, AIO_NO_SOCKET);
}

static void test_release__is_busy_beside_an_own_thread(void **fixture) {
  struct pair *pair = *fixture;
  aio_socket socket = 0;
  expect_status(aio_state_release_socket(pair->state, &socket), AIO_ERR_BUSY);
  assert_int_equal(aio_state_is_open(pair->state), 1);
  expect_write(start_write(pair, 10), AIO_OK, 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_pair(test_close__of_an_idle_state),
      with_unix_pair(test_close__operations_come_first),
      with_narrow_pair(test_close__kernel_has_the_count),
      with_unix_pair(test_close__kernel_has_the_count),
      with_pair(test_close__finished_read_keeps_its_outcome),
      with_pair(test_close__finished_write_keeps_its_outcome),
      with_pair(test_close__second_callback_follows_the_first),
      with_threaded_pair(test_close__second_callback_follows_the_first),
      with_pair(test_close__again_in_its_callback),
      with_pair(test_close__comes_after_the_abort_before_it),
      with_pair(test_close__in_a_burst_comes_last),
      with_pair(test_close__socket_is_closed_when_it_calls_back),
      with_pair(test_close__callback_may_be_null),
      with_pair(test_close__null_user_info_is_the_states),
      with_pair(test_close__refuses_bad_options),
      with_pair(test_close__refuses_new_operations_from_the_call_on),
      with_pair(test_close__is_not_open_from_the_call_on),
      with_pair(test_close__leaves_a_handle_that_can_be_asked),
      with_pair(test_close__reset_is_seen_by_the_peer),
      with_narrow_pair(test_close__reset_cancels_what_runs),
      with_pair(test_close__no_reset_is_the_default),
      with_narrow_pair(test_close__linger_sends_everything_first),
      with_unix_pair(test_close__linger_sends_everything_first),
      with_unix_pair(test_close__linger_ends_reads_at_once),
      with_pair(test_close__linger_survives_unread_input),
      with_threaded_pair(test_close__linger_survives_unread_input),
      with_pair(test_close__linger_of_an_idle_state_awaits_the_peers_end),
      with_pair(test_close__linger_after_the_peers_end_is_short),
      with_pair(test_close__linger_after_shutdown_awaits_the_peers_end),
      with_pair(test_close__linger_ends_in_time_though_the_peer_is_silent),
      with_narrow_pair(test_close__linger_ends_in_time_though_the_peer_reads_nothing),
      with_unix_pair(test_close__linger_ends_in_time_though_the_peer_reads_nothing),
      with_pair(test_close__linger_ends_in_time_though_the_peer_talks),
      with_unix_pair(test_close__lingering_write_keeps_its_own_timeout),
      with_narrow_pair(test_close__linger_ends_when_the_peer_resets),
      with_unix_pair(test_close__shorter_linger_takes_effect),
      with_unix_pair(test_close__longer_linger_takes_no_effect),
      with_unix_pair(test_close__without_linger_ends_a_lingering_one),
      with_narrow_pair(test_close__reset_ends_a_lingering_one),
      with_unix_pair(test_close__destroy_ends_a_lingering_one),
      with_unix_pair(test_close__of_a_destroyed_state_completes_everything),
      with_pair(test_close__leaves_what_was_not_consumed),
      with_pair(test_close__leftovers_can_be_taken_piece_by_piece),
      with_pair(test_close__leaves_what_a_standing_read_kept),
      with_threaded_pair(test_close__leaves_what_a_standing_read_kept),
      with_pair(test_close__lingering_adds_nothing_to_the_leftovers),
      with_pair(test_close__leftovers_outlive_the_collection),
      with_pair(test_close__leftovers_can_be_taken_on_any_thread),
      with_pair(test_release__socket_works_on),
      with_pair(test_release__socket_is_non_blocking),
      with_pair(test_release__is_the_states_own_descriptor),
      with_pair(test_release__closes_the_state),
      with_unix_pair(test_release__cancels_what_runs),
      with_pair(test_release__leaves_what_was_not_consumed),
      with_pair(test_release__no_byte_is_lost_between_both),
      with_pair(test_release__socket_can_be_adopted_again),
      with_unix_pair(test_release__in_a_callback),
      with_pair(test_release__is_refused_while_closing),
      with_threaded_pair(test_release__is_busy_beside_an_own_thread),
      with_collection(test_close__does_not_overtake_a_buffered_read),
  };
  return cmocka_run_group_tests_name("close", tests, NULL, NULL);
}
