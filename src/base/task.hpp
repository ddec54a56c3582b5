// A task: what waits in a mailbox, then in a queue of operations, then in the completion queue, one at a time.
#pragma once

#include "base/list.hpp"

namespace aio {

struct TaskTag;

class Task : public Link<TaskTag> {
 public:
  // On the driver's thread, when it leaves the mailbox or was submitted in a dispatch. Runs no user code.
  virtual void arrive() = 0;
  // As a completion: runs user code. The task may be gone afterwards.
  virtual void run() = 0;

 protected:
  ~Task() = default;
};

using TaskList = List<Task, TaskTag>;

}  // namespace aio
