/* A collection that its caller drives: wait moves bytes, call runs callbacks; run, stop, wake, close, destroy. */
#include "support.h"
#include "support_driving.h"
#include "support_network.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

/* ---- create ---- */

static void test_create__without_descriptors_is_refused(void **test) {
  (void)test;
  aio_collection *collection = NULL;
  struct rlimit limit, none;
  getrlimit(RLIMIT_NOFILE, &limit);
  none = limit;
  none.rlim_cur = 3;
  setrlimit(RLIMIT_NOFILE, &none);
  const aio_status status = aio_collection_create(NULL, &collection);
  setrlimit(RLIMIT_NOFILE, &limit);
  expect_status(status, AIO_ERR_TOO_MANY_FILES);
  assert_null(collection);
  assert_string_not_equal(aio_last_error_text(), "");
}

/* ---- wait and call ---- */

static void test_wait__moves_bytes_and_runs_no_callback(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 4);
  peer_sends(pair, 4);
  expect_status(aio_collection_wait(pair->collection, 10), AIO_OK);
  assert_int_equal(read->calls, 0);
  assert_true(is_payload(read->memory, 0, 4));
  assert_int_equal(call_now(pair->collection), 1);
  expect_read(read, AIO_OK, 4);
}

static void test_wait__zero_polls(void **test) {
  struct pair *pair = *test;
  expect_status(aio_collection_wait(pair->collection, 0), AIO_TIMEOUT);
  start_read(pair, 1);
  expect_status(aio_collection_wait(pair->collection, 0), AIO_TIMEOUT);
}

static void test_wait__zero_finds_what_is_ready(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 1);
  expect_running(read);
  peer_sends(pair, 1);
  expect_status(aio_collection_wait(pair->collection, 0), AIO_OK);
  expect_read(read, AIO_OK, 1);
}

static void test_wait__ends_with_timeout_and_never_early(void **test) {
  struct pair *pair = *test;
  const double times[] = {0.0005, 0.0101, 0.05};
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    double before = now();
    expect_status(aio_collection_wait(pair->collection, times[i]), AIO_TIMEOUT);
    assert_true(now() - before >= times[i]);
  }
}

static void test_wait__is_not_ended_by_internal_progress(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 8);
  peer_sends(pair, 5);
  double before = now();
  expect_status(aio_collection_wait(pair->collection, 0.02), AIO_TIMEOUT);
  assert_true(now() - before >= 0.02);
  assert_true(is_payload(read->memory, 0, 5));
}

static void test_wait__returns_at_once_when_something_is_queued(void **test) {
  struct pair *pair = *test;
  start_apply(pair, NULL);
  expect_status(aio_collection_wait(pair->collection, AIO_NO_TIMEOUT), AIO_OK);
  expect_status(aio_collection_wait(pair->collection, AIO_NO_TIMEOUT), AIO_OK);
  assert_int_equal(call_now(pair->collection), 1);
  expect_status(aio_collection_wait(pair->collection, 0), AIO_TIMEOUT);
}

static void test_call__returns_the_number_of_callbacks(void **test) {
  struct pair *pair = *test;
  assert_int_equal(call_now(pair->collection), 0);
  for (int i = 0; i < 3; i++) start_apply(pair, NULL);
  assert_int_equal(call_now(pair->collection), 3);
  assert_int_equal(call_now(pair->collection), 0);
}

static void then_apply(struct completion *completion) { completion->context = start_apply(completion->pair, NULL); }

static void test_call__runs_what_callbacks_queue(void **test) {
  struct pair *pair = *test;
  struct completion *first = start_apply(pair, then_apply);
  size_t callbacks = call_now(pair->collection);
  callbacks += call_now(pair->collection);
  assert_int_equal(callbacks, 2);
  expect_order(first, first->context);
}

static void then_write(struct completion *completion) { completion->context = start_write(completion->pair, 3); }

static void test_call__sends_what_callbacks_submitted(void **test) {
  struct pair *pair = *test;
  struct completion *apply = start_apply(pair, then_write);
  assert_in_range(call_now(pair->collection), 1, 2);
  assert_int_equal(peer_takes_some(pair, 100), 3);
  expect_write(apply->context, AIO_OK, 3);
}

