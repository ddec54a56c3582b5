// Reading from streams: into the caller's buffer, or into the state's own for those who look at it.
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

void Inbound::begin_bytes() {
  const bool has_ended = buffer_.empty() && !ended_.ok();
  switch (operation_.kind) {
    case Kind::standing:
      if (!buffer_.empty()) return queue();
      break;
    case Kind::framed:
      framer_->begin();
      if (!buffer_.empty() && find_frame()) return;
      break;
    case Kind::look:
      if (!buffer_.empty()) return note_last(AIO_OK);
      break;
    default:
      operation_.position +=
          buffer_.take(operation_.buffer + operation_.position, operation_.end - operation_.position);
      tidy();
      if (!has_ended && operation_.position >= operation_.enough) return note_last(AIO_OK);
      break;
  }
  if (!ended_.ok()) {
    note_last(ended_.status);
  } else {
    state_.request_flush();
  }
}

void Inbound::read_to_buffer() {
  const size_t wanted = std::min(operation_.end - operation_.position, budget());
  if (throttled()) return;
  const bool ahead = throttle_ == nullptr && operation_.end - operation_.start < kLongestWithReadAhead;
  Block none;
  Block &scratch = ahead ? state_.collection().scratch() : none;
  const bool copied = scratch.data != nullptr && wanted <= kLongestCopied;
  const net::Span spans[] = {{operation_.buffer + operation_.position, wanted}, {scratch.data, scratch.capacity}};
  const size_t direct = copied ? 0 : wanted;  // bytes that need not pass through the scratch block
  const net::IoResult result =
      state_.channel().read(copied ? spans + 1 : spans, copied || scratch.data == nullptr ? 1 : 2);
  count_read(result);
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
    if (more_to_read()) state_.request_flush();
  }
}

// What a standing or framed read looks at.
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
  room = std::min(room, budget());
  if (throttled()) return;
  Byte *place = buffer_.reserve(room);
  if (place == nullptr) return note_last(AIO_ERR_NO_MEMORY);
  const net::Span span = {place, room};
  const net::IoResult result = state_.channel().read(&span, 1);
  count_read(result);
  if (result.kind != net::IoResult::Kind::moved) {
    buffer_.fit();
    return settle(result);
  }
  buffer_.commit(result.bytes);
  more_is_likely_ = result.bytes == room;
  if (operation_.kind == Kind::standing) return queue();
  if (find_frame()) return;
  if (!more_to_read()) buffer_.fit();  // whoever sends slowly keeps no large block
  note_progress();
  if (more_to_read()) state_.request_flush();
}

// ---- Frames ----

// Whether the operation has come to its end.
bool Inbound::find_frame() {
  const Framer::Verdict verdict = framer_->look(buffer_.data(), buffer_.size(), state_.buffer_limit());
  switch (verdict.kind) {
    case Framer::Verdict::Kind::incomplete:
      return false;
    case Framer::Verdict::Kind::refused:
      note_last(AIO_ERR_LIMIT);
      return true;
    case Framer::Verdict::Kind::complete:
      break;
  }
  operation_.position = verdict.strip;
  operation_.end = verdict.size;
  note_last(AIO_OK);
  return true;
}

// The frame is consumed, and stays in place while its callback looks at it.
void Inbound::show_frame(const Completion &completion) {
  const size_t strip = operation_.position;
  const size_t size = operation_.end;
  Byte *const frame = buffer_.data();
  buffer_.consume(size);
  shown_ = true;
  state_.enter(completion.callback, frame + strip, size - strip, completion.user_info);
  shown_ = false;
  if (phase_ == Phase::idle) buffer_.fit();
  state_.unpin();
}

}  // namespace aio
