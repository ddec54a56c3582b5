/*
 * A length-prefixed protocol: each request is four bytes of length, most significant first, and a text; the answer is the
 * text in capitals, framed alike.
 * Usage: frame_server [PORT]
 */
#include <aiostate/aiostate.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 4, LONGEST = 65536 };

typedef struct connection {
  unsigned char header[HEADER];
  char answer[LONGEST];
} connection;

static void read_request(aio_state *state, connection *self);

static void hang_up(aio_state *state, connection *self) {
  aio_state_destroy(state);
  free(self);
}

static void on_answered(aio_state *state, void *bytes, size_t count, void *user_info) {
  (void)bytes, (void)count;
  if (aio_state_write_status(state) == AIO_OK)
    read_request(state, user_info);
  else
    hang_up(state, user_info);
}

/* Called with one whole request, however it was cut on its way. It lies in the library's buffer until this returns. */
static void on_request(aio_state *state, void *bytes, size_t count, void *user_info) {
  connection *self = user_info;
  if (aio_state_read_status(state) != AIO_OK) { /* the end, a silent peer, or a frame beyond the maximum */
    hang_up(state, self);
    return;
  }
  for (size_t i = 0; i < count; i++) self->answer[i] = (char)toupper(((unsigned char *)bytes)[i]);
  for (size_t i = 0; i < HEADER; i++) self->header[i] = (unsigned char)(count >> (8 * (HEADER - 1 - i)));
  aio_buffer_view views[] = {{self->header, HEADER}, {self->answer, count}};
  if (aio_state_write_buffers(state, views, 2, on_answered, NULL) != AIO_OK) hang_up(state, self);
}

static void read_request(aio_state *state, connection *self) {
  aio_frame_format format = {.length_size = HEADER, .strip = HEADER, .maximum = HEADER + LONGEST};
  aio_io_options options = {.timeout = 60, .user_info = self};
  if (aio_state_read_frame(state, &format, on_request, &options) != AIO_OK) hang_up(state, self);
}

static void on_accepted(aio_acceptor *acceptor, aio_state *state, void *user_info) {
  (void)acceptor, (void)user_info;
  connection *self = malloc(sizeof *self);
  if (!self) {
    aio_state_destroy(state);
    return;
  }
  aio_state_set_user_info(state, self); /* for the answers, too */
  read_request(state, self);
}

int main(int count, char **arguments) {
  const char *port = count > 1 ? arguments[1] : "0";
  aio_collection *collection;
  aio_acceptor *acceptor;
  aio_status status = aio_collection_create(NULL, &collection);
  if (status == AIO_OK) status = aio_acceptor_create_tcp(collection, "127.0.0.1", port, on_accepted, NULL, &acceptor);
  if (status != AIO_OK) {
    fprintf(stderr, "frame_server: %s %s\n", aio_status_message(status), aio_last_error_text());
    return 1;
  }
  printf("listening on 127.0.0.1:%d\n", aio_acceptor_local_port(acceptor));
  fflush(stdout);
  return aio_collection_run(collection) != AIO_OK;
}
