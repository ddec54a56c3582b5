/* aio_state_receive_messages: datagram after datagram, each once, in order, from batches that nobody notices. */
#include "support_message.h"

#include <sys/socket.h>
#include <unistd.h>

/* What a `then` does in the so-manieth callback. */
struct turn {
  size_t at;
  void (*act)(struct completion *);
  struct completion *next; /* what it started */
};

static void then_act(struct completion *completion) {
  struct turn *turn = completion->context;
  if (turn != NULL && completion->status == AIO_OK && messages_of(completion) == turn->at) turn->act(completion);
}

static struct completion *acting_receive(struct pair *pair, size_t at, void (*act)(struct completion *)) {
  struct turn *turn = fixture_memory(sizeof *turn);
  struct completion *receive = start_receive_all(pair, then_act);
  *turn = (struct turn){.at = at, .act = act};
  receive->context = turn;
  return receive;
}

static struct completion *started_by(const struct completion *receive) {
  return ((struct turn *)receive->context)->next;
}

static void act_finish(struct completion *completion) { aio_state_finish_read(completion->state, 0); }

/* ---- each once, in order ---- */

static void receive_all(struct pair *pair, const size_t *sizes, size_t count) {
  struct completion *receive = start_receive_all(pair, NULL);
  peer_sends_messages(pair, sizes, count);
  expect_messages(receive, sizes, count);
  expect_nothing_more(pair);
  expect_status(aio_state_read_status(pair->state), AIO_OK);
}

static void receive_all_that_wait(struct pair *pair, const size_t *sizes, size_t count) {
  peer_sends_messages(pair, sizes, count);
  struct completion *receive = start_receive_all(pair, NULL);
  expect_messages(receive, sizes, count);
  expect_nothing_more(pair);
}

static void test_receive_all__over_batch_boundaries(void **fixture) {
  static const size_t counts[] = {1, 31, 32, 33, 64, 65, 500};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    aio_collection *collection = ((struct pair *)*fixture)->collection;
    receive_all(new_message_pair(collection, LINK_UDP, NULL), mixed_sizes(counts[i], 60), counts[i]);
    receive_all_that_wait(new_message_pair(collection, LINK_UDP, NULL), mixed_sizes(counts[i], 60), counts[i]);
  }
}

static void test_receive_all__of_equal_sizes(void **fixture) {
  receive_all_that_wait(*fixture, equal_sizes(200, 100), 200);
}

static void test_receive_all__of_no_bytes(void **fixture) { receive_all_that_wait(*fixture, equal_sizes(100, 0), 100); }

static void test_receive_all__of_all_sizes(void **fixture) {
  struct pair *pair = *fixture;
  const size_t *sizes = mixed_sizes(400, kLongestUdp + 1);
  struct completion *receive = start_receive_all(pair, NULL);
  for (size_t i = 0; i < 400; i += 2) {
    peer_sends_messages(pair, sizes + i, 2);
    if (i % 3 == 0) drive_until(pair, messages_of(receive) == i + 2);
    drive_until(pair, messages_of(receive) + 2 >= i);
  }
  expect_messages(receive, sizes, 400);
}

static void test_receive_all__of_the_longest(void **fixture) {
  struct pair *pair = *fixture;
  receive_all(pair, equal_sizes(1, kLongestUdp), 1);
}

static void test_receive_all__over_other_links(void **fixture) {
  static const enum message_link links[] = {LINK_UDP6, LINK_UDP_DUAL, LINK_UDP_CONNECTED, LINK_UNIX_DATAGRAM};
  for (size_t i = 0; i < sizeof links / sizeof *links; i++)
    receive_all(new_message_pair(((struct pair *)*fixture)->collection, links[i], NULL), mixed_sizes(80, 300), 80);
}

static void then_compare_sender(struct completion *completion) {
  const aio_address peer = address_of_peer(completion->pair), sender = sender_of(completion);
  *(size_t *)completion->context += (size_t)aio_address_equal(&peer, &sender);
}

