// The part of a state that is more than one call of the library each.
#pragma once

#include <mutex>

#include "results.hpp"
#include "standing.hpp"
#include "submission.hpp"

namespace aiostate {

class CloseOptions;
class IoOptions;

// The socket that an object holds is made, connected or accepted into it. Dropping the object closes the socket; its
// operations end with AIO_ERR_CANCELED.
class StateBase : protected Results {
 public:
  StateBase() = default;
  ~StateBase();
  StateBase(const StateBase &) = delete;
  StateBase &operator=(const StateBase &) = delete;

  // Standing operations: events until one that is `last`. A read with checking shows all bytes that have not been
  // dropped; deliveries that nobody has taken yet become one.
  void read_with_checking(int token, const IoOptions *options);
  void receive_messages(int token, const IoOptions *options);

  // For the thread that waits and takes; AIO_ERR_BUSY while another one does. Both return how many bytes are left;
  // finish_read ends the standing read, of which no event comes any more.
  size_t discard(size_t count);
  size_t finish_read(size_t count);

  // Closes the socket; what runs ends with AIO_ERR_CANCELED first.
  void close(int token, const CloseOptions *options);

  // An event with this token each time the queued bytes have fallen to `low` after `high`, until close; token 0: no more.
  void set_write_marks(size_t high, size_t low, int token);

#ifndef SWIG
  void adopt(aio_state *state, const std::shared_ptr<Loop> &loop);

 protected:
  aio_state *handle() const { return state_; }
  const std::shared_ptr<Loop> &loop() const { return loop_; }
  // Where a new state of this loop is handed out to.
  aio_state **out(const std::shared_ptr<Loop> &loop) {
    if (state_) throw Error(AIO_ERR_BUSY, "This object has a socket already.");
    loop_ = loop;
    return &state_;
  }

 private:
  using Submit = aio_status (*)(aio_state *, aio_buffer_callback, const aio_io_options *);
  void begin_standing(Submit submit, aio_buffer_callback callback, bool shows_stream, int token,
                      const IoOptions *options);
  void forget_marks();

  aio_state *state_ = nullptr;
  std::shared_ptr<Loop> loop_;
  std::mutex lock_;  // of the two below
  std::shared_ptr<Standing> reading_;
  std::shared_ptr<Standing> marks_;
#endif
};

}  // namespace aiostate
