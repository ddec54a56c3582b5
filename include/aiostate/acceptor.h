/* aiostate: the acceptor, a listening socket that hands out states. */
#ifndef AIOSTATE_ACCEPTOR_H
#define AIOSTATE_ACCEPTOR_H

#include "address.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct aio_accept_options {
  int32_t backlog;         /* connections the kernel queues (listen(2)); 0 = the system's maximum */
  int32_t family;          /* 4 or 6: only this family; 0 = both where the system has dual stack */
  int32_t reuse_port;      /* AIO_YES: several sockets share the port (SO_REUSEPORT); default AIO_NO */
  int32_t nodelay;         /* of accepted sockets, TCP_NODELAY: AIO_YES (default) or AIO_NO */
  int32_t keepalive;       /* of accepted sockets, SO_KEEPALIVE: AIO_YES or AIO_NO (default) */
  int32_t queue_output;    /* of accepted states, as in aio_state_options */
  int32_t unix_mode;       /* permissions of the socket file, such as 0600 (chmod(2)); 0 = as the umask leaves them */
  size_t connection_limit; /* stop accepting at so many open states, go on below; 0 = none; not for raw sockets */
  double read_timeout;     /* of accepted states, as in aio_state_options */
  double write_timeout;
  void *user_info;  /* the acceptor's, with which accepted states start too */
  const char *name; /* the acceptor's, and accepted states'; copied */
  aio_socket_callback
      socket_callback; /* hand out raw sockets instead of states; the accept callback may then be NULL */
  aio_acceptor_callback error_callback; /* told of accept failures; NULL = nobody is */
  aio_collection *const *collections;   /* make accepted states in these in turn; closed ones are passed over */
  size_t collection_count;
  aio_tls_context *tls;     /* a server's: states are handed out after their TLS handshake; NULL = none */
  double handshake_timeout; /* seconds; 0 = 10 */
  aio_acceptor_callback
      tls_error_callback; /* told of failed handshakes, whose connections are closed; NULL = nobody is */
  uint64_t reserved[8];
} aio_accept_options;

/*
 * Listens on `address` (a name or a numeric address; the first that can be bound is used; NULL = all of the machine's)
 * and `service` (a port number or a service name; "0" = a free port, see aio_acceptor_local_port). Binding happens in
 * this call. The callback runs for each connection on the acceptor's collection, until aio_acceptor_close; the state may
 * live in another one (`collections`) and its callbacks run there. POSIX sets SO_REUSEADDR, Windows SO_EXCLUSIVEADDRUSE.
 *
 * Accept failures go to `error_callback` and the acceptor goes on. AIO_ERR_TOO_MANY_FILES is told once, then the acceptor
 * waits and tries again until there are descriptors.
 *
 * With `tls` a connection is handed out when its handshake is done, which goes on in the collection of its state; until
 * then it costs nothing but its memory. At most 1024 handshakes go on at once; further connections stay in the kernel's queue. A
 * failed one goes to `tls_error_callback` with AIO_TIMEOUT, AIO_ERR_TLS, AIO_ERR_TLS_CERTIFICATE or an error of the
 * connection; aio_acceptor_error_text says more.
 *
 * AIO_ERR_INVALID_ARGUMENT: NULL collection, service or `out`, neither callback nor `socket_callback`, a bad time, choice
 * or family, `collection_count` without `collections`, `tls` is a client's. AIO_ERR_UNSUPPORTED: `reserved`, `tls` with
 * `socket_callback`, or the system lacks `reuse_port` or the family. AIO_ERR_CLOSED: the collection has ended. AIO_ERR_ADDRESS_IN_USE,
 * AIO_ERR_ADDRESS_NOT_AVAILABLE, AIO_ERR_ACCESS, AIO_ERR_HOST_NOT_FOUND, AIO_ERR_SERVICE_NOT_FOUND,
 * AIO_ERR_TOO_MANY_FILES, AIO_ERR_SYSTEM: why it could not be bound; aio_last_error_text says more.
 */
AIO_API aio_status AIO_CALL aio_acceptor_create_tcp(aio_collection *collection, const char *address,
                                                    const char *service, aio_accept_callback callback,
                                                    const aio_accept_options *options, aio_acceptor **out);

