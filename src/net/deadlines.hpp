// Deadlines in the order in which they are due. A pairing heap of the deadlines themselves (Fredman et al., 1986): arming
// costs no memory, so it cannot fail.
#pragma once

#include "base/time.hpp"

namespace aio::net {

class Deadline {
 public:
  Deadline() = default;
  Deadline(const Deadline &) = delete;
  Deadline &operator=(const Deadline &) = delete;

  [[nodiscard]] bool armed() const { return previous_ != nullptr; }
  [[nodiscard]] Nanoseconds time() const { return time_; }

  // The armed time has come; the deadline is disarmed. `now` is never ahead of the clock.
  virtual void due(Nanoseconds now) = 0;

 protected:
  ~Deadline() = default;

 private:
  friend class Deadlines;
  Nanoseconds time_ = kNever;
  Deadline *child_ = nullptr;
  Deadline *next_ = nullptr;      // sibling
  Deadline *previous_ = nullptr;  // sibling, or for a first child its parent, or for the root itself; null if not armed
};

class Deadlines {
 public:
  [[nodiscard]] Nanoseconds next() const { return root_ == nullptr ? kNever : root_->time_; }

  void arm(Deadline &deadline, Nanoseconds time);
  void disarm(Deadline &deadline);

  // Arms for the earlier of two times: the owner looks again when it is due, so a later time moves nothing.
  void arm_by(Deadline &deadline, Nanoseconds time) {
    if (time < (deadline.armed() ? deadline.time_ : kNever)) arm(deadline, time);
  }

  [[nodiscard]] Deadline *pop_due(Nanoseconds now);

 private:
  static Deadline *meld(Deadline *one, Deadline *other);
  static Deadline *meld_children(Deadline *first);
  void set_root(Deadline *root);

  Deadline *root_ = nullptr;
};

}  // namespace aio::net
