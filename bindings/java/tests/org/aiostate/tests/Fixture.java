package org.aiostate.tests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.aiostate.Acceptor;
import org.aiostate.Collection;
import org.aiostate.State;
import org.aiostate.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A collection that the test drives, and the words that tests are told in. */
@ExtendWith(Results.class)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class Fixture {
  static final String HOST = "127.0.0.1";

  /** Two ends of a connection. */
  record Pair(State client, State server) {}

  final Collection collection = new Collection();

  @AfterEach
  void closeCollection() {
    collection.close();
  }

  /** Drives until a condition is true, which may become true without an event. */
  void until(BooleanSupplier condition) {
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (!condition.getAsBoolean()) {
      collection.poll(0.01);
      if (System.nanoTime() > deadline) fail("The time is over.");
    }
  }

  <T> T get(CompletableFuture<T> future) {
    until(future::isDone);
    return collection.await(future);
  }

  Pair pair() {
    try (Acceptor acceptor = collection.listenTcp(HOST, 0)) {
      var accepted = acceptor.accept();
      State client = get(collection.connectTcp(HOST, acceptor.localPort()));
      return new Pair(client, get(accepted));
    }
  }

  /** Listens, and sends back all that comes. */
  Acceptor echo() {
    return collection.listenTcp(HOST, 0, (acceptor, state) -> echo(state));
  }

  static void echo(State state) {
    state.readWithChecking(
        (reader, bytes, status) -> {
          if (status == Status.OK) {
            reader.discard(bytes.length);
            reader.write(bytes);
          } else {
            reader.close();
          }
        });
  }

  /** Sends from one end and reads at the other. */
  byte[] pass(State from, byte[] bytes, State to) {
    from.write(bytes);
    return get(to.read(bytes.length));
  }

  String pass(State from, String text, State to) {
    return text(pass(from, bytes(text), to));
  }

  static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  static String text(byte[] bytes) {
    return new String(bytes, UTF_8);
  }

  static byte[] noise(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }
}
