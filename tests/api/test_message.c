/* One datagram at a time: aio_state_receive_message, aio_state_send_message and its two others. */
#include "support_message.h"
#include "support_resolver.h"

#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static struct pair *pair_over(void **fixture, enum message_link link) {
  return new_message_pair(((struct pair *)*fixture)->collection, link, NULL);
}

static void exchange(struct pair *pair) {
  peer_sends_message(pair, 100);
  expect_message(start_receive(pair, 200), 100, 100);
  expect_write(start_send(pair, 300), AIO_OK, 300);
  peer_receives_message(pair, 300);
}

/* ---- receiving ---- */

static void test_exchange__over_ipv4(void **fixture) { exchange(*fixture); }

static void test_exchange__over_ipv6(void **fixture) { exchange(pair_over(fixture, LINK_UDP6)); }

static void test_exchange__shows_ipv4_as_mapped_with_both_families(void **fixture) {
  struct pair *pair = pair_over(fixture, LINK_UDP_DUAL);
  exchange(pair);
  peer_sends_message(pair, 1);
  struct completion *receive = start_receive(pair, 1);
  expect_message(receive, 1, 1);
  const aio_address sender = sender_of(receive);
  char host[64];
  expect_status(aio_address_host(&sender, host, sizeof host), AIO_OK);
  assert_string_equal(host, "::ffff:127.0.0.1");
}

static void test_exchange__connected(void **fixture) { exchange(*fixture); }

static void test_exchange__over_unix_datagrams(void **fixture) { exchange(*fixture); }

static void test_receive__waits(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive(pair, 10);
  expect_running(receive);
  peer_sends_message(pair, 7);
  expect_message(receive, 7, 7);
  assert_ptr_equal(receive->state, pair->state);
}

static void test_receive__gets_one_each_in_order(void **fixture) {
  struct pair *pair = *fixture;
  for (size_t i = 0; i < 100; i++) peer_sends_message(pair, i);
  for (size_t i = 0; i < 100; i++) expect_message(start_receive(pair, 100), i, i);
  expect_running(start_receive(pair, 100));
}

static void test_receive__cuts_what_does_not_fit(void **fixture) {
  struct pair *pair = *fixture;
  static const size_t rooms[] = {1, 99, 100, 101, 0};
  for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
    peer_sends_message(pair, 100);
    expect_message(start_receive(pair, rooms[i]), 100, rooms[i] < 100 ? rooms[i] : 100);
  }
  peer_sends_message(pair, 5);
  expect_message(start_receive(pair, 5), 5, 5);
}

static void test_receive__takes_the_longest(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends_message(pair, kLongestUdp);
  expect_message(start_receive(pair, kLongestUdp), kLongestUdp, kLongestUdp);
  peer_sends_message(pair, kLongestUdp);
  expect_message(start_receive(pair, kLongestUdp - 1), kLongestUdp, kLongestUdp - 1);
}

static void test_receive__zero_length_is_a_message(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive(pair, 10);
  peer_sends_message(pair, 0);
  expect_message(receive, 0, 0);
  peer_sends_message(pair, 0);
  expect_message(start_receive(pair, 0), 0, 0);
  peer_sends_message(pair, 3);
  expect_message(start_receive(pair, 10), 3, 3);
}

static void test_receive__fills_the_range_alone(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends_message(pair, 10);
  expect_message(start_receive_with(pair, 100, .start = 20, .end = 50), 10, 10);
  peer_sends_message(pair, 40);
  expect_message(start_receive_with(pair, 100, .start = 20, .end = 50), 40, 30);
  peer_sends_message(pair, 40);
  expect_message(start_receive_with(pair, 100, .start = 99), 40, 1);
  peer_sends_message(pair, 40);
  expect_message(start_receive_with(pair, 100, .start = 100), 40, 0);
}

static void test_receive__empty_range_waits_for_a_message(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive(pair, 0);
  expect_running(receive);
  peer_sends_message(pair, 4);
  expect_message(receive, 4, 0);
}

static void test_receive__minimum_is_ignored(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends_message(pair, 5);
  expect_message(start_receive_with(pair, 10, .minimum = 10), 5, 5);
}

static void test_receive__timeout_touches_no_other(void **fixture) {
  struct pair *pair = *fixture;
  const double start = now();
  struct completion *receive = start_receive_with(pair, 10, .timeout = 0.02);
  expect_no_message(receive, AIO_TIMEOUT);
  expect_not_before(receive, start, 0.02);
  peer_sends_message(pair, 10);
  expect_message(start_receive(pair, 10), 10, 10);
  expect_status(aio_state_read_status(pair->state), AIO_OK);
}

static void test_receive__late_one_gets_a_last_look(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive_with(pair, 10, .timeout = 0.01);
  settle(pair);
  peer_sends_message(pair, 10);
  spend(0.02);
  expect_message(receive, 10, 10);
}

static void test_receive__can_be_aborted(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive_with(pair, 10, .error_callback = recorded_read_error);
  struct completion *abort = start_abort(pair, AIO_INPUT);
  expect_no_message(receive, AIO_ERR_CANCELED);
  assert_int_equal(receive->error_calls, 1);
  expect_outcome(abort, AIO_OK);
  expect_order(receive, abort);
  exchange(pair);
}

