/*
 * aiostate: asynchronous sockets that call back once, when the whole job is done.
 *
 * A *state* wraps one socket. An operation on it takes a whole buffer and calls back once: when all of it is done, has
 * timed out, or has failed; the count is exact in each case. A *collection* is the event loop that states live in.
 *
 * The nine laws, which hold for every function:
 *
 *  1. Refuse now, or complete exactly once later. A function that takes a completion callback either returns a status
 *     other than AIO_OK, has stored nothing and never calls it; or returns AIO_OK and calls it exactly once, whatever
 *     happens. A standing operation (aio_state_read_with_checking, an acceptor) calls many times and ends with its last
 *     call, or by aio_state_finish_read or aio_acceptor_close, after which nothing more is called.
 *  2. Never inside the call. User code runs in aio_collection_call, aio_collection_run and aio_collection_destroy only
 *     (the log function and the allocator apart), never before the function that submitted the operation, and the
 *     callback around it, have returned.
 *  3. One thread dispatches. All callbacks of a collection run on the thread that drives it, one at a time, and no lock
 *     of the library is held meanwhile.
 *  4. Any thread may call every function, also in any callback, except what is marked *driver*: that belongs to the
 *     thread that drives the collection (any thread while none drives it, and once the state is closed). The calls of
 *     one thread take effect in the order in which it made them.
 *  5. Close and destroy are always legal: in any callback, on any thread, with operations running. After destroy the
 *     caller uses the handle no more; operations still running complete with AIO_ERR_CANCELED and may use their `state`
 *     argument until they return. To know the last callback, close with a callback first. Handles outlive their
 *     collection: destroying it closes them, and each is still to be destroyed.
 *  6. Bytes are exact. A completion's count is the number of bytes stored in or taken from the buffer, also on timeout,
 *     abort and error. What arrived and was not consumed is there for the next read, and after close. A write that
 *     timed out or was aborted sends nothing more.
 *  7. Buffers are lent. A buffer belongs to the library from the call until its callback; then it is the caller's again.
 *     Bytes outside [start, end) are never touched. Everything else that a call is given is copied in the call.
 *  8. No copy of the library's grows without a limit, and no limit closes a connection silently.
 *  9. No side effects on the process: no signals (SIGPIPE included), no output, no atexit, no threads but those asked
 *     for and libuv's resolver pool, no abort where memory runs out. After a fork the child may only exec.
 *
 * Every options pointer may be NULL, and all-zero options mean the defaults, so `&(aio_io_options){ .timeout = 2.5 }` is
 * complete. Each struct ends in `reserved` fields, which must be zero: later versions add fields out of them. Options
 * that do not concern an operation are ignored.
 *
 * Checks come in this order: a missing handle, callback or `out`, a bad range or time (AIO_ERR_INVALID_ARGUMENT); a
 * non-zero `reserved`, the wrong kind of socket (AIO_ERR_UNSUPPORTED); AIO_ERR_CLOSED; AIO_ERR_BUSY; AIO_ERR_LIMIT.
 * On refusal `*out` is NULL; else it is set before any callback can run. Readers given NULL answer 0, NULL,
 * AIO_NO_SOCKET or AIO_ERR_INVALID_ARGUMENT. AIO_ERR_NO_MEMORY can come from every function that returns a status.
 */
#ifndef AIOSTATE_AIOSTATE_H
#define AIOSTATE_AIOSTATE_H

#include "acceptor.h"
#include "address.h"
#include "collection.h"
#include "export.h"
#include "library.h"
#include "message.h"
#include "operation.h"
#include "state.h"
#include "status.h"
#include "tls.h"
#include "types.h"
#include "version.h"

#endif
