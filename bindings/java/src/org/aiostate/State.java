package org.aiostate;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A socket and its operations, each with a timeout, an exact count, and one completion.
 *
 * <p>With a callback an operation calls it once, with the state, the bytes read or the number of bytes written (where there
 * are any), and the status. Without one it gives a future, whose value is the bytes, the count or the datagram, and which
 * completes exceptionally with an {@link AioException} for any status but OK.
 *
 * <p>{@link Collection#connectTcp(String, int)} and the like make states, and so do acceptors. A state that nobody refers to
 * any more is closed.
 */
public final class State extends StateOperations implements AutoCloseable {
  /** The kind of TCP and Unix sockets. */
  public static final int STREAM = org.aiostate.low.NativeConstants.STREAM;

  /** The kind of UDP sockets. */
  public static final int DATAGRAM = org.aiostate.low.NativeConstants.DATAGRAM;

  private static final int CHUNK = 65536;

  private int marks;

  State(Collection collection) {
    super(collection);
  }

  @Override
  State self() {
    return this;
  }

  /**
   * {@return the stream in pieces as they come, until its end} Each step waits for the next piece, as
   * {@link Collection#await} does.
   */
  public Iterable<byte[]> chunks() {
    return () -> new Chunks(this);
  }

  CompletableFuture<byte[]> readSome() {
    return read(CHUNK, options -> options.minimum(1));
  }

  /**
   * Drops the first unconsumed bytes that a standing read has shown. For its callback.
   *
   * @param count how many, or more
   * @return how many bytes are left
   */
  public long discard(long count) {
    return low.discard(count);
  }

  /**
   * Drops the first unconsumed bytes and ends the standing read, of which no call comes any more; a new read may start at
   * once.
   *
   * @param count how many, or more
   * @return how many bytes are left for the next read
   */
  public long finishRead(long count) {
    return low.finishRead(count);
  }

  /**
   * Has a callback called each time the queued bytes have reached a high mark and fallen to a low one. That is when a
   * producer that stopped at the high mark goes on. New marks replace the old ones.
   *
   * @param high a number of bytes
   * @param low a number of bytes, not above {@code high}
   * @param drained the callback; null: no more
   */
  public synchronized void setWriteMarks(long high, long low, Callback.OfStatus<? super State> drained) {
    int replaced = marks;
    if (drained == null) {
      this.low.setWriteMarks(high, low, 0);
      marks = 0;
    } else {
      marks = collection.submit(told(drained), token -> this.low.setWriteMarks(high, low, token));
    }
    collection.forget(replaced);
  }

  /** Closes the socket at once; operations that run end with ERR_CANCELED. */
  @Override
  public void close() {
    forgetMarks();
    low.close(0, null);
  }

  /**
   * The same.
   *
   * @param callback called last
   */
  public void close(Callback.OfStatus<? super State> callback) {
    end(told(callback), null);
  }

  /**
   * The same, or with an orderly end.
   *
   * @param callback called last
   * @param options whether to linger, and how
   */
  public void close(Callback.OfStatus<? super State> callback, Consumer<? super CloseOptions> options) {
    end(told(callback), options);
  }

  /** {@return what is done when the socket, which this closes, has been closed} */
  public CompletableFuture<Void> closeAsync() {
    return end(nothing(), null);
  }

  /**
   * The same, or with an orderly end.
   *
   * @param options whether to linger, and how
   * @return what is done when the socket has been closed
   */
  public CompletableFuture<Void> closeAsync(Consumer<? super CloseOptions> options) {
    return end(nothing(), options);
  }

  private <W extends Tokens.Waiter> W end(W waiter, Consumer<? super CloseOptions> options) {
    forgetMarks();
    return start(waiter, Options.filled(CloseOptions::new, options), low::close);
  }

  private synchronized void forgetMarks() {
    collection.forget(marks);
  }
}
