/* A collection inside another event loop, which calls, polls its descriptor for at most next_timeout, and waits for 0. */
#include "support.h"
#include "support_driving.h"
#include "support_network.h"
#include "support_resolver.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

/* poll(2) takes milliseconds: rounded up, so that the loop does not turn in vain before something is due. */
static int milliseconds(double seconds, double deadline) {
  const double left = deadline - now();
  if (seconds > left) seconds = left > 0 ? left : 0;
  return (int)(seconds * 1000 + 0.999);
}

static int polls(aio_collection *collection, int timeout) {
  struct pollfd descriptor = {.fd = aio_collection_descriptor(collection), .events = POLLIN};
  const int ready = poll(&descriptor, 1, timeout);
  assert_int_not_equal(ready, -1);
  return ready;
}

static void waits(aio_collection *collection) {
  const aio_status status = aio_collection_wait(collection, 0);
  if (status != AIO_TIMEOUT) expect_status(status, AIO_OK);
}

/* Returns how often the loop turned. */
static int turn_until(aio_collection *collection, const int *done, int calls) {
  const double deadline = now() + 10;
  int turns = 0;
  for (; call_now(collection), *done < calls; turns++) {
    polls(collection, milliseconds(aio_collection_next_timeout(collection), deadline));
    if (now() > deadline) fail_at(HERE, "the foreign loop waits for ever");
    waits(collection);
  }
  return turns;
}

static void let_it_settle(aio_collection *collection) {
  assert_int_not_equal(aio_collection_descriptor(collection), -1);
  for (int i = 0; i < 5; i++) {
    call_now(collection);
    waits(collection);
  }
  call_now(collection);
}

static void expect_next_timeout(struct pair *pair, double seconds) {
  assert_true(aio_collection_next_timeout(pair->collection) == seconds);
}

static void expect_idle(struct pair *pair) {
  expect_next_timeout(pair, AIO_NO_TIMEOUT);
  assert_int_equal(polls(pair->collection, 20), 0);
}

static void ignore(void *argument) { (void)argument; }

/* ---- next_timeout ---- */

static void test_next_timeout__is_none_when_nothing_is_due(void **test) {
  struct pair *pair = *test;
  start_read(pair, 1);
  let_it_settle(pair->collection);
  expect_idle(pair);
}

static void test_next_timeout__is_zero_when_a_callback_is_queued(void **test) {
  struct pair *pair = *test;
  let_it_settle(pair->collection);
  start_apply(pair, NULL);
  expect_next_timeout(pair, 0);
  waits(pair->collection);
  expect_next_timeout(pair, 0);
  assert_int_equal(call_now(pair->collection), 1);
  expect_next_timeout(pair, AIO_NO_TIMEOUT);
}

static void test_next_timeout__is_zero_when_a_read_is_not_registered(void **test) {
  struct pair *pair = *test;
  let_it_settle(pair->collection);
  start_read(pair, 1);
  expect_next_timeout(pair, 0);
}

static void test_next_timeout__is_zero_when_a_write_is_not_sent(void **test) {
  struct pair *pair = *test;
  let_it_settle(pair->collection);
  start_write(pair, 1);
  expect_next_timeout(pair, 0);
}

static void test_next_timeout__is_the_first_timers(void **test) {
  struct pair *pair = *test;
  start_timer(pair, 100, 0, NULL);
  start_timer(pair, 50, 0, NULL);
  let_it_settle(pair->collection);
  const double seconds = aio_collection_next_timeout(pair->collection);
  assert_true(seconds > 20 && seconds < 50.1);
}

static void test_next_timeout__is_at_most_the_reads(void **test) {
  struct pair *pair = *test;
  start_read_with(pair, 1, .timeout = 30);
  let_it_settle(pair->collection);
  assert_true(aio_collection_next_timeout(pair->collection) < 30.1);
}

/* ---- the loop ---- */

static void test_loop__echo(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  acceptor->then = then_echo;
  struct completion *connect = start_connect(pair, "127.0.0.1", acceptor->service);
  struct completion *write = start_write(connect->pair, 300000), *read = start_read(connect->pair, 300000);
  turn_until(pair->collection, &read->done, 1);
  expect_outcome(connect, AIO_OK);
  expect_write(write, AIO_OK, 300000);
  expect_read(read, AIO_OK, 300000);
}

