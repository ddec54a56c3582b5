#include "base/byte_queue.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/allocator.hpp"

namespace aio {

namespace {

Block new_block(size_t size) {
  const size_t capacity = std::bit_ceil(std::max(size, BlockPool::kSmallest));
  Byte *data = static_cast<Byte *>(allocate(capacity));
  return data == nullptr ? Block() : Block{data, capacity};
}

}  // namespace

BlockPool::~BlockPool() {
  for (Free *first : free_) {
    while (first != nullptr) release(std::exchange(first, first->next));
  }
}

int BlockPool::class_of(size_t capacity) { return std::countr_zero(capacity) - std::countr_zero(kSmallest); }

Block BlockPool::borrow(size_t size) {
  if (size > kLargestKept) return new_block(size);
  const size_t capacity = std::bit_ceil(std::max(size, kSmallest));
  const int index = class_of(capacity);
  if (free_[index] == nullptr) return new_block(capacity);
  Free *block = free_[index];
  free_[index] = block->next;
  kept_bytes_ -= capacity;
  return Block{reinterpret_cast<Byte *>(block), capacity};
}

void BlockPool::give_back(Block block) {
  const int index = class_of(block.capacity);
  if (index >= kClasses || kept_bytes_ + block.capacity > kMostKeptBytes) {
    release(block.data);
    return;
  }
  free_[index] = ::new (block.data) Free{free_[index]};
  kept_bytes_ += block.capacity;
}

void ByteQueue::drop_block() {
  if (block_.data == nullptr) return;
  if (pool_ != nullptr) {
    pool_->give_back(block_);
  } else {
    release(block_.data);
  }
  block_ = Block();
  begin_ = 0;
}

bool ByteQueue::move_to_block_of(size_t capacity) {
  Block block = pool_ != nullptr ? pool_->borrow(capacity) : new_block(capacity);
  if (block.data == nullptr) return false;
  if (size_ != 0) std::memcpy(block.data, data(), size_);
  drop_block();
  block_ = block;
  return true;
}

Byte *ByteQueue::reserve(size_t count) {
  if (size_ == 0) begin_ = 0;
  if (block_.capacity - begin_ - size_ < count) {
    if (count > SIZE_MAX / 4 || size_ > SIZE_MAX / 4) return nullptr;
    if (block_.capacity >= size_ + count && begin_ >= size_) {
      std::memcpy(block_.data, data(), size_);
      begin_ = 0;
    } else if (!move_to_block_of(2 * size_ +
                                 count)) {  // twice, so that growing byte by byte copies each byte a few times
      return nullptr;
    }
  }
  return data() + size_;
}

void ByteQueue::consume(size_t count) {
  count = std::min(count, size_);
  size_ -= count;
  begin_ += count;
}

size_t ByteQueue::take(void *destination, size_t count) {
  count = std::min(count, size_);
  if (count != 0) std::memcpy(destination, data(), count);
  consume(count);
  return count;
}

void ByteQueue::fill_from(Block &source, size_t begin, size_t count) {
  if (move_to_block_of(count)) {
    std::memcpy(block_.data, source.data + begin, count);
  } else {
    drop_block();
    block_ = std::exchange(source, Block());
    begin_ = begin;
  }
  size_ = count;
}

void ByteQueue::fit() {
  if (size_ == 0) {
    drop_block();
  } else if (block_.capacity > BlockPool::kSmallest && size_ <= block_.capacity / 4) {
    static_cast<void>(move_to_block_of(size_));  // without memory the large block serves as well
  }
}

void ByteQueue::leave_pool() { pool_ = nullptr; }

}  // namespace aio
