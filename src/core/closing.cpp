#include "core/closing.hpp"

#include "core/state.hpp"

namespace aio {

namespace {

constexpr int kMostDrains = 16;  // reads per readiness

void dispose_request(CloseRequest &request) {
  dispose(request.linger);
  if (!request.embedded) dispose(&request);
}

}  // namespace

void CloseRequest::arrive() { state->closing().request(*this); }

void CloseRequest::run() {
  State &owner = *state;
  const aio_state_callback told = callback;
  void *const info = user_info;
  dispose_request(*this);
  owner.note_closed();
  owner.call(told, AIO_OK, info);
}

Closing::~Closing() { dispose(linger_); }

Linger *Closing::make_linger(Nanoseconds span) { return make<Linger>(*this, span); }

bool Closing::drains() const { return linger_ != nullptr && linger_->drains; }

void Closing::request(CloseRequest &request) {
  Linger *const linger = std::exchange(request.linger, nullptr);
  const bool at_once = linger == nullptr || request.reset || state_.has_failed() || state_.is_attaching();
  if (state_.is_over() || (at_once && !lingers())) {
    dispose(linger);
    state_.close_socket(request.reset);
    answer(request);
    return;
  }
  const bool reset = request.reset;
  (lingers() ? linger_ : linger)->waiting.push_back(request);
  if (at_once) {
    dispose(linger);
    state_.close_socket(reset);
  } else {
    begin_linger(*linger);
  }
}

void Closing::answer(CloseRequest &request) {
  if (request.callback != nullptr) {
    state_.queue(request);
  } else {
    dispose_request(request);
  }
}

// Or makes one shorter that has begun.
void Closing::begin_linger(Linger &linger) {
  const Nanoseconds deadline = after(net::Loop::clock(), linger.span);
  const bool begins = !lingers();
  if (begins) {
    linger_ = &linger;
  } else {
    dispose(&linger);
  }
  state_.collection().deadlines().arm_by(linger_->alarm, deadline);
  if (!begins) return;
  state_.end_input();
  proceed();
}

// Writes first, then our end, then the peer's.
void Closing::proceed() {
  if (!lingers() || linger_->drains || !state_.is_open() || !state_.outbound().idle()) return;
  if (state_.is_datagram()) return state_.close_socket(false);  // datagrams have no end to wait for
  const Error error = state_.channel().shutdown_output();
  if (error.status == AIO_ERR_BUSY) return state_.outbound().wait_for_room();
  if (!error.ok()) return state_.close_socket(false);
  linger_->drains = true;
  state_.watch();
  if (!state_.watches_readable()) return state_.close_socket(false);  // nobody could see the peer's end
  if (state_.channel().has_input()) state_.request_flush();
}

void Closing::on_readable() {
  Byte bytes[1024];
  const Block &scratch = state_.collection().scratch();
  const bool has_scratch = scratch.data != nullptr;
  const net::Span span = {has_scratch ? scratch.data : bytes, has_scratch ? scratch.capacity : sizeof bytes};
  for (int count = 0; count < kMostDrains; ++count) {
    const net::IoResult result = state_.channel().read(&span, 1);
    if (result.kind == net::IoResult::Kind::moved) continue;
    if (result.kind != net::IoResult::Kind::blocked) state_.close_socket(false);
    return;
  }
  if (state_.channel().has_input()) state_.request_flush();
}

void Closing::on_due(Nanoseconds) { state_.close_socket(false); }

void Closing::end_linger() {
  if (!lingers()) return;
  Linger *const linger = std::exchange(linger_, nullptr);
  state_.collection().deadlines().disarm(linger->alarm);
  while (Task *request = linger->waiting.pop_front()) answer(*static_cast<CloseRequest *>(request));
  dispose(linger);
}

}  // namespace aio
