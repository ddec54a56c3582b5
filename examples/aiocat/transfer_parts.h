/* aiocat: a transfer from inside, for the three files that it is in: beginning and files in transfer.c, peer, end. */
#ifndef AIOCAT_TRANSFER_PARTS_H
#define AIOCAT_TRANSFER_PARTS_H

#include "file_thread.h"
#include "pump.h"
#include "transfer.h"
#include "wire.h"

#include <aiostate/aiostate.h>

#include <stdbool.h>
#include <stdint.h>

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

/* The peer's side of the pumps: transfer_peer.c */
void transfer_empty_to_peer(struct pump *from, void *bytes, size_t size);
void transfer_end_output(struct pump *upload);
void transfer_fill_from_peer(struct pump *to, void *bytes, size_t size);
void transfer_end_input(struct pump *download);

/* The end: transfer_end.c. Only the first thing that goes wrong is told; who fails is closed, too. */
void transfer_note_status(struct transfer *self, aio_status status);
void transfer_fail(struct transfer *self, int exit_status, const char *what, const char *why);
void transfer_fail_with_status(struct transfer *self, aio_status status);
void transfer_close_if_over(struct transfer *self);
void transfer_close(struct transfer *self);

#endif
