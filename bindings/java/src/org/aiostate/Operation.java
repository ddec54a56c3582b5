package org.aiostate;

import java.lang.ref.Reference;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.aiostate.low.Event;

/** An operation without a callback, as its caller sees it. Canceling it ends what can be ended. */
final class Operation<T> extends CompletableFuture<T> implements Tokens.Waiter {
  /** Lives until the operation has ended, even if nobody else refers to it. */
  private final Object source;

  private final Function<Event, T> value;
  private final Runnable abort;

  Operation(Object source, Function<Event, T> value, Runnable abort) {
    this.source = source;
    this.value = value;
    this.abort = abort;
  }

  @Override
  public void happened(Event event) {
    Reference.reachabilityFence(source);
    if (event.status() == Status.OK.number()) {
      complete(value.apply(event));
    } else {
      completeExceptionally(AioException.of(event));
    }
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    if (!completeExceptionally(new CancellationException())) return isCancelled();
    abort.run();
    return true;
  }
}
