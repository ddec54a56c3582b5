/* aio_state_send_messages: many datagrams as one operation, and how batches leave. */
#include "support_message.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct pair *pair_over(void **fixture, enum message_link link) {
  return new_message_pair(((struct pair *)*fixture)->collection, link, NULL);
}

static void peer_receives_messages(struct pair *pair, const size_t *sizes, size_t count) {
  for (size_t i = 0; i < count; i++) peer_receives_message(pair, sizes[i]);
}

static void send_and_receive(struct pair *pair, const size_t *sizes, size_t count) {
  struct completion *send = start_send_all(pair, sizes, count);
  peer_receives_messages(pair, sizes, count);
  expect_sent(send, AIO_OK, count);
  peer_receives_no_message(pair);
}

/* ---- all arrive, in order, as they were cut ---- */

static const size_t counts[] = {0, 1, 2, 63, 64, 65, 129, 500};

static void test_send_all__any_number_of_mixed_sizes(void **fixture) {
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    send_and_receive(pair_over(fixture, LINK_UDP), mixed_sizes(counts[i], 100), counts[i]);
}

static void test_send_all__any_number_of_equal_sizes(void **fixture) {
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    send_and_receive(pair_over(fixture, LINK_UDP), equal_sizes(counts[i], 64), counts[i]);
}

static void test_send_all__over_other_links(void **fixture) {
  static const enum message_link links[] = {LINK_UDP6, LINK_UDP_DUAL, LINK_UDP_CONNECTED};
  for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
    send_and_receive(pair_over(fixture, links[i]), equal_sizes(100, 200), 100);
    send_and_receive(pair_over(fixture, links[i]), mixed_sizes(100, 200), 100);
  }
}

static void test_send_all__unix_datagrams_stay_apart(void **fixture) {
  send_and_receive(*fixture, equal_sizes(5, 100), 5);
  send_and_receive(*fixture, mixed_sizes(30, 200), 30);
}

/* A link's packets hold 1472 bytes over IPv4, 1452 over IPv6. */
static void test_send_all__sizes_around_a_packet(void **fixture) {
  static const size_t sizes[] = {1, 1023, 1024, 1451, 1452, 1453, 1471, 1472, 1473, 2000, 9000, 16000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    send_and_receive(pair_over(fixture, LINK_UDP), equal_sizes(4, sizes[i]), 4);
    send_and_receive(pair_over(fixture, LINK_UDP6), equal_sizes(4, sizes[i]), 4);
  }
}

static void test_send_all__more_than_fits_into_one_packet_of_segments(void **fixture) {
  static const size_t sizes[] = {1000, 1015, 1016, 1400, 1452};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    send_and_receive(pair_over(fixture, LINK_UDP), equal_sizes(130, sizes[i]), 130);
}

static void test_send_all__shorter_ones_end_runs(void **fixture) {
  static const size_t sizes[] = {100, 100, 100, 40, 100, 100, 0, 100, 100, 101, 101, 1, 1, 0, 0, 1, 100, 100};
  const size_t count = sizeof sizes / sizeof *sizes;
  for (size_t first = 0; first < count; first++)
    send_and_receive(pair_over(fixture, LINK_UDP), sizes + first, count - first);
}

static void test_send_all__of_no_bytes(void **fixture) { send_and_receive(*fixture, equal_sizes(70, 0), 70); }

static void test_send_all__the_longest(void **fixture) { send_and_receive(*fixture, equal_sizes(3, kLongestUdp), 3); }

static void test_send_all__none_completes_in_order(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *before = start_send(pair, 1), *none = start_send_all(pair, NULL, 0), *behind = start_send(pair, 2);
  expect_write(behind, AIO_OK, 2);
  expect_sent(none, AIO_OK, 0);
  expect_order(before, none);
  expect_order(none, behind);
  expect_status(aio_state_send_messages(pair->state, NULL, 0, NULL, NULL), AIO_OK);
  expect_nothing_more(pair);
}

