package org.aiostate;

import java.io.Serial;

/** The time given for the operation is over. */
public class TimeoutException extends AioException {
  @Serial private static final long serialVersionUID = 1;

  TimeoutException(String text, byte[] data, long count) {
    super(Status.TIMEOUT, text, data, count);
  }
}
