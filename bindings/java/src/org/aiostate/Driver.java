package org.aiostate;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.aiostate.low.Event;
import org.aiostate.low.NativeConstants;

/** Waits for the events of a collection, and calls back who waits for them. */
final class Driver {
  private final org.aiostate.low.Collection low;
  private final Event event = new Event();
  private final Tokens tokens = new Tokens();
  private final ReentrantLock waiting = new ReentrantLock();
  private final ReentrantLock calling = new ReentrantLock();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean running;

  Driver(org.aiostate.low.Collection low) {
    this.low = low;
    low.signalsWake(); // the JVM takes signals in a thread of its own
  }

  /** Whether a thread drives until it is told to stop, and this is not one of its callbacks. */
  boolean isSomebodyElse() {
    return running && !calling.isHeldByCurrentThread();
  }

  boolean turn(double timeout) {
    boolean inTime = waitEvents(timeout);
    dispatch();
    return inTime;
  }

  void run() {
    boolean before = running;
    running = true;
    try {
      drive(this::dispatch);
    } finally {
      running = before;
    }
  }

  void start(Executor executor) {
    if (running) throw AioException.of(Status.ERR_BUSY, "");
    var thread = new Thread(() -> serve(executor), "aiostate");
    thread.setDaemon(true);
    running = true;
    thread.start();
  }

  void close() {
    if (!closed.compareAndSet(false, true)) return;
    low.wake();
    waiting.lock();
    try {
      low.destroy();
    } finally {
      waiting.unlock();
    }
    dispatch();
    tokens.end();
  }

  /** Registers who waits, before what is waited for can come; a refusal takes that back. */
  int submit(Tokens.Waiter waiter, IntConsumer start) {
    int token = tokens.add(waiter);
    try {
      start.accept(token);
    } catch (Throwable refusal) {
      tokens.forget(token);
      throw refusal;
    }
    return token;
  }

  void forget(int token) {
    tokens.forget(token);
  }

  private void serve(Executor executor) {
    try {
      drive(() -> callIn(executor));
    } finally {
      running = false;
    }
  }

  private void callIn(Executor executor) {
    try {
      CompletableFuture.runAsync(this::dispatch, executor).join();
    } catch (CompletionException failure) {
      Thread self = Thread.currentThread();
      self.getUncaughtExceptionHandler().uncaughtException(self, failure.getCause());
    }
  }

  private void drive(Runnable dispatch) {
    while (!closed.get() && !low.stopping()) {
      try {
        waitEvents(NativeConstants.NO_TIMEOUT);
      } catch (AioException refused) {
        if (closed.get()) return;
        throw refused;
      }
      if (!closed.get()) dispatch.run();
    }
  }

  private boolean waitEvents(double timeout) {
    if (!waiting.tryLock()) throw AioException.of(Status.ERR_BUSY, "");
    try {
      return low.waitEvents(timeout) != NativeConstants.WAIT_TIMEOUT;
    } finally {
      waiting.unlock();
    }
  }

  private void dispatch() {
    calling.lock();
    try {
      while (low.take(event)) tokens.call(event);
    } finally {
      calling.unlock();
    }
  }
}
