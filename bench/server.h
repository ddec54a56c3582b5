/* What all echo servers share: their arguments, the listening socket and when to end. None of it runs per message. */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct server_options {
  size_t size;    /* bytes of a message */
  size_t answer;  /* of what is written back: the message's first bytes, or the message and zeros behind it */
  double timeout; /* seconds for every operation; 0 = none */
  int gather;     /* answer all messages that are there with one write (bare epoll alone) */
  int tls;
  int low_memory; /* idle TLS connections keep no buffers */
  int once;       /* exit when the last connection has closed */
  int batched;    /* receive many datagrams at once (libuv alone) */
  int single;     /* one datagram at a time */
} server_options;

/*
 * Reads `--size N`, `--answer N` (default: the size), `--timeout SECONDS` and the others, such as `--low-memory`, without a
 * value; ends the program if it cannot.
 */
server_options server_arguments(int argc, char **argv);

/*
 * A non-blocking socket that listens on a free port of the loopback interface; prints "port N own M", where M is what the
 * server's own code, not the library under it, allocates per connection.
 */
int server_listen(size_t own_bytes);

/* The same for a UDP socket, with a large buffer in the kernel. */
int server_bind_udp(void);

/* Without Nagle's delay, which every server here turns off. */
void server_set_nodelay(int descriptor);

/* To be called for each connection, for `once`. */
void server_opened(void);
void server_closed(const server_options *options);

/* Bytes of memory that hold a message and then its answer. */
size_t server_longest(const server_options *options);

/* How much a server that takes what is there reads at once. */
size_t server_capacity(size_t message_size);

/* Memory, all zero, that a benchmark cannot go on without. */
void *server_allocate(size_t size);

#ifdef __cplusplus
}
#endif
#endif
