// Sessions that a client may resume, by the name and port of their server; the oldest go when there are too many.
#pragma once

#include "base/list.hpp"
#include "net/thread.hpp"
#include "tls/openssl.hpp"

namespace aio::tls {

class SessionStore {
 public:
  SessionStore() = default;
  ~SessionStore();
  SessionStore(const SessionStore &) = delete;
  SessionStore &operator=(const SessionStore &) = delete;

  [[nodiscard]] bool open() { return mutex_.open(); }

  // ---- Any thread ----
  void put(const char *key, OwnedSession session);
  [[nodiscard]] OwnedSession take(const char *key);  // nullptr: none; one of TLS 1.3 is given once (RFC 8446, C.4)
  void clear();

 private:
  static constexpr size_t kMost = 256;
  static constexpr size_t kMostOfOneKey = 4;

  struct EntryTag;
  struct Entry;

  void drop(Entry &entry);

  net::Mutex mutex_;
  List<Entry, EntryTag> entries_;  // under mutex_; the newest first
  size_t count_ = 0;               // under mutex_
};

}  // namespace aio::tls
