/* Asks a mail server under TLS what it can do. Usage: starttls_client HOST PORT [FILE-OF-TRUSTED-ISSUERS] */
#include <aiostate/aiostate.h>

#include <stdio.h>
#include <string.h>

/* What the server's next answer is about (RFC 3207). */
enum { GREETING, FIRST_EHLO, GO_AHEAD, SECOND_EHLO };

typedef struct client {
  aio_collection *collection;
  aio_tls_context *tls;
  const char *host;
  int step;
  int succeeded;
} client;

static void fail(client *self, const char *why, const char *more) {
  fprintf(stderr, "starttls_client: %s %s\n", why, more);
  aio_collection_stop(self->collection);
}

static void on_line(aio_state *state, void *bytes, size_t count, void *user_info);

/* Without a command it only reads on. */
static void ask(aio_state *state, client *self, const char *command, int step) {
  self->step = step;
  aio_status status = aio_state_write_buffer(state, command, strlen(command), NULL, NULL);
  if (status == AIO_OK) status = aio_state_read_until(state, "\r\n", 2, on_line, NULL);
  if (status != AIO_OK) fail(self, aio_status_message(status), aio_state_error_text(state));
}

static void on_secured(aio_state *state, aio_status status, void *user_info) {
  if (status == AIO_OK) /* the server is who it should be; what it said before counts no more */
    ask(state, user_info, "EHLO localhost\r\n", SECOND_EHLO);
  else
    fail(user_info, aio_status_message(status), aio_state_error_text(state));
}

static void begin_tls(aio_state *state, client *self) {
  aio_attach_options options = {.server_name = self->host};
  if (aio_state_buffered_length(state) > 0) { /* somebody could have slipped it in to be read under TLS */
    fail(self, "The server says more in plain than its go-ahead.", "");
    return;
  }
  aio_status status = aio_state_attach_tls(state, self->tls, on_secured, &options);
  if (status != AIO_OK) fail(self, aio_status_message(status), aio_last_error_text());
}

static void go_on(aio_state *state, client *self) {
  switch (self->step) {
    case GREETING:
      ask(state, self, "EHLO localhost\r\n", FIRST_EHLO);
      break;
    case FIRST_EHLO:
      ask(state, self, "STARTTLS\r\n", GO_AHEAD);
      break;
    case GO_AHEAD:
      begin_tls(state, self);
      break;
    case SECOND_EHLO:
      self->succeeded = 1;
      aio_collection_stop(self->collection);
  }
}

/* An answer is lines that begin with a code and a hyphen, and one with the code alone; 2 means yes. */
static void on_line(aio_state *state, void *bytes, size_t count, void *user_info) {
  client *self = user_info;
  const char *line = bytes;
  aio_status status = aio_state_read_status(state);
  if (status != AIO_OK)
    fail(self, aio_status_message(status), aio_state_error_text(state));
  else if (*line != '2')
    fail(self, "The server refuses.", "");
  else if (self->step == SECOND_EHLO && fwrite(line, 1, count, stdout) != count)
    fail(self, "Standard output takes no more.", "");
  else if (count > 3 && line[3] == '-')
    ask(state, self, "", self->step);
  else
    go_on(state, self);
}

static void on_connected(aio_state *state, aio_status status, void *user_info) {
  if (status == AIO_OK)
    ask(state, user_info, "", GREETING);
  else
    fail(user_info, aio_status_message(status), aio_state_error_text(state));
}

int main(int count, char **arguments) {
  if (count < 3) {
    fprintf(stderr, "Usage: starttls_client HOST PORT [FILE-OF-TRUSTED-ISSUERS]\n");
    return 1;
  }
  client self = {.host = arguments[1]};
  aio_state *state = NULL;
  aio_tls_options trust = {.trust_file = arguments[3]}; /* NULL: what the system trusts */
  aio_connect_options options = {.connect_timeout = 10, .read_timeout = 30, .write_timeout = 30, .user_info = &self};
  aio_status status = aio_collection_create(NULL, &self.collection);
  if (status == AIO_OK) status = aio_tls_context_create(AIO_TLS_CLIENT, &trust, &self.tls);
  if (status == AIO_OK)
    status = aio_state_connect_tcp(self.collection, self.host, arguments[2], on_connected, &options, &state);
  if (status == AIO_OK)
    aio_collection_run(self.collection);
  else
    fail(&self, aio_status_message(status), aio_last_error_text());
  aio_state_destroy(state);
  aio_tls_context_destroy(self.tls);
  aio_collection_destroy(self.collection);
  return !self.succeeded;
}
