#include "core/greeting.hpp"

#include "core/acceptor.hpp"

namespace aio {

Greeting::Greeting(Acceptor &acceptor, net::Mailbox &home, State &state, tls::Context &context, Nanoseconds timeout)
    : acceptor_(&acceptor), home_(home), state_(state), context_(Shared<tls::Context>::of(context)), timeout_(timeout) {
  home_.retain();
}

bool Greeting::begin() { return state_.mailbox().submit(start_); }

void Greeting::start() {
  Error error = state_.is_over() ? Error{AIO_ERR_CANCELED, 0} : Error();
  if (error.ok()) error = state_.begin_tls(*context_, {}, *this, timeout_);
  if (!error.ok()) report(error);
}

void Greeting::on_tls(Error outcome) {
  outcome = state_.end_handshake(outcome);
  if (outcome.ok()) {
    state_.on_secured();
  } else {
    state_.on_handshake_failed(outcome);
  }
  report(outcome);
}

// Posted, never at once: whoever is told may destroy the state, which is the caller of this.
void Greeting::report(Error outcome) {
  outcome_ = outcome;
  if (!outcome.ok()) static_cast<void>(error_text_.assign(state_.noted_text()));
  if (!home_.post(*this, net::Mailbox::Late::accept)) dispose(this);  // the acceptor has closed, and the state with it
}

void Greeting::arrive() {
  if (acceptor_ != nullptr) {
    acceptor_->on_greeted(*this);
  } else {
    dispose(this);
  }
}

}  // namespace aio
