/* A collection with a thread of its own. */
#define _GNU_SOURCE /* pthread_getname_np */
#include "support.h"
#include "support_driving.h"
#include "support_network.h"

#include <signal.h>
#include <unistd.h>

static void apply_with(struct pair *pair, void (*then)(struct completion *), void *context) {
  struct completion *apply = new_completion(pair);
  apply->then = then;
  apply->context = context;
  accept_completion(apply, aio_collection_apply(pair->collection, recorded_apply, apply));
  expect_outcome(apply, AIO_OK);
}

static void then_note_thread(struct completion *completion) { *(pthread_t *)completion->context = pthread_self(); }

static pthread_t thread_of(struct pair *pair) {
  pthread_t *thread = fixture_memory(sizeof *thread);
  apply_with(pair, then_note_thread, thread);
  return *thread;
}

/* ---- working ---- */

static void test_thread__drives_the_collection(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 100), *write = start_write(pair, 100);
  peer_sends(pair, 100);
  expect_read(read, AIO_OK, 100);
  expect_write(write, AIO_OK, 100);
  peer_receives(pair, 100);
}

static void test_thread__runs_all_callbacks(void **test) {
  struct pair *pair = *test;
  const pthread_t thread = thread_of(pair);
  pthread_t where[2] = {pthread_self(), pthread_self()};
  struct completion *abort = new_completion(pair), *closed = new_completion(pair);
  abort->then = closed->then = then_note_thread;
  abort->context = &where[0];
  closed->context = &where[1];
  aio_close_options options = {.user_info = closed};
  accept_completion(abort, aio_state_abort(pair->state, AIO_BOTH, recorded_status, abort));
  accept_completion(closed, aio_state_close(pair->state, recorded_status, &options));
  expect_outcome(abort, AIO_ERR_NOT_FOUND);
  expect_outcome(closed, AIO_OK);
  assert_false(pthread_equal(thread, pthread_self()));
  assert_true(pthread_equal(thread, where[0]));
  assert_true(pthread_equal(thread, where[1]));
}

static void test_thread__callers_cannot_drive(void **test) {
  struct pair *pair = *test;
  expect_status(aio_collection_wait(pair->collection, 0), AIO_ERR_BUSY);
  expect_status(aio_collection_run(pair->collection), AIO_ERR_BUSY);
  assert_int_equal(aio_collection_call(pair->collection), 0);
}

static void test_thread__has_no_descriptor_for_a_foreign_loop(void **test) {
  struct pair *pair = *test;
  assert_int_equal(aio_collection_descriptor(pair->collection), -1);
}

static void test_thread__has_the_name(void **test) {
  (void)test;
  aio_collection *collection;
  char name[] = "a-name-of-more-than-fifteen-bytes", seen[16] = "";
  expect_status(aio_collection_create_and_run(name, NULL, &collection), AIO_OK);
  struct pair *pair = pair_of(collection, NULL, -1);
  memset(name, '#', sizeof name - 1);
  assert_string_equal(aio_collection_name(collection), "a-name-of-more-than-fifteen-bytes");
  assert_int_equal(pthread_getname_np(thread_of(pair), seen, sizeof seen), 0);
  assert_string_equal(seen, "a-name-of-more-");
  expect_status(aio_collection_destroy(collection), AIO_OK);
}

static void test_thread__may_have_no_name(void **test) {
  (void)test;
  aio_collection *collection;
  expect_status(aio_collection_create_and_run(NULL, NULL, &collection), AIO_OK);
  assert_string_equal(aio_collection_name(collection), "");
  expect_status(aio_collection_destroy(collection), AIO_OK);
}

static void then_note_signals(struct completion *completion) { pthread_sigmask(SIG_BLOCK, NULL, completion->context); }

static void test_thread__blocks_asynchronous_signals(void **test) {
  struct pair *pair = *test;
  const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGALRM, SIGUSR1, SIGUSR2, SIGWINCH, SIGPIPE, SIGRTMIN};
  const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
  sigset_t *blocked = fixture_memory(sizeof *blocked);
  apply_with(pair, then_note_signals, blocked);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) assert_int_equal(sigismember(blocked, signals[i]), 1);
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) assert_int_equal(sigismember(blocked, faults[i]), 0);
}

static void test_create_and_run__leaves_the_callers_signals(void **test) {
  (void)test;
  sigset_t before, after;
  pthread_sigmask(SIG_BLOCK, NULL, &before);
  new_threaded_collection();
  pthread_sigmask(SIG_BLOCK, NULL, &after);
  for (int i = 1; i < SIGRTMAX; i++) assert_int_equal(sigismember(&after, i), sigismember(&before, i));
}

/* ---- thread_start and thread_stop: what happened, in order, read after the thread was joined ---- */

struct life {
  pthread_t thread;
  char events[16];
};

static void event(struct life *life, char what) { life->events[strlen(life->events)] = what; }

static void note_start(void *life) {
  ((struct life *)life)->thread = pthread_self();
  event(life, '(');
}

static void note_stop(void *argument) {
  struct life *life = argument;
  event(life, pthread_equal(life->thread, pthread_self()) ? ')' : '!');
}