static void then_write_next(struct completion *completion) {
  int *completed = completion->context;
  if (completion->status != AIO_OK || ++*completed == 50) return;
  struct completion *next = try_write(completion->pair, 100);
  next->then = then_write_next;
  next->context = completed;
}

static void test_loop__sends_what_callbacks_submit(void **test) {
  struct pair *pair = *test;
  int *completed = fixture_memory(sizeof *completed);
  struct completion *first = start_write(pair, 100);
  first->then = then_write_next;
  first->context = completed;
  turn_until(pair->collection, completed, 50);
  peer_receives(pair, 5000);
}

static void test_loop__timers_without_spinning(void **test) {
  struct pair *pair = *test;
  struct timer *timer = start_timer(pair, 0.02, 0.02, NULL);
  const int turns = turn_until(pair->collection, &timer->done, 3);
  for (int i = 0; i < 3; i++) assert_true(timer->when[i] >= 0.02 * (i + 1));
  assert_in_range(turns, 1, 30);
}

static void test_loop__timeouts(void **test) {
  struct pair *pair = *test;
  const double before = now();
  struct completion *read = start_read_with(pair, 10, .timeout = 0.03);
  peer_sends(pair, 4);
  assert_in_range(turn_until(pair->collection, &read->done, 1), 1, 30);
  assert_true(now() - before >= 0.03);
  expect_read(read, AIO_TIMEOUT, 4);
}

static void applies(void *pair) { start_apply(pair, NULL); }

static void test_loop__apply_on_another_thread(void **test) {
  struct pair *pair = *test;
  let_it_settle(pair->collection);
  for (int i = 0; i < 100; i++) {
    struct completion *apply = new_completion(pair);
    struct thread *thread = start_thread(applies, pair);
    assert_int_equal(polls(pair->collection, 10000), 1);
    join_thread(thread);
    accept_completion(apply, aio_collection_apply(pair->collection, recorded_apply, apply));
    turn_until(pair->collection, &apply->done, 1);
    let_it_settle(pair->collection);
  }
}

static void writes(void *pair) { start_write(pair, 3); }

static void test_loop__write_on_another_thread(void **test) {
  struct pair *pair = *test;
  let_it_settle(pair->collection);
  struct thread *thread = start_thread(writes, pair);
  assert_int_equal(polls(pair->collection, 10000), 1);
  join_thread(thread);
  let_it_settle(pair->collection);
  assert_int_equal(peer_takes_some(pair, 10), 3);
}

static void wakes(void *collection) { expect_status(aio_collection_wake(collection), AIO_OK); }

static void test_loop__wake_on_another_thread(void **test) {
  struct pair *pair = *test;
  let_it_settle(pair->collection);
  struct thread *thread = start_thread(wakes, pair->collection);
  assert_int_equal(polls(pair->collection, 10000), 1);
  join_thread(thread);
  expect_status(aio_collection_wait(pair->collection, 0), AIO_OK);
  expect_idle(pair);
}

/* Turns of a loop that asks for the timeout before each. */
static void ask_and_turn(struct pair *pair, int turns) {
  for (; turns > 0; turns--) {
    call_now(pair->collection);
    expect_next_timeout(pair, AIO_NO_TIMEOUT);
    waits(pair->collection);
  }
}

static void test_loop__that_always_asks_is_not_woken_by_what_it_submits_before_asking(void **test) {
  struct pair *pair = *test;
  let_it_settle(pair->collection);
  ask_and_turn(pair, 100);
  struct completion *apply = start_apply(pair, NULL);
  assert_int_equal(polls(pair->collection, 0), 0);
  expect_next_timeout(pair, 0);
  turn_until(pair->collection, &apply->done, 1);
}

static void test_loop__that_always_asks_is_woken_by_what_it_submits_afterwards(void **test) {
  struct pair *pair = *test;
  let_it_settle(pair->collection);
  ask_and_turn(pair, 100);
  expect_next_timeout(pair, AIO_NO_TIMEOUT);
  struct completion *apply = start_apply(pair, NULL);
  assert_int_equal(polls(pair->collection, 10000), 1);
  turn_until(pair->collection, &apply->done, 1);
}

