#include "core/inbound.hpp"

#include <algorithm>
#include <cstring>

#include "core/state.hpp"

namespace aio {

namespace {

// Shorter reads also take what lies behind them: a header and its body cost one system call. For longer ones the copy would
// cost more than the call.
constexpr size_t kLongestWithReadAhead = size_t{16} << 10;

// Up to here a copy out of the scratch block costs less than the kernel's handling of a second vector.
constexpr size_t kLongestCopied = size_t{2} << 10;

}  // namespace

// ---- Submission: any thread ----

aio_status Inbound::submit(Kind kind, const Request &request) {
  if (state_.is_closing() || state_.mailbox().is_shut()) return AIO_ERR_CLOSED;
  if (claimed_.exchange(true, std::memory_order_acq_rel)) return AIO_ERR_BUSY;
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
  } else if (state_.is_connecting()) {
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
  const bool has_ended = buffer_.empty() && !ended_.ok();
  switch (operation_.kind) {
    case Kind::buffer:
      operation_.position +=
          buffer_.take(operation_.buffer + operation_.position, operation_.end - operation_.position);
      tidy();
      if (!has_ended && operation_.position >= operation_.enough) return note_last(AIO_OK);
      break;
    case Kind::standing:
      if (!buffer_.empty()) return queue();
      break;
    case Kind::look:
      if (!buffer_.empty()) return note_last(AIO_OK);
      break;
  }
  if (!ended_.ok()) {
    note_last(ended_.status);
  } else {
    state_.request_flush();
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
  } else {
    deliver();
  }
}

// The callback of a one-shot operation, or the last one of a standing operation, is entered.
void Inbound::complete() {
  const Completion completion = operation_.completion;
  const aio_status status = operation_.status;
  Byte *const buffer = operation_.buffer;
  const size_t count = operation_.position - operation_.start;
  const bool standing = operation_.kind == Kind::standing;
  phase_ = Phase::idle;
  claimed_.store(false, std::memory_order_release);
  state_.note_read_outcome(status);
  if (standing) {
    show(completion.for_status(status), completion.user_info);
    return;
  }
  Collection &collection = state_.collection();
  collection.begin_reader(this);
  state_.call(completion.for_status(status), buffer, count, completion.user_info);  // which may be the state's end
  collection.end_reader();
}

// Calls back with what is not consumed, and keeps it in place meanwhile.
void Inbound::show(aio_buffer_callback callback, void *user_info) {
  const State::Pin pin(state_);
  shown_ = true;
  state_.call(callback, buffer_.data(), buffer_.size(), user_info);
  shown_ = false;
  if (phase_ == Phase::delivering) {
    seen_ = buffer_.size();
    wait_again();
  }
  if (phase_ != Phase::queued) buffer_.fit();
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

void Inbound::on_readable() {
  more_is_likely_ = false;
  switch (operation_.kind) {
    case Kind::buffer:
      return read_to_buffer();
    case Kind::standing:
      return read_to_deliver();
    case Kind::look:
      return look();
  }
}

void Inbound::read_to_buffer() {
  const size_t wanted = operation_.end - operation_.position;
  const bool ahead = operation_.end - operation_.start < kLongestWithReadAhead;
  Block none;
  Block &scratch = ahead ? state_.collection().scratch() : none;
  const bool copied = scratch.data != nullptr && wanted <= kLongestCopied;
  const net::Span spans[] = {{operation_.buffer + operation_.position, wanted}, {scratch.data, scratch.capacity}};
  const size_t direct = copied ? 0 : wanted;  // bytes that need not pass through the scratch block
  const net::IoResult result =
      state_.channel().read(copied ? spans + 1 : spans, copied || scratch.data == nullptr ? 1 : 2);
  state_.count_read(result);
  if (result.kind != net::IoResult::Kind::moved) return settle(result);
  const size_t stored = std::min(result.bytes, wanted);
  if (copied) std::memcpy(spans[0].data, scratch.data, stored);
  operation_.position += stored;
  if (result.bytes > stored) buffer_.fill_from(scratch, stored - direct, result.bytes - stored);
  more_is_likely_ = result.bytes == direct + scratch.capacity;
  if (operation_.position >= operation_.enough) {
    note_last(AIO_OK);
  } else {
    note_progress();
  }
}

void Inbound::read_to_deliver() {
  const size_t limit = state_.buffer_limit();
  if (buffer_.size() >= limit) {
    // One byte more would be too many; an end would not.
    const net::IoResult result = state_.channel().peek();
    return result.kind == net::IoResult::Kind::moved ? note_last(AIO_ERR_LIMIT) : settle(result);
  }
  size_t room = std::min(operation_.max_read, limit - buffer_.size());
  // A little left over must not make the common read need a larger block than a pooled one.
  if (buffer_.size() <= BlockPool::kLargestKept / 2) room = std::min(room, BlockPool::kLargestKept - buffer_.size());
  Byte *place = buffer_.reserve(room);
  if (place == nullptr) return note_last(AIO_ERR_NO_MEMORY);
  const net::Span span = {place, room};
  const net::IoResult result = state_.channel().read(&span, 1);
  state_.count_read(result);
  if (result.kind == net::IoResult::Kind::moved) {
    buffer_.commit(result.bytes);
    more_is_likely_ = result.bytes == room;
    queue();
  } else {
    buffer_.fit();
    settle(result);
  }
}

void Inbound::look() {
  const net::IoResult result = state_.channel().peek();
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
  return error.status == AIO_ERR_NO_MEMORY ? fail(error) : end(error);  // without memory the connection is well
}

void Inbound::end(Error error) {
  ended_ = error;
  fail(error);
}

void Inbound::fail(Error error) {
  state_.note_error(error);
  if (phase_ == Phase::waiting) note_last(error.status);
}

bool Inbound::cancel() {
  const bool runs =
      phase_ == Phase::waiting || phase_ == Phase::delivering || (phase_ == Phase::queued && !operation_.last);
  if (phase_ == Phase::delivering) seen_ = buffer_.size();
  if (runs) note_last(AIO_ERR_CANCELED);
  return runs;
}

void Inbound::close() {
  static_cast<void>(cancel());
  buffer_.leave_pool();
}

// ---- What is not consumed ----

void Inbound::tidy() {
  if (buffer_.empty() && !shown_) buffer_.fit();
}

size_t Inbound::take(void *destination, size_t length) {
  if (claimed()) return 0;
  const size_t taken = buffer_.take(destination, length);
  tidy();
  return taken;
}

size_t Inbound::discard(size_t count) {
  seen_ -= std::min(seen_, count);
  buffer_.consume(count);
  tidy();
  return buffer_.size();
}

size_t Inbound::finish(size_t count) {
  const size_t left = discard(count);
  if (phase_ == Phase::idle || operation_.kind != Kind::standing) return left;
  if (linked()) {
    unlink();
    state_.forget_queued();
  }
  phase_ = Phase::idle;
  claimed_.store(false, std::memory_order_release);
  return left;
}

// ---- Time ----

void Inbound::flush(Stamp &stamp) {
  if (phase_ != Phase::waiting) return;
  if (state_.is_open()) {
    if (more_is_likely_) on_readable();
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
