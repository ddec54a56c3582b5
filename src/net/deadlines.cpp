#include "net/deadlines.hpp"

#include <utility>

#include "base/check.hpp"

namespace aio::net {

Deadline *Deadlines::meld(Deadline *one, Deadline *other) {
  if (one == nullptr) return other;
  if (other == nullptr) return one;
  if (other->time_ < one->time_) std::swap(one, other);
  other->next_ = one->child_;
  if (one->child_ != nullptr) one->child_->previous_ = other;
  other->previous_ = one;
  one->child_ = other;
  return one;
}

// Melds siblings in pairs from the left, then the pairs from the right: amortized O(log n).
Deadline *Deadlines::meld_children(Deadline *first) {
  Deadline *pairs = nullptr;  // linked by next_, the last one first
  while (first != nullptr) {
    Deadline *second = first->next_;
    Deadline *rest = second == nullptr ? nullptr : second->next_;
    first->next_ = nullptr;
    if (second != nullptr) second->next_ = nullptr;
    Deadline *pair = meld(first, second);
    pair->next_ = std::exchange(pairs, pair);
    first = rest;
  }
  Deadline *root = nullptr;
  while (pairs != nullptr) {
    Deadline *pair = std::exchange(pairs, pairs->next_);
    pair->next_ = nullptr;
    root = meld(root, pair);
  }
  return root;
}

void Deadlines::set_root(Deadline *root) {
  root_ = root;
  if (root != nullptr) root->previous_ = root;
}

void Deadlines::arm(Deadline &deadline, Nanoseconds time) {
  disarm(deadline);
  if (time == kNever) return;
  deadline.time_ = time;
  set_root(meld(root_, &deadline));
}

void Deadlines::disarm(Deadline &deadline) {
  if (!deadline.armed()) return;
  Deadline *children = meld_children(std::exchange(deadline.child_, nullptr));
  if (root_ == &deadline) {
    root_ = nullptr;
  } else {
    Deadline *before = deadline.previous_;
    Deadline *&place = before->child_ == &deadline ? before->child_ : before->next_;
    place = deadline.next_;
    if (deadline.next_ != nullptr) deadline.next_->previous_ = before;
  }
  deadline.next_ = deadline.previous_ = nullptr;
  set_root(meld(root_, children));
}

Deadline *Deadlines::pop_due(Nanoseconds now) {
  if (root_ == nullptr || root_->time_ > now) return nullptr;
  Deadline *first = root_;
  disarm(*first);
  return first;
}

}  // namespace aio::net
