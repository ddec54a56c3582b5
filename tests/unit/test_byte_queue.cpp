// The queue of unread bytes and the pool of its blocks.
#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

#include "base/byte_queue.hpp"
#include "unit.hpp"

namespace aio {

namespace {

constexpr size_t kMostKeptBytes = size_t{2} << 20;

void append(ByteQueue &queue, const std::string &text) {
  Byte *room = queue.reserve(text.size());
  assert_non_null(room);
  std::memcpy(room, text.data(), text.size());
  queue.commit(text.size());
}

void expect_content(ByteQueue &queue, const std::string &text) {
  assert_int_equal(queue.size(), text.size());
  assert_int_equal(queue.empty(), text.empty());
  if (!text.empty()) assert_memory_equal(queue.data(), text.data(), text.size());
}

Block block_with(BlockPool &pool, const std::string &text) {
  Block block = pool.borrow(text.size());
  std::memcpy(block.data, text.data(), text.size());
  return block;
}

std::string some_text(size_t size, uint32_t *seed) {
  std::string text(size, '\0');
  for (char &letter : text) letter = static_cast<char>('a' + random_below(26, seed));
  return text;
}

// One random operation on the queue and on its model.
void step(ByteQueue &queue, std::string &model, uint32_t *seed) {
  switch (random_below(6, seed)) {
    case 0:
    case 1: {
      const std::string text = some_text(1 + random_below(random_below(20, seed) == 0 ? 200000 : 900, seed), seed);
      append(queue, text);
      model += text;
      break;
    }
    case 2: {
      std::string taken(random_below(3000, seed), '\0');
      taken.resize(queue.take(taken.data(), taken.size()));
      assert_true(taken == model.substr(0, taken.size()));
      model.erase(0, taken.size());
      break;
    }
    case 3: {
      const size_t count = random_below(static_cast<unsigned>(model.size()) + 100, seed);
      queue.consume(count);
      model.erase(0, count);
      break;
    }
    case 4:
      queue.fit();
      break;
    default:  // room that is not used
      assert_non_null(queue.reserve(1 + random_below(5000, seed)));
  }
}

void test_queue__does_what_a_string_does(void **) {
  BlockPool pool;
  ByteQueue queue(pool);
  std::string model;
  uint32_t seed = 1;
  for (int i = 0; i < 2000; ++i) {
    step(queue, model, &seed);
    expect_content(queue, model);
  }
}

void test_queues__share_a_pool_without_sharing_bytes(void **) {
  BlockPool pool;
  ByteQueue queues[4] = {ByteQueue(pool), ByteQueue(pool), ByteQueue(pool), ByteQueue(pool)};
  std::string models[4];
  uint32_t seed = 2;
  for (int i = 0; i < 2000; ++i) {
    const unsigned chosen = random_below(4, &seed);
    step(queues[chosen], models[chosen], &seed);
    for (int j = 0; j < 4; ++j) expect_content(queues[j], models[j]);
  }
}

void test_queue__empty_owns_no_block(void **) {
  BlockPool pool;
  ByteQueue queue(pool);
  assert_true(queue.empty());
  assert_int_equal(live_allocations(), 0);
}

void test_take__gives_what_is_there(void **) {
  BlockPool pool;
  ByteQueue queue(pool);
  char taken[10];
  append(queue, "abc");
  assert_int_equal(queue.take(taken, sizeof taken), 3);
  assert_memory_equal(taken, "abc", 3);
  assert_int_equal(queue.take(nullptr, 0), 0);
}

void test_consume__more_than_there_is_empties(void **) {
  BlockPool pool;
  ByteQueue queue(pool);
  append(queue, "abc");
  queue.consume(SIZE_MAX);
  expect_content(queue, "");
}

void test_consumed_bytes__stay_until_the_queue_is_used_again(void **) {
  BlockPool pool;
  ByteQueue queue(pool);
  append(queue, "abc");
  const Byte *view = queue.data();
  queue.consume(3);
  assert_memory_equal(view, "abc", 3);
}

void test_reserve__without_commit_adds_nothing(void **) {
  BlockPool pool;
  ByteQueue queue(pool);
  append(queue, "abc");
  assert_non_null(queue.reserve(100000));
  expect_content(queue, "abc");
}

void test_reserve__without_memory_keeps_the_bytes(void **) {
  BlockPool pool;
  ByteQueue queue(pool);
  append(queue, "abc");
  fail_allocation(1);
  assert_null(queue.reserve(100000));
  expect_content(queue, "abc");
  append(queue, "def");
  expect_content(queue, "abcdef");
}

void test_reserve__refuses_a_size_that_cannot_be(void **) {
  BlockPool pool;
  ByteQueue queue(pool);
  append(queue, "abc");
  assert_null(queue.reserve(SIZE_MAX));
  assert_null(queue.reserve(SIZE_MAX - 2));
  assert_null(queue.reserve(SIZE_MAX / 4 + 1));
  expect_content(queue, "abc");
}

void test_reserve__byte_by_byte_asks_for_few_blocks(void **) {
  BlockPool pool;
  ByteQueue queue(pool);
  const long before = total_allocations();
  for (int i = 0; i < 1 << 20; ++i) {
    *queue.reserve(1) = 'x';
    queue.commit(1);
  }
  assert_in_range(total_allocations() - before, 1, 20);
}

void test_reserve__reuses_the_room_of_consumed_bytes(void **) {
  BlockPool pool;
  ByteQueue queue(pool);
  const long before = total_allocations();
  for (int i = 0; i < 1000; ++i) {
    append(queue, "0123456789");
    queue.consume(i == 0 ? 5 : 10);
  }
  expect_content(queue, "56789");
  assert_int_equal(total_allocations() - before, 1);
}

void test_fill_from__copies(void **) {
  BlockPool pool;
  ByteQueue queue(pool);
  Block source = block_with(pool, "0123456789");
  queue.fill_from(source, 2, 5);
  expect_content(queue, "23456");
  assert_non_null(source.data);
  assert_memory_equal(source.data, "0123456789", 10);
  pool.give_back(source);
}

void test_fill_from__without_memory_takes_the_block(void **) {
  BlockPool pool;
  ByteQueue queue(pool);
  Block source = block_with(pool, "0123456789");
  const Byte *bytes = source.data;
  fail_allocation(1);
  queue.fill_from(source, 2, 5);
  expect_content(queue, "23456");
  assert_ptr_equal(queue.data(), bytes + 2);
  assert_null(source.data);
}

void test_fill_from__replaces_the_block_of_a_drained_queue(void **) {
  for (int without_memory = 0; without_memory < 2; ++without_memory) {
    BlockPool pool;
    ByteQueue queue(pool);
    append(queue, "old");
    queue.consume(3);
    Block source = block_with(pool, "0123456789");
    fail_allocation(without_memory);
    queue.fill_from(source, 0, 10);
    append(queue, "new");
    expect_content(queue, "0123456789new");
    pool.give_back(source);
  }
}

void test_fit__gives_an_empty_block_back(void **) {
  BlockPool pool;
  ByteQueue queue(pool);
  append(queue, std::string(100000, 'x'));
  queue.consume(100000);
  assert_int_equal(live_allocations(), 1);
  queue.fit();
  assert_int_equal(live_allocations(), 0);
}

void test_fit__shrinks_a_nearly_empty_block(void **) {
  BlockPool pool;
  ByteQueue queue(pool);
  append(queue, std::string(1 << 20, 'x') + "abc");
  queue.consume(1 << 20);
  const size_t before = total_allocated_bytes();
  queue.fit();
  expect_content(queue, "abc");
  assert_int_equal(total_allocated_bytes() - before, BlockPool::kSmallest);
  assert_int_equal(live_allocations(), 1);
}

void test_fit__leaves_a_well_filled_block_alone(void **) {
  BlockPool pool;
  ByteQueue queue(pool);
  append(queue, std::string(1000, 'x'));
  const Byte *bytes = queue.data();
  queue.fit();
  assert_ptr_equal(queue.data(), bytes);
}

void test_fit__without_memory_keeps_the_large_block(void **) {
  BlockPool pool;
  ByteQueue queue(pool);
  append(queue, std::string(100000, 'x') + "abc");
  queue.consume(100000);
  fail_allocation(1);
  queue.fit();
  assert_true(allocation_failed());
  expect_content(queue, "abc");
}

void test_leave_pool__bytes_outlive_the_pool(void **) {
  BlockPool *pool = new BlockPool;
  ByteQueue queue(*pool);
  append(queue, "abc");
  queue.leave_pool();
  delete pool;
  expect_content(queue, "abc");
  queue.consume(2);
  append(queue, std::string(1000, 'x'));
  expect_content(queue, "c" + std::string(1000, 'x'));
  queue.consume(1001);
  queue.fit();
  assert_int_equal(live_allocations(), 0);
}

void test_pool__gives_at_least_what_was_asked_for(void **) {
  BlockPool pool;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{512}, size_t{513}, size_t{65536}, size_t{65537}}) {
    const Block block = pool.borrow(size);
    assert_non_null(block.data);
    assert_true(block.capacity >= size);
    std::memset(block.data, 'x', block.capacity);
    pool.give_back(block);
  }
}

