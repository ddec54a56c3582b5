/*
 * aiostate: each frame is read by aio_state_read_frame, header included, and answered by its own aio_state_write_buffer of
 * a copy; the next read starts in the callback.
 */
#include <aiostate/aiostate.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

static const aio_frame_format format = {.length_size = 4, .maximum = 1 << 20};

typedef struct message {
  struct message *next;
  char bytes[];
} message;

static server_options options;
static message *spare_messages;

static message *take_message(void) {
  message *m = spare_messages;
  if (m)
    spare_messages = m->next;
  else
    m = server_allocate(sizeof *m + options.size);
  return m;
}

static void on_written(aio_state *state, void *buffer, size_t count, void *user_info) {
  message *m = (message *)((char *)buffer - offsetof(message, bytes));
  (void)state, (void)count, (void)user_info;
  m->next = spare_messages;
  spare_messages = m;
}

static void on_closed(aio_state *state, aio_status status, void *user_info) {
  (void)status, (void)user_info;
  aio_state_destroy(state);
  server_closed(&options);
}

static void on_frame(aio_state *state, void *bytes, size_t count, void *user_info) {
  (void)user_info;
  if (count == 0 || count > options.size) {
    aio_state_close(state, on_closed, NULL);
    return;
  }
  message *m = take_message();
  memcpy(m->bytes, bytes, count);
  if (aio_state_write_buffer(state, m->bytes, count, on_written, NULL) != AIO_OK ||
      aio_state_read_frame(state, &format, on_frame, NULL) != AIO_OK)
    aio_state_close(state, on_closed, NULL);
}

static void on_accepted(aio_acceptor *acceptor, aio_state *state, void *user_info) {
  (void)acceptor, (void)user_info;
  server_opened();
  aio_state_read_frame(state, &format, on_frame, NULL);
}

int main(int argc, char **argv) {
  aio_collection *collection;
  aio_acceptor *acceptor;
  options = server_arguments(argc, argv);
  aio_accept_options accept_options = {.read_timeout = options.timeout, .write_timeout = options.timeout};
  if (aio_collection_create(NULL, &collection) != AIO_OK ||
      aio_acceptor_create_socket(collection, server_listen(0), on_accepted, &accept_options, &acceptor) != AIO_OK) {
    fprintf(stderr, "%s\n", aio_last_error_text());
    return 1;
  }
  return aio_collection_run(collection) != AIO_OK;
}
