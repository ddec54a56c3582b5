/* aiostate: TLS: contexts, and TLS on a state from the beginning, from the middle, or until the middle of a stream. */
#ifndef AIOSTATE_TLS_H
#define AIOSTATE_TLS_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Under TLS (1.2 or 1.3: RFC 5246, RFC 8446) everything in operation.h holds unchanged: exact counts, timeouts, framing,
 * marks and rates, all in bytes of the plaintext. What is particular:
 *
 * - AIO_EOF is the peer's close_notify. A stream that ends without one ends with AIO_ERR_TLS_TRUNCATED: somebody may have
 *   cut it (RFC 8446, 6.1).
 * - A write completes with AIO_OK when the kernel has its last record. On timeout or abort the count includes the bytes that
 *   are sealed already, of at most one record (16 KiB), and they still go out. A record may hold bytes of the write behind
 *   it too: that one's count says so. What a close without linger cuts off is not counted.
 * - aio_state_shutdown sends close_notify and a FIN. A close with linger does too, and awaits the peer's end; one without
 *   sends close_notify if the kernel takes it at once.
 * - AIO_ERR_TLS: the peer broke the protocol or sent an alert. aio_state_error_text says which.
 *
 * A TLS state is made by `tls` in aio_connect_options or aio_accept_options, or by aio_state_attach_tls. It keeps its
 * context as long as it needs it.
 */

/* A side of TLS. */
#define AIO_TLS_CLIENT 1
#define AIO_TLS_SERVER 2

/* A `verify` of servers: a certificate is asked for, but a client may have none. */
#define AIO_OPTIONAL 3

/*
 * Files are PEM (RFC 7468), as is data in memory; everything is read in the call. A certificate and its key are required for
 * a server, and optional for a client, who has them where servers verify their clients.
 */
typedef struct aio_tls_options {
  const char *certificate_file; /* our certificate, followed by those of its issuers without the root */
  const char *key_file;         /* its private key; NULL = in the certificate's file */
  const char *password;         /* of an encrypted key; the library never asks a terminal */
  const void *certificate_data; /* instead of certificate_file: bytes in memory */
  size_t certificate_length;
  const void *key_data; /* instead of key_file; NULL = in certificate_data */
  size_t key_length;
  const char *trust_file;      /* certificates of issuers that are trusted */
  const char *trust_directory; /* the same, hashed as by openssl-rehash(1) */
  const void *trust_data;      /* the same, in memory */
  size_t trust_length;
  const char *crl_file; /* revocation lists; each issuer in a chain must have one */
  int32_t system_trust; /* AIO_YES: trust what the system trusts too; default: if no other trust is given */
  int32_t verify;       /* clients: AIO_YES (default) or AIO_NO; servers: AIO_YES, AIO_OPTIONAL or AIO_NO (default) */
  int32_t minimum_version; /* 12 (default) or 13: TLS 1.2 or 1.3 */
  int32_t session_cache;   /* AIO_NO: no session is resumed; default AIO_YES */
  int32_t low_memory;      /* AIO_YES: idle connections keep no buffers; costs two allocations a record */
  const char *alpn;        /* protocols, the best first, such as "h2,http/1.1" (RFC 7301); NULL = none */
  uint64_t reserved[8];
} aio_tls_options;

/* For TLS on a state that is connected already. */
typedef struct aio_attach_options {
  const char *server_name;  /* clients: the name or numeric address that the certificate must have, and SNI; copied */
  double handshake_timeout; /* seconds; 0 = 10 */
  void *user_info;          /* for the callback; NULL = the state's */
  uint64_t reserved[4];
} aio_attach_options;

/*
 * Makes a context for one side. Options NULL: a client that trusts what the system trusts.
 *
 * Clients verify the chain and the name (RFC 6125; also numeric addresses) unless `verify` is AIO_NO. Servers ask for no
 * certificate by default; one that does needs trust. With `alpn` on both sides and no protocol in common the handshake
 * fails (RFC 7301, 3.2). Sessions are resumed on both sides; clients keep them in the context by name and port. Renegotiation
 * is refused.
 *
 * AIO_ERR_INVALID_ARGUMENT: NULL `out`, a bad side or choice, a server without certificate, a key without certificate, data
 * and file of the same thing, bad `alpn`, a server that verifies without trust. AIO_ERR_UNSUPPORTED: `reserved`.
 * AIO_ERR_NOT_FOUND, AIO_ERR_ACCESS, AIO_ERR_SYSTEM: a file cannot be read. AIO_ERR_TLS_CERTIFICATE: no certificate, key or
 * list in it, the password is wrong, the key is not the certificate's, or it is too weak. aio_last_error_text says more.
 */
AIO_API aio_status AIO_CALL aio_tls_context_create(int32_t side, const aio_tls_options *options, aio_tls_context **out);

/*
 * Gives later connections other certificates and everything else that options say; connections that stand keep what they
 * have, sessions are forgotten. NULL reads the same files again. On failure nothing changes.
 * Statuses as above, and AIO_ERR_INVALID_ARGUMENT: NULL options where data in memory was given, which the context does not
 * keep.
 */
