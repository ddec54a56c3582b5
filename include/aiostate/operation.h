/* aiostate: the operations on a state: reading, writing, half close, abort. */
#ifndef AIOSTATE_OPERATION_H
#define AIOSTATE_OPERATION_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Every operation that moves bytes takes these. Where given, `timeout`, `max_read` and `user_info` are stored in the
 * state for this and later operations (read and write timeouts apart); an operation keeps what was in force when it was
 * submitted.
 */
typedef struct aio_io_options {
  size_t start;         /* first byte of the buffer to use */
  size_t end;           /* one past the last; 0 = the buffer's length */
  size_t minimum;       /* read_buffer: complete once so many came; 0 = all of them */
  size_t max_read;      /* read_with_checking: most new bytes per delivery; 0 = the state's */
  double timeout;       /* seconds for the whole operation (per delivery in standing ones); 0 = the state's */
  double stall_timeout; /* seconds without a byte moving that end it with AIO_TIMEOUT too; 0 = none */
  aio_buffer_callback error_callback; /* called instead of the callback when the status is negative */
  void *user_info;                    /* for the callbacks; NULL = the state's */
  uint64_t reserved[4];
} aio_io_options;

/*
 * A frame: a length field and what follows it. Of the struct all-zero means a LEB128 length at the beginning, as in
 * Protocol Buffers' delimited streams.
 */
typedef struct aio_frame_format {
  size_t length_offset;  /* bytes in front of the length field */
  int32_t length_size;   /* bytes of the length field: 1, 2, 4 or 8; 0 = unsigned LEB128, of at most 10 */
  int32_t little_endian; /* AIO_YES: least significant byte first; default: most significant first (RFC 1700) */
  int64_t adjustment;    /* the field's value plus this is the number of bytes behind the field */
  size_t strip;          /* so many leading bytes of the frame are not delivered */
  size_t maximum;        /* most bytes of a whole frame, all in front of and in the length field included; 0 = no
                            limit but the state's buffer_limit */
  uint64_t reserved[4];
} aio_frame_format;

/* A piece of memory to be written. */
typedef struct aio_buffer_view {
  const void *data;
  size_t length;
} aio_buffer_view;

/*
 * How operations end. The outcome is the direction's status when the callback is entered: AIO_OK, AIO_EOF and AIO_TIMEOUT
 * go to `callback`; an error goes to `error_callback` if there is one, else to `callback`; never both.
 * After AIO_TIMEOUT the direction works on. After AIO_EOF or an error of the connection, new operations in that direction
 * complete with that status. An operation found past its deadline gets one last attempt first; none ends early.
 *
 * Refusals of all: AIO_ERR_INVALID_ARGUMENT: NULL state or required callback, NULL buffer with a non-empty range,
 * start > end, end > length, minimum > end - start, a bad time. AIO_ERR_UNSUPPORTED: `reserved`, the wrong kind of socket.
 * AIO_ERR_CLOSED: closing or closed. AIO_ERR_BUSY: reads: another read of any kind runs; writes: one is queued and the
 * state was made with queue_output = AIO_NO.
 * Outcomes of all: AIO_TIMEOUT; AIO_ERR_CANCELED: aborted or closed; AIO_ERR_CONNECTION_RESET;
 * AIO_ERR_CONNECTION_TIMED_OUT; AIO_ERR_UNREACHABLE; AIO_ERR_NOT_CONNECTED; AIO_ERR_SYSTEM; a failed connect's status.
 *
 * An empty range is legal: it completes in order with count 0 and AIO_OK, or the status with which its direction ended.
 */

/*
 * Fills [start, end) of `buffer`, or at least `minimum` bytes of it, and calls back once with the number of bytes stored.
 * Bytes left over by earlier reads are served first, also before a known end. AIO_EOF: the peer ended before enough came.
 * The buffer is the library's until the callback.
 */
AIO_API aio_status AIO_CALL aio_state_read_buffer(aio_state *state, void *buffer, size_t length,
                                                  aio_buffer_callback callback, const aio_io_options *options);

/*
 * Sends [start, end) of `buffer` and calls back once (`callback` may be NULL) when the kernel has taken all of it, or with
 * the number of bytes it took. Writes queue in the order of submission and do not interleave. Their timeout runs from
 * submission, a stall timeout from being first in the queue. A write that timed out or was aborted sends nothing more.
 * Behind a failed write the queued ones complete with its status and count 0; behind one that timed out with
 * AIO_ERR_CANCELED and count 0, since a gap must not be sent.
 * AIO_ERR_BROKEN_PIPE: the connection takes no more. Refused with AIO_ERR_LIMIT: see aio_state_set_write_limit;
 * with AIO_ERR_CLOSED: also after aio_state_shutdown. The buffer is the library's until the callback; pass a callback to
 * know when.
 */
AIO_API aio_status AIO_CALL aio_state_write_buffer(aio_state *state, const void *buffer, size_t length,
                                                   aio_buffer_callback callback, const aio_io_options *options);