static void test_receive_all__tells_the_sender(void **fixture) {
  static const enum message_link links[] = {LINK_UDP, LINK_UDP6, LINK_UDP_DUAL, LINK_UDP_CONNECTED};
  for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
    struct pair *pair = new_message_pair(((struct pair *)*fixture)->collection, links[i], NULL);
    struct completion *receive = start_receive_all(pair, then_compare_sender);
    size_t *matches = receive->context = fixture_memory(sizeof *matches);
    peer_sends_messages(pair, equal_sizes(40, 5), 40);
    expect_messages(receive, equal_sizes(40, 5), 40);
    assert_int_equal(*matches, 40);
    assert_null(aio_state_message_address(pair->state));
  }
}

static void test_receive_all__tells_several_senders_apart(void **fixture) {
  struct pair *pair = *fixture;
  const aio_address to = address_of_state(pair);
  int peers[2] = {new_raw_udp("127.0.0.1"), new_raw_udp("127.0.0.1")};
  struct completion *receive = start_receive_all(pair, NULL);
  for (size_t i = 0; i < 40; i++) {
    const aio_address from = address_of_socket(peers[i % 2]);
    char bytes[3];
    fill_payload(bytes, 3 * i, 3);
    sendto(peers[i % 2], bytes, 3, 0, (const struct sockaddr *)to.storage, to.length);
    drive_until(pair, messages_of(receive) == i + 1);
    const aio_address sender = sender_of(receive);
    assert_true(aio_address_equal(&from, &sender));
  }
}

static void test_receive_all__goes_on_over_many_rounds(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive_all(pair, NULL);
  for (size_t round = 1; round <= 20; round++) {
    peer_sends_messages(pair, equal_sizes(33, 10), 33);
    drive_until(pair, messages_of(receive) == 33 * round);
  }
  expect_nothing_more(pair);
}

/* ---- two states share the room of a batch ---- */

static void test_receive_all__states_do_not_mix(void **fixture) {
  struct pair *pairs[4];
  struct completion *receives[4];
  for (int i = 0; i < 4; i++) {
    pairs[i] = new_message_pair(((struct pair *)*fixture)->collection, LINK_UDP, NULL);
    receives[i] = start_receive_all(pairs[i], NULL);
  }
  const size_t *sizes = mixed_sizes(100, 200);
  for (size_t n = 0; n < 100; n++)
    for (int i = 0; i < 4; i++) peer_sends_message(pairs[i], sizes[n]);
  for (int i = 0; i < 4; i++) expect_messages(receives[i], sizes, 100);
}

/* One state's batch is cut short in the middle, while others wait for the same room. */
static void test_receive_all__what_one_keeps_others_do_not_overwrite(void **fixture) {
  struct pair *one = *fixture, *other = new_message_pair(one->collection, LINK_UDP, NULL);
  const size_t *sizes = mixed_sizes(60, 200);
  struct completion *first = acting_receive(one, 3, act_finish), *second = start_receive_all(other, NULL);
  for (size_t n = 0; n < 60; n++) {
    peer_sends_message(one, sizes[n]);
    peer_sends_message(other, sizes[n]);
  }
  expect_messages(first, sizes, 3);
  expect_messages(second, sizes, 60);
  struct completion *rest = start_receive_all(one, NULL);
  expect_messages(rest, sizes + 3, 57);
}

/* ---- ended in the n-th callback ---- */

enum { kSent = 70 };

static const size_t ends_at[] = {1, 2, 31, 32, 33, 64, kSent - 1, kSent};

#define for_each_end(fixture, pair, at)                                                                     \
  for (size_t index_ = 0; index_ < sizeof ends_at / sizeof *ends_at; index_++)                              \
    for (struct pair *pair = new_message_pair(((struct pair *)*fixture)->collection, LINK_UDP, NULL); pair; \
         pair = NULL)                                                                                       \
      for (size_t at = ends_at[index_]; at; at = 0)

static void test_finish__rest_is_kept_for_the_next(void **fixture) {
  const size_t *sizes = mixed_sizes(kSent, 100);
  for_each_end(fixture, pair, at) {
    struct completion *receive = acting_receive(pair, at, act_finish);
    peer_sends_messages(pair, sizes, kSent);
    drive_until(pair, messages_of(receive) == at);
    expect_nothing_more(pair);
    expect_messages(receive, sizes, at);
    struct completion *rest = start_receive_all(pair, NULL);
    expect_messages(rest, sizes + at, kSent - at);
    expect_nothing_more(pair);
  }
}