static void test_send_all__to_several_addresses(void **fixture) {
  struct pair *pair = *fixture;
  int peers[3];
  aio_address *addresses = fixture_memory(3 * sizeof *addresses);
  aio_message messages[60] = {{0}};
  char *bytes = fixture_memory(60);
  for (int i = 0; i < 3; i++) {
    peers[i] = new_raw_udp("127.0.0.1");
    addresses[i] = address_of_socket(peers[i]);
  }
  for (int i = 0; i < 60; i++) {
    bytes[i] = (char)i;
    messages[i] = (aio_message){.data = bytes + i, .length = 1, .address = &addresses[i / 4 % 3]};
  }
  expect_status(aio_state_send_messages(pair->state, messages, 60, NULL, NULL), AIO_OK);
  settle(pair);
  for (int i = 0; i < 60; i++) {
    char byte = -1;
    assert_int_equal(recv(peers[i / 4 % 3], &byte, 1, MSG_DONTWAIT), 1);
    assert_int_equal(byte, i);
  }
}

static void test_send_all__beside_single_sends(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *completions[30];
  for (int i = 0; i < 30; i += 3) {
    completions[i] = start_send(pair, 10);
    completions[i + 1] = start_send_all(pair, equal_sizes(20, 10), 20);
    completions[i + 2] = start_send(pair, 5);
  }
  for (int i = 0; i < 30; i += 3) {
    expect_write(completions[i], AIO_OK, 10);
    expect_sent(completions[i + 1], AIO_OK, 20);
    expect_write(completions[i + 2], AIO_OK, 5);
    peer_receives_messages(pair, equal_sizes(21, 10), 21);
    peer_receives_message(pair, 5);
  }
  for (int i = 1; i < 30; i++) expect_order(completions[i - 1], completions[i]);
}

static void then_send_all(struct completion *completion) {
  completion->then = NULL;
  completion->context = start_send_all(completion->pair, equal_sizes(40, 8), 40);
}

static void test_send_all__in_a_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *send = start_send_all(pair, equal_sizes(40, 8), 40);
  send->then = then_send_all;
  expect_sent(send, AIO_OK, 40);
  expect_sent(send->context, AIO_OK, 40);
  peer_receives_messages(pair, equal_sizes(80, 8), 80);
}

static void test_send_all__range_is_ignored(void **fixture) {
  struct pair *pair = *fixture;
  expect_sent(start_send_all_with(pair, equal_sizes(3, 8), 3, .start = 1, .end = 2), AIO_OK, 3);
  peer_receives_messages(pair, equal_sizes(3, 8), 3);
}

static void test_send_all__without_a_callback(void **fixture) {
  struct pair *pair = *fixture;
  const aio_address peer = address_of_peer(pair);
  char *bytes = fixture_memory(20);
  fill_payload(bytes, 0, 20);
  const aio_message messages[] = {{.data = bytes, .length = 10, .address = &peer},
                                  {.data = bytes + 10, .length = 10, .address = &peer}};
  expect_status(aio_state_send_messages(pair->state, messages, 2, NULL, NULL), AIO_OK);
  peer_receives_messages(pair, equal_sizes(2, 10), 2);
  assert_int_equal(aio_state_queued_writes(pair->state), 0);
}

/* ---- accounting ---- */

static void test_send_all__counts_as_one_write_of_all_bytes(void **fixture) {
  struct pair *pair = *fixture;
  aio_counters counters;
  struct completion *send = start_send_all(pair, equal_sizes(10, 30), 10);
  assert_int_equal(aio_state_queued_writes(pair->state), 1);
  assert_int_equal(aio_state_queued_bytes(pair->state), 300);
  expect_sent(send, AIO_OK, 10);
  assert_int_equal(aio_state_queued_writes(pair->state), 0);
  assert_int_equal(aio_state_queued_bytes(pair->state), 0);
  expect_status(aio_state_counters(pair->state, &counters), AIO_OK);
  assert_int_equal(counters.bytes_written, 300);
  assert_int_equal(counters.operations_written, 1);
  assert_true(counters.calls_written <= 10);
  peer_receives_messages(pair, equal_sizes(10, 30), 10);
}

static void test_send_all__marks_are_of_all_bytes(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *drained = new_completion(pair);
  accept_completion(drained, AIO_OK);
  expect_status(aio_state_set_write_marks(pair->state, 300, 0, recorded_status, drained), AIO_OK);
  start_send_all(pair, equal_sizes(10, 30), 10);
  expect_outcome(drained, AIO_OK);
  peer_receives_messages(pair, equal_sizes(10, 30), 10);
}

