// The output of a state: a queue of writes that leave in order, many in one system call.
#pragma once

#include <algorithm>
#include <atomic>

#include "base/list.hpp"
#include "base/status.hpp"
#include "base/task.hpp"
#include "core/collection.hpp"
#include "core/errand.hpp"
#include "core/throttle.hpp"
#include "core/write_marks.hpp"
#include "core/write_operation.hpp"

namespace aio {

class State;

class Outbound {
 public:
  explicit Outbound(State &state) : state_(state) {}
  ~Outbound();
  Outbound(const Outbound &) = delete;
  Outbound &operator=(const Outbound &) = delete;

  // ---- Any thread ----
  [[nodiscard]] aio_status write(const Request &request, const Cargo *cargo = nullptr);
  [[nodiscard]] aio_status shutdown(aio_state_callback callback, void *user_info);
  [[nodiscard]] size_t queued_bytes() const { return bytes_.get(); }
  [[nodiscard]] size_t queued_writes() const { return writes_.get(); }
  void set_exclusive() { exclusive_ = true; }
  [[nodiscard]] bool is_shut() const { return shut_.load(std::memory_order_acquire); }

  // Keeps operations out, for what needs the direction otherwise; false: one runs.
  [[nodiscard]] bool has_ended() const { return has_ended_.load(std::memory_order_acquire); }
  [[nodiscard]] bool hold();
  void release() { held_.store(false, std::memory_order_release); }

  void set_limit(size_t bytes) { limit_.store(bytes, std::memory_order_relaxed); }
  [[nodiscard]] size_t limit() const { return limit_.load(std::memory_order_relaxed); }

  // ---- The driver ----
  void add(WriteOperation &operation);
  void complete(WriteOperation &operation);
  void flush(Stamp &stamp);
  [[nodiscard]] bool wants_writable() const;
  void on_writable();
  void mind_channel();  // it may have sealed something for itself
  void wait_for_room();
  void on_budget(Nanoseconds now);
  void on_destination(WriteOperation &operation, Error error, const aio_address &address);
  void set_marks(WriteMarks &marks);
  void set_throttle(Throttle<Outbound> *throttle);  // nullptr: none
  void on_due(Nanoseconds now);
  [[nodiscard]] bool idle() const { return queue_.empty(); }
  [[nodiscard]] bool cancel();  // false: nothing ran
  void fail(Error error);       // for the queued operations
  void end(Error error);        // for every later one, too
  void close();
  [[nodiscard]] Error ended() const { return ended_; }
  void reopen();

 private:
  // What goes in from any thread and out on the driver's. In a dispatch no atomic addition is needed, where the sum need
  // not be compared with a limit.
  class Gauge {
   public:
    [[nodiscard]] size_t get() const {
      for (;;) {  // until nothing went out between the looks
        const size_t out = out_.load(std::memory_order_acquire);
        const size_t in = driver_in_.load(std::memory_order_acquire) + in_.load(std::memory_order_acquire);
        if (out == out_.load(std::memory_order_acquire)) return in - out;
      }
    }
    void enter_in_dispatch(size_t count) { add(driver_in_, count); }
    void enter(size_t count) { in_.fetch_add(count, std::memory_order_acq_rel); }
    void withdraw(size_t count) { in_.fetch_sub(count, std::memory_order_acq_rel); }
    void leave(size_t count) { add(out_, count); }

    // Enters if allowed(what is in) says so; exact if all enter this way.
    template <class Allowed>
    [[nodiscard]] bool enter_if(size_t count, Allowed allowed) {
      size_t in = in_.load(std::memory_order_acquire);
      do {
        const size_t out = out_.load(std::memory_order_acquire);
        const size_t entered = driver_in_.load(std::memory_order_acquire) + in;
        if (!allowed(entered - std::min(out, entered))) return false;
      } while (!in_.compare_exchange_weak(in, in + count, std::memory_order_acq_rel));
      return true;
    }

   private:
    static void add(std::atomic<size_t> &mine, size_t count) {
      mine.store(mine.load(std::memory_order_relaxed) + count, std::memory_order_release);
    }

    std::atomic<size_t> driver_in_{0};
    std::atomic<size_t> in_{0};
    std::atomic<size_t> out_{0};
  };

  [[nodiscard]] aio_status refusal() const;
  [[nodiscard]] aio_status admit(size_t length);
  [[nodiscard]] WriteOperation *take_operation();
  void give_back(WriteOperation *operation);
  void prepare(WriteOperation &operation, WriteOperation::Kind kind, const Request &request);

  [[nodiscard]] bool waits() const { return blocked_ || (throttle_ != nullptr && throttle_->waits()); }
  [[nodiscard]] size_t budget();
  void note_sent(size_t bytes);
  void send();
  void finish(WriteOperation &operation, Error outcome);
  void finish_all(Error outcome);
  void forget(WriteOperation &operation);
  void queue_changed();

  // Of streams: outbound_bytes.cpp
  void send_bytes();
  [[nodiscard]] bool flush_channel();
  [[nodiscard]] size_t gather(net::ConstSpan *spans, size_t most, size_t &total);
  void advance(size_t count);
  void retract(size_t count);
  void shut_down(WriteOperation &operation);

  // Of datagram sockets: outbound_datagrams.cpp
  void ask_socket();
  void send_datagrams();
  [[nodiscard]] size_t gather(net::OutgoingDatagram *datagrams, size_t most);
  void advance_datagrams(size_t count);

  void stamp_new(Stamp &stamp);
  void note_progress(WriteOperation &first);
  void end_overdue(Nanoseconds now);

  State &state_;
  List<WriteOperation, TaskTag> queue_;
  WriteOperation *unstamped_ = nullptr;     // the first in the queue that flush() has not seen
  Error ended_;                             // what every operation completes with from now on
  Gauge bytes_;                             // submitted, and not taken by the kernel or given up
  Gauge writes_;                            // submitted, and their callbacks not entered
  std::atomic<size_t> first_bytes_{0};      // of bytes_, those of the first write
  std::atomic<size_t> limit_{SIZE_MAX};     // of bytes_ without those
  std::atomic<bool> shut_{false};           // after shutdown()
  std::atomic<bool> has_ended_{false};      // as other threads see it
  std::atomic<bool> held_{false};           // no operation may begin
  bool exclusive_ = false;                  // one write at a time
  bool blocked_ = false;                    // the kernel takes no more for now
  bool knows_socket_ = false;               // the two below are what it does
  bool segments_ = false;                   // runs of datagrams are cut by the kernel
  bool tells_room_ = true;                  // it is writable when there is room
  WriteMarks *marks_ = nullptr;             // owned
  Throttle<Outbound> *throttle_ = nullptr;  // owned
};

}  // namespace aio
