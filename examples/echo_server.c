/* Sends back whatever comes. Usage: echo_server [PORT] */
#include <aiostate/aiostate.h>

#include <stdio.h>
#include <stdlib.h>

typedef struct connection {
  char bytes[4096];
} connection;

static void on_read(aio_state *state, void *bytes, size_t count, void *user_info);

static void hang_up(aio_state *state, connection *self) {
  aio_state_destroy(state);
  free(self);
}

static void read_some(aio_state *state, connection *self) {
  aio_io_options options = {.minimum = 1, .timeout = 60, .user_info = self};
  if (aio_state_read_buffer(state, self->bytes, sizeof self->bytes, on_read, &options) != AIO_OK) hang_up(state, self);
}

static void on_written(aio_state *state, void *bytes, size_t count, void *user_info) {
  (void)bytes, (void)count;
  if (aio_state_write_status(state) == AIO_OK)
    read_some(state, user_info);
  else
    hang_up(state, user_info);
}

static void on_read(aio_state *state, void *bytes, size_t count, void *user_info) {
  aio_io_options options = {.timeout = 60, .user_info = user_info};
  if (aio_state_read_status(state) != AIO_OK || /* the peer has ended, is silent, or there was an error */
      aio_state_write_buffer(state, bytes, count, on_written, &options) != AIO_OK)
    hang_up(state, user_info);
}

static void on_accepted(aio_acceptor *acceptor, aio_state *state, void *user_info) {
  (void)acceptor, (void)user_info;
  connection *self = malloc(sizeof *self);
  if (self)
    read_some(state, self);
  else
    aio_state_destroy(state);
}

int main(int count, char **arguments) {
  aio_collection *collection;
  aio_acceptor *acceptor;
  aio_status status = aio_collection_create(NULL, &collection);
  if (status == AIO_OK)
    status =
        aio_acceptor_create_tcp(collection, "127.0.0.1", count > 1 ? arguments[1] : "0", on_accepted, NULL, &acceptor);
  if (status != AIO_OK) {
    fprintf(stderr, "echo_server: %s %s\n", aio_status_message(status), aio_last_error_text());
    return 1;
  }
  printf("listening on 127.0.0.1:%d\n", aio_acceptor_local_port(acceptor));
  fflush(stdout);
  return aio_collection_run(collection) != AIO_OK;
}
