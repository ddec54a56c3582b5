/*
 * The vocabulary of the sweeps. A sweep runs a scenario again and again, while something fails at the first, the second,
 * the third ... point where it can, until a run ends in which there was no such point. In every run
 *   - an accepted operation completes exactly once, a refused one never, and nothing hangs,
 *   - every status is one that the failure can lead to; without a failure, the expected one,
 *   - bytes read are the bytes written, and all of them where the stream ended in order,
 *   - no callback runs inside a call that must run none,
 *   - no allocation, descriptor or thread is left.
 * So a scenario goes on after failures: what was refused has ended, and a state of which a step failed is destroyed.
 */
#ifndef SUPPORT_SWEEP_H
#define SUPPORT_SWEEP_H

#include "support.h"

/* ---- what fails: given by the sweeps ---- */

struct fault {
  const char *name;
  void (*arm)(const struct fault *fault, long number); /* the number-th point from now fails; 0: none, and it ends */
  int (*hit)(void);                                    /* has there been such a point? */
  int (*allows)(const struct fault *fault, aio_status status); /* may a call or operation end so after the hit? */
  int lasts; /* everything after the point fails too: then scenarios do not wait for what cannot come */
};

/* Runs the scenario until there is nothing left to fail; returns how many points there were. */
long sweep(const char *name, void (*scenario)(void), const struct fault *fault);

/* The library's memory. With `lasts` all that come after the number-th fail too. */
void use_sweep_memory(void);
void fail_memory(long number, int lasts);
int memory_has_failed(void);

/* No point of a sweep lies between these: for what a scenario does besides calling the library. */
void begin_apart(void);
void end_apart(void);
int is_apart(void);

/* ---- scenarios: all that they make is given back at the end of a run ---- */

/* One end of a stream. */
struct end {
  aio_state *state;   /* NULL if it was refused or destroyed */
  uint64_t taken;     /* bytes of payload that the kernel took from here, */
  uint64_t got;       /* and that were read here, */
  int eof;            /* up to the end of the stream */
  struct end *peer;   /* whose `taken` and `got` must fit, if known */
  uint64_t submitted; /* where the next write begins while */
  int writing;        /* so many are running */
  int is_broken;      /* a step failed: the state is destroyed, so that the other end need not wait */
};

/* An operation, an applied function, a timer. */
struct step {
  struct end *end;
  int accepted, calls;
  aio_status status, expected;
  char *memory;
  void (*then)(struct step *); /* inside the callback */
  /* of the kinds that need it: */
  aio_timer *timer;
  int calls_wanted;   /* 1 but for timers */
  size_t keep, total; /* a standing read's */
  int may_fail;       /* does not break its end */
};

struct gate {                 /* an acceptor */
  aio_acceptor *handle;       /* NULL if it was refused */
  uint16_t port;              /* 0: nobody can come */
  void (*then)(struct end *); /* inside the accept callback */
};

aio_collection *sweep_collection(void); /* NULL if refused, as from all that follow */
aio_tls_context *sweep_context(int32_t side, const aio_tls_options *options);
aio_collection *sweep_threaded_collection(void);
void sweep_destroy_collection(aio_collection *collection);
struct end *sweep_adopt(aio_collection *collection, int socket);
void sweep_pair(aio_collection *collection, enum link link, struct end *ends[2]);
struct gate *sweep_gate(aio_collection *collection, const aio_accept_options *options, void (*then)(struct end *));
struct step *sweep_gate_close(struct gate *gate);

/* Of a state or a collection that was refused, they are refused too. */
struct step *sweep_connect(aio_collection *collection, const char *host, uint16_t port,
                           const aio_connect_options *options);
struct step *sweep_read(struct end *end, size_t length, size_t minimum);
struct step *sweep_standing_read(struct end *end, size_t keep, size_t total); /* consumes by `keep`, up to `total` */
struct step *sweep_write(struct end *end, size_t length);
struct step *sweep_frame(struct end *end, size_t length); /* the next so many bytes, by read_frame, */
struct step *sweep_line(struct end *end, size_t length);  /* by read_until, of at least 20 */
struct step *sweep_gather(struct end *end, size_t length);
struct step *sweep_marks(struct end *end, size_t high, size_t low);
void sweep_rate(struct end *end, double bytes_per_second); /* 0: none */
struct step *sweep_wait(struct end *end);
struct step *sweep_shutdown(struct end *end);
struct step *sweep_abort(struct end *end, int32_t direction);
struct step *sweep_close(struct end *end, double linger, int32_t reset);
struct step *sweep_attach_tls(struct end *end, aio_tls_context *context, const char *server_name); /* NULL: refused */
struct step *sweep_detach_tls(struct end *end);
struct step *sweep_apply(aio_collection *collection);
struct step *sweep_timer(aio_collection *collection, double delay, double repeat, int calls);
struct step *expecting(struct step *step, aio_status status); /* in a run without failures, instead of AIO_OK */
void sweep_destroy(struct end *end);
void sweep_stop_timer(struct step *step);

/* Whether a call was accepted; a status that it must not have fails the run. */
int accepted(aio_status status);

/* Drives until a step has ended, or several have. */
void until_ended(struct step *step);
void until_all_ended(void);
void turns(int count);

/* A `then` of gates: sends back what comes, until the end. */
void then_echo_sweep(struct end *end);

#endif
