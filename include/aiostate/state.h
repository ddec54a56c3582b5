/* aiostate: the state: one socket, how it is made, asked, set and ended. Its operations are in operation.h. */
#ifndef AIOSTATE_STATE_H
#define AIOSTATE_STATE_H

#include "address.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* For a socket that exists already. */
typedef struct aio_state_options {
  int32_t kind;         /* AIO_STREAM or AIO_DATAGRAM; 0 = what the socket is */
  int32_t queue_output; /* AIO_NO: a second write while one runs is AIO_ERR_BUSY; default: writes queue */
  double read_timeout;  /* seconds for each read; 0 = none */
  double write_timeout; /* seconds for each write; 0 = none */
  void *user_info;      /* for callbacks that were given none of their own */
  const char *name;     /* for people; copied */
  uint64_t reserved[4];
} aio_state_options;

/* For a new connection. */
typedef struct aio_connect_options {
  double connect_timeout;      /* seconds for names, all addresses and TLS together; 0 = none but the system's */
  double read_timeout;         /* as in aio_state_options */
  double write_timeout;        /* as in aio_state_options */
  void *user_info;             /* as in aio_state_options; the connect callback's too */
  const char *name;            /* as in aio_state_options */
  int32_t family;              /* 4 or 6: only these addresses; 0 = both */
  int32_t nodelay;             /* TCP_NODELAY: AIO_YES (default) or AIO_NO */
  int32_t keepalive;           /* SO_KEEPALIVE: AIO_YES or AIO_NO (default) */
  int32_t queue_output;        /* as in aio_state_options */
  const char *local_address;   /* numeric address to connect from; NULL = the system's choice */
  const char *local_service;   /* port to connect from; NULL = the system's choice */
  aio_tls_context *tls;        /* a client's: TLS from the first byte; NULL = none */
  const char *tls_server_name; /* what the certificate must have, and SNI; NULL = the host */
  double handshake_timeout;    /* seconds for TLS alone; 0 = what the connect timeout leaves */
  uint64_t reserved[8];
} aio_connect_options;

/* How fast bytes may move: a token bucket (RFC 2697 calls its parts CIR and CBS). */
typedef struct aio_rate_limit {
  double bytes_per_second; /* more than 0 */
  uint64_t burst;          /* bytes that may move at once after a pause; 0 = what a tenth of a second allows */
  uint64_t reserved[4];
} aio_rate_limit;

/* Who is at the other end of a Unix socket, when it connected or began to listen; -1 = not known. */
typedef struct aio_credentials {
  int64_t process; /* process id */
  int64_t user;    /* effective user id */
  int64_t group;   /* effective group id */
  uint64_t reserved[4];
} aio_credentials;

typedef struct aio_close_options {
  double linger;   /* seconds for queued writes and an orderly end; 0 = close at once */
  int32_t reset;   /* AIO_YES: end with a TCP reset instead of a FIN */
  void *user_info; /* for the close callback; NULL = the state's */
  uint64_t reserved[4];
} aio_close_options;

/*
 * Wraps a socket, which becomes the state's, non-blocking, and is closed with it. The socket must be a stream
 * socket (TCP; on POSIX also Unix) that is connected, or a datagram socket (UDP; on POSIX also Unix). On refusal it stays the caller's, but may be non-blocking.
 * AIO_ERR_INVALID_ARGUMENT: NULL, AIO_NO_SOCKET, a bad time or choice. AIO_ERR_UNSUPPORTED: `reserved`, another kind
 * of socket, or `kind` differs from what it is. AIO_ERR_CLOSED: the collection has ended. AIO_ERR_SYSTEM: not a socket.
 */
AIO_API aio_status AIO_CALL aio_state_create(aio_collection *collection, aio_socket socket,
                                             const aio_state_options *options, aio_state **out);

