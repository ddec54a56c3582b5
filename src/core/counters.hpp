// Counters that one thread writes and any thread reads.
#pragma once

#include <atomic>

#include <aiostate/types.h>

namespace aio {

// No atomic addition is needed: the driver alone writes.
class Counter {
 public:
  void add(uint64_t count) { value_.store(get() + count, std::memory_order_relaxed); }
  void subtract(uint64_t count) { value_.store(get() - count, std::memory_order_relaxed); }
  [[nodiscard]] uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// Of a state.
struct IoCounters {
  Counter bytes_read, bytes_written, operations_read, operations_written, calls_read, calls_written, callbacks;

  void copy_to(aio_counters &out) const {
    out = aio_counters{};
    out.bytes_read = bytes_read.get();
    out.bytes_written = bytes_written.get();
    out.operations_read = operations_read.get();
    out.operations_written = operations_written.get();
    out.calls_read = calls_read.get();
    out.calls_written = calls_written.get();
    out.callbacks = callbacks.get();
  }
};

// Of a collection.
struct Counters : IoCounters {
  Counter open_states;

  void copy_to(aio_counters &out) const {
    IoCounters::copy_to(out);
    out.open_states = open_states.get();
  }
};

}  // namespace aio
