#include "support_message_scenarios.h"

#include <stdio.h>

#include "support_sweep.h"

enum { kMostOperations = 32, kBuffer = 2000, kPieces = 70, kPiece = 20, kPatientTurns = 2000, kBrokenTurns = 20 };

/* An operation: accepted at most once, and then called exactly once. */
struct task {
  int accepted, calls;
  aio_status expected;
  size_t wanted, got; /* a standing receive's datagrams */
};

static struct {
  aio_collection *collection;
  struct task tasks[kMostOperations];
  int count, broken;
  char bytes[kPieces * kPiece];
} the;

static void begin(void) {
  memset(&the, 0, sizeof the);
  fill_payload(the.bytes, 0, sizeof the.bytes);
  the.collection = sweep_collection();
}

/* A failure that was met: what waits for its datagram may wait for ever, and nothing more is submitted. */
static void check(aio_status status, aio_status expected) {
  if (status == expected) return;
  accepted(status);
  the.broken = 1;
}

static int works(const aio_state *state) { return state != NULL && !the.broken; }

static struct task *new_task(aio_status expected) {
  struct task *task = &the.tasks[the.count++];
  task->expected = expected;
  return task;
}

static struct task *submitted(struct task *task, aio_status status) {
  task->accepted = status == AIO_OK;
  check(status, AIO_OK);
  return task;
}

static void on_send(aio_state *state, void *buffer, size_t count, void *argument) {
  struct task *task = argument;
  (void)buffer, (void)count;
  task->calls++;
  check(aio_state_write_status(state), task->expected);
}

static void on_receive(aio_state *state, void *buffer, size_t count, void *argument) {
  struct task *task = argument;
  (void)buffer, (void)count;
  task->calls++;
  check(aio_state_read_status(state), task->expected);
}

static void on_connect(aio_state *state, aio_status status, void *argument) {
  struct task *task = argument;
  (void)state;
  task->calls++;
  check(status, task->expected);
}

/* Finishes behind the last one that it wanted. */
static void on_message(aio_state *state, void *bytes, size_t count, void *argument) {
  struct task *task = argument;
  const aio_status status = aio_state_read_status(state);
  (void)bytes, (void)count;
  if (status != AIO_OK) {
    task->calls++;
    check(status, task->expected);
  } else if (++task->got == task->wanted) {
    task->calls++;
    aio_state_finish_read(state, 0);
  }
}

static aio_state *new_udp(const aio_udp_options *options) {
  aio_state *state = NULL;
  if (the.collection == NULL) return NULL;
  check(aio_state_create_udp(the.collection, "127.0.0.1", "0", options, &state), AIO_OK);
  return state;
}

static aio_address address_of(const aio_state *state) {
  aio_address address = {0};
  if (state != NULL) check(aio_state_local_address(state, &address), AIO_OK);
  return address;
}

static struct task *receive(aio_state *state, char *buffer, size_t length, double timeout, aio_status expected) {
  struct task *task = new_task(expected);
  const aio_io_options options = {.timeout = timeout, .user_info = task};
  return !works(state) ? task : submitted(task, aio_state_receive_message(state, buffer, length, on_receive, &options));
}

static struct task *receive_all(aio_state *state, size_t wanted) {
  struct task *task = new_task(wanted == SIZE_MAX ? AIO_ERR_CANCELED : AIO_OK);
  const aio_io_options options = {.user_info = task};
  task->wanted = wanted;
  return !works(state) ? task : submitted(task, aio_state_receive_messages(state, on_message, &options));
}

static struct task *send_to(aio_state *state, const aio_address *to, size_t length, aio_status expected) {
  static char longest[70000];
  struct task *task = new_task(expected);
  const aio_io_options options = {.user_info = task};
  if (!works(state) || to->length == 0) return task;
  return submitted(task, aio_state_send_message_to_address(state, to, longest, length, on_send, &options));
}

static struct task *send_all(aio_state *state, const aio_address *to, size_t count, int equal) {
  struct task *task = new_task(AIO_OK);
  const aio_io_options options = {.user_info = task};
  aio_message messages[kPieces] = {{0}};
  if (!works(state) || to->length == 0) return task;
  for (size_t i = 0; i < count; i++)
    messages[i] = (aio_message){.data = the.bytes, .length = equal ? kPiece : i % kPiece, .address = to};
  return submitted(task, aio_state_send_messages(state, messages, count, on_send, &options));
}

static int all_done(void) {
  for (int i = 0; i < the.count; i++)
    if (the.tasks[i].accepted && the.tasks[i].calls == 0) return 0;
  return 1;
}

/* What is not done then waits for a datagram that was lost for want of memory, or else close tells AIO_ERR_CANCELED. */
static void drive(void) {
  int left = kPatientTurns;
  while (the.collection != NULL && !all_done() && left-- > 0) {
    if (the.broken && left > kBrokenTurns) left = kBrokenTurns;
    if (the.broken || memory_has_failed()) {
      turns(1);
    } else {
      const aio_status status = aio_collection_wait(the.collection, 0.01);
      if (status != AIO_TIMEOUT) check(status, AIO_OK);
      turns(1);
    }
  }
  the.broken = the.broken || !all_done();
}