/*
 * Makes a state at once and connects it to `host` (a name or a numeric address) and `service` (a port number or a
 * service name). Names are looked up off the loop's thread. Several addresses are tried in the order of RFC 8305
 * ("Happy Eyeballs"): families alternating, the next after 250 ms or when one has failed; the first to connect wins.
 *
 * With `tls` (streams only) the callback comes after the handshake and the verification of the certificate, all inside the
 * connect timeout, and its outcomes include AIO_ERR_TLS, AIO_ERR_TLS_CERTIFICATE, AIO_ERR_TLS_HOST_NAME (see tls.h).
 *
 * Operations may be submitted at once and wait. The callback comes once, before theirs, with AIO_OK; AIO_TIMEOUT: the
 * connect timeout is over; AIO_ERR_CANCELED: closed; AIO_ERR_HOST_NOT_FOUND, AIO_ERR_SERVICE_NOT_FOUND (also a number
 * above 65535), AIO_ERR_CONNECTION_REFUSED, AIO_ERR_UNREACHABLE, AIO_ERR_ADDRESS_IN_USE or
 * AIO_ERR_ADDRESS_NOT_AVAILABLE (the local address), AIO_ERR_CONNECTION_RESET, AIO_ERR_CONNECTION_TIMED_OUT,
 * AIO_ERR_ACCESS, AIO_ERR_TOO_MANY_FILES, AIO_ERR_NO_MEMORY, AIO_ERR_SYSTEM. If every address failed, the status is that of the one that came furthest; aio_state_error_text names
 * it. After a failed connect every operation, waiting or new, completes with its status. The state is the caller's to
 * destroy in each case.
 *
 * Refusals: AIO_ERR_INVALID_ARGUMENT: NULL collection, host, service, callback or `out`, a bad time, choice or family,
 * `tls` is a server's, or verifies and there is no name. AIO_ERR_UNSUPPORTED: `reserved`. AIO_ERR_CLOSED: the collection has
 * ended.
 */
AIO_API aio_status AIO_CALL aio_state_connect_tcp(aio_collection *collection, const char *host, const char *service,
                                                  aio_state_callback callback, const aio_connect_options *options,
                                                  aio_state **out);

/*
 * The same for a Unix socket (unix(7)) at `path`, as aio_address_unix takes it. Of the options `family`, `nodelay`,
 * `keepalive`, `local_service` do not matter; `local_address` is a path to bind to; `tls` that verifies needs
 * `tls_server_name`. While the listener's queue is full the
 * connect waits for room. Outcomes: AIO_ERR_NOT_FOUND: no such file; AIO_ERR_CONNECTION_REFUSED: nobody listens there;
 * AIO_ERR_ACCESS, AIO_TIMEOUT, AIO_ERR_CANCELED, AIO_ERR_TOO_MANY_FILES, AIO_ERR_NO_MEMORY, AIO_ERR_SYSTEM.
 * Refusals: as above, and AIO_ERR_INVALID_ARGUMENT: the path is empty or too long (108 bytes on Linux).
 */
AIO_API aio_status AIO_CALL aio_state_connect_unix(aio_collection *collection, const char *path,
                                                   aio_state_callback callback, const aio_connect_options *options,
                                                   aio_state **out);

/*
 * Closes: from this call on the state is closing: it is not open, and new operations are AIO_ERR_CLOSED. Running
 * operations complete with AIO_ERR_CANCELED and their counts, the socket is closed, and the callback (may be NULL) comes
 * last, with AIO_OK. Bytes read and not consumed stay for aio_state_take_buffered.
 *
 * `linger`: reads end at once, but queued writes and an orderly end (a FIN, then the peer's; what it still sends is
 * thrown away) get so many seconds; what is unsent then is AIO_ERR_CANCELED. Without linger the kernel goes on sending
 * what it has taken, but unread input makes TCP reset the connection, which can destroy it (RFC 2525, 2.17).
 * `reset`: queued bytes are dropped and the peer gets a reset.
 *
 * A second close returns AIO_OK; its callback follows the first one's; a shorter linger or a reset takes effect.
 * AIO_ERR_INVALID_ARGUMENT: NULL, a bad time or choice. AIO_ERR_UNSUPPORTED: `reserved`. AIO_ERR_CLOSED: a callback was
 * given, but the collection has ended and nobody could call it.
 */
