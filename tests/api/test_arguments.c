/*
 * Every function with every bad argument, and the order of the checks: AIO_ERR_INVALID_ARGUMENT, AIO_ERR_UNSUPPORTED,
 * AIO_ERR_CLOSED, AIO_ERR_BUSY, AIO_ERR_LIMIT. What is refused is never called back, and leaves *out NULL.
 */
#include "support.h"

#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const double bad_times[] = {-1.0, -1e-300, -INFINITY, NAN};
static const int32_t bad_choices[] = {-1, 3, INT32_MAX, INT32_MIN};
static const int32_t bad_families[] = {-1, AIO_UNIX, 5, 10, 46};

static char bytes[8];

static void never_bytes(aio_state *state, void *buffer, size_t count, void *user_info) {
  (void)state, (void)buffer, (void)count, (void)user_info;
  fail_at(HERE, "a refused operation called back");
}
static void never_state(aio_state *state, aio_status status, void *user_info) {
  (void)state, (void)status, (void)user_info;
  fail_at(HERE, "a refused operation called back");
}
static void never_accept(aio_acceptor *acceptor, aio_state *state, void *user_info) {
  (void)acceptor, (void)state, (void)user_info;
  fail_at(HERE, "a refused acceptor called back");
}
static void never_timer(aio_timer *timer, void *user_info) {
  (void)timer, (void)user_info;
  fail_at(HERE, "a refused timer called back");
}
static void never_apply(void *argument) {
  (void)argument;
  fail_at(HERE, "a refused function was called");
}

/* A call that was to hand out an object: refused with this status, and *out is NULL. */
#define refuses(status, call)    \
  do {                           \
    out = (void *)bytes;         \
    expect_status(call, status); \
    assert_null(out);            \
  } while (0)

static aio_collection *stopped_collection(void) {
  aio_collection *collection = new_threaded_collection();
  expect_status(aio_collection_stop(collection), AIO_OK);
  return collection;
}

/* ---- collection ---- */

