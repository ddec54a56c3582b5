/* aio_collection_apply: always later, in order, exactly once, on the thread that drives. */
#include "support.h"
#include "support_driving.h"

#include <stdatomic.h>
#include <stdlib.h>

static void test_apply__is_deferred(void **test) {
  struct pair *pair = *test;
  struct completion *apply = start_apply(pair, NULL);
  assert_int_equal(apply->calls, 0);
  expect_status(aio_collection_wait(pair->collection, 0), AIO_OK);
  assert_int_equal(apply->calls, 0);
  expect_outcome(apply, AIO_OK);
}

static void note_argument(void *argument) { *(void **)argument = argument; }

static void test_apply__passes_the_argument(void **test) {
  struct pair *pair = *test;
  void *seen = NULL;
  expect_status(aio_collection_apply(pair->collection, note_argument, &seen), AIO_OK);
  settle(pair);
  assert_ptr_equal(seen, &seen);
}

static int called_with_null;

static void expect_null(void *argument) { called_with_null = argument == NULL; }

static void test_apply__argument_may_be_null(void **test) {
  struct pair *pair = *test;
  expect_status(aio_collection_apply(pair->collection, expect_null, NULL), AIO_OK);
  settle(pair);
  assert_int_equal(called_with_null, 1);
}

static void test_apply__keeps_the_order(void **test) {
  struct pair *pair = *test;
  struct completion *applied[1000];
  for (int i = 0; i < 1000; i++) applied[i] = start_apply(pair, NULL);
  for (int i = 0; i < 1000; i++) expect_outcome(applied[i], AIO_OK);
  for (int i = 1; i < 1000; i++) expect_order(applied[i - 1], applied[i]);
}

static void then_apply_another(struct completion *completion) {
  struct completion *inner = start_apply(completion->pair, NULL);
  completion->context = inner;
  assert_int_equal(inner->calls, 0);
}

static void test_apply__in_a_callback_comes_behind_what_is_queued(void **test) {
  struct pair *pair = *test;
  struct completion *outer = start_apply(pair, then_apply_another), *queued = start_apply(pair, NULL);
  expect_outcome(outer, AIO_OK);
  expect_outcome(outer->context, AIO_OK);
  expect_order(queued, outer->context);
}

static void test_apply__in_a_callback_of_the_own_thread_is_deferred_too(void **test) {
  struct pair *pair = *test;
  struct completion *outer = start_apply(pair, then_apply_another);
  expect_outcome(outer, AIO_OK);
  expect_outcome(outer->context, AIO_OK);
}

static void applies(void *argument) { start_apply(argument, NULL); }

static void test_apply__on_another_thread_ends_a_wait(void **test) {
  struct pair *pair = *test;
  for (int i = 0; i < 100; i++) {
    struct thread *thread = start_thread(applies, pair);
    expect_status(aio_collection_wait(pair->collection, AIO_NO_TIMEOUT), AIO_OK);
    assert_int_equal(call_now(pair->collection), 1);
    join_thread(thread);
  }
}

static void test_apply__runs_at_the_latest_in_destroy(void **test) {
  struct pair *pair = *test;
  struct completion *first = start_apply(pair, NULL), *second = start_apply(pair, NULL);
  destroy_collection(pair);
  expect_outcome(first, AIO_OK);
  expect_outcome(second, AIO_OK);
  expect_order(first, second);
}

static void then_write(struct completion *completion) { completion->context = try_write(completion->pair, 3); }

static void test_apply__in_destroy_finds_its_states_closed(void **test) {
  struct pair *pair = *test;
  struct completion *apply = start_apply(pair, then_write);
  destroy_collection(pair);
  expect_outcome(apply, AIO_OK);
  const struct completion *write = apply->context;
  if (write->submitted != AIO_OK) expect_status(write->submitted, AIO_ERR_CLOSED);
}

/* ---- many threads: what was accepted runs exactly once, each thread's in its order ---- */

enum { kThreads = 4, kEach = 5000 };

struct source {
  aio_collection *collection;
  int until_closed;
  int accepted;     /* written by its thread, */
  aio_status ended; /* read when it was joined */
  atomic_int ran;   /* written by the functions */
  atomic_int disorder;
};

struct errand {
  struct source *source;
  int number;
};

static void run_errand(void *argument) {
  struct errand *errand = argument;
  if (atomic_fetch_add(&errand->source->ran, 1) != errand->number) atomic_fetch_add(&errand->source->disorder, 1);
  free(errand);
}

static void send_errands(void *argument) {
  struct source *source = argument;
  while (source->until_closed || source->accepted < kEach) {
    struct errand *errand = malloc(sizeof *errand);
    *errand = (struct errand){.source = source, .number = source->accepted};
    source->ended = aio_collection_apply(source->collection, run_errand, errand);
    if (source->ended != AIO_OK) {
      free(errand);
      return;
    }
    source->accepted++;
  }
}

static void start_sources(struct source *sources, struct thread **threads, aio_collection *collection,
                          int until_closed) {
  for (int i = 0; i < kThreads; i++) {
    sources[i] = (struct source){.collection = collection, .until_closed = until_closed};
    threads[i] = start_thread(send_errands, &sources[i]);
  }
}

static void expect_all_ran_in_order(struct source *source) {
  assert_int_equal(atomic_load(&source->ran), source->accepted);
  assert_int_equal(atomic_load(&source->disorder), 0);
}

static int all_ran(struct source *sources) {
  int ran = 0;
  for (int i = 0; i < kThreads; i++) ran += atomic_load(&sources[i].ran);
  return ran == kThreads * kEach;
}

static void test_apply__from_many_threads(void **test) {
  struct pair *pair = *test;
  struct source sources[kThreads];
  struct thread *threads[kThreads];
  start_sources(sources, threads, pair->collection, 0);
  drive_until(pair, all_ran(sources));
  for (int i = 0; i < kThreads; i++) join_thread(threads[i]);
  settle(pair);
  for (int i = 0; i < kThreads; i++) expect_all_ran_in_order(&sources[i]);
}

static void test_apply__from_many_threads_while_the_own_thread_is_stopped(void **test) {
  struct pair *pair = *test;
  struct source sources[kThreads];
  struct thread *threads[kThreads];
  start_sources(sources, threads, pair->collection, 1);
  wait_until(atomic_load(&sources[0].ran) > 100);
  expect_status(aio_collection_stop(pair->collection), AIO_OK);
  for (int i = 0; i < kThreads; i++) join_thread(threads[i]);
  destroy_collection(pair);
  for (int i = 0; i < kThreads; i++) {
    expect_status(sources[i].ended, AIO_ERR_CLOSED);
    expect_all_ran_in_order(&sources[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_apply__is_deferred),
      with_collection(test_apply__passes_the_argument),
      with_collection(test_apply__argument_may_be_null),
      with_collection(test_apply__keeps_the_order),
      with_collection(test_apply__in_a_callback_comes_behind_what_is_queued),
      with_threaded_collection(test_apply__in_a_callback_of_the_own_thread_is_deferred_too),
      with_collection(test_apply__on_another_thread_ends_a_wait),
      with_collection(test_apply__runs_at_the_latest_in_destroy),
      with_pair(test_apply__in_destroy_finds_its_states_closed),
      with_collection(test_apply__from_many_threads),
      with_threaded_collection(test_apply__from_many_threads),
      with_threaded_collection(test_apply__from_many_threads_while_the_own_thread_is_stopped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
