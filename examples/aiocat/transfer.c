/* aiocat: two pumps, one for each direction, or a single one that echoes: the files' side of them, and their beginning. */
#define _POSIX_C_SOURCE 200809L
#include "transfer.h"

#include "outcome.h"
#include "transfer_parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    transfer_fail(self, ENDED_BY_ERROR, self->all->input_name, strerror(error));
}

static void on_file_written(void *owner, ssize_t count, int error) {
  struct transfer *self = owner;
  if (count >= 0)
    pump_emptied(&self->download);
  else
    transfer_fail(self, ENDED_BY_ERROR, self->all->output_name, strerror(error));
}

/* The beginning. */

/* A quiet connection is noticed after this many ticks without a byte, so at most a tick too late and never early. */
enum { TICKS_PER_TIMEOUT = 8 };

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
    transfer_close(self); /* silence is how datagrams end */
  else
    transfer_fail(self, ENDED_BY_TIMEOUT, self->peer, "No byte has moved for too long.");
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
    self->upload.fill = transfer_fill_from_peer;
    pump_run(&self->upload);
    return;
  }
  int error = start_file_thread(&self->output, self, all->output, true);
  if (error == 0 && all->input >= 0) error = start_file_thread(&self->input, self, all->input, false);
  if (error != 0) {
    transfer_fail(self, ENDED_BY_ERROR, "cannot start a thread", strerror(error));
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
  if (status != AIO_OK) transfer_fail_with_status(self, status);
}

static void start_ticker(struct transfer *self) {
  double seconds = self->all->idle_timeout / TICKS_PER_TIMEOUT;
  if (seconds <= 0) return;
  aio_status status = aio_timer_start(self->all->collection, seconds, seconds, on_tick, self, &self->ticker);
  if (status != AIO_OK) transfer_fail_with_status(self, status);
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
  self->upload.empty = transfer_empty_to_peer;
  self->upload.finished = transfer_end_output;
  self->download.fill = transfer_fill_from_peer;
  self->download.empty = empty_to_file;
  self->download.finished = transfer_end_input;

  if (all->input_start >= 0) lseek(all->input, all->input_start, SEEK_SET);
  limit_rate(self);
  start_ticker(self);
  if (!self->closing) start_pumps(self);
}

void transfers_end(struct transfers *all) {
  for (struct transfer *self = all->first; self; self = self->next) transfer_close(self);
}
