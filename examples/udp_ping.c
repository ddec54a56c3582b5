/*
 * Asks a UDP echo server how long it takes, or is one: numbered datagrams, one at a time, each with a timeout.
 * Usage: udp_ping HOST PORT [COUNT]
 *        udp_ping --serve [PORT]
 */
#include <aiostate/aiostate.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct ping {
  uint32_t sent;
  uint32_t came;
  uint32_t wanted;
  double start;
  char answer[64];
  int exit_status;
} ping;

static double now(void) {
  struct timespec time;
  timespec_get(&time, TIME_UTC);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void stop(aio_state *state, ping *self, aio_status status) {
  if (status != AIO_OK) fprintf(stderr, "udp_ping: %s\n", aio_status_message(status));
  printf("%" PRIu32 " sent, %" PRIu32 " answered\n", self->sent, self->came);
  self->exit_status = status != AIO_OK || self->came == 0;
  aio_collection_stop(aio_state_collection(state));
  aio_state_destroy(state);
}

static void send_next(aio_state *state, ping *self);

/* A late answer to an earlier question is dropped, and the wait goes on. */
static void on_answer(aio_state *state, void *bytes, size_t count, void *user_info) {
  ping *self = user_info;
  aio_status status = aio_state_read_status(state);
  uint32_t number = 0;
  if (status == AIO_OK && count == sizeof number) memcpy(&number, bytes, count);
  if (status == AIO_OK && number == self->sent) {
    self->came++;
    printf("answer %" PRIu32 " after %.3f ms\n", number, (now() - self->start) * 1e3);
    send_next(state, self);
  } else if (status == AIO_OK) {
    aio_state_receive_message(state, self->answer, sizeof self->answer, on_answer, NULL);
  } else if (status == AIO_TIMEOUT) {
    printf("no answer %" PRIu32 "\n", self->sent);
    send_next(state, self);
  } else {
    stop(state, self, status); /* such as AIO_ERR_CONNECTION_REFUSED: nobody listens there */
  }
}

static void send_next(aio_state *state, ping *self) {
  if (self->sent == self->wanted) {
    stop(state, self, AIO_OK);
    return;
  }
  aio_io_options options = {.timeout = 1};
  self->sent++;
  self->start = now();
  aio_status status = aio_state_send_message(state, &self->sent, sizeof self->sent, NULL, NULL);
  if (status == AIO_OK)
    status = aio_state_receive_message(state, self->answer, sizeof self->answer, on_answer, &options);
  if (status != AIO_OK) stop(state, self, status);
}

static void on_connected(aio_state *state, aio_status status, void *user_info) {
  if (status == AIO_OK)
    send_next(state, user_info);
  else
    stop(state, user_info, status);
}

static void on_sent(aio_state *state, void *bytes, size_t count, void *user_info) {
  (void)state, (void)count, (void)user_info;
  free(bytes);
}

/* Called for each datagram. The bytes are the library's until this returns, so what goes back is a copy. */
static void on_question(aio_state *state, void *bytes, size_t count, void *user_info) {
  (void)user_info;
  if (aio_state_read_status(state) != AIO_OK) return;
  void *copy = malloc(count + 1);
  if (!copy) return; /* a lost datagram is nothing new */
  memcpy(copy, bytes, count);
  const aio_address *sender = aio_state_message_address(state);
  if (aio_state_send_message_to_address(state, sender, copy, count, on_sent, NULL) != AIO_OK) free(copy);
}

static aio_status serve(aio_collection *collection, const char *port) {
  aio_state *state;
  aio_address address;
  aio_status status = aio_state_create_udp(collection, "127.0.0.1", port, NULL, &state);
  if (status != AIO_OK) return status;
  aio_state_local_address(state, &address);
  printf("listening on 127.0.0.1:%d\n", aio_address_port(&address));
  fflush(stdout);
  return aio_state_receive_messages(state, on_question, NULL);
}

int main(int count, char **arguments) {
  ping self = {.wanted = count > 3 ? (uint32_t)strtoul(arguments[3], NULL, 10) : 4};
  aio_collection *collection;
  aio_status status = aio_collection_create(NULL, &collection);
  if (status == AIO_OK && count > 1 && strcmp(arguments[1], "--serve") == 0) {
    status = serve(collection, count > 2 ? arguments[2] : "0");
  } else if (status == AIO_OK && count > 2) {
    aio_state *state;
    aio_connect_options options = {.user_info = &self};
    status = aio_state_connect_udp(collection, arguments[1], arguments[2], on_connected, &options, &state);
  } else {
    fprintf(stderr, "Usage: udp_ping HOST PORT [COUNT]\n       udp_ping --serve [PORT]\n");
    return 2;
  }
  if (status != AIO_OK) {
    fprintf(stderr, "udp_ping: %s %s\n", aio_status_message(status), aio_last_error_text());
    return 1;
  }
  aio_collection_run(collection);
  aio_collection_destroy(collection);
  return self.exit_status;
}
