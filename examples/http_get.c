/* Fetches one page and prints its body. Usage: http_get HOST PORT PATH */
#include <aiostate/aiostate.h>

#include <stdio.h>
#include <string.h>

typedef struct fetch {
  aio_collection *collection;
  char request[2048];
  char body[16384];
  int succeeded;
} fetch;

static void succeed(fetch *self) {
  self->succeeded = 1;
  aio_collection_stop(self->collection);
}

static void fail(fetch *self, const char *why, const char *more) {
  fprintf(stderr, "http_get: %s %s\n", why, more);
  aio_collection_stop(self->collection);
}

static void on_body(aio_state *state, void *bytes, size_t count, void *user_info);

static void read_body(aio_state *state, fetch *self) {
  aio_status status = aio_state_read_buffer(state, self->body, sizeof self->body, on_body, NULL);
  if (status != AIO_OK) fail(self, aio_status_message(status), "");
}

/* The buffer is full, or this is the end; the count is exact in each case. */
static void on_body(aio_state *state, void *bytes, size_t count, void *user_info) {
  aio_status status = aio_state_read_status(state);
  if (fwrite(bytes, 1, count, stdout) != count)
    fail(user_info, "Standard output takes no more.", "");
  else if (status == AIO_OK)
    read_body(state, user_info);
  else if (status == AIO_EOF)
    succeed(user_info);
  else
    fail(user_info, aio_status_message(status), aio_state_error_text(state));
}

/* How long the header is, with the empty line that ends it; 0 while that has not come. */
static size_t header_length(const char *bytes, size_t count) {
  for (size_t i = 4; i <= count; i++) {
    if (memcmp(bytes + i - 4, "\r\n\r\n", 4) == 0) return i;
  }
  return 0;
}

/* Called whenever more bytes have come. What follows the header stays for the next read. */
static void on_header(aio_state *state, void *bytes, size_t count, void *user_info) {
  aio_status status = aio_state_read_status(state);
  size_t length = header_length(bytes, count);
  if (status != AIO_OK) {
    fail(user_info, aio_status_message(status), aio_state_error_text(state));
  } else if (length > 0) {
    char code[4] = "";
    sscanf(bytes, "HTTP/1.%*c %3s", code);
    aio_state_finish_read(state, length);
    if (strcmp(code, "200") == 0)
      read_body(state, user_info);
    else
      fail(user_info, "The server answers", code);
  }
}

static void on_connected(aio_state *state, aio_status status, void *user_info) {
  fetch *self = user_info;
  if (status == AIO_OK) status = aio_state_write_buffer(state, self->request, strlen(self->request), NULL, NULL);
  if (status == AIO_OK) status = aio_state_read_with_checking(state, on_header, NULL);
  if (status != AIO_OK) fail(self, aio_status_message(status), aio_state_error_text(state));
}

int main(int count, char **arguments) {
  static fetch self;
  if (count != 4 || strlen(arguments[1]) + strlen(arguments[2]) + strlen(arguments[3]) > sizeof self.request - 64) {
    fprintf(stderr, "Usage: http_get HOST PORT PATH\n");
    return 1;
  }
  snprintf(self.request, sizeof self.request, "GET %s HTTP/1.0\r\nHost: %s:%s\r\n\r\n", arguments[3], arguments[1],
           arguments[2]);

  aio_state *state = NULL;
  aio_connect_options options = {.connect_timeout = 10, .read_timeout = 30, .write_timeout = 30, .user_info = &self};
  aio_status status = aio_collection_create(NULL, &self.collection);
  if (status == AIO_OK)
    status = aio_state_connect_tcp(self.collection, arguments[1], arguments[2], on_connected, &options, &state);
  if (status == AIO_OK)
    aio_collection_run(self.collection);
  else
    fail(&self, aio_status_message(status), aio_last_error_text());
  aio_state_destroy(state);
  aio_collection_destroy(self.collection);
  return !self.succeeded;
}
