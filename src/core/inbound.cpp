#include "core/inbound.hpp"

#include <algorithm>

#include "base/allocator.hpp"
#include "core/state.hpp"

namespace aio {

Inbound::~Inbound() {
  dispose(framer_);
  dispose(mail_);
  dispose(throttle_);
}

// ---- Submission: any thread ----

// From here on nobody else may touch the operation.
aio_status Inbound::claim() {
  if (state_.is_closing() || state_.mailbox().is_shut()) return AIO_ERR_CLOSED;
  return claimed_.exchange(true, std::memory_order_acq_rel) ? AIO_ERR_BUSY : AIO_OK;
}

aio_status Inbound::submit(Kind kind, const Request &request) {
  const aio_status status = claim();
  return status == AIO_OK ? start(kind, request) : status;
}

aio_status Inbound::read_until(const void *delimiter, size_t length, const Request &request) {
  if (const aio_status status = claim(); status != AIO_OK) return status;
  if (framer_ == nullptr) framer_ = make<Framer>();
  if (framer_ != nullptr && framer_->set_delimiter(delimiter, length)) return start(Kind::framed, request);
  claimed_.store(false, std::memory_order_release);
  return AIO_ERR_NO_MEMORY;
}

aio_status Inbound::read_frame(const aio_frame_format &format, const Request &request) {
  if (const aio_status status = claim(); status != AIO_OK) return status;
  if (framer_ == nullptr) framer_ = make<Framer>();
  if (framer_ != nullptr) {
    framer_->set_format(format);
    return start(Kind::framed, request);
  }
  claimed_.store(false, std::memory_order_release);
  return AIO_ERR_NO_MEMORY;
}

aio_status Inbound::start(Kind kind, const Request &request) {
  operation_.kind = kind;
  operation_.last = false;
  operation_.buffer = request.buffer;
  operation_.start = operation_.position = request.start;
  operation_.end = operation_.enough = request.end;
  operation_.completion = {request.callback, nullptr, state_.user_info()};
  operation_.max_read = state_.max_read();
  operation_.patience.begin(state_.read_timeout().get());
  if (request.options != nullptr) take_options(*request.options);
  if (state_.submit(*this)) return AIO_OK;
  claimed_.store(false, std::memory_order_release);
  return AIO_ERR_CLOSED;
}

// What is given counts for this operation, whatever other threads set meanwhile.
void Inbound::take_options(const aio_io_options &options) {
  state_.store_read_options(options);
  if (options.minimum != 0) operation_.enough = operation_.start + options.minimum;
  if (options.max_read != 0) operation_.max_read = options.max_read;
  operation_.completion.take(options);
  operation_.patience.take(options);
}

// ---- The operation's way ----

void Inbound::arrive() {
  AIO_CHECK(phase_ == Phase::idle);
  phase_ = Phase::waiting;
  seen_ = 0;
  if (state_.is_over()) {
    note_last(AIO_ERR_CANCELED);
  } else if (state_.is_pending()) {
    state_.request_flush();
  } else {
    begin();
  }
}

void Inbound::on_open() {
  if (phase_ == Phase::waiting) begin();
}

// Serves what is there already; what is missing comes from the socket.
void Inbound::begin() {
  if (mail_ != nullptr) {
    begin_datagrams();
  } else {
    begin_bytes();
  }
}

void Inbound::note_last(aio_status status) {
  operation_.status = status;
  operation_.last = true;
  if (phase_ != Phase::queued) queue();
}

void Inbound::queue() {
  phase_ = Phase::queued;
  state_.queue_read(*this);
}

void Inbound::run() {
  if (operation_.last) {
    complete();
  } else if (operation_.kind == Kind::messages) {
    deliver_messages();
  } else {
    deliver();
  }
}

// The callback of a one-shot operation, or the last one of a standing operation, is entered.
void Inbound::complete() {
  const Completion completion = operation_.completion;
  const aio_status status = operation_.status;
  const aio_buffer_callback callback = completion.for_status(status);
  Byte *const buffer = operation_.buffer;
  const size_t count = operation_.position - operation_.start;
  const Kind kind = operation_.kind;
  phase_ = Phase::idle;
  claimed_.store(false, std::memory_order_release);
  state_.note_read_outcome(status);
  if (kind == Kind::standing) return show(callback, completion.user_info);
  Collection &collection = state_.collection();
  collection.begin_reader(this);
  if (kind == Kind::framed && status == AIO_OK) {
    show_frame(completion);
  } else if (kind == Kind::message && status == AIO_OK) {
    const Letter letter = mail_->received;  // the callback may receive the next one
    mail_->shown = &letter;
    state_.enter(callback, buffer, count, completion.user_info);
    mail_->shown = nullptr;
    state_.unpin();
  } else {
    state_.call(callback, buffer, count, completion.user_info);  // which may be the state's end
  }
  collection.end_reader();
}

// Calls back with what is not consumed, and keeps it in place meanwhile.
void Inbound::show(aio_buffer_callback callback, void *user_info) {
  shown_ = true;
  state_.enter(callback, buffer_.data(), buffer_.size(), user_info);
  shown_ = false;
  if (phase_ == Phase::delivering) {
    seen_ = buffer_.size();
    wait_again();
  }
  if (phase_ != Phase::queued) buffer_.fit();
  state_.unpin();
}

void Inbound::deliver() {
  if (buffer_.size() <= seen_) {  // discarded since it was queued
    wait_again();
    state_.skip_callback();
    return;
  }
  phase_ = Phase::delivering;
  state_.note_read_outcome(AIO_OK);
  show(operation_.completion.callback, operation_.completion.user_info);
}

void Inbound::wait_again() {
  phase_ = Phase::waiting;
  operation_.patience.begin_again();
  if (!ended_.ok()) {
    note_last(ended_.status);
  } else {
    state_.request_flush();
  }
}

// ---- Reading ----

// Without news of the socket.
bool Inbound::more_to_read() const { return more_is_likely_ || state_.channel().has_input(); }

void Inbound::on_readable() {
  more_is_likely_ = false;
  switch (operation_.kind) {
    case Kind::buffer:
      return read_to_buffer();
    case Kind::standing:
    case Kind::framed:
      return read_to_deliver();
    case Kind::look:
      return look();
    case Kind::message:
      return receive_one();
    case Kind::messages:
      return await_messages();
  }
}

void Inbound::look() {
  const net::IoResult result = mail_ != nullptr ? net::peek_datagram(state_.channel_socket()) : state_.channel().peek();
  if (result.kind == net::IoResult::Kind::moved) {
    note_last(AIO_OK);
  } else {
    settle(result);
  }
}

// A read that gave no bytes.
void Inbound::settle(const net::IoResult &result) {
  if (result.kind == net::IoResult::Kind::blocked) return;
  const Error error = state_.read_error(result);
  const bool stays = mail_ == nullptr && error.status != AIO_ERR_NO_MEMORY;  // without memory the connection is well
  return stays ? end(error) : fail(error);
}

void Inbound::end(Error error) {
  ended_ = error;
  has_ended_.store(true, std::memory_order_release);
  fail(error);
}

void Inbound::reopen() {
  ended_ = {};
  has_ended_.store(false, std::memory_order_release);
}

void Inbound::fail(Error error) {
  state_.note_error(error);
  if (phase_ == Phase::waiting) note_last(error.status);
}

bool Inbound::cancel() {
  const bool runs =
      phase_ == Phase::waiting || phase_ == Phase::delivering || (phase_ == Phase::queued && !operation_.last);
  if (phase_ == Phase::delivering) {
    hold_rest();
    seen_ = buffer_.size();
  }
  if (runs) note_last(AIO_ERR_CANCELED);
  return runs;
}

void Inbound::close() {
  static_cast<void>(cancel());
  if (throttle_ != nullptr) throttle_->stop(state_.collection());
  buffer_.leave_pool();
}

// ---- What is not consumed ----

void Inbound::tidy() {
  if (buffer_.empty() && !shown_) buffer_.fit();
}

size_t Inbound::buffered() const { return mail_ != nullptr ? mail_->held_bytes : buffer_.size(); }

size_t Inbound::take(void *destination, size_t length) {
  if (claimed()) return 0;
  const size_t taken = mail_ != nullptr ? take_message(destination, length) : buffer_.take(destination, length);
  tidy();
  return taken;
}

size_t Inbound::discard(size_t count) {
  // Datagrams and frames are consumed as they are delivered.
  if (mail_ != nullptr || (phase_ == Phase::queued && operation_.kind == Kind::framed)) return buffered();
  if (framer_ != nullptr) framer_->begin();  // what it has searched is not where it was
  seen_ -= std::min(seen_, count);
  buffer_.consume(count);
  tidy();
  return buffer_.size();
}

size_t Inbound::finish(size_t count) {
  static_cast<void>(discard(count));
  if (phase_ == Phase::idle || !is_standing()) return buffered();
  hold_rest();
  if (linked()) {
    unlink();
    state_.forget_queued();
  }
  phase_ = Phase::idle;
  claimed_.store(false, std::memory_order_release);
  return buffered();
}

// ---- TLS begins or ends ----

bool Inbound::move_to(tls::Engine &engine) {
  if (!engine.feed(buffer_.data(), buffer_.size())) return false;
  buffer_.consume(buffer_.size());
  tidy();
  return true;
}

Error Inbound::make_room(net::Span &room) {
  const size_t limit = state_.buffer_limit();
  if (buffer_.size() >= limit) return {AIO_ERR_LIMIT, 0};
  room.size = std::min(limit - buffer_.size(), BlockPool::kLargestKept);
  room.data = buffer_.reserve(room.size);
  return room.data == nullptr ? Error{AIO_ERR_NO_MEMORY, 0} : Error();
}

bool Inbound::take_from(ByteQueue &rest) {
  if (rest.empty()) return true;
  Byte *place = buffer_.reserve(rest.size());
  if (place == nullptr) return false;
  buffer_.commit(rest.take(place, rest.size()));
  buffer_.fit();
  return true;
}

// ---- Rate ----

size_t Inbound::budget() { return throttle_ == nullptr ? SIZE_MAX : throttle_->budget(state_.collection()); }

void Inbound::count_read(const net::IoResult &result) {
  if (throttle_ != nullptr) throttle_->take(result.bytes);
  state_.count_read(result);
}

void Inbound::set_throttle(Throttle<Inbound> *throttle) {
  if (throttle_ != nullptr) throttle_->stop(state_.collection());
  dispose(std::exchange(throttle_, throttle));
  if (phase_ == Phase::waiting) state_.request_flush();
}

void Inbound::on_budget(Nanoseconds) {
  throttle_->resume();
  if (phase_ == Phase::waiting) state_.request_flush();
}

// ---- Time ----

void Inbound::flush(Stamp &stamp) {
  if (phase_ != Phase::waiting) return;
  if (state_.is_open()) {
    if (more_to_read() && !throttled()) on_readable();
    if (phase_ != Phase::waiting) return;
    if (!state_.watches_readable()) state_.watch();
  }
  Patience &patience = operation_.patience;
  if (patience.stamped()) return;
  patience.deadline = kNever;
  if (!patience.limited()) return;
  patience.deadline = after(stamp.now(), patience.timeout);
  patience.stall_deadline = after(stamp.now(), patience.stall);
  state_.arm_by(patience.earliest());
}

void Inbound::note_progress() {
  Patience &patience = operation_.patience;
  if (patience.stall != kNever) patience.stall_deadline = after(net::Loop::clock(), patience.stall);
}

void Inbound::on_due(Nanoseconds now) {
  if (phase_ != Phase::waiting) return;
  Patience &patience = operation_.patience;
  if (patience.earliest() <= now) {
    if (state_.is_open()) on_readable();  // one last attempt
    if (phase_ != Phase::waiting) return;
    if (patience.earliest() <= now) return note_last(AIO_TIMEOUT);
  }
  state_.arm_by(patience.earliest());
}

}  // namespace aio
