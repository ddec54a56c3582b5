package org.aiostate.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.aiostate.Message;
import org.aiostate.State;
import org.junit.jupiter.api.Test;

class DatagramTest extends Fixture {
  @Test
  void datagrams() {
    State server = collection.createUdp(HOST, 0);
    State client = get(collection.connectUdp(HOST, server.localAddress().port()));

    for (String word : List.of("one", "", "three")) {
      client.sendMessage(bytes(word));
      Message question = get(server.receiveMessage(100));
      assertEquals(client.localAddress(), question.address());
      server.sendMessageToAddress(question.address(), question.data());
      Message answer = get(client.receiveMessage(100));
      assertEquals(word, text(answer.data()));
      assertFalse(answer.truncated());
    }

    client.sendMessage(bytes("longer"));
    Message cut = get(server.receiveMessage(4));
    assertEquals("long", text(cut.data()));
    assertTrue(cut.truncated());

    var words = new ArrayList<String>();
    server.receiveMessages(
        (state, message, status) -> {
          words.add(text(message.data()));
          if (words.size() == 3) state.finishRead(0);
        });
    var together = List.of(message("a"), message("b"), message("c"));
    assertEquals(3, get(client.sendMessages(together)));
    until(() -> words.size() == 3);
    assertEquals(List.of("a", "b", "c"), words);
    client.sendMessage(bytes("d"));
    assertEquals("d", text(get(server.receiveMessage(1)).data()));
  }

  private static Message message(String text) {
    return new Message(bytes(text), null);
  }
}
