package org.aiostate.low;

/** What lives for one call, and is freed behind it. */
public interface Deletable {
  /** Frees it; once is enough. */
  void delete();
}