/* The states may be NULL. */
static void end(aio_state *one, aio_state *other) {
  aio_state_destroy(one);
  aio_state_destroy(other);
  if (the.collection != NULL) sweep_destroy_collection(the.collection);
  for (int i = 0; i < the.count; i++)
    if (the.tasks[i].calls != the.tasks[i].accepted)
      fail_at(HERE, "operation %d was called %d times", i, the.tasks[i].calls);
}

void single_messages(void) {
  begin();
  char buffer[kBuffer];
  aio_state *one = new_udp(&(aio_udp_options){.reuse_address = AIO_YES,
                                              .broadcast = AIO_YES,
                                              .multicast_ttl = 2,
                                              .receive_buffer_size = 100000,
                                              .name = "one"});
  aio_state *other = new_udp(NULL);
  const aio_address from = address_of(one), to = address_of(other);
  static const size_t lengths[] = {100, 0, 1000};
  for (int i = 0; i < 3; i++) {
    receive(other, buffer, sizeof buffer, 0, AIO_OK);
    send_to(one, &to, lengths[i], AIO_OK);
    drive();
    send_to(other, &from, 5, AIO_OK);
    send_to(other, &from, 6, AIO_OK);
    receive(one, buffer, 3, 0, AIO_OK);
    drive();
  }
  if (works(one)) {
    struct task *wait = new_task(AIO_OK);
    const aio_io_options options = {.user_info = wait};
    submitted(wait, aio_state_wait_for_input(one, on_receive, &options));
    drive();
  }
  send_to(one, &to, 65508, AIO_ERR_MESSAGE_TOO_LONG);
  send_to(one, &to, 10, AIO_OK);
  drive();
  end(one, other);
}

void message_batches(void) {
  begin();
  char buffer[kBuffer];
  aio_state *one = new_udp(NULL), *other = new_udp(NULL);
  const aio_address to = address_of(other);
  for (int equal = 0; equal < 2; equal++) {
    receive_all(other, kPieces - 1);
    send_to(one, &to, 5, AIO_OK);
    send_all(one, &to, kPieces, equal);
    send_to(one, &to, 5, AIO_OK);
    drive();
    for (int i = 0; i < 3; i++) {
      receive(other, buffer, 3, 0, AIO_OK);
      drive();
    }
  }
  receive_all(other, 40);
  send_all(one, &to, 50, 1);
  drive();
  if (other != NULL) aio_state_take_buffered(other, buffer, sizeof buffer);
  end(one, other);
}

void named_messages(void) {
  begin();
  char buffer[kBuffer], service[8];
  aio_state *one = NULL, *other = new_udp(NULL);
  aio_state *asker = NULL;
  const aio_address to = address_of(other);
  snprintf(service, sizeof service, "%u", aio_address_port(&to));
  if (the.collection != NULL) check(aio_state_create_udp(the.collection, NULL, NULL, NULL, &one), AIO_OK);
  struct task *named = new_task(AIO_OK), *unknown = new_task(AIO_ERR_HOST_NOT_FOUND), *connect = new_task(AIO_OK);
  receive(other, buffer, sizeof buffer, 0, AIO_OK);
  if (works(one) && to.length != 0) {
    submitted(named, aio_state_send_message_to_host(one, "127.0.0.1", service, the.bytes, 10, on_send,
                                                    &(aio_io_options){.user_info = named}));
    submitted(unknown, aio_state_send_message_to_host(one, "unknown.test", service, the.bytes, 10, on_send,
                                                      &(aio_io_options){.user_info = unknown}));
    drive();
  }
  if (works(other) && to.length != 0) {
    const aio_connect_options options = {.user_info = connect, .local_address = "127.0.0.1"};
    submitted(connect, aio_state_connect_udp(the.collection, "127.0.0.1", service, on_connect, &options, &asker));
  }
  if (works(asker)) {
    struct task *send = new_task(AIO_OK);
    receive(other, buffer, sizeof buffer, 0, AIO_OK);
    submitted(send, aio_state_send_message(asker, the.bytes, 10, on_send, &(aio_io_options){.user_info = send}));
    drive();
  }
  aio_state_destroy(asker);
  end(one, other);
}

void messages_ended(void) {
  begin();
  char buffer[kBuffer];
  aio_state *one = new_udp(NULL), *other = new_udp(NULL);
  const aio_address to = address_of(other);
  receive(one, buffer, sizeof buffer, 0.001, AIO_TIMEOUT);
  drive();
  if (works(one) && aio_state_join_group(one, "239.255.77.2", NULL, "lo") == AIO_OK)
    check(aio_state_leave_group(one, "239.255.77.2", NULL, "lo"), AIO_OK);
  struct task *endless = receive_all(other, SIZE_MAX);
  send_all(one, &to, 40, 0);
  for (int i = 0; i < 20 && endless->got < 40; i++) turns(1);
  struct task *abort = new_task(AIO_OK);
  if (works(other) && endless->accepted && endless->calls == 0)
    submitted(abort, aio_state_abort(other, AIO_INPUT, on_connect, abort));
  drive();
  receive(other, buffer, sizeof buffer, AIO_NO_TIMEOUT, AIO_ERR_CANCELED);
  end(one, other);
}

void equal_messages(void) {
  begin();
  aio_state *one = new_udp(NULL), *other = new_udp(NULL);
  const aio_address to = address_of(other);
  for (int i = 0; i < 3; i++) {
    receive_all(other, kPieces);
    send_all(one, &to, kPieces, 1);
    drive();
  }
  end(one, other);
}