static void test_receive__is_canceled_by_close(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive(pair, 10);
  struct completion *close = start_close(pair);
  expect_outcome(close, AIO_OK);
  expect_no_message(receive, AIO_ERR_CANCELED);
  expect_refusal(try_receive(pair, 10), AIO_ERR_CLOSED);
  expect_refusal(try_receive_all(pair, NULL), AIO_ERR_CLOSED);
}

static void test_receive__is_canceled_by_destroy(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive(pair, 10);
  destroy_state(pair);
  expect_no_message(receive, AIO_ERR_CANCELED);
}

static void test_receive__one_at_a_time(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive(pair, 10);
  expect_refusal(try_receive(pair, 10), AIO_ERR_BUSY);
  expect_refusal(try_receive_all(pair, NULL), AIO_ERR_BUSY);
  expect_refusal(try_wait(pair), AIO_ERR_BUSY);
  peer_sends_message(pair, 1);
  expect_message(receive, 1, 1);
}

static void then_receive(struct completion *completion) {
  completion->then = NULL;
  completion->context = start_receive(completion->pair, 10);
}

static void test_receive__next_may_start_in_the_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive(pair, 10);
  receive->then = then_receive;
  peer_sends_message(pair, 4);
  peer_sends_message(pair, 5);
  expect_message(receive, 4, 4);
  expect_message(receive->context, 5, 5);
}

static void test_address__is_null_outside_of_callbacks(void **fixture) {
  struct pair *pair = *fixture;
  assert_null(aio_state_message_address(NULL));
  assert_int_equal(aio_state_message_truncated(NULL), 0);
  assert_null(aio_state_message_address(pair->state));
  peer_sends_message(pair, 10);
  expect_message(start_receive(pair, 5), 10, 5);
  assert_null(aio_state_message_address(pair->state));
  assert_int_equal(aio_state_message_truncated(pair->state), 0);
}

static void then_expect_no_address(struct completion *completion) {
  assert_null(aio_state_message_address(completion->state));
  assert_int_equal(aio_state_message_truncated(completion->state), 0);
  *(int *)completion->context = 1;
}

static void test_address__is_null_in_other_callbacks(void **fixture) {
  struct pair *pair = *fixture;
  int looked[3] = {0};
  peer_sends_message(pair, 10);
  expect_message(start_receive(pair, 5), 10, 5);
  struct completion *send = start_send(pair, 1), *wait = start_wait(pair), *close = NULL;
  peer_sends_message(pair, 1);
  send->then = wait->then = then_expect_no_address;
  send->context = &looked[0];
  wait->context = &looked[1];
  expect_write(send, AIO_OK, 1);
  expect_outcome(wait, AIO_OK);
  close = start_close(pair);
  close->then = then_expect_no_address;
  close->context = &looked[2];
  expect_outcome(close, AIO_OK);
  assert_true(looked[0] && looked[1] && looked[2]);
}

static void test_address__is_null_after_a_timeout(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends_message(pair, 10);
  expect_message(start_receive(pair, 5), 10, 5);
  struct completion *receive = start_receive_with(pair, 5, .timeout = 0.001);
  expect_no_message(receive, AIO_TIMEOUT);
  assert_int_equal(sender_of(receive).length, 0);
}

static void then_reply(struct completion *completion) {
  static char reply[6];
  fill_payload(reply, completion->pair->written, sizeof reply);
  completion->pair->written += sizeof reply;
  expect_status(aio_state_send_message_to_address(completion->state, aio_state_message_address(completion->state),
                                                  reply, sizeof reply, NULL, NULL),
                AIO_OK);
}

static void test_address__can_be_replied_to_as_it_is(void **fixture) {
  static const enum message_link links[] = {LINK_UDP, LINK_UDP6, LINK_UDP_DUAL};
  for (int i = 0; i < 3; i++) {
    struct pair *pair = pair_over(fixture, links[i]);
    struct completion *receive = start_receive(pair, 10);
    receive->then = then_reply;
    peer_sends_message(pair, 10);
    expect_message(receive, 10, 10);
    peer_receives_message(pair, 6);
  }
}

/* ---- waiting, and what is held ---- */

static void test_wait__zero_length_counts(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *wait = start_wait(pair);
  expect_running(wait);
  peer_sends_message(pair, 0);
  expect_outcome(wait, AIO_OK);
  expect_outcome(start_wait(pair), AIO_OK);
  expect_message(start_receive(pair, 1), 0, 0);
  expect_running(start_wait(pair));
}

static void test_wait__takes_nothing(void **fixture) {
  struct pair *pair = *fixture;
  peer_sends_message(pair, 20);
  for (int i = 0; i < 5; i++) expect_outcome(start_wait(pair), AIO_OK);
  expect_message(start_receive(pair, 20), 20, 20);
}

static void close_released(void *socket) { close(*(aio_socket *)socket); }

