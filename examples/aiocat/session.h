/* aiocat: one run, from the command line to the connections that it asks for. */
#ifndef AIOCAT_SESSION_H
#define AIOCAT_SESSION_H

#include "options.h"
#include "progress.h"
#include "secure.h"
#include "starttls.h"
#include "transfer.h"

#include <aiostate/aiostate.h>

#include <stdbool.h>

/* The program lives while there is an acceptor, a connect or a transfer. */
struct session {
  struct options options;
  struct transfers transfers;
  struct progress progress;
  struct secure secure;
  struct starttls starttls;
  aio_acceptor *acceptor;
  aio_timer *patience; /* how long we wait for somebody to connect */
  aio_state *connecting;
};

/* Connects or listens. If that fails it has said why, and the exit status stands in the transfers. */
void session_begin(struct session *session);

bool session_is_alive(const struct session *session);

/* Ends all of it now; it lives for some turns of the loop yet. */
void session_end(struct session *session);

#endif
