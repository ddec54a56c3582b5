// Who drives a collection, and how the other threads reach it. Counted: handles keep it when the collection is gone.
#pragma once

#include <atomic>
#include <utility>

#include "base/task.hpp"
#include "net/loop.hpp"
#include "net/thread.hpp"

namespace aio::net {

class Mailbox {
 public:
  [[nodiscard]] static Mailbox *create(Loop &loop);  // nullptr: no memory
  void retain() { references_.fetch_add(1, std::memory_order_relaxed); }
  void release();

  // ---- Posting: any thread ----

  // What is submitted while the collection's end is under way.
  enum class Late : uint8_t { refuse, accept };

  // Has `task` arrive: in a dispatch on this thread at once, behind what other threads posted before; else when the
  // collection is driven next. False: it is too late, and nothing was taken.
  [[nodiscard]] bool submit(Task &task, Late late = Late::refuse) {
    return dispatching_here() ? arrive(task, late) : post(task, late);
  }

  // The same, but not once `gate` is closed: what passes is there before whatever closed it.
  [[nodiscard]] bool submit_before(Task &task, const std::atomic<bool> &gate) {
    return dispatching_here() ? arrive(task, Late::refuse, &gate) : post(task, Late::refuse, &gate);
  }
  bool close_gate(std::atomic<bool> &gate);  // whether it was closed already

  // Never at once, so that it may be called in the middle of things.
  [[nodiscard]] bool post(Task &task, Late late, const std::atomic<bool> *gate = nullptr);

  void wake_up();  // also in a signal handler
  [[nodiscard]] bool is_shut() const { return shut_.load(std::memory_order_acquire); }

  // Keeps the collection in memory for a moment; false: it is gone.
  [[nodiscard]] bool enter();
  void leave();

  // ---- Driving ----

  // Nobody but a thread that is about to drive may do so.
  void reserve_driving();

  // Becomes the driver; false: another thread drives.
  [[nodiscard]] bool begin_driving();
  void end_driving();

  // The same for one question of a thread while nobody drives; `entered` says whether end_visit is due.
  [[nodiscard]] bool begin_visit(bool &entered);
  void end_visit();

  [[nodiscard]] bool driven_here() const { return driver_.load(std::memory_order_relaxed) == this_thread(); }
  [[nodiscard]] bool dispatching_here() const { return dispatching == this; }

  // This thread runs callbacks of the mailbox's collection while this lives. In a callback it may drive another one.
  class Dispatch {
   public:
    explicit Dispatch(const Mailbox &mailbox) : outer_(std::exchange(dispatching, &mailbox)) {}
    ~Dispatch() { dispatching = outer_; }
    Dispatch(const Dispatch &) = delete;
    Dispatch &operator=(const Dispatch &) = delete;

   private:
    const Mailbox *outer_;
  };

  // ---- For the driver ----

  [[nodiscard]] bool has_mail() const { return has_mail_.load(std::memory_order_acquire); }
  void deliver();

  // From sleep() on, whoever posts wakes the loop. False: there is mail already. First the mark, then the look; whoever
  // posts does the reverse, so one of the two sees the other.
  [[nodiscard]] bool sleep() {
    stop_dozing();
    sleeping_.store(true, std::memory_order_seq_cst);
    return !has_mail_.load(std::memory_order_seq_cst);
  }
  // The same for a thread that will ask for the timeout before it polls, and see its own mail then: what it posts until
  // stop_dozing() wakes nobody.
  void doze() {
    static_cast<void>(sleep());
    dozer_.store(this_thread(), std::memory_order_relaxed);
  }
  void stop_dozing() { dozer_.store(ThreadId(), std::memory_order_seq_cst); }
  void awake() { sleeping_.store(false, std::memory_order_relaxed); }
  [[nodiscard]] bool take_wake_up() {
    return woken_.load(std::memory_order_relaxed) && woken_.exchange(false, std::memory_order_acquire);
  }
  [[nodiscard]] bool is_woken() const { return woken_.load(std::memory_order_relaxed); }

  void shut();                            // from now on only what may be late
  [[nodiscard]] bool detach_if_unused();  // the collection's end: nothing is taken any more

  // Guards the sockets of the collection's handles against a close while another thread asks them.
  [[nodiscard]] Mutex &socket_mutex() { return socket_mutex_; }

  explicit Mailbox(Loop &loop) : loop_(&loop) {}

 private:
  [[nodiscard]] bool arrive(Task &task, Late late, const std::atomic<bool> *gate = nullptr) {
    if (has_mail()) deliver();
    if (is_shut() && late == Late::refuse) return false;
    if (gate != nullptr && gate->load(std::memory_order_acquire)) return false;
    task.arrive();
    return true;
  }

  // One word of static thread storage, so that asking costs one instruction in a shared library too.
  [[gnu::tls_model("initial-exec")]] static thread_local const Mailbox *dispatching;

  Mutex mutex_;
  Mutex socket_mutex_;
  TaskList mail_;          // under mutex_
  Loop *loop_;             // under mutex_; null once detached
  int entered_ = 0;        // under mutex_
  bool visited_ = false;   // under mutex_; the driver asks one question only
  bool reserved_ = false;  // under mutex_; a thread will drive
  std::atomic<bool> has_mail_{false};
  std::atomic<bool> sleeping_{false};
  std::atomic<bool> woken_{false};
  std::atomic<bool> shut_{false};
  std::atomic<ThreadId> driver_{};
  std::atomic<ThreadId> dozer_{};  // whose posts need wake nobody
  std::atomic<int> references_{1};
};

// Drives for the length of a scope; nested on the driver's own thread it is nothing.
class Visit {
 public:
  explicit Visit(Mailbox &mailbox) : mailbox_(mailbox), allowed_(mailbox.begin_visit(entered_)) {
    if (allowed_ && mailbox.has_mail()) mailbox.deliver();
  }
  ~Visit() {
    if (entered_) mailbox_.end_visit();
  }
  Visit(const Visit &) = delete;
  Visit &operator=(const Visit &) = delete;

  [[nodiscard]] bool allowed() const { return allowed_; }

 private:
  Mailbox &mailbox_;
  bool entered_ = false;
  bool allowed_;
};

}  // namespace aio::net
