package org.aiostate;

import java.io.Serial;

/** The operation was aborted, or its state or collection was closed. */
public class CanceledException extends AioException {
  @Serial private static final long serialVersionUID = 1;

  CanceledException(String text, byte[] data, long count) {
    super(Status.ERR_CANCELED, text, data, count);
  }
}
