/*
 * aiocat: the end of a transfer. File threads and operations may still have calls on their way when it closes: the close
 * callback is the state's last, and what is applied after it comes behind everything that the threads have applied.
 */
#include "outcome.h"
#include "transfer_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

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

void transfer_close(struct transfer *self) {
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

void transfer_fail(struct transfer *self, int exit_status, const char *what, const char *why) {
  note_failure(self, exit_status, what, why);
  transfer_close(self);
}

void transfer_note_status(struct transfer *self, aio_status status) {
  const int exit_status = exit_status_of(status);
  const char *why = exit_status == ENDED_BY_TLS ? aio_state_error_text(self->state) : "";
  note_failure(self, exit_status, self->peer, *why ? why : aio_status_message(status));
}

void transfer_fail_with_status(struct transfer *self, aio_status status) {
  transfer_note_status(self, status);
  transfer_close(self);
}

void transfer_close_if_over(struct transfer *self) {
  if (self->sending || self->receiving) return;
  if (self->unsent != AIO_OK) transfer_note_status(self, self->unsent);
  if (self->received < self->all->expect) {
    char why[100];
    snprintf(why, sizeof why, "The peer ended after %" PRIu64 " of %" PRIu64 " bytes.", self->received,
             self->all->expect);
    note_failure(self, ENDED_EARLY, self->peer, why);
  }
  transfer_close(self);
}
