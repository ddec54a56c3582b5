/* aiostate: the collection, an event loop, and the timers in it. */
#ifndef AIOSTATE_COLLECTION_H
#define AIOSTATE_COLLECTION_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A collection is driven either by the caller, with aio_collection_run or with aio_collection_wait and
 * aio_collection_call in turn, or by a thread of its own. "wait moves bytes, call runs callbacks": so a language with a
 * global lock waits without the lock and runs callbacks in its own thread.
 */

typedef struct aio_collection_options {
  aio_function thread_start; /* called first on the collection's own thread; ignored without one */
  aio_function thread_stop;  /* called last on it, after every callback */
  void *thread_argument;     /* for both */
  uint64_t reserved[4];
} aio_collection_options;

/*
 * Makes a collection that its caller drives.
 * AIO_ERR_INVALID_ARGUMENT: `out` is NULL. AIO_ERR_UNSUPPORTED: `reserved`. AIO_ERR_TOO_MANY_FILES, AIO_ERR_SYSTEM: the
 * system refused what a loop needs.
 */
AIO_API aio_status AIO_CALL aio_collection_create(const aio_collection_options *options, aio_collection **out);

/*
 * Makes a collection and a thread that drives it until aio_collection_stop or aio_collection_destroy. The thread takes
 * the name (copied; NULL for none; systems cut it: Linux to 15 bytes) and blocks asynchronous signals, so that the
 * program's handlers run in the program's threads. When stopped it closes its states and acceptors, runs their last
 * callbacks, then `thread_stop`, and ends.
 * Statuses: as aio_collection_create; AIO_ERR_SYSTEM also when the thread cannot be started.
 */
AIO_API aio_status AIO_CALL aio_collection_create_and_run(const char *name, const aio_collection_options *options,
                                                          aio_collection **out);

/*
 * Reads and writes sockets, checks deadlines and queues what has finished, for at most `timeout` seconds (0 = polls,
 * AIO_NO_TIMEOUT = no limit). Runs no callback.
 * AIO_OK: aio_collection_call has something to run, or the collection was woken. AIO_TIMEOUT: the time is over.
 * AIO_ERR_INVALID_ARGUMENT: NULL or a bad time. AIO_ERR_BUSY: another thread drives the collection, it has a thread of its
 * own, or this is one of its callbacks. Signals do not end it: see aio_collection_wake.
 */
AIO_API aio_status AIO_CALL aio_collection_wait(aio_collection *collection, double timeout);

/*
 * Runs the callbacks that are queued, those that they queue too, sends what they submitted and goes on with what that
 * completed, up to a bound that keeps it fair to other sockets. Returns the number of callbacks run; 0 also where
 * aio_collection_wait would be AIO_ERR_BUSY, and for NULL.
 */
AIO_API size_t AIO_CALL aio_collection_call(aio_collection *collection);

/*
 * Waits and calls until aio_collection_stop; AIO_OK then. AIO_ERR_INVALID_ARGUMENT: NULL. AIO_ERR_BUSY: as for
 * aio_collection_wait.
 */
AIO_API aio_status AIO_CALL aio_collection_run(aio_collection *collection);

/*
 * Ends aio_collection_run, or the collection's own thread, after the callback that runs now. It is sticky: a run that
 * starts later returns at once and uses it up. A stopped own thread refuses everything new with AIO_ERR_CLOSED.
 * AIO_ERR_INVALID_ARGUMENT: NULL.
 */
AIO_API aio_status AIO_CALL aio_collection_stop(aio_collection *collection);

/*
 * Makes one aio_collection_wait, the running or the next one, return AIO_OK. May be called in a signal handler.
 * AIO_ERR_INVALID_ARGUMENT: NULL.
 */
AIO_API aio_status AIO_CALL aio_collection_wake(aio_collection *collection);

/*
 * Calls function(argument) on the thread that drives the collection: always later, never inside this call, in the order
 * of the calls, exactly once; what was accepted runs at the latest in aio_collection_destroy.
 * AIO_ERR_INVALID_ARGUMENT: NULL. AIO_ERR_CLOSED: destroyed, or its own thread was stopped.
 */
AIO_API aio_status AIO_CALL aio_collection_apply(aio_collection *collection, aio_function function, void *argument);

/*
 * Closes, asynchronously, every state and acceptor that exists now, as aio_state_close without linger does. Functions
 * applied, timers and states made later go on. AIO_ERR_INVALID_ARGUMENT: NULL. AIO_ERR_CLOSED: as for
 * aio_collection_apply.
 */
AIO_API aio_status AIO_CALL aio_collection_close(aio_collection *collection);

/* 1 while the collection's own thread runs; else 0. */
AIO_API int AIO_CALL aio_collection_alive(const aio_collection *collection);

/* The name given to aio_collection_create_and_run, "" if none; NULL for NULL. Valid as long as the collection. */
AIO_API const char *AIO_CALL aio_collection_name(const aio_collection *collection);

/*
 * A descriptor that becomes readable when the collection has something to do, for a foreign event loop. That loop
 * repeats: aio_collection_call; poll the descriptor for at most aio_collection_next_timeout; aio_collection_wait(0).
 * Once a loop has done so for some while, what its own thread submits between a wait and asking for the timeout shows in
 * the timeout alone.
 * It belongs to the collection: do not read or close it. -1 where the system has none, with an own thread, for NULL.
 */
AIO_API int AIO_CALL aio_collection_descriptor(const aio_collection *collection);

/*
 * *Driver.* Seconds until the collection must be driven even if its descriptor stays silent: 0 when something is queued
 * or not sent or registered yet, AIO_NO_TIMEOUT when nothing is due. 0 for NULL.
 */
AIO_API double AIO_CALL aio_collection_next_timeout(const aio_collection *collection);

/* Copies the sums over all states, closed ones too. AIO_ERR_INVALID_ARGUMENT: NULL. */
AIO_API aio_status AIO_CALL aio_collection_counters(const aio_collection *collection, aio_counters *out);

/*
 * Ends the collection: stops and joins its own thread, or takes over driving; closes all states and acceptors, runs
 * every completion and every applied function, waits for a name lookup that cannot be taken back, and frees it all.
 * Timers do not fire any more. Handles of states, acceptors and timers stay valid until destroyed or stopped.
 * NULL is fine: AIO_OK. AIO_ERR_BUSY, and nothing is done: in a callback of this collection, or while another thread
 * drives one that has no thread of its own.
 */
AIO_API aio_status AIO_CALL aio_collection_destroy(aio_collection *collection);

/*
 * Calls `callback` after `delay` seconds, and then, if `repeat` is above 0, every `repeat` seconds, measured from the
 * times at which it was due; calls missed by a slow callback are left out. Never early. A timer without `out` must be
 * one-shot and frees itself; else `*out` is the caller's until aio_timer_stop, also after it has fired and after the
 * collection's end.
 * AIO_ERR_INVALID_ARGUMENT: NULL collection or callback, a bad time, `repeat` without `out`. AIO_ERR_CLOSED: as for
 * aio_collection_apply.
 */
AIO_API aio_status AIO_CALL aio_timer_start(aio_collection *collection, double delay, double repeat,
                                            aio_timer_callback callback, void *user_info, aio_timer **out);

/*
 * Stops and frees a timer, fired or not; legal in its own callback, on any thread, after the collection's end; NULL is
 * fine. No call begins after it has returned; stopped from another thread, a call that has begun may still finish.
 */
AIO_API void AIO_CALL aio_timer_stop(aio_timer *timer);

#ifdef __cplusplus
}
#endif
#endif