static void then_reads_again(struct completion *completion) {
  int *left = completion->context;
  if (completion->status != AIO_OK || --*left == 0) return;
  struct completion *next = start_read(completion->pair, 1);
  next->then = then_reads_again;
  next->context = left;
  completion->pair->read++;
}

static void test_call__one_state_does_not_starve_another(void **test) {
  struct pair *busy = *test, *quiet = new_pair(busy->collection, LINK_TCP, NULL);
  int *left = fixture_memory(sizeof *left);
  *left = 20000;
  struct completion *first = start_read(busy, 1), *other = start_read(quiet, 1);
  first->then = then_reads_again;
  first->context = left;
  peer_sends(quiet, 1);
  peer_sends(busy, 20000);
  drive_until(quiet, other->done);
  assert_true(*left > 0);
  drive_until(busy, *left == 0);
  busy->read++;
}

static void then_apply_for_ever(struct completion *completion) {
  const int *enough = completion->context;
  if (*enough) return;
  struct completion *next = start_apply(completion->pair, then_apply_for_ever);
  next->context = completion->context;
}

static void test_call__returns_while_callbacks_queue_for_ever(void **test) {
  struct pair *pair = *test;
  int *enough = fixture_memory(sizeof *enough);
  start_apply(pair, then_apply_for_ever)->context = enough;
  assert_true(call_now(pair->collection) > 0);
  struct completion *write = start_write(pair, 1);
  expect_write(write, AIO_OK, 1);
  *enough = 1;
  settle(pair);
}

/* ---- in a callback of its own ---- */

static void then_drives_its_own_collection(struct completion *completion) {
  aio_collection *collection = completion->pair->collection;
  expect_status(aio_collection_wait(collection, 0), AIO_ERR_BUSY);
  expect_status(aio_collection_run(collection), AIO_ERR_BUSY);
  assert_int_equal(aio_collection_call(collection), 0);
  expect_status(aio_collection_destroy(collection), AIO_ERR_BUSY);
}

static void test_callback__cannot_drive_or_destroy_its_collection(void **test) {
  struct pair *pair = *test;
  struct completion *first = start_apply(pair, then_drives_its_own_collection);
  struct completion *second = start_apply(pair, NULL);
  expect_outcome(first, AIO_OK);
  expect_outcome(second, AIO_OK);
  expect_write(start_write(pair, 1), AIO_OK, 1);
}

static void then_drives_another_collection(struct completion *completion) {
  struct pair *other = completion->context;
  start_abort(other, AIO_BOTH);
  expect_status(aio_collection_wait(other->collection, 0), AIO_OK);
}

static void test_callback__may_drive_another_collection(void **test) {
  struct pair *pair = *test, *other = new_pair(new_collection(), LINK_TCP, NULL);
  struct completion *apply = start_apply(pair, NULL);
  apply->then = then_drives_another_collection;
  apply->context = other;
  expect_outcome(apply, AIO_OK);
  assert_int_equal(call_now(other->collection), 1);
}

/* ---- while another thread drives ---- */

static void test_driven_elsewhere__nobody_else_drives_or_destroys(void **test) {
  struct pair *pair = *test;
  struct thread *driver = start_driving(pair->collection);
  expect_status(aio_collection_wait(pair->collection, 0), AIO_ERR_BUSY);
  expect_status(aio_collection_run(pair->collection), AIO_ERR_BUSY);
  assert_int_equal(call_now(pair->collection), 0);
  expect_status(aio_collection_destroy(pair->collection), AIO_ERR_BUSY);
  struct completion *write = start_write(pair, 5);
  wait_until(write->done);
  expect_status(stop_driving(driver), AIO_OK);
  expect_write(write, AIO_OK, 5);
}

static void test_driven_elsewhere__the_next_thread_may_drive(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 2);
  expect_status(stop_driving(start_driving(pair->collection)), AIO_OK);
  expect_status(stop_driving(start_driving(pair->collection)), AIO_OK);
  peer_sends(pair, 2);
  expect_read(read, AIO_OK, 2);
}

static void then_note_thread(struct completion *completion) { *(pthread_t *)completion->context = pthread_self(); }

