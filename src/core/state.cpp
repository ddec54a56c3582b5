#include "core/state.hpp"

#include <algorithm>

#include "core/accept_gauge.hpp"
#include "core/connector.hpp"
#include "net/system_error.hpp"
#include "net/unix_socket.hpp"

namespace aio {

// ---- Making one: any thread ----

State::State(Collection &collection, const Options &options, AcceptGauge *gauge)
    : collection_(&collection),
      mailbox_(collection.mailbox()),
      inbound_(*this, collection.blocks()),
      gauge_(gauge),
      is_datagram_(options.datagrams),
      has_peer_(options.has_peer),
      user_info_(options.user_info) {
  mailbox_.retain();
  if (gauge_ != nullptr) gauge_->enter();
  if (options.exclusive_output) outbound_.set_exclusive();
  set_read_timeout(options.read_timeout);
  set_write_timeout(options.write_timeout);
}

State::~State() {
  dispose(connector_);
  dispose(tls_);
  dispose(facts_.load(std::memory_order_relaxed));
  if (gauge_ != nullptr && phase_ != Phase::closed) gauge_->leave();
  mailbox_.release();
}

aio_status State::start(State *state, aio_state **out) {
  *out = handle(state);  // before a callback can run
  if (state->mailbox_.submit(state->birth_)) return AIO_OK;
  *out = nullptr;
  return AIO_ERR_CLOSED;
}

aio_status State::adopt(Collection &collection, net::Socket &socket, const Options &options, AcceptGauge *gauge,
                        aio_state **out) {
  State *state = make<State>(collection, options, gauge);
  if (state == nullptr) return AIO_ERR_NO_MEMORY;
  aio_status status = AIO_ERR_NO_MEMORY;
  if (state->name_.assign(options.name) && state->prepare()) {
    state->plain_.socket = std::move(socket);
    status = start(state, out);
    if (status == AIO_OK) return AIO_OK;
    socket = std::move(state->plain_.socket);
  }
  dispose(state);
  return status;
}

aio_status State::connect(Collection &collection, const ConnectPlan &plan, const Options &options, aio_state **out) {
  State *state = make<State>(collection, options, nullptr);
  if (state == nullptr) return AIO_ERR_NO_MEMORY;
  state->phase_ = Phase::connecting;
  state->nodelay_.store(plan.nodelay, std::memory_order_relaxed);
  state->keepalive_.store(plan.keepalive, std::memory_order_relaxed);
  if (plan.tls != nullptr) state->tls_use_.store(TlsUse::changing, std::memory_order_relaxed);
  state->connector_ = Connector::create(*state, plan);
  aio_status status = AIO_ERR_NO_MEMORY;
  if (state->connector_ != nullptr && state->name_.assign(options.name) && state->prepare()) {
    status = start(state, out);
  }
  if (status != AIO_OK) dispose(state);
  return status;
}

bool State::prepare() { return !is_datagram_ || inbound_.make_mail(); }

void State::join() {
  collection_->join(*this);
  collection_->tally().open_states.add(1);
  if (connector_ != nullptr) connector_->begin();
}

// ---- Connecting has ended ----

void State::take_connection(net::Socket socket, net::Poller *poller) {
  {
    const net::Lock lock(mailbox_.socket_mutex());
    plain_.socket = std::move(socket);
    // What the system refuses here is no reason to give the connection up.
    const bool nodelay = nodelay_.load(std::memory_order_relaxed);
    const bool keepalive = keepalive_.load(std::memory_order_relaxed);
    if (nodelay) static_cast<void>(net::set_flag(plain_.socket.handle(), net::SocketFlag::nodelay, true));
    if (keepalive) static_cast<void>(net::set_flag(plain_.socket.handle(), net::SocketFlag::keepalive, true));
  }
  poller_ = poller;
  poller_->set_owner(*this);
}

void State::on_connected() {
  poller_->watch(true, false);
  phase_ = Phase::open;
  inbound_.on_open();
  request_flush();
  closing_process_.proceed();
}

void State::on_connect_failed(Error error, const char *text) {
  phase_ = Phase::failed;
  forget_tls();
  if (tls_ != nullptr) tls_->close();
  leave_poller();
  {
    const net::Lock lock(mailbox_.socket_mutex());
    plain_.socket.close();
  }
  collection_->tally().open_states.subtract(1);
  inbound_.end(error);
  outbound_.end(error);
  static_cast<void>(error_text_.assign(text));
  if (closing_process_.lingers()) close_socket(false);
}

// ---- Readiness ----

bool State::open_poller(Error &error) {
  if (poller_ == nullptr) poller_ = net::Poller::create(collection_->loop(), plain_.socket.handle(), *this, error);
  return poller_ != nullptr;
}

void State::watch() {
  if (!is_open()) return;
  if (Error error; !open_poller(error)) {
    inbound_.fail(error);
    outbound_.fail(error);
    return;
  }
  // What is watched already stays so until an event comes that nobody wants: each change costs system calls.
  const bool reads = inbound_.wants_readable() || closing_process_.drains() || channel().wants_input();
  poller_->watch(poller_->watches_readable() || reads, poller_->watches_writable() || outbound_.wants_writable());
}

// What it has to read first is read, though nobody asks for bytes.
void State::feed_channel() {
  static_cast<void>(channel().peek());
  if (channel().wants_input()) return;
  outbound_.on_writable();
  closing_process_.proceed();
}

void State::on_ready(bool readable, bool writable) {
  if (phase_ == Phase::securing) return tls_->proceed();
  const bool reads = readable && inbound_.wants_readable();
  const bool drains = readable && closing_process_.drains();
  const bool writes = writable && outbound_.wants_writable();
  const bool feeds = readable && channel().wants_input();
  if (writes) outbound_.on_writable();
  if (reads && inbound_.wants_readable()) inbound_.on_readable();
  if (drains) closing_process_.on_readable();
  if (feeds && is_open()) feed_channel();
  if (!is_open()) return;
  outbound_.mind_channel();
  const bool keeps_readable = poller_->watches_readable() && (!readable || reads || drains || feeds);
  const bool keeps_writable = poller_->watches_writable() && (!writable || writes);
  const bool wants_readable = inbound_.wants_readable() || closing_process_.drains() || channel().wants_input();
  poller_->watch(keeps_readable || wants_readable, keeps_writable || outbound_.wants_writable());
}

void State::flush(Stamp &stamp) {
  if (phase_ == Phase::securing) tls_->proceed();
  outbound_.flush(stamp);
  inbound_.flush(stamp);
  if (closing_process_.drains() && is_open() && channel().has_input()) closing_process_.on_readable();
  outbound_.mind_channel();
}

// One alarm serves both directions: each arms it again for what is left.
void State::on_due(Nanoseconds now) {
  inbound_.on_due(now);
  outbound_.on_due(now);
}

void State::count_read(const net::IoResult &result) {
  counters_.calls_read.add(1);
  counters_.bytes_read.add(result.bytes);
  collection_->tally().calls_read.add(1);
  collection_->tally().bytes_read.add(result.bytes);
}

void State::count_write(const net::IoResult &result) {
  counters_.calls_written.add(1);
  counters_.bytes_written.add(result.bytes);
  collection_->tally().calls_written.add(1);
  collection_->tally().bytes_written.add(result.bytes);
}

// The kernel tells why a connection is lost once: after a write was told, reading finds a mere end.
Error State::read_error(const net::IoResult &result) {
  const bool ended = result.kind == net::IoResult::Kind::ended;
  const Error error = ended ? Error{AIO_EOF, 0} : result.error();
  return (ended || error.status == AIO_ERR_TLS_TRUNCATED) && !lost_.ok() ? lost_ : error;
}

Error State::write_error(const net::IoResult &result) {
  const Error error = result.error();
  if (error.status != AIO_ERR_BROKEN_PIPE && error.status != AIO_ERR_NO_MEMORY) lost_ = error;
  return error;
}

void State::note_error(Error error) {
  const bool is_tls = error.status <= AIO_ERR_TLS && error.status >= AIO_ERR_TLS_TRUNCATED;
  if (is_tls && tls_ != nullptr) static_cast<void>(error_text_.assign(tls_->engine().error_text()));
  if (error.status < 0 && error.system != 0) system_error_.store(error.system, std::memory_order_relaxed);
}

// ---- Completions ----

void State::queue_read(Inbound &read) {
  const bool next = pins_ == 1 && collection_->may_run_on(&read);
  ++pins_;
  if (next) {
    collection_->complete_next(read);
  } else {
    collection_->complete(read);
  }
}

void State::note_read_outcome(aio_status status) {
  read_status_.store(status, std::memory_order_release);
  counters_.operations_read.add(1);
  collection_->tally().operations_read.add(1);
}

void State::count_written_operation() {
  counters_.operations_written.add(1);
  collection_->tally().operations_written.add(1);
}

void State::enter(aio_buffer_callback callback, void *buffer, size_t count, void *user_info) {
  if (callback == nullptr) return;
  counters_.callbacks.add(1);
  collection_->tally().callbacks.add(1);
  callback(handle(this), buffer, count, user_info);
}

void State::call(aio_state_callback callback, aio_status status, void *user_info) {
  if (callback != nullptr) {
    counters_.callbacks.add(1);
    collection_->tally().callbacks.add(1);
    callback(handle(this), status, user_info);
  }
  unpin();
}

void State::unpin() {
  if (--pins_ != 0 || phase_ != Phase::closed) return;
  note_closed();
  if (departed_) dispose(this);
}

// ---- Settings ----

void State::store_read_options(const aio_io_options &options) {
  if (options.timeout > 0) set_read_timeout(options.timeout);
  if (options.max_read != 0) set_max_read(options.max_read);
  if (options.user_info != nullptr) set_user_info(options.user_info);
}

void State::store_write_options(const aio_io_options &options) {
  if (options.timeout > 0) set_write_timeout(options.timeout);
  if (options.user_info != nullptr) set_user_info(options.user_info);
}

aio_socket State::socket() const {
  const net::Lock lock(mailbox_.socket_mutex());
  return is_closing() ? AIO_NO_SOCKET : plain_.socket.handle();
}

aio_status State::address(Error (*ask)(aio_socket, aio_address &), aio_address &out) const {
  const net::Lock lock(mailbox_.socket_mutex());
  out = aio_address{};
  if (is_closing()) return AIO_ERR_CLOSED;
  return plain_.socket.is_open() ? ask(plain_.socket.handle(), out).status : AIO_ERR_NOT_CONNECTED;
}

int32_t State::flag(net::SocketFlag flag) const {
  const net::Lock lock(mailbox_.socket_mutex());
  if (is_closing()) return 0;
  bool on = (flag == net::SocketFlag::nodelay ? nodelay_ : keepalive_).load(std::memory_order_relaxed);
  if (plain_.socket.is_open() && !net::get_flag(plain_.socket.handle(), flag, on).ok()) return 0;
  return on ? AIO_YES : AIO_NO;
}

aio_status State::change_group(Error (*change)(aio_socket, const net::Group &), const net::Group &group) {
  const net::Lock lock(mailbox_.socket_mutex());
  if (is_closing()) return AIO_ERR_CLOSED;
  return plain_.socket.is_open() ? change(plain_.socket.handle(), group).status : AIO_ERR_NOT_CONNECTED;
}

aio_status State::peer_credentials(aio_credentials &out) const {
  const net::Lock lock(mailbox_.socket_mutex());
  if (is_closing()) return AIO_ERR_CLOSED;
  aio_address local;
  if (!plain_.socket.is_open()) return AIO_ERR_NOT_CONNECTED;
  if (const Error error = net::local_address(plain_.socket.handle(), local); !error.ok()) return error.status;
  if (is_datagram_ || net::family_of(local) != AIO_UNIX) return AIO_ERR_UNSUPPORTED;
  return net::peer_credentials(plain_.socket.handle(), out).status;
}

aio_status State::set_flag(net::SocketFlag flag, bool on) {
  const net::Lock lock(mailbox_.socket_mutex());
  if (is_closing()) return AIO_ERR_CLOSED;
  (flag == net::SocketFlag::nodelay ? nodelay_ : keepalive_).store(on, std::memory_order_relaxed);
  if (!plain_.socket.is_open()) return AIO_OK;
  return net::set_flag(plain_.socket.handle(), flag, on).status;
}

// ---- What a driver function finds ----

size_t State::buffered() {
  return look([this] { return inbound_.buffered(); });
}

size_t State::take_buffered(void *destination, size_t length) {
  return look([=, this] { return inbound_.take(destination, length); });
}

size_t State::discard(size_t count) {
  return look([=, this] { return inbound_.discard(count); });
}

size_t State::finish_read(size_t count) {
  return look([=, this] { return inbound_.finish(count); });
}

size_t State::old_length() {
  return look([this] { return inbound_.old_length(); });
}

const char *State::error_text() {
  const char *text = "";
  static_cast<void>(look([&] {
    text = error_text_.get();
    return size_t{0};
  }));
  return text;
}

// ---- The end ----

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
