package org.aiostate.tests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/** Writes a line for each test into the file that {@code AIO_RESULTS} names, if there is one. */
final class Results implements TestWatcher {
  @Override
  public void testSuccessful(ExtensionContext context) {
    record(context, "ok");
  }

  @Override
  public void testFailed(ExtensionContext context, Throwable cause) {
    record(context, "failed");
  }

  private static void record(ExtensionContext context, String outcome) {
    String file = System.getenv("AIO_RESULTS");
    if (file == null) return;
    String scenario = context.getRequiredTestMethod().getName().replaceAll("([A-Z])", "_$1").toLowerCase();
    try {
      Files.writeString(
          Path.of(file), scenario + "\t" + outcome + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
