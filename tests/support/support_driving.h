/* The vocabulary for driving collections in all ways, for other threads, and for functions applied and timers. */
#ifndef SUPPORT_DRIVING_H
#define SUPPORT_DRIVING_H

#include <pthread.h>

#include "support.h"

/* These library functions on this thread, with callbacks allowed inside. */
size_t call_now(aio_collection *collection);
aio_status run_now(aio_collection *collection);
aio_status destroy_now(aio_collection *collection);

/* Waits, driving nothing, until another thread has made the condition true; fails after 10 s. */
#define wait_until(condition)                                    \
  do {                                                           \
    double deadline_ = begin_condition();                        \
    while (!(condition)) wait_once(HERE, deadline_, #condition); \
    end_condition();                                             \
  } while (0)
void wait_once(struct place place, double deadline, const char *condition);

/* ---- other threads, on which library calls must run no callbacks ---- */

struct thread;
struct thread *start_thread(void (*function)(void *), void *argument);
void join_thread(struct thread *thread);
void on_another_thread(void (*function)(void *), void *argument); /* both */

/* Another thread in aio_collection_run; it is driving when start_driving returns. stop_driving gives run's status. */
struct thread *start_driving(aio_collection *collection);
aio_status stop_driving(struct thread *thread);
pthread_t thread_id(const struct thread *thread);

/* ---- functions applied: completions with the outcome AIO_OK ---- */

#define start_apply(pair, then) started(HERE, try_apply(pair, then))
struct completion *try_apply(struct pair *pair, void (*then)(struct completion *));
void recorded_apply(void *completion);

/* ---- timers; tear_down stops them ---- */

enum { kMostCalls = 64 };

struct timer {
  struct pair *pair;
  aio_timer *handle; /* NULL once stopped */
  aio_status submitted;
  double started;
  void (*then)(struct timer *); /* run inside the callback, after all below was recorded */
  void *context;                /* for `then` */

  int calls;
  int done;
  int order;               /* as in struct completion */
  double when[kMostCalls]; /* seconds from the start to each call */
};

#define start_timer(pair, delay, repeat, then) start_timer_at(HERE, pair, delay, repeat, then)
struct timer *start_timer_at(struct place place, struct pair *pair, double delay, double repeat,
                             void (*then)(struct timer *));
void recorded_timer(aio_timer *handle, void *timer);
void stop_timer(struct timer *timer);
void then_stop_timer(struct timer *timer);

#endif
