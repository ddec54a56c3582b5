/* aiostate: socket addresses as plain values. */
#ifndef AIOSTATE_ADDRESS_H
#define AIOSTATE_ADDRESS_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A socket address of the system (`struct sockaddr`) and its length in bytes; length 0 is no address. Copy it freely. */
typedef struct aio_address {
  uint32_t length;
  unsigned char storage[128];
} aio_address;

/*
 * Makes an address from a numeric host: IPv4 in dotted form ("192.0.2.1"), IPv6 (RFC 4291, "2001:db8::1"), also with a
 * scope ("fe80::1%eth0", RFC 4007). `port` is in host byte order. Names are not looked up.
 * AIO_ERR_INVALID_ARGUMENT: NULL, or not numeric; `*address` then has length 0.
 */
AIO_API aio_status AIO_CALL aio_address_parse(aio_address *address, const char *host, uint16_t port);

/*
 * Makes the address of a Unix socket (unix(7)) from its path; on Linux a leading '@' means an abstract name, which is no
 * file ("./@name" is one). AIO_ERR_INVALID_ARGUMENT: NULL, empty, or too long (more than 107 bytes on Linux; an abstract
 * name 107 behind the '@'); `*address` then has length 0. AIO_ERR_UNSUPPORTED: the system has no such sockets or names.
 */
AIO_API aio_status AIO_CALL aio_address_unix(aio_address *address, const char *path);

/*
 * Writes the host in numeric form, NUL-terminated, with its scope; for a Unix address its path ("" if unnamed, a leading
 * '@' for Linux's abstract names). 64 bytes are enough for IPv4 and IPv6, 110 for Unix.
 * AIO_ERR_INVALID_ARGUMENT: NULL, or an unknown family. AIO_ERR_LIMIT: `size` is too small; `buffer` then holds "".
 */
AIO_API aio_status AIO_CALL aio_address_host(const aio_address *address, char *buffer, size_t size);

/* Writes host and port: "127.0.0.1:80", "[::1]:80" (RFC 3986); a Unix address as aio_address_host does. Same statuses. */
AIO_API aio_status AIO_CALL aio_address_format(const aio_address *address, char *buffer, size_t size);

/* The port in host byte order; 0 for a Unix address or none. */
AIO_API uint16_t AIO_CALL aio_address_port(const aio_address *address);

/* 4, 6 or AIO_UNIX; 0 for anything else. */
AIO_API int32_t AIO_CALL aio_address_family(const aio_address *address);

/* 1 if both mean the same host, scope and port, or the same path; else 0. NULL equals nothing. */
AIO_API int AIO_CALL aio_address_equal(const aio_address *one, const aio_address *other);

#ifdef __cplusplus
}
#endif
#endif