static void test_driven_elsewhere__callbacks_run_on_that_thread(void **test) {
  struct pair *pair = *test;
  struct thread *driver = start_driving(pair->collection);
  struct completion *abort = new_completion(pair);
  pthread_t where;
  abort->then = then_note_thread;
  abort->context = &where;
  accept_completion(abort, aio_state_abort(pair->state, AIO_BOTH, recorded_status, abort));
  wait_until(abort->done);
  assert_true(pthread_equal(where, thread_id(driver)));
  expect_status(stop_driving(driver), AIO_OK);
}

/* ---- run and stop ---- */

static void then_stop(struct completion *completion) {
  expect_status(aio_collection_stop(completion->pair->collection), AIO_OK);
}

static void test_stop__before_run_ends_it_at_once_and_is_used_up(void **test) {
  struct pair *pair = *test;
  expect_status(aio_collection_stop(pair->collection), AIO_OK);
  expect_status(run_now(pair->collection), AIO_OK);
  struct completion *apply = start_apply(pair, then_stop);
  expect_status(run_now(pair->collection), AIO_OK);
  assert_int_equal(apply->calls, 1);
}

static void test_stop__several_end_one_run(void **test) {
  struct pair *pair = *test;
  for (int i = 0; i < 3; i++) expect_status(aio_collection_stop(pair->collection), AIO_OK);
  expect_status(run_now(pair->collection), AIO_OK);
  struct completion *apply = start_apply(pair, then_stop);
  expect_status(run_now(pair->collection), AIO_OK);
  assert_int_equal(apply->calls, 1);
}

static void test_stop__in_a_callback_ends_run_after_that_callback(void **test) {
  struct pair *pair = *test;
  struct completion *first = start_apply(pair, then_stop), *second = start_apply(pair, NULL);
  expect_status(run_now(pair->collection), AIO_OK);
  assert_int_equal(first->calls, 1);
  assert_int_equal(second->calls, 0);
  expect_outcome(second, AIO_OK);
}

static void stops(void *collection) { expect_status(aio_collection_stop(collection), AIO_OK); }

static void test_stop__on_another_thread_ends_run(void **test) {
  struct pair *pair = *test;
  struct thread *thread = start_thread(stops, pair->collection);
  expect_status(run_now(pair->collection), AIO_OK);
  join_thread(thread);
}

static void test_stop__leaves_the_collection_working(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 3);
  expect_status(aio_collection_stop(pair->collection), AIO_OK);
  expect_status(run_now(pair->collection), AIO_OK);
  peer_sends(pair, 3);
  expect_read(read, AIO_OK, 3);
  expect_write(start_write(pair, 3), AIO_OK, 3);
}

static void then_stop_too(struct completion *read) {
  then_finish_all(read);
  then_stop(read);
}

static void test_run__moves_bytes_and_calls_back(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_standing_read(pair, then_stop_too);
  struct completion *write = start_write(pair, 10);
  peer_sends(pair, 10);
  expect_status(run_now(pair->collection), AIO_OK);
  expect_delivery(read, 1, AIO_OK, 10, 0);
  expect_write(write, AIO_OK, 10);
}

/* ---- wake ---- */

static void test_wake__makes_the_next_wait_return_once(void **test) {
  struct pair *pair = *test;
  expect_status(aio_collection_wake(pair->collection), AIO_OK);
  expect_status(aio_collection_wait(pair->collection, AIO_NO_TIMEOUT), AIO_OK);
  assert_int_equal(call_now(pair->collection), 0);
  expect_status(aio_collection_wait(pair->collection, 0), AIO_TIMEOUT);
}

static void wakes(void *collection) { expect_status(aio_collection_wake(collection), AIO_OK); }

static void test_wake__on_another_thread_ends_a_running_wait(void **test) {
  struct pair *pair = *test;
  for (int i = 0; i < 100; i++) {
    struct thread *thread = start_thread(wakes, pair->collection);
    expect_status(aio_collection_wait(pair->collection, AIO_NO_TIMEOUT), AIO_OK);
    join_thread(thread);
  }
}

static aio_collection *volatile woken_by_signal;

static void wake_in_handler(int signal) {
  (void)signal;
  aio_collection_wake(woken_by_signal);
}

static void ignore_in_handler(int signal) { (void)signal; }