static void test_finish__rest_is_kept_for_single_receives(void **fixture) {
  const size_t *sizes = mixed_sizes(kSent, 100);
  for_each_end(fixture, pair, at) {
    struct completion *receive = acting_receive(pair, at, act_finish);
    peer_sends_messages(pair, sizes, kSent);
    drive_until(pair, messages_of(receive) == at);
    for (size_t i = at; i < kSent; i++) expect_message(start_receive(pair, 100), sizes[i], sizes[i]);
    expect_running(start_receive(pair, 100));
  }
}

static void test_finish__kept_ones_are_cut_to_the_room(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = acting_receive(pair, 1, act_finish);
  peer_sends_messages(pair, equal_sizes(5, 20), 5);
  drive_until(pair, messages_of(receive) == 1);
  expect_message(start_receive(pair, 19), 20, 19);
  expect_message(start_receive(pair, 0), 20, 0);
  expect_message(start_receive_with(pair, 30, .start = 5), 20, 20);
  expect_message(start_receive(pair, 20), 20, 20);
}

static void test_finish__kept_ones_wake_a_wait(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = acting_receive(pair, 1, act_finish);
  peer_sends_messages(pair, equal_sizes(2, 0), 2);
  drive_until(pair, messages_of(receive) == 1);
  expect_outcome(start_wait(pair), AIO_OK);
  expect_message(start_receive(pair, 10), 0, 0);
  expect_running(start_wait(pair));
}

static void test_finish__kept_ones_can_be_taken(void **fixture) {
  struct pair *pair = *fixture;
  static const size_t sizes[] = {3, 10, 0, 20, 30};
  struct completion *receive = acting_receive(pair, 1, act_finish);
  peer_sends_messages(pair, sizes, 5);
  drive_until(pair, messages_of(receive) == 1);
  const size_t held = aio_state_buffered_length(pair->state);
  assert_int_equal(held, 60);
  for (int i = 1; i < 5; i++) expect_held(pair, sizes[i]);
  assert_int_equal(aio_state_buffered_length(pair->state), 0);
  expect_held(pair, 0);
}

static void test_finish__kept_ones_can_be_taken_after_close(void **fixture) {
  struct pair *pair = *fixture;
  static const size_t sizes[] = {3, 10, 20};
  struct completion *receive = acting_receive(pair, 1, act_finish);
  peer_sends_messages(pair, sizes, 3);
  drive_until(pair, messages_of(receive) == 1);
  expect_outcome(start_close(pair), AIO_OK);
  expect_held(pair, 10);
  expect_held(pair, 20);
}

static void test_finish__between_deliveries(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive_all(pair, NULL);
  peer_sends_messages(pair, equal_sizes(3, 5), 3);
  expect_messages(receive, equal_sizes(3, 5), 3);
  aio_state_finish_read(pair->state, 0);
  peer_sends_message(pair, 5);
  expect_nothing_more(pair);
  expect_message(start_receive(pair, 5), 5, 5);
}

static void act_receive_again(struct completion *completion) {
  struct turn *turn = completion->context;
  aio_state_finish_read(completion->state, 0);
  turn->next = start_receive_all(completion->pair, NULL);
}

static void test_finish__new_standing_receive_in_the_callback(void **fixture) {
  const size_t *sizes = mixed_sizes(kSent, 100);
  for_each_end(fixture, pair, at) {
    struct completion *receive = acting_receive(pair, at, act_receive_again);
    peer_sends_messages(pair, sizes, kSent);
    drive_until(pair, messages_of(receive) == at);
    expect_messages(started_by(receive), sizes + at, kSent - at);
    expect_messages(receive, sizes, at);
    expect_nothing_more(pair);
  }
}

static void act_receive_one(struct completion *completion) {
  struct turn *turn = completion->context;
  aio_state_finish_read(completion->state, 0);
  turn->next = start_receive(completion->pair, 100);
}

