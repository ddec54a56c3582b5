// A TLS context: settings that a reload replaces, a server's names, a client's sessions. Counted: connections keep it.
#pragma once

#include "base/counted.hpp"
#include "base/list.hpp"
#include "net/thread.hpp"
#include "tls/kept_options.hpp"
#include "tls/session_store.hpp"
#include "tls/settings.hpp"

namespace aio::tls {

// The settings that new connections get. Counted by itself, so that contexts that name each other can end.
class CurrentSettings final : public Counted<CurrentSettings> {
 public:
  [[nodiscard]] bool open() { return mutex_.open(); }
  ~CurrentSettings() { mutex_.close(); }

  [[nodiscard]] Shared<Settings> get();
  void set(Shared<Settings> settings);

 private:
  net::Mutex mutex_;
  Shared<Settings> settings_;  // under mutex_
};

class Context final : public Counted<Context> {
 public:
  // nullptr: failed; the last error text says more than `status`.
  [[nodiscard]] static Context *create(Side side, const aio_tls_options &options, aio_status &status);

  // ---- Any thread ----
  [[nodiscard]] aio_status reload(const aio_tls_options *options);  // nullptr: the same files again
  [[nodiscard]] aio_status add_name(const char *pattern, Context &other);

  [[nodiscard]] Side side() const { return side_; }
  [[nodiscard]] bool verifies() const { return current_->get()->verifies(); }
  [[nodiscard]] Shared<Settings> settings() const { return current_->get(); }
  [[nodiscard]] Shared<Settings> settings_for(const char *name, size_t length);  // nothing: no such name
  [[nodiscard]] SessionStore &sessions() { return sessions_; }
  [[nodiscard]] const BIO_METHOD *bio_method() const { return bio_method_.get(); }

  explicit Context(Side side) : side_(side) {}
  ~Context();
  Context(const Context &) = delete;
  Context &operator=(const Context &) = delete;

 private:
  struct NameTag;
  struct Name;

  [[nodiscard]] bool open();  // false: no memory

  const Side side_;
  Shared<CurrentSettings> current_;
  SessionStore sessions_;
  OwnedBioMethod bio_method_;
  net::Mutex mutex_;
  List<Name, NameTag> names_;  // under mutex_; the latest first
  KeptOptions kept_;           // under mutex_
};

}  // namespace aio::tls
