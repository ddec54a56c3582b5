/*
 * aiostate: each message is read by its own aio_state_read_buffer and answered by its own aio_state_write_buffer; the
 * next read starts while the answer is under way. With a timeout every operation has it, as its state's. TLS is the acceptor's.
 */
#include <aiostate/aiostate.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "server.h"
#include "tls.h"

#define MOST_WRITES 64 /* of a connection; it reads on when the peer has taken some */

typedef struct message {
  struct message *next;
  char bytes[];
} message;

typedef struct connection {
  size_t writes; /* running */
  int reading;
} connection;

static server_options options;
static message *spare_messages;

static char *take_message(void) {
  message *m = spare_messages;
  if (m)
    spare_messages = m->next;
  else
    m = server_allocate(sizeof *m + server_longest(&options));
  return m->bytes;
}

static void give_message(void *bytes) {
  message *m = (message *)((char *)bytes - offsetof(message, bytes));
  m->next = spare_messages;
  spare_messages = m;
}

static void on_closed(aio_state *state, aio_status status, void *user_info) {
  (void)status;
  aio_state_destroy(state);
  free(user_info);
  server_closed(&options);
}

static void close_connection(aio_state *state) {
  if (aio_state_is_open(state)) aio_state_close(state, on_closed, NULL);
}

static void on_read(aio_state *state, void *buffer, size_t count, void *user_info);

static void read_message(aio_state *state, connection *c) {
  char *buffer = take_message();
  c->reading = aio_state_read_buffer(state, buffer, options.size, on_read, NULL) == AIO_OK;
  if (c->reading) return;
  give_message(buffer);
  close_connection(state);
}

static void on_written(aio_state *state, void *buffer, size_t count, void *user_info) {
  connection *c = user_info;
  give_message(buffer);
  c->writes--;
  if (count < options.answer)
    close_connection(state);
  else if (!c->reading)
    read_message(state, c);
}

static void on_read(aio_state *state, void *buffer, size_t count, void *user_info) {
  connection *c = user_info;
  c->reading = 0;
  if (count < options.size || aio_state_write_buffer(state, buffer, options.answer, on_written, NULL) != AIO_OK) {
    give_message(buffer);
    close_connection(state);
    return;
  }
  if (++c->writes < MOST_WRITES) read_message(state, c);
}

static void on_accepted(aio_acceptor *acceptor, aio_state *state, void *user_info) {
  connection *c = server_allocate(sizeof *c);
  (void)acceptor, (void)user_info;
  *c = (connection){0};
  aio_state_set_user_info(state, c);
  server_opened();
  read_message(state, c);
}

static aio_tls_context *tls_context(void) {
  aio_tls_context *context = NULL;
  aio_tls_options tls_options = {.low_memory = options.low_memory ? AIO_YES : AIO_NO};
  if (!options.tls) return NULL;
  tls_options.certificate_data = tls_identity(&tls_options.certificate_length);
  if (aio_tls_context_create(AIO_TLS_SERVER, &tls_options, &context) != AIO_OK) {
    fprintf(stderr, "%s\n", aio_last_error_text());
    exit(1);
  }
  return context;
}

int main(int argc, char **argv) {
  aio_collection *collection;
  aio_acceptor *acceptor;
  options = server_arguments(argc, argv);
  int listener = server_listen(sizeof(connection) + sizeof(message) + server_longest(&options));
  aio_accept_options accept_options = {
      .read_timeout = options.timeout, .write_timeout = options.timeout, .tls = tls_context()};
  if (aio_collection_create(NULL, &collection) != AIO_OK ||
      aio_acceptor_create_socket(collection, listener, on_accepted, &accept_options, &acceptor) != AIO_OK) {
    fprintf(stderr, "%s\n", aio_last_error_text());
    return 1;
  }
  return aio_collection_run(collection) != AIO_OK;
}
