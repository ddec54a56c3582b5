/* The library as a whole: version, features, log, and that it leaves the process alone. */
#include "support.h"
#include "support_driving.h"
#include "support_network.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- version and features ---- */

static void test_version__is_that_of_the_header(void **test) {
  (void)test;
  char version[32];
  snprintf(version, sizeof version, "%d.%d.%d", AIO_VERSION_MAJOR, AIO_VERSION_MINOR, AIO_VERSION_PATCH);
  assert_string_equal(aio_version(), version);
  assert_int_equal(aio_version_number(), AIO_VERSION_MAJOR << 16 | AIO_VERSION_MINOR << 8 | AIO_VERSION_PATCH);
}

static void test_features__of_this_build(void **test) {
  struct pair *pair = *test;
  assert_int_equal(aio_has_feature("tcp"), 1);
  assert_int_equal(aio_has_feature("thread"), 1);
  assert_int_equal(aio_has_feature("tls"), 1);
  assert_int_equal(aio_has_feature("descriptor"), aio_collection_descriptor(pair->collection) != -1);
  assert_int_equal(aio_has_feature("reuse_port"),
                   try_acceptor_with(pair, "127.0.0.1", "0", .reuse_port = AIO_YES)->submitted == AIO_OK);
  if (has_ipv6()) assert_int_equal(aio_has_feature("ipv6"), 1);
}

static void test_features__unknown_names_are_none(void **test) {
  (void)test;
  const char *names[] = {"", "TCP", "tcp ", "tc", "no such feature", NULL};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) assert_int_equal(aio_has_feature(names[i]), 0);
}

/* ---- the text of failed calls ---- */

static void note_last_error_text(void *length) { *(size_t *)length = strlen(aio_last_error_text()); }

static void test_last_error_text__is_the_threads_own(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  size_t length_elsewhere = 77;
  expect_status(try_acceptor(pair, "127.0.0.1", acceptor->service)->submitted, AIO_ERR_ADDRESS_IN_USE);
  on_another_thread(note_last_error_text, &length_elsewhere);
  assert_int_equal(length_elsewhere, 0);
  assert_non_null(strstr(aio_last_error_text(), acceptor->service));
}

static void test_last_error_text__is_empty_after_a_success(void **test) {
  struct pair *pair = *test;
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  for (int kind = 0; kind < 4; kind++) {
    expect_status(try_acceptor(pair, "127.0.0.1", acceptor->service)->submitted, AIO_ERR_ADDRESS_IN_USE);
    assert_string_not_equal(aio_last_error_text(), "");
    switch (kind) {
      case 0:
        new_collection();
        break;
      case 1:
        new_pair(pair->collection, LINK_TCP, NULL);
        break;
      case 2:
        start_connect(pair, "127.0.0.1", acceptor->service);
        break;
      default:
        start_timer(pair, 100, 0, NULL);
        break;
    }
    assert_string_equal(aio_last_error_text(), "");
  }
}

/* ---- the log ---- */

struct log {
  pthread_mutex_t mutex;
  int lines, least_level; /* the least important level seen */
  int disorder;           /* lines that are not one line of text with a level */
};

static struct log the_log = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void keep_line(int32_t level, const char *text, void *user_info) {
  struct log *log = user_info;
  pthread_mutex_lock(&log->mutex);
  log->lines++;
  if (level < AIO_LOG_ERROR || level > AIO_LOG_DEBUG || text[0] == '\0' || strchr(text, '\n') != NULL) log->disorder++;
  if (level > log->least_level) log->least_level = level;
  pthread_mutex_unlock(&log->mutex);
}

static void start_log(int32_t level) {
  the_log.lines = the_log.least_level = the_log.disorder = 0;
  aio_set_log(keep_line, &the_log, level);
}

static int end_log(void **fixture) {
  aio_set_log(NULL, NULL, 0);
  return tear_down(fixture);
}

/* Something of everything that is worth a line. */
static void do_much(struct pair *pair) {
  aio_collection *other = new_collection();
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  expect_outcome(start_connect(pair, "127.0.0.1", acceptor->service), AIO_OK);
  expect_outcome(start_connect(pair, "127.0.0.1", new_refusing("127.0.0.1")->service), AIO_ERR_CONNECTION_REFUSED);
  expect_outcome(start_acceptor_close(acceptor), AIO_OK);
  expect_status(destroy_now(other), AIO_OK);
}

