// A connection accepted with TLS, until its state is handed out or given up. Its handshake goes on in the collection of the
// state, which may be another thread's than the acceptor's.
#pragma once

#include "base/list.hpp"
#include "core/errand.hpp"
#include "core/tls_layer.hpp"
#include "net/mailbox.hpp"

namespace aio {

class Acceptor;

struct GreetingTag;

// As a task it brings the outcome to the acceptor's thread.
class Greeting final : public Task, public Link<GreetingTag>, private TlsOwner {
 public:
  Greeting(Acceptor &acceptor, net::Mailbox &home, State &state, tls::Context &context, Nanoseconds timeout);
  ~Greeting() { home_.release(); }
  Greeting(const Greeting &) = delete;
  Greeting &operator=(const Greeting &) = delete;

  // ---- The acceptor's thread ----
  [[nodiscard]] bool begin();  // false: the state's collection has ended
  void orphan() { acceptor_ = nullptr; }
  [[nodiscard]] State &state() { return state_; }
  [[nodiscard]] Error outcome() const { return outcome_; }
  [[nodiscard]] const char *error_text() const { return error_text_.get(); }

 private:
  void arrive() override;
  void run() override {}

  // ---- The state's thread ----
  void start();
  void on_tls(Error outcome) override;
  void report(Error outcome);

  Acceptor *acceptor_;  // nullptr: it has closed
  net::Mailbox &home_;  // the acceptor's
  State &state_;
  const Shared<tls::Context> context_;
  const Nanoseconds timeout_;
  Error outcome_;
  Text error_text_;
  Errand<Greeting, &Greeting::start> start_{*this};
};

}  // namespace aio
