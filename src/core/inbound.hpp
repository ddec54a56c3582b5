// The input of a state: one read at a time, of three kinds, over the bytes that were read and not consumed.
#pragma once

#include <algorithm>
#include <atomic>

#include "base/byte_queue.hpp"
#include "base/status.hpp"
#include "base/task.hpp"
#include "core/collection.hpp"
#include "core/errand.hpp"
#include "core/request.hpp"
#include "net/channel.hpp"

namespace aio {

class State;

class Inbound final : public Task {
 public:
  enum class Kind : uint8_t {
    buffer,    // fills the caller's buffer
    standing,  // shows what came, again and again
    look       // tells that there is something
  };

  Inbound(State &state, BlockPool &blocks) : state_(state), buffer_(blocks) {}

  // ---- Any thread ----
  [[nodiscard]] aio_status submit(Kind kind, const Request &request);

  // ---- The driver ----
  void flush(Stamp &stamp);
  [[nodiscard]] bool wants_readable() const { return phase_ == Phase::waiting; }
  void on_readable();
  void on_due(Nanoseconds now);
  void on_open();               // the connection stands: what was submitted before it begins
  [[nodiscard]] bool cancel();  // false: nothing ran
  void fail(Error error);       // for the running operation
  void end(Error error);        // for every later one, too
  void close();                 // what is left may be taken on any thread afterwards

  [[nodiscard]] size_t buffered() const { return buffer_.size(); }
  size_t take(void *destination, size_t length);  // nothing while a read runs
  size_t discard(size_t count);
  size_t finish(size_t count);
  [[nodiscard]] size_t old_length() const { return std::min(seen_, buffer_.size()); }

 private:
  enum class Phase : uint8_t {
    idle,       // no operation
    waiting,    // for the socket
    queued,     // its callback, or a delivery, is in the completion queue
    delivering  // in a delivery's callback
  };

  struct Operation {
    Kind kind = Kind::buffer;
    bool last = false;  // standing: the next callback is the last one
    aio_status status = AIO_OK;
    Byte *buffer = nullptr;
    size_t start = 0, position = 0, end = 0;  // start <= position <= end
    size_t enough = 0;                        // the position at which it is complete
    size_t max_read = 0;
    Patience patience;
    Completion completion;
  };

  [[nodiscard]] bool claimed() const { return claimed_.load(std::memory_order_acquire); }
  void take_options(const aio_io_options &options);
  void arrive() override;
  void run() override;

  void begin();
  void read_to_buffer();
  void read_to_deliver();
  void look();
  void settle(const net::IoResult &result);
  void note_progress();
  void note_last(aio_status status);
  void queue();
  void deliver();
  void show(aio_buffer_callback callback, void *user_info);
  void tidy();
  void wait_again();
  void complete();

  State &state_;
  ByteQueue buffer_;
  Operation operation_;               // valid unless idle
  size_t seen_ = 0;                   // of buffer_, what the latest standing read has delivered
  Error ended_;                       // what a read completes with when buffer_ is empty
  std::atomic<bool> claimed_{false};  // from submission until the callback is entered
  Phase phase_ = Phase::idle;
  bool more_is_likely_ = false;  // the last read filled all the room it had
  bool shown_ = false;           // a callback looks at buffer_, which must stay where it is
};

}  // namespace aio