static void test_release__gives_the_socket_back(void **fixture) {
  struct pair *pair = *fixture;
  aio_socket *released = fixture_memory(sizeof *released);
  char bytes[10];
  struct completion *receive = start_receive(pair, 10);
  settle(pair);
  expect_status(aio_state_release_socket(pair->state, released), AIO_OK);
  at_tear_down(close_released, released);
  expect_no_message(receive, AIO_ERR_CANCELED);
  peer_sends_message(pair, 10);
  assert_int_equal(recv(*released, bytes, sizeof bytes, 0), 10);
  assert_true(is_payload(bytes, 0, 10));
}

/* ---- the kinds of sockets ---- */

static void test_kinds__streams_take_no_messages(void **fixture) {
  struct pair *pair = *fixture;
  const aio_address address = address_of_socket(pair->peer);
  const aio_message message = {.data = "x", .length = 1};
  expect_refusal(try_receive(pair, 10), AIO_ERR_UNSUPPORTED);
  expect_refusal(try_receive_all(pair, NULL), AIO_ERR_UNSUPPORTED);
  expect_status(aio_state_send_message(pair->state, "x", 1, NULL, NULL), AIO_ERR_UNSUPPORTED);
  expect_status(aio_state_send_message_to_address(pair->state, &address, "x", 1, NULL, NULL), AIO_ERR_UNSUPPORTED);
  expect_status(aio_state_send_message_to_host(pair->state, "127.0.0.1", "1", "x", 1, NULL, NULL), AIO_ERR_UNSUPPORTED);
  expect_status(aio_state_send_messages(pair->state, &message, 1, NULL, NULL), AIO_ERR_UNSUPPORTED);
  expect_nothing_more(pair);
}

static void test_kinds__datagrams_are_no_stream(void **fixture) {
  struct pair *pair = *fixture;
  const aio_buffer_view view = {"x", 1};
  const aio_frame_format format = {.length_size = 1};
  expect_refusal(try_read(pair, 10), AIO_ERR_UNSUPPORTED);
  expect_refusal(try_standing_read(pair, NULL), AIO_ERR_UNSUPPORTED);
  expect_refusal(try_write(pair, 10), AIO_ERR_UNSUPPORTED);
  expect_status(aio_state_write_buffers(pair->state, &view, 1, NULL, NULL), AIO_ERR_UNSUPPORTED);
  expect_status(aio_state_read_until(pair->state, "\n", 1, recorded_read, NULL), AIO_ERR_UNSUPPORTED);
  expect_status(aio_state_read_frame(pair->state, &format, recorded_read, NULL), AIO_ERR_UNSUPPORTED);
  exchange(pair);
}

static void test_kinds__unconnected_needs_an_address(void **fixture) {
  struct pair *pair = *fixture;
  const aio_message message = {.data = "x", .length = 1};
  expect_status(aio_state_send_message(pair->state, "x", 1, NULL, NULL), AIO_ERR_UNSUPPORTED);
  expect_status(aio_state_send_messages(pair->state, &message, 1, NULL, NULL), AIO_ERR_UNSUPPORTED);
  peer_receives_no_message(pair);
}

static void test_kinds__connected_takes_no_address(void **fixture) {
  struct pair *pair = *fixture;
  const aio_address peer = address_of_peer(pair);
  const aio_message message = {.data = "x", .length = 1, .address = &peer};
  expect_status(aio_state_send_message_to_address(pair->state, &peer, "x", 1, NULL, NULL), AIO_ERR_UNSUPPORTED);
  expect_status(aio_state_send_message_to_host(pair->state, "127.0.0.1", "1", "x", 1, NULL, NULL), AIO_ERR_UNSUPPORTED);
  expect_status(aio_state_send_messages(pair->state, &message, 1, NULL, NULL), AIO_ERR_UNSUPPORTED);
  peer_receives_no_message(pair);
}

/* ---- sending ---- */

static void test_send__lengths_up_to_the_longest(void **fixture) {
  struct pair *pair = *fixture;
  static const size_t lengths[] = {0, 1, 1472, 1473, 9000, kLongestUdp};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    expect_write(start_send(pair, lengths[i]), AIO_OK, lengths[i]);
    peer_receives_message(pair, lengths[i]);
  }
}

static void test_send__too_long_touches_no_other(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *first = start_send(pair, 10);
  struct completion *longer = start_send_with(pair, kLongestUdp + 1, .error_callback = recorded_write_error);
  expect_write(longer, AIO_ERR_MESSAGE_TOO_LONG, 0);
  assert_int_equal(longer->error_calls, 1);
  expect_write(first, AIO_OK, 10);
  peer_receives_message(pair, 10);
  expect_write(start_send(pair, 20), AIO_OK, 20);
  peer_receives_message(pair, 20);
}

/* Those behind it were submitted with it and leave all the same. */
static void test_send__too_long_between_others(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *sends[4];
  static const size_t lengths[] = {10, kLongestUdp + 1, 0, 30};
  for (int i = 0; i < 4; i++) {
    sends[i] = start_send(pair, lengths[i]);
    if (i == 1) pair->written -= lengths[i];
  }
  for (int i = 0; i < 4; i++) {
    drive_until(pair, sends[i]->done);
    expect_status(sends[i]->status, i == 1 ? AIO_ERR_MESSAGE_TOO_LONG : AIO_OK);
    if (i != 1) peer_receives_message(pair, lengths[i]);
    if (i > 0) expect_order(sends[i - 1], sends[i]);
  }
}

