// Bytes on their way between a language and the library.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace aiostate {

// Somebody else's bytes, for the length of one call. SWIG's typemaps make it from a language's own byte type, and the reverse.
struct ByteView {
  const char *data;
  size_t size;
};

// A block of its own that starts uninitialized, since the kernel is about to fill it.
class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(size_t size) : size_(size), data_(static_cast<char *>(std::malloc(size ? size : 1))) {
    if (!data_) throw std::bad_alloc();
  }
  explicit Bytes(ByteView view) : Bytes(view.size) {
    if (view.size) std::memcpy(data_, view.data, view.size);
  }
  Bytes(Bytes &&other) noexcept : size_(std::exchange(other.size_, 0)), data_(std::exchange(other.data_, nullptr)) {}
  Bytes &operator=(Bytes &&other) noexcept {
    std::swap(size_, other.size_);
    std::swap(data_, other.data_);
    return *this;
  }
  ~Bytes() { std::free(data_); }

  // Forgets all but `size` bytes from `start` on.
  void narrow(size_t start, size_t size) {
    if (start) std::memmove(data_, data_ + start, size);
    size_ = size;
  }

  char *data() const { return data_; }
  size_t size() const { return size_; }
  ByteView view() const { return {data_, size_}; }

 private:
  size_t size_ = 0;
  char *data_ = nullptr;
};

}  // namespace aiostate
