// The end of a state: closed, given up by its user, its socket taken away.
#include "base/allocator.hpp"
#include "core/accept_gauge.hpp"
#include "core/connector.hpp"
#include "core/state.hpp"

namespace aio {

aio_status State::close(aio_state_callback callback, const aio_close_options &options) {
  Linger *linger = nullptr;
  if (options.linger > 0 && options.reset != AIO_YES) {
    linger = closing_process_.make_linger(nanoseconds(options.linger));
    if (linger == nullptr) return AIO_ERR_NO_MEMORY;
  }
  const bool first = !mailbox_.close_gate(closing_);
  CloseRequest *request = first ? &closing_process_.first() : make<CloseRequest>();
  if (request == nullptr) {
    dispose(linger);
    return AIO_ERR_NO_MEMORY;
  }
  request->state = this;
  request->callback = callback;
  request->user_info = user_info_or(options.user_info);
  request->linger = linger;
  request->reset = options.reset == AIO_YES;
  request->embedded = first;
  if (mailbox_.submit(*request, net::Mailbox::Late::accept)) return AIO_OK;
  dispose(linger);
  if (!first) dispose(request);
  return callback == nullptr ? AIO_OK : AIO_ERR_CLOSED;  // after the collection's end nobody could call it
}

void State::destroy() {
  static_cast<void>(mailbox_.close_gate(closing_));
  if (!mailbox_.submit(departure_, net::Mailbox::Late::accept)) dispose(this);
}

void State::depart() {
  departed_ = true;
  if (phase_ != Phase::closed) {
    if (!closing_process_.lingers()) close_socket(false);
  } else if (pins_ == 0) {
    dispose(this);
  }
}

aio_status State::release_socket(aio_socket &out) {
  const net::Visit visit(mailbox_);
  if (!visit.allowed()) return AIO_ERR_BUSY;
  if (is_closing()) return AIO_ERR_CLOSED;
  if (is_attaching()) return AIO_ERR_BUSY;
  if (!is_open()) return AIO_ERR_NOT_CONNECTED;
  if (tls_use_.load(std::memory_order_acquire) != TlsUse::none) return AIO_ERR_BUSY;
  static_cast<void>(mailbox_.close_gate(closing_));
  leave_poller();
  {
    const net::Lock lock(mailbox_.socket_mutex());
    out = plain_.socket.release();
  }
  close_socket(false);
  return AIO_OK;
}

// What TLS gets without anybody's asking, such as tickets, would lie unread, and a close then resets the connection and
// destroys what was sent (RFC 2525, 2.17).
void State::read_away() {
  const Block &scratch = collection_->scratch();
  const net::Span span = {scratch.data, scratch.capacity};
  for (int count = 0; count < kMostReadsAway && scratch.data != nullptr; ++count) {
    if (plain_.socket.read(&span, 1).kind != net::IoResult::Kind::moved) return;
  }
}

void State::leave_poller() { net::Poller::close(std::exchange(poller_, nullptr)); }

void State::close_socket(bool reset) {
  if (is_over() || phase_ == Phase::ending) return;
  const bool failed = has_failed();
  const bool notifies = tls_ != nullptr && is_open() && !reset;
  phase_ = Phase::ending;
  static_cast<void>(mailbox_.close_gate(closing_));
  if (connector_ != nullptr) connector_->cancel();
  inbound_.close();
  outbound_.close();
  if (tls_ != nullptr) {
    if (notifies) {
      tls_->engine().notify_close();  // as far as the kernel takes it
      read_away();
    }
    tls_->close();
  }
  collection_->deadlines().disarm(alarm_);
  leave_poller();
  {
    const net::Lock lock(mailbox_.socket_mutex());
    if (reset) plain_.socket.reset();
    plain_.socket.close();
  }
  if (!failed) collection_->tally().open_states.subtract(1);
  phase_ = Phase::closed;
  Link<MemberTag>::unlink();
  Link<FlushTag>::unlink();
  closing_process_.end_linger();
  if (pins_ == 0) note_closed();
  if (gauge_ != nullptr) gauge_->leave();
  if (departed_) {  // the end, once the caller of this has returned
    ++pins_;
    collection_->do_later(departure_);
  }
}

}  // namespace aio