static void test_loop__that_does_not_always_ask_is_woken(void **test) {
  struct pair *pair = *test;
  let_it_settle(pair->collection);
  ask_and_turn(pair, 100);
  waits(pair->collection);
  struct completion *apply = start_apply(pair, NULL);
  assert_int_equal(polls(pair->collection, 10000), 1);
  turn_until(pair->collection, &apply->done, 1);
  ask_and_turn(pair, 5);
  apply = start_apply(pair, NULL);
  assert_int_equal(polls(pair->collection, 10000), 1);
  turn_until(pair->collection, &apply->done, 1);
}

static void test_loop__connect_by_name(void **test) {
  struct pair *pair = *test;
  struct listener *listener = new_listener("127.0.0.1");
  resolver_knows("peer.test", "127.0.0.1");
  struct completion *connect = start_connect(pair, "peer.test", listener->service);
  turn_until(pair->collection, &connect->done, 1);
  expect_outcome(connect, AIO_OK);
  assert_int_equal(resolver_was_on_this_thread(), 0);
  resolver_reset();
}

static void test_loop__does_not_spin_on_a_peer_that_hung_up(void **test) {
  struct pair *pair = *test;
  expect_write(start_write(pair, 1), AIO_OK, 1);
  peer_receives(pair, 1);
  peer_closes(pair);
  let_it_settle(pair->collection);
  expect_idle(pair);
}

static void test_loop__does_not_spin_on_bytes_nobody_reads(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 1);
  peer_sends(pair, 1);
  expect_read(read, AIO_OK, 1);
  peer_sends(pair, 100000);
  let_it_settle(pair->collection);
  expect_idle(pair);
}

static void test_loop__descriptor_works_in_epoll_too(void **test) {
  struct pair *pair = *test;
  const int outer = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN};
  assert_int_equal(epoll_ctl(outer, EPOLL_CTL_ADD, aio_collection_descriptor(pair->collection), &event), 0);
  struct completion *read = start_read(pair, 2);
  let_it_settle(pair->collection);
  assert_int_equal(epoll_wait(outer, &event, 1, 0), 0);
  peer_sends(pair, 2);
  assert_int_equal(epoll_wait(outer, &event, 1, 10000), 1);
  close(outer);
  expect_read(read, AIO_OK, 2);
}

static void *apply_nothing(void *collection) {
  expect_status(aio_collection_apply(collection, ignore, NULL), AIO_OK);
  return NULL;
}

static void test_loop__descriptor_tells_of_what_was_posted_before_it_was_asked_for(void **test) {
  struct pair *pair = *test;
  pthread_t poster;
  waits(pair->collection);
  assert_int_equal(pthread_create(&poster, NULL, apply_nothing, pair->collection), 0);
  pthread_join(poster, NULL);
  assert_int_equal(polls(pair->collection, 10000), 1);
  waits(pair->collection);
  assert_int_equal(call_now(pair->collection), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_pair(test_next_timeout__is_none_when_nothing_is_due),
      with_collection(test_next_timeout__is_zero_when_a_callback_is_queued),
      with_pair(test_next_timeout__is_zero_when_a_read_is_not_registered),
      with_pair(test_next_timeout__is_zero_when_a_write_is_not_sent),
      with_collection(test_next_timeout__is_the_first_timers),
      with_pair(test_next_timeout__is_at_most_the_reads),
      with_collection(test_loop__echo),
      with_pair(test_loop__sends_what_callbacks_submit),
      with_collection(test_loop__timers_without_spinning),
      with_pair(test_loop__timeouts),
      with_collection(test_loop__apply_on_another_thread),
      with_pair(test_loop__write_on_another_thread),
      with_collection(test_loop__wake_on_another_thread),
      with_pair(test_loop__that_always_asks_is_not_woken_by_what_it_submits_before_asking),
      with_pair(test_loop__that_always_asks_is_woken_by_what_it_submits_afterwards),
      with_pair(test_loop__that_does_not_always_ask_is_woken),
      with_collection(test_loop__connect_by_name),
      with_pair(test_loop__does_not_spin_on_a_peer_that_hung_up),
      with_pair(test_loop__does_not_spin_on_bytes_nobody_reads),
      with_pair(test_loop__descriptor_works_in_epoll_too),
      with_collection(test_loop__descriptor_tells_of_what_was_posted_before_it_was_asked_for),
  };
  return cmocka_run_group_tests(tests, start_resolver_threads, NULL);
}
