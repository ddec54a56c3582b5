package org.aiostate;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.aiostate.low.Event;

/** An operation without a callback, as its caller sees it. Canceling it ends what can be ended. */
final class Operation<T> extends CompletableFuture<T> implements Tokens.Waiter {
  private final Function<Event, T> value;
  private final Runnable abort;

  Operation(Function<Event, T> value, Runnable abort) {
    this.value = value;
    this.abort = abort;
  }

  @Override
  public void happened(Event event) {
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
