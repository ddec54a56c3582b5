package org.aiostate;

import java.util.Iterator;
import java.util.NoSuchElementException;

/** A stream in pieces, for a thread that waits for each. */
final class Chunks implements Iterator<byte[]> {
  private final State state;
  private byte[] next;
  private boolean ended;

  Chunks(State state) {
    this.state = state;
  }

  @Override
  public boolean hasNext() {
    if (next == null && !ended) {
      try {
        next = state.collection().await(state.readSome());
      } catch (EndOfStreamException end) {
        ended = true;
      }
    }
    return next != null;
  }

  @Override
  public byte[] next() {
    if (!hasNext()) throw new NoSuchElementException();
    byte[] chunk = next;
    next = null;
    return chunk;
  }
}
