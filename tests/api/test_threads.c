/* States used on several threads at once. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.h"

enum { MOST_THREADS = 4 };

struct crew {
  pthread_t threads[MOST_THREADS];
  int count;
};

static struct crew start_threads(int count, void *(*function)(void *), void *argument) {
  struct crew crew = {.count = count};
  for (int i = 0; i < count; i++) assert_int_equal(pthread_create(&crew.threads[i], NULL, function, argument), 0);
  return crew;
}

static void join_threads(struct crew *crew) {
  for (int i = 0; i < crew->count; i++) assert_int_equal(pthread_join(crew->threads[i], NULL), 0);
}

/* ---- the calls of one thread take effect in order ---- */

static void test_threads__writes_of_one_thread_arrive_in_order(void **fixture) {
  struct pair *pair = *fixture;
  enum { COUNT = 5000 };
  uint32_t seed = 4;
  struct completion *last = NULL;
  for (int i = 0; i < COUNT; i++) {
    last = start_write(pair, random_below(300, &seed));
    if (i % 100 == 0) peer_takes_some(pair, 10000);
  }
  peer_receives(pair, pair->written - pair->peer_received);
  expect_write(last, AIO_OK, last->length);
  drive_until(pair, callbacks_so_far() == COUNT);
}

static void test_threads__shutdown_comes_after_the_writes(void **fixture) {
  struct pair *pair = *fixture;
  for (int i = 0; i < 100; i++) start_write(pair, 1000);
  struct completion *shutdown = start_shutdown(pair);
  expect_refusal(try_write(pair, 10), AIO_ERR_CLOSED);
  peer_receives_rest(pair);
  expect_outcome(shutdown, AIO_OK);
}

static void test_threads__lingering_close_comes_after_the_writes(void **fixture) {
  struct pair *pair = *fixture;
  for (int i = 0; i < 100; i++) start_write(pair, 1000);
  struct completion *close = start_close_with(pair, .linger = 60);
  peer_receives_rest(pair);
  peer_closes(pair);
  expect_outcome(close, AIO_OK);
}

static void test_threads__abort_does_not_touch_what_is_submitted_after_it(void **fixture) {
  struct pair *pair = *fixture;
  pair->plain_bytes = 1;
  for (int i = 0; i < 300; i++) {
    struct completion *before = start_write(pair, 100);
    struct completion *abort = start_abort(pair, AIO_OUTPUT);
    struct completion *after = start_write(pair, 100);
    expect_write(after, AIO_OK, 100);
    expect_order(before, abort);
    expect_order(abort, after);
    while (peer_takes_some(pair, 1000) > 0) continue;
  }
}

static char user_infos[2];
static atomic_int wrong_user_infos, user_info_calls;

static void check_user_info(aio_state *state, void *buffer, size_t count, void *user_info) {
  (void)state;
  (void)count;
  if (user_info != buffer) atomic_fetch_add(&wrong_user_infos, 1);
  atomic_fetch_add(&user_info_calls, 1);
}

/* An empty write of a "buffer" that is the user info it must come with. */
static void test_threads__setters_take_effect_in_order(void **fixture) {
  struct pair *pair = *fixture;
  enum { COUNT = 2000 };
  atomic_store(&wrong_user_infos, 0);
  atomic_store(&user_info_calls, 0);
  for (int i = 0; i < COUNT; i++) {
    void *mine = &user_infos[i % 2];
    expect_status(aio_state_set_user_info(pair->state, mine), AIO_OK);
    expect_status(aio_state_write_buffer(pair->state, mine, 0, check_user_info, NULL), AIO_OK);
  }
  drive_until(pair, atomic_load(&user_info_calls) == COUNT);
  assert_int_equal(atomic_load(&wrong_user_infos), 0);
}

/* ---- where callbacks run ---- */

static void then_note_thread(struct completion *completion) {
  pthread_t *thread = completion->context = fixture_memory(sizeof *thread);
  *thread = pthread_self();
}