static void test_finish__single_receive_in_the_callback(void **fixture) {
  const size_t *sizes = mixed_sizes(kSent + 1, 100);
  for_each_end(fixture, pair, at) {
    struct completion *receive = acting_receive(pair, at, act_receive_one);
    peer_sends_messages(pair, sizes, kSent + 1);
    drive_until(pair, messages_of(receive) == at);
    expect_message(started_by(receive), sizes[at], sizes[at]);
    for (size_t i = at + 1; i < kSent + 1; i++) expect_message(start_receive(pair, 100), sizes[i], sizes[i]);
    expect_messages(receive, sizes, at);
  }
}

static void act_receive_before_finish(struct completion *completion) {
  expect_refusal(try_receive(completion->pair, 10), AIO_ERR_BUSY);
  expect_refusal(try_receive_all(completion->pair, NULL), AIO_ERR_BUSY);
  expect_refusal(try_wait(completion->pair), AIO_ERR_BUSY);
}

static void test_receive_all__is_busy_in_its_callback(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = acting_receive(pair, 2, act_receive_before_finish);
  peer_sends_messages(pair, equal_sizes(3, 5), 3);
  expect_messages(receive, equal_sizes(3, 5), 3);
}

static void act_close(struct completion *completion) {
  struct turn *turn = completion->context;
  turn->next = start_close(completion->pair);
}

static void test_close__in_the_callback(void **fixture) {
  const size_t *sizes = mixed_sizes(kSent, 100);
  for_each_end(fixture, pair, at) {
    struct completion *receive = acting_receive(pair, at, act_close);
    peer_sends_messages(pair, sizes, kSent);
    expect_last_call(receive, AIO_ERR_CANCELED);
    expect_messages(receive, sizes, at);
    expect_outcome(started_by(receive), AIO_OK);
    expect_order(receive, started_by(receive));
    expect_nothing_more(pair);
  }
}

static void act_abort(struct completion *completion) {
  struct turn *turn = completion->context;
  turn->next = start_abort(completion->pair, AIO_INPUT);
}

static void test_abort__in_the_callback_keeps_the_rest(void **fixture) {
  const size_t *sizes = mixed_sizes(kSent, 100);
  for_each_end(fixture, pair, at) {
    struct completion *receive = acting_receive(pair, at, act_abort);
    peer_sends_messages(pair, sizes, kSent);
    expect_last_call(receive, AIO_ERR_CANCELED);
    expect_messages(receive, sizes, at);
    expect_outcome(started_by(receive), AIO_OK);
    expect_nothing_more(pair);
    struct completion *rest = start_receive_all(pair, NULL);
    expect_messages(rest, sizes + at, kSent - at);
  }
}

static void act_destroy(struct completion *completion) { destroy_state(completion->pair); }

static void test_destroy__in_the_callback(void **fixture) {
  const size_t *sizes = mixed_sizes(kSent, 100);
  for_each_end(fixture, pair, at) {
    struct completion *receive = acting_receive(pair, at, act_destroy);
    peer_sends_messages(pair, sizes, kSent);
    expect_last_call(receive, AIO_ERR_CANCELED);
    expect_messages(receive, sizes, at);
    expect_nothing_more(pair);
  }
}

static void act_finish_and_destroy(struct completion *completion) {
  aio_state_finish_read(completion->state, 0);
  destroy_state(completion->pair);
}

static void test_destroy__after_finish_in_the_callback(void **fixture) {
  const size_t *sizes = mixed_sizes(kSent, 100);
  for_each_end(fixture, pair, at) {
    struct completion *receive = acting_receive(pair, at, act_finish_and_destroy);
    peer_sends_messages(pair, sizes, kSent);
    drive_until(pair, messages_of(receive) == at);
    expect_nothing_more(pair);
    assert_int_equal(receive->calls, at);
  }
}

static aio_socket released;

static void act_release(struct completion *completion) {
  expect_status(aio_state_release_socket(completion->state, &released), AIO_OK);
}

static void close_released(void *unused) {
  (void)unused;
  close(released);
}

/* What the batch had taken is the state's, the rest the socket's. */
static void test_release__in_the_callback_keeps_the_rest(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = acting_receive(pair, 3, act_release);
  char bytes[10];
  peer_sends_messages(pair, equal_sizes(kSent, 10), kSent);
  expect_last_call(receive, AIO_ERR_CANCELED);
  at_tear_down(close_released, NULL);
  assert_int_equal(messages_of(receive), 3);
  while (aio_state_buffered_length(pair->state) > 0) expect_held(pair, 10);
  while (recv(released, bytes, sizeof bytes, 0) == 10) {
    assert_true(is_payload(bytes, pair->read, 10));
    pair->read += 10;
  }
  assert_int_equal(pair->read, pair->peer_sent);
}

