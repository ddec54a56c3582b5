/* aiostate: the words that several headers share: handles, choices, times, callbacks, counters. */
#ifndef AIOSTATE_TYPES_H
#define AIOSTATE_TYPES_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Opaque handles. */
typedef struct aio_collection aio_collection;   /* an event loop: collection.h */
typedef struct aio_timer aio_timer;             /* collection.h */
typedef struct aio_state aio_state;             /* a socket and its operations: state.h, operation.h */
typedef struct aio_acceptor aio_acceptor;       /* a listening socket: acceptor.h */
typedef struct aio_tls_context aio_tls_context; /* certificates and trust: tls.h */

/*
 * Times are `double` seconds, fractions allowed. AIO_NO_TIMEOUT, and everything from 1e9 on, means none. Where a struct
 * says "0 = the state's" or "0 = none", 0 means that. NaN and negative times are AIO_ERR_INVALID_ARGUMENT.
 */
#define AIO_NO_TIMEOUT 1e300

/* A choice. Beware: these are not C's truth values: AIO_NO is not 0. */
#define AIO_DEFAULT 0
#define AIO_YES 1
#define AIO_NO 2

/* A direction. */
#define AIO_INPUT 1
#define AIO_OUTPUT 2
#define AIO_BOTH 3

/* A kind of socket. */
#define AIO_STREAM 1
#define AIO_DATAGRAM 2

/* An address family beside 4 (IPv4) and 6 (IPv6). */
#define AIO_UNIX 1

/*
 * Callbacks. `user_info` is what the operation was given, else what its state or acceptor was. All run on the thread
 * that drives the collection; they must not throw or longjmp.
 */

/* An operation that moves bytes has ended; `count` bytes of `buffer` were filled or taken. The outcome is
 * aio_state_read_status() or aio_state_write_status(). */
typedef void(AIO_CALL *aio_buffer_callback)(aio_state *state, void *buffer, size_t count, void *user_info);
/* A connect, shutdown, abort, attach, detach or close has ended with `status`. */
typedef void(AIO_CALL *aio_state_callback)(aio_state *state, aio_status status, void *user_info);
/* A connection was accepted; `state` is the callback's to destroy, then or later. */
typedef void(AIO_CALL *aio_accept_callback)(aio_acceptor *acceptor, aio_state *state, void *user_info);
/* The same without a state; `socket` is the callback's to close, then or later. */
typedef void(AIO_CALL *aio_socket_callback)(aio_acceptor *acceptor, aio_socket socket, void *user_info);
/* An acceptor was closed, could not accept, or a TLS handshake has failed. */
typedef void(AIO_CALL *aio_acceptor_callback)(aio_acceptor *acceptor, aio_status status, void *user_info);
/* A timer is due. */
typedef void(AIO_CALL *aio_timer_callback)(aio_timer *timer, void *user_info);
/* A function applied in a collection's thread. */
typedef void(AIO_CALL *aio_function)(void *argument);
/* A line for the program's log; `text` is valid during the call. */
typedef void(AIO_CALL *aio_log_function)(int32_t level, const char *text, void *user_info);

/* What a collection or a state has done since it was made. A state leaves `open_states` 0. */
typedef struct aio_counters {
  uint64_t bytes_read;         /* taken from sockets; under TLS, opened */
  uint64_t bytes_written;      /* taken by the kernel; under TLS, sealed */
  uint64_t operations_read;    /* read operations completed; each delivery of a standing read counts */
  uint64_t operations_written; /* write operations completed */
  uint64_t calls_read;         /* system calls that tried to read */
  uint64_t calls_written;      /* system calls that tried to write */
  uint64_t callbacks;          /* callbacks run */
  uint64_t open_states;        /* states whose socket is open or connecting */
  uint64_t reserved[8];
} aio_counters;

#ifdef __cplusplus
}
#endif
#endif