static void test_threads__callbacks_run_on_the_collections_own(void **fixture) {
  struct pair *pair = *fixture;
  pair->then = then_note_thread;
  struct completion *read = start_read(pair, 10);
  peer_sends(pair, 10);
  expect_read(read, AIO_OK, 10);
  assert_false(pthread_equal(*(pthread_t *)read->context, pthread_self()));
}

static void *submit_and_close(void *argument) {
  struct pair *pair = argument;
  this_thread_runs_no_callbacks();
  try_read(pair, 10);
  try_write(pair, 10);
  try_close(pair);
  return NULL;
}

static void test_threads__submissions_wake_a_waiting_driver(void **fixture) {
  struct pair *pair = *fixture;
  struct crew crew = start_threads(1, submit_and_close, pair);
  double deadline = now() + 10;
  while (callbacks_so_far() < 3 && now() < deadline) {
    aio_collection_wait(pair->collection, 10);
    settle(pair);
  }
  join_threads(&crew);
  assert_int_equal(callbacks_so_far(), 3);
}

static void *drive_until_stopped(void *collection) {
  this_thread_runs_callbacks();
  return aio_collection_run(collection) == AIO_OK ? collection : NULL;
}

static void test_threads__drivers_may_change(void **fixture) {
  struct pair *pair = *fixture;
  for (int round = 0; round < 20; round++) {
    struct completion *read = start_read(pair, 10);
    struct crew crew = start_threads(1, drive_until_stopped, pair->collection);
    for (size_t sent = 0; sent < 10; sent += 5) {
      char bytes[5];
      fill_payload(bytes, pair->peer_sent, 5);
      assert_int_equal(send(pair->peer, bytes, 5, MSG_NOSIGNAL), 5);
      pair->peer_sent += 5;
    }
    await(read->done);
    expect_status(aio_collection_stop(pair->collection), AIO_OK);
    join_threads(&crew);
    expect_read(read, AIO_OK, 10);
    peer_sends(pair, 7);
    expect_read(start_read(pair, 7), AIO_OK, 7);
  }
}

/* ---- close and destroy ---- */

static void *close_it(void *pair) {
  this_thread_runs_no_callbacks();
  for (int i = 0; i < 50; i++) try_close_with(pair, .linger = i % 3 == 0 ? 0.01 : 0);
  return NULL;
}

static void test_threads__all_closes_call_back(void **fixture) {
  struct pair *pair = *fixture;
  start_read(pair, 10);
  settle(pair); /* a server's tickets that came to a closed socket would reset the connection */
  struct crew crew = start_threads(MOST_THREADS, close_it, pair);
  join_threads(&crew);
  drive_until(pair, callbacks_so_far() == MOST_THREADS * 50 + 1);
  peer_gets_end(pair);
}

static void test_threads__destroy_right_after_submission(void **fixture) {
  aio_collection *collection = ((struct pair *)*fixture)->collection;
  for (int i = 0; i < 200; i++) {
    struct pair *pair = new_pair(collection, LINK_UNIX, NULL);
    start_read(pair, 10);
    start_write(pair, 100000);
    if (i % 3 == 0) start_abort(pair, AIO_BOTH);
    if (i % 3 == 1) start_close_with(pair, .linger = 0.001);
    if (i % 2) send(pair->peer, "some bytes", 10, MSG_NOSIGNAL);
    destroy_state(pair);
    peer_closes(pair);
  }
}

static void echo(aio_state *state, void *buffer, size_t count, void *user_info) {
  static const char reply[100];
  (void)user_info;
  aio_state_write_buffer(state, reply, count, NULL, NULL);
  aio_state_read_buffer(state, buffer, 100, echo, &(aio_io_options){.minimum = 1});
}

