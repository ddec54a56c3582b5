/*
 * The vocabulary of the API tests.
 *
 * A test runs between set_up_... and tear_down. Everything that the library may touch while a test runs (buffers,
 * completions, pairs) belongs to the fixture and lives until the collection is gone, so a test may end, or fail, with
 * operations running. tear_down destroys what the test left and asserts that
 *   - every accepted operation completed exactly once and every refused one never,
 *   - no callback ran inside a library call, inside another callback, or on a wrong thread,
 *   - no byte outside of an operation's range was touched,
 *   - no allocation, descriptor or thread is left.
 *
 * Payload is a stream whose every byte is a function of its index. A pair keeps the four positions of its two streams:
 * what the peer sent and the state read, what the state wrote and the peer received. Each expect_... verifies the bytes
 * at the position where it must be, so a byte lost, doubled or changed is found in every test.
 */
#ifndef AIOSTATE_TESTS_SUPPORT_H
#define AIOSTATE_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <aiostate/aiostate.h>

struct place {
  const char *file;
  int line;
};
#define HERE ((struct place){__FILE__, __LINE__})

struct completion;
struct tls_peer;

/* One state and, at the other end of its connection, a raw non-blocking descriptor. */
struct pair {
  aio_collection *collection;
  aio_state *state;                  /* NULL once a test has destroyed it */
  int peer;                          /* -1 once closed, or if there is none */
  uint64_t peer_sent;                /* payload positions: of the next byte that the peer sends, */
  uint64_t read;                     /* that the state's next read must start with, */
  uint64_t written;                  /* that the next write takes up, */
  uint64_t peer_received;            /* that the peer must get next */
  void (*then)(struct completion *); /* becomes that of each operation submitted from now on */
  int plain_bytes;                   /* these are no payload: count them, but do not verify */
  struct tls_peer *tls;              /* what speaks TLS for the peer; NULL if nothing does */
};

/* An operation, from its submission to what its callback was given. */
struct completion {
  struct pair *pair;
  char *memory; /* its whole buffer, of `length` bytes; NULL for operations without one */
  size_t length;
  size_t start;                      /* its range begins here */
  uint64_t position;                 /* a write's: payload position of the first byte of its range, */
  size_t range;                      /* and its length */
  aio_status submitted;              /* what the submitting call returned */
  int standing;                      /* may be called many times */
  void (*then)(struct completion *); /* run inside the callback, after all below was recorded */
  void *context;                     /* for `then` */

  int calls;        /* callbacks entered, both kinds */
  int done;         /* callbacks about to return: `then` has run */
  int error_calls;  /* those that came through error_callback */
  int order;        /* counts all callbacks of the test: when the latest came, */
  double time;      /* and by the clock */
  aio_state *state; /* the latest callback's arguments */
  void *buffer;
  size_t count;
  aio_status status; /* the direction's status on entry, or the callback's argument */
  int was_open;      /* aio_state_is_open, on entry */
  size_t old_length; /* on entry of a standing read's delivery */
};

/* ---- fixtures: for cmocka's `state`, which then points to a struct pair ---- */

int set_up_collection(void **fixture);          /* a collection that the test drives; no state, no peer */
int set_up_pair(void **fixture);                /* and a TCP connection over loopback */
int set_up_narrow_pair(void **fixture);         /* whose buffers in the kernel are small */
int set_up_unix_pair(void **fixture);           /* a Unix socket pair, whose kernel buffer is exact and small */
int set_up_threaded_collection(void **fixture); /* a collection with a thread of its own */
int set_up_threaded_pair(void **fixture);       /* and a TCP connection */
int tear_down(void **fixture);

#define with_collection(test) cmocka_unit_test_setup_teardown(test, set_up_collection, tear_down)
#define with_pair(test) cmocka_unit_test_setup_teardown(test, set_up_pair, tear_down)
#define with_narrow_pair(test) cmocka_unit_test_setup_teardown(test, set_up_narrow_pair, tear_down)
#define with_unix_pair(test) cmocka_unit_test_setup_teardown(test, set_up_unix_pair, tear_down)
#define with_threaded_collection(test) cmocka_unit_test_setup_teardown(test, set_up_threaded_collection, tear_down)
#define with_threaded_pair(test) cmocka_unit_test_setup_teardown(test, set_up_threaded_pair, tear_down)

