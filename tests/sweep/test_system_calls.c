/*
 * Every scenario with each system call on sockets failing in turn, being interrupted, refused for the moment or cut to
 * one byte, and with those of libuv's functions failing that can. test_system_calls.wrap names all of them; the linker
 * leads their calls here.
 */
#define _GNU_SOURCE /* struct mmsghdr */

#include "support_message_scenarios.h"
#include "support_resolver.h"
#include "support_scenarios.h"
#include "support_sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* ---- the plan: the number-th of the calls of one kind, or each of them, goes wrong in one way ---- */

enum call {
  ACCEPT,
  BIND,
  CLOSE,
  CONNECT,
  FCNTL,
  GETPEERNAME,
  GETSOCKNAME,
  GETSOCKOPT,
  LISTEN,
  READV,
  RECV,
  RECVFROM,
  RECVMMSG,
  SEND,
  SENDMMSG,
  SENDMSG,
  SENDTO,
  SETSOCKOPT,
  SHUTDOWN,
  SOCKET,
  UV_ASYNC,
  UV_LOOK_UP,
  UV_LOOP,
  UV_MUTEX,
  UV_POLL,
  UV_THREAD
};

enum way {
  FAILS, /* and does nothing */
  TELLS, /* the error, having done its work */
  CUT,   /* moves one byte */
};

struct plan {
  const char *name;
  enum call call;
  enum way way;
  int error;
  aio_status status; /* what that is called; AIO_OK: the library takes no notice */
  int every;         /* many calls from the number-th on; those that fail, every second one */
  long points, told; /* how often it was met, and how often its status was told */
};

enum { kMostInARow = 1000 };

static struct plan *plan;
static atomic_int armed, was_hit;
static atomic_long until;

static int goes_wrong(enum call call, enum way way) {
  if (plan == NULL || plan->call != call || plan->way != way || is_apart() || !atomic_load(&armed)) return 0;
  const long left = atomic_fetch_sub(&until, 1);
  const int goes_on = plan->every && left <= 0 && left > -kMostInARow && (way == CUT || left % 2 == 0);
  if (left != 1 && !goes_on) return 0;
  atomic_store(&was_hit, 1);
  errno = plan->error;
  return 1;
}

/* ---- the calls ---- */

#define WRAP(result, name, parameters, call, ...)      \
  result __real_##name parameters;                     \
  result __wrap_##name parameters;                     \
  result __wrap_##name parameters {                    \
    if (goes_wrong(call, FAILS)) return -1;            \
    const result outcome = __real_##name(__VA_ARGS__); \
    return goes_wrong(call, TELLS) ? -1 : outcome;     \
  }

WRAP(int, accept4, (int s, struct sockaddr *a, socklen_t *l, int f), ACCEPT, s, a, l, f)
WRAP(ssize_t, recvfrom, (int s, void *b, size_t z, int f, struct sockaddr *a, socklen_t *l), RECVFROM, s, b, z, f, a, l)
WRAP(int, recvmmsg, (int s, struct mmsghdr *m, unsigned c, int f, struct timespec *t), RECVMMSG, s, m, c, f, t)
WRAP(ssize_t, sendto, (int s, const void *b, size_t z, int f, const struct sockaddr *a, socklen_t l), SENDTO, s, b, z,
     f, a, l)
WRAP(int, bind, (int s, const struct sockaddr *a, socklen_t l), BIND, s, a, l)
WRAP(int, close, (int s), CLOSE, s)
WRAP(int, connect, (int s, const struct sockaddr *a, socklen_t l), CONNECT, s, a, l)
WRAP(int, getpeername, (int s, struct sockaddr *a, socklen_t *l), GETPEERNAME, s, a, l)
WRAP(int, getsockname, (int s, struct sockaddr *a, socklen_t *l), GETSOCKNAME, s, a, l)
WRAP(int, getsockopt, (int s, int v, int n, void *o, socklen_t *l), GETSOCKOPT, s, v, n, o, l)
WRAP(int, listen, (int s, int b), LISTEN, s, b)
WRAP(int, setsockopt, (int s, int v, int n, const void *o, socklen_t l), SETSOCKOPT, s, v, n, o, l)
WRAP(int, shutdown, (int s, int h), SHUTDOWN, s, h)
WRAP(int, socket, (int d, int t, int p), SOCKET, d, t, p)

