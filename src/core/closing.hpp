// How a state ends: at once, or after a linger, and who is told.
#pragma once

#include "base/list.hpp"
#include "base/task.hpp"
#include "core/errand.hpp"
#include "core/request.hpp"

#include <aiostate/state.h>

namespace aio {

class State;

// One call of close.
class CloseRequest final : public Task {
 public:
  void arrive() override;
  void run() override;

  State *state = nullptr;
  aio_state_callback callback = nullptr;
  void *user_info = nullptr;
  Nanoseconds linger = 0;
  bool reset = false;
  bool embedded = false;  // in the state: the first close needs no memory
};

class Closing {
 public:
  explicit Closing(State &state) : state_(state) {}

  [[nodiscard]] CloseRequest &first() { return first_; }

  // ---- The driver ----
  void request(CloseRequest &request);
  [[nodiscard]] bool lingers() const { return lingers_; }
  [[nodiscard]] bool drains() const { return drains_; }
  void on_connected() { proceed(); }
  void on_output_idle() { proceed(); }
  void on_readable();  // reads away what the peer still sends
  void tell();         // the socket is closed: the callbacks follow
  void disarm();

 private:
  void begin_linger(Nanoseconds linger);
  void proceed();
  void on_due(Nanoseconds now);

  State &state_;
  CloseRequest first_;
  TaskList waiting_;
  Alarm<Closing, &Closing::on_due> alarm_{*this};
  bool lingers_ = false;
  bool drains_ = false;  // our end is sent; the peer's is awaited
};

}  // namespace aio
