// Tells a producer when the queued bytes have reached a high mark and fallen to a low one again.
#pragma once

#include "base/task.hpp"

#include <aiostate/types.h>

namespace aio {

class State;

// As a task it brings itself to the driver, and is the `drained` callback later.
class WriteMarks final : public Task {
 public:
  WriteMarks(State &state, size_t high, size_t low, aio_state_callback drained, void *user_info)
      : state_(state), high_(high == 0 ? 1 : high), low_(low), drained_(drained), user_info_(user_info) {}

  [[nodiscard]] bool tells() const { return drained_ != nullptr; }
  void note_level(size_t queued_bytes, aio_status status);  // `status`: of the output
  void withdraw();                                          // a call that is queued does not come

 private:
  void arrive() override;
  void run() override;

  State &state_;
  const size_t high_;
  const size_t low_;
  const aio_state_callback drained_;
  void *const user_info_;
  bool reached_ = false;
  aio_status status_ = AIO_OK;
};

}  // namespace aio