int __real_fcntl(int descriptor, int command, ...);
int __wrap_fcntl(int descriptor, int command, ...);
int __wrap_fcntl(int descriptor, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  const int argument = command == F_SETFL || command == F_SETFD ? va_arg(arguments, int) : 0;
  va_end(arguments);
  return goes_wrong(FCNTL, FAILS) ? -1 : __real_fcntl(descriptor, command, argument);
}

ssize_t __real_recv(int s, void *bytes, size_t size, int flags);
ssize_t __wrap_recv(int s, void *bytes, size_t size, int flags);
ssize_t __wrap_recv(int s, void *bytes, size_t size, int flags) {
  if (goes_wrong(RECV, FAILS)) return -1;
  return __real_recv(s, bytes, size > 1 && goes_wrong(RECV, CUT) ? 1 : size, flags);
}

ssize_t __real_send(int s, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int s, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int s, const void *bytes, size_t size, int flags) {
  if (goes_wrong(SEND, FAILS)) return -1;
  return __real_send(s, bytes, size > 1 && goes_wrong(SEND, CUT) ? 1 : size, flags);
}

/* The first byte of several ranges. */
static struct iovec first_byte(const struct iovec *ranges) { return (struct iovec){ranges->iov_base, 1}; }

ssize_t __real_readv(int s, const struct iovec *ranges, int count);
ssize_t __wrap_readv(int s, const struct iovec *ranges, int count);
ssize_t __wrap_readv(int s, const struct iovec *ranges, int count) {
  if (goes_wrong(READV, FAILS)) return -1;
  if (!goes_wrong(READV, CUT)) return __real_readv(s, ranges, count);
  const struct iovec one = first_byte(ranges);
  return __real_readv(s, &one, 1);
}

ssize_t __real_sendmsg(int s, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int s, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int s, const struct msghdr *message, int flags) {
  if (goes_wrong(SENDMSG, FAILS)) return -1;
  if (!goes_wrong(SENDMSG, CUT)) return __real_sendmsg(s, message, flags);
  struct iovec one = first_byte(message->msg_iov);
  const struct msghdr short_message = {.msg_iov = &one, .msg_iovlen = 1};
  return __real_sendmsg(s, &short_message, flags);
}

/* How many runs of datagrams the kernel was asked to cut since the latest failure. */
static long runs_since;

/* CUT sends the first of the datagrams alone. */
int __real_sendmmsg(int s, struct mmsghdr *messages, unsigned count, int flags);
int __wrap_sendmmsg(int s, struct mmsghdr *messages, unsigned count, int flags);
int __wrap_sendmmsg(int s, struct mmsghdr *messages, unsigned count, int flags) {
  if (goes_wrong(SENDMMSG, FAILS)) {
    runs_since = 0;
    return -1;
  }
  for (unsigned i = 0; i < count; i++) runs_since += messages[i].msg_hdr.msg_controllen > 0;
  return __real_sendmmsg(s, messages, count > 1 && goes_wrong(SENDMMSG, CUT) ? 1 : count, flags);
}

/* libuv's failures are negative error numbers. */
#define WRAP_UV(name, parameters, call, ...) \
  int __real_##name parameters;              \
  int __wrap_##name parameters;              \
  int __wrap_##name parameters { return goes_wrong(call, FAILS) ? -plan->error : __real_##name(__VA_ARGS__); }

WRAP_UV(uv_async_init, (void *loop, void *async, void (*f)(void *)), UV_ASYNC, loop, async, f)
WRAP_UV(uv_getaddrinfo,
        (void *loop, void *request, void (*f)(void *), const char *host, const char *service, const void *hints),
        UV_LOOK_UP, loop, request, f, host, service, hints)