AIO_API aio_status AIO_CALL aio_state_close(aio_state *state, aio_state_callback callback,
                                            const aio_close_options *options);

/*
 * *Driver.* Closes the state as aio_state_close does, but leaves its socket open, non-blocking, and the caller's, in
 * `*out`. Bytes that were read and not consumed stay for aio_state_take_buffered.
 * AIO_ERR_INVALID_ARGUMENT: NULL. AIO_ERR_CLOSED: closing. AIO_ERR_NOT_CONNECTED: still connecting, or failed to.
 * AIO_ERR_BUSY: another thread drives the collection, or TLS is attached.
 */
AIO_API aio_status AIO_CALL aio_state_release_socket(aio_state *state, aio_socket *out);

/* Gives the handle back, closing the state first if need be. NULL is fine. See law 5 for operations still running. */
AIO_API void AIO_CALL aio_state_destroy(aio_state *state);

/* *Driver.* Bytes that were read from the socket and not consumed, also after close. */
AIO_API size_t AIO_CALL aio_state_buffered_length(const aio_state *state);

/* *Driver.* Moves up to `length` of those bytes into `buffer`; returns how many. 0 while a read runs. */
AIO_API size_t AIO_CALL aio_state_take_buffered(aio_state *state, void *buffer, size_t length);

/*
 * The outcome of the direction's latest operation whose callback was entered; AIO_OK before the first.
 * AIO_ERR_INVALID_ARGUMENT: NULL.
 */
AIO_API aio_status AIO_CALL aio_state_read_status(const aio_state *state);
AIO_API aio_status AIO_CALL aio_state_write_status(const aio_state *state);

/* The system's number (errno, or WSAGetLastError's) behind the latest error; 0 if there was none. */
AIO_API int AIO_CALL aio_state_system_error(const aio_state *state);

/* *Driver.* More about the latest error, such as the address; "" if there is nothing. Valid until the next completion. */
AIO_API const char *AIO_CALL aio_state_error_text(const aio_state *state);

/* Where the state lives, and whether it is open: NULL and 0 from the call of close on. */
AIO_API aio_collection *AIO_CALL aio_state_collection(const aio_state *state);
AIO_API int AIO_CALL aio_state_is_open(const aio_state *state);

/* The socket, to look at and to set options; AIO_NO_SOCKET while there is none. It stays the state's. */
AIO_API aio_socket AIO_CALL aio_state_socket(const aio_state *state);

/* The name it was given, "" if none; NULL for NULL. Valid as long as the state. */
AIO_API const char *AIO_CALL aio_state_name(const aio_state *state);

/* Bytes submitted that the kernel has not taken yet; write operations whose callback was not entered yet. */
AIO_API size_t AIO_CALL aio_state_queued_bytes(const aio_state *state);
AIO_API size_t AIO_CALL aio_state_queued_writes(const aio_state *state);

/*
 * The addresses of the connection. AIO_ERR_INVALID_ARGUMENT: NULL. AIO_ERR_NOT_CONNECTED: there is none yet.
 * AIO_ERR_CLOSED: closed. `out` then has length 0. Safe against a close on another thread.
 */
AIO_API aio_status AIO_CALL aio_state_local_address(const aio_state *state, aio_address *out);
AIO_API aio_status AIO_CALL aio_state_peer_address(const aio_state *state, aio_address *out);

/* What callbacks get that were given no user info of their own. AIO_ERR_INVALID_ARGUMENT: NULL state. */
AIO_API void *AIO_CALL aio_state_user_info(const aio_state *state);
AIO_API aio_status AIO_CALL aio_state_set_user_info(aio_state *state, void *user_info);

/*
 * Seconds that operations submitted later get; AIO_NO_TIMEOUT if no limit, which setting 0 means too.
 * AIO_ERR_INVALID_ARGUMENT: NULL or a bad time. The readers answer 0 for NULL.
 */
AIO_API double AIO_CALL aio_state_read_timeout(const aio_state *state);
AIO_API aio_status AIO_CALL aio_state_set_read_timeout(aio_state *state, double seconds);
AIO_API double AIO_CALL aio_state_write_timeout(const aio_state *state);
AIO_API aio_status AIO_CALL aio_state_set_write_timeout(aio_state *state, double seconds);