static void test_collection_create(void **test) {
  (void)test;
  aio_collection *out;
  aio_collection_options options = {0};
  expect_status(aio_collection_create(NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_collection_create_and_run("name", NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  for (size_t i = 0; i < COUNT(options.reserved); i++) {
    options.reserved[i] = 1;
    refuses(AIO_ERR_UNSUPPORTED, aio_collection_create(&options, &out));
    refuses(AIO_ERR_UNSUPPORTED, aio_collection_create_and_run("name", &options, &out));
    expect_status(aio_collection_create(&options, NULL), AIO_ERR_INVALID_ARGUMENT);
    expect_status(aio_collection_create_and_run(NULL, &options, NULL), AIO_ERR_INVALID_ARGUMENT);
    options.reserved[i] = 0;
  }
}

static void test_collection_null(void **test) {
  (void)test;
  expect_status(aio_collection_wait(NULL, 0), AIO_ERR_INVALID_ARGUMENT);
  assert_int_equal(aio_collection_call(NULL), 0);
  expect_status(aio_collection_run(NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_collection_stop(NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_collection_wake(NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_collection_apply(NULL, never_apply, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_collection_close(NULL), AIO_ERR_INVALID_ARGUMENT);
  assert_int_equal(aio_collection_alive(NULL), 0);
  assert_null(aio_collection_name(NULL));
  assert_int_equal(aio_collection_descriptor(NULL), -1);
  assert_true(aio_collection_next_timeout(NULL) == 0);
  expect_status(aio_collection_counters(NULL, &(aio_counters){0}), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_collection_destroy(NULL), AIO_OK);
}

static void test_collection_arguments(void **test) {
  struct pair *pair = *test;
  for (size_t i = 0; i < COUNT(bad_times); i++)
    expect_status(aio_collection_wait(pair->collection, bad_times[i]), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_collection_apply(pair->collection, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_collection_counters(pair->collection, NULL), AIO_ERR_INVALID_ARGUMENT);
}

static void test_collection_wait__bad_time_comes_before_busy(void **test) {
  struct pair *pair = *test;
  expect_status(aio_collection_wait(pair->collection, NAN), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_collection_wait(pair->collection, 0), AIO_ERR_BUSY);
}

static void test_apply__missing_function_comes_before_closed(void **test) {
  (void)test;
  aio_collection *closed = stopped_collection();
  expect_status(aio_collection_apply(closed, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_collection_apply(closed, never_apply, NULL), AIO_ERR_CLOSED);
  expect_status(aio_collection_close(closed), AIO_ERR_CLOSED);
}

static void test_timer(void **test) {
  struct pair *pair = *test;
  aio_timer *out;
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_timer_start(NULL, 0, 0, never_timer, NULL, &out));
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_timer_start(pair->collection, 0, 0, NULL, NULL, &out));
  expect_status(aio_timer_start(pair->collection, 0, 1, never_timer, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  for (size_t i = 0; i < COUNT(bad_times); i++) {
    refuses(AIO_ERR_INVALID_ARGUMENT, aio_timer_start(pair->collection, bad_times[i], 0, never_timer, NULL, &out));
    refuses(AIO_ERR_INVALID_ARGUMENT, aio_timer_start(pair->collection, 0, bad_times[i], never_timer, NULL, &out));
  }
  aio_timer_stop(NULL);
  expect_nothing_more(pair);
}

static void test_timer__bad_time_comes_before_closed(void **test) {
  (void)test;
  aio_collection *closed = stopped_collection();
  aio_timer *out;
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_timer_start(closed, NAN, 0, never_timer, NULL, &out));
  refuses(AIO_ERR_CLOSED, aio_timer_start(closed, 0, 0, never_timer, NULL, &out));
}

/* ---- making states ---- */

static void test_state_create(void **test) {
  struct pair *pair = *test;
  aio_state *out;
  int sockets[2];
  connected_sockets(LINK_TCP, sockets);
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_create(NULL, sockets[0], NULL, &out));
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_create(pair->collection, AIO_NO_SOCKET, NULL, &out));
  expect_status(aio_state_create(pair->collection, sockets[0], NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  for (size_t i = 0; i < COUNT(bad_times); i++) {
    aio_state_options read = {.read_timeout = bad_times[i]}, write = {.write_timeout = bad_times[i]};
    refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_create(pair->collection, sockets[0], &read, &out));
    refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_create(pair->collection, sockets[0], &write, &out));
  }
  for (size_t i = 0; i < COUNT(bad_choices); i++) {
    aio_state_options kind = {.kind = bad_choices[i]}, queue = {.queue_output = bad_choices[i]};
    refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_create(pair->collection, sockets[0], &kind, &out));
    refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_create(pair->collection, sockets[0], &queue, &out));
  }
  aio_state_options options = {0};
  for (size_t i = 0; i < COUNT(options.reserved); i++) {
    options.reserved[i] = 1;
    refuses(AIO_ERR_UNSUPPORTED, aio_state_create(pair->collection, sockets[0], &options, &out));
    options.reserved[i] = 0;
  }
  close(sockets[0]);
  close(sockets[1]);
}

static void test_state_create__order_of_checks(void **test) {
  (void)test;
  aio_collection *closed = stopped_collection();
  aio_state *out;
  int sockets[2];
  connected_sockets(LINK_TCP, sockets);
  aio_state_options bad = {.read_timeout = NAN, .reserved = {1}}, later = {.reserved = {1}};
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_create(closed, sockets[0], &bad, &out));
  refuses(AIO_ERR_UNSUPPORTED, aio_state_create(closed, sockets[0], &later, &out));
  refuses(AIO_ERR_CLOSED, aio_state_create(closed, sockets[0], NULL, &out));
  close(sockets[0]);
  close(sockets[1]);
}

static void test_state_create__wrong_kind_stays_the_callers(void **test) {
  struct pair *pair = *test;
  aio_state *out;
  int sockets[2], datagram = socket(AF_INET, SOCK_DGRAM, 0);
  connected_sockets(LINK_TCP, sockets);
  const int flags = fcntl(sockets[0], F_GETFL);
  aio_state_options other = {.kind = AIO_DATAGRAM};
  refuses(AIO_ERR_UNSUPPORTED, aio_state_create(pair->collection, sockets[0], &other, &out));
  refuses(AIO_ERR_UNSUPPORTED,
          aio_state_create(pair->collection, datagram, &(aio_state_options){.kind = AIO_STREAM}, &out));
  assert_int_equal(fcntl(sockets[0], F_GETFL), flags);
  assert_int_not_equal(fcntl(datagram, F_GETFL), -1);
  close(sockets[0]);
  close(sockets[1]);
  close(datagram);
}

static void test_state_create__what_is_no_socket_is_a_system_error(void **test) {
  struct pair *pair = *test;
  aio_state *out;
  int file = open("/dev/null", O_RDWR);
  refuses(AIO_ERR_SYSTEM, aio_state_create(pair->collection, file, NULL, &out));
  assert_int_equal(close(file), 0);
  refuses(AIO_ERR_SYSTEM, aio_state_create(pair->collection, file, NULL, &out));
}

static void test_connect_tcp(void **test) {
  struct pair *pair = *test;
  aio_collection *in = pair->collection;
  aio_state *out;
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_connect_tcp(NULL, "127.0.0.1", "1", never_state, NULL, &out));
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_connect_tcp(in, NULL, "1", never_state, NULL, &out));
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_connect_tcp(in, "127.0.0.1", NULL, never_state, NULL, &out));
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_connect_tcp(in, "127.0.0.1", "1", NULL, NULL, &out));
  expect_status(aio_state_connect_tcp(in, "127.0.0.1", "1", never_state, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  aio_connect_options bad[64];
  size_t count = 0;
  for (size_t i = 0; i < COUNT(bad_times); i++) {
    bad[count++] = (aio_connect_options){.connect_timeout = bad_times[i]};
    bad[count++] = (aio_connect_options){.read_timeout = bad_times[i]};
    bad[count++] = (aio_connect_options){.write_timeout = bad_times[i]};
  }
  for (size_t i = 0; i < COUNT(bad_choices); i++) {
    bad[count++] = (aio_connect_options){.nodelay = bad_choices[i]};
    bad[count++] = (aio_connect_options){.keepalive = bad_choices[i]};
    bad[count++] = (aio_connect_options){.queue_output = bad_choices[i]};
  }
  for (size_t i = 0; i < COUNT(bad_families); i++) bad[count++] = (aio_connect_options){.family = bad_families[i]};
  for (size_t i = 0; i < count; i++)
    refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_connect_tcp(in, "127.0.0.1", "1", never_state, &bad[i], &out));
  expect_nothing_more(pair);
}

