/* aiocat: what is said in plain until a mail server lets TLS begin. */
#ifndef AIOCAT_STARTTLS_H
#define AIOCAT_STARTTLS_H

#include "options.h"

#include <aiostate/aiostate.h>

/* ENDED_WELL: TLS stands. Otherwise `why` says what happened, until the callback returns. */
typedef void (*starttls_callback)(aio_state *state, int exit_status, const char *why, void *user_info);

struct starttls {
  enum starttls_protocol protocol;
  aio_tls_context *context;
  const char *server_name;
  double seconds; /* for all of it; 0 = no more than each answer may take */
  starttls_callback callback;
  void *user_info;

  double end;
  unsigned step;
  unsigned lines; /* that have come */
  char command[120];
};

/*
 * Talks to the server on the connected state as the first six fields say, the others being zero; both stay where they are
 * until the callback. It does not come if the state is closed before.
 */
void starttls_begin(struct starttls *self, aio_state *state);

#endif