/* ---- time ---- */

static void test_timeout__is_per_datagram(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive_all_with(pair, NULL, .timeout = 0.2);
  const double start = now();
  for (size_t i = 1; i <= 5; i++) {
    drive_for(pair, 0.06);
    peer_sends_message(pair, 10);
    drive_until(pair, messages_of(receive) == i);
  }
  expect_not_before(receive, start, 0.29);
  expect_last_call(receive, AIO_TIMEOUT);
  expect_not_before(receive, start, 0.49);
}

static void test_timeout__is_not_sticky(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive_all_with(pair, NULL, .timeout = 0.01);
  expect_last_call(receive, AIO_TIMEOUT);
  peer_sends_message(pair, 10);
  receive = start_receive_all_with(pair, NULL, .timeout = AIO_NO_TIMEOUT);
  expect_messages(receive, equal_sizes(1, 10), 1);
}

static void test_timeout__what_came_in_time_wins(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive_all_with(pair, NULL, .timeout = 0.02);
  settle(pair);
  peer_sends_messages(pair, equal_sizes(3, 10), 3);
  spend(0.03);
  drive_until(pair, messages_of(receive) == 3);
  expect_last_call(receive, AIO_TIMEOUT);
}

static void then_spend(struct completion *completion) {
  if (completion->status == AIO_OK) spend(0.004);
}

static void test_timeout__slow_callbacks_do_not_end_it(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive_all_with(pair, then_spend, .timeout = 0.02);
  peer_sends_messages(pair, equal_sizes(20, 10), 20);
  drive_until(pair, messages_of(receive) == 20);
  assert_int_equal(receive->calls, 20);
}

/* ---- ends from outside ---- */

static void test_abort__last_call(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive_all_with(pair, NULL, .error_callback = recorded_read_error);
  struct completion *abort = start_abort(pair, AIO_INPUT);
  expect_outcome(abort, AIO_OK);
  assert_int_equal(receive->calls, 1);
  assert_int_equal(receive->error_calls, 1);
  expect_status(receive->status, AIO_ERR_CANCELED);
  expect_order(receive, abort);
}

static void test_abort__turns_a_queued_delivery_into_the_last_call(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive_all(pair, NULL);
  settle(pair);
  peer_sends_messages(pair, equal_sizes(5, 10), 5);
  queue_callbacks(pair);
  struct completion *abort = start_abort(pair, AIO_INPUT);
  expect_last_call(receive, AIO_ERR_CANCELED);
  assert_int_equal(messages_of(receive), 0);
  expect_outcome(abort, AIO_OK);
  struct completion *rest = start_receive_all(pair, NULL);
  expect_messages(rest, equal_sizes(5, 10), 5);
}

static void test_finish__drops_a_queued_delivery(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive_all(pair, NULL);
  settle(pair);
  peer_sends_messages(pair, equal_sizes(5, 10), 5);
  queue_callbacks(pair);
  aio_state_finish_read(pair->state, 0);
  expect_nothing_more(pair);
  assert_int_equal(receive->calls, 0);
  struct completion *rest = start_receive_all(pair, NULL);
  expect_messages(rest, equal_sizes(5, 10), 5);
}

static void test_collection__destroyed_with_deliveries_queued(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive_all(pair, NULL);
  settle(pair);
  peer_sends_messages(pair, equal_sizes(40, 10), 40);
  queue_callbacks(pair);
  destroy_collection(pair);
  expect_status(receive->status, AIO_ERR_CANCELED);
  assert_int_equal(receive->calls, messages_of(receive) + 1);
}

static void test_receive_all__counters(void **fixture) {
  struct pair *pair = *fixture;
  aio_counters counters;
  struct completion *receive = start_receive_all(pair, NULL);
  peer_sends_messages(pair, equal_sizes(40, 10), 40);
  expect_messages(receive, equal_sizes(40, 10), 40);
  expect_status(aio_state_counters(pair->state, &counters), AIO_OK);
  assert_int_equal(counters.bytes_read, 400);
}