/*
 * AIO_TEST_TLS=12 or 13 in the environment puts TLS of that version on the state of every pair that new_pair or a fixture
 * makes, and a tls_peer before its descriptor, so a test of an operation tests it over TLS too. In 1.3 the state is the
 * client (and gets tickets when nobody reads), in 1.2 the server. 0 otherwise.
 */
int tls_under_test(void);
/* First in a test that is about the socket itself, or about what TLS does otherwise: over TLS it is skipped. */
#define without_tls(reason)                         \
  do {                                              \
    if (tls_under_test() == 0) break;               \
    print_message("over TLS not so: %s\n", reason); \
    skip();                                         \
  } while (0)

enum link { LINK_TCP, LINK_NARROW_TCP, LINK_UNIX };

/* A connected pair of sockets, both blocking; the caller closes them. */
void connected_sockets(enum link link, int sockets[2]);

/* A new connection in a collection; options may be NULL. */
struct pair *new_pair(aio_collection *collection, enum link link, const aio_state_options *options);

/* A pair out of a state made in another way, such as by connect or an acceptor; tear_down destroys and closes. */
struct pair *pair_of(aio_collection *collection, aio_state *state, int peer);

/* Collections beside the fixture's; tear_down destroys them unless forget_collection was called. */
aio_collection *new_collection(void);
aio_collection *new_threaded_collection(void);
void forget_collection(aio_collection *collection);

/* The pair's part of these has ended: the state was destroyed, or the collection, by the test itself. */
void destroy_state(struct pair *pair);
void destroy_collection(struct pair *pair);

/* Runs `function(argument)` first thing in tear_down; the latest first. */
void at_tear_down(void (*function)(void *), void *argument);

/* Zeroed memory that lives until tear_down has destroyed everything. */
void *fixture_memory(size_t size);

/* Starts libuv's resolver threads, which stay: for groups whose tests look names up, before the first set_up. */
int start_resolver_threads(void **unused);

/* ---- driving ---- */