static void test_threads__collection_may_end_while_callbacks_submit(void **fixture) {
  struct pair *pair = *fixture;
  pair->plain_bytes = 1;
  expect_status(aio_state_read_buffer(pair->state, fixture_memory(100), 100, echo, NULL), AIO_OK);
  for (int i = 0; i < 50; i++) {
    peer_sends(pair, 100);
    while (peer_takes_some(pair, 1000) > 0) continue;
  }
  destroy_collection(pair);
}

static void *destroy_it(void *pair) {
  this_thread_runs_no_callbacks();
  destroy_state(pair);
  return NULL;
}

static void test_threads__state_and_collection_may_end_at_once(void **fixture) {
  (void)fixture;
  for (int i = 0; i < 100; i++) {
    aio_collection *collection = i % 2 ? new_threaded_collection() : new_collection();
    struct pair *pair = new_pair(collection, LINK_UNIX, NULL);
    struct completion *read = start_read(pair, 10);
    struct completion *write = start_write(pair, 100000);
    struct crew crew = start_threads(1, destroy_it, pair);
    destroy_collection(pair);
    join_threads(&crew);
    assert_int_equal(read->calls + write->calls, 2);
    peer_closes(pair);
  }
}

static atomic_int in_callback, destroyed, state_was_good;

static void then_use_the_destroyed_state(struct completion *completion) {
  aio_counters counters;
  atomic_store(&in_callback, 1);
  while (!atomic_load(&destroyed)) sched_yield();
  atomic_store(&state_was_good, aio_state_counters(completion->state, &counters) == AIO_OK &&
                                    aio_state_write_buffer(completion->state, "", 1, NULL, NULL) == AIO_ERR_CLOSED);
}

static void test_threads__destroyed_state_serves_the_callback_that_runs(void **fixture) {
  struct pair *pair = *fixture;
  atomic_store(&in_callback, 0);
  atomic_store(&destroyed, 0);
  pair->then = then_use_the_destroyed_state;
  struct completion *read = start_read(pair, 10);
  pair->then = NULL;
  struct completion *write = start_write(pair, 16 << 20);
  peer_sends(pair, 10);
  while (!atomic_load(&in_callback)) sched_yield();
  destroy_state(pair);
  atomic_store(&destroyed, 1);
  expect_read(read, AIO_OK, 10);
  expect_partial_write(write, AIO_ERR_CANCELED);
  assert_true(atomic_load(&state_was_good));
}

/* ---- submissions that race with the end: refused, or complete without any help ---- */

enum { RACES = 300, MOST_RACERS = 4 };

struct race {
  struct pair *pair;
  void (*submit)(struct race *race);
  int round; /* also the delay of the end behind the submissions */
  struct completion *racers[MOST_RACERS];
  atomic_int ready, go;
};

static void submit_a_write(struct race *race) { race->racers[0] = try_write(race->pair, 1); }

static struct completion *submit_one(struct pair *pair, int kind) {
  switch (kind) {
    case 0:
      return try_write(pair, 1);
    case 1:
      return try_read(pair, 1);
    case 2:
      return try_abort(pair, AIO_OUTPUT);
    default:
      return try_shutdown(pair);
  }
}

static void submit_everything(struct race *race) {
  for (int i = 0; i < MOST_RACERS; i++) race->racers[i] = submit_one(race->pair, (race->round + i) % MOST_RACERS);
}

static void *submit_at_the_start(void *argument) {
  struct race *race = argument;
  this_thread_runs_no_callbacks();
  atomic_store(&race->ready, 1);
  while (!atomic_load(&race->go)) continue;
  race->submit(race);
  return NULL;
}

