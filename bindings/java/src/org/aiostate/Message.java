package org.aiostate;

import org.aiostate.low.Event;

/**
 * A datagram, received or to be sent.
 *
 * @param data its bytes
 * @param address who has sent it, or where to; null on a connected state
 * @param truncated whether it was longer than what was asked for, and its end is lost
 */
public record Message(byte[] data, Address address, boolean truncated) {
  /**
   * A datagram to be sent.
   *
   * @param data its bytes
   * @param address where to; null on a connected state
   */
  public Message(byte[] data, Address address) {
    this(data, address, false);
  }

  static Message of(Event event) {
    return new Message(event.bytes(), new Address(event.address()), event.truncated());
  }
}