static void handle(int signal, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler};
  assert_int_equal(sigaction(signal, &action, NULL), 0);
}

static void test_wake__in_a_signal_handler(void **test) {
  struct pair *pair = *test;
  woken_by_signal = pair->collection;
  handle(SIGUSR1, wake_in_handler);
  raise(SIGUSR1);
  expect_status(aio_collection_wait(pair->collection, AIO_NO_TIMEOUT), AIO_OK);
  expect_status(aio_collection_wait(pair->collection, 0), AIO_TIMEOUT);
  handle(SIGUSR1, SIG_DFL);
}

static void ring_in(double seconds) {
  struct itimerval time = {.it_value = {.tv_usec = (suseconds_t)(seconds * 1e6)}};
  assert_int_equal(setitimer(ITIMER_REAL, &time, NULL), 0);
}

static void test_wake__in_a_signal_handler_that_interrupts_a_wait(void **test) {
  struct pair *pair = *test;
  woken_by_signal = pair->collection;
  handle(SIGALRM, wake_in_handler);
  ring_in(0.01);
  expect_status(aio_collection_wait(pair->collection, AIO_NO_TIMEOUT), AIO_OK);
  handle(SIGALRM, SIG_DFL);
}

static void test_wait__is_not_ended_by_a_signal(void **test) {
  struct pair *pair = *test;
  handle(SIGALRM, ignore_in_handler);
  ring_in(0.01);
  double before = now();
  expect_status(aio_collection_wait(pair->collection, 0.03), AIO_TIMEOUT);
  assert_true(now() - before >= 0.03);
  handle(SIGALRM, SIG_DFL);
}

/* ---- close ---- */

static void test_close__ends_states_and_acceptors_that_exist(void **test) {
  struct pair *pair = *test, *second = new_pair(pair->collection, LINK_TCP, NULL);
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  struct completion *read = start_read(pair, 8), *standing = start_standing_read(second, NULL);
  peer_sends(pair, 3);
  settle(pair);
  expect_status(aio_collection_close(pair->collection), AIO_OK);
  expect_read(read, AIO_ERR_CANCELED, 3);
  expect_delivery(standing, 1, AIO_ERR_CANCELED, 0, 0);
  drive_until(pair, aio_acceptor_collection(acceptor->handle) == NULL);
  assert_int_equal(aio_state_is_open(pair->state), 0);
  assert_int_equal(aio_state_is_open(second->state), 0);
  expect_refusal(try_write(pair, 1), AIO_ERR_CLOSED);
  peer_gets_end(second);
}

static void test_close__is_not_done_inside_the_call(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 8);
  expect_status(aio_collection_close(pair->collection), AIO_OK);
  assert_int_equal(read->calls, 0);
  expect_read(read, AIO_ERR_CANCELED, 0);
}

static void test_close__leaves_what_is_made_later(void **test) {
  struct pair *pair = *test;
  expect_status(aio_collection_close(pair->collection), AIO_OK);
  struct pair *later = new_pair(pair->collection, LINK_TCP, NULL);
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  drive_until(pair, !aio_state_is_open(pair->state));
  settle(pair);
  expect_write(start_write(later, 4), AIO_OK, 4);
  assert_true(aio_state_is_open(meet(acceptor)->state));
}

static void test_close__leaves_timers_and_functions(void **test) {
  struct pair *pair = *test;
  struct timer *timer = start_timer(pair, 0.01, 0, NULL);
  struct completion *apply = start_apply(pair, NULL);
  expect_status(aio_collection_close(pair->collection), AIO_OK);
  expect_outcome(apply, AIO_OK);
  drive_until(pair, timer->done == 1);
  expect_outcome(start_apply(pair, NULL), AIO_OK);
}

static void test_close__leaves_other_collections(void **test) {
  struct pair *pair = *test, *other = new_pair(new_collection(), LINK_TCP, NULL);
  expect_status(aio_collection_close(pair->collection), AIO_OK);
  drive_until(pair, !aio_state_is_open(pair->state));
  expect_write(start_write(other, 4), AIO_OK, 4);
}