WRAP_UV(uv_loop_init, (void *loop), UV_LOOP, loop)
WRAP_UV(uv_mutex_init, (void *mutex), UV_MUTEX, mutex)
WRAP_UV(uv_poll_init_socket, (void *loop, void *poll, int socket), UV_POLL, loop, poll, socket)
WRAP_UV(uv_thread_create, (void *thread, void (*f)(void *), void *argument), UV_THREAD, thread, f, argument)

/* ---- the faults ---- */

#define PLAN(name, call, way, error, status, every) \
  { name, call, way, error, status, every, 0, 0 }
#define FAILING(call, error, status) PLAN(#call " fails with " #error, call, FAILS, error, status, 0)
#define UNNOTICED(call, way, error)                             \
  PLAN(#call " " #way " " #error, call, way, error, AIO_OK, 0), \
      PLAN(#call " " #way " " #error " again and again", call, way, error, AIO_OK, 1)

static struct plan plans[] = {
    FAILING(SOCKET, EMFILE, AIO_ERR_TOO_MANY_FILES),
    FAILING(SOCKET, ENFILE, AIO_ERR_TOO_MANY_FILES),
    FAILING(SOCKET, ENOBUFS, AIO_ERR_NO_MEMORY),
    FAILING(SOCKET, EACCES, AIO_ERR_ACCESS),
    FAILING(SOCKET, EAFNOSUPPORT, AIO_ERR_UNSUPPORTED),
    FAILING(BIND, EADDRINUSE, AIO_ERR_ADDRESS_IN_USE),
    FAILING(BIND, EACCES, AIO_ERR_ACCESS),
    FAILING(LISTEN, EADDRINUSE, AIO_ERR_ADDRESS_IN_USE),
    FAILING(ACCEPT, EMFILE, AIO_OK),
    FAILING(ACCEPT, EPROTO, AIO_OK),
    UNNOTICED(ACCEPT, FAILS, ECONNABORTED),
    UNNOTICED(ACCEPT, FAILS, EINTR),
    UNNOTICED(ACCEPT, FAILS, EAGAIN),
    FAILING(CONNECT, ECONNREFUSED, AIO_ERR_CONNECTION_REFUSED),
    FAILING(CONNECT, ENETUNREACH, AIO_ERR_UNREACHABLE),
    FAILING(CONNECT, EADDRNOTAVAIL, AIO_ERR_ADDRESS_NOT_AVAILABLE),
    FAILING(CONNECT, EPERM, AIO_ERR_ACCESS),
    UNNOTICED(CONNECT, TELLS, EINTR),
    UNNOTICED(CONNECT, TELLS, EINPROGRESS),
    FAILING(GETSOCKOPT, ENOBUFS, AIO_ERR_NO_MEMORY),
    FAILING(GETSOCKOPT, EIO, AIO_ERR_SYSTEM),
    FAILING(SETSOCKOPT, ENOMEM, AIO_ERR_NO_MEMORY),
    FAILING(SETSOCKOPT, EINVAL, AIO_ERR_SYSTEM),
    FAILING(GETSOCKNAME, ENOBUFS, AIO_ERR_NO_MEMORY),
    FAILING(GETPEERNAME, ENOBUFS, AIO_ERR_NO_MEMORY),
    FAILING(FCNTL, EINVAL, AIO_ERR_SYSTEM),
    FAILING(RECV, ECONNRESET, AIO_ERR_CONNECTION_RESET),
    FAILING(RECV, ETIMEDOUT, AIO_ERR_CONNECTION_TIMED_OUT),
    FAILING(RECV, EHOSTUNREACH, AIO_ERR_UNREACHABLE),
    FAILING(RECV, ENOMEM, AIO_ERR_NO_MEMORY),
    FAILING(RECV, EIO, AIO_ERR_SYSTEM),
    UNNOTICED(RECV, FAILS, EINTR),
    UNNOTICED(RECV, FAILS, EAGAIN),
    UNNOTICED(RECV, CUT, 0),
    FAILING(READV, ECONNRESET, AIO_ERR_CONNECTION_RESET),
    FAILING(READV, ENOMEM, AIO_ERR_NO_MEMORY),
    UNNOTICED(READV, FAILS, EINTR),
    UNNOTICED(READV, FAILS, EAGAIN),
    UNNOTICED(READV, CUT, 0),
    FAILING(SEND, EPIPE, AIO_ERR_BROKEN_PIPE),
    FAILING(SEND, ECONNRESET, AIO_ERR_CONNECTION_RESET),
    FAILING(SEND, ETIMEDOUT, AIO_ERR_CONNECTION_TIMED_OUT),
    FAILING(SEND, ENOBUFS, AIO_ERR_NO_MEMORY),
    FAILING(SEND, ENETUNREACH, AIO_ERR_UNREACHABLE),
    UNNOTICED(SEND, FAILS, EINTR),
    UNNOTICED(SEND, FAILS, EAGAIN),
    UNNOTICED(SEND, CUT, 0),
    FAILING(SENDTO, ENETUNREACH, AIO_ERR_UNREACHABLE),
    FAILING(SENDTO, ENOBUFS, AIO_ERR_NO_MEMORY),
    FAILING(SENDTO, EPERM, AIO_ERR_ACCESS),
    UNNOTICED(SENDTO, FAILS, EINTR),
    UNNOTICED(SENDTO, FAILS, EAGAIN),
    FAILING(SENDMMSG, ENETUNREACH, AIO_ERR_UNREACHABLE),
    FAILING(SENDMMSG, ENOBUFS, AIO_ERR_NO_MEMORY),
    UNNOTICED(SENDMMSG, FAILS, EINTR),
    UNNOTICED(SENDMMSG, FAILS, EAGAIN),
    UNNOTICED(SENDMMSG, CUT, 0),
    FAILING(RECVFROM, ENOMEM, AIO_ERR_NO_MEMORY),
    FAILING(RECVFROM, ECONNREFUSED, AIO_ERR_CONNECTION_REFUSED),
    UNNOTICED(RECVFROM, FAILS, EINTR),
    UNNOTICED(RECVFROM, FAILS, EAGAIN),
    FAILING(RECVMMSG, ENOMEM, AIO_ERR_NO_MEMORY),
    FAILING(RECVMMSG, EIO, AIO_ERR_SYSTEM),
    UNNOTICED(RECVMMSG, FAILS, EINTR),
    UNNOTICED(RECVMMSG, FAILS, EAGAIN),
    FAILING(SENDMSG, EPIPE, AIO_ERR_BROKEN_PIPE),
    FAILING(SENDMSG, ECONNRESET, AIO_ERR_CONNECTION_RESET),
    UNNOTICED(SENDMSG, FAILS, EINTR),
    UNNOTICED(SENDMSG, FAILS, EAGAIN),
    UNNOTICED(SENDMSG, CUT, 0),
    FAILING(SHUTDOWN, ENOTCONN, AIO_ERR_NOT_CONNECTED),
    FAILING(SHUTDOWN, EIO, AIO_ERR_SYSTEM),
    UNNOTICED(CLOSE, TELLS, EINTR),
    UNNOTICED(CLOSE, TELLS, EIO),
    FAILING(UV_ASYNC, EMFILE, AIO_ERR_TOO_MANY_FILES),
    FAILING(UV_LOOK_UP, ENOMEM, AIO_ERR_NO_MEMORY),
    FAILING(UV_LOOP, EMFILE, AIO_ERR_TOO_MANY_FILES),
    FAILING(UV_LOOP, ENOMEM, AIO_ERR_NO_MEMORY),
    FAILING(UV_MUTEX, ENOMEM, AIO_ERR_NO_MEMORY),
    FAILING(UV_POLL, EMFILE, AIO_ERR_TOO_MANY_FILES),
    FAILING(UV_POLL, ENOMEM, AIO_ERR_NO_MEMORY),
    FAILING(UV_THREAD, EAGAIN, AIO_ERR_SYSTEM),
};

static void arm(const struct fault *fault, long number) {
  (void)fault;
  atomic_store(&was_hit, 0);
  atomic_store(&until, number);
  atomic_store(&armed, number > 0);
}

static int hit(void) { return atomic_load(&was_hit); }

/* The failure itself, and what the other end or the next operation makes of it. */
static int allows(const struct fault *fault, aio_status status) {
  (void)fault;
  if (plan->status == AIO_OK) return 0;
  plan->told += status == plan->status;
  switch (status) {
    case AIO_OK:
    case AIO_EOF:
    case AIO_ERR_CANCELED:
    case AIO_ERR_CONNECTION_REFUSED:
    case AIO_ERR_CONNECTION_RESET:
    case AIO_ERR_BROKEN_PIPE:
    case AIO_ERR_NOT_CONNECTED:
    case AIO_ERR_NOT_FOUND:
    case AIO_ERR_TLS_TRUNCATED:
      return 1;
    default:
      return status == plan->status;
  }
}

static void sweep_plan(const struct scenario *scenario, struct plan *one) {
  const struct fault fault = {.name = one->name, .arm = arm, .hit = hit, .allows = allows};
  plan = one;
  one->points += sweep(scenario->name, scenario->run, &fault);
}

static void test_failing_calls(void **state) {
  for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) sweep_plan(*state, &plans[i]);
}

/* A fault that no scenario meets tests nothing; one that is never told was swallowed. */
static void test_every_fault_was_met_and_told(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
    if (plans[i].points == 0) fail_at(HERE, "never: %s", plans[i].name);
    if (plans[i].status != AIO_OK && plans[i].told == 0) fail_at(HERE, "never told: %s", plans[i].name);
  }
}

