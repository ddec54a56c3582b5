package org.aiostate;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.Serial;
import org.aiostate.low.Event;

/** An operation was refused, or did not complete. End of stream, timeout and cancellation have classes of their own. */
public class AioException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  private static final byte[] NOTHING = {};

  /** Why. */
  private final Status status;

  private final transient byte[] data;

  /** How many bytes or messages. */
  private final long count;

  AioException(Status status, String text, byte[] data, long count) {
    super(status.name() + ": " + (text.isEmpty() ? status.message() : text));
    this.status = status;
    this.data = data;
    this.count = count;
  }

  static AioException of(Status status, String text, byte[] data, long count) {
    return switch (status) {
      case EOF -> new EndOfStreamException(text, data, count);
      case TIMEOUT -> new TimeoutException(text, data, count);
      case ERR_CANCELED -> new CanceledException(text, data, count);
      default -> new AioException(status, text, data, count);
    };
  }

  static AioException of(Status status, String text) {
    return of(status, text, NOTHING, 0);
  }

  static AioException of(Event event) {
    return of(Status.of(event.status()), event.text(), event.bytes(), event.count());
  }

  /** Called by the library's module where a call is refused. */
  static void refuse(int status, byte[] text) {
    throw of(Status.of(status), new String(text, UTF_8));
  }

  /** {@return why} */
  public Status status() {
    return status;
  }

  /** {@return of a read that did not complete, the bytes that came} */
  public byte[] data() {
    return data == null ? NOTHING : data;
  }

  /** {@return how many bytes or messages had been moved} */
  public long count() {
    return count;
  }
}
