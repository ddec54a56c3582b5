#include "base/allocator.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace aio {

namespace {

struct Functions {
  Allocate allocate = std::malloc;
  Reallocate reallocate = std::realloc;
  Release release = std::free;
};

Functions functions;
std::atomic<bool> used{false};

}  // namespace

void *allocate(size_t size) {
  if (!used.load(std::memory_order_relaxed)) used.store(true, std::memory_order_relaxed);
  return functions.allocate(size);
}

void release(void *block) {
  if (block != nullptr) functions.release(block);
}

aio_status set_allocator(Allocate allocate, Reallocate reallocate, Release release) {
  const int given = (allocate != nullptr) + (reallocate != nullptr) + (release != nullptr);
  if (given != 0 && given != 3) return AIO_ERR_INVALID_ARGUMENT;
  if (used.load(std::memory_order_relaxed)) return AIO_ERR_BUSY;
  functions = given == 0 ? Functions() : Functions{allocate, reallocate, release};
  return AIO_OK;
}

bool Text::assign(const char *text) {
  const size_t length = text == nullptr ? 0 : std::strlen(text);
  char *copy = nullptr;
  if (length != 0) {
    copy = static_cast<char *>(allocate(length + 1));
    if (copy == nullptr) return false;
    std::memcpy(copy, text, length + 1);
  }
  release(copy_);
  copy_ = copy;
  return true;
}

}  // namespace aio
