/*
 * Every function of message.h with every bad argument, and the order of the checks: AIO_ERR_INVALID_ARGUMENT,
 * AIO_ERR_UNSUPPORTED, AIO_ERR_CLOSED, AIO_ERR_BUSY, AIO_ERR_LIMIT. What is refused is never called back.
 */
#include "support_message.h"

#include <math.h>

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

/* ---- create_udp ---- */

static void test_create(void **test) {
  aio_collection *in = ((struct pair *)*test)->collection;
  aio_state *out;
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_create_udp(NULL, "127.0.0.1", "0", NULL, &out));
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_create_udp(in, "127.0.0.1", NULL, NULL, &out));
  expect_status(aio_state_create_udp(in, "127.0.0.1", "0", NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
}

static size_t bad_udp_options(aio_udp_options *bad) {
  size_t count = 0;
  for (size_t i = 0; i < COUNT(bad_times); i++) {
    bad[count++] = (aio_udp_options){.read_timeout = bad_times[i]};
    bad[count++] = (aio_udp_options){.write_timeout = bad_times[i]};
  }
  for (size_t i = 0; i < COUNT(bad_choices); i++) {
    bad[count++] = (aio_udp_options){.reuse_address = bad_choices[i]};
    bad[count++] = (aio_udp_options){.reuse_port = bad_choices[i]};
    bad[count++] = (aio_udp_options){.broadcast = bad_choices[i]};
    bad[count++] = (aio_udp_options){.multicast_loop = bad_choices[i]};
    bad[count++] = (aio_udp_options){.queue_output = bad_choices[i]};
  }
  for (size_t i = 0; i < COUNT(bad_families); i++) bad[count++] = (aio_udp_options){.family = bad_families[i]};
  bad[count++] = (aio_udp_options){.multicast_ttl = -1};
  bad[count++] = (aio_udp_options){.multicast_ttl = 256};
  bad[count++] = (aio_udp_options){.multicast_ttl = INT32_MIN};
  bad[count++] = (aio_udp_options){.receive_buffer_size = -1};
  bad[count++] = (aio_udp_options){.send_buffer_size = -1};
  return count;
}

static void test_create__options(void **test) {
  aio_collection *in = ((struct pair *)*test)->collection;
  aio_state *out;
  aio_udp_options bad[64];
  const size_t count = bad_udp_options(bad);
  const int descriptors = open_descriptors();
  for (size_t i = 0; i < count; i++) {
    refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_create_udp(in, "127.0.0.1", "0", &bad[i], &out));
    refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_create_udp(in, NULL, NULL, &bad[i], &out));
  }
  assert_int_equal(open_descriptors(), descriptors);
}

static void test_create__reserved(void **test) {
  aio_collection *in = ((struct pair *)*test)->collection;
  aio_state *out;
  aio_udp_options options = {0};
  for (size_t i = 0; i < COUNT(options.reserved); i++) {
    options.reserved[i] = 1;
    refuses(AIO_ERR_UNSUPPORTED, aio_state_create_udp(in, "127.0.0.1", "0", &options, &out));
    options.reserved[i] = 0;
  }
}

static void test_create__order_of_checks(void **test) {
  (void)test;
  aio_collection *closed = stopped_collection();
  aio_state *out;
  const aio_udp_options bad = {.family = 7, .reserved = {1}}, later = {.reserved = {1}};
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_create_udp(closed, "127.0.0.1", "0", &bad, &out));
  refuses(AIO_ERR_UNSUPPORTED, aio_state_create_udp(closed, "127.0.0.1", "0", &later, &out));
  refuses(AIO_ERR_CLOSED, aio_state_create_udp(closed, "127.0.0.1", "0", NULL, &out));
  refuses(AIO_ERR_CLOSED, aio_state_create_udp(closed, "192.0.2.1", "0", NULL, &out));
}

/* ---- connect_udp ---- */

