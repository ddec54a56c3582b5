// How a state ends: at once, or after a linger, and who is told.
#pragma once

#include "base/allocator.hpp"
#include "base/task.hpp"
#include "base/time.hpp"
#include "core/errand.hpp"

#include <aiostate/state.h>

namespace aio {

class State;
struct Linger;

// One call of close.
class CloseRequest final : public Task {
 public:
  void arrive() override;
  void run() override;

  State *state = nullptr;
  aio_state_callback callback = nullptr;
  void *user_info = nullptr;
  Linger *linger = nullptr;  // owned; nullptr: at once
  bool reset = false;
  bool embedded = false;  // in the state: a first close at once needs no memory
};

class Closing {
 public:
  explicit Closing(State &state) : state_(state) {}
  ~Closing();
  Closing(const Closing &) = delete;
  Closing &operator=(const Closing &) = delete;

  [[nodiscard]] CloseRequest &first() { return first_; }
  [[nodiscard]] Linger *make_linger(Nanoseconds span);  // nullptr: no memory

  // ---- The driver ----
  void request(CloseRequest &request);
  [[nodiscard]] bool lingers() const { return linger_ != nullptr; }
  [[nodiscard]] bool drains() const;
  void proceed();      // connected, or the output is idle
  void on_readable();  // reads away what the peer still sends
  void end_linger();   // the socket is closed: the callbacks follow
  void on_due(Nanoseconds now);

 private:
  void begin_linger(Linger &linger);
  void answer(CloseRequest &request);

  State &state_;
  CloseRequest first_;
  Linger *linger_ = nullptr;
};

// What only a lingering close needs.
struct Linger {
  Linger(Closing &closing, Nanoseconds for_at_most) : span(for_at_most), alarm(closing) {}

  Nanoseconds span;
  TaskList waiting;  // the requests to be answered
  Alarm<Closing, &Closing::on_due> alarm;
  bool drains = false;  // our end is sent; the peer's is awaited
};

}  // namespace aio