static void test_close__ends_a_connect(void **test) {
  struct pair *pair = *test;
  struct listener *silent = new_silent("127.0.0.1");
  struct completion *connect = start_connect(pair, "127.0.0.1", silent->service);
  struct completion *write = start_write(connect->pair, 10);
  settle(pair);
  expect_status(aio_collection_close(pair->collection), AIO_OK);
  expect_outcome(connect, AIO_ERR_CANCELED);
  expect_write(write, AIO_ERR_CANCELED, 0);
  expect_order(connect, write);
}

static void then_close_all(struct completion *completion) {
  expect_status(aio_collection_close(completion->pair->collection), AIO_OK);
}

static void test_close__in_a_callback(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 1), *write = start_write(pair, 1);
  read->then = then_close_all;
  peer_sends(pair, 1);
  expect_read(read, AIO_OK, 1);
  expect_write(write, AIO_OK, 1);
  drive_until(pair, !aio_state_is_open(pair->state));
  peer_receives_rest(pair);
}

static void closes(void *collection) { expect_status(aio_collection_close(collection), AIO_OK); }

static void test_close__on_another_thread(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 1);
  on_another_thread(closes, pair->collection);
  expect_read(read, AIO_ERR_CANCELED, 0);
}

static void test_close__twice(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 1);
  expect_status(aio_collection_close(pair->collection), AIO_OK);
  expect_status(aio_collection_close(pair->collection), AIO_OK);
  expect_read(read, AIO_ERR_CANCELED, 0);
}

/* ---- destroy ---- */

static void test_destroy__completes_all_operations(void **test) {
  struct pair *pair = *test, *second = new_pair(pair->collection, LINK_UNIX, NULL);
  struct completion *read = start_read(pair, 8), *wait = start_wait(second);
  struct completion *first = start_write(second, 1 << 20), *queued = start_write(second, 10);
  peer_sends(pair, 3);
  settle(pair);
  destroy_collection(pair);
  expect_read(read, AIO_ERR_CANCELED, 3);
  expect_outcome(wait, AIO_ERR_CANCELED);
  size_t taken = expect_partial_write(first, AIO_ERR_CANCELED);
  expect_write(queued, AIO_ERR_CANCELED, 0);
  second->collection = NULL;
  while (peer_takes_some(second, 1 << 20) > 0) continue;
  assert_int_equal(second->peer_received, taken);
}

static void test_destroy__runs_completions_that_were_queued(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 2);
  peer_sends(pair, 2);
  expect_status(aio_collection_wait(pair->collection, 10), AIO_OK);
  destroy_collection(pair);
  expect_read(read, AIO_OK, 2);
}

static void test_destroy__ends_connects_and_acceptors(void **test) {
  struct pair *pair = *test;
  struct listener *silent = new_silent("127.0.0.1");
  struct completion *connect = start_connect(pair, "127.0.0.1", silent->service);
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  int caller = dial_acceptor(acceptor);
  destroy_collection(pair);
  expect_outcome(connect, AIO_ERR_CANCELED);
  assert_int_equal(acceptor->accepts, 0);
  assert_null(aio_acceptor_collection(acceptor->handle));
  assert_int_equal(aio_acceptor_socket(acceptor->handle), AIO_NO_SOCKET);
  assert_int_equal(aio_acceptor_local_port(acceptor->handle), acceptor->port);
  close(caller);
}

static void test_destroy__runs_close_callbacks_that_were_due(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 1), *closed = start_close(pair);
  destroy_collection(pair);
  expect_read(read, AIO_ERR_CANCELED, 0);
  expect_outcome(closed, AIO_OK);
  expect_order(read, closed);
}

static void test_destroy__handles_live_on(void **test) {
  struct pair *pair = *test;
  char byte;
  destroy_collection(pair);
  assert_int_equal(aio_state_is_open(pair->state), 0);
  assert_null(aio_state_collection(pair->state));
  assert_int_equal(aio_state_socket(pair->state), AIO_NO_SOCKET);
  expect_refusal(try_read(pair, 1), AIO_ERR_CLOSED);
  expect_refusal(try_write(pair, 1), AIO_ERR_CLOSED);
  expect_refusal(try_abort(pair, AIO_BOTH), AIO_ERR_CLOSED);
  assert_int_equal(aio_state_take_buffered(pair->state, &byte, 1), 0);
}