/* ---- failures of accept, which the acceptor alone is told ---- */

static aio_status told_by_acceptor;

static void note_accept_error(aio_acceptor *acceptor, aio_status status, void *user_info) {
  (void)user_info;
  told_by_acceptor = status;
  if (aio_acceptor_error_text(acceptor)[0] == '\0') told_by_acceptor = AIO_ERR_INTERNAL;
}

static void connect_to_a_gate(void) {
  aio_collection *collection = sweep_collection();
  aio_accept_options options = {.error_callback = note_accept_error};
  struct gate *gate = sweep_gate(collection, &options, then_echo_sweep);
  struct step *connect = sweep_connect(collection, "127.0.0.1", gate->port, NULL);
  sweep_write(connect->end, 10);
  until_ended(sweep_read(connect->end, 10, 0));
  until_all_ended();
}

static void test_accept_errors_are_told(void **state) {
  static struct plan errors[] = {
      FAILING(ACCEPT, EMFILE, AIO_ERR_TOO_MANY_FILES), FAILING(ACCEPT, ENFILE, AIO_ERR_TOO_MANY_FILES),
      FAILING(ACCEPT, ENOMEM, AIO_ERR_NO_MEMORY),      FAILING(ACCEPT, ENOBUFS, AIO_ERR_NO_MEMORY),
      FAILING(ACCEPT, EPERM, AIO_ERR_ACCESS),          FAILING(ACCEPT, ENETDOWN, AIO_ERR_UNREACHABLE),
      FAILING(ACCEPT, EPROTO, AIO_ERR_SYSTEM),
  };
  (void)state;
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    told_by_acceptor = AIO_OK;
    sweep_plan(&(struct scenario){"connect_to_a_gate", connect_to_a_gate}, &errors[i]);
    expect_status(told_by_acceptor, errors[i].status);
  }
}

