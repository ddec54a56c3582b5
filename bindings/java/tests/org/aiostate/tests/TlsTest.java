package org.aiostate.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.aiostate.Acceptor;
import org.aiostate.AioException;
import org.aiostate.ConnectOptions;
import org.aiostate.State;
import org.aiostate.Status;
import org.aiostate.TlsContext;
import org.junit.jupiter.api.Test;

class TlsTest extends Fixture {
  private final TlsContext trusting = TlsContext.client(o -> o.trustFile(certificates("ca.pem")));
  private final TlsContext serving =
      TlsContext.server(o -> o.certificateFile(certificates("server.pem")).keyFile(certificates("server.key")));

  private static String certificates(String name) {
    return System.getenv("AIO_CERTIFICATES") + "/" + name;
  }

  @Test
  void tlsNames() {
    try (Acceptor acceptor =
        collection.listenTcp(null, 0, (listening, state) -> echo(state), o -> o.tls(serving))) {
      int port = acceptor.localPort();
      State client = get(collection.connectTcp("localhost", port, o -> o.tls(trusting)));
      assertEquals("TLSv1.3", client.tlsVersion());
      assertEquals("hello", pass(client, "hello", client));
      assertEquals(
          Status.ERR_TLS_HOST_NAME, refusal(port, o -> o.tls(trusting).tlsServerName("other.example")).status());
      assertEquals(Status.ERR_TLS_CERTIFICATE, refusal(port, o -> o.tls(TlsContext.client())).status());
    }
  }

  private AioException refusal(int port, Consumer<ConnectOptions> options) {
    var refused = assertThrows(AioException.class, () -> get(collection.connectTcp("localhost", port, options)));
    assertFalse(refused.getMessage().isEmpty());
    return refused;
  }

  @Test
  void starttls() {
    Pair pair = pair();
    lines(pair);
    get(
        CompletableFuture.allOf(
            pair.server().attachTls(serving), pair.client().attachTls(trusting, o -> o.serverName("localhost"))));
    assertEquals("TLSv1.3", pair.client().tlsVersion());
    lines(pair);
    get(CompletableFuture.allOf(pair.server().detachTls(0), pair.client().detachTls(0)));
    assertEquals(0, pair.client().tlsSide());
    lines(pair);
  }

  private void lines(Pair pair) {
    assertEquals("question\n", pass(pair.client(), "question\n", pair.server()));
    assertEquals("answer\n", pass(pair.server(), "answer\n", pair.client()));
  }

  @Test
  void closedContext() {
    trusting.close();
    var refused = assertThrows(AioException.class, () -> collection.connectTcp(HOST, 1, o -> o.tls(trusting)));
    assertEquals(Status.ERR_CLOSED, refused.status());
  }
}
