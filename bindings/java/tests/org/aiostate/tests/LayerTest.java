package org.aiostate.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.aiostate.Acceptor;
import org.aiostate.Address;
import org.aiostate.AioException;
import org.aiostate.Collection;
import org.aiostate.IoOptions;
import org.aiostate.State;
import org.aiostate.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayerTest extends Fixture {
  @Test
  void textIsUtf8(@TempDir Path directory) {
    String path = directory.resolve("\u00e9\ud83d\ude00").toString();
    collection.listenUnix(path, (acceptor, state) -> echo(state));
    State client = get(collection.connectUnix(path));
    assertEquals(path, client.peerAddress().host());
    assertTrue(Path.of(path).toFile().exists());
  }

  @Test
  void addresses() {
    Address address = Address.of("127.0.0.1", 80);
    assertEquals("127.0.0.1:80", address.toString());
    assertEquals(Address.of("127.0.0.1", 80), address);
    assertEquals(4, address.family());
    assertEquals(Address.UNIX, Address.ofPath("/tmp/socket").family());
    assertThrows(AioException.class, () -> Address.of("localhost", 80));
  }

  @Test
  void byteBuffers() {
    Pair pair = pair();
    ByteBuffer buffer = ByteBuffer.wrap(bytes("hello world")).position(6);
    pair.client().write(buffer);
    assertEquals(0, buffer.remaining());
    assertEquals("world", text(get(pair.server().read(5))));
    pair.client().writeBuffers(List.of(bytes("a"), bytes(""), bytes("bc")));
    assertEquals("abc", text(get(pair.server().read(3))));
  }

  @Test
  void sizesAreNotNegative() {
    State state = pair().client();
    assertThrows(IllegalArgumentException.class, () -> state.read(-1));
    assertEquals(Long.MAX_VALUE, state.writeLimit());
  }

  @Test
  void optionsAreForOneCall() {
    var kept = new ArrayList<IoOptions>();
    pair().client().write(bytes("x"), kept::add);
    assertThrows(IllegalStateException.class, () -> kept.get(0).timeout(1));
  }

  @Test
  void writeMarks() {
    Pair pair = pair();
    var drained = new ArrayList<Status>();
    pair.client().setWriteMarks(1_000_000, 0, (state, status) -> drained.add(status));
    pair.client().write(noise(10_000_000));
    get(pair.server().read(10_000_000));
    until(() -> !drained.isEmpty());
    assertEquals(List.of(Status.OK), drained);
  }

  @Test
  void moreConnectionsThanAskedFor() {
    try (Acceptor acceptor = collection.listenTcp(HOST, 0)) {
      acceptor.accept().cancel(true);
      var clients = new ArrayList<CompletableFuture<State>>();
      for (int i = 0; i < 100; i++) clients.add(collection.connectTcp(HOST, acceptor.localPort()));
      get(CompletableFuture.allOf(clients.toArray(CompletableFuture[]::new)));
      for (int i = 0; i < 100; i++) get(acceptor.accept());
    }
  }

  @Test
  void acceptingForAnotherCollection() {
    try (var other = new Collection();
        Acceptor acceptor = collection.listenTcp(HOST, 0, o -> o.collections(other))) {
      var accepted = acceptor.accept();
      State client = get(collection.connectTcp(HOST, acceptor.localPort()));
      State server = get(accepted);
      assertSame(other, server.collection());
      server.write(bytes("from there"));
      other.poll();
      assertEquals("from there", text(get(client.read(10))));
    }
  }
}