static void test_send_all__limit(void **fixture) {
  struct pair *pair = *fixture;
  expect_status(aio_state_set_write_limit(pair->state, 100), AIO_OK);
  struct completion *first = start_send_all(pair, equal_sizes(10, 30), 10);
  expect_refusal(try_send_all(pair, equal_sizes(11, 10), 11), AIO_ERR_LIMIT);
  struct completion *second = start_send_all(pair, equal_sizes(10, 10), 10);
  expect_sent(first, AIO_OK, 10);
  expect_sent(second, AIO_OK, 10);
  peer_receives_messages(pair, equal_sizes(10, 30), 10);
  peer_receives_messages(pair, equal_sizes(10, 10), 10);
  peer_receives_no_message(pair);
}

static void test_send_all__rate_delays_but_sends_all(void **fixture) {
  struct pair *pair = *fixture;
  const aio_rate_limit rate = {.bytes_per_second = 20000, .burst = 500};
  expect_status(aio_state_set_rate_limit(pair->state, AIO_OUTPUT, &rate), AIO_OK);
  const double start = now();
  struct completion *send = start_send_all(pair, equal_sizes(40, 100), 40);
  expect_sent(send, AIO_OK, 40);
  expect_not_before(send, start, 0.15);
  peer_receives_messages(pair, equal_sizes(40, 100), 40);
}

/* ---- one that cannot be sent ---- */

static void test_too_long__ends_the_batch_there(void **fixture) {
  static const size_t places[] = {0, 1, 5, 63, 64, 69};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    struct pair *pair = pair_over(fixture, LINK_UDP);
    size_t *sizes = fixture_memory(70 * sizeof *sizes);
    for (size_t n = 0; n < 70; n++) sizes[n] = n == places[i] ? kLongestUdp + 1 : 10;
    struct completion *send = start_send_all_with(pair, sizes, 70, .error_callback = recorded_write_error);
    expect_sent(send, AIO_ERR_MESSAGE_TOO_LONG, places[i]);
    assert_int_equal(send->error_calls, 1);
    assert_int_equal(aio_state_queued_bytes(pair->state), 0);
    peer_receives_messages(pair, sizes, places[i]);
    peer_receives_no_message(pair);
    send_and_receive(pair, equal_sizes(3, 10), 3);
  }
}

static void test_too_long__touches_no_other_operation(void **fixture) {
  struct pair *pair = *fixture;
  static const size_t sizes[] = {10, 20, kLongestUdp + 1, 30};
  struct completion *before = start_send_all(pair, equal_sizes(3, 5), 3), *broken = start_send_all(pair, sizes, 4);
  pair->written = before->position + 15 + 30;
  struct completion *behind = start_send_all(pair, equal_sizes(3, 7), 3);
  drive_until(pair, behind->done);
  expect_sent(before, AIO_OK, 3);
  expect_status(broken->status, AIO_ERR_MESSAGE_TOO_LONG);
  assert_int_equal(broken->count, 2);
  expect_sent(behind, AIO_OK, 3);
  peer_receives_messages(pair, equal_sizes(3, 5), 3);
  peer_receives_messages(pair, sizes, 2);
  peer_receives_messages(pair, equal_sizes(3, 7), 3);
  peer_receives_no_message(pair);
}

static void test_too_long__in_a_run_of_equal_ones(void **fixture) {
  struct pair *pair = *fixture;
  expect_sent(start_send_all(pair, equal_sizes(10, kLongestUdp + 1), 10), AIO_ERR_MESSAGE_TOO_LONG, 0);
  peer_receives_no_message(pair);
  send_and_receive(pair, equal_sizes(10, 100), 10);
}

static void test_refusal__ends_the_batch(void **fixture) {
  struct pair *pair = pair_over(fixture, LINK_UDP_CONNECTED);
  close(pair->peer);
  pair->peer = -1;
  expect_write(start_send(pair, 1), AIO_OK, 1);
  struct completion *send = start_send_all(pair, mixed_sizes(10, 10), 10);
  drive_until(pair, send->done);
  expect_status(send->status, AIO_ERR_CONNECTION_REFUSED);
  assert_in_range(send->count, 0, 9);
}

/* ---- a full queue: a Unix datagram socket refuses what its peer cannot take, and loses nothing ---- */

enum { kBatch = 64 };

