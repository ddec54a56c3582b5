/* Fetches one page by HTTPS and prints its body. Usage: https_get HOST PORT PATH [FILE-OF-TRUSTED-ISSUERS] */
#include <aiostate/aiostate.h>

#include <stdio.h>
#include <string.h>

typedef struct fetch {
  aio_collection *collection;
  char request[2048];
  char body[16384];
  int succeeded;
} fetch;

static void fail(fetch *self, aio_status status, const char *more) {
  fprintf(stderr, "https_get: %s %s\n", aio_status_message(status), more);
  aio_collection_stop(self->collection);
}

static void on_body(aio_state *state, void *bytes, size_t count, void *user_info);

static void read_body(aio_state *state, fetch *self) {
  aio_status status = aio_state_read_buffer(state, self->body, sizeof self->body, on_body, NULL);
  if (status != AIO_OK) fail(self, status, "");
}

/* Only a close_notify is AIO_EOF: a page that somebody has cut is AIO_ERR_TLS_TRUNCATED. */
static void on_body(aio_state *state, void *bytes, size_t count, void *user_info) {
  fetch *self = user_info;
  aio_status status = aio_state_read_status(state);
  fwrite(bytes, 1, count, stdout);
  if (status == AIO_OK) {
    read_body(state, self);
  } else if (status == AIO_EOF) {
    self->succeeded = fflush(stdout) == 0 && !ferror(stdout);
    aio_collection_stop(self->collection);
  } else {
    fail(self, status, aio_state_error_text(state));
  }
}

static void on_header(aio_state *state, void *bytes, size_t count, void *user_info) {
  fetch *self = user_info;
  aio_status status = aio_state_read_status(state);
  if (status != AIO_OK) {
    fail(self, status, aio_state_error_text(state));
  } else if (count > 12 && memcmp((const char *)bytes + 8, " 200", 4) == 0) { /* behind HTTP/1.1 */
    read_body(state, self);
  } else {
    fprintf(stderr, "https_get: The server has no such page.\n");
    aio_collection_stop(self->collection);
  }
}

/* By now the handshake is over, and the certificate is the host's. */
static void on_connected(aio_state *state, aio_status status, void *user_info) {
  fetch *self = user_info;
  if (status == AIO_OK) status = aio_state_write_buffer(state, self->request, strlen(self->request), NULL, NULL);
  if (status == AIO_OK) status = aio_state_read_until(state, "\r\n\r\n", 4, on_header, NULL);
  if (status != AIO_OK) fail(self, status, aio_state_error_text(state));
}

static aio_status connect_by_tls(fetch *self, char **arguments, aio_tls_context *tls, aio_state **out) {
  aio_connect_options options = {
      .connect_timeout = 10, .read_timeout = 30, .write_timeout = 30, .user_info = self, .tls = tls};
  return aio_state_connect_tcp(self->collection, arguments[1], arguments[2], on_connected, &options, out);
}

static int write_request(fetch *self, const char *host, const char *path) {
  int length = snprintf(self->request, sizeof self->request, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path, host);
  return length > 0 && (size_t)length < sizeof self->request;
}

int main(int count, char **arguments) {
  static fetch self;
  if (count < 4 || !write_request(&self, arguments[1], arguments[3])) {
    fprintf(stderr, "Usage: https_get HOST PORT PATH [FILE-OF-TRUSTED-ISSUERS]\n");
    return 1;
  }

  aio_state *state = NULL;
  aio_tls_context *tls = NULL;
  aio_tls_options trust = {.trust_file = arguments[4]}; /* NULL: what the system trusts */
  aio_status status = aio_collection_create(NULL, &self.collection);
  if (status == AIO_OK) status = aio_tls_context_create(AIO_TLS_CLIENT, &trust, &tls);
  if (status == AIO_OK) status = connect_by_tls(&self, arguments, tls, &state);
  if (status == AIO_OK)
    aio_collection_run(self.collection);
  else
    fail(&self, status, aio_last_error_text());
  aio_state_destroy(state);
  aio_tls_context_destroy(tls);
  aio_collection_destroy(self.collection);
  return !self.succeeded;
}
