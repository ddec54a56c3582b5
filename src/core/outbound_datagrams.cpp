// Sending datagrams: those of one dispatch leave together, each with an outcome of its own.
#include <algorithm>

#include "core/host_lookup.hpp"
#include "core/state.hpp"
#include "net/system_error.hpp"

namespace aio {

namespace {

constexpr size_t kMostPerTurn = 1024;  // datagrams; the rest waits for its turn

}  // namespace

// An unconnected Unix socket is writable always: whether there is room depends on where to.
void Outbound::ask_socket() {
  int32_t family = 0;
  knows_socket_ = net::reachable_family(state_.channel_socket(), family).ok();
  segments_ = family != AIO_UNIX && net::has_segmentation();
  tells_room_ = family != AIO_UNIX || state_.has_peer();
}

void Outbound::send_datagrams() {
  if (!knows_socket_) ask_socket();
  size_t sent = 0;
  while (WriteOperation *first = queue_.front()) {
    if (first->batch != nullptr && first->batch->count == 0) {
      finish(*first, {});
      continue;
    }
    net::OutgoingDatagram datagrams[net::kMostDatagrams];
    const size_t count = gather(datagrams, budget());
    if (count == 0) return;
    const net::SendResult outcome = net::send_datagrams(state_.channel_socket(), datagrams, count, segments_);
    state_.count_write(outcome.result);
    switch (outcome.result.kind) {
      case net::IoResult::Kind::moved:
        note_sent(outcome.result.bytes);
        advance_datagrams(outcome.count);
        break;
      case net::IoResult::Kind::failed: {
        const Error error = outcome.result.error();
        state_.note_error(error);
        finish(*first, error);
        break;
      }
      default:
        return wait_for_room();
    }
    sent += count;
    if (sent >= kMostPerTurn && !queue_.empty()) return wait_for_room();
  }
}

// The datagrams that may leave now, in order; none may overtake one whose destination is still looked up.
size_t Outbound::gather(net::OutgoingDatagram *datagrams, size_t most) {
  size_t count = 0;
  size_t total = 0;
  for (WriteOperation *operation = queue_.front();
       operation != nullptr && operation->lookup == nullptr && count < net::kMostDatagrams && total < most;
       operation = queue_.next(*operation)) {
    const Batch *batch = operation->batch;
    if (batch == nullptr) {
      const aio_address *to = operation->destination.length == 0 ? nullptr : &operation->destination;
      datagrams[count++] = {{operation->buffer + operation->position, operation->remaining()}, to};
      total += operation->remaining();
      continue;
    }
    for (size_t index = batch->sent; index < batch->count && count < net::kMostDatagrams && total < most; ++index) {
      datagrams[count++] = batch->items[index];
      total += batch->items[index].bytes.size;
    }
  }
  return count;
}

void Outbound::advance_datagrams(size_t count) {
  while (count != 0) {
    WriteOperation &first = *queue_.front();
    Batch *batch = first.batch;
    const size_t taken = batch == nullptr ? 1 : std::min(count, batch->count - batch->sent);
    size_t bytes = batch == nullptr ? first.remaining() : 0;
    for (size_t left = taken; batch != nullptr && left != 0; --left) bytes += batch->items[batch->sent++].bytes.size;
    first.advance(bytes);
    bytes_.leave(bytes);
    count -= taken;
    if (batch == nullptr || batch->sent == batch->count) {
      finish(first, {});
    } else {
      note_progress(first);
    }
  }
}

void Outbound::on_destination(WriteOperation &operation, Error error, const aio_address &address) {
  state_.request_flush();  // for those that have waited behind it, too
  if (error.ok()) {
    operation.destination = address;
    dispose(std::exchange(operation.lookup, nullptr));
  } else {
    state_.note_error(error);
    finish(operation, error);
    queue_changed();
  }
}

}  // namespace aio
