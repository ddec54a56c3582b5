package org.aiostate.low;

import static java.nio.charset.StandardCharsets.UTF_8;

/** Strings on their way to the library and back. */
final class Text {
  private Text() {}

  static byte[] encode(String text) {
    return text == null ? null : text.getBytes(UTF_8);
  }

  static String decode(byte[] text) {
    return text == null ? null : new String(text, UTF_8);
  }
}