/* ---- runs that the kernel joins (UDP_GRO) ---- */

static const size_t *segment_sizes(size_t total, size_t segment, size_t *count) {
  *count = (total + segment - 1) / segment;
  size_t *sizes = fixture_memory(*count * sizeof *sizes);
  for (size_t i = 0; i < *count; i++) sizes[i] = i + 1 < *count ? segment : total - i * segment;
  return sizes;
}

static struct completion *started_joining(struct pair *pair) {
  struct completion *receive = start_receive_all(pair, NULL);
  settle(pair);
  return receive;
}

static void test_segments__are_delivered_one_by_one(void **fixture) {
  static const size_t totals[] = {2000, 5001, 5999, 64000, 60001};
  for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
    size_t count;
    struct pair *pair = new_message_pair(((struct pair *)*fixture)->collection, LINK_UDP, NULL);
    const size_t *sizes = segment_sizes(totals[i], 1000, &count);
    struct completion *receive = started_joining(pair);
    if (!peer_sends_segments(pair, totals[i], 1000)) skip();
    expect_messages(receive, sizes, count);
    expect_nothing_more(pair);
  }
}

static void test_segments__beside_others(void **fixture) {
  struct pair *pair = *fixture;
  static const size_t sizes[] = {7, 500, 500, 500, 1, 0, 500, 500, 9};
  struct completion *receive = started_joining(pair);
  peer_sends_message(pair, 7);
  if (!peer_sends_segments(pair, 1501, 500)) skip();
  peer_sends_message(pair, 0);
  assert_true(peer_sends_segments(pair, 1009, 500));
  expect_messages(receive, sizes, 9);
}

static void test_segments__finish_in_the_middle(void **fixture) {
  for (size_t at = 1; at <= 7; at++) {
    size_t count;
    struct pair *pair = new_message_pair(((struct pair *)*fixture)->collection, LINK_UDP, NULL);
    const size_t *sizes = segment_sizes(6100, 1000, &count);
    struct completion *receive = acting_receive(pair, at, act_receive_again);
    settle(pair);
    if (!peer_sends_segments(pair, 6100, 1000)) skip();
    drive_until(pair, messages_of(receive) == at);
    expect_messages(started_by(receive), sizes + at, count - at);
  }
}

/* The socket joins from the first standing receive on, so single receives have to take runs apart, too. */
static void test_segments__single_receives_with_small_room(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = started_joining(pair);
  aio_state_finish_read(pair->state, 0);
  if (!peer_sends_segments(pair, 3500, 1000)) skip();
  expect_message(start_receive(pair, 10), 1000, 10);
  expect_message(start_receive(pair, 1000), 1000, 1000);
  expect_message(start_receive(pair, 0), 1000, 0);
  expect_message(start_receive(pair, 2000), 500, 500);
  expect_running(start_receive(pair, 10));
  assert_int_equal(receive->calls, 0);
}

static void test_segments__wait_then_receive(void **fixture) {
  struct pair *pair = *fixture;
  started_joining(pair);
  aio_state_finish_read(pair->state, 0);
  if (!peer_sends_segments(pair, 250, 100)) skip();
  for (size_t i = 0; i < 3; i++) {
    expect_outcome(start_wait(pair), AIO_OK);
    expect_message(start_receive(pair, 100), i < 2 ? 100 : 50, i < 2 ? 100 : 50);
  }
  expect_running(start_wait(pair));
}

/* ---- rate ---- */

static void test_rate__delivers_all(void **fixture) {
  struct pair *pair = *fixture;
  const aio_rate_limit rate = {.bytes_per_second = 20000, .burst = 1000};
  expect_status(aio_state_set_rate_limit(pair->state, AIO_INPUT, &rate), AIO_OK);
  struct completion *receive = start_receive_all(pair, NULL);
  peer_sends_messages(pair, equal_sizes(40, 100), 40);
  expect_messages(receive, equal_sizes(40, 100), 40);
}

/* ---- loss, duplication and disorder on the way: a relay between the state and a server ---- */