static void test_send__sends_the_range_alone(void **fixture) {
  struct pair *pair = *fixture;
  expect_write(start_send_with(pair, 100, .start = 20, .end = 50), AIO_OK, 30);
  peer_receives_message(pair, 30);
  expect_write(start_send_with(pair, 100, .start = 99), AIO_OK, 1);
  peer_receives_message(pair, 1);
  expect_write(start_send_with(pair, 100, .start = 100), AIO_OK, 0);
  peer_receives_message(pair, 0);
}

static void test_send__many_leave_in_order(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *last = NULL;
  for (size_t i = 0; i < 300; i++) last = start_send(pair, i % 7);
  assert_int_equal(aio_state_queued_writes(pair->state), 300);
  expect_write(last, AIO_OK, 299 % 7);
  for (size_t i = 0; i < 300; i++) peer_receives_message(pair, i % 7);
  assert_int_equal(aio_state_queued_bytes(pair->state), 0);
  assert_int_equal(aio_state_queued_writes(pair->state), 0);
}

static void test_send__to_several_in_turn(void **fixture) {
  struct pair *pair = *fixture;
  int peers[3];
  for (int i = 0; i < 3; i++) peers[i] = new_raw_udp("127.0.0.1");
  for (int i = 0; i < 30; i++) {
    const aio_address to = address_of_socket(peers[i % 3]);
    char *byte = fixture_memory(1);
    *byte = (char)i;
    expect_status(aio_state_send_message_to_address(pair->state, &to, byte, 1, NULL, NULL), AIO_OK);
  }
  settle(pair);
  for (int i = 0; i < 30; i++) {
    char byte = -1;
    assert_int_equal(recv(peers[i % 3], &byte, 1, MSG_DONTWAIT), 1);
    assert_int_equal(byte, i);
  }
}

static void test_send__address_is_copied(void **fixture) {
  struct pair *pair = *fixture;
  aio_address peer = address_of_peer(pair);
  char *bytes = fixture_memory(5);
  fill_payload(bytes, 0, 5);
  expect_status(aio_state_send_message_to_address(pair->state, &peer, bytes, 5, NULL, NULL), AIO_OK);
  memset(&peer, 0, sizeof peer);
  peer_receives_message(pair, 5);
}

static void test_send__second_is_busy_without_a_queue(void **fixture) {
  const aio_udp_options options = {.queue_output = AIO_NO};
  struct pair *pair = new_message_pair(((struct pair *)*fixture)->collection, LINK_UDP, &options);
  struct completion *first = start_send(pair, 10);
  expect_refusal(try_send(pair, 10), AIO_ERR_BUSY);
  expect_refusal(try_send_to_host(pair, "127.0.0.1", "1", 10), AIO_ERR_BUSY);
  expect_refusal(try_send_all(pair, equal_sizes(2, 1), 2), AIO_ERR_BUSY);
  expect_write(first, AIO_OK, 10);
  expect_write(start_send(pair, 10), AIO_OK, 10);
  for (int i = 0; i < 2; i++) peer_receives_message(pair, 10);
}

static void test_send__limit_counts_what_waits_behind_the_first(void **fixture) {
  struct pair *pair = *fixture;
  expect_status(aio_state_set_write_limit(pair->state, 100), AIO_OK);
  struct completion *first = start_send(pair, 1000), *second = start_send(pair, 100);
  assert_int_equal(aio_state_queued_bytes(pair->state), 1100);
  expect_refusal(try_send(pair, 1), AIO_ERR_LIMIT);
  expect_refusal(try_send_all(pair, equal_sizes(1, 1), 1), AIO_ERR_LIMIT);
  expect_write(first, AIO_OK, 1000);
  expect_write(second, AIO_OK, 100);
  peer_receives_message(pair, 1000);
  peer_receives_message(pair, 100);
  peer_receives_no_message(pair);
}

static void test_send__close_cancels_it(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *send = start_send(pair, 10);
  struct completion *close = start_close(pair);
  expect_outcome(close, AIO_OK);
  drive_until(pair, send->done);
  if (send->status != AIO_OK) expect_write(send, AIO_ERR_CANCELED, 0);
  expect_refusal(try_send(pair, 10), AIO_ERR_CLOSED);
  expect_refusal(try_send_all(pair, equal_sizes(1, 1), 1), AIO_ERR_CLOSED);
}

static void test_send__lingering_close_lets_it_leave(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *sends[20];
  for (int i = 0; i < 20; i++) sends[i] = start_send(pair, 100);
  struct completion *close = start_close_with(pair, .linger = 5);
  expect_outcome(close, AIO_OK);
  for (int i = 0; i < 20; i++) {
    expect_write(sends[i], AIO_OK, 100);
    peer_receives_message(pair, 100);
  }
}

static void test_send__without_a_callback(void **fixture) {
  struct pair *pair = *fixture;
  const aio_address peer = address_of_peer(pair);
  char *bytes = fixture_memory(8);
  fill_payload(bytes, 0, 8);
  expect_status(aio_state_send_message_to_address(pair->state, &peer, bytes, 8, NULL, NULL), AIO_OK);
  peer_receives_message(pair, 8);
  assert_int_equal(aio_state_queued_writes(pair->state), 0);
}