void test_pool__lends_a_returned_block_again(void **) {
  BlockPool pool;
  for (size_t size = BlockPool::kSmallest; size <= BlockPool::kLargestKept; size *= 2) {
    const Block first = pool.borrow(size);
    pool.give_back(first);
    const Block second = pool.borrow(size - 1);
    assert_ptr_equal(second.data, first.data);
    pool.give_back(second);
  }
}

void test_pool__releases_large_blocks_at_once(void **) {
  BlockPool pool;
  const Block block = pool.borrow(BlockPool::kLargestKept + 1);
  pool.give_back(block);
  assert_int_equal(live_allocations(), 0);
}

void test_pool__keeps_no_more_than_its_bound(void **) {
  for (size_t size = BlockPool::kSmallest; size <= BlockPool::kLargestKept; size *= 2) {
    BlockPool pool;
    std::vector<Block> blocks(kMostKeptBytes / size + 10);
    for (Block &block : blocks) block = pool.borrow(size);
    for (const Block block : blocks) pool.give_back(block);
    assert_int_equal(static_cast<size_t>(live_allocations()) * size, kMostKeptBytes);
  }
}

void test_pool__one_bound_for_all_sizes_together(void **) {
  BlockPool pool;
  std::vector<Block> blocks;
  size_t lent = 0;
  for (size_t size = BlockPool::kSmallest; lent < 4 * kMostKeptBytes; lent += size) {
    size = size == BlockPool::kLargestKept ? BlockPool::kSmallest : 2 * size;
    blocks.push_back(pool.borrow(size));
  }
  for (const Block block : blocks) pool.give_back(block);
  const size_t before = total_allocated_bytes();
  for (Block &block : blocks) block = pool.borrow(block.capacity);
  const size_t kept = lent - (total_allocated_bytes() - before);
  assert_in_range(kept, kMostKeptBytes - BlockPool::kLargestKept, kMostKeptBytes);
  for (const Block block : blocks) pool.give_back(block);
}

