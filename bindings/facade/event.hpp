// One event, reused for the next: no ownership crosses into the language.
#pragma once

#include "aiostate.hpp"

namespace aiostate {

class Event {
 public:
  Event() = default;
  Event(const Event &) = delete;
  Event &operator=(const Event &) = delete;

  int token() const { return held_ ? held_->token : 0; }
  int status() const { return held_ ? held_->status : 0; }
  // EVENT_OPERATION, or which of its callbacks an acceptor's event stands for.
  int kind() const { return held_ ? held_->kind : 0; }
  // No event with this token comes after it.
  bool last() const { return held_ && held_->last; }
  // Bytes read or written; messages sent.
  size_t count() const { return held_ ? held_->count : 0; }
  // What was read; empty for everything else. Valid until the next event.
  ByteView bytes() const;
  // How many of the bytes an earlier event of the same read with checking has shown.
  size_t old_length() const { return old_length_; }
  // More about an error, or "".
  const char *text() const { return held_ ? held_->text.c_str() : ""; }
  int system_error() const { return held_ ? held_->system_error : 0; }
  // A datagram's sender, and whether the datagram was cut off.
  Address address() const { return Address(held_ ? held_->address : aio_address{}); }
  bool truncated() const { return held_ && held_->truncated; }
  // Moves the accepted connection into `state`, which holds none yet. What nobody takes is closed.
  void take_state(State *state);
  // Which of the acceptor's `collections` the connection lives in, from 0; -1: the acceptor's own.
  int home() const { return held_ ? held_->home : -1; }

#ifndef SWIG
  bool hold(std::unique_ptr<Completion> completion);

 private:
  std::unique_ptr<Completion> held_;
  size_t skip_ = 0;  // leading bytes that have been dropped since they were delivered
  size_t old_length_ = 0;
#endif
};

}  // namespace aiostate