/* ---- a full queue: a Unix datagram socket refuses what its peer cannot take, and loses nothing ---- */

enum { kFill = 64, kPiece = 1000 };

/* How many were taken; the rest waits. */
static int fill_queue(struct pair *pair, struct completion *sends[kFill], double timeout) {
  int taken = 0;
  for (int i = 0; i < kFill; i++) sends[i] = start_send_with(pair, kPiece, .timeout = timeout);
  settle(pair);
  while (taken < kFill && sends[taken]->done) taken++;
  assert_in_range(taken, 1, kFill - 1);
  assert_int_equal(aio_state_queued_bytes(pair->state), (size_t)kPiece * (size_t)(kFill - taken));
  return taken;
}

static void test_full_queue__goes_on_when_drained(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *sends[kFill];
  fill_queue(pair, sends, 0);
  for (int i = 0; i < kFill; i++) peer_receives_message(pair, kPiece);
  for (int i = 0; i < kFill; i++) expect_write(sends[i], AIO_OK, kPiece);
}

static void test_full_queue__timeout_touches_no_other(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *sends[kFill];
  const int taken = fill_queue(pair, sends, 0);
  aio_state_set_write_timeout(pair->state, 0);
  struct completion *late = start_send_with(pair, 7, .timeout = 0.01);
  pair->written -= 7;
  struct completion *patient = start_send_with(pair, 8, .timeout = AIO_NO_TIMEOUT);
  drive_until(pair, late->done);
  expect_status(late->status, AIO_TIMEOUT);
  assert_int_equal(late->count, 0);
  assert_int_equal(sends[taken]->calls, 0);
  for (int i = 0; i < kFill; i++) peer_receives_message(pair, kPiece);
  peer_receives_message(pair, 8);
  expect_write(patient, AIO_OK, 8);
}

static void test_full_queue__abort_keeps_those_taken(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *sends[kFill];
  const int taken = fill_queue(pair, sends, 0);
  struct completion *abort = start_abort(pair, AIO_OUTPUT);
  expect_outcome(abort, AIO_OK);
  for (int i = 0; i < kFill; i++) expect_write(sends[i], i < taken ? AIO_OK : AIO_ERR_CANCELED, i < taken ? kPiece : 0);
  for (int i = 0; i < taken; i++) peer_receives_message(pair, kPiece);
  peer_receives_no_message(pair);
  exchange(pair);
}

static void test_full_queue__close_keeps_those_taken(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *sends[kFill];
  const int taken = fill_queue(pair, sends, 0);
  expect_outcome(start_close(pair), AIO_OK);
  for (int i = 0; i < kFill; i++) expect_write(sends[i], i < taken ? AIO_OK : AIO_ERR_CANCELED, i < taken ? kPiece : 0);
  for (int i = 0; i < taken; i++) peer_receives_message(pair, kPiece);
}

static void test_full_queue__lingering_close_waits_for_room(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *sends[kFill];
  fill_queue(pair, sends, 0);
  struct completion *close = start_close_with(pair, .linger = 10);
  for (int i = 0; i < kFill; i++) peer_receives_message(pair, kPiece);
  expect_outcome(close, AIO_OK);
  for (int i = 0; i < kFill; i++) expect_write(sends[i], AIO_OK, kPiece);
}

static void test_full_queue__lingering_close_gives_up(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *sends[kFill];
  const int taken = fill_queue(pair, sends, 0);
  const double start = now();
  struct completion *close = start_close_with(pair, .linger = 0.02);
  expect_outcome(close, AIO_OK);
  expect_not_before(close, start, 0.02);
  expect_write(sends[taken], AIO_ERR_CANCELED, 0);
}

/* ---- ICMP "port unreachable" ---- */

static struct pair *deserted_pair(void **fixture) {
  struct pair *pair = pair_over(fixture, LINK_UDP_CONNECTED);
  close(pair->peer);
  pair->peer = -1;
  return pair;
}

static void test_refusal__ends_a_receive_and_the_state_works_on(void **fixture) {
  struct pair *pair = pair_over(fixture, LINK_UDP_CONNECTED);
  const aio_address address = address_of_socket(pair->peer), local = address_of_state(pair);
  close(pair->peer);
  struct completion *receive = start_receive_with(pair, 10, .error_callback = recorded_read_error);
  settle(pair);
  expect_write(start_send(pair, 10), AIO_OK, 10);
  expect_no_message(receive, AIO_ERR_CONNECTION_REFUSED);
  assert_int_equal(receive->error_calls, 1);
  pair->peer = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  assert_int_equal(bind(pair->peer, (const struct sockaddr *)address.storage, address.length), 0);
  assert_int_equal(connect(pair->peer, (const struct sockaddr *)local.storage, local.length), 0);
  pair->peer_received = pair->written;
  exchange(pair);
}

