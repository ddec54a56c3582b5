package org.aiostate;

import java.nio.ByteBuffer;
import org.aiostate.low.Buffers;
import org.aiostate.low.Messages;

/** Several bytes on their way to the library. */
final class Lists {
  private Lists() {}

  static byte[] remaining(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  static Buffers lower(Iterable<byte[]> pieces) {
    var buffers = new Buffers();
    pieces.forEach(buffers::add);
    return buffers;
  }

  static Messages lowerMessages(Iterable<Message> datagrams) {
    var messages = new Messages();
    for (Message each : datagrams) messages.add(each.data(), each.address() == null ? null : each.address().low);
    return messages;
  }
}
