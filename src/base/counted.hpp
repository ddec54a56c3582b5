// Objects that several owners share, on any threads.
#pragma once

#include <atomic>
#include <utility>

#include "base/allocator.hpp"

namespace aio {

template <class T>
class Counted {
 public:
  void retain() { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) dispose(static_cast<T *>(this));
  }

 private:
  std::atomic<int> references_{1};
};

// One owner's share.
template <class T>
class Shared {
 public:
  Shared() = default;
  explicit Shared(T *owned) : object_(owned) {}  // takes over the maker's share
  Shared(const Shared &other) : object_(other.object_) {
    if (object_ != nullptr) object_->retain();
  }
  Shared(Shared &&other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Shared &operator=(Shared other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Shared() {
    if (object_ != nullptr) object_->release();
  }

  [[nodiscard]] static Shared of(T &object) {
    object.retain();
    return Shared(&object);
  }
  [[nodiscard]] T *get() const { return object_; }
  T *operator->() const { return object_; }
  T &operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  T *object_ = nullptr;
};

}  // namespace aio