static void test_connect(void **test) {
  struct pair *pair = *test;
  aio_collection *in = pair->collection;
  aio_state *out;
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_connect_udp(NULL, "127.0.0.1", "1", never_state, NULL, &out));
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_connect_udp(in, NULL, "1", never_state, NULL, &out));
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_connect_udp(in, "127.0.0.1", NULL, never_state, NULL, &out));
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_connect_udp(in, "127.0.0.1", "1", NULL, NULL, &out));
  expect_status(aio_state_connect_udp(in, "127.0.0.1", "1", never_state, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  for (size_t i = 0; i < COUNT(bad_times); i++) {
    const aio_connect_options whole = {.connect_timeout = bad_times[i]}, read = {.read_timeout = bad_times[i]};
    const aio_connect_options write = {.write_timeout = bad_times[i]};
    refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_connect_udp(in, "127.0.0.1", "1", never_state, &whole, &out));
    refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_connect_udp(in, "127.0.0.1", "1", never_state, &read, &out));
    refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_connect_udp(in, "127.0.0.1", "1", never_state, &write, &out));
  }
  for (size_t i = 0; i < COUNT(bad_families); i++) {
    const aio_connect_options family = {.family = bad_families[i]};
    refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_connect_udp(in, "127.0.0.1", "1", never_state, &family, &out));
  }
  for (size_t i = 0; i < COUNT(bad_choices); i++) {
    const aio_connect_options queue = {.queue_output = bad_choices[i]};
    refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_connect_udp(in, "127.0.0.1", "1", never_state, &queue, &out));
  }
  expect_nothing_more(pair);
}

static void test_connect__order_of_checks(void **test) {
  struct pair *pair = *test;
  aio_collection *closed = stopped_collection();
  aio_state *out;
  const aio_connect_options bad = {.family = 7, .reserved = {1}}, tls = {.tls = (void *)bytes};
  aio_connect_options later = {0};
  refuses(AIO_ERR_INVALID_ARGUMENT, aio_state_connect_udp(closed, "127.0.0.1", "1", never_state, &bad, &out));
  refuses(AIO_ERR_UNSUPPORTED, aio_state_connect_udp(closed, "127.0.0.1", "1", never_state, &tls, &out));
  for (size_t i = 0; i < COUNT(later.reserved); i++) {
    later.reserved[i] = 1;
    refuses(AIO_ERR_UNSUPPORTED, aio_state_connect_udp(closed, "127.0.0.1", "1", never_state, &later, &out));
    refuses(AIO_ERR_UNSUPPORTED, aio_state_connect_udp(pair->collection, "127.0.0.1", "1", never_state, &later, &out));
    later.reserved[i] = 0;
  }
  refuses(AIO_ERR_CLOSED, aio_state_connect_udp(closed, "127.0.0.1", "1", never_state, NULL, &out));
}

/* ---- operations, on a state that is not connected ---- */

static aio_address somewhere(void) { return parsed_address("127.0.0.1", 9); }

static aio_status receive_with(aio_state *state, const aio_io_options *options) {
  return aio_state_receive_message(state, bytes, sizeof bytes, never_bytes, options);
}
static aio_status receive_all_with(aio_state *state, const aio_io_options *options) {
  return aio_state_receive_messages(state, never_bytes, options);
}
static aio_status send_to_address_with(aio_state *state, const aio_io_options *options) {
  const aio_address to = somewhere();
  return aio_state_send_message_to_address(state, &to, bytes, sizeof bytes, never_bytes, options);
}
static aio_status send_to_host_with(aio_state *state, const aio_io_options *options) {
  return aio_state_send_message_to_host(state, "127.0.0.1", "9", bytes, sizeof bytes, never_bytes, options);
}
static aio_status send_all_with(aio_state *state, const aio_io_options *options) {
  const aio_address to = somewhere();
  const aio_message message = {.data = bytes, .length = sizeof bytes, .address = &to};
  return aio_state_send_messages(state, &message, 1, never_bytes, options);
}

typedef aio_status (*operation)(aio_state *, const aio_io_options *);
enum { kReceives = 2, kRanged = 3 };
static const operation operations[] = {receive_with, receive_all_with, send_to_address_with, send_to_host_with,
                                       send_all_with};
static const operation ranged[kRanged] = {receive_with, send_to_address_with, send_to_host_with};

