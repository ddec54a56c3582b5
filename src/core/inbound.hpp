// The input of a state: one read of any kind at a time, over what was received and not consumed.
#pragma once

#include <algorithm>
#include <atomic>

#include "base/byte_queue.hpp"
#include "base/status.hpp"
#include "base/task.hpp"
#include "core/collection.hpp"
#include "core/errand.hpp"
#include "core/framer.hpp"
#include "core/request.hpp"
#include "core/throttle.hpp"
#include "net/datagram.hpp"
#include "tls/engine.hpp"

namespace aio {

class State;

// What a datagram's callback may ask.
struct Letter {
  aio_address address;
  size_t size;  // bytes received
  bool truncated;
};

class Inbound final : public Task {
 public:
  enum class Kind : uint8_t {
    buffer,    // fills the caller's buffer
    standing,  // shows what came, again and again
    framed,    // shows one delivery that the framer finds
    look,      // tells that there is something
    message,   // one datagram into the caller's buffer
    messages   // shows datagram after datagram
  };

  Inbound(State &state, BlockPool &blocks) : state_(state), buffer_(blocks) {}
  ~Inbound();
  Inbound(const Inbound &) = delete;
  Inbound &operator=(const Inbound &) = delete;

  [[nodiscard]] bool make_mail();  // what datagrams need besides; false: no memory

  // ---- Any thread ----
  [[nodiscard]] aio_status submit(Kind kind, const Request &request);
  [[nodiscard]] aio_status read_until(const void *delimiter, size_t length, const Request &request);
  [[nodiscard]] aio_status read_frame(const aio_frame_format &format, const Request &request);

  // Keeps reads out, for what needs the direction otherwise; false: one runs.
  [[nodiscard]] bool has_ended() const { return has_ended_.load(std::memory_order_acquire); }
  [[nodiscard]] bool hold() { return !claimed_.exchange(true, std::memory_order_acq_rel); }
  void release() { claimed_.store(false, std::memory_order_release); }

  // ---- The driver ----
  void flush(Stamp &stamp);
  [[nodiscard]] bool wants_readable() const { return phase_ == Phase::waiting && !throttled(); }
  void on_readable();
  void on_budget(Nanoseconds now);
  void set_throttle(Throttle<Inbound> *throttle);  // nullptr: none
  void on_due(Nanoseconds now);
  void on_open();               // the connection stands: what was submitted before it begins
  [[nodiscard]] bool cancel();  // false: nothing ran
  void fail(Error error);       // for the running operation
  void end(Error error);        // for every later one, too
  void close();                 // what is left may be taken on any thread afterwards
  [[nodiscard]] Error ended() const { return ended_; }

  // TLS begins or ends: what is there goes to it, or is got from it.
  [[nodiscard]] bool move_to(tls::Engine &engine);    // false: no memory, and all is as it was
  [[nodiscard]] Error make_room(net::Span &room);     // for bytes that nobody has asked for
  void keep(size_t count) { buffer_.commit(count); }  // so many of that room
  [[nodiscard]] bool take_from(ByteQueue &rest);      // false: no memory
  void reopen();

  [[nodiscard]] size_t buffered() const;
  size_t take(void *destination, size_t length);  // nothing while a read runs
  size_t discard(size_t count);
  size_t finish(size_t count);
  [[nodiscard]] size_t old_length() const { return mail_ != nullptr ? 0 : std::min(seen_, buffer_.size()); }
  [[nodiscard]] const Letter *letter() const { return mail_ == nullptr ? nullptr : mail_->shown; }

 private:
  enum class Phase : uint8_t {
    idle,       // no operation
    waiting,    // for the socket
    queued,     // its callback, or a delivery, is in the completion queue
    delivering  // in a delivery's callback
  };

  // What the input of a datagram socket has besides. Of datagrams that were received and not delivered buffer_ holds each
  // one's Letter and bytes.
  struct Mail {
    Letter received;                     // of a finished receive_message
    const Letter *shown = nullptr;       // while its callback runs
    net::ReceiveBatch *batch = nullptr;  // while its datagrams are being delivered; the collection's
    Letter held;                         // of the datagram that was taken out of buffer_ last
    size_t held_bytes = 0;               // of datagrams in buffer_
    bool joins = false;                  // the kernel joins datagrams
    bool asked_to_join = false;
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

  [[nodiscard]] bool is_standing() const {
    return operation_.kind == Kind::standing || operation_.kind == Kind::messages;
  }
  [[nodiscard]] aio_status claim();
  [[nodiscard]] aio_status start(Kind kind, const Request &request);
  [[nodiscard]] bool throttled() const { return throttle_ != nullptr && throttle_->waits(); }
  [[nodiscard]] size_t budget();
  void count_read(const net::IoResult &result);
  [[nodiscard]] bool more_to_read() const;
  [[nodiscard]] bool claimed() const { return claimed_.load(std::memory_order_acquire); }
  void take_options(const aio_io_options &options);
  void arrive() override;
  void run() override;

  void begin();
  void settle(const net::IoResult &result);
  void note_progress();
  void note_last(aio_status status);
  void queue();
  void deliver();
  void show(aio_buffer_callback callback, void *user_info);
  void tidy();
  void wait_again();
  void complete();

  // Of streams: inbound_bytes.cpp
  void begin_bytes();
  void read_to_buffer();
  void read_to_deliver();
  [[nodiscard]] bool find_frame();
  void show_frame(const Completion &completion);
  void look();

  // Of datagram sockets: inbound_datagrams.cpp
  void begin_datagrams();
  void receive_one();
  void await_messages();
  void deliver_messages();
  [[nodiscard]] bool receive_batch(size_t most);
  [[nodiscard]] bool next_message(net::IncomingDatagram &datagram);
  void show_message(const net::IncomingDatagram &datagram);
  void store_message(const net::IncomingDatagram &datagram);
  void hold_rest();
  [[nodiscard]] bool take_held(net::IncomingDatagram &datagram);
  [[nodiscard]] size_t take_message(void *destination, size_t length);

  State &state_;
  ByteQueue buffer_;
  Operation operation_;                 // valid unless idle
  size_t seen_ = 0;                     // of buffer_, what the latest standing read has delivered
  Error ended_;                         // what a read completes with when buffer_ is empty
  std::atomic<bool> has_ended_{false};  // as other threads see it
  std::atomic<bool> claimed_{false};    // from submission until the callback is entered
  Phase phase_ = Phase::idle;
  bool more_is_likely_ = false;            // the last read filled all the room it had
  bool shown_ = false;                     // a callback looks at buffer_, which must stay where it is
  Framer *framer_ = nullptr;               // owned; made by the first framed read
  Mail *mail_ = nullptr;                   // owned; of datagram sockets
  Throttle<Inbound> *throttle_ = nullptr;  // owned
};

}  // namespace aio
