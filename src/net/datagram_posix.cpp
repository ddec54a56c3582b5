#include "net/datagram.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/allocator.hpp"
#include "net/system_call_posix.hpp"
#include "net/system_error.hpp"

namespace aio::net {

namespace {

iovec *vector_of(const ConstSpan &span) { return const_cast<iovec *>(reinterpret_cast<const iovec *>(&span)); }

void set_destination(msghdr &message, const aio_address *address) {
  message.msg_name = address == nullptr ? nullptr : const_cast<unsigned char *>(address->storage);
  message.msg_namelen = address == nullptr ? 0 : address->length;
}

#ifdef __linux__

constexpr size_t kMostSegments = 64;      // UDP_MAX_SEGMENTS of the kernels that have the fewest
constexpr size_t kLongestRun = 65'000;    // bytes; headers have to fit into 65,535 as well
constexpr size_t kLongestSegment = 1452;  // a common link's, without IPv6 and UDP headers; longer ones would be refused

using Segment = uint16_t;

struct alignas(cmsghdr) SegmentControl {
  char bytes[CMSG_SPACE(sizeof(Segment))];
};

void request_segments(msghdr &message, SegmentControl &control, size_t size) {
  control = {};
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  cmsghdr &header = *CMSG_FIRSTHDR(&message);
  header.cmsg_level = SOL_UDP;
  header.cmsg_type = UDP_SEGMENT;
  header.cmsg_len = CMSG_LEN(sizeof(Segment));
  const Segment segment = static_cast<Segment>(size);
  std::memcpy(CMSG_DATA(&header), &segment, sizeof segment);
}

bool same_destination(const aio_address *one, const aio_address *other) {
  if (one == nullptr || other == nullptr) return one == other;
  return one->length == other->length && std::memcmp(one->storage, other->storage, one->length) == 0;
}

// How many of the datagrams the kernel can make of one: of the same size, but for a shorter last one, to one destination.
size_t run_length(const OutgoingDatagram *datagrams, size_t count) {
  const size_t size = datagrams->bytes.size;
  if (size == 0 || size > kLongestSegment) return 1;
  const size_t most = std::min({count, kMostSegments, kLongestRun / size});
  size_t length = 1;
  while (length < most && datagrams[length].bytes.size <= size && datagrams[length].bytes.size != 0 &&
         same_destination(datagrams[0].address, datagrams[length].address)) {
    if (datagrams[length++].bytes.size < size) break;
  }
  return length;
}

// One datagram costs less without a message header around it.
SendResult send_one(aio_socket socket, const OutgoingDatagram &datagram) {
  const aio_address *to = datagram.address;
  const ConstSpan &bytes = datagram.bytes;
  const ssize_t sent = uninterrupted([&] {
    return to == nullptr ? ::send(socket, bytes.data, bytes.size, MSG_NOSIGNAL)
                         : ::sendto(socket, bytes.data, bytes.size, MSG_NOSIGNAL, system_address(*to), to->length);
  });
  return sent == -1 ? SendResult{failure(), 0} : SendResult{IoResult::moved(bytes.size), 1};
}

// One call's messages, each a datagram or a run of them.
class Messages {
 public:
  Messages(const OutgoingDatagram *datagrams, size_t count, bool segments) : datagrams_(datagrams) {
    size_t control = 0;
    for (size_t first = 0; first < count; first += runs_[count_++]) {
      const size_t run = segments ? run_length(datagrams + first, count - first) : 1;
      for (size_t index = first; index < first + run; ++index) vectors_[index] = *vector_of(datagrams[index].bytes);
      msghdr &message = headers_[count_].msg_hdr;
      message = {};
      set_destination(message, datagrams[first].address);
      message.msg_iov = vectors_ + first;
      message.msg_iovlen = run;
      if (run > 1) request_segments(message, controls_[control++], datagrams[first].bytes.size);
      runs_[count_] = run;
    }
    has_runs_ = control != 0;
  }

