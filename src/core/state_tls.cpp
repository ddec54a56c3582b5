// TLS on a state: asked for by any thread, begun and ended on the driver's.
#include "base/allocator.hpp"
#include "core/state.hpp"

namespace aio {

namespace {

constexpr Nanoseconds kDefaultTimeout = 10'000'000'000;

// One call of attach or detach. It holds both directions until its callback is entered.
class TlsRequest : public Task, protected TlsOwner {
 public:
  TlsRequest(State &state, aio_state_callback callback, void *user_info, Nanoseconds timeout)
      : state_(state), timeout_(timeout == 0 ? kDefaultTimeout : timeout), callback_(callback), user_info_(user_info) {}

  void run() override {
    State &state = state_;
    const aio_state_callback callback = callback_;
    const aio_status status = outcome_.status;
    void *const user_info = user_info_;
    state.release_directions();
    vanish();
    state.call(callback, status, user_info);
  }

 protected:
  ~TlsRequest() = default;
  virtual void vanish() = 0;

  // run() follows, not before whoever calls this has returned.
  void finish(Error outcome) {
    outcome_ = outcome;
    if (callback_ != nullptr) {
      state_.queue(*this);
    } else {
      state_.queue_unnoticed(*this);
    }
  }

  State &state_;
  const Nanoseconds timeout_;

 private:
  const aio_state_callback callback_;
  void *const user_info_;
  Error outcome_;
};

class AttachRequest final : public TlsRequest {
 public:
  AttachRequest(State &state, tls::Context &context, aio_state_callback callback, void *user_info, Nanoseconds timeout)
      : TlsRequest(state, callback, user_info, timeout), context_(Shared<tls::Context>::of(context)) {}

  [[nodiscard]] bool expect(const char *server_name) { return server_name_.assign(server_name); }

  void arrive() override {
    aio_address peer = {};
    static_cast<void>(state_.address(net::peer_address, peer));
    Error error = state_.can_attach();
    if (!error.ok()) {
      state_.forget_tls();
      return finish(error);
    }
    error = state_.begin_tls(*context_, {server_name_.get(), net::port_of(peer)}, *this, timeout_);
    if (error.ok()) return;
    state_.on_handshake_failed(error);  // in plain nothing goes out that was meant for TLS
    finish(error);
  }

 private:
  void on_tls(Error outcome) override {
    outcome = state_.end_handshake(outcome);
    if (outcome.ok()) {
      state_.on_secured();
    } else {
      state_.on_handshake_failed(outcome);
    }
    finish(outcome);
  }
  void vanish() override { dispose(this); }

  const Shared<tls::Context> context_;
  Text server_name_;
};

class DetachRequest final : public TlsRequest {
 public:
  using TlsRequest::TlsRequest;

  void arrive() override {
    const Error error = state_.begin_detach(*this, timeout_);
    if (!error.ok()) finish(error);
  }

 private:
  void on_tls(Error outcome) override { finish(state_.end_detach(outcome, layer_)); }
  void vanish() override { dispose(this); }