static void note_apply(void *argument) {
  struct life *life = argument;
  event(life, pthread_equal(life->thread, pthread_self()) ? 'a' : '!');
}

static void note_read(aio_state *state, void *buffer, size_t count, void *life) {
  (void)state, (void)buffer, (void)count;
  note_apply(life);
}

static aio_collection *living_collection(struct life *life) {
  aio_collection_options options = {.thread_start = note_start, .thread_stop = note_stop, .thread_argument = life};
  aio_collection *collection;
  memset(life, 0, sizeof *life);
  expect_status(aio_collection_create_and_run("life", &options, &collection), AIO_OK);
  return collection;
}

static void test_thread_start__comes_first_and_thread_stop_last(void **test) {
  (void)test;
  struct life life;
  aio_collection *collection = living_collection(&life);
  expect_status(aio_collection_apply(collection, note_apply, &life), AIO_OK);
  expect_status(aio_collection_destroy(collection), AIO_OK);
  assert_string_equal(life.events, "(a)");
}

static void test_thread_stop__comes_after_the_last_callbacks(void **test) {
  (void)test;
  struct life life;
  char byte;
  aio_collection *collection = living_collection(&life);
  struct pair *pair = new_pair(collection, LINK_TCP, NULL);
  aio_io_options options = {.user_info = &life};
  expect_status(aio_state_read_buffer(pair->state, &byte, 1, note_read, &options), AIO_OK);
  expect_status(aio_collection_destroy(collection), AIO_OK);
  assert_string_equal(life.events, "(a)");
}

static void test_thread_stop__runs_in_a_thread_stopped_at_once(void **test) {
  (void)test;
  for (int i = 0; i < 50; i++) {
    struct life life;
    aio_collection *collection = living_collection(&life);
    expect_status(aio_collection_stop(collection), AIO_OK);
    expect_status(aio_collection_destroy(collection), AIO_OK);
    assert_string_equal(life.events, "()");
  }
}

static void test_thread_start__is_not_called_without_a_thread(void **test) {
  (void)test;
  struct life life = {.events = ""};
  aio_collection_options options = {.thread_start = note_start, .thread_stop = note_stop, .thread_argument = &life};
  aio_collection *collection;
  expect_status(aio_collection_create(&options, &collection), AIO_OK);
  expect_status(aio_collection_wait(collection, 0), AIO_TIMEOUT);
  expect_status(aio_collection_destroy(collection), AIO_OK);
  assert_string_equal(life.events, "");
}

/* ---- stop ---- */

static void test_alive__until_stopped(void **test) {
  struct pair *pair = *test;
  assert_int_equal(aio_collection_alive(pair->collection), 1);
  expect_status(aio_collection_stop(pair->collection), AIO_OK);
  wait_until(!aio_collection_alive(pair->collection));
}

static void test_stop__closes_states_and_acceptors_and_completes_all(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  struct completion *read = start_read(pair, 8);
  peer_sends(pair, 3);
  settle(pair);
  expect_status(aio_collection_stop(pair->collection), AIO_OK);
  wait_until(!aio_collection_alive(pair->collection));
  expect_read(read, AIO_ERR_CANCELED, 3);
  assert_int_equal(aio_state_is_open(pair->state), 0);
  assert_null(aio_acceptor_collection(acceptor->handle));
  peer_gets_end(pair);
}

static void test_stop__refuses_everything_new(void **test) {
  struct pair *pair = *test;
  aio_timer *timer;
  expect_status(aio_collection_stop(pair->collection), AIO_OK);
  assert_int_equal(try_apply(pair, NULL)->submitted, AIO_ERR_CLOSED);
  expect_status(aio_timer_start(pair->collection, 0, 0, recorded_timer, NULL, &timer), AIO_ERR_CLOSED);
  expect_status(aio_collection_close(pair->collection), AIO_ERR_CLOSED);
  expect_refusal(try_connect(pair, "127.0.0.1", "1"), AIO_ERR_CLOSED);
  expect_status(try_acceptor(pair, "127.0.0.1", "0")->submitted, AIO_ERR_CLOSED);
  wait_until(!aio_collection_alive(pair->collection));
  expect_status(aio_collection_wait(pair->collection, 0), AIO_ERR_BUSY);
  expect_refusal(try_read(pair, 1), AIO_ERR_CLOSED);
}

static void test_stop__what_apply_accepted_runs(void **test) {
  struct pair *pair = *test;
  struct completion *applied[100];
  for (int i = 0; i < 100; i++) applied[i] = start_apply(pair, NULL);
  expect_status(aio_collection_stop(pair->collection), AIO_OK);
  destroy_collection(pair);
  for (int i = 0; i < 100; i++) assert_int_equal(applied[i]->calls, 1);
}

static void test_stop__twice(void **test) {
  struct pair *pair = *test;
  expect_status(aio_collection_stop(pair->collection), AIO_OK);
  expect_status(aio_collection_stop(pair->collection), AIO_OK);
  wait_until(!aio_collection_alive(pair->collection));
  expect_status(aio_collection_stop(pair->collection), AIO_OK);
}