enum { kRequests = 200, kRequest = 32 };

struct relay {
  int socket, server;
  aio_address client;
  uint32_t seed;
  char held[kRequest];
  size_t held_length;
};

static void send_on(struct relay *relay, int to_server, const char *bytes, size_t length) {
  if (to_server)
    send(relay->server, bytes, length, 0);
  else
    sendto(relay->socket, bytes, length, 0, (const struct sockaddr *)relay->client.storage, relay->client.length);
}

/* Loses one in five, doubles one in five, and lets the next overtake one in five. */
static void pass_on(struct relay *relay, int to_server, const char *bytes, size_t length) {
  const unsigned choice = random_below(5, &relay->seed);
  if (choice == 0) return;
  if (choice == 1) send_on(relay, to_server, bytes, length);
  if (choice == 2 && to_server && relay->held_length == 0) {
    memcpy(relay->held, bytes, length);
    relay->held_length = length;
    return;
  }
  send_on(relay, to_server, bytes, length);
  if (to_server && relay->held_length != 0) send_on(relay, 1, relay->held, relay->held_length);
  if (to_server) relay->held_length = 0;
}

static void relay_some(struct relay *relay) {
  char bytes[kRequest];
  ssize_t count;
  socklen_t length = sizeof relay->client.storage;
  while ((count = recvfrom(relay->socket, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)relay->client.storage,
                           &length)) >= 0) {
    relay->client.length = length;
    pass_on(relay, 1, bytes, (size_t)count);
  }
  while ((count = recv(relay->server, bytes, sizeof bytes, MSG_DONTWAIT)) >= 0) pass_on(relay, 0, bytes, (size_t)count);
}

static void answer(aio_state *state, void *bytes, size_t count, void *user_info) {
  (void)user_info;
  char *reply = fixture_memory(count + 1);
  if (aio_state_read_status(state) != AIO_OK) return;
  memcpy(reply, bytes, count);
  expect_status(aio_state_send_message_to_address(state, aio_state_message_address(state), reply, count, NULL, NULL),
                AIO_OK);
}

struct client {
  aio_state *state;
  uint64_t next;
  int resent, answered;
  char request[kRequest], reply[kRequest];
};

static void get_reply(aio_state *state, void *buffer, size_t count, void *client);

static void request(struct client *client) {
  const aio_io_options options = {.timeout = 0.01, .user_info = client};
  fill_payload(client->request, client->next * kRequest, kRequest);
  expect_status(aio_state_send_message(client->state, client->request, kRequest, NULL, NULL), AIO_OK);
  expect_status(aio_state_receive_message(client->state, client->reply, kRequest, get_reply, &options), AIO_OK);
}

static void listen_on(struct client *client) {
  const aio_io_options options = {.timeout = 0.01, .user_info = client};
  expect_status(aio_state_receive_message(client->state, client->reply, kRequest, get_reply, &options), AIO_OK);
}

/* A reply to an earlier request, come twice or late, is passed over. */
static void get_reply(aio_state *state, void *buffer, size_t count, void *argument) {
  struct client *client = argument;
  const aio_status status = aio_state_read_status(state);
  if (status == AIO_ERR_CANCELED) return;
  if (status == AIO_TIMEOUT) {
    client->resent++;
    request(client);
    return;
  }
  expect_status(status, AIO_OK);
  if (count != kRequest || !is_payload(buffer, client->next * kRequest, count)) {
    listen_on(client);
    return;
  }
  client->next++;
  client->answered++;
  if (client->answered < kRequests) request(client);
}

static struct relay *new_relay(const struct pair *server) {
  struct relay *relay = fixture_memory(sizeof *relay);
  const aio_address address = address_of_state(server);
  relay->socket = new_raw_udp("127.0.0.1");
  relay->server = new_raw_udp("127.0.0.1");
  relay->seed = 1;
  assert_int_equal(connect(relay->server, (const struct sockaddr *)address.storage, address.length), 0);
  return relay;
}

static void ignore_connect(aio_state *state, aio_status status, void *user_info) {
  (void)state, (void)user_info;
  expect_status(status, AIO_OK);
}