static void race_against(struct completion *(*end)(struct pair *), aio_collection *collection,
                         void (*submit)(struct race *), int round) {
  struct race race = {.pair = new_pair(collection, LINK_UNIX, NULL), .submit = submit, .round = round};
  struct crew crew = start_threads(1, submit_at_the_start, &race);
  while (!atomic_load(&race.ready)) sched_yield();
  atomic_store(&race.go, 1);
  for (int i = 0; i < round; i++) atomic_load(&race.go);
  struct completion *ending = end(race.pair);
  join_threads(&crew);
  expect_outcome(started(HERE, ending), AIO_OK);
  for (int i = 0; i < MOST_RACERS; i++)
    if (race.racers[i] != NULL && race.racers[i]->submitted == AIO_OK) drive_until(race.pair, race.racers[i]->done);
  destroy_state(race.pair);
  peer_closes(race.pair);
}

static void test_threads__write_may_race_with_shutdown(void **fixture) {
  struct pair *pair = *fixture;
  for (int i = 0; i < RACES; i++) race_against(submit_shutdown, pair->collection, submit_a_write, i);
}

static struct completion *close_now(struct pair *pair) { return try_close(pair); }

static void test_threads__everything_may_race_with_close(void **fixture) {
  struct pair *pair = *fixture;
  for (int i = 0; i < RACES; i++) race_against(close_now, pair->collection, submit_everything, i);
}

static struct completion *linger_now(struct pair *pair) { return try_close_with(pair, .linger = 0.001); }

static void test_threads__everything_may_race_with_a_lingering_close(void **fixture) {
  struct pair *pair = *fixture;
  for (int i = 0; i < RACES; i++) race_against(linger_now, pair->collection, submit_everything, i);
}

struct watch {
  struct pair *pair;
  atomic_int stop;
  atomic_int wrong;
};

static int is_ok_or_closed(aio_status status) { return status == AIO_OK || status == AIO_ERR_CLOSED; }

static int asks_right(aio_state *state) {
  aio_address address;
  aio_counters counters;
  aio_state_nodelay(state);
  aio_state_keepalive(state);
  aio_state_socket(state);
  aio_state_collection(state);
  aio_state_is_open(state);
  aio_state_queued_bytes(state);
  aio_state_queued_writes(state);
  aio_state_read_status(state);
  aio_state_write_status(state);
  aio_state_system_error(state);
  aio_state_set_read_timeout(state, 5);
  aio_state_set_write_timeout(state, aio_state_read_timeout(state));
  aio_state_set_max_read(state, aio_state_max_read(state));
  aio_state_set_buffer_limit(state, aio_state_buffer_limit(state));
  aio_state_set_write_limit(state, aio_state_write_limit(state));
  aio_state_set_user_info(state, aio_state_user_info(state));
  return is_ok_or_closed(aio_state_local_address(state, &address)) &&
         is_ok_or_closed(aio_state_peer_address(state, &address)) &&
         is_ok_or_closed(aio_state_set_nodelay(state, AIO_YES)) &&
         is_ok_or_closed(aio_state_set_keepalive(state, AIO_NO)) && aio_state_counters(state, &counters) == AIO_OK &&
         aio_state_name(state) != NULL;
}

static void *ask_everything(void *argument) {
  struct watch *watch = argument;
  this_thread_runs_no_callbacks();
  while (!atomic_load(&watch->stop))
    if (!asks_right(watch->pair->state)) atomic_store(&watch->wrong, 1);
  return NULL;
}

/* Descriptors come and go beside it, so that a number used after its close would be another socket's. */
static void test_threads__getters_are_safe_against_close(void **fixture) {
  struct pair *pair = *fixture;
  for (int round = 0; round < 20; round++) {
    struct watch watch = {.pair = new_pair(pair->collection, LINK_TCP, NULL)};
    struct crew crew = start_threads(2, ask_everything, &watch);
    expect_write(start_write(watch.pair, 1000), AIO_OK, 1000);
    int sockets[2];
    expect_outcome(start_close(watch.pair), AIO_OK);
    connected_sockets(LINK_UNIX, sockets);
    sched_yield();
    atomic_store(&watch.stop, 1);
    join_threads(&crew);
    close(sockets[0]);
    close(sockets[1]);
    assert_int_equal(atomic_load(&watch.wrong), 0);
  }
}

