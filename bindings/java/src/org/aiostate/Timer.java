package org.aiostate;

import java.lang.ref.Reference;

/** A timer, made by {@link Collection#timer}. It goes on if nobody refers to it. */
public final class Timer {
  private final Collection collection;
  private final org.aiostate.low.Timer low = new org.aiostate.low.Timer();
  private final int token;

  Timer(Collection collection, double delay, double repeat, Runnable callback) {
    this.collection = collection;
    Tokens.Waiter waiter =
        event -> {
          Reference.reachabilityFence(this); // a timer that is collected stops
          callback.run();
        };
    token = collection.submit(waiter, number -> low.start(collection.low, delay, repeat, number));
  }

  /** Stops it: no call begins any more. */
  public void stop() {
    collection.forget(token);
    low.stop();
  }
}
