package org.aiostate;

import java.util.Objects;
import java.util.function.Consumer;
import org.aiostate.Tokens.Waiter;
import org.aiostate.low.Deletable;
import org.aiostate.low.Event;

/** How the operations of a state are started, and who is told of their end. */
abstract class StateSupport {
  /** A call of the library that takes a token, and options or null. */
  interface Call<L> {
    void with(int token, L options);
  }

  final Collection collection;
  final org.aiostate.low.State low = new org.aiostate.low.State();
  private long oldLength;

  StateSupport(Collection collection) {
    this.collection = collection;
  }

  abstract State self();

  /**
   * {@return how many of the bytes an earlier call has shown, in the callback of
   * {@link State#readWithChecking(Callback.OfBytes)}}
   */
  public final long oldLength() {
    return oldLength;
  }

  /** {@return where the state lives} */
  public final Collection collection() {
    return collection;
  }

  final <W extends Waiter, L extends Deletable> W start(W waiter, Options<L> options, Call<L> call) {
    try (options) {
      collection.submit(waiter, token -> call.with(token, Options.low(options)));
    }
    return waiter;
  }

  /** The same where errors may have a callback of their own. */
  final <W extends Waiter> W move(
      W waiter, Consumer<? super IoOptions> fill, Call<org.aiostate.low.IoOptions> call) {
    IoOptions options = Options.filled(IoOptions::new, fill);
    boolean apart = options != null && options.errorCallback != null;
    start(apart ? tellingErrors(options.errorCallback, waiter) : waiter, options, call);
    return waiter;
  }

  /** A future ends with the error all the same. */
  private Waiter tellingErrors(Callback.OfError<? super State> errorCallback, Waiter waiter) {
    return event -> {
      if (event.status() >= 0) {
        waiter.happened(event);
      } else {
        AioException error = AioException.of(event);
        if (waiter instanceof Operation<?> future) future.completeExceptionally(error);
        errorCallback.failed(self(), error);
      }
    };
  }

  final Waiter bytes(Callback.OfBytes callback) {
    Objects.requireNonNull(callback, "callback");
    return event -> {
      oldLength = event.oldLength();
      callback.done(self(), event.bytes(), Status.of(event.status()));
    };
  }

  final Waiter count(Callback.OfCount callback) {
    Objects.requireNonNull(callback, "callback");
    return event -> callback.done(self(), event.count(), Status.of(event.status()));
  }

  final Waiter message(Callback.OfMessage callback) {
    Objects.requireNonNull(callback, "callback");
    return event -> callback.done(self(), Message.of(event), Status.of(event.status()));
  }

  final Waiter told(Callback.OfStatus<? super State> callback) {
    Objects.requireNonNull(callback, "callback");
    return event -> callback.done(self(), Status.of(event.status()));
  }

  final Operation<byte[]> bytes() {
    return new Operation<>(this, Event::bytes, this::abortInput);
  }

  final Operation<Message> message() {
    return new Operation<>(this, Message::of, this::abortInput);
  }

  /** Not aborted, since it stands in a queue with others. */
  final Operation<Long> count() {
    return new Operation<>(this, Event::count, () -> {});
  }

  final Operation<Void> nothing() {
    return new Operation<>(this, event -> null, () -> {});
  }

  final Operation<Void> input() {
    return new Operation<>(this, event -> null, this::abortInput);
  }

  final Operation<State> connected() {
    return new Operation<>(this, event -> self(), () -> low.close(0, null));
  }

  private void abortInput() {
    try {
      low.abort(Direction.INPUT.number, 0);
    } catch (AioException closed) {
      // Then it is ending anyway.
    }
  }
}