/* ---- several threads hammer one state ---- */

struct hammer {
  aio_state *state;
  char read_memory[1000];
  char written[2000];
  int rounds;
  int may_close;
  atomic_long accepted, called;
  atomic_long bytes_read, bytes_written;
  atomic_int outside_its_turn; /* callbacks that ran while another one did */
  atomic_int inside;
  atomic_int finished; /* threads */
  atomic_uint seed;
};

static void enter_hammer(struct hammer *hammer) {
  if (atomic_exchange(&hammer->inside, 1)) atomic_store(&hammer->outside_its_turn, 1);
}

static void leave_hammer(struct hammer *hammer) {
  atomic_store(&hammer->inside, 0);
  atomic_fetch_add(&hammer->called, 1);
}

static void hammered_read(aio_state *state, void *buffer, size_t count, void *argument) {
  struct hammer *hammer = argument;
  (void)state;
  (void)buffer;
  enter_hammer(hammer);
  atomic_fetch_add(&hammer->bytes_read, (long)count);
  leave_hammer(hammer);
}

static void hammered_write(aio_state *state, void *buffer, size_t count, void *argument) {
  struct hammer *hammer = argument;
  (void)state;
  (void)buffer;
  enter_hammer(hammer);
  atomic_fetch_add(&hammer->bytes_written, (long)count);
  leave_hammer(hammer);
}

static void hammered_status(aio_state *state, aio_status status, void *argument) {
  (void)state;
  (void)status;
  enter_hammer(argument);
  leave_hammer(argument);
}

static aio_status one_blow(struct hammer *hammer, uint32_t *seed) {
  aio_io_options options = {.user_info = hammer};
  size_t length = random_below(1000, seed);
  if (random_below(4, seed) == 0) options.timeout = 1e-6 * random_below(2000, seed);
  switch (random_below(6, seed)) {
    case 0:
    case 1:
      options.minimum = length / 2;
      return aio_state_read_buffer(hammer->state, hammer->read_memory, length, hammered_read, &options);
    case 2:
    case 3:
      return aio_state_write_buffer(hammer->state, hammer->written, 2 * length, hammered_write, &options);
    case 4:
      return aio_state_abort(hammer->state, 1 + (int32_t)random_below(3, seed), hammered_status, hammer);
    default:
      if (!hammer->may_close || random_below(10, seed) > 0)
        return aio_state_wait_for_input(hammer->state, hammered_read, &options);
      if (random_below(2, seed)) return aio_state_shutdown(hammer->state, hammered_status, hammer);
      return aio_state_close(hammer->state, hammered_status, &(aio_close_options){.user_info = hammer});
  }
}

static void *hammer_on(void *argument) {
  struct hammer *hammer = argument;
  uint32_t seed = atomic_fetch_add(&hammer->seed, 7919);
  this_thread_runs_no_callbacks();
  for (int i = 0; i < hammer->rounds; i++)
    if (one_blow(hammer, &seed) == AIO_OK) atomic_fetch_add(&hammer->accepted, 1);
  atomic_fetch_add(&hammer->finished, 1);
  return NULL;
}

static struct hammer *new_hammer(struct pair *pair, int rounds) {
  struct hammer *hammer = fixture_memory(sizeof *hammer);
  pair->plain_bytes = 1;
  hammer->state = pair->state;
  hammer->rounds = rounds;
  return hammer;
}

/* The peer talks and listens meanwhile. */
static void hammer_with(struct pair *pair, struct hammer *hammer, int threads) {
  struct crew crew = start_threads(threads, hammer_on, hammer);
  while (atomic_load(&hammer->finished) < threads) {
    peer_takes_some(pair, 5000);
    if (send(pair->peer, hammer->written, 100, MSG_NOSIGNAL) == 100) pair->peer_sent += 100;
    settle(pair);
  }
  join_threads(&crew);
}