  Owned<TlsLayer> layer_;  // which has ended, and is the caller of this
};

}  // namespace

// ---- Any thread ----

// Both directions, and what the state has of TLS, for a request.
aio_status State::claim_for_tls(TlsUse from) {
  if (is_closing() || mailbox_.is_shut() || outbound_.is_shut()) return AIO_ERR_CLOSED;
  {
    const net::Lock lock(mailbox_.socket_mutex());
    if (!plain_.socket.is_open()) return AIO_ERR_NOT_CONNECTED;
  }
  if (from == TlsUse::none && (inbound_.has_ended() || outbound_.has_ended())) return AIO_ERR_CLOSED;
  TlsUse use = from;
  if (!tls_use_.compare_exchange_strong(use, TlsUse::changing)) {
    return use == TlsUse::none ? AIO_ERR_NOT_CONNECTED : AIO_ERR_BUSY;
  }
  if (inbound_.hold()) {
    if (outbound_.hold()) return AIO_OK;
    inbound_.release();
  }
  tls_use_.store(from);
  return AIO_ERR_BUSY;
}

void State::release_directions() {
  inbound_.release();
  outbound_.release();
}

template <class Request>
aio_status State::post_for_tls(Request *request, TlsUse from) {
  if (request != nullptr && submit(*request)) return AIO_OK;
  release_directions();
  tls_use_.store(from);
  dispose(request);
  return request == nullptr ? AIO_ERR_NO_MEMORY : AIO_ERR_CLOSED;
}

aio_status State::attach_tls(tls::Context &context, aio_state_callback callback, const aio_attach_options &options) {
  if (const aio_status status = claim_for_tls(TlsUse::none); status != AIO_OK) return status;
  Owned<AttachRequest> request(make<AttachRequest>(*this, context, callback, user_info_or(options.user_info),
                                                   nanoseconds(options.handshake_timeout)));
  if (request != nullptr && !request->expect(options.server_name)) request.reset();
  return post_for_tls(request.release(), TlsUse::none);
}

aio_status State::detach_tls(aio_state_callback callback, Nanoseconds timeout, void *user_info) {
  if (const aio_status status = claim_for_tls(TlsUse::attached); status != AIO_OK) return status;
  return post_for_tls(make<DetachRequest>(*this, callback, user_info_or(user_info), timeout), TlsUse::attached);
}

// ---- The driver ----

// What another thread did at the same time, or the peer before, can be in the way.
Error State::can_attach() {
  if (is_over()) return {AIO_ERR_CANCELED, 0};
  if (!inbound_.ended().ok()) return inbound_.ended();
  if (!outbound_.ended().ok()) return outbound_.ended();
  return {outbound_.idle() ? AIO_OK : AIO_ERR_BUSY, 0};
}

Error State::begin_tls(tls::Context &context, const tls::ServerName &server, TlsOwner &owner, Nanoseconds timeout) {
  Error error;
  Owned<TlsLayer> layer(TlsLayer::create(*this, plain_, context, server, error));
  if (layer == nullptr) return error;
  if (!inbound_.move_to(layer->engine())) return {AIO_ERR_NO_MEMORY, 0};
  tls_ = layer.release();
  tls_use_.store(TlsUse::changing);
  phase_ = Phase::securing;
  tls_->shake_hands(owner, timeout);
  return {};
}

Error State::end_handshake(Error outcome) {
  note_error(outcome);
  if (!outcome.ok()) return outcome;
  tls::PeerFacts *facts = tls_->engine().make_facts();
  if (facts == nullptr) return {AIO_ERR_NO_MEMORY, 0};
  dispose(facts_.exchange(facts));
  tls_side_.store(facts->side, std::memory_order_release);
  tls_use_.store(TlsUse::attached);
  return {};
}

void State::on_secured() {
  phase_ = Phase::open;
  inbound_.on_open();
  request_flush();
  closing_process_.proceed();
}

void State::on_handshake_failed(Error error) {
  forget_tls();
  if (phase_ != Phase::securing && !is_open()) return;
  phase_ = Phase::open;
  inbound_.end(error);
  outbound_.end(error);
}

Error State::begin_detach(TlsOwner &owner, Nanoseconds timeout) {
  Error error;
  if (is_over()) error = {AIO_ERR_CANCELED, 0};
  if (error.ok() && inbound_.ended().status < 0) error = inbound_.ended();
  if (error.ok() && !outbound_.idle()) error = {AIO_ERR_BUSY, 0};
  if (!error.ok()) {
    tls_use_.store(TlsUse::attached);
    return error;
  }
  phase_ = Phase::securing;
  tls_->detach(owner, timeout);
  return {};
}

// In plain, the channel is the socket itself. If the peer has not come to that yet, reading goes on.
Error State::end_detach(Error outcome, Owned<TlsLayer> &layer) {
  note_error(outcome);
  if (outcome.status == AIO_ERR_CANCELED) return outcome;
  phase_ = Phase::open;
  if (outcome.ok() && !inbound_.take_from(tls_->engine().rest())) outcome = {AIO_ERR_NO_MEMORY, 0};
  if (outcome.ok()) {
    layer.reset(std::exchange(tls_, nullptr));
    tls_side_.store(0, std::memory_order_release);
    inbound_.reopen();
    outbound_.reopen();
    forget_tls();
    return outcome;
  }
  tls_use_.store(TlsUse::attached);
  const bool goes_on =
      outcome.status == AIO_TIMEOUT || outcome.status == AIO_ERR_LIMIT || outcome.status == AIO_ERR_NO_MEMORY;
  outbound_.end(goes_on ? Error{AIO_ERR_CLOSED, 0} : outcome);
  if (!goes_on) inbound_.end(outcome);
  inbound_.on_open();
  request_flush();
  return outcome;
}

Error State::watch_for_tls(bool writable) {
  Error error;
  if (open_poller(error)) poller_->watch(true, writable);
  return error;
}

void *State::ssl() {
  void *found = nullptr;
  static_cast<void>(look([&] {
    if (tls_ != nullptr && is_open()) found = tls_->engine().ssl();
    return size_t{0};
  }));
  return found;
}

}  // namespace aio
