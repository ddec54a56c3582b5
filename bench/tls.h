/* What all programs share that speak TLS: a certificate made at start, and contexts. The clients choose TLS 1.3 and the
 * cipher, so that all servers work alike. */
#ifndef BENCH_TLS_H
#define BENCH_TLS_H

#include <openssl/ssl.h>

#include "server.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A new self-signed certificate on P-256 and its key, as PEM; never freed. */
const char *tls_identity(size_t *length);

/* A server's context with such a certificate. Partial writes are on; `low_memory` releases idle buffers, `gather` reads
 * ahead. */
SSL_CTX *tls_server_context(const server_options *options);

/* A client's, which verifies nothing and offers TLS 1.3 with TLS_AES_128_GCM_SHA256. */
SSL_CTX *tls_client_context(void);

/*
 * What recv and send would have returned, -1 with EAGAIN in errno included, whichever way OpenSSL wants to go on: nothing
 * here changes keys while the other direction is full.
 */
ssize_t tls_receive(SSL *ssl, void *buffer, size_t size);
ssize_t tls_send(SSL *ssl, const void *data, size_t length);

#ifdef __cplusplus
}
#endif
#endif
