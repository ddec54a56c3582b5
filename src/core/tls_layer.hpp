// TLS on a state: its engine, and the handshake or the detaching that is under way, which holds both directions meanwhile.
#pragma once

#include "base/allocator.hpp"
#include "core/errand.hpp"
#include "tls/engine.hpp"

namespace aio {

class State;

// Who awaits the end of a handshake or of detaching. Called on the driver's thread; runs no user code.
class TlsOwner {
 public:
  virtual void on_tls(Error outcome) = 0;

 protected:
  ~TlsOwner() = default;
};

class TlsLayer {
 public:
  // nullptr: failed, and `error` says why. `below` is the state's plain channel.
  [[nodiscard]] static TlsLayer *create(State &state, net::Channel &below, tls::Context &context,
                                        const tls::ServerName &server, Error &error);

  // ---- The driver ----
  [[nodiscard]] tls::Engine &engine() { return *engine_; }
  void shake_hands(TlsOwner &owner, Nanoseconds timeout);
  void detach(TlsOwner &owner, Nanoseconds timeout);
  void proceed();  // the socket may be ready, or this has just begun
  void close();    // with the state

  TlsLayer(State &state, tls::Engine &engine) : state_(state), engine_(&engine) {}
  TlsLayer(const TlsLayer &) = delete;
  TlsLayer &operator=(const TlsLayer &) = delete;

 private:
  enum class Phase : uint8_t { shaking_hands, detaching, at_rest };

  void begin(Phase phase, TlsOwner &owner, Nanoseconds timeout);
  [[nodiscard]] net::IoResult step();
  [[nodiscard]] net::IoResult receive_rest();
  void end(Error outcome);
  void on_due(Nanoseconds now);

  State &state_;
  const Owned<tls::Engine> engine_;
  TlsOwner *owner_ = nullptr;  // unless at rest
  Phase phase_ = Phase::at_rest;
  Alarm<TlsLayer, &TlsLayer::on_due> alarm_{*this};
};

}  // namespace aio
