/* aiocat: what goes to the peer at a time: bytes, frames or datagrams. */
#ifndef AIOCAT_WIRE_H
#define AIOCAT_WIRE_H

#include "pump.h"

#include <aiostate/aiostate.h>

enum wire_kind { WIRE_BYTES, WIRE_FRAMES, WIRE_DATAGRAMS };

/* A datagram of this size passes every network without being cut into several (RFC 8200, 5: 1280 less headers). */
enum { WIRE_DATAGRAM_SIZE = 1200 };

struct wire {
  enum wire_kind kind;
  int frame_field; /* bytes of a frame's length field */
  aio_state *state;
  bool has_peer; /* where datagrams go without an address */
  unsigned char header[8];
  aio_address sender;               /* of the latest datagram; length 0: none has come */
  aio_address senders[PUMP_BLOCKS]; /* of those in a pump's blocks */
};

/* The most that may be sent at once. */
size_t wire_chunk(const struct wire *wire);

/*
 * Sends bytes of a pump's block to the peer; datagrams to who has sent what is in the block if it is an echo, else to the
 * latest sender.
 */
aio_status wire_send(struct wire *wire, struct pump *from, void *bytes, size_t size, bool echoes,
                     aio_buffer_callback callback);

/* Receives what comes next into a pump's block. The callback begins with wire_received. */
aio_status wire_receive(struct wire *wire, struct pump *to, void *bytes, size_t size, aio_buffer_callback callback);
void wire_received(struct wire *wire, struct pump *to, const void *bytes, size_t count);

#endif
