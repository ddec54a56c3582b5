/*
 * aiocat: copies standard input, or a file, to a peer over TCP, TLS, UDP or a Unix socket, and what comes from there
 * to standard output, or a file; in the manner of cat and netcat, on aiostate's public API alone.
 */
#define _POSIX_C_SOURCE 200809L
#include "endpoint.h"
#include "options.h"
#include "outcome.h"
#include "progress.h"
#include "secure.h"
#include "starttls.h"
#include "transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static aio_collection *collection_to_wake;
static volatile sig_atomic_t caught_signal;

static void on_signal(int number) {
  caught_signal = number;
  aio_collection_wake(collection_to_wake);
}

/* A second signal finds the system's own action, which ends the program at once. */
static void catch_signals(aio_collection *collection) {
  collection_to_wake = collection;
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)(SA_RESTART | SA_RESETHAND)};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

static int open_or_exit(const char *path, int flags) {
  int descriptor = open(path, flags | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    complain(path, strerror(errno));
    exit(ENDED_BY_ERROR);
  }
  return descriptor;
}

static void open_files(struct session *session) {
  const struct options *options = &session->options;
  struct transfers *transfers = &session->transfers;
  transfers->input = STDIN_FILENO;
  transfers->input_name = "standard input";
  transfers->output = STDOUT_FILENO;
  transfers->output_name = "standard output";
  if (options->send_file) {
    transfers->input = open_or_exit(options->send_file, O_RDONLY);
    transfers->input_name = options->send_file;
  }
  if (options->receive_file) {
    transfers->output = open_or_exit(options->receive_file, O_WRONLY | O_CREAT | O_TRUNC);
    transfers->output_name = options->receive_file;
  }
  if (options->no_input || options->echo) transfers->input = -1;
  transfers->input_start = lseek(transfers->input, 0, SEEK_CUR);
}

/* With several connections nobody knows how much there will be. */
static void find_totals(struct session *session) {
  const struct transfers *transfers = &session->transfers;
  struct stat input;
  if (session->options.keep_open) return;
  session->progress.to_receive = transfers->expect;
  if (transfers->input_start >= 0 && fstat(transfers->input, &input) == 0 && S_ISREG(input.st_mode) &&
      input.st_size > transfers->input_start)
    session->progress.to_send = (uint64_t)(input.st_size - transfers->input_start);
}

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

static bool is_alive(const struct session *session) {
  return session->acceptor || session->connecting || session->transfers.first;
}

static void end(struct session *session) {
  stop_listening(session);
  aio_state_destroy(session->connecting);
  session->connecting = NULL;
  transfers_end(&session->transfers);
}

/* Returns whether a signal ended it. */
static bool run(struct session *session) {
  bool interrupted = false;
  while (is_alive(session)) {
    aio_collection_wait(session->transfers.collection, AIO_NO_TIMEOUT);
    aio_collection_call(session->transfers.collection);
    if (caught_signal && !interrupted && is_alive(session)) {
      interrupted = true;
      end(session);
    }
  }
  return interrupted;
}

int main(int count, char **arguments) {
  setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* lines come out whole, also beside those of other programs */
  struct session session = {.options = options_parse(count, arguments)};
  struct transfers *transfers = &session.transfers;
  transfers->echo = session.options.echo;
  transfers->no_shutdown = session.options.no_shutdown;
  transfers->expect = session.options.expect;
  transfers->idle_timeout = session.options.timeout;
  transfers->rate = session.options.rate;
  transfers->replies = session.options.replies;
  transfers->frame_field = session.options.frame_field;
  if (session.options.frame_field) transfers->wire = WIRE_FRAMES;
  if (session.options.transport == TRANSPORT_UDP) transfers->wire = WIRE_DATAGRAMS;
  if (!secure_prepare(&session.secure, &session.options)) return ENDED_BY_ERROR;
  open_files(&session);

  aio_status status = aio_collection_create(NULL, &transfers->collection);
  if (status != AIO_OK) {
    complain_of_status("cannot start", status, aio_last_error_text());
    return ENDED_BY_ERROR;
  }
  session.progress.collection = transfers->collection;
  session.progress.rewrites = isatty(STDERR_FILENO);
  find_totals(&session);
  catch_signals(transfers->collection);

  if (session.options.listen && session.options.transport == TRANSPORT_UDP)
    receive_datagrams(&session);
  else if (session.options.listen)
    listen_for_peers(&session);
  else
    connect_to_peer(&session);
  bool interrupted = run(&session);
  progress_stop(&session.progress);

  /* The handler must not find a collection that is gone. */
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  aio_collection_destroy(transfers->collection);
  aio_tls_context_destroy(session.secure.context);

  if (close(transfers->output) != 0 && !transfers->echo) {
    complain(transfers->output_name, strerror(errno)); /* some file systems tell a failed write only now */
    return ENDED_BY_ERROR;
  }
  /* Nothing but a signal ends a listener that is kept open: there it is no failure. */
  if (session.options.keep_open && interrupted) return ENDED_WELL;
  return interrupted ? ENDED_BY_SIGNAL + caught_signal : transfers->exit_status;
}
