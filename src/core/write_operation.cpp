#include "core/write_operation.hpp"

#include <algorithm>

#include "base/allocator.hpp"
#include "core/host_lookup.hpp"
#include "core/outbound.hpp"

namespace aio {

namespace {

const Byte *bytes_at(const void *data) { return static_cast<const Byte *>(data); }

// A block for a T that ends in `count` items, with `extra` bytes behind them; nullptr: no memory.
template <class T>
T *make_with_items(size_t count, size_t extra) {
  const size_t item = sizeof(T::items[0]);
  if (count > (SIZE_MAX / 2 - sizeof(T)) / (item + sizeof(aio_address))) return nullptr;
  void *block = allocate(sizeof(T) + count * item + extra);
  return block == nullptr ? nullptr : ::new (block) T{};
}

}  // namespace

Views *Views::copy(const aio_buffer_view *views, size_t count) {
  Views *copied = make_with_items<Views>(count, 0);
  if (copied == nullptr) return nullptr;
  copied->count = count;
  for (size_t index = 0; index < count; ++index) {
    ::new (&copied->items[index]) net::ConstSpan{bytes_at(views[index].data), views[index].length};
  }
  return copied;
}

void Views::skip(size_t bytes) {
  for (offset += bytes; next < count && offset >= items[next].size; ++next) offset -= items[next].size;
}

Batch *Batch::copy(const aio_message *messages, size_t count) {
  Batch *copied = make_with_items<Batch>(count, count * sizeof(aio_address));
  if (copied == nullptr) return nullptr;
  copied->count = count;
  aio_address *address = reinterpret_cast<aio_address *>(copied->items + count);
  for (size_t index = 0; index < count; ++index) {
    const aio_message &message = messages[index];
    const aio_address *to = nullptr;
    if (message.address != nullptr) to = ::new (address++) aio_address(*message.address);
    ::new (&copied->items[index]) net::OutgoingDatagram{{bytes_at(message.data), message.length}, to};
  }
  return copied;
}

void WriteOperation::begin(Outbound &owner, Kind what, const Request &request) {
  outbound = &owner;
  kind = what;
  buffer = request.buffer;
  start = position = request.start;
  end = request.end;
  shutdown_callback = nullptr;
}

bool WriteOperation::load(const Cargo &cargo) {
  destination.length = 0;
  if (cargo.address != nullptr) destination = *cargo.address;
  if (cargo.views != nullptr) {
    views = Views::copy(cargo.views, cargo.count);
    if (views == nullptr) return false;
    views->skip(start);
  } else if (cargo.messages != nullptr) {
    batch = Batch::copy(cargo.messages, cargo.count);
    if (batch == nullptr) return false;
  } else if (cargo.host != nullptr) {
    lookup = HostLookup::create(*this, cargo.host, cargo.service);
    if (lookup == nullptr) return false;
  }
  return true;
}

void WriteOperation::clear() {
  release(std::exchange(views, nullptr));
  release(std::exchange(batch, nullptr));
  dispose(std::exchange(lookup, nullptr));
}

void WriteOperation::arrive() { outbound->add(*this); }
void WriteOperation::run() { outbound->complete(*this); }

size_t WriteOperation::gather(net::ConstSpan *spans, size_t room, size_t most) const {
  size_t left = std::min(remaining(), most);
  if (views == nullptr) {
    if (left == 0) return 0;
    spans[0] = {buffer + position, left};
    return 1;
  }
  size_t count = 0;
  size_t offset = views->offset;
  for (size_t index = views->next; left != 0 && count < room; ++index, offset = 0) {
    const net::ConstSpan &item = views->items[index];
    const size_t size = std::min(item.size - offset, left);
    if (size == 0) continue;
    spans[count++] = {item.data + offset, size};
    left -= size;
  }
  return count;
}

void WriteOperation::advance(size_t bytes) {
  position += bytes;
  if (views != nullptr) views->skip(bytes);
}

}  // namespace aio
