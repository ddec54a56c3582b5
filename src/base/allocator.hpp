// The library's memory: every block comes from here, and every request can fail.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include <aiostate/types.h>

namespace aio {

[[nodiscard]] void *allocate(size_t size);
void release(void *block);

using Allocate = void *(AIO_CALL *)(size_t);
using Reallocate = void *(AIO_CALL *)(void *, size_t);
using Release = void(AIO_CALL *)(void *);

[[nodiscard]] aio_status set_allocator(Allocate allocate, Reallocate reallocate, Release release);

// Makes a T, or answers nullptr.
template <class T, class... Arguments>
[[nodiscard]] T *make(Arguments &&...arguments) {
  void *block = allocate(sizeof(T));
  return block == nullptr ? nullptr : ::new (block) T(std::forward<Arguments>(arguments)...);
}

template <class T>
void dispose(T *object) {
  if (object == nullptr) return;
  object->~T();
  release(object);
}

template <class T>
struct Disposer {
  void operator()(T *object) const { dispose(object); }
};

template <class T>
using Owned = std::unique_ptr<T, Disposer<T>>;

// A NUL-terminated copy of a text, "" if there is none; owns no memory then.
class Text {
 public:
  Text() = default;
  Text(Text &&other) noexcept : copy_(std::exchange(other.copy_, nullptr)) {}
  Text &operator=(Text &&) = delete;
  Text(const Text &) = delete;
  Text &operator=(const Text &) = delete;
  ~Text() { release(copy_); }

  [[nodiscard]] bool assign(const char *text);  // false: no memory; the old text stays
  [[nodiscard]] const char *get() const { return copy_ == nullptr ? "" : copy_; }

 private:
  char *copy_ = nullptr;
};

}  // namespace aio
