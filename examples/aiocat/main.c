/*
 * aiocat: copies standard input, or a file, to a peer over TCP, TLS, UDP or a Unix socket, and what comes from there
 * to standard output, or a file; in the manner of cat and netcat, on aiostate's public API alone.
 */
#define _POSIX_C_SOURCE 200809L
#include "outcome.h"
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Returns whether a signal ended it. */
static bool run(struct session *session) {
  bool interrupted = false;
  while (session_is_alive(session)) {
    aio_collection_wait(session->transfers.collection, AIO_NO_TIMEOUT);
    aio_collection_call(session->transfers.collection);
    if (caught_signal && !interrupted && session_is_alive(session)) {
      interrupted = true;
      session_end(session);
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

  session_begin(&session);
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
