#include "core/tls_layer.hpp"

#include "core/state.hpp"

namespace aio {

TlsLayer *TlsLayer::create(State &state, net::Channel &below, tls::Context &context, const tls::ServerName &server,
                           Error &error) {
  Owned<tls::Engine> engine(tls::Engine::create(below, state.collection().blocks(), context, server, error));
  if (engine == nullptr) return nullptr;
  TlsLayer *layer = make<TlsLayer>(state, *engine);
  if (layer == nullptr) {
    error = {AIO_ERR_NO_MEMORY, 0};
  } else {
    static_cast<void>(engine.release());
  }
  return layer;
}

void TlsLayer::shake_hands(TlsOwner &owner, Nanoseconds timeout) { begin(Phase::shaking_hands, owner, timeout); }

void TlsLayer::detach(TlsOwner &owner, Nanoseconds timeout) { begin(Phase::detaching, owner, timeout); }

void TlsLayer::begin(Phase phase, TlsOwner &owner, Nanoseconds timeout) {
  phase_ = phase;
  owner_ = &owner;
  if (timeout != kNever) state_.collection().deadlines().arm(alarm_, after(net::Loop::clock(), timeout));
  state_.request_flush();  // a callback may still be looking at what was received
}

void TlsLayer::proceed() {
  const net::IoResult result = step();
  switch (result.kind) {
    case net::IoResult::Kind::moved:
    case net::IoResult::Kind::ended:
      return end({});
    case net::IoResult::Kind::failed:
      return end(result.error());
    case net::IoResult::Kind::blocked:
      break;
  }
  if (const Error error = state_.watch_for_tls(engine_->has_output()); !error.ok()) end(error);
}

// What has been sealed goes out before anything else, and before this ends.
net::IoResult TlsLayer::step() {
  if (phase_ == Phase::shaking_hands) {
    static_cast<void>(engine_->flush());  // a handshake finds by itself that it failed
    return engine_->shake_hands();
  }
  engine_->notify_close();
  const net::IoResult sent = engine_->flush();
  const net::IoResult result = receive_rest();
  const bool is_sent = !engine_->has_output() && !engine_->wants_input();
  if (result.kind != net::IoResult::Kind::failed && sent.kind == net::IoResult::Kind::failed) return sent;
  // In plain nothing may come before our close_notify.
  return result.kind == net::IoResult::Kind::ended && !is_sent ? net::IoResult::blocked() : result;
}

// What the peer sent before its close_notify is for the reads to come.
net::IoResult TlsLayer::receive_rest() {
  for (;;) {
    net::Span room = {nullptr, 0};
    if (const Error error = state_.inbound().make_room(room); !error.ok()) return net::IoResult::failed(error);
    const net::IoResult result = engine_->read(&room, 1);
    state_.inbound().keep(result.bytes);
    if (result.kind != net::IoResult::Kind::moved) return result;
  }
}

// The last thing done: the owner may dispose of this.
void TlsLayer::end(Error outcome) {
  phase_ = Phase::at_rest;
  state_.collection().deadlines().disarm(alarm_);
  if (TlsOwner *owner = std::exchange(owner_, nullptr)) owner->on_tls(outcome);
}

void TlsLayer::close() {
  engine_->close();
  if (phase_ != Phase::at_rest) end({AIO_ERR_CANCELED, 0});
}

void TlsLayer::on_due(Nanoseconds) {
  proceed();  // one last attempt
  if (owner_ != nullptr) end({AIO_TIMEOUT, 0});
}

}  // namespace aio
