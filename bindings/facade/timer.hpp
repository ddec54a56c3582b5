// A timer as a source of events.
#pragma once

#include "aiostate.hpp"
#include "standing.hpp"

namespace aiostate {

class Timer {
 public:
  Timer() = default;
  ~Timer() { stop(); }
  Timer(const Timer &) = delete;
  Timer &operator=(const Timer &) = delete;

  // An event with this token after `delay` seconds and then, if it is not 0, every `repeat` seconds; those that nobody
  // has taken in time become one.
  void start(Collection *collection, double delay, double repeat, int token);
  // No event comes any more.
  void stop();

#ifndef SWIG
 private:
  static void AIO_CALL on_due(aio_timer *timer, void *user_info);

  aio_timer *timer_ = nullptr;
  std::shared_ptr<Standing> standing_;
#endif
};

}  // namespace aiostate
