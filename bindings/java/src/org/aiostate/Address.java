package org.aiostate;

/** A socket address: a numeric host and a port, or the path of a Unix socket. */
public final class Address {
  /** The {@link #family} of Unix sockets. */
  public static final int UNIX = org.aiostate.low.NativeConstants.UNIX;

  final org.aiostate.low.Address low;

  Address(org.aiostate.low.Address low) {
    this.low = low;
  }

  /**
   * {@return an address of a network}
   *
   * @param host an IPv4 or IPv6 address in numbers; names are not looked up
   * @param port a port
   */
  public static Address of(String host, int port) {
    var low = new org.aiostate.low.Address();
    low.parse(host, port);
    return new Address(low);
  }

  /**
   * {@return the address of a Unix socket}
   *
   * @param path a path; on Linux a leading {@code @} means an abstract name
   */
  public static Address ofPath(String path) {
    var low = new org.aiostate.low.Address();
    low.fromPath(path);
    return new Address(low);
  }

  /** {@return the host in numbers, or the path} */
  public String host() {
    synchronized (low) { // it keeps the text
      return low.host();
    }
  }

  /** {@return the port; 0 for a Unix socket} */
  public int port() {
    return low.port();
  }

  /** {@return 4, 6, {@link #UNIX}, or 0 for no address} */
  public int family() {
    return low.family();
  }

  /** {@return host and port, such as {@code 127.0.0.1:80} and {@code [::1]:80}, or the path} */
  @Override
  public String toString() {
    if (family() == 0) return "";
    synchronized (low) {
      return low.format();
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Address address && low.equal(address.low);
  }

  @Override
  public int hashCode() {
    return toString().hashCode();
  }
}
