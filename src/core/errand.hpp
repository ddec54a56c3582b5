// Members of an object that carry news to one of its functions.
#pragma once

#include <type_traits>

#include "base/task.hpp"
#include "net/deadlines.hpp"

namespace aio {

// A task that costs no memory when posted, so what it carries cannot fail: `on_arrive` for those that are posted, `on_run`
// for those that their owner queues as a completion.
template <class Owner, auto on_arrive, auto on_run = nullptr>
class Errand final : public Task {
 public:
  explicit Errand(Owner &owner) : owner_(owner) {}
  void arrive() override {
    if constexpr (!std::is_null_pointer_v<decltype(on_arrive)>) (owner_.*on_arrive)();
  }
  void run() override {
    if constexpr (!std::is_null_pointer_v<decltype(on_run)>) (owner_.*on_run)();
  }

 private:
  Owner &owner_;
};

template <class Owner, void (Owner::*function)(Nanoseconds now)>
class Alarm final : public net::Deadline {
 public:
  explicit Alarm(Owner &owner) : owner_(owner) {}
  void due(Nanoseconds now) override { (owner_.*function)(now); }

 private:
  Owner &owner_;
};

}  // namespace aio
