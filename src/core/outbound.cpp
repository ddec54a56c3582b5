#include "core/outbound.hpp"

#include <algorithm>

#include "core/state.hpp"

namespace aio {

namespace {

// Sent in one go at most; the rest waits for its turn, so that one fast reader does not starve the others.
constexpr size_t kMostPerTurn = size_t{1} << 20;

}  // namespace

void WriteOperation::arrive() { outbound->add(*this); }
void WriteOperation::run() { outbound->complete(*this); }

// ---- Submission: any thread ----

bool Outbound::refuses() const {
  return state_.is_closing() || state_.mailbox().is_shut() || shut_.load(std::memory_order_acquire);
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
  if (state_.mailbox().dispatching_here()) {
    state_.collection().recycle(operation);
  } else {
    dispose(operation);
  }
}

void Outbound::prepare(WriteOperation &operation, const Request &request) {
  operation.outbound = this;
  operation.buffer = request.buffer;
  operation.start = operation.position = request.start;
  operation.end = request.end;
  operation.patience.begin(state_.write_timeout().get());
  operation.completion = {request.callback, nullptr, state_.user_info()};
  operation.shutdown_callback = nullptr;
  operation.shuts_down = false;
}

aio_status Outbound::write(const Request &request) {
  if (refuses()) return AIO_ERR_CLOSED;
  WriteOperation *operation = take_operation();
  if (operation == nullptr) return AIO_ERR_NO_MEMORY;
  const size_t length = request.end - request.start;
  if (const aio_status status = admit(length); status != AIO_OK) {
    give_back(operation);
    return status;
  }
  prepare(*operation, request);
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
  if (refuses()) return AIO_ERR_CLOSED;
  WriteOperation *operation = take_operation();
  if (operation == nullptr) return AIO_ERR_NO_MEMORY;
  if (shut_.exchange(true, std::memory_order_acq_rel)) {
    give_back(operation);
    return AIO_ERR_CLOSED;
  }
  prepare(*operation, Request{});
  operation->completion.user_info = state_.user_info_or(user_info);
  operation->shutdown_callback = callback;
  operation->shuts_down = true;
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
    state_.request_flush();
  }
}

void Outbound::finish(WriteOperation &operation, Error outcome) {
  if (unstamped_ == &operation) unstamped_ = queue_.next(operation);
  operation.unlink();
  operation.outcome = outcome;
  bytes_.leave(operation.remaining());
  if (operation.shuts_down && outcome.status != AIO_OK && ended_.ok() && !state_.is_over()) {
    shut_.store(false, std::memory_order_release);  // nothing was ended: the output works on
  }
  if (operation.completion.for_status(outcome.status) != nullptr || operation.shutdown_callback != nullptr) {
    state_.queue(operation);
  } else {
    forget(operation);  // nobody is told
  }
}

void Outbound::forget(WriteOperation &operation) {
  if (!operation.shuts_down) writes_.leave(1);
  state_.count_written_operation();
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
  note_first();
  return true;
}

void Outbound::end(Error error) {
  ended_ = error;
  fail(error);
}

void Outbound::fail(Error error) {
  blocked_ = false;  // the next one tries anew
  state_.note_error(error);
  finish_all(error);
  note_first();
  state_.note_output_idle();
}

void Outbound::note_first() {
  WriteOperation *first = queue_.front();
  first_bytes_.store(first == nullptr ? 0 : first->remaining(), std::memory_order_relaxed);
  if (first != nullptr && first->patience.stall_deadline == kNever) note_progress(*first);
}

// ---- Sending ----

void Outbound::flush(Stamp &stamp) {
  if (state_.is_open() && !blocked_) send();
  stamp_new(stamp);
}

void Outbound::on_writable() {
  blocked_ = false;
  send();
}

void Outbound::send() {
  size_t sent = 0;
  while (WriteOperation *first = queue_.front()) {
    if (first->shuts_down) {
      shut_down(*first);
      break;
    }
    net::ConstSpan spans[net::kMostSpans];
    size_t total = 0;
    const size_t span_count = gather(spans, total);
    if (span_count == 0) {  // empty ones, in their order
      finish(*first, {});
      continue;
    }
    const net::IoResult result = state_.channel().write(spans, span_count);
    state_.count_write(result);
    if (result.kind == net::IoResult::Kind::failed) {
      const Error error = state_.write_error(result);
      return error.status == AIO_ERR_NO_MEMORY ? fail(error) : end(error);  // without memory the connection is well
    }
    advance(result.bytes);
    sent += result.bytes;
    if (result.bytes < total || (sent >= kMostPerTurn && !queue_.empty())) {
      wait_for_room();
      break;
    }
  }
  note_first();
  if (queue_.empty()) state_.note_output_idle();
}

// The bytes that may leave now, in order; stops before an operation that cannot be joined to those before it.
size_t Outbound::gather(net::ConstSpan *spans, size_t &total) {
  size_t count = 0;
  for (WriteOperation *operation = queue_.front();
       operation != nullptr && !operation->shuts_down && count < net::kMostSpans && total < kMostPerTurn;
       operation = queue_.next(*operation)) {
    const size_t size = std::min(operation->remaining(), kMostPerTurn - total);
    if (size == 0) continue;
    spans[count++] = {operation->buffer + operation->position, size};
    total += size;
  }
  return count;
}

void Outbound::advance(size_t count) {
  while (count != 0) {
    WriteOperation &first = *queue_.front();
    const size_t taken = std::min(count, first.remaining());
    first.position += taken;
    bytes_.leave(taken);
    count -= taken;
    if (first.remaining() == 0) {
      finish(first, {});
    } else {
      note_progress(first);
    }
  }
}

void Outbound::shut_down(WriteOperation &operation) {
  const Error error = state_.channel().shutdown_output();
  if (error.ok()) {
    finish(operation, {});
    ended_ = {AIO_ERR_CLOSED, 0};
    finish_all(ended_);  // writes that other threads submitted meanwhile
  } else {
    end(error);
  }
}

void Outbound::wait_for_room() {
  blocked_ = true;
  state_.watch();
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
  if (state_.is_open() && queue_.front()->patience.earliest() <= now) on_writable();  // one last attempt
  end_overdue(now);
  note_first();
  Nanoseconds next = kNever;
  for (WriteOperation *operation = queue_.front(); operation != nullptr; operation = queue_.next(*operation)) {
    next = std::min(next, operation->patience.earliest());
  }
  state_.arm_by(next);
  if (queue_.empty()) state_.note_output_idle();
}

// What is behind an operation that timed out is not sent either: there would be a gap.
void Outbound::end_overdue(Nanoseconds now) {
  WriteOperation *operation = queue_.front();
  while (operation != nullptr && operation->patience.earliest() > now) operation = queue_.next(*operation);
  if (operation == nullptr) return;
  aio_status status = AIO_TIMEOUT;
  while (operation != nullptr) {
    WriteOperation *next = queue_.next(*operation);
    finish(*operation, {status, 0});
    status = AIO_ERR_CANCELED;
    operation = next;
  }
}

}  // namespace aio
