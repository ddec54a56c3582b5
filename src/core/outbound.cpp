#include "core/outbound.hpp"

#include <algorithm>

#include "core/host_lookup.hpp"
#include "core/state.hpp"

namespace aio {

namespace {

constexpr Nanoseconds kRetryDelay = 2'000'000;  // where the kernel does not tell of room

}  // namespace

Outbound::~Outbound() {
  dispose(marks_);
  dispose(throttle_);
}

// ---- Submission: any thread ----

aio_status Outbound::refusal() const {
  if (state_.is_closing() || state_.mailbox().is_shut() || is_shut()) return AIO_ERR_CLOSED;
  return held_.load(std::memory_order_acquire) ? AIO_ERR_BUSY : AIO_OK;
}

bool Outbound::hold() {
  if (held_.exchange(true, std::memory_order_acq_rel)) return false;
  if (writes_.get() == 0) return true;
  release();
  return false;
}

aio_status Outbound::admit(size_t length) {
  const size_t limit = limit_.load(std::memory_order_relaxed);
  if (limit == SIZE_MAX && !exclusive_) {
    const bool first = bytes_.get() == 0;
    if (state_.mailbox().dispatching_here()) {
      writes_.enter_in_dispatch(1);
      bytes_.enter_in_dispatch(length);
    } else {
      writes_.enter(1);
      bytes_.enter(length);
    }
    if (first) first_bytes_.store(length, std::memory_order_relaxed);
    return AIO_OK;
  }
  if (!writes_.enter_if(1, [this](size_t queued) { return queued == 0 || !exclusive_; })) return AIO_ERR_BUSY;
  size_t before = 0;
  const bool admitted = bytes_.enter_if(length, [&](size_t queued) {
    before = queued;
    const size_t waiting = queued - std::min(queued, first_bytes_.load(std::memory_order_relaxed));
    return queued == 0 || (waiting <= limit && length <= limit - waiting);
  });
  if (!admitted) {
    writes_.withdraw(1);
    return AIO_ERR_LIMIT;
  }
  if (before == 0) first_bytes_.store(length, std::memory_order_relaxed);
  return AIO_OK;
}

WriteOperation *Outbound::take_operation() {
  return state_.mailbox().dispatching_here() ? state_.collection().take_write() : make<WriteOperation>();
}

void Outbound::give_back(WriteOperation *operation) {
  operation->clear();
  if (state_.mailbox().dispatching_here()) {
    state_.collection().recycle(operation);
  } else {
    dispose(operation);
  }
}

void Outbound::prepare(WriteOperation &operation, WriteOperation::Kind kind, const Request &request) {
  operation.begin(*this, kind, request);
  operation.patience.begin(state_.write_timeout().get());
  operation.completion = {request.callback, nullptr, state_.user_info()};
}

aio_status Outbound::write(const Request &request, const Cargo *cargo) {
  if (const aio_status status = refusal(); status != AIO_OK) return status;
  WriteOperation *operation = take_operation();
  if (operation == nullptr) return AIO_ERR_NO_MEMORY;
  prepare(*operation, state_.is_datagram() ? WriteOperation::Kind::datagrams : WriteOperation::Kind::bytes, request);
  const size_t length = request.end - request.start;
  aio_status status = cargo == nullptr || operation->load(*cargo) ? admit(length) : AIO_ERR_NO_MEMORY;
  if (status != AIO_OK) {
    give_back(operation);
    return status;
  }
  if (request.options != nullptr) {  // which count for this operation, whatever other threads set meanwhile
    state_.store_write_options(*request.options);
    operation->completion.take(*request.options);
    operation->patience.take(*request.options);
  }
  if (state_.submit(*operation)) return AIO_OK;
  bytes_.withdraw(length);
  writes_.withdraw(1);
  give_back(operation);
  return AIO_ERR_CLOSED;
}

aio_status Outbound::shutdown(aio_state_callback callback, void *user_info) {
  if (const aio_status status = refusal(); status != AIO_OK) return status;
  WriteOperation *operation = take_operation();
  if (operation == nullptr) return AIO_ERR_NO_MEMORY;
  if (shut_.exchange(true, std::memory_order_acq_rel)) {
    give_back(operation);
    return AIO_ERR_CLOSED;
  }
  prepare(*operation, WriteOperation::Kind::shutdown, Request{});
  operation->completion.user_info = state_.user_info_or(user_info);
  operation->shutdown_callback = callback;
  if (state_.submit(*operation)) return AIO_OK;
  give_back(operation);
  return AIO_ERR_CLOSED;
}

// ---- The queue ----

void Outbound::add(WriteOperation &operation) {
  queue_.push_back(operation);
  if (state_.is_over()) {
    finish(operation, {AIO_ERR_CANCELED, 0});
  } else if (!ended_.ok()) {
    finish(operation, ended_);
  } else {
    if (unstamped_ == nullptr) unstamped_ = &operation;
    if (marks_ != nullptr) marks_->note_level(bytes_.get(), AIO_OK);
    state_.request_flush();
    if (operation.lookup != nullptr) operation.lookup->start(state_);
  }
}

void Outbound::finish(WriteOperation &operation, Error outcome) {
  if (unstamped_ == &operation) unstamped_ = queue_.next(operation);
  operation.unlink();
  dispose(std::exchange(operation.lookup, nullptr));
  operation.outcome = outcome;
  bytes_.leave(operation.remaining());
  if (operation.kind == WriteOperation::Kind::shutdown && outcome.status != AIO_OK && ended_.ok() &&
      !state_.is_over()) {
    shut_.store(false, std::memory_order_release);  // nothing was ended: the output works on
  }
  if (operation.completion.for_status(outcome.status) != nullptr || operation.shutdown_callback != nullptr) {
    state_.queue(operation);
  } else {
    forget(operation);  // nobody is told
  }
}

void Outbound::forget(WriteOperation &operation) {
  if (operation.kind != WriteOperation::Kind::shutdown) writes_.leave(1);
  state_.count_written_operation();
  operation.clear();
  state_.collection().recycle(&operation);
}

void Outbound::finish_all(Error outcome) {
  while (WriteOperation *operation = queue_.front()) finish(*operation, outcome);
}

// The operation's callback is entered.
void Outbound::complete(WriteOperation &operation) {
  const Completion completion = operation.completion;
  const aio_state_callback shutdown_callback = operation.shutdown_callback;
  const aio_status status = operation.outcome.status;
  const size_t count = operation.count();
  Byte *const buffer = operation.buffer;
  forget(operation);
  state_.note_write_status(status);
  if (shutdown_callback != nullptr) {
    state_.call(shutdown_callback, status, completion.user_info);
  } else {
    state_.call(completion.for_status(status), buffer, count, completion.user_info);
  }
}

bool Outbound::cancel() {
  if (queue_.empty()) return false;
  finish_all({AIO_ERR_CANCELED, 0});
  queue_changed();
  return true;
}

void Outbound::close() {
  if (!state_.is_datagram()) retract(state_.channel().unsent());
  static_cast<void>(cancel());
  if (throttle_ != nullptr) throttle_->stop(state_.collection());
}

void Outbound::end(Error error) {
  ended_ = error;
  has_ended_.store(true, std::memory_order_release);
  fail(error);
}

void Outbound::reopen() {
  ended_ = {};
  has_ended_.store(false, std::memory_order_release);
}

void Outbound::fail(Error error) {
  blocked_ = false;  // the next one tries anew
  state_.note_error(error);
  finish_all(error);
  queue_changed();
}

// The one way out of what may have taken something off the queue.
void Outbound::queue_changed() {
  WriteOperation *first = queue_.front();
  first_bytes_.store(first == nullptr ? 0 : first->remaining(), std::memory_order_relaxed);
  if (first != nullptr && first->patience.stall_deadline == kNever) note_progress(*first);
  if (marks_ != nullptr) marks_->note_level(bytes_.get(), ended_.status);
  if (first == nullptr) state_.note_output_idle();
}

// ---- Marks and rate ----

void Outbound::set_marks(WriteMarks &marks) {
  if (marks_ != nullptr) {
    marks_->withdraw();
    dispose(marks_);
  }
  marks_ = &marks;
  if (marks.tells()) {
    marks.note_level(bytes_.get(), ended_.status);
  } else {
    dispose(std::exchange(marks_, nullptr));
  }
}

void Outbound::set_throttle(Throttle<Outbound> *throttle) {
  if (throttle_ != nullptr) throttle_->stop(state_.collection());
  dispose(std::exchange(throttle_, throttle));
  if (!state_.is_over()) state_.request_flush();
}

void Outbound::on_budget(Nanoseconds) {
  throttle_->resume();
  if (state_.is_open() && !blocked_) send();
}

size_t Outbound::budget() { return throttle_ == nullptr ? SIZE_MAX : throttle_->budget(state_.collection()); }

void Outbound::note_sent(size_t bytes) {
  if (throttle_ != nullptr) throttle_->take(bytes);
}

// ---- Sending ----

void Outbound::flush(Stamp &stamp) {
  if (state_.is_open() && !waits()) send();
  stamp_new(stamp);
}

void Outbound::on_writable() {
  blocked_ = false;
  send();
}

void Outbound::send() {
  if (queue_.empty() && !state_.channel().has_output()) return;
  if (state_.is_datagram()) {
    send_datagrams();
  } else {
    send_bytes();
  }
  queue_changed();
}

bool Outbound::wants_writable() const { return blocked_ && tells_room_ && !state_.channel().wants_input(); }

void Outbound::mind_channel() {
  if (blocked_) return state_.watch();  // it may have had to read first
  if (state_.is_open() && state_.channel().has_output()) wait_for_room();
}

void Outbound::wait_for_room() {
  blocked_ = true;
  if (tells_room_) {
    state_.watch();
  } else {
    state_.arm_by(after(net::Loop::clock(), kRetryDelay));
  }
}

// ---- Time ----

void Outbound::stamp_new(Stamp &stamp) {
  for (; unstamped_ != nullptr; unstamped_ = queue_.next(*unstamped_)) {
    Patience &patience = unstamped_->patience;
    patience.deadline = kNever;
    if (!patience.limited()) continue;
    patience.deadline = after(stamp.now(), patience.timeout);
    if (unstamped_ == queue_.front()) patience.stall_deadline = after(stamp.now(), patience.stall);
    state_.arm_by(patience.earliest());
  }
}

// A stall counts from being first, and from each byte.
void Outbound::note_progress(WriteOperation &first) {
  if (first.patience.stall == kNever || !first.patience.stamped()) return;
  first.patience.stall_deadline = after(net::Loop::clock(), first.patience.stall);
  state_.arm_by(first.patience.stall_deadline);
}

void Outbound::on_due(Nanoseconds now) {
  if (queue_.empty()) return;
  const bool is_late = queue_.front()->patience.earliest() <= now;
  if (state_.is_open() && (is_late || (blocked_ && !tells_room_))) on_writable();  // one last attempt
  end_overdue(now);
  if (state_.is_datagram()) state_.request_flush();  // one that ended may have been in the way of others
  Nanoseconds next = kNever;
  for (WriteOperation *operation = queue_.front(); operation != nullptr; operation = queue_.next(*operation)) {
    next = std::min(next, operation->patience.earliest());
  }
  state_.arm_by(next);
  queue_changed();
}

// What is behind bytes that timed out is not sent either: there would be a gap. Datagrams stand alone.
void Outbound::end_overdue(Nanoseconds now) {
  bool gap = false;
  WriteOperation *next = nullptr;
  for (WriteOperation *operation = queue_.front(); operation != nullptr; operation = next) {
    next = queue_.next(*operation);
    const bool overdue = operation->patience.earliest() <= now;
    if (!overdue && !gap) continue;
    finish(*operation, {gap ? AIO_ERR_CANCELED : AIO_TIMEOUT, 0});
    gap = !state_.is_datagram();
  }
}

}  // namespace aio
