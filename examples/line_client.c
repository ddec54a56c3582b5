/* Sends lines, and prints as many lines that come back. Usage: line_client HOST PORT LINE... */
#include <aiostate/aiostate.h>

#include <stdio.h>
#include <string.h>

typedef struct client {
  aio_collection *collection;
  char **lines;
  int lines_left;
} client;

static void end(client *self, aio_status status, const char *text) {
  if (status != AIO_OK) fprintf(stderr, "line_client: %s %s\n", aio_status_message(status), text);
  aio_collection_stop(self->collection);
}

/* Prints the complete lines and returns their length. The first `seen` bytes are known to hold no line end. */
static size_t print_lines(client *self, const char *bytes, size_t count, size_t seen) {
  size_t done = 0;
  const char *line_end;
  while (self->lines_left > 0 && (line_end = memchr(bytes + seen, '\n', count - seen)) != NULL) {
    seen = (size_t)(line_end - bytes) + 1;
    fwrite(bytes + done, 1, seen - done, stdout);
    done = seen;
    self->lines_left--;
  }
  return done;
}

/* Called whenever more bytes have come, with all that were not discarded yet: a line cut in two waits for its rest. */
static void on_bytes(aio_state *state, void *bytes, size_t count, void *user_info) {
  client *self = user_info;
  aio_status status = aio_state_read_status(state);
  if (status != AIO_OK) { /* the last call */
    end(self, status, aio_state_error_text(state));
    return;
  }
  size_t done = print_lines(self, bytes, count, aio_state_old_length(state));
  if (self->lines_left > 0) {
    aio_state_discard(state, done);
  } else {
    aio_state_finish_read(state, done);
    end(self, AIO_OK, "");
  }
}

static void on_connected(aio_state *state, aio_status status, void *user_info) {
  client *self = user_info;
  if (status == AIO_OK) status = aio_state_read_with_checking(state, on_bytes, NULL);
  for (int i = 0; i < self->lines_left && status == AIO_OK; i++) { /* writes queue, and go out in this order */
    status = aio_state_write_buffer(state, self->lines[i], strlen(self->lines[i]), NULL, NULL);
    if (status == AIO_OK) status = aio_state_write_buffer(state, "\n", 1, NULL, NULL);
  }
  if (status != AIO_OK) end(self, status, aio_state_error_text(state));
}

int main(int count, char **arguments) {
  if (count < 4) {
    fprintf(stderr, "Usage: line_client HOST PORT LINE...\n");
    return 1;
  }
  client self = {.lines = arguments + 3, .lines_left = count - 3};
  aio_state *state = NULL;
  aio_connect_options options = {.connect_timeout = 10, .read_timeout = 10, .write_timeout = 10, .user_info = &self};
  aio_status status = aio_collection_create(NULL, &self.collection);
  if (status == AIO_OK)
    status = aio_state_connect_tcp(self.collection, arguments[1], arguments[2], on_connected, &options, &state);
  if (status == AIO_OK)
    status = aio_collection_run(self.collection);
  else
    fprintf(stderr, "line_client: %s %s\n", aio_status_message(status), aio_last_error_text());
  aio_state_destroy(state);
  aio_collection_destroy(self.collection);
  return status != AIO_OK || self.lines_left > 0;
}
