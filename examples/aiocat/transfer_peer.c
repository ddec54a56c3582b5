/* aiocat: the peer's side of a transfer: what goes to it, and what comes from it. */
#define _POSIX_C_SOURCE 200809L
#include "outcome.h"
#include "transfer_parts.h"

#include <unistd.h>

/* Towards the peer. When it takes no more, it may still have said why: the other direction goes on to its own end. Under TLS
 * what it said may be an alert, which then is the reason; anything else is not. */

static void sending_failed(struct transfer *self, aio_status status) {
  if (self->receiving && aio_state_tls_side(self->state) != 0)
    self->unsent = status;
  else
    transfer_note_status(self, status);
  pump_stop(&self->upload);
  self->sending = false;
  transfer_close_if_over(self);
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

void transfer_empty_to_peer(struct pump *from, void *bytes, size_t size) {
  struct transfer *self = from->owner;
  aio_status status = wire_send(&self->wire, from, bytes, size, self->all->echo, on_sent);
  if (status != AIO_OK) transfer_fail_with_status(self, status);
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
  transfer_close_if_over(self);
}

void transfer_end_output(struct pump *upload) {
  struct transfer *self = upload->owner;
  if (self->wire.kind == WIRE_DATAGRAMS || self->all->no_shutdown) { /* the former have no end */
    self->sending = false;
    transfer_close_if_over(self);
    return;
  }
  aio_status status = aio_state_shutdown(self->state, on_output_ended, self);
  if (status != AIO_OK) transfer_fail_with_status(self, status);
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
    transfer_fail_with_status(self, status);
    return;
  }
  transfer_note_status(self, self->unsent != AIO_OK && status != AIO_ERR_TLS ? self->unsent : status);
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
    transfer_fail(self, ENDED_EARLY, self->peer, "The peer ended in the middle of a frame.");
  else if (status == AIO_EOF)
    pump_ended(to);
  else
    receiving_failed(self, to, status);
}

void transfer_fill_from_peer(struct pump *to, void *bytes, size_t size) {
  struct transfer *self = to->owner;
  if (self->replies == self->all->replies) return; /* no more are wanted, as pump_ended is about to say */
  aio_status status = wire_receive(&self->wire, to, bytes, size, on_received);
  if (status != AIO_OK) transfer_fail_with_status(self, status);
}

void transfer_end_input(struct pump *download) {
  struct transfer *self = download->owner;
  self->receiving = false;
  if (self->exit_status != ENDED_WELL) {
    transfer_close(self);
    return;
  }
  /* Whoever types at a terminal has nobody left to talk to; a file or a pipe is sent to its end. */
  if (self->all->input < 0 || isatty(self->all->input)) self->sending = false;
  transfer_close_if_over(self);
}
