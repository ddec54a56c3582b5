package org.aiostate.tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;
import org.aiostate.Acceptor;
import org.aiostate.AioException;
import org.aiostate.Callback;
import org.aiostate.CanceledException;
import org.aiostate.Direction;
import org.aiostate.State;
import org.aiostate.Status;
import org.aiostate.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StreamTest extends Fixture {
  private static final int MIB = 1 << 20;

  @Test
  void echo(@TempDir Path directory) {
    String path = directory.resolve("socket").toString();
    Acceptor tcp = echo();
    collection.listenUnix(path, (acceptor, state) -> echo(state));
    assertEquals("hello", greet(callback -> collection.connectTcp(HOST, tcp.localPort(), callback)));
    assertEquals("hello", greet(callback -> collection.connectUnix(path, callback)));
  }

  private interface Connect {
    State with(Callback.OfStatus<State> callback);
  }

  private String greet(Connect connect) {
    var heard = new CompletableFuture<String>();
    connect.with(
        (state, status) -> {
          assertEquals(Status.OK, status);
          state.write(bytes("hello"), (writer, count, written) -> assertEquals(5, count));
          state.read(5, (reader, bytes, read) -> heard.complete(text(bytes)));
        });
    return get(heard);
  }

  @Test
  void bytes() {
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) all[i] = (byte) i;
    try (Acceptor acceptor = echo()) {
      State client = get(collection.connectTcp(HOST, acceptor.localPort()));
      for (byte[] each : List.of(new byte[0], new byte[1], all, noise(100_000_000))) {
        assertArrayEquals(each, pass(client, each, client));
      }
      assertThrows(NullPointerException.class, () -> client.write((byte[]) null));
      assertEquals("", Compiler.complaints("state.write(new byte[1]);"));
      assertTrue(Compiler.complaints("state.write(\"text\");").contains("String cannot be converted"));
    }
  }

  @Test
  void refusals() {
    Pair pair = pair();
    var running = pair.client().read(2);
    var busy = assertThrows(AioException.class, () -> pair.client().read(1));
    assertEquals(Status.ERR_BUSY, busy.status());
    assertEquals("ERR_BUSY", busy.status().name());
    assertFalse(busy.getMessage().isEmpty());
    var invalid = assertThrows(AioException.class, () -> pair.client().write(new byte[1], o -> o.timeout(-1)));
    assertEquals(Status.ERR_INVALID_ARGUMENT, invalid.status());
    assertEquals("", Compiler.complaints("state.read(1, o -> o.timeout(1));"));
    assertTrue(Compiler.complaints("state.read(1, o -> o.patience(1));").contains("cannot find symbol"));
    pair.server().write(bytes("on"));
    assertEquals("on", text(get(running)));
  }

  @Test
  void writeTimeout() {
    Pair pair = pair();
    byte[] sent = noise(64 * MIB);
    var written = pair.server().write(sent, o -> o.timeout(0.2));
    var timeout = assertThrows(TimeoutException.class, () -> get(written));
    assertTrue(timeout.count() < sent.length);
    pair.server().close();
    var got = new ByteArrayOutputStream();
    for (byte[] chunk : pair.client().chunks()) got.writeBytes(chunk);
    assertArrayEquals(Arrays.copyOf(sent, (int) timeout.count()), got.toByteArray());
  }

  @Test
  void errorCallback() throws Exception {
    int nobody;
    try (var socket = new ServerSocket(0)) {
      nobody = socket.getLocalPort();
    }
    var told = new ArrayList<String>();
    State state = collection.connectTcp(HOST, nobody, (connecting, status) -> told.add("connect " + status));
    state.read(
        1,
        (reader, bytes, status) -> told.add("read " + status),
        o -> o.errorCallback((reader, error) -> told.add("error " + error.status())));
    until(() -> told.size() == 2);
    collection.poll();
    assertEquals(List.of("connect ERR_CONNECTION_REFUSED", "error ERR_CONNECTION_REFUSED"), told);
  }

  @Test
  void abort() {
    Pair pair = pair();
    var aborted = pair.client().read(1);
    get(pair.client().abort(Direction.INPUT));
    assertThrows(CanceledException.class, () -> get(aborted));
    assertEquals("next", pass(pair.server(), "next", pair.client()));
  }

  @Test
  void closeInCallback() {
    Pair pair = pair();
    var told = new ArrayList<String>();
    byte[] much = noise(64 * MIB);
    pair.client().write(much, (state, count, status) -> told.add("write " + status));
    pair.client().read(
        1,
        (state, bytes, status) -> {
          told.add("read " + status);
          state.close((closed, end) -> told.add("close " + end));
        });
    pair.server().write(bytes("!"));
    until(() -> told.size() == 3);
    assertEquals(List.of("read OK", "write ERR_CANCELED", "close OK"), told);
  }

  @Test
  void large() {
    Pair pair = pair();
    byte[] up = noise(32 * MIB);
    byte[] down = noise(32 * MIB - 1);
    var atServer = pair.server().read(up.length);
    var atClient = pair.client().read(down.length);
    get(CompletableFuture.allOf(pair.client().write(up), pair.server().write(down), atServer, atClient));
    assertEquals(checksum(up), checksum(atServer.join()));
    assertEquals(checksum(down), checksum(atClient.join()));
  }

  private static long checksum(byte[] bytes) {
    var sum = new CRC32();
    sum.update(bytes);
    return sum.getValue();
  }

  @Test
  void many() {
    var finished = new AtomicInteger();
    try (Acceptor acceptor = echo()) {
      for (int i = 0; i < 200; i++) {
        byte[] word = bytes("connection " + i);
        collection.connectTcp(HOST, acceptor.localPort(), (state, status) -> again(state, word, 20, finished));
      }
      until(() -> finished.get() == 200);
    }
  }

  private static void again(State state, byte[] word, int rounds, AtomicInteger finished) {
    if (rounds == 0) {
      finished.incrementAndGet();
      return;
    }
    state.write(word);
    state.read(
        word.length,
        (reader, bytes, status) -> {
          assertArrayEquals(word, bytes);
          again(reader, word, rounds - 1, finished);
        });
  }
}
