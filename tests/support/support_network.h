/* The vocabulary for connecting and accepting: listeners of the test's own, connects, acceptors, echo servers. */
#ifndef SUPPORT_NETWORK_H
#define SUPPORT_NETWORK_H

#include "support.h"

/* Whether this machine has an IPv6 loopback; tests that need it skip themselves otherwise. */
int has_ipv6(void);

/* ---- raw listeners; tear_down closes them ---- */

struct listener {
  const char *host;
  int socket;
  uint16_t port;
  char service[8]; /* the port as text */
};

/* At "127.0.0.1" or the like and any free port: */
struct listener *new_listener(const char *host);
struct listener *new_refusing(const char *host); /* its port is taken, but it refuses every connection */
struct listener *new_silent(const char *host);   /* its queue is full, so it answers no connection */

/* Several at one port, refusing until told otherwise. */
void listeners_at_one_port(const char *const *hosts, int count, struct listener **listeners);
void start_listening(struct listener *listener);
void fall_silent(struct listener *listener);

/* The next connection that came to a listener; drives the pair's collection meanwhile. */
int accept_peer(struct pair *pair, struct listener *listener);

/* A raw, connected socket, which belongs to the caller. */
int dial(const char *host, uint16_t port);

/* ---- connects: the completion's pair is the new state's ---- */

#define start_connect(pair, host, service) started(HERE, try_connect(pair, host, service))
#define start_connect_with(pair, host, service, ...) started(HERE, try_connect_with(pair, host, service, __VA_ARGS__))
#define try_connect(pair, host, service) submit_connect(pair, host, service, NULL)
#define try_connect_with(pair, host, service, ...) \
  submit_connect(pair, host, service, &(aio_connect_options){__VA_ARGS__})

/* Connects in the collection of `pair`. The completion is the state's user_info, so a given one is ignored. */
struct completion *submit_connect(struct pair *pair, const char *host, const char *service,
                                  const aio_connect_options *options);

/* A connect that succeeds and the other end of it. */
struct pair *connected_pair(struct pair *pair, struct listener *listener);

/* ---- acceptors ---- */

enum { kMostAccepted = 256 };

struct acceptor {
  struct pair *pair;    /* whose collection it lives in */
  const char *host;     /* where to reach it */
  aio_acceptor *handle; /* NULL once a test has destroyed it, or if it was refused */
  aio_status submitted;
  uint16_t port;
  char service[8];
  void (*then)(struct acceptor *); /* run inside the accept callback, after all below was recorded */
  void *context;                   /* for `then` */

  int accepts;                       /* accept and socket callbacks entered */
  int done;                          /* and about to return */
  struct pair *pairs[kMostAccepted]; /* what they handed out: a state, which tear_down destroys, */
  aio_socket sockets[kMostAccepted]; /* or a raw socket, which it closes unless set to AIO_NO_SOCKET */
  int orders[kMostAccepted];         /* when, as in struct completion */
  int errors;                        /* calls of recorded_accept_error, */
  aio_status error;                  /* the latest status and text */
  char error_text[128];
};

#define start_acceptor(pair, host) accepting(HERE, try_acceptor(pair, host, "0"))
#define start_acceptor_with(pair, host, ...) accepting(HERE, try_acceptor_with(pair, host, "0", __VA_ARGS__))
#define try_acceptor(pair, host, service) submit_acceptor(pair, host, service, NULL)
#define try_acceptor_with(pair, host, service, ...) \
  submit_acceptor(pair, host, service, &(aio_accept_options){__VA_ARGS__})

/* The struct acceptor is the acceptor's user_info, so a given one is ignored. */
struct acceptor *submit_acceptor(struct pair *pair, const char *host, const char *service,
                                 const aio_accept_options *options);
struct acceptor *submit_acceptor_socket(struct pair *pair, aio_socket listening, const aio_accept_options *options);
struct acceptor *accepting(struct place place, struct acceptor *acceptor);

void recorded_accept(aio_acceptor *handle, aio_state *state, void *acceptor);
void recorded_socket(aio_acceptor *handle, aio_socket socket, void *acceptor);
void recorded_accept_error(aio_acceptor *handle, aio_status status, void *acceptor);

#define start_acceptor_close(acceptor) started(HERE, submit_acceptor_close(acceptor))
struct completion *submit_acceptor_close(struct acceptor *acceptor);
void destroy_acceptor(struct acceptor *acceptor);

/* Connects to an acceptor: a raw socket that is the caller's; and the pair of it and the state handed out for it. */
int dial_acceptor(struct acceptor *acceptor);
struct pair *meet(struct acceptor *acceptor);

/* A `then` for acceptors: sends back what each state receives, and the end too. */
void then_echo(struct acceptor *acceptor);

#endif
