package org.aiostate;

import java.io.Serial;

/** The peer has ended its side of the stream. */
public class EndOfStreamException extends AioException {
  @Serial private static final long serialVersionUID = 1;

  EndOfStreamException(String text, byte[] data, long count) {
    super(Status.EOF, text, data, count);
  }
}
