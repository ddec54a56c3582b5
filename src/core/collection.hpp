// The collection: the event loop that states, acceptors and timers live in. "wait moves bytes, call runs callbacks."
#pragma once

#include <atomic>

#include "base/allocator.hpp"
#include "base/byte_queue.hpp"
#include "base/list.hpp"
#include "base/task.hpp"
#include "core/counters.hpp"
#include "net/datagram.hpp"
#include "net/deadlines.hpp"
#include "net/loop.hpp"
#include "net/mailbox.hpp"
#include "net/thread.hpp"

#include <aiostate/collection.h>

namespace aio {

// What the end of a collection closes: states and acceptors.
struct MemberTag;
class Member : public Link<MemberTag> {
 public:
  virtual void close_now() = 0;  // leaves the collection's members

 protected:
  ~Member() = default;
};

// The time of one flush, looked up only if somebody needs it.
class Stamp {
 public:
  [[nodiscard]] Nanoseconds now() {
    if (now_ == 0) now_ = net::Loop::clock();
    return now_;
  }

 private:
  Nanoseconds now_ = 0;
};

// What has submitted something in this dispatch that is to be sent, watched or timed at its end.
struct FlushTag;
class Flushable : public Link<FlushTag> {
 public:
  virtual void flush(Stamp &stamp) = 0;

 protected:
  ~Flushable() = default;
};

class Timer;
struct TimerTag;
class WriteOperation;

class Collection {
 public:
  [[nodiscard]] static aio_status create(Collection *&out);
  [[nodiscard]] static aio_status create_and_run(const char *name, const aio_collection_options &options,
                                                 aio_collection **out);
  [[nodiscard]] static aio_status destroy(Collection *collection);

  // ---- The API; any thread ----
  [[nodiscard]] aio_status wait(double timeout);
  [[nodiscard]] size_t call();
  [[nodiscard]] aio_status run();
  void stop();
  void wake() { mailbox_->wake_up(); }
  [[nodiscard]] aio_status apply(aio_function function, void *argument);
  [[nodiscard]] aio_status close();
  [[nodiscard]] bool alive() const { return alive_.load(std::memory_order_acquire); }
  [[nodiscard]] const char *name() const { return name_.get(); }
  [[nodiscard]] int descriptor();
  [[nodiscard]] double next_timeout();
  [[nodiscard]] const Counters &counters() const { return counters_; }
  [[nodiscard]] net::Mailbox &mailbox() { return *mailbox_; }

  // ---- For its members; the driver ----
  [[nodiscard]] net::Loop &loop() { return loop_; }
  [[nodiscard]] net::Deadlines &deadlines() { return deadlines_; }
  [[nodiscard]] BlockPool &blocks() { return blocks_; }
  [[nodiscard]] Counters &tally() { return counters_; }

  // Room behind a user's buffer, for what a read finds there as well; no data where there is no memory.
  [[nodiscard]] Block &scratch();

  // Room for many datagrams, which whoever receives has delivered or copied when he returns; nullptr: no memory.
  [[nodiscard]] net::ReceiveBatch *receive_batch();

  void join(Member &member) { members_.push_back(member); }
  void join(Timer &timer);
  void close_members();

  void request_flush(Flushable &flushable) {
    if (!static_cast<Link<FlushTag> &>(flushable).linked()) flushes_.push_back(flushable);
  }

  // Has `task` run when nothing of the library's is under way; it runs no user code.
  void do_later(Task &task) { chores_.push_back(task); }

  // Queues what has finished.
  void complete(Task &task) { completions_.push_back(task); }
  void complete_next(Task &task) { completions_.push_front(task); }

  // A reader whose next operation is satisfied already, in its callback, runs on before the others, up to a bound.
  void begin_reader(const void *reader) {
    burst_left_ = reader == burst_reader_ ? burst_left_ - 1 : kLongestBurst;
    burst_reader_ = running_reader_ = reader;
  }
  void end_reader() { running_reader_ = nullptr; }
  [[nodiscard]] bool may_run_on(const void *reader) const { return reader == running_reader_ && burst_left_ > 0; }

  // Write operations are used again: nothing is allocated in steady state.
  [[nodiscard]] WriteOperation *take_write();
  void recycle(WriteOperation *operation);

  Collection();
  ~Collection();
  Collection(const Collection &) = delete;
  Collection &operator=(const Collection &) = delete;

 private:
  static constexpr int kLongestBurst = 64;
  static constexpr int kMostRounds = 8;       // of callbacks and flush in one call
  static constexpr int kMostPerRound = 1024;  // callbacks
  static constexpr size_t kMostSpareWrites = 1024;
  static constexpr int kAskingLoop = 64;  // so many turns say what a foreign loop does

  [[nodiscard]] Error open();
  [[nodiscard]] bool stopping() const { return stop_.load(std::memory_order_acquire) && running_; }
  void run_until_stopped();
  [[nodiscard]] aio_status wait_for(Nanoseconds span);
  void turn(Nanoseconds until, bool block);
  void expire();
  void flush();
  void do_chores();
  void rest_in_foreign_loop();
  [[nodiscard]] size_t dispatch();
  void finish();  // closes all and runs what that completes
  void end();     // also of the timers, and nothing is taken any more
  static void thread_main(void *argument);

  net::Mailbox *mailbox_ = nullptr;
  net::Loop loop_;
  net::Deadlines deadlines_;
  BlockPool blocks_;
  Block scratch_;
  net::ReceiveBatch *receive_batch_ = nullptr;
  TaskList completions_;
  TaskList chores_;
  List<Flushable, FlushTag> flushes_;
  List<Member, MemberTag> members_;
  List<Timer, TimerTag> timers_;
  TaskList spare_writes_;
  size_t spare_write_count_ = 0;
  const void *burst_reader_ = nullptr;    // whose callbacks were the latest ones
  const void *running_reader_ = nullptr;  // whose callback runs now
  int burst_left_ = 0;
  Counters counters_;

  std::atomic<bool> stop_{false};
  bool running_ = false;                   // under run() or on an own thread, where a stop ends the wait
  std::atomic<bool> foreign_loop_{false};  // somebody polls the descriptor
  bool asked_timeout_ = false;             // since the last turn
  int asking_turns_ = 0;                   // turns in a row with such a question before them
  std::atomic<bool> alive_{false};
  bool own_thread_ = false;
  uv_thread_t thread_ = {};
  aio_collection_options options_ = {};
  Text name_;
};

}  // namespace aio
