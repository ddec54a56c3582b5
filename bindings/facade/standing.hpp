// A standing operation: it delivers until its last call, or until its state ends it.
#pragma once

#include <memory>

#include "completion.hpp"

namespace aiostate {

class Standing : public std::enable_shared_from_this<Standing> {
 public:
  Standing(std::shared_ptr<Loop> of, int number) : loop(std::move(of)), token(number) {}

  // The library holds it, too, from the submission to the last call.
  void hold() { self_ = shared_from_this(); }
  std::shared_ptr<Standing> release() { return std::move(self_); }

  std::unique_ptr<Completion> make_event() {
    auto event = std::make_unique<Completion>(loop, token);
    event->standing = shared_from_this();
    event->last = false;
    return event;
  }

  // An event that is allocated ahead, so that telling it cannot fail.
  void keep_event(bool last) {
    kept_ = std::make_unique<Completion>(loop, token);
    kept_->last = last;
  }
  std::unique_ptr<Completion> kept_event() {
    if (!kept_) return make_event();
    kept_->standing = shared_from_this();
    return std::move(kept_);
  }

  std::shared_ptr<Loop> loop;
  int token;
  Completion *pending = nullptr;  // the delivery that is queued; the loop's

  // A read with checking. Positions in its stream: what the language has dropped, and what it has been shown.
  bool shows_stream = false;
  uint64_t consumed = 0;
  uint64_t seen = 0;

 private:
  std::shared_ptr<Standing> self_;
  std::unique_ptr<Completion> kept_;
};

}  // namespace aiostate
