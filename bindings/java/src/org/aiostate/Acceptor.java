package org.aiostate;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.aiostate.low.Event;
import org.aiostate.low.NativeConstants;

/**
 * A listening socket, made by {@link Collection#listenTcp(String, int)} and the like. Its callback gets each connection;
 * without one {@link #accept} does.
 */
public final class Acceptor extends AcceptorOperations implements AutoCloseable {
  /** Connections that nobody has asked for yet; beyond, the kernel keeps them. */
  private static final int BACKLOG = 64;

  /** The library's call that begins to listen. */
  interface Call {
    void with(org.aiostate.low.Acceptor acceptor, int token, org.aiostate.low.AcceptOptions options);
  }

  private final Collection collection;
  private final Callback.OfConnection callback;
  private final Callback.OfError<? super Acceptor> failed;
  private final Callback.OfError<? super Acceptor> tlsFailed;
  private final List<Collection> homes;
  private final Deque<State> kept = new ArrayDeque<>();
  private final Queue<CompletableFuture<State>> takers = new ArrayDeque<>();
  private final int token;
  private boolean paused;
  private boolean ended;

  Acceptor(Collection collection, Callback.OfConnection callback, AcceptOptions options, Call call) {
    this.collection = collection;
    this.callback = callback;
    failed = options.errorCallback;
    tlsFailed = options.tlsErrorCallback;
    homes = options.collections;
    token = collection.submit(new Deliveries(), number -> call.with(low, number, options.low()));
  }

  /** {@return where the acceptor lives} */
  public Collection collection() {
    return collection;
  }

  /** {@return the next connection, of an acceptor without a callback} */
  public CompletableFuture<State> accept() {
    if (callback != null) throw new IllegalStateException("This acceptor's callback gets the connections.");
    var taker = new CompletableFuture<State>();
    synchronized (this) {
      if (ended) return CompletableFuture.failedFuture(AioException.of(Status.ERR_CLOSED, ""));
      takers.add(taker);
    }
    serve();
    return taker;
  }

  /** Listens no more. */
  @Override
  public void close() {
    end();
    low.close(0);
  }

  /**
   * The same.
   *
   * @param callback called when the port is free
   */
  public void close(Callback.OfStatus<? super Acceptor> callback) {
    Objects.requireNonNull(callback, "callback");
    end();
    collection.submit(event -> callback.done(this, Status.of(event.status())), low::close);
  }

  /** {@return what is done when the port, which this gives back, is free} */
  public CompletableFuture<Void> closeAsync() {
    end();
    var operation = new Operation<Void>(this, event -> null, () -> {});
    collection.submit(operation, low::close);
    return operation;
  }

  private final class Deliveries implements Tokens.Waiter {
    @Override
    public void happened(Event event) {
      switch (event.kind()) {
        case NativeConstants.EVENT_ACCEPTED -> accepted(event);
        case NativeConstants.EVENT_ACCEPT_ERROR -> tell(failed, event);
        default -> tell(tlsFailed, event);
      }
    }

    @Override
    public void ended() {
      end();
    }
  }

  private void accepted(Event event) {
    int home = event.home();
    var state = new State(home < 0 ? collection : homes.get(home));
    event.takeState(state.low);
    if (callback == null) {
      keep(state);
    } else {
      callback.accepted(this, state);
    }
  }

  private void tell(Callback.OfError<? super Acceptor> callback, Event event) {
    if (callback != null) callback.failed(this, AioException.of(event));
  }

  private void keep(State state) {
    synchronized (this) {
      if (ended) return;
      kept.add(state);
      if (kept.size() >= BACKLOG && !paused) {
        paused = true;
        low.pause();
      }
    }
    serve();
  }

  private void serve() {
    while (true) {
      CompletableFuture<State> taker;
      State state;
      synchronized (this) {
        if (kept.isEmpty() || takers.isEmpty()) return;
        if (paused) {
          paused = false;
          low.resume();
        }
        taker = takers.remove();
        state = kept.remove();
      }
      if (taker.complete(state)) continue;
      synchronized (this) {
        kept.addFirst(state); // since this taker was canceled
      }
    }
  }

  private void end() {
    collection.forget(token);
    List<CompletableFuture<State>> inVain;
    synchronized (this) {
      ended = true;
      inVain = List.copyOf(takers);
      takers.clear();
    }
    inVain.forEach(taker -> taker.completeExceptionally(AioException.of(Status.ERR_CANCELED, "")));
  }
}
