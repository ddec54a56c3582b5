package org.aiostate;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.aiostate.low.Event;

/** Numbers for what waits for an event, and who waits. */
final class Tokens {
  /** Who waits for the events of a token. */
  @FunctionalInterface
  interface Waiter {
    void happened(Event event);

    /** No event comes any more. */
    default void ended() {}
  }

  private final Map<Integer, Waiter> waiting = new ConcurrentHashMap<>();
  private final AtomicInteger latest = new AtomicInteger();

  // The numbers start again some day, and then some may still be in use.
  int add(Waiter waiter) {
    int token;
    do {
      token = latest.incrementAndGet();
    } while (token == 0 || waiting.putIfAbsent(token, waiter) != null);
    return token;
  }

  void forget(int token) {
    waiting.remove(token);
  }

  void end() {
    waiting.values().forEach(Waiter::ended);
    waiting.clear();
  }

  void call(Event event) {
    int token = event.token();
    Waiter waiter = event.last() ? waiting.remove(token) : waiting.get(token);
    if (waiter != null) waiter.happened(event);
  }
}