static const size_t *large_sizes(void) {
  size_t *sizes = fixture_memory(2 * kBatch * sizeof *sizes);
  for (size_t i = 0; i < 2 * kBatch; i++) sizes[i] = 1000 + i;
  return sizes;
}

/* How many of a batch the kernel has taken; the rest waits. Sizes grow, so that none makes a run with its neighbour. */
static size_t start_filling(struct pair *pair, const size_t *sizes, double timeout, struct completion **send) {
  size_t taken = 0, left = 0;
  *send = start_send_all_with(pair, sizes, kBatch, .timeout = timeout);
  expect_running(*send);
  for (size_t i = 0; i < kBatch; i++) left += sizes[i];
  for (; left > aio_state_queued_bytes(pair->state); taken++) left -= sizes[taken];
  assert_int_equal(left, aio_state_queued_bytes(pair->state));
  assert_in_range(taken, 1, kBatch - 1);
  assert_int_equal(aio_state_queued_writes(pair->state), 1);
  return taken;
}

static void test_full_queue__goes_on_when_drained(void **fixture) {
  struct pair *pair = *fixture;
  const size_t *sizes = large_sizes();
  struct completion *send;
  start_filling(pair, sizes, 0, &send);
  peer_receives_messages(pair, sizes, kBatch);
  expect_sent(send, AIO_OK, kBatch);
  peer_receives_no_message(pair);
}

static void test_full_queue__timeout_tells_how_many(void **fixture) {
  struct pair *pair = *fixture;
  const size_t *sizes = large_sizes();
  struct completion *send;
  const double start = now();
  const size_t taken = start_filling(pair, sizes, 0.05, &send);
  expect_sent(send, AIO_TIMEOUT, taken);
  expect_not_before(send, start, 0.05);
  assert_int_equal(aio_state_queued_bytes(pair->state), 0);
  peer_receives_messages(pair, sizes, taken);
  peer_receives_no_message(pair);
  expect_sent(start_send_all_with(pair, sizes, 2, .timeout = AIO_NO_TIMEOUT), AIO_OK, 2);
  peer_receives_messages(pair, sizes, 2);
}

static void test_full_queue__timeout_touches_no_other(void **fixture) {
  struct pair *pair = *fixture;
  const size_t *sizes = large_sizes();
  struct completion *late;
  const size_t taken = start_filling(pair, sizes, 0.05, &late);
  size_t sent = 0;
  for (size_t i = 0; i < taken; i++) sent += sizes[i];
  pair->written = late->position + sent;
  struct completion *behind = start_send_all_with(pair, sizes, 3, .timeout = AIO_NO_TIMEOUT);
  drive_until(pair, late->done);
  expect_status(late->status, AIO_TIMEOUT);
  assert_int_equal(late->count, taken);
  expect_running(behind);
  peer_receives_messages(pair, sizes, taken);
  peer_receives_messages(pair, sizes, 3);
  expect_sent(behind, AIO_OK, 3);
}

static void test_full_queue__stall_timeout(void **fixture) {
  struct pair *pair = *fixture;
  const size_t *sizes = large_sizes();
  const double start = now();
  struct completion *send = start_send_all_with(pair, sizes, kBatch, .stall_timeout = 0.05);
  drive_until(pair, send->done);
  expect_not_before(send, start, 0.05);
  expect_status(send->status, AIO_TIMEOUT);
  assert_in_range(send->count, 1, kBatch - 1);
  peer_receives_messages(pair, sizes, send->count);
  peer_receives_no_message(pair);
}

static void test_full_queue__abort_tells_how_many(void **fixture) {
  struct pair *pair = *fixture;
  const size_t *sizes = large_sizes();
  struct completion *send;
  const size_t taken = start_filling(pair, sizes, 0, &send);
  struct completion *behind = start_send_all(pair, sizes, 2);
  struct completion *abort = start_abort(pair, AIO_OUTPUT);
  expect_outcome(abort, AIO_OK);
  expect_sent(behind, AIO_ERR_CANCELED, 0);
  expect_sent(send, AIO_ERR_CANCELED, taken);
  expect_order(send, behind);
  peer_receives_messages(pair, sizes, taken);
  peer_receives_no_message(pair);
  expect_sent(start_send_all(pair, sizes, 2), AIO_OK, 2);
  peer_receives_messages(pair, sizes, 2);
}