/* ---- what comes after an error: the connection's stays, the lack of memory does not ---- */

static struct step *firsts[2], *seconds[2];

static void read_and_write_twice(void) {
  aio_collection *collection = sweep_collection();
  struct end *ends[2];
  sweep_pair(collection, LINK_TCP, ends);
  until_ended(sweep_write(ends[1], 100));
  for (int i = 0; i < 2; i++) {
    struct step *write = sweep_write(ends[0], 10), *read = sweep_read(ends[0], 10, 0);
    write->may_fail = read->may_fail = 1;
    until_ended(write);
    until_ended(read);
    struct step **kept = i == 0 ? firsts : seconds;
    kept[0] = write;
    kept[1] = read;
  }
  for (int i = 0; i < 2; i++)
    if (firsts[i]->status != AIO_OK)
      expect_status(seconds[i]->status, firsts[i]->status == AIO_ERR_NO_MEMORY ? AIO_OK : firsts[i]->status);
}

static void test_errors_of_the_connection_stay(void **state) {
  static struct plan errors[] = {
      FAILING(SEND, EPIPE, AIO_ERR_BROKEN_PIPE),
      FAILING(SEND, ECONNRESET, AIO_ERR_CONNECTION_RESET),
      FAILING(SEND, ENOBUFS, AIO_ERR_NO_MEMORY),
      FAILING(RECV, ECONNRESET, AIO_ERR_CONNECTION_RESET),
      FAILING(RECV, ETIMEDOUT, AIO_ERR_CONNECTION_TIMED_OUT),
      FAILING(RECV, ENOMEM, AIO_ERR_NO_MEMORY),
  };
  (void)state;
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    sweep_plan(&(struct scenario){"read_and_write_twice", read_and_write_twice}, &errors[i]);
    assert_true(errors[i].told > 0);
  }
}

