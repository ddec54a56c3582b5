// A timer: one function, once or again and again.
#pragma once

#include "base/list.hpp"
#include "core/errand.hpp"
#include "net/mailbox.hpp"

#include <aiostate/collection.h>

namespace aio {

class Collection;

struct TimerTag;
class Timer final : public Task, public net::Deadline, public Link<TimerTag> {
 public:
  struct Plan {
    Nanoseconds delay;
    Nanoseconds repeat;  // kNever: once
    aio_timer_callback callback;
    void *user_info;
  };

  // `out` null: it frees itself once it has run.
  [[nodiscard]] static aio_status start(Collection &collection, const Plan &plan, aio_timer **out);
  void stop();  // any thread; frees it

  void collection_ended();

  Timer(Collection &collection, const Plan &plan, bool kept);
  ~Timer();

 private:
  void arrive() override;
  void run() override;
  void due(Nanoseconds now) override;
  void unlink();
  void leave();

  Collection &collection_;
  net::Mailbox &mailbox_;
  const Plan plan_;
  Nanoseconds next_;
  std::atomic<bool> stopped_{false};
  bool kept_;             // by a handle; else it frees itself
  bool running_ = false;  // in its callback
  Errand<Timer, &Timer::leave> departure_{*this};
};

}  // namespace aio