static void test_full_queue__close_tells_how_many(void **fixture) {
  struct pair *pair = *fixture;
  const size_t *sizes = large_sizes();
  struct completion *send;
  const size_t taken = start_filling(pair, sizes, 0, &send);
  struct completion *close = start_close(pair);
  expect_outcome(close, AIO_OK);
  expect_sent(send, AIO_ERR_CANCELED, taken);
  peer_receives_messages(pair, sizes, taken);
}

static void test_full_queue__destroy_tells_how_many(void **fixture) {
  struct pair *pair = *fixture;
  const size_t *sizes = large_sizes();
  struct completion *send;
  const size_t taken = start_filling(pair, sizes, 0, &send);
  destroy_state(pair);
  expect_sent(send, AIO_ERR_CANCELED, taken);
}

static void test_full_queue__second_batch_waits_behind(void **fixture) {
  struct pair *pair = *fixture;
  const size_t *sizes = large_sizes();
  struct completion *sends[2];
  start_filling(pair, sizes, 0, &sends[0]);
  sends[1] = start_send_all(pair, sizes + kBatch, kBatch);
  peer_receives_messages(pair, sizes, 2 * kBatch);
  for (int i = 0; i < 2; i++) expect_sent(sends[i], AIO_OK, kBatch);
  expect_order(sends[0], sends[1]);
}

static void test_send_all__lingering_close_lets_it_leave(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *send = start_send_all(pair, equal_sizes(100, 20), 100);
  struct completion *close = start_close_with(pair, .linger = 5);
  expect_outcome(close, AIO_OK);
  expect_sent(send, AIO_OK, 100);
  peer_receives_messages(pair, equal_sizes(100, 20), 100);
}

static void test_threads__batches_leave_whole(void **fixture) {
  struct pair *pair = *fixture;
  for (int i = 0; i < 20; i++) {
    struct completion *send = start_send_all(pair, equal_sizes(40, 10), 40);
    peer_receives_messages(pair, equal_sizes(40, 10), 40);
    expect_sent(send, AIO_OK, 40);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_send_all__any_number_of_mixed_sizes),
      with_collection(test_send_all__any_number_of_equal_sizes),
      with_collection(test_send_all__over_other_links),
      with_unix_datagram_pair(test_send_all__unix_datagrams_stay_apart),
      with_collection(test_send_all__sizes_around_a_packet),
      with_collection(test_send_all__more_than_fits_into_one_packet_of_segments),
      with_collection(test_send_all__shorter_ones_end_runs),
      with_udp_pair(test_send_all__of_no_bytes),
      with_udp_pair(test_send_all__the_longest),
      with_udp_pair(test_send_all__none_completes_in_order),
      with_udp_pair(test_send_all__to_several_addresses),
      with_udp_pair(test_send_all__beside_single_sends),
      with_udp_pair(test_send_all__in_a_callback),
      with_udp_pair(test_send_all__range_is_ignored),
      with_udp_pair(test_send_all__without_a_callback),
      with_udp_pair(test_send_all__counts_as_one_write_of_all_bytes),
      with_udp_pair(test_send_all__marks_are_of_all_bytes),
      with_udp_pair(test_send_all__limit),
      with_udp_pair(test_send_all__rate_delays_but_sends_all),
      with_collection(test_too_long__ends_the_batch_there),
      with_udp_pair(test_too_long__touches_no_other_operation),
      with_udp_pair(test_too_long__in_a_run_of_equal_ones),
      with_collection(test_refusal__ends_the_batch),
      with_unix_datagram_pair(test_full_queue__goes_on_when_drained),
      with_unix_datagram_pair(test_full_queue__timeout_tells_how_many),
      with_unix_datagram_pair(test_full_queue__timeout_touches_no_other),
      with_unix_datagram_pair(test_full_queue__stall_timeout),
      with_unix_datagram_pair(test_full_queue__abort_tells_how_many),
      with_unix_datagram_pair(test_full_queue__close_tells_how_many),
      with_unix_datagram_pair(test_full_queue__destroy_tells_how_many),
      with_unix_datagram_pair(test_full_queue__second_batch_waits_behind),
      with_udp_pair(test_send_all__lingering_close_lets_it_leave),
      with_threaded_udp_pair(test_threads__batches_leave_whole),
  };
  return cmocka_run_group_tests_name("send_messages", tests, NULL, NULL);
}