  [[nodiscard]] bool has_runs() const { return has_runs_; }

  [[nodiscard]] SendResult send(aio_socket socket) {
    const auto length = static_cast<unsigned>(count_);
    const int sent = uninterrupted([&] { return ::sendmmsg(socket, headers_, length, MSG_NOSIGNAL); });
    if (sent == -1) return {failure(), 0};
    size_t count = 0;
    size_t bytes = 0;
    for (int index = 0; index < sent; ++index) count += runs_[index];
    for (size_t index = 0; index < count; ++index) bytes += datagrams_[index].bytes.size;
    return {IoResult::moved(bytes), count};
  }

 private:
  const OutgoingDatagram *datagrams_;
  mmsghdr headers_[kMostDatagrams];
  iovec vectors_[kMostDatagrams];
  SegmentControl controls_[kMostDatagrams / 2];
  size_t runs_[kMostDatagrams];
  size_t count_ = 0;
  bool has_runs_ = false;
};

#endif

}  // namespace

#ifdef __linux__

SendResult send_datagrams(aio_socket socket, const OutgoingDatagram *datagrams, size_t count, bool &segments) {
  if (count == 1) return send_one(socket, *datagrams);
  Messages messages(datagrams, count, segments);
  const SendResult result = messages.send(socket);
  if (result.result.kind != IoResult::Kind::failed || !messages.has_runs()) return result;
  // Was it the run that was refused, or one datagram? EMSGSIZE can be either; the others are the kernel's or driver's no.
  const int number = result.result.system;
  if (number == EINVAL || number == EIO || number == EOPNOTSUPP || number == ENOPROTOOPT) {
    segments = false;
  } else if (number != EMSGSIZE) {
    return result;
  }
  return Messages(datagrams, count, false).send(socket);
}

#else

SendResult send_datagrams(aio_socket socket, const OutgoingDatagram *datagrams, size_t count, bool &) {
  size_t bytes = 0;
  for (size_t index = 0; index < count; ++index) {
    msghdr message = {};
    set_destination(message, datagrams[index].address);
    message.msg_iov = vector_of(datagrams[index].bytes);
    message.msg_iovlen = 1;
    if (uninterrupted([&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL); }) == -1) {
      return index == 0 ? SendResult{failure(), 0} : SendResult{IoResult::moved(bytes), index};
    }
    bytes += datagrams[index].bytes.size;
  }
  return {IoResult::moved(bytes), count};
}

#endif

IoResult peek_datagram(aio_socket socket) {
  char byte;
  const ssize_t count = uninterrupted([&] { return ::recv(socket, &byte, sizeof byte, MSG_PEEK); });
  return count == -1 ? failure() : IoResult::moved(static_cast<size_t>(count));
}

ReceiveBatch *ReceiveBatch::create() {
  void *block = allocate(sizeof(ReceiveBatch));
  return block == nullptr ? nullptr : ::new (block) ReceiveBatch;  // without parentheses: its memory is not touched
}

bool ReceiveBatch::next(IncomingDatagram &datagram) {
  if (next_ == count_) return false;
  Slot &slot = slots_[next_];
  const size_t rest = slot.size - offset_;
  const size_t size = slot.segment == 0 ? rest : std::min(rest, slot.segment);
  datagram = {bytes_of(next_) + offset_, size, &slot.address, slot.truncated};
  offset_ += size;
  if (offset_ >= slot.size) {
    ++next_;
    offset_ = 0;
  }
  return true;
}

#ifdef __linux__

bool join_datagrams(aio_socket socket) {
  const int on = 1;
  return ::setsockopt(socket, SOL_UDP, UDP_GRO, &on, sizeof on) == 0;
}

IoResult receive_datagram(aio_socket socket, Span span, aio_address &address, bool &truncated) {
  socklen_t length = sizeof address.storage;
  sockaddr *from = reinterpret_cast<sockaddr *>(address.storage);
  // With MSG_TRUNC it answers how long the datagram was, however much of it fitted.
  const ssize_t count =
      uninterrupted([&] { return ::recvfrom(socket, span.data, span.size, MSG_TRUNC, from, &length); });
  if (count == -1) return failure();
  const size_t size = static_cast<size_t>(count);
  address.length = length;
  truncated = size > span.size;
  return IoResult::moved(std::min(size, span.size));
}