/*
 * Listens on a Unix socket (unix(7)) at `path`, as aio_address_unix takes it. A socket file that nobody listens on any more
 * is replaced; the file is removed when the acceptor closes, if it is still this one's. `family`, `reuse_port`, `nodelay`
 * and `keepalive` do not matter.
 * Refusals as above, and AIO_ERR_INVALID_ARGUMENT: NULL, an empty or too long path, a mode outside 0 to 0777;
 * AIO_ERR_ADDRESS_IN_USE: somebody listens there, or the file is no socket; AIO_ERR_NOT_FOUND: no such directory;
 * AIO_ERR_ACCESS.
 */
AIO_API aio_status AIO_CALL aio_acceptor_create_unix(aio_collection *collection, const char *path,
                                                     aio_accept_callback callback, const aio_accept_options *options,
                                                     aio_acceptor **out);

/*
 * The same with a socket that listens already, such as one that systemd passed (sd_listen_fds(3)); it becomes the
 * acceptor's and non-blocking. `backlog`, `family` and `reuse_port` are ignored. On refusal it stays the caller's.
 * AIO_ERR_INVALID_ARGUMENT: also AIO_NO_SOCKET. AIO_ERR_UNSUPPORTED: also not a stream socket, or not listening.
 */
AIO_API aio_status AIO_CALL aio_acceptor_create_socket(aio_collection *collection, aio_socket listening,
                                                       aio_accept_callback callback, const aio_accept_options *options,
                                                       aio_acceptor **out);

/*
 * Ends accepting: no accept callback begins after this call, what was accepted and not handed out is closed, and the
 * callback (may be NULL; user_info NULL = the acceptor's) comes with AIO_OK when the port is free. States handed out live
 * on. A second close returns AIO_OK and its callback follows the first one's. AIO_ERR_INVALID_ARGUMENT: NULL.
 * AIO_ERR_CLOSED: a callback was given, but the collection has ended and nobody could call it.
 */
AIO_API aio_status AIO_CALL aio_acceptor_close(aio_acceptor *acceptor, aio_acceptor_callback callback, void *user_info);

/*
 * Stops handing out connections, and starts again; meanwhile the kernel queues them up to the backlog. Either may be
 * called twice. AIO_ERR_INVALID_ARGUMENT: NULL. AIO_ERR_CLOSED: closing or closed.
 */
AIO_API aio_status AIO_CALL aio_acceptor_pause(aio_acceptor *acceptor);
AIO_API aio_status AIO_CALL aio_acceptor_resume(aio_acceptor *acceptor);

/* Gives the handle back, closing the acceptor first if need be. NULL is fine. */
AIO_API void AIO_CALL aio_acceptor_destroy(aio_acceptor *acceptor);

/* Where the acceptor lives: NULL from the call of close on. */
AIO_API aio_collection *AIO_CALL aio_acceptor_collection(const aio_acceptor *acceptor);

/* The port it listens on, in host byte order, also after close; 0 for a socket that has none. */
AIO_API uint16_t AIO_CALL aio_acceptor_local_port(const aio_acceptor *acceptor);

/* The address it listens on, also after close. AIO_ERR_INVALID_ARGUMENT: NULL. */
AIO_API aio_status AIO_CALL aio_acceptor_local_address(const aio_acceptor *acceptor, aio_address *out);

/* The listening socket, to look at; AIO_NO_SOCKET once closed. It stays the acceptor's. */
AIO_API aio_socket AIO_CALL aio_acceptor_socket(const aio_acceptor *acceptor);

/* The name it was given, "" if none; NULL for NULL. Valid as long as the acceptor. */
AIO_API const char *AIO_CALL aio_acceptor_name(const aio_acceptor *acceptor);

/* What its callbacks get. Accepted states start with what is set when they are handed out. */
AIO_API void *AIO_CALL aio_acceptor_user_info(const aio_acceptor *acceptor);
AIO_API aio_status AIO_CALL aio_acceptor_set_user_info(aio_acceptor *acceptor, void *user_info);

/* *Driver.* More about the latest accept or handshake failure; "" if there was none. Valid until the next failure. */
AIO_API const char *AIO_CALL aio_acceptor_error_text(const aio_acceptor *acceptor);

#ifdef __cplusplus
}
#endif
#endif
