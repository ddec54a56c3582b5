// An intrusive doubly linked list: joining and leaving cost nothing and cannot fail.
#pragma once

#include "base/check.hpp"

namespace aio {

// A place in at most one list. `Tag` tells the lists of an object apart.
template <class Tag>
class Link {
 public:
  Link() = default;
  Link(const Link &) = delete;
  Link &operator=(const Link &) = delete;

  [[nodiscard]] bool linked() const { return next_ != nullptr; }

  void unlink() {
    if (!linked()) return;
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = nullptr;
  }

 protected:
  ~Link() { AIO_CHECK(!linked()); }

 private:
  template <class T, class U>
  friend class List;
  Link *next_ = nullptr;
  Link *previous_ = nullptr;
};

// A list of T, which derives from Link<Tag>.
template <class T, class Tag>
class List {
 public:
  List() { reset(); }
  ~List() { AIO_CHECK(empty()); }
  List(const List &) = delete;
  List &operator=(const List &) = delete;

  [[nodiscard]] bool empty() const { return end_.next_ == &end_; }
  [[nodiscard]] T *front() { return empty() ? nullptr : item(end_.next_); }

  void push_back(T &t) { insert_before(end_, t); }
  void push_front(T &t) { insert_before(*end_.next_, t); }

  T *pop_front() {
    T *t = front();
    if (t != nullptr) static_cast<Link<Tag> *>(t)->unlink();
    return t;
  }

  [[nodiscard]] T *next(T &t) {
    Link<Tag> *link = static_cast<Link<Tag> &>(t).next_;
    return link == &end_ ? nullptr : item(link);
  }

  // Moves everything to the end of `other`.
  void move_to(List &other) {
    if (empty()) return;
    Link<Tag> *first = end_.next_;
    Link<Tag> *last = end_.previous_;
    first->previous_ = other.end_.previous_;
    other.end_.previous_->next_ = first;
    last->next_ = &other.end_;
    other.end_.previous_ = last;
    reset();
  }

 private:
  struct End : Link<Tag> {
    ~End() { this->next_ = this->previous_ = nullptr; }
    using Link<Tag>::next_;
    using Link<Tag>::previous_;
  };

  static T *item(Link<Tag> *link) { return &static_cast<T &>(*link); }

  void reset() { end_.next_ = end_.previous_ = &end_; }

  static void insert_before(Link<Tag> &place, T &t) {
    Link<Tag> &link = t;
    AIO_CHECK(!link.linked());
    link.next_ = &place;
    link.previous_ = place.previous_;
    place.previous_->next_ = &link;
    place.previous_ = &link;
  }

  End end_;
};

}  // namespace aio