static void test_connect_tcp__reserved(void **test) {
  struct pair *pair = *test;
  aio_state *out;
  aio_connect_options options = {0};
  for (size_t i = 0; i < COUNT(options.reserved); i++) {
    options.reserved[i] = 1;
    refuses(AIO_ERR_UNSUPPORTED,
            aio_state_connect_tcp(pair->collection, "127.0.0.1", "1", never_state, &options, &out));
    options.reserved[i] = 0;
  }
}

static void test_connect_tcp__order_of_checks(void **test) {
  (void)test;
  aio_collection *closed = stopped_collection();
  aio_state *out;
  aio_connect_options bad = {.family = 7, .reserved = {1}}, later = {.reserved = {1}};
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_connect_tcp(closed, "127.0.0.1", "1", never_state, &bad, &out));
  refuses(AIO_ERR_UNSUPPORTED, aio_state_connect_tcp(closed, "127.0.0.1", "1", never_state, &later, &out));
  refuses(AIO_ERR_CLOSED, aio_state_connect_tcp(closed, "127.0.0.1", "1", never_state, NULL, &out));
}

/* ---- operations ---- */

static aio_status read_with(aio_state *state, const aio_io_options *options) {
  return aio_state_read_buffer(state, bytes, sizeof bytes, never_bytes, options);
}
static aio_status write_with(aio_state *state, const aio_io_options *options) {
  return aio_state_write_buffer(state, bytes, sizeof bytes, never_bytes, options);
}
static aio_status standing_with(aio_state *state, const aio_io_options *options) {
  return aio_state_read_with_checking(state, never_bytes, options);
}
static aio_status wait_with(aio_state *state, const aio_io_options *options) {
  return aio_state_wait_for_input(state, never_bytes, options);
}

typedef aio_status (*operation)(aio_state *, const aio_io_options *);
static const operation operations[] = {read_with, write_with, standing_with, wait_with};

