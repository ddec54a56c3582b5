package org.aiostate.tests;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import org.aiostate.Acceptor;
import org.aiostate.AioException;
import org.aiostate.CanceledException;
import org.aiostate.EndOfStreamException;
import org.aiostate.State;
import org.aiostate.Status;
import org.aiostate.TimeoutException;
import org.junit.jupiter.api.Test;

class LoopTest extends Fixture {
  @Test
  void exceptionInCallback() {
    Pair pair = pair();
    var failure = new IllegalStateException("of the callback");
    var told = new ArrayList<String>();
    pair.client().read(1, (state, bytes, status) -> { throw failure; });
    pair.server().read(1, (state, bytes, status) -> {
      told.add(text(bytes));
      collection.stop();
    });
    pair.server().write(bytes("1"));
    pair.client().write(bytes("2"));
    assertSame(failure, assertThrows(IllegalStateException.class, collection::run));
    if (told.isEmpty()) collection.run();
    assertEquals(List.of("2"), told);
  }

  @Test
  void timers() {
    var told = new ArrayList<String>();
    var stopped = collection.timer(0.01, () -> told.add("stopped"));
    collection.timer(0.03, () -> told.add("once"));
    var repeating = collection.timer(0.05, 0.01, () -> told.add("again"));
    stopped.stop();
    until(() -> told.size() >= 3);
    repeating.stop();
    assertEquals(List.of("once", "again", "again"), told.subList(0, 3));
    told.clear();
    for (int i = 0; i < 3; i++) {
      String number = "" + i;
      collection.execute(() -> told.add(number));
    }
    until(() -> told.size() == 3);
    assertEquals(List.of("0", "1", "2"), told);
  }

  @Test
  void threads() throws Exception {
    Pair pair = pair();
    var driver = new Thread(collection::run);
    driver.start();
    var heard = new ArrayList<CompletableFuture<byte[]>>();
    for (int i = 0; i < 10; i++) {
      pair.client().write(new byte[] {(byte) i});
      heard.add(pair.server().read(1));
      assertEquals(i, heard.get(i).get(30, SECONDS)[0]);
    }
    collection.stop();
    driver.join(30_000);
    assertFalse(driver.isAlive());
  }

  @Test
  void stopIsNotMissed() throws Exception {
    for (int i = 0; i < 300; i++) {
      Acceptor acceptor = collection.listenTcp(HOST, 0);
      var driver = new Thread(collection::run);
      driver.start();
      acceptor.close(); // the library has something to do of which nobody is told
      collection.stop();
      driver.join(30_000);
      assertFalse(driver.isAlive());
    }
  }

  @Test
  void ownLoop() throws Exception {
    var loop = Executors.newSingleThreadScheduledExecutor();
    try (Acceptor acceptor = echo()) {
      Thread own = loop.submit(Thread::currentThread).get();
      collection.start(loop);
      var timer = loop.schedule(() -> "timer", 20, MILLISECONDS);
      State client = collection.connectTcp(HOST, acceptor.localPort()).get(30, SECONDS);
      for (int i = 0; i < 2; i++) {
        client.write(bytes("hello"));
        var called = new CompletableFuture<Thread>();
        client.read(5, (state, bytes, status) -> called.complete(Thread.currentThread()));
        assertSame(own, called.get(30, SECONDS));
      }
      assertEquals("timer", timer.get(30, SECONDS));
    } finally {
      collection.close();
      loop.shutdown();
    }
  }

  @Test
  void ownLoopThatPolls() throws Exception {
    var loop = Executors.newSingleThreadScheduledExecutor();
    try (Acceptor acceptor = echo()) {
      var driving = loop.scheduleWithFixedDelay(collection::poll, 0, 1, MILLISECONDS);
      State client = collection.connectTcp(HOST, acceptor.localPort()).get(30, SECONDS);
      client.write(bytes("hello"));
      assertEquals("hello", text(client.read(5).get(30, SECONDS)));
      driving.cancel(false);
    } finally {
      loop.shutdown();
      assertTrue(loop.awaitTermination(30, SECONDS));
    }
  }

  @Test
  void awaiting() {
    Pair pair = pair();
    collection.await(pair.client().write(bytes("ping")));
    assertEquals("ping", text(collection.await(pair.server().read(4))));

    var late = assertThrows(TimeoutException.class, () -> collection.await(pair.server().read(1, o -> o.timeout(0.01))));
    assertEquals(Status.TIMEOUT, late.status());

    pair.client().write(bytes("abc"));
    pair.client().shutdown();
    var end = assertThrows(EndOfStreamException.class, () -> collection.await(pair.server().read(10)));
    assertEquals("abc", text(end.data()));

    pair.server().write(bytes("a stream"));
    pair.server().shutdown();
    var heard = new StringBuilder();
    for (byte[] chunk : pair.client().chunks()) heard.append(text(chunk));
    assertEquals("a stream", heard.toString());

    assertThrows(TimeoutException.class, () -> collection.runUntil(() -> false, 0.01));
  }

  @Test
  void awaitingWhileAThreadDrives() {
    Pair pair = pair();
    collection.start();
    pair.client().write(bytes("ping"));
    assertEquals("ping", text(collection.await(pair.server().read(4))));
  }

  @Test
  void awaitingInACallback() {
    Pair pair = pair();
    collection.start();
    var heard = new CompletableFuture<String>();
    collection.execute(
        () -> {
          pair.client().write(bytes("ping"));
          heard.complete(text(collection.await(pair.server().read(4))));
        });
    assertEquals("ping", heard.orTimeout(30, SECONDS).join());
  }

  @Test
  void exceptionInAThreadOfTheCollections() {
    collection.start();
    var failure = new IllegalStateException("of the callback");
    var told = new CompletableFuture<Throwable>();
    collection.execute(() -> {
      Thread.currentThread().setUncaughtExceptionHandler((thread, thrown) -> told.complete(thrown));
      throw failure;
    });
    assertSame(failure, told.orTimeout(30, SECONDS).join());
    CompletableFuture.runAsync(() -> {}, collection).orTimeout(30, SECONDS).join();
  }

  @Test
  void cancelingARead() {
    Pair pair = pair();
    var read = pair.client().read(1);
    assertTrue(read.cancel(true));
    assertThrows(CancellationException.class, read::join);
    collection.poll();
    assertEquals("next", pass(pair.server(), "next", pair.client()));
  }

  @Test
  void closingEndsAll() throws Exception {
    Pair pair = pair();
    Acceptor acceptor = collection.listenTcp(HOST, 0);
    var accepted = acceptor.accept();
    var read = pair.client().read(1);
    var driver = new Thread(collection::run);
    driver.start();
    collection.close();
    driver.join(30_000);
    assertFalse(driver.isAlive());
    assertThrows(CanceledException.class, () -> collection.await(read));
    assertThrows(CanceledException.class, () -> collection.await(accepted));
    assertEquals(Status.ERR_CLOSED, assertThrows(AioException.class, () -> pair.client().read(1)).status());
    collection.close();
  }
}
