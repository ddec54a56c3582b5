// Datagrams: one, or as many as one system call moves. What differs between systems is in datagram_posix.cpp and its
// siblings.
#pragma once

#include "net/socket.hpp"

namespace aio::net {

struct OutgoingDatagram {
  ConstSpan bytes;
  const aio_address *address;  // nullptr: the socket's peer
};

// How many datagrams went, and their bytes; unless `moved`, the first one's attempt came to this.
struct SendResult {
  IoResult result;
  size_t count;
};

inline constexpr size_t kMostDatagrams = 64;  // per call

// Sends the first ones of at most kMostDatagrams, in order. `segments`: the kernel cuts runs of equal ones; it becomes false
// for good where the kernel refuses.
[[nodiscard]] SendResult send_datagrams(aio_socket socket, const OutgoingDatagram *datagrams, size_t count,
                                        bool &segments);

struct IncomingDatagram {
  Byte *data;
  size_t size;
  const aio_address *address;  // length 0: the sender has none
  bool truncated;              // its end did not fit
};

// Receives one datagram into `span`; `moved` also with no bytes.
[[nodiscard]] IoResult receive_datagram(aio_socket socket, Span span, aio_address &address, bool &truncated);

// `moved` also if the first datagram that waits has no bytes.
[[nodiscard]] IoResult peek_datagram(aio_socket socket);

// Whether the kernel joins runs of equal datagrams from now on, which only a ReceiveBatch can take apart.
[[nodiscard]] bool join_datagrams(aio_socket socket);

// Room for what one system call receives.
class ReceiveBatch {
 public:
  [[nodiscard]] static ReceiveBatch *create();  // nullptr: no memory; dispose() ends it

  // `moved` with the bytes of all; what was not taken before is gone.
  [[nodiscard]] IoResult receive(aio_socket socket, size_t most);
  [[nodiscard]] bool was_full() const { return count_ == kSlots; }
  [[nodiscard]] bool next(IncomingDatagram &datagram);  // false: all were taken

  static constexpr size_t kSlots = 32;

 private:
  // A datagram, or a run of them, `segment` bytes each and the last one perhaps shorter; 0: one.
  struct Slot {
    aio_address address;
    size_t size;
    size_t segment;
    bool truncated;
  };

  // As long as the longest run. Slots that begin at the same place of a page would share too few lines of the cache.
  static constexpr size_t kSlotSize = size_t{64} << 10;
  static constexpr size_t kStride = kSlotSize + size_t{5} * 64;

  [[nodiscard]] Byte *bytes_of(size_t index) { return bytes_ + index * kStride; }

  Slot slots_[kSlots];
  size_t count_ = 0;
  size_t next_ = 0;
  size_t offset_ = 0;  // in the slot
  Byte bytes_[kSlots * kStride];
};

// Addresses that the socket can send to: 4, 6, 0 for both, AIO_UNIX.
[[nodiscard]] Error reachable_family(aio_socket socket, int32_t &family);

// What this build and system can do.
[[nodiscard]] bool has_batches();
[[nodiscard]] bool has_segmentation();

}  // namespace aio::net