AIO_API aio_status AIO_CALL aio_tls_context_reload(aio_tls_context *context, const aio_tls_options *options);

/*
 * Has a server present `other`'s certificate, with its verification and ALPN, to clients that ask for `name_or_wildcard` by
 * SNI (RFC 6066): a name, or "*." and a name, which stands for one label. A name goes before a wildcard, a later one before
 * an earlier one; who asks for none of them, or for nothing, gets `server`'s own. Later reloads of `other` count.
 * AIO_ERR_INVALID_ARGUMENT: NULL, an empty name, or one of the contexts is a client's.
 */
AIO_API aio_status AIO_CALL aio_tls_context_add_server_name(aio_tls_context *server, const char *name_or_wildcard,
                                                            aio_tls_context *other);

/* Gives the handle back; acceptors, connections and contexts that use it keep what they need. NULL is fine. */
AIO_API void AIO_CALL aio_tls_context_destroy(aio_tls_context *context);

/*
 * Begins TLS on a connected stream on which nothing runs, and does the handshake and verification; the context says which
 * side this is. Bytes that were read and not consumed are taken as the peer's first. Until the callback (may be NULL) both
 * directions are occupied. It comes with AIO_OK; with AIO_ERR_BUSY, and nothing has changed, if another thread's operation
 * came first; or with why not, and then both directions have ended with that status:
 * AIO_TIMEOUT; AIO_ERR_TLS_CERTIFICATE; AIO_ERR_TLS_HOST_NAME; AIO_ERR_TLS; AIO_ERR_TLS_TRUNCATED; an error of the connection;
 * AIO_ERR_CANCELED: closed. An abort does not end it.
 *
 * Refusals: AIO_ERR_INVALID_ARGUMENT: NULL state or context, a bad time, a client that verifies and has no `server_name`.
 * AIO_ERR_UNSUPPORTED: `reserved`, a datagram socket. AIO_ERR_CLOSED: closing, or a direction has ended.
 * AIO_ERR_NOT_CONNECTED: still connecting, or failed to. AIO_ERR_BUSY: an operation runs, or TLS is attached already.
 */
AIO_API aio_status AIO_CALL aio_state_attach_tls(aio_state *state, aio_tls_context *context,
                                                 aio_state_callback callback, const aio_attach_options *options);

/*
 * Ends TLS and goes on in plain: sends close_notify and awaits the peer's, for at most `timeout` seconds (0 = 10). What the
 * peer sent before it, and in plain behind it, is there for the next read. Nothing may run; until the callback (may be NULL;
 * `user_info` NULL = the state's) both directions are occupied. AIO_OK: plain. AIO_TIMEOUT: the peer's close_notify has not
 * come; reading goes on under TLS, writing has ended (AIO_ERR_CLOSED), and detaching may be tried again. An error of TLS or
 * of the connection ends both directions. AIO_ERR_LIMIT: the peer sent more than `buffer_limit` before its close_notify; as
 * AIO_TIMEOUT, and so is AIO_ERR_NO_MEMORY. AIO_ERR_CANCELED: closed.
 *
 * Refusals: AIO_ERR_INVALID_ARGUMENT: NULL, a bad time. AIO_ERR_UNSUPPORTED: a datagram socket. AIO_ERR_CLOSED: closing, or
 * after aio_state_shutdown. AIO_ERR_NOT_CONNECTED: no TLS. AIO_ERR_BUSY: an operation runs.
 */
AIO_API aio_status AIO_CALL aio_state_detach_tls(aio_state *state, aio_state_callback callback, double timeout,
                                                 void *user_info);

/*
 * What the latest handshake came to, from its callback on, also after close. Texts are valid until the state is destroyed or
 * TLS is attached again, and "" where there is nothing to tell; NULL for NULL.
 */
AIO_API int32_t AIO_CALL
aio_state_tls_side(const aio_state *state); /* AIO_TLS_CLIENT, _SERVER; 0 = no TLS (any more) */
AIO_API const char *AIO_CALL aio_state_tls_version(const aio_state *state); /* "TLSv1.3" */
AIO_API const char *AIO_CALL aio_state_tls_cipher(const aio_state *state);  /* "TLS_AES_256_GCM_SHA384" */
AIO_API const char *AIO_CALL aio_state_tls_alpn(const aio_state *state);    /* the protocol agreed on */
AIO_API const char *AIO_CALL
aio_state_tls_server_name(const aio_state *state); /* what was asked for by SNI, on both sides */
AIO_API int AIO_CALL aio_state_tls_session_reused(const aio_state *state); /* 1: resumed, without certificates */

/*
 * Stores the peer's certificate in PEM with a NUL in `buffer`, if it fits into `size` bytes, and returns how many bytes it
 * needs with the NUL. 0: there is none, or no memory.
 */
AIO_API size_t AIO_CALL aio_state_tls_peer_certificate(const aio_state *state, char *buffer, size_t size);

/*
 * *Driver.* OpenSSL's SSL *, for what this API lacks, until TLS is detached or the state closed; NULL without TLS. It must
 * not be read from, written to, shut down or freed.
 */
AIO_API void *AIO_CALL aio_state_ssl(const aio_state *state);

#ifdef __cplusplus
}
#endif
#endif
