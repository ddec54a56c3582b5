#include "event.hpp"

#include <algorithm>

namespace aiostate {

// Deliveries of a read with checking may have waited here while the language dropped bytes. False: nothing of it is left.
bool Event::hold(std::unique_ptr<Completion> completion) {
  held_ = std::move(completion);
  skip_ = old_length_ = 0;
  Standing *standing = held_->standing.get();
  if (!standing || !standing->shows_stream) return true;
  uint64_t end = held_->begin + held_->bytes.size();
  skip_ = std::min<uint64_t>(standing->consumed - held_->begin, held_->bytes.size());
  old_length_ = standing->seen > standing->consumed ? std::min(standing->seen, end) - standing->consumed : 0;
  held_->count = held_->bytes.size() - skip_;
  standing->seen = std::max(standing->seen, end);
  return held_->last || held_->count > old_length_;
}

ByteView Event::bytes() const {
  if (!held_) return {"", 0};
  return {held_->bytes.data() + skip_, held_->bytes.size() - skip_};
}

void Event::take_state(State *state) {
  if (!held_ || !held_->accepted) throw Error(AIO_ERR_NOT_FOUND);
  wanted(state).adopt(held_->accepted, held_->accepted_loop);
  held_->accepted = nullptr;
}

}  // namespace aiostate