static void test_destroy__leaves_bytes_that_were_read(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 10);
  peer_sends(pair, 30);
  expect_read(read, AIO_OK, 10);
  const size_t left = aio_state_buffered_length(pair->state);
  destroy_collection(pair);
  expect_leftovers(pair, left);
}

static void then_expect_closed(struct completion *completion) {
  aio_collection *collection = completion->pair->collection;
  aio_state *state;
  aio_timer *timer;
  expect_status(aio_collection_apply(collection, recorded_apply, NULL), AIO_ERR_CLOSED);
  expect_status(aio_collection_close(collection), AIO_ERR_CLOSED);
  expect_status(aio_timer_start(collection, 0, 0, recorded_timer, NULL, &timer), AIO_ERR_CLOSED);
  expect_status(aio_state_connect_tcp(collection, "127.0.0.1", "1", recorded_status, NULL, &state), AIO_ERR_CLOSED);
  expect_status(aio_collection_destroy(collection), AIO_ERR_BUSY);
}

static void test_destroy__refuses_everything_new_in_its_callbacks(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 1);
  read->then = then_expect_closed;
  destroy_collection(pair);
  expect_read(read, AIO_ERR_CANCELED, 0);
}

static void then_expect_state_closed(struct completion *completion) {
  expect_refusal(try_read(completion->pair, 1), AIO_ERR_CLOSED);
  expect_refusal(try_write(completion->pair, 1), AIO_ERR_CLOSED);
  destroy_state(completion->pair);
}

static void test_destroy__its_callbacks_may_destroy_their_states(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 1), *write = start_write(pair, 1);
  read->then = then_expect_state_closed;
  destroy_collection(pair);
  expect_read(read, AIO_ERR_CANCELED, 0);
  assert_int_equal(write->calls, 1);
}

static void test_destroy__on_another_thread_than_the_maker(void **test) {
  struct pair *pair = *test;
  struct completion *read = start_read(pair, 1);
  expect_status(stop_driving(start_driving(pair->collection)), AIO_OK);
  destroy_collection(pair);
  expect_read(read, AIO_ERR_CANCELED, 0);
}

static void test_destroy__of_a_stopped_collection(void **test) {
  struct pair *pair = *test;
  expect_status(aio_collection_stop(pair->collection), AIO_OK);
  destroy_collection(pair);
}

/* ---- readers ---- */

static void test_readers__of_a_collection_without_a_thread(void **test) {
  struct pair *pair = *test;
  assert_int_equal(aio_collection_alive(pair->collection), 0);
  assert_string_equal(aio_collection_name(pair->collection), "");
  struct thread *driver = start_driving(pair->collection);
  assert_int_equal(aio_collection_alive(pair->collection), 0);
  expect_status(stop_driving(driver), AIO_OK);
}

static aio_counters counters_of(aio_collection *collection) {
  aio_counters counters;
  memset(&counters, 0xff, sizeof counters);
  expect_status(aio_collection_counters(collection, &counters), AIO_OK);
  return counters;
}

static void test_counters__start_at_zero(void **test) {
  struct pair *pair = *test;
  const aio_counters counters = counters_of(pair->collection), zero = {0};
  assert_memory_equal(&counters, &zero, sizeof zero);
}

static void test_counters__sum_over_all_states(void **test) {
  struct pair *pair = *test, *second = new_pair(pair->collection, LINK_TCP, NULL);
  struct completion *read = start_read(pair, 30), *write = start_write(second, 50);
  peer_sends(pair, 30);
  expect_read(read, AIO_OK, 30);
  expect_write(write, AIO_OK, 50);
  const aio_counters counters = counters_of(pair->collection);
  assert_int_equal(counters.bytes_read, 30);
  assert_int_equal(counters.bytes_written, 50);
  assert_int_equal(counters.operations_read, 1);
  assert_int_equal(counters.operations_written, 1);
  assert_true(counters.calls_read >= 1);
  assert_int_equal(counters.calls_written, 1);
  assert_int_equal(counters.callbacks, 2);
  assert_int_equal(counters.open_states, 2);
}

