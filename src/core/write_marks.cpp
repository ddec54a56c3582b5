#include "core/write_marks.hpp"

#include "core/state.hpp"

namespace aio {

void WriteMarks::arrive() { state_.outbound().set_marks(*this); }

void WriteMarks::note_level(size_t queued_bytes, aio_status status) {
  if (queued_bytes >= high_) reached_ = true;
  if (!reached_ || queued_bytes > low_ || queued_bytes >= high_ || state_.is_closing()) return;
  reached_ = false;
  status_ = status;
  if (!linked()) state_.queue(*this);
}

void WriteMarks::withdraw() {
  if (!linked()) return;
  unlink();
  state_.forget_queued();
}

void WriteMarks::run() {
  if (state_.is_closing()) {
    state_.skip_callback();
  } else {
    state_.call(drained_, status_, state_.user_info_or(user_info_));
  }
}

}  // namespace aio
