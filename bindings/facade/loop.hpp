// What a collection shares with its states, acceptors and operations, whichever of them the language frees first.
#pragma once

#include <aiostate/aiostate.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "completion.hpp"
#include "error.hpp"

namespace aiostate {

// How a wait has ended.
enum WaitOutcome {
  WAIT_READY = 0,       // there may be events, or somebody has called wake
  WAIT_TIMEOUT = 2,     // AIO_TIMEOUT
  WAIT_INTERRUPTED = 3  // by a signal: run its handler, and wait again
};

class Loop : public std::enable_shared_from_this<Loop> {
 public:
  static std::shared_ptr<Loop> make();
  ~Loop();

  // The collection, kept from being destroyed on another thread meanwhile. Throws AIO_ERR_CLOSED after its end.
  class Use {
   public:
    explicit Use(const Loop &loop) : lock_(loop.life_), handle_(loop.handle_) {
      if (!handle_) throw Error(AIO_ERR_CLOSED);
    }
    aio_collection *handle() const { return handle_; }

   private:
    std::shared_lock<std::shared_mutex> lock_;
    aio_collection *handle_;
  };

  aio_collection *handle() const { return handle_; }

  // Makes this thread the one that drives. Throws AIO_ERR_BUSY while another one does.
  class Drive {
   public:
    explicit Drive(Loop &loop) : loop_(loop), lock_(loop.driving_, std::try_to_lock) {
      if (!lock_) throw Error(AIO_ERR_BUSY);
    }
    ~Drive() {
      lock_.unlock();
      if (loop_.abandoned_) loop_.abandon();
    }
    Drive(const Drive &) = delete;
    Drive &operator=(const Drive &) = delete;

   private:
    Loop &loop_;
    std::unique_lock<std::mutex> lock_;
  };

  // See CollectionBase, whose functions these are.
  int wait(double timeout);
  void wake();
  void wake_waiter();  // for a signal handler, while a thread is in wait
  std::unique_ptr<Completion> take();
  double next_timeout();
  void destroy();
  // Nobody will take what comes: ends the collection, at the latest when the thread that drives it has noticed.
  void abandon();

  // The callbacks put what happened here.
  void push(std::unique_ptr<Completion> completion);
  // The same in the place of an older delivery of its standing operation that nobody has taken.
  void push_latest(std::unique_ptr<Completion> completion);
  // Forgets the deliveries of a standing operation that nobody has taken.
  void drop(Standing &standing);

  // Calls release(object) when no callback of the collection that is running now can need it any more.
  void retire(aio_function release, void *object);

  std::atomic<bool> stopping{false};
  std::atomic<bool> signals_wake{false};
  std::atomic<int> signal_descriptor{-1};

 private:
  Loop() = default;
  void end();
  bool has_events();
  void append(std::unique_ptr<Completion> completion);
  int turn(double timeout);
  bool sleep(double seconds);

  aio_collection *handle_ = nullptr;
  mutable std::shared_mutex life_;  // of handle_
  std::mutex driving_;              // held by the thread that drives
  std::atomic<bool> abandoned_{false};
  std::atomic<bool> woken_{false};  // and wait has not returned since

  std::mutex queue_lock_;
  std::unique_ptr<Completion> first_;
  Completion *last_ = nullptr;
};

}  // namespace aiostate
