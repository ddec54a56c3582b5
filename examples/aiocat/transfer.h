/* aiocat: what is done with one connection, from its beginning to its end. */
#ifndef AIOCAT_TRANSFER_H
#define AIOCAT_TRANSFER_H

#include "wire.h"

#include <aiostate/aiostate.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct transfer;

/* The connections of this run: what they share, and those that are alive. */
struct transfers {
  aio_collection *collection;
  int input; /* the descriptor to send from; -1: nothing is sent, and the output ends when the peer's does */
  const char *input_name;
  off_t input_start; /* where each connection's sending begins; -1: the input is no file, and goes on */
  int output;        /* the descriptor to write to */
  const char *output_name;
  bool echo;           /* send back what comes; no descriptor is used */
  bool no_shutdown;    /* the output ends when the peer's does, however early the input ends */
  uint64_t expect;     /* it is an early end if fewer bytes come */
  double idle_timeout; /* seconds without a byte from or to the peer; 0 = no limit */
  enum wire_kind wire;
  int frame_field;        /* bytes of a frame's length field */
  int64_t replies;        /* datagrams to wait for; -1: until the peer is silent for too long */
  double rate;            /* bytes per second in each direction; 0 = no limit */
  int exit_status;        /* of the latest one that has ended */
  struct transfer *first; /* NULL when none is alive */
};

/* Takes over the connected state. Unless they echo, only one transfer may be alive at a time. */
void transfers_start(struct transfers *all, aio_state *state);

/* Ends all of them now; they are gone some turns of the loop later. */
void transfers_end(struct transfers *all);

#endif