static void test_log__gets_lines_up_to_the_level(void **test) {
  struct pair *pair = *test;
  start_log(AIO_LOG_DEBUG);
  do_much(pair);
  assert_true(the_log.lines > 0);
  assert_int_equal(the_log.least_level, AIO_LOG_DEBUG);
  assert_int_equal(the_log.disorder, 0);
  start_log(AIO_LOG_INFO);
  do_much(pair);
  assert_true(the_log.lines > 0);
  assert_int_equal(the_log.least_level, AIO_LOG_INFO);
}

static void test_log__good_days_have_no_warnings(void **test) {
  struct pair *pair = *test;
  start_log(AIO_LOG_WARNING);
  do_much(pair);
  assert_int_equal(the_log.lines, 0);
}

static void test_log__level_zero_is_silence(void **test) {
  struct pair *pair = *test;
  start_log(0);
  do_much(pair);
  assert_int_equal(the_log.lines, 0);
}

static void test_log__ends_with_null(void **test) {
  struct pair *pair = *test;
  start_log(AIO_LOG_DEBUG);
  aio_set_log(NULL, NULL, AIO_LOG_DEBUG);
  do_much(pair);
  assert_int_equal(the_log.lines, 0);
}

/* ---- the process ---- */

static void test_process__signals_stay_as_they_were(void **test) {
  struct pair *pair = *test;
  struct sigaction before[65] = {0}, after;
  sigset_t blocked_before, blocked_after;
  pthread_sigmask(SIG_BLOCK, NULL, &blocked_before);
  for (int i = 1; i < 65; i++) sigaction(i, NULL, &before[i]);
  do_much(pair);
  for (int i = 1; i < 65; i++)
    if (sigaction(i, NULL, &after) == 0) assert_true(after.sa_handler == before[i].sa_handler);
  pthread_sigmask(SIG_BLOCK, NULL, &blocked_after);
  for (int i = 1; i < 65; i++) assert_int_equal(sigismember(&blocked_before, i), sigismember(&blocked_after, i));
}

static volatile sig_atomic_t broken_pipes;

static void count_broken_pipe(int signal) {
  (void)signal;
  broken_pipes++;
}

static void test_process__gets_no_sigpipe(void **test) {
  struct pair *pair = *test;
  signal(SIGPIPE, count_broken_pipe);
  peer_resets(pair);
  for (int i = 0; i < 3; i++) {
    struct completion *write = start_write(pair, 10);
    drive_until(pair, write->done);
    assert_true(write->status == AIO_ERR_CONNECTION_RESET || write->status == AIO_ERR_BROKEN_PIPE);
  }
  signal(SIGPIPE, SIG_DFL);
  assert_int_equal(broken_pipes, 0);
}

static void test_process__gets_no_output(void **test) {
  struct pair *pair = *test;
  int pipes[2];
  char byte;
  assert_int_equal(pipe(pipes), 0);
  fflush(stdout);
  const int out = dup(1), error = dup(2);
  dup2(pipes[1], 1);
  dup2(pipes[1], 2);
  do_much(pair);
  dup2(out, 1);
  dup2(error, 2);
  close(out);
  close(error);
  close(pipes[1]);
  assert_int_equal(read(pipes[0], &byte, 1), 0);
  close(pipes[0]);
}

static void test_process__gets_no_threads_for_numeric_hosts(void **test) {
  struct pair *pair = *test;
  const int threads = running_threads();
  do_much(pair);
  assert_int_equal(running_threads(), threads);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_version__is_that_of_the_header),
      cmocka_unit_test(test_features__unknown_names_are_none),
      with_collection(test_process__gets_no_threads_for_numeric_hosts),
      with_collection(test_features__of_this_build),
      with_collection(test_last_error_text__is_the_threads_own),
      with_collection(test_last_error_text__is_empty_after_a_success),
      cmocka_unit_test_setup_teardown(test_log__gets_lines_up_to_the_level, set_up_collection, end_log),
      cmocka_unit_test_setup_teardown(test_log__good_days_have_no_warnings, set_up_collection, end_log),
      cmocka_unit_test_setup_teardown(test_log__level_zero_is_silence, set_up_collection, end_log),
      cmocka_unit_test_setup_teardown(test_log__ends_with_null, set_up_collection, end_log),
      with_collection(test_process__signals_stay_as_they_were),
      with_pair(test_process__gets_no_sigpipe),
      with_collection(test_process__gets_no_output),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