IoResult ReceiveBatch::receive(aio_socket socket, size_t most) {
  struct alignas(cmsghdr) Control {
    char bytes[CMSG_SPACE(sizeof(int))];
  };
  mmsghdr headers[kSlots];
  iovec vectors[kSlots];
  Control controls[kSlots];
  most = std::min(most, kSlots);
  count_ = next_ = offset_ = 0;
  for (size_t index = 0; index < most; ++index) {
    vectors[index] = {bytes_of(index), kSlotSize};
    msghdr &message = headers[index].msg_hdr;
    message.msg_name = slots_[index].address.storage;
    message.msg_namelen = sizeof slots_[index].address.storage;
    message.msg_iov = &vectors[index];
    message.msg_iovlen = 1;
    message.msg_control = controls[index].bytes;
    message.msg_controllen = sizeof controls[index].bytes;
    message.msg_flags = 0;
  }
  const int received =
      uninterrupted([&] { return ::recvmmsg(socket, headers, static_cast<unsigned>(most), 0, nullptr); });
  if (received == -1) return failure();
  size_t bytes = 0;
  count_ = static_cast<size_t>(received);
  for (size_t index = 0; index < count_; ++index) {
    msghdr &message = headers[index].msg_hdr;
    Slot &slot = slots_[index];
    slot.address.length = message.msg_namelen;
    slot.size = headers[index].msg_len;
    slot.truncated = (message.msg_flags & MSG_TRUNC) != 0;
    slot.segment = 0;
    for (cmsghdr *header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_level != SOL_UDP || header->cmsg_type != UDP_GRO) continue;
      int segment = 0;
      std::memcpy(&segment, CMSG_DATA(header), sizeof segment);
      slot.segment = static_cast<size_t>(segment);
    }
    bytes += slot.size;
  }
  return IoResult::moved(bytes);
}

bool has_batches() { return true; }
bool has_segmentation() { return true; }

#else

bool join_datagrams(aio_socket) { return false; }

IoResult receive_datagram(aio_socket socket, Span span, aio_address &address, bool &truncated) {
  iovec vector = {span.data, span.size};
  msghdr message = {};
  message.msg_name = address.storage;
  message.msg_namelen = sizeof address.storage;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  const ssize_t count = uninterrupted([&] { return ::recvmsg(socket, &message, 0); });
  if (count == -1) return failure();
  address.length = message.msg_namelen;
  truncated = (message.msg_flags & MSG_TRUNC) != 0;
  return IoResult::moved(static_cast<size_t>(count));
}

IoResult ReceiveBatch::receive(aio_socket socket, size_t most) {
  size_t bytes = 0;
  count_ = next_ = offset_ = 0;
  while (count_ < std::min(most, kSlots)) {
    Slot &slot = slots_[count_];
    const IoResult result = receive_datagram(socket, {bytes_of(count_), kSlotSize}, slot.address, slot.truncated);
    if (result.kind != IoResult::Kind::moved) {
      if (count_ == 0) return result;
      break;
    }
    slot.size = result.bytes;
    slot.segment = 0;
    bytes += result.bytes;
    ++count_;
  }
  return IoResult::moved(bytes);
}

bool has_batches() { return false; }
bool has_segmentation() { return false; }

#endif

Error reachable_family(aio_socket socket, int32_t &family) {
  aio_address local;
  if (const Error error = local_address(socket, local); !error.ok()) return error;
  family = family_of(local);
  if (family != 6) return {};
  int only = 0;
  socklen_t length = sizeof only;
  if (::getsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &only, &length) != 0) return last_system_error();
  if (only == 0) family = 0;
  return {};
}

}  // namespace aio::net