/*
 * Reads on and on: callback(state, bytes, count, user_info) delivers all unconsumed bytes, from index 0, whenever new ones
 * have come, at most `max_read` of them new. Bytes left over by earlier reads are the first delivery. `bytes` is valid
 * until the callback returns or calls one of aio_state_discard and aio_state_finish_read.
 * The last call has no new bytes, `count` is what is unconsumed (it stays for the next read), and the status is not
 * AIO_OK: AIO_EOF, AIO_TIMEOUT (no delivery for `timeout` seconds), AIO_ERR_LIMIT (see aio_state_set_buffer_limit; not
 * sticky), AIO_ERR_NO_MEMORY (not sticky), or as above. aio_state_finish_read ends it without a last call.
 */
AIO_API aio_status AIO_CALL aio_state_read_with_checking(aio_state *state, aio_buffer_callback callback,
                                                         const aio_io_options *options);

/*
 * Reads up to and with the first `delimiter` (copied; at least one byte): callback(state, bytes, count, user_info) gets
 * once a view of the library's buffer that ends with it, which is consumed and valid until the callback returns. With any
 * other status it gets NULL and 0, and all that came stays for the next read: AIO_EOF or an error, AIO_TIMEOUT,
 * AIO_ERR_LIMIT (no delimiter within the state's buffer_limit; not sticky), AIO_ERR_NO_MEMORY (not sticky).
 * `start`, `end`, `minimum` are ignored. AIO_ERR_INVALID_ARGUMENT: also NULL or an empty delimiter.
 */
AIO_API aio_status AIO_CALL aio_state_read_until(aio_state *state, const void *delimiter, size_t delimiter_length,
                                                 aio_buffer_callback callback, const aio_io_options *options);

/*
 * Reads one frame of the format (copied) and delivers it in the same way, without the first `strip` bytes (all of them if
 * the frame is shorter). AIO_ERR_LIMIT: the frame is longer than `maximum` or the state's buffer_limit, or its length
 * field is no length: negative with the adjustment, or beyond 64 bits.
 * AIO_ERR_INVALID_ARGUMENT: also NULL format, a length_size or choice that is none, `length_offset` over 2^31.
 */
AIO_API aio_status AIO_CALL aio_state_read_frame(aio_state *state, const aio_frame_format *format,
                                                 aio_buffer_callback callback, const aio_io_options *options);

/*
 * Writes the bytes of `view_count` views, one behind the other, as one aio_state_write_buffer: `start` and `end` index
 * the whole of them. The array is copied, the memory it points to is lent until the callback, which gets NULL for a buffer.
 * AIO_ERR_INVALID_ARGUMENT: also NULL views with a count, NULL data with a length.
 */
AIO_API aio_status AIO_CALL aio_state_write_buffers(aio_state *state, const aio_buffer_view *views, size_t view_count,
                                                    aio_buffer_callback callback, const aio_io_options *options);

/* *Driver.* Drops the first `count` unconsumed bytes, all if there are fewer; returns how many are left. */
AIO_API size_t AIO_CALL aio_state_discard(aio_state *state, size_t count);

/* *Driver.* The same, and ends the standing read: nothing more is called, and a new read may start at once. */
AIO_API size_t AIO_CALL aio_state_finish_read(aio_state *state, size_t count);

/* *Driver.* How many of the unconsumed bytes were seen in an earlier delivery of the running standing read. */
AIO_API size_t AIO_CALL aio_state_old_length(const aio_state *state);

/*
 * Completes when a read would give a byte, an end or an error, with NULL and count 0; consumes nothing. It is a read of a
 * kind: only one at a time.
 */
AIO_API aio_status AIO_CALL aio_state_wait_for_input(aio_state *state, aio_buffer_callback callback,
                                                     const aio_io_options *options);

/*
 * Ends the output after the queued writes (TCP: a FIN), within the write timeout; input goes on. From this call on writes,
 * and a second shutdown, are AIO_ERR_CLOSED. The callback (may be NULL) gets AIO_OK, AIO_TIMEOUT, AIO_ERR_CANCELED or the
 * error of the direction; after AIO_TIMEOUT and AIO_ERR_CANCELED nothing was ended and the output works on.
 * AIO_ERR_INVALID_ARGUMENT: NULL. AIO_ERR_CLOSED: closing, closed, or shut down before.
 */
AIO_API aio_status AIO_CALL aio_state_shutdown(aio_state *state, aio_state_callback callback, void *user_info);

/*
 * Completes the operations that run in `direction` (AIO_INPUT, AIO_OUTPUT, AIO_BOTH), queued writes too, with
 * AIO_ERR_CANCELED and exact counts, then calls back (may be NULL): AIO_OK if something was aborted, AIO_ERR_NOT_FOUND if
 * nothing ran. An operation that has finished keeps its outcome. The state works on. A connect is not ended: close does.
 * AIO_ERR_INVALID_ARGUMENT: NULL or a bad direction. AIO_ERR_CLOSED: closing or closed.
 */
AIO_API aio_status AIO_CALL aio_state_abort(aio_state *state, int32_t direction, aio_state_callback callback,
                                            void *user_info);

#ifdef __cplusplus
}
#endif
#endif