static void then_stop(struct completion *completion) {
  expect_status(aio_collection_stop(completion->pair->collection), AIO_OK);
}

static void test_stop__in_its_own_callback(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 1);
  struct completion *apply = start_apply(pair, then_stop);
  wait_until(!aio_collection_alive(pair->collection));
  expect_outcome(apply, AIO_OK);
  expect_read(read, AIO_ERR_CANCELED, 0);
}

/* ---- destroy ---- */

static void test_destroy__stops_joins_and_completes(void **test) {
  struct pair *pair = *test;
  const int threads = running_threads();
  struct completion *read = start_read(pair, 8), *write = start_write(pair, 4);
  destroy_collection(pair);
  expect_read(read, AIO_ERR_CANCELED, 0);
  assert_int_equal(write->calls, 1);
  wait_until(running_threads() == threads - 1);
  assert_int_equal(aio_state_is_open(pair->state), 0);
}

static void test_destroy__after_stop(void **test) {
  struct pair *pair = *test;
  expect_status(aio_collection_stop(pair->collection), AIO_OK);
  wait_until(!aio_collection_alive(pair->collection));
  destroy_collection(pair);
}

static void then_destroy_its_collection(struct completion *completion) {
  *(aio_status *)completion->context = aio_collection_destroy(completion->pair->collection);
}

static void test_destroy__in_its_own_callback_is_busy(void **test) {
  struct pair *pair = *test;
  aio_status *status = fixture_memory(sizeof *status);
  apply_with(pair, then_destroy_its_collection, status);
  expect_status(*status, AIO_ERR_BUSY);
  expect_write(start_write(pair, 3), AIO_OK, 3);
}

static void test_destroy__in_a_callback_of_another_collection(void **test) {
  struct pair *pair = *test, *other = new_pair(new_threaded_collection(), LINK_TCP, NULL);
  aio_status *status = fixture_memory(sizeof *status);
  struct completion *read = start_read(other, 1), *apply = new_completion(other);
  *status = AIO_ERR_INTERNAL;
  apply->then = then_destroy_its_collection;
  apply->context = status;
  accept_completion(apply, aio_collection_apply(pair->collection, recorded_apply, apply));
  wait_until(apply->done);
  forget_collection(other->collection);
  expect_status(*status, AIO_OK);
  expect_read(read, AIO_ERR_CANCELED, 0);
}

/* ---- two collections with threads ---- */

static void test_threads__states_of_two_collections_talk(void **test) {
  struct pair *pair = *test, *other = pair_of(new_threaded_collection(), NULL, -1);
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  acceptor->then = then_echo;
  struct completion *connect = start_connect(other, "127.0.0.1", acceptor->service);
  struct completion *write = start_write(connect->pair, 100000), *read = start_read(connect->pair, 100000);
  expect_outcome(connect, AIO_OK);
  expect_write(write, AIO_OK, 100000);
  expect_read(read, AIO_OK, 100000);
}

struct job {
  struct pair *pair;
  struct completion *completion;
};

static void writes_elsewhere(void *argument) {
  struct job *job = argument;
  job->completion = start_write(job->pair, 10);
}

static void test_threads__operations_may_come_from_any_thread(void **test) {
  struct pair *pair = *test;
  struct job job = {.pair = pair};
  for (int i = 0; i < 20; i++) {
    on_another_thread(writes_elsewhere, &job);
    expect_write(job.completion, AIO_OK, 10);
  }
  peer_receives(pair, 200);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_threaded_pair(test_thread__drives_the_collection),
      with_threaded_pair(test_thread__runs_all_callbacks),
      with_threaded_collection(test_thread__callers_cannot_drive),
      with_threaded_collection(test_thread__has_no_descriptor_for_a_foreign_loop),
      with_collection(test_thread__has_the_name),
      with_collection(test_thread__may_have_no_name),
      with_threaded_collection(test_thread__blocks_asynchronous_signals),
      with_collection(test_create_and_run__leaves_the_callers_signals),
      with_collection(test_thread_start__comes_first_and_thread_stop_last),
      with_collection(test_thread_stop__comes_after_the_last_callbacks),
      with_collection(test_thread_stop__runs_in_a_thread_stopped_at_once),
      with_collection(test_thread_start__is_not_called_without_a_thread),
      with_threaded_collection(test_alive__until_stopped),
      with_threaded_pair(test_stop__closes_states_and_acceptors_and_completes_all),
      with_threaded_pair(test_stop__refuses_everything_new),
      with_threaded_collection(test_stop__what_apply_accepted_runs),
      with_threaded_collection(test_stop__twice),
      with_threaded_pair(test_stop__in_its_own_callback),
      with_threaded_pair(test_destroy__stops_joins_and_completes),
      with_threaded_collection(test_destroy__after_stop),
      with_threaded_pair(test_destroy__in_its_own_callback_is_busy),
      with_threaded_collection(test_destroy__in_a_callback_of_another_collection),
      with_threaded_collection(test_threads__states_of_two_collections_talk),
      with_threaded_pair(test_threads__operations_may_come_from_any_thread),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
