/*
 * aiostate: a standing receive, each datagram copied and sent back to its sender; or with --single one receive after the
 * other, each with its timeout.
 */
#include <aiostate/aiostate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

enum { LONGEST = 2048 };

typedef struct message {
  struct message *next;
  char bytes[LONGEST];
} message;

static message *spare_messages;
static char single[LONGEST];

static void on_sent(aio_state *state, void *buffer, size_t count, void *user_info) {
  message *m = user_info;
  (void)state, (void)buffer, (void)count;
  m->next = spare_messages;
  spare_messages = m;
}

static void on_message(aio_state *state, void *buffer, size_t count, void *user_info) {
  message *m = spare_messages;
  (void)user_info;
  if (m)
    spare_messages = m->next;
  else
    m = server_allocate(sizeof *m);
  memcpy(m->bytes, buffer, count);
  aio_io_options options = {.user_info = m};
  if (aio_state_send_message_to_address(state, aio_state_message_address(state), m->bytes, count, on_sent, &options) !=
      AIO_OK)
    exit(1);
}

static void receive_one(aio_state *state, void *buffer, size_t count, void *user_info);

static void answer_one(aio_state *state, void *buffer, size_t count, void *user_info) {
  (void)user_info;
  aio_state_send_message_to_address(state, aio_state_message_address(state), buffer, count, receive_one, NULL);
}

static void receive_one(aio_state *state, void *buffer, size_t count, void *user_info) {
  (void)buffer, (void)count, (void)user_info;
  aio_state_receive_message(state, single, sizeof single, answer_one, NULL);
}

int main(int argc, char **argv) {
  aio_collection *collection;
  aio_state *state;
  server_options options = server_arguments(argc, argv);
  aio_state_options state_options = {.read_timeout = options.timeout, .write_timeout = options.timeout};
  if (aio_collection_create(NULL, &collection) != AIO_OK ||
      aio_state_create(collection, server_bind_udp(), &state_options, &state) != AIO_OK) {
    fprintf(stderr, "%s\n", aio_last_error_text());
    return 1;
  }
  if (options.single)
    receive_one(state, NULL, 0, NULL);
  else
    aio_state_receive_messages(state, on_message, NULL);
  return aio_collection_run(collection) != AIO_OK;
}