/* Most new bytes per delivery of a standing read; setting 0 brings the default back, 65536. */
AIO_API size_t AIO_CALL aio_state_max_read(const aio_state *state);
AIO_API aio_status AIO_CALL aio_state_set_max_read(aio_state *state, size_t bytes);

/* Most unconsumed bytes a standing read may keep before it ends with AIO_ERR_LIMIT; 0 = default, 16 MiB. */
AIO_API size_t AIO_CALL aio_state_buffer_limit(const aio_state *state);
AIO_API aio_status AIO_CALL aio_state_set_buffer_limit(aio_state *state, size_t bytes);

/* Bytes that may wait besides those of the first write; a write beyond is AIO_ERR_LIMIT. 0 = default, no limit;
 * the reader then answers SIZE_MAX. */
AIO_API size_t AIO_CALL aio_state_write_limit(const aio_state *state);
AIO_API aio_status AIO_CALL aio_state_set_write_limit(aio_state *state, size_t bytes);

/*
 * Has `drained` called with AIO_OK once the queued bytes (see aio_state_queued_bytes) have reached `high` (0 counts as 1)
 * and fallen to `low` or less again, each time anew; when the output has ended, with its status. That is when a producer
 * that stopped at the high mark goes on. Nothing is called once the state is closing. `user_info` NULL = the state's.
 * New marks replace the old ones; `drained` NULL removes them.
 * AIO_ERR_INVALID_ARGUMENT: NULL state, low > high. AIO_ERR_CLOSED: closing.
 */
AIO_API aio_status AIO_CALL aio_state_set_write_marks(aio_state *state, size_t high, size_t low,
                                                      aio_state_callback drained, void *user_info);

/*
 * Lets bytes move in `direction` (AIO_INPUT, AIO_OUTPUT, AIO_BOTH: each by itself) no faster than `limit` says, from now
 * on; NULL = no limit. A datagram counts with its bytes and is never cut; timeouts go on while bytes wait.
 * AIO_ERR_INVALID_ARGUMENT: NULL state, bad direction, a rate that is not more than 0.
 * AIO_ERR_UNSUPPORTED: `reserved`. AIO_ERR_CLOSED: closing.
 */
AIO_API aio_status AIO_CALL aio_state_set_rate_limit(aio_state *state, int32_t direction, const aio_rate_limit *limit);

/*
 * Who is at the other end of a connected Unix socket (SO_PEERCRED, getpeereid(3)). Safe against a close on another thread.
 * AIO_ERR_INVALID_ARGUMENT: NULL. AIO_ERR_UNSUPPORTED: not a Unix stream socket. AIO_ERR_CLOSED: closing.
 * AIO_ERR_NOT_CONNECTED: still connecting, or failed to.
 */
AIO_API aio_status AIO_CALL aio_state_peer_credentials(const aio_state *state, aio_credentials *out);

/*
 * TCP_NODELAY and SO_KEEPALIVE, read from the socket or, while connecting, what it will get: AIO_YES, AIO_NO, or 0 where
 * there is no such thing. AIO_ERR_INVALID_ARGUMENT: NULL, or neither AIO_YES nor AIO_NO.
 * AIO_ERR_CLOSED: closed. AIO_ERR_UNSUPPORTED: not such a socket. Safe against a close on another thread.
 */
AIO_API int32_t AIO_CALL aio_state_nodelay(const aio_state *state);
AIO_API aio_status AIO_CALL aio_state_set_nodelay(aio_state *state, int32_t choice);
AIO_API int32_t AIO_CALL aio_state_keepalive(const aio_state *state);
AIO_API aio_status AIO_CALL aio_state_set_keepalive(aio_state *state, int32_t choice);

/* Copies what the state has done so far. AIO_ERR_INVALID_ARGUMENT: NULL. */
AIO_API aio_status AIO_CALL aio_state_counters(const aio_state *state, aio_counters *out);

#ifdef __cplusplus
}
#endif
#endif