static void test_refusal__ends_a_send(void **fixture) {
  struct pair *pair = deserted_pair(fixture);
  expect_write(start_send(pair, 10), AIO_OK, 10);
  expect_write(start_send(pair, 10), AIO_ERR_CONNECTION_REFUSED, 0);
  expect_write(start_send(pair, 10), AIO_OK, 10);
}

static void test_refusal__ends_a_receive_that_comes_later(void **fixture) {
  struct pair *pair = deserted_pair(fixture);
  expect_write(start_send(pair, 10), AIO_OK, 10);
  settle(pair);
  expect_no_message(start_receive(pair, 10), AIO_ERR_CONNECTION_REFUSED);
  expect_running(start_receive(pair, 10));
}

static void test_refusal__ends_a_standing_receive(void **fixture) {
  struct pair *pair = deserted_pair(fixture);
  struct completion *receive = start_receive_all(pair, NULL);
  settle(pair);
  expect_write(start_send(pair, 10), AIO_OK, 10);
  expect_last_call(receive, AIO_ERR_CONNECTION_REFUSED);
  receive = start_receive_all(pair, NULL);
  expect_running(receive);
}

static void test_refusal__wakes_a_wait(void **fixture) {
  struct pair *pair = deserted_pair(fixture);
  struct completion *wait = start_wait(pair);
  settle(pair);
  expect_write(start_send(pair, 10), AIO_OK, 10);
  drive_until(pair, wait->done);
}

static void test_refusal__of_others_is_not_told(void **fixture) {
  struct pair *pair = *fixture;
  struct pair *gone = deserted_pair(fixture);
  aio_address address;
  expect_status(aio_state_peer_address(gone->state, &address), AIO_OK);
  struct completion *receive = start_receive(pair, 10);
  expect_status(aio_state_send_message_to_address(pair->state, &address, "x", 1, NULL, NULL), AIO_OK);
  expect_running(receive);
  peer_sends_message(pair, 10);
  expect_message(receive, 10, 10);
}

/* ---- by name ---- */

static void test_host__numeric(void **fixture) {
  struct pair *pair = *fixture;
  expect_write(start_send_to_host(pair, "127.0.0.1", service_of(pair->peer), 10), AIO_OK, 10);
  peer_receives_message(pair, 10);
  assert_int_equal(resolver_lookups(), 0);
}

static void test_host__name_is_looked_up_elsewhere(void **fixture) {
  struct pair *pair = *fixture;
  resolver_knows("peer.test", "127.0.0.1");
  expect_write(start_send_to_host(pair, "peer.test", service_of(pair->peer), 10), AIO_OK, 10);
  peer_receives_message(pair, 10);
  assert_int_equal(resolver_lookups(), 1);
  assert_false(resolver_was_on_this_thread());
}

static void test_host__localhost(void **fixture) {
  struct pair *pair = *fixture;
  expect_write(start_send_to_host(pair, "localhost", service_of(pair->peer), 10), AIO_OK, 10);
  peer_receives_message(pair, 10);
}

static void test_host__first_of_the_family_counts(void **fixture) {
  struct pair *pair = *fixture;
  resolver_knows("both.test", "::1 127.0.0.1 127.0.0.9");
  expect_write(start_send_to_host(pair, "both.test", service_of(pair->peer), 10), AIO_OK, 10);
  peer_receives_message(pair, 10);
}

static void test_host__both_families_reach_ipv4(void **fixture) {
  struct pair *pair = pair_over(fixture, LINK_UDP_DUAL);
  resolver_knows("four.test", "127.0.0.1");
  expect_write(start_send_to_host(pair, "four.test", service_of(pair->peer), 10), AIO_OK, 10);
  peer_receives_message(pair, 10);
  expect_write(start_send_to_host(pair, "127.0.0.1", service_of(pair->peer), 10), AIO_OK, 10);
  peer_receives_message(pair, 10);
}

static void test_host__later_ones_wait_for_the_look_up(void **fixture) {
  struct pair *pair = *fixture;
  resolver_knows("slow.test", "127.0.0.1");
  resolver_pause();
  struct completion *before = start_send(pair, 1);
  struct completion *named = start_send_to_host(pair, "slow.test", service_of(pair->peer), 2);
  struct completion *behind = start_send(pair, 3);
  struct completion *again = start_send_to_host(pair, "slow.test", service_of(pair->peer), 4);
  expect_write(before, AIO_OK, 1);
  expect_running(named);
  expect_running(behind);
  assert_int_equal(aio_state_queued_bytes(pair->state), 9);
  resolver_continue();
  expect_write(again, AIO_OK, 4);
  for (size_t i = 1; i <= 4; i++) peer_receives_message(pair, i);
  expect_order(named, behind);
  expect_order(behind, again);
}

static void test_host__failing_one_touches_no_other(void **fixture) {
  struct pair *pair = *fixture;
  resolver_fails("none.test", EAI_NONAME);
  struct completion *failing =
      start_send_to_host_with(pair, "none.test", "1", 10, .error_callback = recorded_write_error);
  pair->written -= 10;
  struct completion *behind = start_send(pair, 20);
  expect_write(behind, AIO_OK, 20);
  drive_until(pair, failing->done);
  expect_status(failing->status, AIO_ERR_HOST_NOT_FOUND);
  assert_int_equal(failing->count, 0);
  assert_int_equal(failing->error_calls, 1);
  peer_receives_message(pair, 20);
}