static void test_operations__null(void **test) {
  struct pair *pair = *test;
  for (size_t i = 0; i < COUNT(operations); i++) expect_status(operations[i](NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_read_buffer(pair->state, bytes, 1, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_read_buffer(pair->state, NULL, 1, never_bytes, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_write_buffer(pair->state, NULL, 1, never_bytes, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_read_with_checking(pair->state, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_wait_for_input(pair->state, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_nothing_more(pair);
}

static void test_operations__bad_range(void **test) {
  struct pair *pair = *test;
  const aio_io_options bad[] = {
      {.start = 9},      {.start = 5, .end = 4}, {.start = SIZE_MAX},    {.end = 9},
      {.end = SIZE_MAX}, {.start = 8, .end = 7}, {.start = 9, .end = 9},
  };
  for (size_t i = 0; i < COUNT(bad); i++) {
    expect_status(read_with(pair->state, &bad[i]), AIO_ERR_INVALID_ARGUMENT);
    expect_status(write_with(pair->state, &bad[i]), AIO_ERR_INVALID_ARGUMENT);
  }
  expect_nothing_more(pair);
}

static void test_read_buffer__minimum_beyond_the_range(void **test) {
  struct pair *pair = *test;
  const aio_io_options bad[] = {
      {.minimum = 9},
      {.minimum = SIZE_MAX},
      {.start = 2, .minimum = 7},
      {.start = 2, .end = 4, .minimum = 3},
      {.start = 8, .minimum = 1},
  };
  for (size_t i = 0; i < COUNT(bad); i++) expect_status(read_with(pair->state, &bad[i]), AIO_ERR_INVALID_ARGUMENT);
}

static void test_operations__bad_times(void **test) {
  struct pair *pair = *test;
  for (size_t i = 0; i < COUNT(operations); i++)
    for (size_t j = 0; j < COUNT(bad_times); j++) {
      aio_io_options whole = {.timeout = bad_times[j]}, stall = {.stall_timeout = bad_times[j]};
      expect_status(operations[i](pair->state, &whole), AIO_ERR_INVALID_ARGUMENT);
      expect_status(operations[i](pair->state, &stall), AIO_ERR_INVALID_ARGUMENT);
    }
  expect_nothing_more(pair);
}

static void test_operations__reserved(void **test) {
  struct pair *pair = *test;
  aio_io_options options = {0};
  for (size_t i = 0; i < COUNT(operations); i++)
    for (size_t j = 0; j < COUNT(options.reserved); j++) {
      options.reserved[j] = UINT64_C(1) << 63;
      expect_status(operations[i](pair->state, &options), AIO_ERR_UNSUPPORTED);
      options.reserved[j] = 0;
    }
  expect_nothing_more(pair);
}

static void test_operations__refusal_stores_nothing(void **test) {
  struct pair *pair = *test;
  aio_io_options options = {.timeout = 7, .max_read = 77, .user_info = bytes, .reserved = {1}};
  void *before = aio_state_user_info(pair->state);
  for (size_t i = 0; i < COUNT(operations); i++)
    expect_status(operations[i](pair->state, &options), AIO_ERR_UNSUPPORTED);
  options.reserved[0] = 0;
  options.stall_timeout = -1;
  for (size_t i = 0; i < COUNT(operations); i++)
    expect_status(operations[i](pair->state, &options), AIO_ERR_INVALID_ARGUMENT);
  assert_true(aio_state_read_timeout(pair->state) == AIO_NO_TIMEOUT);
  assert_true(aio_state_write_timeout(pair->state) == AIO_NO_TIMEOUT);
  assert_int_equal(aio_state_max_read(pair->state), 65536);
  assert_ptr_equal(aio_state_user_info(pair->state), before);
}

static void test_operations__options_of_no_concern_are_ignored(void **test) {
  struct pair *pair = *test;
  struct completion *write = start_write_with(pair, 4, .minimum = 100);
  expect_write(write, AIO_OK, 4);
  struct completion *wait = start_wait_with(pair, .start = 5, .end = 3, .minimum = 9);
  peer_sends(pair, 1);
  expect_outcome(wait, AIO_OK);
  struct completion *standing = start_standing_read_with(pair, then_finish_all, .start = 5, .end = 3, .minimum = 9);
  expect_delivery(standing, 1, AIO_OK, 1, 0);
}

static void test_operations__order_of_checks(void **test) {
  struct pair *pair = *test;
  aio_io_options bad = {.timeout = -1, .reserved = {1}}, later = {.reserved = {1}};
  start_read(pair, 1);
  for (size_t i = 0; i < COUNT(operations); i++) {
    expect_status(operations[i](pair->state, &bad), AIO_ERR_INVALID_ARGUMENT);
    expect_status(operations[i](pair->state, &later), AIO_ERR_UNSUPPORTED);
    if (operations[i] != write_with) expect_status(operations[i](pair->state, NULL), AIO_ERR_BUSY);
  }
  start_close(pair);
  for (size_t i = 0; i < COUNT(operations); i++) {
    expect_status(operations[i](pair->state, &bad), AIO_ERR_INVALID_ARGUMENT);
    expect_status(operations[i](pair->state, &later), AIO_ERR_UNSUPPORTED);
    expect_status(operations[i](pair->state, NULL), AIO_ERR_CLOSED);
  }
}

static void test_write_buffer__busy_comes_before_limit(void **test) {
  struct pair *fixture = *test;
  struct pair *pair = new_pair(fixture->collection, LINK_UNIX, &(aio_state_options){.queue_output = AIO_NO});
  expect_status(aio_state_set_write_limit(pair->state, 1), AIO_OK);
  struct completion *first = start_write(pair, 4 << 20);
  expect_running(first);
  expect_status(write_with(pair->state, NULL), AIO_ERR_BUSY);
}

static void test_shutdown(void **test) {
  struct pair *pair = *test;
  expect_status(aio_state_shutdown(NULL, never_state, NULL), AIO_ERR_INVALID_ARGUMENT);
  start_close(pair);
  expect_status(aio_state_shutdown(pair->state, never_state, NULL), AIO_ERR_CLOSED);
}

static void test_abort(void **test) {
  struct pair *pair = *test;
  const int32_t bad_directions[] = {0, 4, -1, INT32_MAX};
  expect_status(aio_state_abort(NULL, AIO_BOTH, never_state, NULL), AIO_ERR_INVALID_ARGUMENT);
  for (size_t i = 0; i < COUNT(bad_directions); i++)
    expect_status(aio_state_abort(pair->state, bad_directions[i], never_state, NULL), AIO_ERR_INVALID_ARGUMENT);
  start_close(pair);
  expect_status(aio_state_abort(pair->state, 0, never_state, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_abort(pair->state, AIO_BOTH, never_state, NULL), AIO_ERR_CLOSED);
}

static void test_close(void **test) {
  struct pair *pair = *test;
  expect_status(aio_state_close(NULL, never_state, NULL), AIO_ERR_INVALID_ARGUMENT);
  for (size_t i = 0; i < COUNT(bad_times); i++) {
    aio_close_options options = {.linger = bad_times[i], .reserved = {1}};
    expect_status(aio_state_close(pair->state, never_state, &options), AIO_ERR_INVALID_ARGUMENT);
  }
  for (size_t i = 0; i < COUNT(bad_choices); i++) {
    aio_close_options options = {.reset = bad_choices[i]};
    expect_status(aio_state_close(pair->state, never_state, &options), AIO_ERR_INVALID_ARGUMENT);
  }
  aio_close_options options = {0};
  for (size_t i = 0; i < COUNT(options.reserved); i++) {
    options.reserved[i] = 1;
    expect_status(aio_state_close(pair->state, never_state, &options), AIO_ERR_UNSUPPORTED);
    options.reserved[i] = 0;
  }
  assert_int_equal(aio_state_is_open(pair->state), 1);
}

static void test_release_socket(void **test) {
  struct pair *pair = *test;
  aio_socket socket = AIO_NO_SOCKET;
  expect_status(aio_state_release_socket(NULL, &socket), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_release_socket(pair->state, NULL), AIO_ERR_INVALID_ARGUMENT);
  assert_int_equal(aio_state_is_open(pair->state), 1);
  start_close(pair);
  expect_status(aio_state_release_socket(pair->state, &socket), AIO_ERR_CLOSED);
  assert_int_equal(socket, AIO_NO_SOCKET);
}

/* ---- readers and setters ---- */

static void test_state_readers__null(void **test) {
  (void)test;
  aio_address address = {.length = 7};
  expect_status(aio_state_read_status(NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_write_status(NULL), AIO_ERR_INVALID_ARGUMENT);
  assert_int_equal(aio_state_system_error(NULL), 0);
  assert_null(aio_state_error_text(NULL));
  assert_null(aio_state_collection(NULL));
  assert_int_equal(aio_state_is_open(NULL), 0);
  assert_int_equal(aio_state_socket(NULL), AIO_NO_SOCKET);
  assert_null(aio_state_name(NULL));
  assert_int_equal(aio_state_queued_bytes(NULL), 0);
  assert_int_equal(aio_state_queued_writes(NULL), 0);
  expect_status(aio_state_local_address(NULL, &address), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_peer_address(NULL, &address), AIO_ERR_INVALID_ARGUMENT);
  assert_null(aio_state_user_info(NULL));
  assert_true(aio_state_read_timeout(NULL) == 0);
  assert_true(aio_state_write_timeout(NULL) == 0);
  assert_int_equal(aio_state_max_read(NULL), 0);
  assert_int_equal(aio_state_buffer_limit(NULL), 0);
  assert_int_equal(aio_state_write_limit(NULL), 0);
  assert_int_equal(aio_state_nodelay(NULL), 0);
  assert_int_equal(aio_state_keepalive(NULL), 0);
  expect_status(aio_state_counters(NULL, &(aio_counters){0}), AIO_ERR_INVALID_ARGUMENT);
  assert_int_equal(aio_state_buffered_length(NULL), 0);
  assert_int_equal(aio_state_take_buffered(NULL, bytes, sizeof bytes), 0);
  assert_int_equal(aio_state_discard(NULL, 1), 0);
  assert_int_equal(aio_state_finish_read(NULL, 1), 0);
  assert_int_equal(aio_state_old_length(NULL), 0);
  aio_state_destroy(NULL);
}

static void test_state_readers__out_is_missing(void **test) {
  struct pair *pair = *test;
  expect_status(aio_state_local_address(pair->state, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_peer_address(pair->state, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_counters(pair->state, NULL), AIO_ERR_INVALID_ARGUMENT);
}

static void test_state_setters__null(void **test) {
  (void)test;
  expect_status(aio_state_set_user_info(NULL, bytes), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_set_read_timeout(NULL, 1), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_set_write_timeout(NULL, 1), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_set_max_read(NULL, 1), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_set_buffer_limit(NULL, 1), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_set_write_limit(NULL, 1), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_set_nodelay(NULL, AIO_YES), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_set_keepalive(NULL, AIO_YES), AIO_ERR_INVALID_ARGUMENT);
}

static void test_state_setters__bad_times(void **test) {
  struct pair *pair = *test;
  expect_status(aio_state_set_read_timeout(pair->state, 2.5), AIO_OK);
  expect_status(aio_state_set_write_timeout(pair->state, 3.5), AIO_OK);
  for (size_t i = 0; i < COUNT(bad_times); i++) {
    expect_status(aio_state_set_read_timeout(pair->state, bad_times[i]), AIO_ERR_INVALID_ARGUMENT);
    expect_status(aio_state_set_write_timeout(pair->state, bad_times[i]), AIO_ERR_INVALID_ARGUMENT);
  }
  assert_true(aio_state_read_timeout(pair->state) == 2.5);
  assert_true(aio_state_write_timeout(pair->state) == 3.5);
}

static void test_state_setters__long_times_are_no_timeout(void **test) {
  struct pair *pair = *test;
  const double long_times[] = {1e9, 2e9, AIO_NO_TIMEOUT, INFINITY, 0};
  for (size_t i = 0; i < COUNT(long_times); i++) {
    expect_status(aio_state_set_read_timeout(pair->state, 1), AIO_OK);
    expect_status(aio_state_set_read_timeout(pair->state, long_times[i]), AIO_OK);
    assert_true(aio_state_read_timeout(pair->state) == AIO_NO_TIMEOUT);
    expect_status(aio_state_set_write_timeout(pair->state, 1), AIO_OK);
    expect_status(aio_state_set_write_timeout(pair->state, long_times[i]), AIO_OK);
    assert_true(aio_state_write_timeout(pair->state) == AIO_NO_TIMEOUT);
  }
}

static void test_state_setters__bad_choices(void **test) {
  struct pair *pair = *test;
  for (size_t i = 0; i < COUNT(bad_choices); i++) {
    expect_status(aio_state_set_nodelay(pair->state, bad_choices[i]), AIO_ERR_INVALID_ARGUMENT);
    expect_status(aio_state_set_keepalive(pair->state, bad_choices[i]), AIO_ERR_INVALID_ARGUMENT);
  }
  start_close(pair);
  expect_status(aio_state_set_nodelay(pair->state, 3), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_set_nodelay(pair->state, AIO_YES), AIO_ERR_CLOSED);
  expect_status(aio_state_set_keepalive(pair->state, AIO_NO), AIO_ERR_CLOSED);
}

/* ---- acceptor ---- */

static void test_acceptor_create_tcp(void **test) {
  struct pair *pair = *test;
  aio_collection *in = pair->collection;
  aio_acceptor *out;
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_acceptor_create_tcp(NULL, NULL, "0", never_accept, NULL, &out));
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_acceptor_create_tcp(in, NULL, NULL, never_accept, NULL, &out));
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_acceptor_create_tcp(in, NULL, "0", NULL, NULL, &out));
  expect_status(aio_acceptor_create_tcp(in, NULL, "0", never_accept, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
}

static size_t bad_accept_options(aio_accept_options *bad) {
  size_t count = 0;
  for (size_t i = 0; i < COUNT(bad_times); i++) {
    bad[count++] = (aio_accept_options){.read_timeout = bad_times[i]};
    bad[count++] = (aio_accept_options){.write_timeout = bad_times[i]};
  }
  for (size_t i = 0; i < COUNT(bad_choices); i++) {
    bad[count++] = (aio_accept_options){.nodelay = bad_choices[i]};
    bad[count++] = (aio_accept_options){.keepalive = bad_choices[i]};
    bad[count++] = (aio_accept_options){.queue_output = bad_choices[i]};
  }
  bad[count++] = (aio_accept_options){.collection_count = 1};
  return count;
}

static void test_acceptor_create_tcp__bad_options(void **test) {
  struct pair *pair = *test;
  aio_acceptor *out;
  aio_accept_options bad[64];
  size_t count = bad_accept_options(bad);
  for (size_t i = 0; i < COUNT(bad_choices); i++) bad[count++] = (aio_accept_options){.reuse_port = bad_choices[i]};
  for (size_t i = 0; i < COUNT(bad_families); i++) bad[count++] = (aio_accept_options){.family = bad_families[i]};
  bad[count++] = (aio_accept_options){.backlog = -1};
  for (size_t i = 0; i < count; i++)
    refuses(AIO_ERR_INVALID_ARGUMENT,
            aio_acceptor_create_tcp(pair->collection, "127.0.0.1", "0", never_accept, &bad[i], &out));
}

static void test_acceptor_create_tcp__reserved(void **test) {
  struct pair *pair = *test;
  aio_acceptor *out;
  aio_accept_options options = {0};
  for (size_t i = 0; i < COUNT(options.reserved); i++) {
    options.reserved[i] = 1;
    refuses(AIO_ERR_UNSUPPORTED, aio_acceptor_create_tcp(pair->collection, NULL, "0", never_accept, &options, &out));
    options.reserved[i] = 0;
  }
}

static void test_acceptor_create_tcp__order_of_checks(void **test) {
  (void)test;
  aio_collection *closed = stopped_collection();
  aio_acceptor *out;
  aio_accept_options bad = {.read_timeout = NAN, .reserved = {1}}, later = {.reserved = {1}};
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_acceptor_create_tcp(closed, NULL, "0", never_accept, &bad, &out));
  refuses(AIO_ERR_UNSUPPORTED, aio_acceptor_create_tcp(closed, NULL, "0", never_accept, &later, &out));
  refuses(AIO_ERR_CLOSED, aio_acceptor_create_tcp(closed, NULL, "0", never_accept, NULL, &out));
}

static int listening_socket(void) {
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int listening = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(listening, (const struct sockaddr *)&any, sizeof any), 0);
  assert_int_equal(listen(listening, 1), 0);
  return listening;
}

static void test_acceptor_create_socket(void **test) {
  struct pair *pair = *test;
  aio_collection *in = pair->collection;
  aio_acceptor *out;
  int listening = listening_socket();
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_acceptor_create_socket(NULL, listening, never_accept, NULL, &out));
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_acceptor_create_socket(in, AIO_NO_SOCKET, never_accept, NULL, &out));
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_acceptor_create_socket(in, listening, NULL, NULL, &out));
  expect_status(aio_acceptor_create_socket(in, listening, never_accept, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  aio_accept_options bad[64];
  const size_t count = bad_accept_options(bad);
  for (size_t i = 0; i < count; i++)
    refuses(AIO_ERR_INVALID_ARGUMENT, aio_acceptor_create_socket(in, listening, never_accept, &bad[i], &out));
  aio_accept_options options = {0};
  for (size_t i = 0; i < COUNT(options.reserved); i++) {
    options.reserved[i] = 1;
    refuses(AIO_ERR_UNSUPPORTED, aio_acceptor_create_socket(in, listening, never_accept, &options, &out));
    options.reserved[i] = 0;
  }
  assert_int_equal(close(listening), 0);
}

static void test_acceptor_create_socket__order_of_checks(void **test) {
  (void)test;
  aio_collection *closed = stopped_collection();
  aio_acceptor *out;
  int listening = listening_socket(), datagram = socket(AF_INET, SOCK_DGRAM, 0);
  aio_accept_options bad = {.read_timeout = NAN, .reserved = {1}};
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_acceptor_create_socket(closed, datagram, never_accept, &bad, &out));
  refuses(AIO_ERR_UNSUPPORTED, aio_acceptor_create_socket(closed, datagram, never_accept, NULL, &out));
  refuses(AIO_ERR_CLOSED, aio_acceptor_create_socket(closed, listening, never_accept, NULL, &out));
  assert_int_equal(close(listening), 0);
  assert_int_equal(close(datagram), 0);
}

static void test_acceptor__null(void **test) {
  (void)test;
  aio_address address = {.length = 7};
  expect_status(aio_acceptor_close(NULL, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_acceptor_pause(NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_acceptor_resume(NULL), AIO_ERR_INVALID_ARGUMENT);
  assert_null(aio_acceptor_collection(NULL));
  assert_int_equal(aio_acceptor_local_port(NULL), 0);
  expect_status(aio_acceptor_local_address(NULL, &address), AIO_ERR_INVALID_ARGUMENT);
  assert_int_equal(aio_acceptor_socket(NULL), AIO_NO_SOCKET);
  assert_null(aio_acceptor_name(NULL));
  assert_null(aio_acceptor_user_info(NULL));
  expect_status(aio_acceptor_set_user_info(NULL, bytes), AIO_ERR_INVALID_ARGUMENT);
  assert_null(aio_acceptor_error_text(NULL));
  aio_acceptor_destroy(NULL);
}

static void test_acceptor__out_is_missing(void **test) {
  struct pair *pair = *test;
  aio_acceptor *acceptor;
  expect_status(aio_acceptor_create_tcp(pair->collection, "127.0.0.1", "0", never_accept, NULL, &acceptor), AIO_OK);
  expect_status(aio_acceptor_local_address(acceptor, NULL), AIO_ERR_INVALID_ARGUMENT);
  aio_acceptor_destroy(acceptor);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_collection_create),
      with_collection(test_collection_null),
      with_collection(test_collection_arguments),
      with_threaded_collection(test_collection_wait__bad_time_comes_before_busy),
      with_collection(test_apply__missing_function_comes_before_closed),
      with_collection(test_timer),
      with_collection(test_timer__bad_time_comes_before_closed),
      with_collection(test_state_create),
      with_collection(test_state_create__order_of_checks),
      with_collection(test_state_create__wrong_kind_stays_the_callers),
      with_collection(test_state_create__what_is_no_socket_is_a_system_error),
      with_collection(test_connect_tcp),
      with_collection(test_connect_tcp__reserved),
      with_collection(test_connect_tcp__order_of_checks),
      with_pair(test_operations__null),
      with_pair(test_operations__bad_range),
      with_pair(test_read_buffer__minimum_beyond_the_range),
      with_pair(test_operations__bad_times),
      with_pair(test_operations__reserved),
      with_pair(test_operations__refusal_stores_nothing),
      with_pair(test_operations__options_of_no_concern_are_ignored),
      with_pair(test_operations__order_of_checks),
      with_collection(test_write_buffer__busy_comes_before_limit),
      with_pair(test_shutdown),
      with_pair(test_abort),
      with_pair(test_close),
      with_pair(test_release_socket),
      with_collection(test_state_readers__null),
      with_pair(test_state_readers__out_is_missing),
      with_collection(test_state_setters__null),
      with_pair(test_state_setters__bad_times),
      with_pair(test_state_setters__long_times_are_no_timeout),
      with_pair(test_state_setters__bad_choices),
      with_collection(test_acceptor_create_tcp),
      with_collection(test_acceptor_create_tcp__bad_options),
      with_collection(test_acceptor_create_tcp__reserved),
      with_collection(test_acceptor_create_tcp__order_of_checks),
      with_collection(test_acceptor_create_socket),
      with_collection(test_acceptor_create_socket__order_of_checks),
      with_collection(test_acceptor__null),
      with_collection(test_acceptor__out_is_missing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