void test_pool__borrowed_blocks_do_not_count_as_kept(void **) {
  BlockPool pool;
  for (size_t i = 0; i < 10 * kMostKeptBytes / BlockPool::kLargestKept; ++i) {
    const Block block = pool.borrow(BlockPool::kLargestKept);
    pool.give_back(block);
  }
  assert_int_equal(live_allocations(), 1);
}

void test_pool__without_memory_has_no_block(void **) {
  BlockPool pool;
  fail_allocation(1);
  assert_null(pool.borrow(1).data);
  fail_allocation(1);
  assert_null(pool.borrow(BlockPool::kLargestKept + 1).data);
}

const CMUnitTest tests[] = {
    leaves_no_memory(test_queue__does_what_a_string_does),
    leaves_no_memory(test_queues__share_a_pool_without_sharing_bytes),
    leaves_no_memory(test_queue__empty_owns_no_block),
    leaves_no_memory(test_take__gives_what_is_there),
    leaves_no_memory(test_consume__more_than_there_is_empties),
    leaves_no_memory(test_consumed_bytes__stay_until_the_queue_is_used_again),
    leaves_no_memory(test_reserve__without_commit_adds_nothing),
    leaves_no_memory(test_reserve__without_memory_keeps_the_bytes),
    leaves_no_memory(test_reserve__refuses_a_size_that_cannot_be),
    leaves_no_memory(test_reserve__byte_by_byte_asks_for_few_blocks),
    leaves_no_memory(test_reserve__reuses_the_room_of_consumed_bytes),
    leaves_no_memory(test_fill_from__copies),
    leaves_no_memory(test_fill_from__without_memory_takes_the_block),
    leaves_no_memory(test_fill_from__replaces_the_block_of_a_drained_queue),
    leaves_no_memory(test_fit__gives_an_empty_block_back),
    leaves_no_memory(test_fit__shrinks_a_nearly_empty_block),
    leaves_no_memory(test_fit__leaves_a_well_filled_block_alone),
    leaves_no_memory(test_fit__without_memory_keeps_the_large_block),
    leaves_no_memory(test_leave_pool__bytes_outlive_the_pool),
    leaves_no_memory(test_pool__gives_at_least_what_was_asked_for),
    leaves_no_memory(test_pool__lends_a_returned_block_again),
    leaves_no_memory(test_pool__releases_large_blocks_at_once),
    leaves_no_memory(test_pool__keeps_no_more_than_its_bound),
    leaves_no_memory(test_pool__one_bound_for_all_sizes_together),
    leaves_no_memory(test_pool__borrowed_blocks_do_not_count_as_kept),
    leaves_no_memory(test_pool__without_memory_has_no_block),
};

}  // namespace

}  // namespace aio

int main() { return cmocka_run_group_tests(aio::tests, nullptr, nullptr); }
