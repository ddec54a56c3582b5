import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.aiostate.Collection;
import org.aiostate.State;
import org.aiostate.Status;

/**
 * Measures echo round trips over aiostate and over what Java has beside it: one connection, both ends in one thread.
 *
 * <p>usage: java -cp aiostate.jar Echo.java [ROUND-TRIPS [ROUNDS]]. Prints for each the round trips per second of the
 * process's CPU time, the compiler's and the collector's threads included, and its microseconds. The first round is thrown
 * away, and the median of the others is told.
 */
public class Echo {
  static final String HOST = "127.0.0.1";
  static final byte[] MESSAGE = new byte[64];

  interface Way {
    /** Does so many round trips; returns nanoseconds of CPU time. */
    long measure(int count) throws Exception;
  }

  static long now() {
    var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return system.getProcessCpuTime();
  }

  static State[] pair(Collection collection) {
    try (var acceptor = collection.listenTcp(HOST, 0)) {
      var accepted = acceptor.accept();
      State client = collection.await(collection.connectTcp(HOST, acceptor.localPort()));
      return new State[] {client, collection.await(accepted)};
    }
  }

  /** Answers, and asks again until it has asked often enough. */
  static final class Asking {
    private final Collection collection;
    private int left;

    Asking(Collection collection, int count) {
      this.collection = collection;
      left = count;
    }

    void serve(State state) {
      state.read(MESSAGE.length, this::question);
    }

    private void question(State state, byte[] bytes, Status status) {
      if (status == Status.OK) state.write(bytes, this::answered);
    }

    private void answered(State state, long count, Status status) {
      state.read(MESSAGE.length, this::question);
    }

    void ask(State state) {
      state.write(MESSAGE, this::asked);
    }

    private void asked(State state, long count, Status status) {
      state.read(MESSAGE.length, this::answer);
    }

    private void answer(State state, byte[] bytes, Status status) {
      if (--left > 0) {
        ask(state);
      } else {
        collection.stop();
      }
    }
  }

  static long callbacks(int count) {
    try (var collection = new Collection()) {
      State[] ends = pair(collection);
      var asking = new Asking(collection, count);
      long begin = now();
      asking.serve(ends[1]);
      asking.ask(ends[0]);
      collection.run();
      return now() - begin;
    }
  }

  static void serve(State state) {
    state.read(MESSAGE.length).thenCompose(state::write).thenRun(() -> serve(state));
  }

  static CompletableFuture<byte[]> ask(State state) {
    return state.write(MESSAGE).thenCompose(written -> state.read(MESSAGE.length));
  }

  static long futures(int count) {
    try (var collection = new Collection()) {
      State[] ends = pair(collection);
      long begin = now();
      serve(ends[1]);
      for (int i = 0; i < count; i++) collection.await(ask(ends[0]));
      return now() - begin;
    }
  }

  /** What a key of the selector is for. */
  static final class Channel {
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(MESSAGE.length);

    /** True when a whole message is there. */
    boolean read(SocketChannel channel) throws IOException {
      channel.read(buffer);
      return !buffer.hasRemaining();
    }

    void write(SocketChannel channel) throws IOException {
      buffer.flip();
      while (buffer.hasRemaining()) channel.write(buffer);
      buffer.clear();
    }
  }

  static SelectionKey register(Selector selector, SocketChannel channel) throws IOException {
    channel.configureBlocking(false);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    return channel.register(selector, SelectionKey.OP_READ, new Channel());
  }

  static long selector(int count) throws IOException {
    try (var selector = Selector.open();
        var listening = ServerSocketChannel.open().bind(new InetSocketAddress(HOST, 0));
        var client = SocketChannel.open(listening.getLocalAddress());
        var server = listening.accept()) {
      SelectionKey asking = register(selector, client);
      register(selector, server);
      var question = (Channel) asking.attachment();
      int left = count;
      long begin = now();
      question.buffer.put(MESSAGE);
      question.write(client);
      while (left > 0) {
        selector.select();
        for (SelectionKey key : selector.selectedKeys()) {
          var end = (Channel) key.attachment();
          var channel = (SocketChannel) key.channel();
          if (!end.read(channel)) continue;
          if (key != asking || --left > 0) end.write(channel);
        }
        selector.selectedKeys().clear();
      }
      return now() - begin;
    }
  }

  /** Not a round trip: a command that runs as an event. */
  static long events(int count) {
    try (var collection = new Collection()) {
      long begin = now();
      again(collection, count);
      collection.run();
      return now() - begin;
    }
  }

  static void again(Collection collection, int left) {
    collection.execute(left == 0 ? collection::stop : () -> again(collection, left - 1));
  }

  static void report(String name, int count, int rounds, Way way) throws Exception {
    way.measure(count);
    long[] taken = new long[rounds];
    for (int i = 0; i < rounds; i++) taken[i] = way.measure(count);
    Arrays.sort(taken);
    double microseconds = taken[rounds / 2] / 1e3 / count;
    System.out.printf("%s\t%.0f\t%.2f%n", name, 1e6 / microseconds, microseconds);
  }

  public static void main(String[] arguments) throws Exception {
    int count = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 100_000;
    int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 3;
    report("aiostate, callbacks", count, rounds, Echo::callbacks);
    report("aiostate, futures", count, rounds, Echo::futures);
    report("NIO selector", count, rounds, Echo::selector);
    report("aiostate, events", count, rounds, Echo::events);
  }
}
