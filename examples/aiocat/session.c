/* aiocat: connecting, also behind STARTTLS, or listening; and what begins then. */
#include "session.h"

#include "endpoint.h"
#include "outcome.h"

static void fail(struct session *session, aio_status status, const char *what, const char *text) {
  session->transfers.exit_status = exit_status_of(status);
  complain_of_status(what, status, text);
}

static void start_transfer(struct session *session, aio_state *state) {
  if (session->options.progress) progress_start(&session->progress);
  transfers_start(&session->transfers, state);
}

static void on_starttls(aio_state *state, int exit_status, const char *why, void *user_info) {
  struct session *session = user_info;
  session->connecting = NULL;
  if (exit_status == ENDED_WELL) {
    start_transfer(session, state);
    return;
  }
  session->transfers.exit_status = exit_status;
  complain(session->options.host, why);
  aio_state_destroy(state);
}

static void begin_starttls(struct session *session, aio_state *state) {
  const struct tls_words *words = &session->options.tls;
  const bool has_host = session->options.transport != TRANSPORT_UNIX; /* else it is a path */
  session->starttls = (struct starttls){
      .protocol = words->starttls,
      .context = session->secure.context,
      .server_name = !words->server_name && has_host ? session->options.host : words->server_name,
      .seconds = session->options.connect_timeout,
      .callback = on_starttls,
      .user_info = session,
  };
  starttls_begin(&session->starttls, state);
}

static void on_connected(aio_state *state, aio_status status, void *user_info) {
  struct session *session = user_info;
  if (status == AIO_ERR_CANCELED) return;
  if (status == AIO_OK && session->options.tls.starttls != STARTTLS_NONE) {
    begin_starttls(session, state);
    return;
  }
  session->connecting = NULL;
  if (status == AIO_OK) {
    start_transfer(session, state);
    return;
  }
  fail(session, status, session->options.host, aio_state_error_text(state));
  aio_state_destroy(state);
}

static void connect_to_peer(struct session *session) {
  const struct options *options = &session->options;
  aio_tls_context *tls = options->tls.starttls == STARTTLS_NONE ? session->secure.context : NULL;
  aio_status status =
      endpoint_connect(options, session->transfers.collection, tls, on_connected, session, &session->connecting);
  if (status != AIO_OK) fail(session, status, options->host, aio_last_error_text());
}

static void stop_listening(struct session *session) {
  aio_timer_stop(session->patience);
  aio_acceptor_destroy(session->acceptor);
  session->patience = NULL;
  session->acceptor = NULL;
}

static void on_accepted(aio_acceptor *acceptor, aio_state *state, void *user_info) {
  (void)acceptor;
  struct session *session = user_info;
  aio_timer_stop(session->patience);
  session->patience = NULL;
  if (!session->options.keep_open) stop_listening(session);
  start_transfer(session, state);
}

static void on_accept_failed(aio_acceptor *acceptor, aio_status status, void *user_info) {
  (void)user_info;
  complain_of_status("accept", status, aio_acceptor_error_text(acceptor));
}

/* Who does not manage the handshake is the one that came, unless there may be others. */
static void on_handshake_failed(aio_acceptor *acceptor, aio_status status, void *user_info) {
  struct session *session = user_info;
  const char *text = aio_acceptor_error_text(acceptor);
  if (session->options.keep_open) {
    complain_of_status("handshake", status, text);
    return;
  }
  fail(session, status, "handshake", text);
  stop_listening(session);
}

static void on_impatience(aio_timer *timer, void *user_info) {
  (void)timer;
  struct session *session = user_info;
  stop_listening(session);
  session->transfers.exit_status = ENDED_BY_TIMEOUT;
  complain("--listen", "Nobody has connected in time.");
}

static void listen_for_peers(struct session *session) {
  const struct options *options = &session->options;
  aio_collection *collection = session->transfers.collection;
  aio_address address;
  const aio_accept_options accept = {
      .user_info = session,
      .error_callback = on_accept_failed,
      .tls = session->secure.context,
      .tls_error_callback = on_handshake_failed,
  };
  aio_status status = endpoint_listen(options, collection, on_accepted, &accept, &session->acceptor);
  if (status == AIO_OK && options->connect_timeout > 0) {
    status = aio_timer_start(collection, options->connect_timeout, 0, on_impatience, session, &session->patience);
    if (status != AIO_OK) stop_listening(session);
  }
  if (status != AIO_OK) {
    fail(session, status, "--listen", aio_last_error_text());
    return;
  }
  if (aio_acceptor_local_address(session->acceptor, &address) == AIO_OK) endpoint_tell(&address);
  secure_tell(&session->secure);
}

static void receive_datagrams(struct session *session) {
  aio_state *state = NULL;
  aio_address address;
  aio_status status = endpoint_bind_udp(&session->options, session->transfers.collection, &state);
  if (status != AIO_OK) {
    fail(session, status, "--listen", aio_last_error_text());
    return;
  }
  if (aio_state_local_address(state, &address) == AIO_OK) endpoint_tell(&address);
  start_transfer(session, state);
}

void session_begin(struct session *session) {
  const struct options *options = &session->options;
  if (options->listen && options->transport == TRANSPORT_UDP)
    receive_datagrams(session);
  else if (options->listen)
    listen_for_peers(session);
  else
    connect_to_peer(session);
}

bool session_is_alive(const struct session *session) {
  return session->acceptor || session->connecting || session->transfers.first;
}

void session_end(struct session *session) {
  stop_listening(session);
  aio_state_destroy(session->connecting);
  session->connecting = NULL;
  transfers_end(&session->transfers);
}
