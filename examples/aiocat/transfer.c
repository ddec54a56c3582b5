/* aiocat: two pumps, one for each direction, or a single one that echoes; and how the connection ends. */
#define _POSIX_C_SOURCE 200809L
#include "transfer.h"

#include "file_thread.h"
#include "outcome.h"
#include "pump.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A quiet connection is noticed after this many ticks without a byte, so at most a tick too late and never early. */
enum { TICKS_PER_TIMEOUT = 8 };

struct transfer {
  struct transfers *all;
  struct transfer *next;
  struct transfer **link; /* what points to this one */
  aio_state *state;
  struct wire wire;
  char peer[128];
  struct file_thread input;
  struct file_thread output;
  bool sending;   /* the output has not been ended yet */
  bool receiving; /* not everything that comes has been passed on yet */
  bool closing;
  aio_status unsent; /* why sending has ended, if that is not told yet */
  int exit_status;
  uint64_t received; /* bytes, */
  int64_t replies;   /* and datagrams */
  aio_timer *ticker;
  unsigned quiet_ticks;
  uint64_t moved;
  struct pump upload;   /* to the peer: from the input, or from the peer itself */
  struct pump download; /* from the peer to the output */
};

/* The end of a transfer. File threads and operations may still have calls on their way when it closes: the close callback
 * is the state's last, and what is applied after it comes behind everything that the threads have applied. */

static void release(void *argument) {
  struct transfer *self = argument;
  self->all->exit_status = self->exit_status;
  *self->link = self->next;
  if (self->next) self->next->link = self->link;
  aio_state_destroy(self->state);
  free(self);
}

static void on_closed(aio_state *state, aio_status status, void *user_info) {
  (void)state, (void)status;
  struct transfer *self = user_info;
  if (aio_collection_apply(self->all->collection, release, self) != AIO_OK) exit(ENDED_BY_ERROR);
}

static void close_transfer(struct transfer *self) {
  if (self->closing) return;
  self->closing = true;
  pump_stop(&self->upload);
  pump_stop(&self->download);
  aio_timer_stop(self->ticker);
  file_thread_stop(&self->input);
  file_thread_stop(&self->output);
  /* A plain end would make the peer believe that it has got everything. */
  const int why = self->exit_status;
  bool truncated = self->sending && (why == ENDED_BY_ERROR || why == ENDED_BY_TIMEOUT || why == ENDED_BY_TLS);
  aio_close_options options = {.reset = truncated ? AIO_YES : AIO_NO, .user_info = self};
  if (aio_state_close(self->state, on_closed, &options) != AIO_OK) exit(ENDED_BY_ERROR);
}

/* The first thing that goes wrong is the reason; what follows from it is not told. */
static void note_failure(struct transfer *self, int exit_status, const char *what, const char *why) {
  if (self->closing || self->exit_status != ENDED_WELL) return;
  self->exit_status = exit_status;
  complain(what, why);
}

static void fail(struct transfer *self, int exit_status, const char *what, const char *why) {
  note_failure(self, exit_status, what, why);
  close_transfer(self);
}

static void note_status(struct transfer *self, aio_status status) {
  const int exit_status = exit_status_of(status);
  const char *why = exit_status == ENDED_BY_TLS ? aio_state_error_text(self->state) : "";
  note_failure(self, exit_status, self->peer, *why ? why : aio_status_message(status));
}

static void fail_with_status(struct transfer *self, aio_status status) {
  note_status(self, status);
  close_transfer(self);
}

static void close_if_over(struct transfer *self) {
  if (self->sending || self->receiving) return;
  if (self->unsent != AIO_OK) note_status(self, self->unsent);
  if (self->received < self->all->expect) {
    char why[100];
    snprintf(why, sizeof why, "The peer ended after %" PRIu64 " of %" PRIu64 " bytes.", self->received,
             self->all->expect);
    note_failure(self, ENDED_EARLY, self->peer, why);
  }
  close_transfer(self);
}

/* Towards the peer. When it takes no more, it may still have said why: the other direction goes on to its own end. Under TLS
 * what it said may be an alert, which then is the reason; anything else is not. */

static void sending_failed(struct transfer *self, aio_status status) {
  if (self->receiving && aio_state_tls_side(self->state) != 0)
    self->unsent = status;
  else
    note_status(self, status);
  pump_stop(&self->upload);
  self->sending = false;
  close_if_over(self);
}