static void test_counters__keep_what_closed_states_did(void **test) {
  struct pair *pair = *test;
  expect_write(start_write(pair, 50), AIO_OK, 50);
  expect_outcome(start_close(pair), AIO_OK);
  destroy_state(pair);
  const aio_counters counters = counters_of(pair->collection);
  assert_int_equal(counters.bytes_written, 50);
  assert_int_equal(counters.operations_written, 1);
  assert_int_equal(counters.callbacks, 2);
  assert_int_equal(counters.open_states, 0);
}

static void test_counters__every_callback_counts(void **test) {
  struct pair *pair = *test;
  struct timer *timer = start_timer(pair, 0, 0, NULL);
  struct acceptor *acceptor = start_acceptor(pair, "127.0.0.1");
  expect_outcome(start_apply(pair, NULL), AIO_OK);
  meet(acceptor);
  drive_until(pair, timer->done);
  assert_int_equal(counters_of(pair->collection).callbacks, 3);
  assert_int_equal(counters_of(pair->collection).open_states, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_collection(test_create__without_descriptors_is_refused),
      with_pair(test_wait__moves_bytes_and_runs_no_callback),
      with_pair(test_wait__zero_polls),
      with_pair(test_wait__zero_finds_what_is_ready),
      with_collection(test_wait__ends_with_timeout_and_never_early),
      with_pair(test_wait__is_not_ended_by_internal_progress),
      with_collection(test_wait__returns_at_once_when_something_is_queued),
      with_collection(test_wait__is_not_ended_by_a_signal),
      with_collection(test_call__returns_the_number_of_callbacks),
      with_collection(test_call__runs_what_callbacks_queue),
      with_pair(test_call__sends_what_callbacks_submitted),
      with_pair(test_call__one_state_does_not_starve_another),
      with_pair(test_call__returns_while_callbacks_queue_for_ever),
      with_pair(test_callback__cannot_drive_or_destroy_its_collection),
      with_pair(test_callback__may_drive_another_collection),
      with_pair(test_driven_elsewhere__nobody_else_drives_or_destroys),
      with_pair(test_driven_elsewhere__the_next_thread_may_drive),
      with_pair(test_driven_elsewhere__callbacks_run_on_that_thread),
      with_collection(test_stop__before_run_ends_it_at_once_and_is_used_up),
      with_collection(test_stop__several_end_one_run),
      with_collection(test_stop__in_a_callback_ends_run_after_that_callback),
      with_collection(test_stop__on_another_thread_ends_run),
      with_pair(test_stop__leaves_the_collection_working),
      with_pair(test_run__moves_bytes_and_calls_back),
      with_collection(test_wake__makes_the_next_wait_return_once),
      with_collection(test_wake__on_another_thread_ends_a_running_wait),
      with_collection(test_wake__in_a_signal_handler),
      with_collection(test_wake__in_a_signal_handler_that_interrupts_a_wait),
      with_pair(test_close__ends_states_and_acceptors_that_exist),
      with_pair(test_close__is_not_done_inside_the_call),
      with_pair(test_close__leaves_what_is_made_later),
      with_pair(test_close__leaves_timers_and_functions),
      with_pair(test_close__leaves_other_collections),
      with_collection(test_close__ends_a_connect),
      with_pair(test_close__in_a_callback),
      with_pair(test_close__on_another_thread),
      with_pair(test_close__twice),
      with_pair(test_destroy__completes_all_operations),
      with_pair(test_destroy__runs_completions_that_were_queued),
      with_collection(test_destroy__ends_connects_and_acceptors),
      with_pair(test_destroy__runs_close_callbacks_that_were_due),
      with_pair(test_destroy__handles_live_on),
      with_pair(test_destroy__leaves_bytes_that_were_read),
      with_pair(test_destroy__refuses_everything_new_in_its_callbacks),
      with_pair(test_destroy__its_callbacks_may_destroy_their_states),
      with_pair(test_destroy__on_another_thread_than_the_maker),
      with_collection(test_destroy__of_a_stopped_collection),
      with_collection(test_readers__of_a_collection_without_a_thread),
      with_collection(test_counters__start_at_zero),
      with_pair(test_counters__sum_over_all_states),
      with_pair(test_counters__keep_what_closed_states_did),
      with_pair(test_counters__every_callback_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