static void let_look_ups_end(void *unused) {
  (void)unused;
  resolver_continue();
}

/* A send whose look-up hangs. */
static struct completion *hanging_send(struct pair *pair, double timeout) {
  resolver_knows("slow.test", "127.0.0.1");
  resolver_pause();
  at_tear_down(let_look_ups_end, NULL);
  struct completion *send = start_send_to_host_with(pair, "slow.test", service_of(pair->peer), 10, .timeout = timeout);
  settle(pair);
  resolver_await(1);
  return send;
}

static void test_host__one_timed_out_touches_no_other(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *late = hanging_send(pair, 0.02);
  pair->written -= 10;
  struct completion *behind = start_send_with(pair, 20, .timeout = AIO_NO_TIMEOUT);
  expect_running(behind);
  drive_until(pair, late->done);
  expect_status(late->status, AIO_TIMEOUT);
  expect_write(behind, AIO_OK, 20);
  peer_receives_message(pair, 20);
}

static void test_host__service_that_is_none(void **fixture) {
  struct pair *pair = *fixture;
  expect_write(start_send_to_host(pair, "127.0.0.1", "65536", 10), AIO_ERR_SERVICE_NOT_FOUND, 0);
  expect_write(start_send_to_host(pair, "127.0.0.1", "no such service", 10), AIO_ERR_SERVICE_NOT_FOUND, 0);
  expect_write(start_send_to_host(pair, "localhost", "99999", 10), AIO_ERR_SERVICE_NOT_FOUND, 0);
}

static void test_host__of_another_family_alone(void **fixture) {
  struct pair *pair = *fixture;
  resolver_knows("six.test", "::1");
  struct completion *send = start_send_to_host(pair, "six.test", "9", 10);
  drive_until(pair, send->done);
  expect_status(send->status, AIO_ERR_HOST_NOT_FOUND);
  assert_int_equal(send->count, 0);
}

static void test_host__times_out_during_the_look_up(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *send = hanging_send(pair, 0.02);
  expect_write(send, AIO_TIMEOUT, 0);
  expect_write(start_send_with(pair, 5, .timeout = AIO_NO_TIMEOUT), AIO_OK, 5);
  peer_receives_message(pair, 5);
  resolver_continue();
  peer_receives_no_message(pair);
}

static void test_host__aborted_during_the_look_up(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *send = hanging_send(pair, 0);
  expect_outcome(start_abort(pair, AIO_OUTPUT), AIO_OK);
  expect_write(send, AIO_ERR_CANCELED, 0);
  expect_write(start_send(pair, 5), AIO_OK, 5);
  peer_receives_message(pair, 5);
  resolver_continue();
  peer_receives_no_message(pair);
}

static void test_host__closed_during_the_look_up(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *send = hanging_send(pair, 0);
  struct completion *close = start_close(pair);
  expect_outcome(close, AIO_OK);
  expect_write(send, AIO_ERR_CANCELED, 0);
  resolver_continue();
  expect_nothing_more(pair);
}

static void test_host__destroyed_during_the_look_up(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *send = hanging_send(pair, 0);
  destroy_state(pair);
  expect_write(send, AIO_ERR_CANCELED, 0);
}

static void test_host__lingering_close_waits_for_the_look_up(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *send = hanging_send(pair, 0);
  struct completion *close = start_close_with(pair, .linger = 10);
  expect_running(close);
  resolver_continue();
  expect_outcome(close, AIO_OK);
  expect_write(send, AIO_OK, 10);
  peer_receives_message(pair, 10);
}

/* ---- threads ---- */

enum { kThreads = 4, kEach = 50 };

static void *send_from_another_thread(void *argument) {
  struct pair *pair = argument;
  const aio_address peer = address_of_peer(pair);
  this_thread_runs_no_callbacks();
  for (int i = 0; i < kEach; i++)
    if (aio_state_send_message_to_address(pair->state, &peer, "thread", 6, NULL, NULL) != AIO_OK) return NULL;
  return argument;
}

static void test_threads__may_send(void **fixture) {
  struct pair *pair = *fixture;
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, send_from_another_thread, pair), 0);
  for (int i = 0; i < kThreads; i++) {
    void *result = NULL;
    assert_int_equal(pthread_join(threads[i], &result), 0);
    assert_non_null(result);
  }
  settle(pair);
  await(aio_state_queued_writes(pair->state) == 0);
  char bytes[8];
  for (int i = 0; i < kThreads * kEach; i++) assert_int_equal(recv(pair->peer, bytes, sizeof bytes, 0), 6);
}

static void test_threads__may_receive(void **fixture) {
  struct pair *pair = *fixture;
  for (size_t i = 1; i < 50; i++) {
    struct completion *receive = start_receive(pair, 100);
    peer_sends_message(pair, i);
    expect_message(receive, i, i);
  }
}

static void test_threads__close_while_messages_come(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive_all(pair, NULL);
  for (int i = 0; i < 50; i++) peer_sends_message(pair, 10);
  expect_outcome(start_close(pair), AIO_OK);
  expect_last_call(receive, AIO_ERR_CANCELED);
  assert_in_range(messages_of(receive), 0, 50);
}

