#include "core/state.hpp"

#include "core/accept_gauge.hpp"
#include "core/connector.hpp"

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

}  // namespace aio