static void expect_exact_sums(struct pair *pair, struct hammer *hammer) {
  start_abort(pair, AIO_BOTH);
  drive_until(pair, atomic_load(&hammer->called) == atomic_load(&hammer->accepted));
  assert_int_equal(atomic_load(&hammer->outside_its_turn), 0);
  size_t unread = pair->peer_sent - (size_t)atomic_load(&hammer->bytes_read);
  expect_read(start_read_with(pair, unread, .timeout = AIO_NO_TIMEOUT), AIO_OK, unread);
  pair->written = (uint64_t)atomic_load(&hammer->bytes_written);
  start_close_behind_writes(pair);
  peer_receives_rest(pair);
}

static void test_threads__hammering_one_state_adds_up(void **fixture) {
  struct pair *pair = *fixture;
  struct hammer *hammer = new_hammer(pair, 3000);
  hammer_with(pair, hammer, 2);
  expect_exact_sums(pair, hammer);
}

static void test_threads__closing_under_the_hammer_completes_everything(void **fixture) {
  aio_collection *collection = ((struct pair *)*fixture)->collection;
  for (int round = 0; round < 20; round++) {
    struct pair *pair = new_pair(collection, LINK_TCP, NULL);
    struct hammer *hammer = new_hammer(pair, 300);
    hammer->may_close = 1;
    hammer->seed = (unsigned)round;
    struct crew crew = start_threads(3, hammer_on, hammer);
    join_threads(&crew);
    start_close(pair);
    drive_until(pair, atomic_load(&hammer->called) == atomic_load(&hammer->accepted));
    assert_int_equal(atomic_load(&hammer->outside_its_turn), 0);
  }
}

static void test_threads__collection_may_end_under_the_hammer(void **fixture) {
  struct pair *pair = *fixture;
  struct hammer *hammer = new_hammer(pair, 5000);
  struct crew crew = start_threads(3, hammer_on, hammer);
  while (atomic_load(&hammer->accepted) < 500) sched_yield();
  destroy_collection(pair);
  join_threads(&crew);
  assert_int_equal(atomic_load(&hammer->called), atomic_load(&hammer->accepted));
  expect_refusal(try_read(pair, 1), AIO_ERR_CLOSED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      with_threaded_pair(test_threads__writes_of_one_thread_arrive_in_order),
      with_threaded_pair(test_threads__shutdown_comes_after_the_writes),
      with_threaded_pair(test_threads__lingering_close_comes_after_the_writes),
      with_threaded_pair(test_threads__abort_does_not_touch_what_is_submitted_after_it),
      with_threaded_pair(test_threads__setters_take_effect_in_order),
      with_threaded_pair(test_threads__callbacks_run_on_the_collections_own),
      with_pair(test_threads__submissions_wake_a_waiting_driver),
      with_pair(test_threads__drivers_may_change),
      with_pair(test_threads__all_closes_call_back),
      with_threaded_pair(test_threads__all_closes_call_back),
      with_threaded_collection(test_threads__destroy_right_after_submission),
      with_threaded_pair(test_threads__collection_may_end_while_callbacks_submit),
      with_threaded_collection(test_threads__getters_are_safe_against_close),
      with_threaded_pair(test_threads__hammering_one_state_adds_up),
      with_pair(test_threads__hammering_one_state_adds_up),
      with_threaded_collection(test_threads__closing_under_the_hammer_completes_everything),
      with_threaded_pair(test_threads__collection_may_end_under_the_hammer),
      with_threaded_collection(test_threads__state_and_collection_may_end_at_once),
      with_threaded_pair(test_threads__destroyed_state_serves_the_callback_that_runs),
      with_threaded_collection(test_threads__write_may_race_with_shutdown),
      with_threaded_collection(test_threads__everything_may_race_with_close),
      with_threaded_collection(test_threads__everything_may_race_with_a_lingering_close),
  };
  return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
