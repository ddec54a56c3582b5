// What an operation ends with, or what a standing one delivers, as a node of its collection's queue.
#pragma once

#include <aiostate/aiostate.h>

#include <cstdint>
#include <memory>
#include <string>

#include "bytes.hpp"

namespace aiostate {

class Loop;
class Standing;

// Which of its callbacks an acceptor's event stands for.
enum EventKind { EVENT_OPERATION = 0, EVENT_ACCEPTED = 1, EVENT_ACCEPT_ERROR = 2, EVENT_TLS_ERROR = 3 };

// A one-shot operation has its completion allocated when it is submitted, so that its callback cannot fail.
struct Completion {
  Completion(std::shared_ptr<Loop> of, int number) : loop(std::move(of)), token(number) {}
  ~Completion() {
    aio_state_destroy(accepted);
    while (next) next = std::move(next->next);  // not by recursion
  }
  Completion(const Completion &) = delete;
  Completion &operator=(const Completion &) = delete;

  std::unique_ptr<Completion> next;
  std::shared_ptr<Loop> loop;          // where it will be queued; none once it is
  std::shared_ptr<Standing> standing;  // whose delivery it is; none if it is the completion of a one-shot operation
  int token;                           // 0: nobody is told
  int status = AIO_OK;
  int kind = EVENT_OPERATION;
  bool last = true;
  bool truncated = false;
  int system_error = 0;
  size_t count = 0;
  Bytes bytes;                 // lent to the library while the operation runs; read into it, or written from it
  std::shared_ptr<void> kept;  // what else is lent
  uint64_t begin = 0;          // where a standing read's bytes begin in the stream, and another's in `bytes`
  std::string text;            // about an error
  aio_address address{};       // of a datagram's sender
  aio_state *accepted = nullptr;
  std::shared_ptr<Loop> accepted_loop;
  int home = -1;  // which of the acceptor's collections that is
};

}  // namespace aiostate
