// The collection as languages see it: a queue of events that are taken one by one.
#pragma once

#include "loop.hpp"

namespace aiostate {

class Event;

// Operations are started with a token, a number other than 0, and end as an event that carries it; with token 0 nobody is
// told. One thread at a time waits and takes. Everything else may be called on any thread.
class CollectionBase {
 public:
  CollectionBase() : loop_(Loop::make()) {}
  ~CollectionBase() { loop_->abandon(); }
  CollectionBase(const CollectionBase &) = delete;
  CollectionBase &operator=(const CollectionBase &) = delete;

  // Moves bytes until there are events to take, for at most so many seconds; a WaitOutcome. Throws AIO_ERR_BUSY while
  // another thread waits, AIO_ERR_CLOSED after destroy when no event is left.
  int wait_events(double timeout) { return loop_->wait(timeout); }

  // For a language that calls `wake` when a signal comes: wait_events waits in the library itself, which takes half as
  // many system calls, and gives no WAIT_INTERRUPTED.
  void signals_wake() { loop_->signals_wake = true; }

  // Moves the oldest event into `event`; false if there is none.
  bool take(Event *event);

  // A descriptor that the language makes readable when a signal comes, which then ends a wait even if it came just before;
  // -1: there is none. Emptying it is the language's affair.
  void set_signal_descriptor(int descriptor) { loop_->signal_descriptor = descriptor; }

  // Makes one wait_events, the running or the next one, return.
  void wake() { loop_->wake(); }

  // Asks the thread that waits and takes to leave its loop. `stopping` answers once, and so the request is used up.
  void stop() {
    loop_->stopping = true;
    wake();
  }
  bool stopping() { return loop_->stopping.exchange(false); }

  // For a foreign event loop: it polls `descriptor` for at most `next_timeout`, then calls wait_events(0) and takes.
  int descriptor() { return aio_collection_descriptor(Loop::Use(*loop_).handle()); }
  double next_timeout() { return loop_->next_timeout(); }

  // Comes back as an event, in the order of the calls.
  void apply(int token);

  // Closes everything; what still runs ends with AIO_ERR_CANCELED, whose events can be taken afterwards. Throws
  // AIO_ERR_BUSY while another thread waits. Twice is fine.
  void destroy() { loop_->destroy(); }

#ifndef SWIG
  const std::shared_ptr<Loop> &loop() const { return loop_; }

 private:
  std::shared_ptr<Loop> loop_;
#endif
};

inline const std::shared_ptr<Loop> &loop_of(const CollectionBase *collection) { return wanted(collection).loop(); }

}  // namespace aiostate
