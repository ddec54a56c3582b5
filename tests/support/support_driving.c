#include <sched.h>

#include "internal.h"
#include "support_driving.h"

static const double kPatience = 10;

size_t call_now(aio_collection *collection) {
  this_thread_runs_callbacks();
  size_t callbacks = aio_collection_call(collection);
  this_thread_runs_no_callbacks();
  return callbacks;
}

aio_status run_now(aio_collection *collection) {
  this_thread_runs_callbacks();
  aio_status status = aio_collection_run(collection);
  this_thread_runs_no_callbacks();
  return status;
}

aio_status destroy_now(aio_collection *collection) {
  this_thread_runs_callbacks();
  aio_status status = aio_collection_destroy(collection);
  this_thread_runs_no_callbacks();
  if (status == AIO_OK) forget_collection(collection);
  return status;
}

void wait_once(struct place place, double deadline, const char *condition) {
  if (now() > deadline) fail_at(place, "not within %g s: %s", kPatience, condition);
  unlock_records();
  sched_yield();
  lock_records();
}

/* ---- threads ---- */

struct thread {
  pthread_t id;
  void (*function)(void *);
  void *argument;
  aio_collection *driven;
  aio_status status;
};

static void *thread_main(void *argument) {
  struct thread *thread = argument;
  if (thread->driven != NULL) {
    thread->status = aio_collection_run(thread->driven);
  } else {
    this_thread_runs_no_callbacks();
    thread->function(thread->argument);
  }
  return NULL;
}

static struct thread *launch(struct thread *thread) {
  assert_int_equal(pthread_create(&thread->id, NULL, thread_main, thread), 0);
  return thread;
}

struct thread *start_thread(void (*function)(void *), void *argument) {
  struct thread *thread = fixture_memory(sizeof *thread);
  thread->function = function;
  thread->argument = argument;
  return launch(thread);
}

void join_thread(struct thread *thread) { assert_int_equal(pthread_join(thread->id, NULL), 0); }

void on_another_thread(void (*function)(void *), void *argument) { join_thread(start_thread(function, argument)); }

pthread_t thread_id(const struct thread *thread) { return thread->id; }

static void mark(void *flag) {
  lock_records();
  *(int *)flag = 1;
  unlock_records();
}

struct thread *start_driving(aio_collection *collection) {
  struct thread *thread = fixture_memory(sizeof *thread);
  int *driving = fixture_memory(sizeof *driving);
  thread->driven = collection;
  expect_status(aio_collection_apply(collection, mark, driving), AIO_OK);
  launch(thread);
  wait_until(*driving);
  return thread;
}

aio_status stop_driving(struct thread *thread) {
  expect_status(aio_collection_stop(thread->driven), AIO_OK);
  join_thread(thread);
  return thread->status;
}

/* ---- functions applied ---- */

void recorded_apply(void *completion) { recorded_status(NULL, AIO_OK, completion); }

struct completion *try_apply(struct pair *pair, void (*then)(struct completion *)) {
  struct completion *completion = new_completion(pair);
  completion->then = then;
  accept_completion(completion, aio_collection_apply(pair->collection, recorded_apply, completion));
  return completion;
}

/* ---- timers ---- */

void recorded_timer(aio_timer *handle, void *argument) {
  struct timer *timer = argument;
  double when = now() - timer->started;
  enter_callback();
  lock_records();
  if (timer->handle != NULL && handle != timer->handle) note_violation("a timer's callback got another handle");
  if (timer->calls < kMostCalls) timer->when[timer->calls] = when;
  timer->calls++;
  timer->order = next_order();
  unlock_records();
  if (timer->then != NULL) timer->then(timer);
  lock_records();
  timer->done++;
  announce_record();
  unlock_records();
  leave_callback();
}

static void stop_left_over(void *timer) { stop_timer(timer); }

struct timer *start_timer_at(struct place place, struct pair *pair, double delay, double repeat,
                             void (*then)(struct timer *)) {
  struct timer *timer = fixture_memory(sizeof *timer);
  timer->pair = pair;
  timer->then = then;
  timer->started = now();
  timer->submitted = aio_timer_start(pair->collection, delay, repeat, recorded_timer, timer, &timer->handle);
  expect_status_at(place, timer->submitted, AIO_OK);
  at_tear_down(stop_left_over, timer);
  return timer;
}

void stop_timer(struct timer *timer) {
  lock_records();
  aio_timer *handle = timer->handle;
  timer->handle = NULL;
  unlock_records();
  aio_timer_stop(handle);
}

void then_stop_timer(struct timer *timer) { stop_timer(timer); }
