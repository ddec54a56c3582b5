package org.aiostate;

import java.util.function.Consumer;
import java.util.function.Supplier;
import org.aiostate.low.Deletable;
import org.aiostate.low.NativeConstants;

/** Named arguments of one call, whose memory lives as long as the call. */
abstract class Options<L extends Deletable> implements AutoCloseable {
  private L low;

  Options(L low) {
    this.low = low;
  }

  /** What the caller wants to say; null if that is nothing. */
  static <O extends Options<?>> O filled(Supplier<O> make, Consumer<? super O> fill) {
    if (fill == null) return null;
    O options = make.get();
    try {
      fill.accept(options);
      return options;
    } catch (Throwable failure) {
      options.close();
      throw failure;
    }
  }

  static int choice(boolean choice) {
    return choice ? NativeConstants.YES : NativeConstants.NO;
  }

  static boolean isYes(int choice) {
    return choice == NativeConstants.YES;
  }

  static <L extends Deletable> L low(Options<L> options) {
    return options == null ? null : options.low();
  }

  final L low() {
    if (low == null) throw new IllegalStateException("These options were for one call, which is over.");
    return low;
  }

  @Override
  public final void close() {
    low.delete();
    low = null;
  }
}
