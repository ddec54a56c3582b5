package org.aiostate.tests;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Scanner;
import org.aiostate.Collection;
import org.junit.jupiter.api.Test;

class ProgramTest extends Fixture {
  /** Waits for ever. */
  static final class Waiting {
    public static void main(String[] arguments) {
      var collection = new Collection();
      collection.execute(() -> System.out.println("ready"));
      collection.run();
    }
  }

  /** Ends with a thread that drives, and operations that run. */
  static final class Leaving {
    public static void main(String[] arguments) {
      var collection = new Collection().start();
      var acceptor = collection.listenTcp(HOST, 0);
      var accepted = acceptor.accept();
      var client = collection.connectTcp(HOST, acceptor.localPort()).join();
      client.read(1);
      accepted.join().write(noise(10_000_000));
      acceptor.accept();
      collection.timer(60, () -> {});
    }
  }

  // A shell may have started this with SIGINT ignored, which Java leaves so.
  private static Process start(Class<?> program) throws Exception {
    return new ProcessBuilder(
            "env", "--default-signal=INT",
            System.getProperty("java.home") + "/bin/java",
            "-Djava.library.path=" + System.getProperty("java.library.path"),
            "-cp", System.getProperty("java.class.path"),
            program.getName())
        .redirectErrorStream(true)
        .start();
  }

  @Test
  void interrupt() throws Exception {
    Process process = start(Waiting.class);
    assertEquals("ready", new Scanner(process.getInputStream()).nextLine());
    new ProcessBuilder("kill", "-INT", "" + process.pid()).start();
    assertTrue(process.waitFor(1, SECONDS));
    assertEquals(130, process.exitValue());
  }

  @Test
  void exitPending() throws Exception {
    Process process = start(Leaving.class);
    assertTrue(process.waitFor(30, SECONDS));
    assertEquals("", text(process.getInputStream().readAllBytes()));
    assertEquals(0, process.exitValue());
  }
}