static void test_relay__retransmission_loses_nothing(void **fixture) {
  struct pair *server = *fixture, *pair = pair_of(server->collection, NULL, -1);
  struct client *client = fixture_memory(sizeof *client);
  struct relay *relay = new_relay(server);
  expect_status(aio_state_receive_messages(server->state, answer, NULL), AIO_OK);
  expect_status(aio_state_connect_udp(pair->collection, "127.0.0.1", service_of(relay->socket), ignore_connect, NULL,
                                      &pair->state),
                AIO_OK);
  client->state = pair->state;
  request(client);
  const double deadline = now() + 30;
  while (client->answered < kRequests && now() < deadline) {
    aio_collection_wait(pair->collection, 0.001);
    call(pair);
    relay_some(relay);
  }
  assert_int_equal(client->answered, kRequests);
  assert_int_not_equal(client->resent, 0);
}

/* ---- threads ---- */

static void test_threads__finish_and_receive_again(void **fixture) {
  struct pair *pair = *fixture;
  struct completion *receive = start_receive_all(pair, NULL);
  for (size_t i = 1; i <= 100; i++) {
    peer_sends_message(pair, 10);
    await(messages_of(receive) == i);
  }
  expect_outcome(start_abort(pair, AIO_INPUT), AIO_OK);
  receive = start_receive_all(pair, NULL);
  peer_sends_messages(pair, equal_sizes(40, 10), 40);
  await(messages_of(receive) == 40);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_receive_all__over_batch_boundaries),
      with_udp_pair(test_receive_all__of_equal_sizes),
      with_udp_pair(test_receive_all__of_no_bytes),
      with_udp_pair(test_receive_all__of_all_sizes),
      with_udp_pair(test_receive_all__of_the_longest),
      with_collection(test_receive_all__over_other_links),
      with_collection(test_receive_all__tells_the_sender),
      with_udp_pair(test_receive_all__tells_several_senders_apart),
      with_udp_pair(test_receive_all__goes_on_over_many_rounds),
      with_collection(test_receive_all__states_do_not_mix),
      with_udp_pair(test_receive_all__what_one_keeps_others_do_not_overwrite),
      with_collection(test_finish__rest_is_kept_for_the_next),
      with_collection(test_finish__rest_is_kept_for_single_receives),
      with_udp_pair(test_finish__kept_ones_are_cut_to_the_room),
      with_udp_pair(test_finish__kept_ones_wake_a_wait),
      with_udp_pair(test_finish__kept_ones_can_be_taken),
      with_udp_pair(test_finish__kept_ones_can_be_taken_after_close),
      with_udp_pair(test_finish__between_deliveries),
      with_collection(test_finish__new_standing_receive_in_the_callback),
      with_collection(test_finish__single_receive_in_the_callback),
      with_udp_pair(test_receive_all__is_busy_in_its_callback),
      with_collection(test_close__in_the_callback),
      with_collection(test_abort__in_the_callback_keeps_the_rest),
      with_collection(test_destroy__in_the_callback),
      with_collection(test_destroy__after_finish_in_the_callback),
      with_udp_pair(test_release__in_the_callback_keeps_the_rest),
      with_udp_pair(test_timeout__is_per_datagram),
      with_udp_pair(test_timeout__is_not_sticky),
      with_udp_pair(test_timeout__what_came_in_time_wins),
      with_udp_pair(test_timeout__slow_callbacks_do_not_end_it),
      with_udp_pair(test_abort__last_call),
      with_udp_pair(test_abort__turns_a_queued_delivery_into_the_last_call),
      with_udp_pair(test_finish__drops_a_queued_delivery),
      with_udp_pair(test_collection__destroyed_with_deliveries_queued),
      with_udp_pair(test_receive_all__counters),
      with_collection(test_segments__are_delivered_one_by_one),
      with_udp_pair(test_segments__beside_others),
      with_collection(test_segments__finish_in_the_middle),
      with_udp_pair(test_segments__single_receives_with_small_room),
      with_udp_pair(test_segments__wait_then_receive),
      with_udp_pair(test_rate__delivers_all),
      with_udp_pair(test_relay__retransmission_loses_nothing),
      with_threaded_udp_pair(test_threads__finish_and_receive_again),
  };
  return cmocka_run_group_tests_name("receive_messages", tests, NULL, NULL);
}
