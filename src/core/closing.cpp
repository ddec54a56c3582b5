#include "core/closing.hpp"

#include "core/state.hpp"

namespace aio {

namespace {

constexpr int kMostDrains = 16;  // reads per readiness

}  // namespace

void CloseRequest::arrive() { state->closing().request(*this); }

void CloseRequest::run() {
  State &owner = *state;
  const aio_state_callback told = callback;
  void *const info = user_info;
  if (!embedded) dispose(this);
  owner.note_closed();
  owner.call(told, AIO_OK, info);
}

void Closing::request(CloseRequest &request) {
  const Nanoseconds linger = request.linger;
  const bool reset = request.reset;
  if (request.callback != nullptr) {
    if (state_.is_over()) {
      state_.queue(request);
    } else {
      waiting_.push_back(request);
    }
  } else if (!request.embedded) {
    dispose(&request);
  }
  if (state_.is_over()) return;
  if (reset || linger == 0 || state_.has_failed()) {
    state_.close_socket(reset);
  } else {
    begin_linger(linger);
  }
}

void Closing::begin_linger(Nanoseconds linger) {
  state_.collection().deadlines().arm_by(alarm_, after(net::Loop::clock(), linger));
  if (lingers_) return;
  lingers_ = true;
  state_.end_input();
  proceed();
}

// Writes first, then our end, then the peer's.
void Closing::proceed() {
  if (!lingers_ || drains_ || !state_.is_open() || !state_.outbound().idle()) return;
  if (!state_.channel().shutdown_output().ok()) {
    state_.close_socket(false);
    return;
  }
  drains_ = true;
  state_.watch();
}

void Closing::on_readable() {
  Byte byte[1024];
  Block &scratch = state_.collection().scratch();
  const net::Span span =
      scratch.data != nullptr ? net::Span{scratch.data, scratch.capacity} : net::Span{byte, sizeof byte};
  for (int count = 0; count < kMostDrains; ++count) {
    const net::IoResult result = state_.channel().read(&span, 1);
    if (result.kind == net::IoResult::Kind::moved) continue;
    if (result.kind != net::IoResult::Kind::blocked) state_.close_socket(false);
    return;
  }
}

void Closing::on_due(Nanoseconds) { state_.close_socket(false); }

void Closing::tell() {
  while (Task *request = waiting_.pop_front()) state_.queue(*request);
}

void Closing::disarm() { state_.collection().deadlines().disarm(alarm_); }

}  // namespace aio