/* ---- runs of datagrams that the kernel or a driver refuses to cut, for good or only these ---- */

static void test_refused_runs_are_sent_one_by_one(void **state) {
  static struct plan refusals[] = {
      PLAN("no runs: EIO", SENDMMSG, FAILS, EIO, AIO_OK, 0),
      PLAN("no runs: EINVAL", SENDMMSG, FAILS, EINVAL, AIO_OK, 0),
      PLAN("no runs: EOPNOTSUPP", SENDMMSG, FAILS, EOPNOTSUPP, AIO_OK, 0),
      PLAN("no such run: EMSGSIZE", SENDMMSG, FAILS, EMSGSIZE, AIO_OK, 0),
  };
  (void)state;
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
    sweep_plan(&(struct scenario){"equal_messages", equal_messages}, &refusals[i]);
}

static long runs_after_a_refusal, runs_without_one;

static void equal_messages_counted(void) {
  runs_since = 0;
  equal_messages();
  *(hit() ? &runs_after_a_refusal : &runs_without_one) += runs_since;
}

static void test_refused_runs_are_not_tried_again(void **state) {
  static struct plan refusal = PLAN("no runs for good", SENDMMSG, FAILS, EIO, AIO_OK, 0);
  (void)state;
  sweep_plan(&(struct scenario){"equal_messages_counted", equal_messages_counted}, &refusal);
  assert_true(refusal.points > 0 && runs_without_one > 0);
  assert_int_equal(runs_after_a_refusal, 0);
}

static int set_up(void **state) {
  (void)state;
  use_sweep_memory();
  resolver_knows("raced.test", "127.0.0.2 127.0.0.1");
  resolver_fails("unknown.test", EAI_NONAME);
  return 0;
}

int main(void) {
  struct CMUnitTest tests[96];
  size_t count = 0;
  for (; count < scenario_count; count++) {
    void *scenario = (void *)(uintptr_t)&scenarios[count];
    tests[count] = (struct CMUnitTest){scenarios[count].name, test_failing_calls, NULL, NULL, scenario};
  }
  tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_every_fault_was_met_and_told);
  tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_accept_errors_are_told);
  tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_errors_of_the_connection_stay);
  tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_refused_runs_are_sent_one_by_one);
  tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_refused_runs_are_not_tried_again);
  return _cmocka_run_group_tests("system calls", tests, count, set_up, NULL);
}