static void on_sent(aio_state *state, void *bytes, size_t count, void *user_info) {
  (void)bytes, (void)count;
  struct pump *from = user_info;
  struct transfer *self = from->owner;
  if (self->closing) return;
  aio_status status = aio_state_write_status(state);
  if (status == AIO_OK)
    pump_emptied(from);
  else
    sending_failed(self, status);
}

static void empty_to_peer(struct pump *from, void *bytes, size_t size) {
  struct transfer *self = from->owner;
  aio_status status = wire_send(&self->wire, from, bytes, size, self->all->echo, on_sent);
  if (status != AIO_OK) fail_with_status(self, status);
}

/* Under TLS an end is a last word to say. A peer that has ended and left refuses it, and does not miss it. */
static bool peer_is_gone(const struct transfer *self) {
  return !self->receiving && aio_state_tls_side(self->state) != 0;
}

static void on_output_ended(aio_state *state, aio_status status, void *user_info) {
  (void)state;
  struct transfer *self = user_info;
  if (self->closing) return;
  if (status != AIO_OK && !peer_is_gone(self)) {
    sending_failed(self, status);
    return;
  }
  self->sending = false;
  close_if_over(self);
}

static void end_output(struct pump *upload) {
  struct transfer *self = upload->owner;
  if (self->wire.kind == WIRE_DATAGRAMS || self->all->no_shutdown) { /* the former have no end */
    self->sending = false;
    close_if_over(self);
    return;
  }
  aio_status status = aio_state_shutdown(self->state, on_output_ended, self);
  if (status != AIO_OK) fail_with_status(self, status);
}

/* From the peer. */

static void receive_more(struct transfer *self, struct pump *to, size_t count) {
  bool starts_to_send = self->wire.kind == WIRE_DATAGRAMS && self->replies++ == 0 && !self->wire.has_peer;
  pump_filled(to, count);
  if (self->replies == self->all->replies) pump_ended(to);
  if (starts_to_send && !self->all->echo && self->all->input >= 0 && !self->closing) pump_run(&self->upload);
}

/* What came before is still passed on, and then all is over; nothing more is sent. */
static void receiving_failed(struct transfer *self, struct pump *to, aio_status status) {
  if (self->all->echo) {
    fail_with_status(self, status);
    return;
  }
  note_status(self, self->unsent != AIO_OK && status != AIO_ERR_TLS ? self->unsent : status);
  pump_stop(&self->upload);
  pump_ended(to);
}

static void on_received(aio_state *state, void *bytes, size_t count, void *user_info) {
  struct pump *to = user_info;
  struct transfer *self = to->owner;
  if (self->closing) return;
  self->received += count;
  wire_received(&self->wire, to, bytes, count);
  aio_status status = aio_state_read_status(state);
  if (status == AIO_OK)
    receive_more(self, to, count);
  else if (status == AIO_EOF && aio_state_buffered_length(state) > 0)
    fail(self, ENDED_EARLY, self->peer, "The peer ended in the middle of a frame.");
  else if (status == AIO_EOF)
    pump_ended(to);
  else
    receiving_failed(self, to, status);
}

static void fill_from_peer(struct pump *to, void *bytes, size_t size) {
  struct transfer *self = to->owner;
  if (self->replies == self->all->replies) return; /* no more are wanted, as pump_ended is about to say */
  aio_status status = wire_receive(&self->wire, to, bytes, size, on_received);
  if (status != AIO_OK) fail_with_status(self, status);
}

static void end_input(struct pump *download) {
  struct transfer *self = download->owner;
  self->receiving = false;
  if (self->exit_status != ENDED_WELL) {
    close_transfer(self);
    return;
  }
  /* Whoever types at a terminal has nobody left to talk to; a file or a pipe is sent to its end. */
  if (self->all->input < 0 || isatty(self->all->input)) self->sending = false;
  close_if_over(self);
}

/* Files, pipes, terminals. */

static void fill_from_file(struct pump *to, void *bytes, size_t size) {
  struct transfer *self = to->owner;
  size_t most = wire_chunk(&self->wire);
  file_thread_do(&self->input, bytes, size < most ? size : most);
}

static void empty_to_file(struct pump *from, void *bytes, size_t size) {
  struct transfer *self = from->owner;
  file_thread_do(&self->output, bytes, size);
}

static void on_file_read(void *owner, ssize_t count, int error) {
  struct transfer *self = owner;
  if (count > 0)
    pump_filled(&self->upload, (size_t)count);
  else if (count == 0)
    pump_ended(&self->upload);
  else
    fail(self, ENDED_BY_ERROR, self->all->input_name, strerror(error));
}

