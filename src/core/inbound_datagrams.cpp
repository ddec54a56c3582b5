// Receiving datagrams: one into the caller's buffer, or many at once that are delivered one by one.
#include <algorithm>
#include <cstring>

#include "base/allocator.hpp"
#include "core/state.hpp"

namespace aio {

bool Inbound::make_mail() {
  mail_ = make<Mail>();
  return mail_ != nullptr;
}

void Inbound::begin_datagrams() {
  if (operation_.kind == Kind::messages && !mail_->asked_to_join) {
    mail_->asked_to_join = true;
    mail_->joins = net::join_datagrams(state_.channel_socket());
  }
  net::IncomingDatagram datagram;
  if (!buffer_.empty() && operation_.kind == Kind::message && take_held(datagram)) return store_message(datagram);
  if (!buffer_.empty() && operation_.kind == Kind::messages) return queue();
  if (!buffer_.empty()) return note_last(AIO_OK);
  if (!ended_.ok()) {
    note_last(ended_.status);
  } else {
    state_.request_flush();
  }
}

// ---- One ----

void Inbound::receive_one() {
  if (mail_->joins) {
    net::IncomingDatagram datagram;
    if (receive_batch(1) && next_message(datagram)) {
      store_message(datagram);
      hold_rest();
    }
    return;
  }
  static_cast<void>(budget());
  if (throttled()) return;
  const net::Span span = {operation_.buffer + operation_.start, operation_.end - operation_.start};
  Letter &letter = mail_->received;
  const net::IoResult result = net::receive_datagram(state_.channel_socket(), span, letter.address, letter.truncated);
  count_read(result);
  if (result.kind != net::IoResult::Kind::moved) return settle(result);
  operation_.position += result.bytes;
  note_last(AIO_OK);
}

void Inbound::store_message(const net::IncomingDatagram &datagram) {
  const size_t stored = std::min(datagram.size, operation_.end - operation_.start);
  if (stored != 0) std::memcpy(operation_.buffer + operation_.start, datagram.data, stored);
  operation_.position += stored;
  mail_->received = {*datagram.address, datagram.size, datagram.truncated || stored < datagram.size};
  note_last(AIO_OK);
}

// ---- Many ----

// They are received when their callbacks are about to run, into room that all states of the collection share.
void Inbound::await_messages() {
  static_cast<void>(budget());
  if (throttled()) return;
  const net::IoResult result = net::peek_datagram(state_.channel_socket());
  if (result.kind == net::IoResult::Kind::moved) {
    queue();
  } else {
    settle(result);
  }
}

bool Inbound::receive_batch(size_t most) {
  static_cast<void>(budget());
  if (throttled()) return false;
  net::ReceiveBatch *batch = state_.collection().receive_batch();
  if (batch == nullptr) {
    fail({AIO_ERR_NO_MEMORY, 0});
    return false;
  }
  const net::IoResult result = batch->receive(state_.channel_socket(), most);
  count_read(result);
  if (result.kind == net::IoResult::Kind::moved) {
    mail_->batch = batch;
    return true;
  }
  settle(result);
  return false;
}

bool Inbound::next_message(net::IncomingDatagram &datagram) {
  if (take_held(datagram)) return true;
  if (mail_->batch == nullptr) return false;
  if (mail_->batch->next(datagram)) return true;
  mail_->batch = nullptr;
  return false;
}

void Inbound::deliver_messages() {
  phase_ = Phase::waiting;
  net::IncomingDatagram datagram;
  bool full = false;
  if (!buffer_.empty() || receive_batch(net::ReceiveBatch::kSlots)) {
    full = mail_->batch != nullptr && mail_->batch->was_full();
    phase_ = Phase::delivering;
    while (phase_ == Phase::delivering && next_message(datagram)) show_message(datagram);
  }
  tidy();
  if (phase_ == Phase::delivering) {
    wait_again();
    more_is_likely_ = full;
  } else if (phase_ == Phase::waiting) {
    state_.request_flush();
  }
  state_.unpin();
}

void Inbound::show_message(const net::IncomingDatagram &datagram) {
  const Letter letter = {*datagram.address, datagram.size, datagram.truncated};
  mail_->shown = &letter;
  shown_ = true;
  state_.note_read_outcome(AIO_OK);
  state_.enter(operation_.completion.callback, datagram.data, datagram.size, operation_.completion.user_info);
  shown_ = false;
  mail_->shown = nullptr;
}

// ---- Received and not delivered ----

// What is left of the batch is kept for the next receive; without memory it is lost as in the network.
void Inbound::hold_rest() {
  if (mail_ == nullptr || mail_->batch == nullptr) return;
  net::IncomingDatagram datagram;
  while (mail_->batch->next(datagram)) {
    const Letter letter = {*datagram.address, datagram.size, datagram.truncated};
    Byte *place = buffer_.reserve(sizeof letter + datagram.size);
    if (place == nullptr) continue;
    std::memcpy(place, &letter, sizeof letter);
    std::memcpy(place + sizeof letter, datagram.data, datagram.size);
    buffer_.commit(sizeof letter + datagram.size);
    mail_->held_bytes += datagram.size;
  }
  mail_->batch = nullptr;
}

// The first one that is held, whose bytes stay in place until buffer_ is filled or fitted.
bool Inbound::take_held(net::IncomingDatagram &datagram) {
  if (buffer_.empty()) return false;
  Letter &letter = mail_->held;
  std::memcpy(&letter, buffer_.data(), sizeof letter);
  datagram = {buffer_.data() + sizeof letter, letter.size, &letter.address, letter.truncated};
  buffer_.consume(sizeof letter + letter.size);
  mail_->held_bytes -= letter.size;
  return true;
}

size_t Inbound::take_message(void *destination, size_t length) {
  net::IncomingDatagram datagram;
  if (!take_held(datagram)) return 0;
  const size_t taken = std::min(datagram.size, length);
  if (taken != 0) std::memcpy(destination, datagram.data, taken);
  return taken;
}

}  // namespace aio