static void test_operations__null(void **test) {
  struct pair *pair = *test;
  const aio_address to = somewhere();
  for (size_t i = 0; i < COUNT(operations); i++) expect_status(operations[i](NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_send_message(NULL, bytes, 1, never_bytes, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_receive_message(pair->state, bytes, 1, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_receive_message(pair->state, NULL, 1, never_bytes, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_receive_messages(pair->state, NULL, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_send_message(pair->state, NULL, 1, never_bytes, NULL), AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_send_message_to_address(pair->state, NULL, bytes, 1, never_bytes, NULL),
                AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_send_message_to_address(pair->state, &to, NULL, 1, never_bytes, NULL),
                AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_send_message_to_host(pair->state, NULL, "9", bytes, 1, never_bytes, NULL),
                AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_send_message_to_host(pair->state, "127.0.0.1", NULL, bytes, 1, never_bytes, NULL),
                AIO_ERR_INVALID_ARGUMENT);
  expect_status(aio_state_send_message_to_host(pair->state, "127.0.0.1", "9", NULL, 1, never_bytes, NULL),
                AIO_ERR_INVALID_ARGUMENT);
  expect_nothing_more(pair);
}

static void test_operations__bad_range(void **test) {
  struct pair *pair = *test;
  const aio_io_options bad[] = {
      {.start = 9},      {.start = 5, .end = 4}, {.start = SIZE_MAX},    {.end = 9},
      {.end = SIZE_MAX}, {.start = 8, .end = 7}, {.start = 9, .end = 9},
  };
  for (size_t i = 0; i < COUNT(bad); i++) {
    for (size_t j = 0; j < kRanged; j++) expect_status(ranged[j](pair->state, &bad[i]), AIO_ERR_INVALID_ARGUMENT);
    expect_status(aio_state_send_message(pair->state, bytes, sizeof bytes, never_bytes, &bad[i]),
                  AIO_ERR_INVALID_ARGUMENT);
  }
  expect_nothing_more(pair);
}

static void test_operations__bad_times(void **test) {
  struct pair *pair = *test;
  for (size_t i = 0; i < COUNT(operations); i++)
    for (size_t j = 0; j < COUNT(bad_times); j++) {
      const aio_io_options whole = {.timeout = bad_times[j]}, stall = {.stall_timeout = bad_times[j]};
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
  options.stall_timeout = 0;
  expect_status(aio_state_send_message(pair->state, bytes, 1, never_bytes, &options), AIO_ERR_UNSUPPORTED);
  assert_true(aio_state_read_timeout(pair->state) == AIO_NO_TIMEOUT);
  assert_true(aio_state_write_timeout(pair->state) == AIO_NO_TIMEOUT);
  assert_int_equal(aio_state_max_read(pair->state), 65536);
  assert_int_equal(aio_state_queued_bytes(pair->state), 0);
  assert_ptr_equal(aio_state_user_info(pair->state), before);
}

static void test_operations__accepted_options_are_stored(void **test) {
  struct pair *pair = *test;
  expect_write(start_send_with(pair, 4, .timeout = 8), AIO_OK, 4);
  peer_sends_message(pair, 4);
  expect_message(start_receive_with(pair, 4, .timeout = 9), 4, 4);
  assert_true(aio_state_write_timeout(pair->state) == 8);
  assert_true(aio_state_read_timeout(pair->state) == 9);
}

static void test_operations__options_of_no_concern_are_ignored(void **test) {
  struct pair *pair = *test;
  expect_write(start_send_with(pair, 4, .minimum = 100), AIO_OK, 4);
  peer_receives_message(pair, 4);
  expect_sent(start_send_all_with(pair, equal_sizes(2, 4), 2, .start = 5, .end = 3, .minimum = 9), AIO_OK, 2);
  struct completion *receive = start_receive_all_with(pair, NULL, .start = 5, .end = 3, .minimum = 9);
  peer_sends_message(pair, 4);
  expect_messages(receive, equal_sizes(1, 4), 1);
}

static void test_operations__order_of_checks(void **test) {
  struct pair *pair = *test;
  const aio_io_options bad = {.timeout = -1, .reserved = {1}}, later = {.reserved = {1}};
  start_receive(pair, 1);
  for (size_t i = 0; i < COUNT(operations); i++) {
    expect_status(operations[i](pair->state, &bad), AIO_ERR_INVALID_ARGUMENT);
    expect_status(operations[i](pair->state, &later), AIO_ERR_UNSUPPORTED);
    if (i < kReceives) expect_status(operations[i](pair->state, NULL), AIO_ERR_BUSY);
  }
  start_close(pair);
  for (size_t i = 0; i < COUNT(operations); i++) {
    expect_status(operations[i](pair->state, &bad), AIO_ERR_INVALID_ARGUMENT);
    expect_status(operations[i](pair->state, &later), AIO_ERR_UNSUPPORTED);
    expect_status(operations[i](pair->state, NULL), AIO_ERR_CLOSED);
  }
  expect_status(aio_state_send_message(pair->state, bytes, 1, never_bytes, NULL), AIO_ERR_UNSUPPORTED);
}

static void test_operations__wrong_kind_comes_before_closed_and_behind_invalid(void **test) {
  struct pair *pair = *test;
  const aio_io_options bad = {.timeout = -1};
  for (int is_closed = 0; is_closed < 2; is_closed++) {
    for (size_t i = 0; i < COUNT(operations); i++) {
      expect_status(operations[i](pair->state, &bad), AIO_ERR_INVALID_ARGUMENT);
      expect_status(operations[i](pair->state, NULL), AIO_ERR_UNSUPPORTED);
    }
    if (!is_closed) start_close(pair);
  }
}

static void test_send_to_address__bad_addresses(void **test) {
  struct pair *pair = *test;
  const uint32_t lengths[] = {0, 129, UINT32_MAX};
  for (size_t i = 0; i < COUNT(lengths); i++) {
    aio_address to = somewhere();
    to.length = lengths[i];
    const aio_message message = {.data = bytes, .length = 1, .address = &to};
    expect_status(aio_state_send_message_to_address(pair->state, &to, bytes, 1, never_bytes, NULL),
                  AIO_ERR_INVALID_ARGUMENT);
    expect_status(aio_state_send_messages(pair->state, &message, 1, never_bytes, NULL), AIO_ERR_INVALID_ARGUMENT);
  }
}

/* An address that the system cannot use is the operation's failure, and touches no other. */
static void test_send_to_address__of_another_family(void **test) {
  struct pair *pair = *test;
  aio_address to;
  expect_status(aio_address_unix(&to, "/nowhere"), AIO_OK);
  struct completion *send = new_completion(pair);
  accept_completion(send, AIO_OK);
  expect_status(aio_state_send_message_to_address(pair->state, &to, bytes, 1, recorded_write,
                                                  &(aio_io_options){.user_info = send}),
                AIO_OK);
  drive_until(pair, send->done);
  assert_true(send->status < 0);
  assert_int_equal(send->count, 0);
  expect_write(start_send(pair, 4), AIO_OK, 4);
  peer_receives_message(pair, 4);
}

static void test_send_all__bad_messages(void **test) {
  struct pair *pair = *test;
  const aio_address to = somewhere();
  const aio_message good = {.data = bytes, .length = 1, .address = &to};
  const aio_message no_data = {.length = 1, .address = &to}, no_address = {.data = bytes, .length = 1};
  aio_message messages[3] = {good, good, good};
  expect_status(aio_state_send_messages(pair->state, NULL, 1, never_bytes, NULL), AIO_ERR_INVALID_ARGUMENT);
  for (int i = 0; i < 3; i++) {
    messages[i] = no_data;
    expect_status(aio_state_send_messages(pair->state, messages, 3, never_bytes, NULL), AIO_ERR_INVALID_ARGUMENT);
    messages[i] = no_address;
    expect_status(aio_state_send_messages(pair->state, messages, 3, never_bytes, NULL), AIO_ERR_UNSUPPORTED);
    messages[i] = good;
    for (size_t j = 0; j < COUNT(good.reserved); j++) {
      messages[i].reserved[j] = 1;
      expect_status(aio_state_send_messages(pair->state, messages, 3, never_bytes, NULL), AIO_ERR_UNSUPPORTED);
      messages[i].reserved[j] = 0;
    }
  }
  messages[0].length = messages[1].length = SIZE_MAX / 2 + 1;
  expect_status(aio_state_send_messages(pair->state, messages, 3, never_bytes, NULL), AIO_ERR_INVALID_ARGUMENT);
  messages[0] = no_address;
  messages[1] = no_data;
  expect_status(aio_state_send_messages(pair->state, messages, 2, never_bytes, NULL), AIO_ERR_INVALID_ARGUMENT);
  assert_int_equal(aio_state_queued_bytes(pair->state), 0);
  expect_nothing_more(pair);
}

static void test_send_all__no_data_is_fine_without_a_length(void **test) {
  struct pair *pair = *test;
  const aio_address to = address_of_peer(pair);
  const aio_message empty = {.address = &to};
  expect_status(aio_state_send_messages(pair->state, &empty, 1, NULL, NULL), AIO_OK);
  peer_receives_message(pair, 0);
}

static void test_send__no_data_is_fine_without_a_length(void **test) {
  struct pair *pair = *test;
  const aio_address to = address_of_peer(pair);
  expect_status(aio_state_send_message_to_address(pair->state, &to, NULL, 0, NULL, NULL), AIO_OK);
  peer_receives_message(pair, 0);
}

static void test_send__busy_comes_before_limit(void **test) {
  const aio_udp_options options = {.queue_output = AIO_NO};
  struct pair *pair = new_message_pair(((struct pair *)*test)->collection, LINK_UDP, &options);
  expect_status(aio_state_set_write_limit(pair->state, 1), AIO_OK);
  start_send(pair, 100);
  expect_refusal(try_send(pair, 100), AIO_ERR_BUSY);
}

/* ---- groups ---- */

static void expect_group(struct place place, aio_state *state, const char *group, const char *source,
                         const char *interface_name, aio_status status) {
  expect_status_at(place, aio_state_join_group(state, group, source, interface_name), status);
  expect_status_at(place, aio_state_leave_group(state, group, source, interface_name), status);
}

static void test_groups(void **test) {
  struct pair *pair = *test;
  static const char *const no_groups[] = {"",          "127.0.0.1", "223.255.255.255", "240.0.0.0",
                                          "localhost", "::1",       "239.0.0.1 ",      "239.0.0.1:80"};
  static const char *const no_sources[] = {"", "localhost", "::1", "239.0.0.2", "127.0.0.1:80"};
  expect_group(HERE, NULL, "239.0.0.1", NULL, NULL, AIO_ERR_INVALID_ARGUMENT);
  expect_group(HERE, pair->state, NULL, NULL, NULL, AIO_ERR_INVALID_ARGUMENT);
  for (size_t i = 0; i < COUNT(no_groups); i++)
    expect_group(HERE, pair->state, no_groups[i], NULL, "lo", AIO_ERR_INVALID_ARGUMENT);
  for (size_t i = 0; i < COUNT(no_sources); i++)
    expect_group(HERE, pair->state, "232.0.0.1", no_sources[i], "lo", AIO_ERR_INVALID_ARGUMENT);
  expect_group(HERE, pair->state, "ff02::1", "127.0.0.1", "lo", AIO_ERR_INVALID_ARGUMENT);
}

static void test_groups__order_of_checks(void **test) {
  struct pair *pair = *test, *stream = new_pair(pair->collection, LINK_TCP, NULL);
  expect_group(HERE, stream->state, "127.0.0.1", NULL, NULL, AIO_ERR_INVALID_ARGUMENT);
  expect_group(HERE, stream->state, "239.0.0.1", NULL, "no-such-if", AIO_ERR_UNSUPPORTED);
  start_close(stream);
  expect_group(HERE, stream->state, "239.0.0.1", NULL, NULL, AIO_ERR_UNSUPPORTED);
  start_close(pair);
  expect_group(HERE, pair->state, "127.0.0.1", NULL, NULL, AIO_ERR_INVALID_ARGUMENT);
  expect_group(HERE, pair->state, "239.0.0.1", NULL, "lo", AIO_ERR_CLOSED);
}

static void test_groups__unix_sockets_have_none(void **test) {
  struct pair *pair = *test;
  expect_group(HERE, pair->state, "239.0.0.1", NULL, "lo", AIO_ERR_UNSUPPORTED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_create),
      with_collection(test_create__options),
      with_collection(test_create__reserved),
      with_collection(test_create__order_of_checks),
      with_collection(test_connect),
      with_collection(test_connect__order_of_checks),
      with_udp_pair(test_operations__null),
      with_udp_pair(test_operations__bad_range),
      with_udp_pair(test_operations__bad_times),
      with_udp_pair(test_operations__reserved),
      with_udp_pair(test_operations__refusal_stores_nothing),
      with_udp_pair(test_operations__accepted_options_are_stored),
      with_udp_pair(test_operations__options_of_no_concern_are_ignored),
      with_udp_pair(test_operations__order_of_checks),
      with_pair(test_operations__wrong_kind_comes_before_closed_and_behind_invalid),
      with_udp_pair(test_send_to_address__bad_addresses),
      with_udp_pair(test_send_to_address__of_another_family),
      with_udp_pair(test_send_all__bad_messages),
      with_udp_pair(test_send_all__no_data_is_fine_without_a_length),
      with_udp_pair(test_send__no_data_is_fine_without_a_length),
      with_collection(test_send__busy_comes_before_limit),
      with_udp_pair(test_groups),
      with_udp_pair(test_groups__order_of_checks),
      with_unix_datagram_pair(test_groups__unix_sockets_have_none),
  };
  return cmocka_run_group_tests_name("message_arguments", tests, NULL, NULL);
}
