package org.aiostate.tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import org.aiostate.Acceptor;
import org.aiostate.State;
import org.junit.jupiter.api.Test;

class CollectorTest extends Fixture {
  @Test
  void collectorAlways() {
    roundTrips(500, 1);
  }

  @Test
  void collectorSometimes() {
    roundTrips(10_000, 100);
  }

  private void roundTrips(int count, int interval) {
    try (Acceptor acceptor = echo()) {
      State client = get(collection.connectTcp(HOST, acceptor.localPort()));
      for (int i = 0; i < count; i++) {
        if (i % interval == 0) System.gc();
        byte[] word = bytes("round " + i);
        assertArrayEquals(word, pass(client, word, client));
      }
    }
  }

  @Test
  void writeKeepsItsState() {
    State reader = peerOfADroppedWriter(20_000_000);
    for (int i = 0; i < 20; i++) {
      System.gc();
      assertEquals(1_000_000, get(reader.read(1_000_000)).length);
    }
  }

  private State peerOfADroppedWriter(int count) {
    Pair pair = pair();
    pair.client().write(noise(count));
    return pair.server();
  }

  @Test
  void dropped() {
    dropAfterClose(200);
    dropUnclosed(200);
    until(
        () -> {
          System.gc();
          return collection.counters().openStates() == 0;
        });
    assertEquals(0, collection.counters().openStates());

    for (int i = 0; i < 20; i++) {
      new DroppedCollection().leave();
      System.gc();
    }
  }

  private void dropAfterClose(int count) {
    for (int i = 0; i < count; i++) {
      Pair pair = pair();
      pair.client().read(1);
      pair.server().read(1);
      pair.client().close();
      pair.server().close();
    }
  }

  private void dropUnclosed(int count) {
    var peers = new ArrayList<State>();
    for (int i = 0; i < count; i++) peers.add(pair().server());
    peers.forEach(State::close);
  }

  /** Another fixture, whose collection is closed by nobody. */
  private static final class DroppedCollection extends Fixture {
    void leave() {
      Pair pair = pair();
      pair.client().read(1);
      pair.server().write(noise(10_000_000));
      collection.listenTcp(HOST, 0);
      collection.timer(10, () -> {});
      collection.poll();
    }
  }
}
