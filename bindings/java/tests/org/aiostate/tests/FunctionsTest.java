package org.aiostate.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class FunctionsTest extends Fixture {
  @Test
  void functions() throws Exception {
    List<String> lines = Files.readAllLines(Path.of(System.getenv("AIO_FUNCTIONS")));
    var missing = new ArrayList<String>();
    for (String line : lines) if (!isOffered(line)) missing.add(line);
    assertEquals(List.of(), missing);
    assertEquals(false, lines.isEmpty());
  }

  private static boolean isOffered(String line) throws ClassNotFoundException {
    String[] parts = line.contains(".") ? line.split("\\.") : new String[] {"Native", line};
    String name = camel(parts[1]);
    Method[] methods = Class.forName("org.aiostate.low." + parts[0]).getMethods();
    return Arrays.stream(methods).anyMatch(method -> method.getName().equals(name));
  }

  private static String camel(String name) {
    var out = new StringBuilder();
    for (String part : name.split("_")) {
      out.append(out.isEmpty() ? part : part.substring(0, 1).toUpperCase() + part.substring(1));
    }
    return out.toString();
  }
}
