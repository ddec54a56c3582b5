// One operation on the output of a state: bytes, datagrams, or a half close.
#pragma once

#include "base/status.hpp"
#include "base/task.hpp"
#include "core/request.hpp"
#include "net/datagram.hpp"

#include <aiostate/message.h>

namespace aio {

class HostLookup;
class Outbound;

// What a write sends that is not simply its request's buffer, or where to; all but the bytes is copied.
struct Cargo {
  const aio_buffer_view *views = nullptr;
  const aio_message *messages = nullptr;
  size_t count = 0;  // of views or messages
  const aio_address *address = nullptr;
  const char *host = nullptr;
  const char *service = nullptr;
};

// Pieces of memory that are written as one. What is in front of `next` and `offset` has been sent.
struct Views {
  [[nodiscard]] static Views *copy(const aio_buffer_view *views, size_t count);  // nullptr: no memory
  void skip(size_t bytes);

  size_t next, offset, count;
  net::ConstSpan items[1];  // `count` of them
};

// Datagrams that are sent as one operation.
struct Batch {
  [[nodiscard]] static Batch *copy(const aio_message *messages, size_t count);  // nullptr: no memory

  size_t sent, count;
  net::OutgoingDatagram items[1];  // `count` of them, and behind them their addresses
};

class WriteOperation final : public Task {
 public:
  enum class Kind : uint8_t { bytes, datagrams, shutdown };

  void begin(Outbound &owner, Kind what, const Request &request);
  [[nodiscard]] bool load(const Cargo &cargo);  // false: no memory
  void clear();                                 // gives back what load() took

  void arrive() override;
  void run() override;

  [[nodiscard]] size_t remaining() const { return end - position; }  // bytes
  [[nodiscard]] size_t count() const { return batch != nullptr ? batch->sent : position - start; }

  // The bytes that are to leave next, at most `most` and `room` spans of them; returns how many spans.
  [[nodiscard]] size_t gather(net::ConstSpan *spans, size_t room, size_t most) const;
  void advance(size_t bytes);

  Outbound *outbound;
  Byte *buffer;
  size_t start, position, end;  // start <= position <= end
  Patience patience;
  Completion completion;
  aio_state_callback shutdown_callback;
  Error outcome;
  Kind kind;
  Views *views = nullptr;        // owned; nullptr: the bytes are at `buffer`
  Batch *batch = nullptr;        // owned; nullptr: one datagram, at `buffer`
  HostLookup *lookup = nullptr;  // owned; while it is there the datagram has no destination
  aio_address destination;       // of one datagram; length 0: the peer
};

}  // namespace aio
