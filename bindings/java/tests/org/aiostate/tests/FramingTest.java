package org.aiostate.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.aiostate.AioException;
import org.aiostate.Callback;
import org.aiostate.FrameFormat;
import org.aiostate.State;
import org.aiostate.Status;
import org.junit.jupiter.api.Test;

class FramingTest extends Fixture {
  @Test
  void checking() {
    String lines = "one\ntwo\nthree\n";
    for (int cut = 0; cut <= lines.length(); cut++) {
      Pair pair = pair();
      var reader = new LineReader();
      pair.client().readWithChecking(reader);
      pair.server().write(bytes(lines.substring(0, cut)));
      int first = cut;
      until(() -> reader.seen >= first);
      pair.server().write(bytes(lines.substring(cut) + "more"));
      until(() -> reader.lines.size() == 3);
      assertEquals(List.of("one\n", "two\n", "three\n"), reader.lines);
      assertEquals("more", text(get(pair.client().read(4))));
    }
  }

  private static final class LineReader implements Callback.OfBytes {
    final List<String> lines = new ArrayList<>();
    int seen;
    private int shown;

    @Override
    public void done(State state, byte[] bytes, Status status) {
      assertEquals(Status.OK, status);
      assertEquals(shown, state.oldLength());
      seen += bytes.length - shown;
      String rest = text(bytes);
      while (rest.contains("\n")) {
        String line = rest.substring(0, rest.indexOf('\n') + 1);
        rest = rest.substring(line.length());
        lines.add(line);
        long left = lines.size() < 3 ? state.discard(line.length()) : state.finishRead(line.length());
        assertTrue(left >= rest.length());
        if (lines.size() == 3) break;
      }
      shown = rest.length();
    }
  }

  @Test
  void framing() {
    byte[] stream = bytes("ab\r\n\0\7payload12345");
    for (int cut = 0; cut <= stream.length; cut++) {
      Pair pair = pair();
      long expected = collection.counters().bytesRead() + cut;
      var line = pair.client().readUntil(bytes("\r\n"));
      var frame = line.thenCompose(done -> pair.client().readFrame(new FrameFormat().lengthSize(2).strip(2)));
      var rest = frame.thenCompose(done -> pair.client().read(5));
      pair.server().write(Arrays.copyOf(stream, cut));
      until(() -> collection.counters().bytesRead() == expected);
      pair.server().write(Arrays.copyOfRange(stream, cut, stream.length));
      assertEquals("12345", text(get(rest)));
      assertEquals("ab\r\n", text(line.join()));
      assertEquals("payload", text(frame.join()));
    }
    Pair pair = pair();
    pair.server().write(bytes("\0\7payload"));
    var tooLong = pair.client().readFrame(new FrameFormat().lengthSize(2).maximum(8));
    assertEquals(Status.ERR_LIMIT, assertThrows(AioException.class, () -> get(tooLong)).status());
  }
}
