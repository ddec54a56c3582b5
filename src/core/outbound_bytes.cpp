// Sending on streams: all queued writes with as few system calls as they fit.
#include <algorithm>

#include "core/state.hpp"

namespace aio {

namespace {

// Sent in one go at most; the rest waits for its turn, so that one fast reader does not starve the others.
constexpr size_t kMostPerTurn = size_t{1} << 20;

}  // namespace

// What the channel has taken goes first, and what is in it entirely is done then.
bool Outbound::flush_channel() {
  net::Channel &channel = state_.channel();
  if (!channel.has_output()) return true;
  const size_t unsent = channel.unsent();
  const net::IoResult result = channel.flush();
  if (result.kind == net::IoResult::Kind::failed) {
    retract(unsent);
    end(state_.write_error(result));
    return false;
  }
  if (WriteOperation *first = queue_.front(); first != nullptr && result.bytes != 0) note_progress(*first);
  if (channel.has_output()) {
    wait_for_room();
    return false;
  }
  state_.request_flush();  // it may not have read meanwhile
  return true;
}

void Outbound::send_bytes() {
  if (!flush_channel()) return;
  size_t sent = 0;
  while (WriteOperation *first = queue_.front()) {
    if (first->kind == WriteOperation::Kind::shutdown) return shut_down(*first);
    if (first->remaining() == 0) {  // empty ones, in their order
      finish(*first, {});
      continue;
    }
    net::ConstSpan spans[net::kMostSpans];
    size_t total = 0;
    const size_t most = std::min(kMostPerTurn, budget());
    if (most == 0) return;
    const size_t span_count = gather(spans, most, total);
    const net::IoResult result = state_.channel().write(spans, span_count);
    state_.count_write(result);
    if (result.kind == net::IoResult::Kind::failed) {
      const Error error = state_.write_error(result);
      return error.status == AIO_ERR_NO_MEMORY ? fail(error) : end(error);  // without memory the connection is well
    }
    note_sent(result.bytes);
    advance(result.bytes);
    sent += result.bytes;
    const bool is_full = result.bytes < total || state_.channel().has_output();
    if (is_full || (sent >= kMostPerTurn && !queue_.empty())) return wait_for_room();
  }
}

// The bytes that may leave now, in order; stops before an operation that cannot be joined to those before it.
size_t Outbound::gather(net::ConstSpan *spans, size_t most, size_t &total) {
  size_t count = 0;
  for (WriteOperation *operation = queue_.front();
       operation != nullptr && operation->kind == WriteOperation::Kind::bytes && count < net::kMostSpans &&
       total < most;
       operation = queue_.next(*operation)) {
    const size_t begin = count;
    count += operation->gather(spans + count, net::kMostSpans - count, most - total);
    size_t gathered = 0;
    for (size_t index = begin; index < count; ++index) gathered += spans[index].size;
    total += gathered;
    if (gathered < operation->remaining()) break;
  }
  return count;
}

// An operation is done when the kernel has all of it.
void Outbound::advance(size_t count) {
  const size_t unsent = state_.channel().unsent();
  WriteOperation *next = nullptr;
  for (WriteOperation *operation = queue_.front(); count != 0; operation = next) {
    next = queue_.next(*operation);
    const size_t taken = std::min(count, operation->remaining());
    operation->advance(taken);
    bytes_.leave(taken);
    count -= taken;
    if (operation->remaining() == 0 && count >= unsent) {
      finish(*operation, {});
    } else {
      note_progress(*operation);
    }
  }
}

// The latest bytes taken from the queue do not go out: of a record nobody can open a part.
void Outbound::retract(size_t count) {
  size_t taken = 0;
  for (WriteOperation *operation = queue_.front(); operation != nullptr; operation = queue_.next(*operation)) {
    taken += operation->position - operation->start;
  }
  size_t kept = taken - std::min(taken, count);  // less is there if operations have ended with what they counted
  bytes_.enter_in_dispatch(taken - kept);
  for (WriteOperation *operation = queue_.front(); operation != nullptr; operation = queue_.next(*operation)) {
    const size_t keeps = std::min(kept, operation->position - operation->start);
    operation->position = operation->start + keeps;
    kept -= keeps;
  }
}

void Outbound::shut_down(WriteOperation &operation) {
  const Error error = state_.channel().shutdown_output();
  if (error.status == AIO_ERR_BUSY) return wait_for_room();
  if (error.ok()) {
    finish(operation, {});
    ended_ = {AIO_ERR_CLOSED, 0};
    finish_all(ended_);  // writes that other threads submitted meanwhile
  } else {
    end(error);
  }
}

}  // namespace aio
