// Bytes that were read and not consumed, contiguous, in blocks that are borrowed only while there are any.
#pragma once

#include <cstddef>
#include <cstdint>

namespace aio {

using Byte = unsigned char;

struct Block {
  Byte *data = nullptr;
  size_t capacity = 0;
};

// Blocks in sizes of powers of two; returned ones are kept for the next borrower, up to a bound for all together.
class BlockPool {
 public:
  static constexpr size_t kSmallest = 512;
  static constexpr size_t kLargestKept = size_t{64} << 10;

  BlockPool() = default;
  BlockPool(const BlockPool &) = delete;
  BlockPool &operator=(const BlockPool &) = delete;
  ~BlockPool();

  [[nodiscard]] Block borrow(size_t size);  // no data: no memory
  void give_back(Block block);

 private:
  static constexpr int kClasses = 8;
  static constexpr size_t kMostKeptBytes = size_t{2} << 20;

  struct Free {
    Free *next;
  };
  static int class_of(size_t capacity);

  Free *free_[kClasses] = {};
  size_t kept_bytes_ = 0;
};

class ByteQueue {
 public:
  explicit ByteQueue(BlockPool &pool) : pool_(&pool) {}
  ByteQueue(const ByteQueue &) = delete;
  ByteQueue &operator=(const ByteQueue &) = delete;
  ~ByteQueue() { drop_block(); }

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] Byte *data() { return block_.data + begin_; }

  // Room for `count` more bytes behind the last one; nullptr: no memory. commit() tells how many were stored.
  [[nodiscard]] Byte *reserve(size_t count);
  void commit(size_t count) { size_ += count; }

  void consume(size_t count);  // the block stays, and what is in it, until fit() or reserve()
  size_t take(void *destination, size_t count);

  // Makes `count` bytes of `source`, from `begin` on, the content of this empty queue: by a copy, or, without memory for
  // one, by taking the block itself, whose `data` is null then.
  void fill_from(Block &source, size_t begin, size_t count);

  void fit();         // gives an empty block back, and most of a nearly empty one
  void leave_pool();  // from now on other threads may consume

 private:
  void drop_block();
  [[nodiscard]] bool move_to_block_of(size_t capacity);

  BlockPool *pool_;
  Block block_;
  size_t begin_ = 0;
  size_t size_ = 0;
};

}  // namespace aio
