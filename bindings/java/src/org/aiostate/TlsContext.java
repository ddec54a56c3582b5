package org.aiostate;

import java.util.function.Consumer;
import org.aiostate.low.NativeConstants;

/** Certificates and trust of one side of TLS. Connections and acceptors that use it keep what they need. */
public final class TlsContext implements AutoCloseable {
  private volatile org.aiostate.low.TlsContext low = new org.aiostate.low.TlsContext();

  private TlsContext(int side, Consumer<? super TlsOptions> options) {
    try (TlsOptions filled = Options.filled(TlsOptions::new, options)) {
      low.create(side, Options.low(filled));
    }
  }

  /** {@return a client's context that trusts what the system trusts} */
  public static TlsContext client() {
    return client(null);
  }

  /**
   * {@return a client's context}
   *
   * @param options sets what is other than the default
   */
  public static TlsContext client(Consumer<? super TlsOptions> options) {
    return new TlsContext(NativeConstants.TLS_CLIENT, options);
  }

  /**
   * {@return a server's context}
   *
   * @param options sets the certificate, and what is other than the default
   */
  public static TlsContext server(Consumer<? super TlsOptions> options) {
    return new TlsContext(NativeConstants.TLS_SERVER, options);
  }

  /** Reads the same files again, for later connections. */
  public void reload() {
    low().reload(null);
  }

  /**
   * Gives later connections other certificates.
   *
   * @param options as for a new context
   */
  public void reload(Consumer<? super TlsOptions> options) {
    try (TlsOptions filled = Options.filled(TlsOptions::new, options)) {
      low().reload(Options.low(filled));
    }
  }

  /**
   * Has a server present another context's certificate to clients that ask for a name.
   *
   * @param nameOrWildcard {@code example.org} or {@code *.example.org}
   * @param other a server's context
   */
  public void addServerName(String nameOrWildcard, TlsContext other) {
    low().addServerName(nameOrWildcard, other.low());
  }

  /** Ends the use of this object; what uses the context already goes on. */
  @Override
  public void close() {
    low = null;
  }

  org.aiostate.low.TlsContext low() {
    var open = low;
    if (open == null) throw AioException.of(Status.ERR_CLOSED, "");
    return open;
  }
}
