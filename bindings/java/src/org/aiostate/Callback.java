package org.aiostate;

/** The shapes of callbacks. All run in the thread that drives the collection. */
public final class Callback {
  private Callback() {}

  /** Of an operation that reads. */
  @FunctionalInterface
  public interface OfBytes {
    /**
     * Called when the read has ended; by a standing read also for what has come so far.
     *
     * @param state the state that reads
     * @param bytes what was read; with a status other than OK, what came before
     * @param status how it ended
     */
    void done(State state, byte[] bytes, Status status);
  }

  /** Of an operation that writes. */
  @FunctionalInterface
  public interface OfCount {
    /**
     * Called when the write has ended.
     *
     * @param state the state that writes
     * @param count how many bytes, or messages, the system has taken
     * @param status how it ended
     */
    void done(State state, long count, Status status);
  }

  /** Of an operation that receives datagrams. */
  @FunctionalInterface
  public interface OfMessage {
    /**
     * Called with a datagram, or at the end without one.
     *
     * @param state the state that receives
     * @param message the datagram; empty, and from nobody, if the status is not OK
     * @param status how it ended
     */
    void done(State state, Message message, Status status);
  }

  /**
   * Of everything that just ends.
   *
   * @param <S> State or Acceptor
   */
  @FunctionalInterface
  public interface OfStatus<S> {
    /**
     * Called when it has ended.
     *
     * @param source the state or acceptor
     * @param status how it ended
     */
    void done(S source, Status status);
  }

  /** Of an acceptor. */
  @FunctionalInterface
  public interface OfConnection {
    /**
     * Called for each connection.
     *
     * @param acceptor the acceptor
     * @param state the connection
     */
    void accepted(Acceptor acceptor, State state);
  }

  /**
   * Of the options {@code errorCallback}, for failures alone.
   *
   * @param <S> State or Acceptor
   */
  @FunctionalInterface
  public interface OfError<S> {
    /**
     * Called instead of the operation's own callback if it ended with an error.
     *
     * @param source the state or acceptor
     * @param error the status, the library's text about it, and what was moved before
     */
    void failed(S source, AioException error);
  }
}
