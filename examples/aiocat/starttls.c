/*
 * aiocat: what is said in plain until a mail server lets TLS begin: SMTP (RFC 3207), IMAP (RFC 9051, 6.2.1), POP3 (RFC 2595,
 * 4). What comes in plain could be anybody's: it is bounded, and nothing of it is believed once TLS stands.
 */
#define _POSIX_C_SOURCE 200809L
#include "starttls.h"

#include "outcome.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { LONGEST_LINE = 8192, MOST_LINES = 100 };
static const double patience = 30; /* seconds for an answer */

/* An answer is lines that begin with `more`, and one that begins with `good`; every other line is a refusal. */
struct step {
  const char *say;
  const char *more;
  const char *good;
  bool says_who; /* our name follows */
};

static const struct step dialogues[][4] = {
    [STARTTLS_SMTP] = {{NULL, "220-", "220", false},
                       {"EHLO ", "250-", "250", true},
                       {"STARTTLS", "220-", "220", false}},
    [STARTTLS_IMAP] = {{NULL, NULL, "* OK", false}, {"a STARTTLS", "* ", "a OK", false}},
    [STARTTLS_POP3] = {{NULL, NULL, "+OK", false}, {"STLS", NULL, "+OK", false}},
};

static const struct step *step_of(const struct starttls *self) { return &dialogues[self->protocol][self->step]; }

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double time_left(const struct starttls *self) {
  if (self->seconds <= 0) return patience;
  double left = self->end - now();
  return left > 0.001 ? left : 0.001; /* 0 would be no limit */
}

static void fail(struct starttls *self, aio_state *state, aio_status status) {
  char why[600];
  const char *more = aio_state_error_text(state);
  snprintf(why, sizeof why, "%s%s%s", more, *more ? ": " : "", aio_status_message(status));
  self->callback(state, exit_status_of(status), why, self->user_info);
}

/* With the server's words, but without what could play tricks on a terminal. */
static void refuse(struct starttls *self, aio_state *state, const char *line, size_t length) {
  char why[300];
  int used = snprintf(why, sizeof why, "The server does not begin TLS, but says: %.*s", (int)length, line);
  for (char *at = why; *at; at++) {
    if (*at < ' ' || *at > '~') *at = '?';
  }
  if (used < 0) why[0] = '\0';
  self->callback(state, ENDED_BY_TLS, why, self->user_info);
}

static void on_secured(aio_state *state, aio_status status, void *user_info) {
  struct starttls *self = user_info;
  if (status == AIO_ERR_CANCELED) return;
  if (status == AIO_OK)
    self->callback(state, ENDED_WELL, "", self->user_info);
  else
    fail(self, state, status);
}

/* Who can add to what the server says in plain could speak in its name under TLS, if that were kept (CVE-2011-0411). */
static void begin_tls(struct starttls *self, aio_state *state) {
  if (aio_state_buffered_length(state) > 0) {
    self->callback(state, ENDED_BY_TLS, "The server said more in plain than its go-ahead.", self->user_info);
    return;
  }
  aio_state_set_buffer_limit(state, 0);
  const aio_attach_options options = {
      .server_name = self->server_name, .handshake_timeout = time_left(self), .user_info = self};
  aio_status status = aio_state_attach_tls(state, self->context, on_secured, &options);
  if (status != AIO_OK) fail(self, state, status);
}

static void on_line(aio_state *state, void *bytes, size_t count, void *user_info);

static void read_line(struct starttls *self, aio_state *state) {
  const aio_io_options options = {.timeout = time_left(self), .user_info = self};
  aio_status status = aio_state_read_until(state, "\n", 1, on_line, &options);
  if (status != AIO_OK) fail(self, state, status);
}

/* An address literal (RFC 5321, 4.1.3): servers that are strict take no name that nobody else can find. */
static void find_own_name(const aio_state *state, char *name, size_t size) {
  aio_address address;
  char host[80] = "";
  int32_t family = aio_state_local_address(state, &address) == AIO_OK ? aio_address_family(&address) : 0;
  if (family != 0) aio_address_host(&address, host, sizeof host);
  host[strcspn(host, "%")] = '\0'; /* the scope means something to us alone */
  if (family == 4 || family == 6)
    snprintf(name, size, family == 4 ? "[%s]" : "[IPv6:%s]", host);
  else
    snprintf(name, size, "localhost");
}

static void next_step(struct starttls *self, aio_state *state) {
  self->step++;
  const struct step *step = step_of(self);
  if (!step->say) {
    begin_tls(self, state);
    return;
  }
  char name[100] = "";
  if (step->says_who) find_own_name(state, name, sizeof name);
  int length = snprintf(self->command, sizeof self->command, "%s%s\r\n", step->say, name);
  aio_status status = aio_state_write_buffer(state, self->command, (size_t)length, NULL, NULL);
  if (status == AIO_OK)
    read_line(self, state);
  else
    fail(self, state, status);
}

static bool begins(const char *line, size_t length, const char *with) {
  return with && length >= strlen(with) && strncasecmp(line, with, strlen(with)) == 0;
}

static void take_line(struct starttls *self, aio_state *state, const char *line, size_t length) {
  while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) length--;
  if (begins(line, length, step_of(self)->more) && ++self->lines < MOST_LINES)
    read_line(self, state);
  else if (begins(line, length, step_of(self)->more) || !begins(line, length, step_of(self)->good))
    refuse(self, state, line, length);
  else
    next_step(self, state);
}

static void on_line(aio_state *state, void *bytes, size_t count, void *user_info) {
  aio_status status = aio_state_read_status(state);
  if (status == AIO_ERR_CANCELED) return;
  if (status == AIO_OK)
    take_line(user_info, state, bytes, count);
  else
    fail(user_info, state, status);
}

void starttls_begin(struct starttls *self, aio_state *state) {
  self->end = now() + self->seconds;
  aio_state_set_buffer_limit(state, LONGEST_LINE);
  read_line(self, state);
}
