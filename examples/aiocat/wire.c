/* aiocat: one operation of the library for each kind of wire and direction. */
#include "wire.h"

#include <string.h>

static const size_t longest_by_field[] = {0, 0xff, 0xffff, 0, PUMP_BLOCK_SIZE};

size_t wire_chunk(const struct wire *wire) {
  switch (wire->kind) {
    case WIRE_FRAMES:
      return longest_by_field[wire->frame_field];
    case WIRE_DATAGRAMS:
      return WIRE_DATAGRAM_SIZE;
    default:
      return PUMP_BLOCK_SIZE;
  }
}

static unsigned block_of(const struct pump *pump, const void *bytes) {
  return (unsigned)(((const unsigned char *)bytes - pump->blocks[0]) / PUMP_BLOCK_SIZE);
}

static aio_status send_frame(struct wire *wire, const void *bytes, size_t size, aio_buffer_callback callback,
                             const aio_io_options *options) {
  size_t field = (size_t)wire->frame_field;
  for (size_t i = 0; i < field; i++) wire->header[i] = (unsigned char)(size >> (8 * (field - 1 - i)));
  const aio_buffer_view views[] = {{wire->header, field}, {bytes, size}};
  return aio_state_write_buffers(wire->state, views, 2, callback, options);
}

aio_status wire_send(struct wire *wire, struct pump *from, void *bytes, size_t size, bool echoes,
                     aio_buffer_callback callback) {
  const aio_io_options options = {.user_info = from};
  if (wire->kind == WIRE_FRAMES) return send_frame(wire, bytes, size, callback, &options);
  if (wire->kind == WIRE_BYTES) return aio_state_write_buffer(wire->state, bytes, size, callback, &options);
  if (wire->has_peer) return aio_state_send_message(wire->state, bytes, size, callback, &options);
  const aio_address *to = echoes ? &wire->senders[block_of(from, bytes)] : &wire->sender;
  return aio_state_send_message_to_address(wire->state, to, bytes, size, callback, &options);
}

aio_status wire_receive(struct wire *wire, struct pump *to, void *bytes, size_t size, aio_buffer_callback callback) {
  const aio_io_options options = {.minimum = 1, .user_info = to};
  if (wire->kind == WIRE_BYTES) return aio_state_read_buffer(wire->state, bytes, size, callback, &options);
  if (wire->kind == WIRE_DATAGRAMS) return aio_state_receive_message(wire->state, bytes, size, callback, &options);
  const size_t field = (size_t)wire->frame_field;
  const aio_frame_format format = {.length_size = wire->frame_field, .strip = field, .maximum = field + size};
  return aio_state_read_frame(wire->state, &format, callback, &options);
}

void wire_received(struct wire *wire, struct pump *to, const void *bytes, size_t count) {
  unsigned block = (to->first + to->filled) % PUMP_BLOCKS; /* the one being filled */
  const aio_address *sender = aio_state_message_address(wire->state);
  if (wire->kind == WIRE_FRAMES && count > 0) memcpy(to->blocks[block], bytes, count); /* out of the library's buffer */
  if (sender) wire->sender = wire->senders[block] = *sender;
}