static void on_file_written(void *owner, ssize_t count, int error) {
  struct transfer *self = owner;
  if (count >= 0)
    pump_emptied(&self->download);
  else
    fail(self, ENDED_BY_ERROR, self->all->output_name, strerror(error));
}

/* The beginning. */

static void on_tick(aio_timer *timer, void *user_info) {
  (void)timer;
  struct transfer *self = user_info;
  aio_counters counters;
  aio_state_counters(self->state, &counters);
  uint64_t moved = counters.bytes_read + counters.bytes_written;
  bool quiet = moved == self->moved && !self->download.emptying; /* a slow output is not the peer's fault */
  self->quiet_ticks = quiet ? self->quiet_ticks + 1 : 0;
  self->moved = moved;
  if (self->quiet_ticks != TICKS_PER_TIMEOUT) return;
  if (self->wire.kind == WIRE_DATAGRAMS && self->all->replies < 0 && self->received >= self->all->expect)
    close_transfer(self); /* silence is how datagrams end */
  else
    fail(self, ENDED_BY_TIMEOUT, self->peer, "No byte has moved for too long.");
}

static int start_file_thread(struct file_thread *file, struct transfer *self, int descriptor, bool writes) {
  *file = (struct file_thread){
      .collection = self->all->collection,
      .descriptor = descriptor,
      .writes = writes,
      .callback = writes ? on_file_written : on_file_read,
      .owner = self,
  };
  return file_thread_start(file);
}

static void start_pumps(struct transfer *self) {
  struct transfers *all = self->all;
  if (all->echo) {
    self->upload.fill = fill_from_peer;
    pump_run(&self->upload);
    return;
  }
  int error = start_file_thread(&self->output, self, all->output, true);
  if (error == 0 && all->input >= 0) error = start_file_thread(&self->input, self, all->input, false);
  if (error != 0) {
    fail(self, ENDED_BY_ERROR, "cannot start a thread", strerror(error));
    return;
  }
  self->receiving = all->replies != 0;
  if (self->receiving) pump_run(&self->download);
  if (all->input >= 0 && (all->wire != WIRE_DATAGRAMS || self->wire.has_peer)) pump_run(&self->upload);
  if (all->input < 0 && all->wire == WIRE_DATAGRAMS) self->sending = false;
}

static void limit_rate(struct transfer *self) {
  if (self->all->rate <= 0) return;
  const aio_rate_limit limit = {.bytes_per_second = self->all->rate};
  aio_status status = aio_state_set_rate_limit(self->state, AIO_BOTH, &limit);
  if (status != AIO_OK) fail_with_status(self, status);
}

static void start_ticker(struct transfer *self) {
  double seconds = self->all->idle_timeout / TICKS_PER_TIMEOUT;
  if (seconds <= 0) return;
  aio_status status = aio_timer_start(self->all->collection, seconds, seconds, on_tick, self, &self->ticker);
  if (status != AIO_OK) fail_with_status(self, status);
}

void transfers_start(struct transfers *all, aio_state *state) {
  struct transfer *self = calloc(1, sizeof *self);
  if (!self) {
    complain("cannot serve a connection", aio_status_message(AIO_ERR_NO_MEMORY));
    all->exit_status = ENDED_BY_ERROR;
    aio_state_destroy(state);
    return;
  }
  self->all = all;
  self->next = all->first;
  self->link = &all->first;
  if (self->next) self->next->link = &self->next;
  all->first = self;

  self->state = state;
  self->sending = true;
  aio_address peer;
  bool has_peer = aio_state_peer_address(state, &peer) == AIO_OK;
  self->wire = (struct wire){.kind = all->wire, .frame_field = all->frame_field, .state = state, .has_peer = has_peer};
  if (!has_peer || aio_address_port(&peer) == 0 || aio_address_format(&peer, self->peer, sizeof self->peer) != AIO_OK)
    strcpy(self->peer, "the peer");
  self->upload.owner = self->download.owner = self;
  self->upload.fill = fill_from_file;
  self->upload.empty = empty_to_peer;
  self->upload.finished = end_output;
  self->download.fill = fill_from_peer;
  self->download.empty = empty_to_file;
  self->download.finished = end_input;

  if (all->input_start >= 0) lseek(all->input, all->input_start, SEEK_SET);
  limit_rate(self);
  start_ticker(self);
  if (!self->closing) start_pumps(self);
}

void transfers_end(struct transfers *all) {
  for (struct transfer *self = all->first; self; self = self->next) close_transfer(self);
}
