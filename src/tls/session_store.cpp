#include "tls/session_store.hpp"

#include <cstring>

#include "base/allocator.hpp"

namespace aio::tls {

struct SessionStore::Entry final : Link<EntryTag> {
  Text key;
  OwnedSession session;
};

SessionStore::~SessionStore() {
  while (Entry *entry = entries_.pop_front()) dispose(entry);
  mutex_.close();
}

void SessionStore::drop(Entry &entry) {
  entry.unlink();
  dispose(&entry);
  --count_;
}

void SessionStore::put(const char *key, OwnedSession session) {
  Owned<Entry> entry(make<Entry>());
  if (entry == nullptr || !entry->key.assign(key)) return;  // a full handshake will do
  entry->session = std::move(session);
  const net::Lock lock(mutex_);
  entries_.push_front(*entry);
  ++count_;
  size_t same = 0;
  Entry *oldest = nullptr;
  for (Entry *other = entries_.front(); other != nullptr; other = entries_.next(*other)) {
    if (std::strcmp(other->key.get(), key) == 0 && ++same > kMostOfOneKey) oldest = other;
    if (oldest == nullptr && count_ > kMost && entries_.next(*other) == nullptr) oldest = other;
  }
  static_cast<void>(entry.release());
  if (oldest != nullptr) drop(*oldest);
}

OwnedSession SessionStore::take(const char *key) {
  const net::Lock lock(mutex_);
  Entry *next = nullptr;
  for (Entry *entry = entries_.front(); entry != nullptr; entry = next) {
    next = entries_.next(*entry);
    if (std::strcmp(entry->key.get(), key) != 0) continue;
    const bool once = SSL_SESSION_get_protocol_version(entry->session.get()) >= TLS1_3_VERSION;
    const bool usable = SSL_SESSION_is_resumable(entry->session.get()) != 0;
    if (usable && !once) {
      SSL_SESSION_up_ref(entry->session.get());
      return OwnedSession(entry->session.get());
    }
    OwnedSession session = std::move(entry->session);
    drop(*entry);
    if (usable) return session;
  }
  return nullptr;
}

void SessionStore::clear() {
  const net::Lock lock(mutex_);
  while (Entry *entry = entries_.front()) drop(*entry);
}

}  // namespace aio::tls