static int set_up_names(void **fixture) {
  resolver_reset();
  return set_up_udp_pair(fixture);
}

static int forget_names(void **fixture) {
  int result = tear_down(fixture);
  resolver_reset();
  return result;
}

#define by_name(test) cmocka_unit_test_setup_teardown(test, set_up_names, forget_names)

int main(void) {
  const struct CMUnitTest tests[] = {
      with_udp_pair(test_exchange__over_ipv4),
      with_collection(test_exchange__over_ipv6),
      with_collection(test_exchange__shows_ipv4_as_mapped_with_both_families),
      with_connected_udp_pair(test_exchange__connected),
      with_unix_datagram_pair(test_exchange__over_unix_datagrams),
      with_udp_pair(test_receive__waits),
      with_udp_pair(test_receive__gets_one_each_in_order),
      with_udp_pair(test_receive__cuts_what_does_not_fit),
      with_udp_pair(test_receive__takes_the_longest),
      with_udp_pair(test_receive__zero_length_is_a_message),
      with_udp_pair(test_receive__fills_the_range_alone),
      with_udp_pair(test_receive__empty_range_waits_for_a_message),
      with_udp_pair(test_receive__minimum_is_ignored),
      with_udp_pair(test_receive__timeout_touches_no_other),
      with_udp_pair(test_receive__late_one_gets_a_last_look),
      with_udp_pair(test_receive__can_be_aborted),
      with_udp_pair(test_receive__is_canceled_by_close),
      with_udp_pair(test_receive__is_canceled_by_destroy),
      with_udp_pair(test_receive__one_at_a_time),
      with_udp_pair(test_receive__next_may_start_in_the_callback),
      with_udp_pair(test_address__is_null_outside_of_callbacks),
      with_udp_pair(test_address__is_null_in_other_callbacks),
      with_udp_pair(test_address__is_null_after_a_timeout),
      with_collection(test_address__can_be_replied_to_as_it_is),
      with_udp_pair(test_wait__zero_length_counts),
      with_udp_pair(test_wait__takes_nothing),
      with_udp_pair(test_release__gives_the_socket_back),
      with_pair(test_kinds__streams_take_no_messages),
      with_udp_pair(test_kinds__datagrams_are_no_stream),
      with_udp_pair(test_kinds__unconnected_needs_an_address),
      with_connected_udp_pair(test_kinds__connected_takes_no_address),
      with_udp_pair(test_send__lengths_up_to_the_longest),
      with_udp_pair(test_send__too_long_touches_no_other),
      with_udp_pair(test_send__too_long_between_others),
      with_udp_pair(test_send__sends_the_range_alone),
      with_udp_pair(test_send__many_leave_in_order),
      with_udp_pair(test_send__to_several_in_turn),
      with_udp_pair(test_send__address_is_copied),
      with_collection(test_send__second_is_busy_without_a_queue),
      with_udp_pair(test_send__limit_counts_what_waits_behind_the_first),
      with_udp_pair(test_send__close_cancels_it),
      with_udp_pair(test_send__lingering_close_lets_it_leave),
      with_udp_pair(test_send__without_a_callback),
      with_unix_datagram_pair(test_full_queue__goes_on_when_drained),
      with_unix_datagram_pair(test_full_queue__timeout_touches_no_other),
      with_unix_datagram_pair(test_full_queue__abort_keeps_those_taken),
      with_unix_datagram_pair(test_full_queue__close_keeps_those_taken),
      with_unix_datagram_pair(test_full_queue__lingering_close_waits_for_room),
      with_unix_datagram_pair(test_full_queue__lingering_close_gives_up),
      with_collection(test_refusal__ends_a_receive_and_the_state_works_on),
      with_collection(test_refusal__ends_a_send),
      with_collection(test_refusal__ends_a_receive_that_comes_later),
      with_collection(test_refusal__ends_a_standing_receive),
      with_collection(test_refusal__wakes_a_wait),
      with_udp_pair(test_refusal__of_others_is_not_told),
      by_name(test_host__numeric),
      by_name(test_host__name_is_looked_up_elsewhere),
      by_name(test_host__localhost),
      by_name(test_host__first_of_the_family_counts),
      by_name(test_host__both_families_reach_ipv4),
      by_name(test_host__later_ones_wait_for_the_look_up),
      by_name(test_host__failing_one_touches_no_other),
      by_name(test_host__one_timed_out_touches_no_other),
      by_name(test_host__service_that_is_none),
      by_name(test_host__of_another_family_alone),
      by_name(test_host__times_out_during_the_look_up),
      by_name(test_host__aborted_during_the_look_up),
      by_name(test_host__closed_during_the_look_up),
      by_name(test_host__destroyed_during_the_look_up),
      by_name(test_host__lingering_close_waits_for_the_look_up),
      with_threaded_udp_pair(test_threads__may_send),
      with_threaded_udp_pair(test_threads__may_receive),
      with_threaded_udp_pair(test_threads__close_while_messages_come),
  };
  return cmocka_run_group_tests_name("message", tests, start_resolver_threads, NULL);
}