/* Drives the pair's collection, or waits while its own thread does, until the condition holds; fails after 10 s. */
#define drive_until(pair, condition)                                                  \
  do {                                                                                \
    double deadline_ = begin_condition();                                             \
    while (!(condition)) drive_once(HERE, (pair)->collection, deadline_, #condition); \
    end_condition();                                                                  \
  } while (0)
/* Waits while another thread drives. */
#define await(condition)                                                \
  do {                                                                  \
    double deadline_ = begin_condition();                               \
    while (!(condition)) drive_once(HERE, NULL, deadline_, #condition); \
    end_condition();                                                    \
  } while (0)
double begin_condition(void);
void drive_once(struct place place, aio_collection *collection, double deadline, const char *condition);
void end_condition(void);

/* Drives until there is nothing left to do; for so many seconds; until callbacks are queued, of which none has run. */
void settle(struct pair *pair);
void drive_for(struct pair *pair, double seconds);
size_t call(struct pair *pair); /* aio_collection_call alone, without a wait before it */
#define queue_callbacks(pair) queue_callbacks_at(HERE, pair)
void queue_callbacks_at(struct place place, struct pair *pair);

/* Monotonic seconds; and a callback that takes its time. */
double now(void);
void spend(double seconds);

/* For threads that a test makes: a callback on one is an error. The test's own thread may run them only while it drives. */
void this_thread_runs_no_callbacks(void);
/* For threads that a test makes to drive a collection: allowed again, which is how a thread starts. */
void this_thread_runs_callbacks(void);

/* Recorded callbacks of this test, of all kinds. */
int callbacks_so_far(void);

/* Descriptors and threads of this process. */
int open_descriptors(void);
int running_threads(void);

/* ---- memory of the library ---- */

long live_allocations(void);  /* blocks in use */
long total_allocations(void); /* blocks ever asked for */
size_t total_allocated_bytes(void);
void fail_allocation(long number); /* the number-th from now (1 = the next) fails; 0 = none */
int allocation_failed(void);       /* whether that one came */

/* ---- payload ---- */

unsigned char payload_byte(uint64_t position);
void fill_payload(void *buffer, uint64_t position, size_t length);
int is_payload(const void *buffer, uint64_t position, size_t length);

/* ---- the peer; what would block drives the collection meanwhile ---- */

#define peer_sends(pair, length) peer_sends_at(HERE, pair, length)
#define peer_sends_text(pair, text) peer_sends_text_at(HERE, pair, text) /* and marks the pair plain_bytes */
#define peer_receives(pair, length) peer_receives_at(HERE, pair, length) /* exactly so many more bytes of payload */
#define peer_receives_rest(pair) peer_receives_rest_at(HERE, pair)       /* all written payload, then the end */
/* The same, of a state that closed at once: over TLS it may have had to leave its last record cut, which is no end. */
#define peer_receives_cut_rest(pair) peer_receives_cut_rest_at(HERE, pair)
#define peer_gets_end(pair) peer_gets_end_at(HERE, pair)
#define peer_gets_reset(pair) peer_gets_reset_at(HERE, pair) /* after whatever payload comes before */
void peer_sends_at(struct place place, struct pair *pair, size_t length);
void peer_sends_text_at(struct place place, struct pair *pair, const char *text);
void peer_receives_at(struct place place, struct pair *pair, size_t length);
void peer_receives_rest_at(struct place place, struct pair *pair);
void peer_receives_cut_rest_at(struct place place, struct pair *pair);
void peer_gets_end_at(struct place place, struct pair *pair);
void peer_gets_reset_at(struct place place, struct pair *pair);
/* What goes now, verified; these drive nothing. */
size_t peer_takes_some(struct pair *pair, size_t most);
size_t peer_sends_some(struct pair *pair, size_t most);
void peer_ends(struct pair *pair); /* its side of the stream; it still receives */
void peer_closes(struct pair *pair);
void peer_resets(struct pair *pair);

/* ---- operations: start_... asserts AIO_OK, try_... leaves the outcome in `submitted` ---- */

#define start_read(pair, length) started(HERE, try_read(pair, length))
#define start_read_with(pair, length, ...) started(HERE, try_read_with(pair, length, __VA_ARGS__))
#define start_standing_read(pair, then) started(HERE, try_standing_read(pair, then))
#define start_standing_read_with(pair, then, ...) started(HERE, try_standing_read_with(pair, then, __VA_ARGS__))
#define start_wait(pair) started(HERE, try_wait(pair))
#define start_wait_with(pair, ...) started(HERE, try_wait_with(pair, __VA_ARGS__))
#define start_write(pair, length) started(HERE, try_write(pair, length))
#define start_write_with(pair, length, ...) started(HERE, try_write_with(pair, length, __VA_ARGS__))
#define start_shutdown(pair) started(HERE, try_shutdown(pair))
#define start_abort(pair, direction) started(HERE, try_abort(pair, direction))
#define start_close(pair) started(HERE, try_close(pair))
#define start_close_with(pair, ...) started(HERE, try_close_with(pair, __VA_ARGS__))

/* A close behind which the peer gets all that counts as written. Over TLS it lingers: at once, it may cut the last record. */
#define start_close_behind_writes(pair) start_close_with(pair, .linger = tls_under_test() != 0 ? 60 : 0)

#define try_read(pair, length) submit_read(pair, length, NULL)
#define try_read_with(pair, length, ...) submit_read(pair, length, &(aio_io_options){__VA_ARGS__})
#define try_standing_read(pair, then) submit_standing_read(pair, then, NULL)
#define try_standing_read_with(pair, then, ...) submit_standing_read(pair, then, &(aio_io_options){__VA_ARGS__})
#define try_wait(pair) submit_wait(pair, NULL)
#define try_wait_with(pair, ...) submit_wait(pair, &(aio_io_options){__VA_ARGS__})
#define try_write(pair, length) submit_write(pair, length, NULL)
#define try_write_with(pair, length, ...) submit_write(pair, length, &(aio_io_options){__VA_ARGS__})
#define try_shutdown(pair) submit_shutdown(pair)
#define try_abort(pair, direction) submit_abort(pair, direction)
#define try_close(pair) submit_close(pair, NULL)
#define try_close_with(pair, ...) submit_close(pair, &(aio_close_options){__VA_ARGS__})

/* The completion is the operation's user_info, so a given one is ignored. An error_callback may be recorded_error. */
struct completion *submit_read(struct pair *pair, size_t length, const aio_io_options *options);
struct completion *submit_standing_read(struct pair *pair, void (*then)(struct completion *),
                                        const aio_io_options *options);
struct completion *submit_wait(struct pair *pair, const aio_io_options *options);
struct completion *submit_write(struct pair *pair, size_t length, const aio_io_options *options);
struct completion *submit_shutdown(struct pair *pair);
struct completion *submit_abort(struct pair *pair, int32_t direction);
struct completion *submit_close(struct pair *pair, const aio_close_options *options);
struct completion *started(struct place place, struct completion *completion);

/* For operations submitted by hand: a completion to pass as user_info with these callbacks. A test of its own calls
 * records what it submitted by `accept_completion`, so that tear_down asserts exactly one call. */
struct completion *new_completion(struct pair *pair);
void accept_completion(struct completion *completion, aio_status submitted);
void recorded_read(aio_state *state, void *buffer, size_t count, void *completion);
void recorded_write(aio_state *state, void *buffer, size_t count, void *completion);
void recorded_read_error(aio_state *state, void *buffer, size_t count, void *completion);
void recorded_write_error(aio_state *state, void *buffer, size_t count, void *completion);
void recorded_status(aio_state *state, aio_status status, void *completion); /* connect, shutdown, abort, close */

/* ---- expectations; those with an outcome drive until it is there ---- */

/* Also verifies the payload read, that nothing else of the buffer was touched, and moves pair->read on. */
#define expect_read(completion, status, count) expect_read_at(HERE, completion, status, count)
/* Moves pair->written back to the first byte that was not taken, from where the caller goes on. */
#define expect_write(completion, status, count) expect_write_at(HERE, completion, status, count)
/* A write of which some bytes were taken, but not all; returns how many. */
#define expect_partial_write(completion, status) expect_partial_write_at(HERE, completion, status)
/* Any operation without bytes: waits for input, shutdown, abort, close, connect. */
#define expect_outcome(completion, status) expect_outcome_at(HERE, completion, status)
/* The standing read's `calls`-th call: its status, count and the old_length within. */
#define expect_delivery(completion, calls, status, count, old) \
  expect_delivery_at(HERE, completion, calls, status, count, old)
#define expect_refusal(completion, status) expect_refusal_at(HERE, completion, status)
#define expect_running(completion) expect_running_at(HERE, completion) /* settles first */
#define expect_nothing_more(pair) expect_nothing_more_at(HERE, pair)   /* no callback of any kind is to come */
#define expect_order(first, second) expect_order_at(HERE, first, second)
/* The time since `start` is at least so long. */
#define expect_not_before(completion, start, seconds) expect_not_before_at(HERE, completion, start, seconds)
#define expect_status(actual, expected) expect_status_at(HERE, actual, expected)
#define expect_leftovers(pair, count) expect_leftovers_at(HERE, pair, count) /* buffered, taken and verified */
void expect_read_at(struct place place, struct completion *completion, aio_status status, size_t count);
void expect_write_at(struct place place, struct completion *completion, aio_status status, size_t count);
size_t expect_partial_write_at(struct place place, struct completion *completion, aio_status status);
void expect_outcome_at(struct place place, struct completion *completion, aio_status status);
void expect_delivery_at(struct place place, struct completion *completion, int calls, aio_status status, size_t count,
                        size_t old_length);
void expect_refusal_at(struct place place, struct completion *completion, aio_status status);
void expect_running_at(struct place place, struct completion *completion);
void expect_nothing_more_at(struct place place, struct pair *pair);
void expect_order_at(struct place place, const struct completion *first, const struct completion *second);
void expect_not_before_at(struct place place, const struct completion *completion, double start, double seconds);
void expect_status_at(struct place place, aio_status actual, aio_status expected);
void expect_leftovers_at(struct place place, struct pair *pair, size_t count);
void fail_at(struct place place, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The standing read's two verbs, which keep pair->read. */
size_t discard(struct pair *pair, size_t count);
size_t finish_read(struct pair *pair, size_t count);

/* Ready-made `then`s. */
void then_discard_all(struct completion *completion);
void then_finish_all(struct completion *completion);
void then_destroy(struct completion *completion);

/* Reads `sent` bytes and leaves the last `left` of them buffered, by a standing read that ends. */
#define leave_buffered(pair, sent, left) leave_buffered_at(HERE, pair, sent, left)
void leave_buffered_at(struct place place, struct pair *pair, size_t sent, size_t left);

/* Reproducible "random" numbers below a bound. */
unsigned random_below(unsigned bound, uint32_t *seed);

#endif
