package org.aiostate;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.aiostate.low.NativeConstants;

/**
 * An event loop of sockets, which it makes.
 *
 * <p>One thread at a time drives it: with {@link #run}, {@link #runUntil}, {@link #poll} or {@link #await}, or one of its
 * own after {@link #start()}. Callbacks run in that thread, and so does what depends on futures. Everything else may be
 * called on any thread. As an {@link Executor} it runs commands in that thread, later and in order.
 */
public final class Collection extends CollectionOperations implements AutoCloseable, Executor {
  /** As a timeout: no limit. */
  public static final double NO_TIMEOUT = NativeConstants.NO_TIMEOUT;

  private final Driver driver = new Driver(low);

  /** Makes a collection that nobody drives yet. */
  public Collection() {}

  /**
   * Moves bytes and calls back until {@link #stop} or {@link #close}. An exception of a callback ends it, too; it can be
   * called again. An interrupt of the thread does not.
   */
  public void run() {
    driver.run();
  }

  /** Has {@link #run} return, or the thread of {@link #start()} end; from any thread, or before it has begun. */
  public void stop() {
    low.stop();
  }

  /** Moves the bytes that can be moved, and calls back. */
  public void poll() {
    poll(0);
  }

  /**
   * The same, but waits until there is something to do.
   *
   * @param timeout for how many seconds at most
   * @return false if the time is over
   */
  public boolean poll(double timeout) {
    return driver.turn(timeout);
  }

  /**
   * {@return for how many seconds there is nothing to do unless a socket becomes ready} For a loop that calls
   * {@link #poll()} itself.
   */
  public double nextTimeout() {
    return low.nextTimeout();
  }

  /**
   * Moves bytes and calls back until a condition is true.
   *
   * @param condition asked after each step
   */
  public void runUntil(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) poll(NO_TIMEOUT);
  }

  /**
   * The same for a limited time.
   *
   * @param condition asked after each step
   * @param timeout for how many seconds at most
   * @throws TimeoutException when they are over
   */
  public void runUntil(BooleanSupplier condition, double timeout) {
    double deadline = now() + timeout;
    while (!condition.getAsBoolean()) {
      double left = Math.max(0, deadline - now());
      if (!poll(left) && left == 0) throw AioException.of(Status.TIMEOUT, "");
    }
  }

  /**
   * Waits until a future is done; drives the collection meanwhile, unless another thread does.
   *
   * @param <T> of the future's value
   * @param stage what one of the collection's operations has given, or what depends on it
   * @return its value
   * @throws AioException if the operation did not complete with OK; the same as the future's, unwrapped
   */
  public <T> T await(CompletionStage<T> stage) {
    CompletableFuture<T> future = stage.toCompletableFuture();
    if (!driver.isSomebodyElse()) runUntil(future::isDone);
    try {
      return future.join();
    } catch (CompletionException failure) {
      if (failure.getCause() instanceof RuntimeException cause) throw cause;
      throw failure;
    }
  }

  /**
   * Has a daemon thread drive the collection until {@link #stop} or {@link #close}. An exception of a callback goes to that
   * thread's {@link Thread.UncaughtExceptionHandler}, and the thread goes on.
   *
   * @return this collection
   */
  public Collection start() {
    return start(Runnable::run);
  }

  /**
   * The same, but callbacks run where an executor runs them, such as {@code EventQueue::invokeLater}: so the event loop of
   * somebody else is theirs, too.
   *
   * <p>Who waits for a future in the only thread of the executor, other than in a callback, waits for ever.
   *
   * @param executor where callbacks run
   * @return this collection
   */
  public Collection start(Executor executor) {
    driver.start(executor);
    return this;
  }

  @Override
  public void execute(Runnable command) {
    submit(event -> command.run(), low::apply);
  }

  /**
   * Calls back once after some time.
   *
   * @param delay in how many seconds
   * @param callback what to call
   * @return the timer
   */
  public Timer timer(double delay, Runnable callback) {
    return timer(delay, 0, callback);
  }

  /**
   * Calls back again and again.
   *
   * @param delay in how many seconds first
   * @param repeat in how many seconds then, again and again; 0: only once
   * @param callback what to call
   * @return the timer
   */
  public Timer timer(double delay, double repeat, Runnable callback) {
    return new Timer(this, delay, repeat, callback);
  }

  /**
   * Closes all states and acceptors, calls back what still waits, with ERR_CANCELED, and ends the collection. If another
   * thread drives it, that one is stopped; a callback that runs there is waited for.
   */
  @Override
  public void close() {
    driver.close();
  }

  int submit(Tokens.Waiter waiter, IntConsumer start) {
    return driver.submit(waiter, start);
  }

  void forget(int token) {
    driver.forget(token);
  }

  @Override
  State newState() {
    return new State(this);
  }

  @Override
  Acceptor listen(Callback.OfConnection callback, Consumer<? super AcceptOptions> fill, Acceptor.Call call) {
    try (AcceptOptions options = Options.filled(AcceptOptions::new, fill == null ? none -> {} : fill)) {
      return new Acceptor(this, callback, options, call);
    }
  }

  private static double now() {
    return System.nanoTime() * 1e-9;
  }
}
