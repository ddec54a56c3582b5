#include "core/connector.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/log.hpp"
#include "core/state.hpp"
#include "net/unix_socket.hpp"

namespace aio {

namespace {

constexpr Nanoseconds kAttemptDelay = 250'000'000;  // RFC 8305, section 5
constexpr Nanoseconds kShortestRetry = 1'000'000;
constexpr Nanoseconds kLongestRetry = 100'000'000;
constexpr size_t kTextSize = 640;

// Of several failures the one that tells most: an answer of the peer's over a lack of ways to reach it.
int weight(aio_status status) {
  switch (status) {
    case AIO_OK:
      return 0;
    case AIO_ERR_UNREACHABLE:
    case AIO_ERR_UNSUPPORTED:
    case AIO_ERR_ADDRESS_NOT_AVAILABLE:
      return 1;
    default:
      return 2;
  }
}

}  // namespace

Connector::Connector(State &state, const ConnectPlan &plan)
    : state_(state),
      tls_(plan.tls == nullptr ? Shared<tls::Context>() : Shared<tls::Context>::of(*plan.tls)),
      plan_(plan),
      deadline_(after(net::Loop::clock(), plan.timeout)) {}

Connector::~Connector() {
  while (Attempt *attempt = attempts_.pop_front()) dispose(attempt);
  if (lookup_ != nullptr) lookup_->abandon();
}

Connector *Connector::create(State &state, const ConnectPlan &plan) {
  Owned<Connector> connector(make<Connector>(state, plan));
  if (connector == nullptr) return nullptr;
  ConnectPlan &own = connector->plan_;
  const bool copied = keep(connector->host_, own.host) && keep(connector->service_, own.service) &&
                      keep(connector->local_address_, own.local_address) &&
                      keep(connector->local_service_, own.local_service) &&
                      keep(connector->tls_server_name_, own.tls_server_name);
  return copied ? connector.release() : nullptr;
}

bool Connector::keep(Text &copy, const char *&text) {
  if (text == nullptr) return true;
  const bool copied = copy.assign(text);
  text = copy.get();
  return copied;
}

net::SocketKind Connector::socket_kind() const {
  return plan_.kind == ConnectPlan::Kind::udp ? net::SocketKind::datagram : net::SocketKind::stream;
}

void Connector::begin() {
  state_.collection().deadlines().arm_by(timeout_alarm_, deadline_);
  Error error;
  const bool found = find_addresses(error);
  if (!error.ok()) return fail(error);
  if (found) try_next(0);
}

// False: they are being looked up.
bool Connector::find_addresses(Error &error) {
  if (plan_.kind == ConnectPlan::Kind::unix_stream) {
    aio_address address;
    error.status = net::make_unix_address(address, plan_.host);
    if (error.ok() && !addresses_.assign(address)) error.status = AIO_ERR_NO_MEMORY;
    return true;
  }
  const net::Query query = {plan_.host, plan_.service, plan_.family, socket_kind()};
  if (net::resolve_numeric(query, addresses_, error)) return true;
  lookup_ = net::Lookup::start(state_.collection().loop(), query, *this, error);
  return false;
}

void Connector::on_resolved(Error error, net::AddressList &addresses) {
  lookup_ = nullptr;
  if (error.ok() && addresses.size() == 0) error = {AIO_ERR_HOST_NOT_FOUND, 0};
  if (!error.ok()) return fail(error);
  addresses_.swap(addresses);
  addresses_.alternate_families();
  try_next(0);
}

// Starts the next attempt, and the clock for the one after it.
void Connector::try_next(Nanoseconds) {
  while (next_ < addresses_.size()) {
    aio_address culprit = addresses_[next_++];
    const Error error = try_address(culprit, culprit);
    if (error.ok()) {
      if (next_ < addresses_.size()) {
        state_.collection().deadlines().arm(next_alarm_, after(net::Loop::clock(), kAttemptDelay));
      }
      return;
    }
    if (error.status == AIO_ERR_BUSY) return retry_later();
    note_failure(culprit, error);
  }
  if (attempts_.empty()) fail(worst_);
}

void Connector::retry_later() {
  --next_;
  retry_delay_ = std::clamp(2 * retry_delay_, kShortestRetry, kLongestRetry);
  state_.collection().deadlines().arm(next_alarm_, after(net::Loop::clock(), retry_delay_));
}

// On failure `culprit` is the address that could not be used, this one or the local one.
Error Connector::try_address(const aio_address &address, aio_address &culprit) {
  Owned<Attempt> attempt(make<Attempt>(*this, address));
  if (attempt == nullptr) return {AIO_ERR_NO_MEMORY, 0};
  aio_address local = {};
  Error error = find_local(address, local);
  if (error.ok()) error = attempt->socket().open(net::family_of(address), socket_kind());
  if (error.ok() && local.length != 0) {
    error = attempt->socket().bind_client(local);
    if (!error.ok()) culprit = local;
  }
  if (error.ok()) error = attempt->start();
  if (error.ok()) attempts_.push_back(*attempt.release());
  return error;
}

// The address to connect from, of the remote one's family; none if none was asked for.
Error Connector::find_local(const aio_address &remote, aio_address &local) const {
  if (plan_.local_address == nullptr && plan_.local_service == nullptr) return {};
  if (plan_.kind == ConnectPlan::Kind::unix_stream) return {net::make_unix_address(local, plan_.local_address), 0};
  const int32_t family = net::family_of(remote);
  const char *any = family == 4 ? "0.0.0.0" : "::";
  net::AddressList found;
  Error error;
  const net::Query query = {plan_.local_address == nullptr ? any : plan_.local_address,
                            plan_.local_service == nullptr ? "0" : plan_.local_service, 0, socket_kind()};
  if (!net::resolve_numeric(query, found, error)) error = {AIO_ERR_ADDRESS_NOT_AVAILABLE, 0};
  if (error.ok() && net::family_of(found[0]) != family) error = {AIO_ERR_ADDRESS_NOT_AVAILABLE, 0};
  if (error.ok()) local = found[0];
  return error;
}

Error Connector::Attempt::start() {
  Error error = socket_.connect(address_);
  if (!error.ok()) return error;
  poller_ = net::Poller::create(connector_.state_.collection().loop(), socket_.handle(), *this, error);
  if (poller_ != nullptr) poller_->watch(false, true);
  return error;
}

void Connector::Attempt::on_ready(bool, bool) { connector_.on_attempt_ready(*this); }

// On some systems a refused connect looks like a writable socket: the socket's error tells.
void Connector::on_attempt_ready(Attempt &attempt) {
  const Error error = attempt.socket().pending_error();
  if (error.ok()) return win(attempt);
  note_failure(attempt.address(), error);
  attempt.unlink();
  dispose(&attempt);
  try_next(0);
}

void Connector::win(Attempt &attempt) {
  attempt.unlink();
  const Owned<Attempt> winner(&attempt);
  stop_racing();
  worst_address_ = winner->address();
  state_.take_connection(std::move(winner->socket()), winner->take_poller());
  if (tls_) return secure();
  end({});
  state_.on_connected();
}

// The names and the time of the connect are the handshake's too.
void Connector::secure() {
  const tls::ServerName server = {plan_.tls_server_name, net::port_of(worst_address_)};
  const Error error = state_.begin_tls(*tls_, server, *this, plan_.handshake_timeout);
  if (!error.ok()) fail(error);
}

void Connector::on_tls(Error outcome) {
  if (ended_) return;
  outcome = state_.end_handshake(outcome);
  if (!outcome.ok()) return fail(outcome);
  end({});
  state_.on_secured();
}

void Connector::note_failure(const aio_address &address, Error error) {
  AIO_LOG(AIO_LOG_DEBUG, "connect to %s: %s", net::AddressText(address).text, status_message(error.status));
  if (weight(error.status) < weight(worst_.status)) return;
  worst_ = error;
  worst_address_ = address;
}

void Connector::fail(Error error) {
  char text[kTextSize];
  if (worst_address_.length != 0) {
    std::snprintf(text, sizeof text, "%s", net::AddressText(worst_address_).text);
  } else if (plan_.kind == ConnectPlan::Kind::unix_stream) {
    std::snprintf(text, sizeof text, "%s", plan_.host);
  } else {
    std::snprintf(text, sizeof text, "%s, service %s", plan_.host, plan_.service);
  }
  state_.note_error(error);
  if (*state_.noted_text() != '\0') {  // what TLS has to say
    const size_t length = std::strlen(text);
    std::snprintf(text + length, sizeof text - length, ": %s", state_.noted_text());
  }
  end(error);
  state_.on_connect_failed(error, text);
}

void Connector::cancel() {
  if (!ended_) end({AIO_ERR_CANCELED, 0});
}

// Whatever the outcome, its callback comes before those of the operations that waited for it.
void Connector::end(Error error) {
  ended_ = true;
  outcome_ = error;
  state_.collection().deadlines().disarm(timeout_alarm_);
  stop_racing();
  if (lookup_ != nullptr) std::exchange(lookup_, nullptr)->abandon();
  state_.queue(*this);
}

void Connector::stop_racing() {
  state_.collection().deadlines().disarm(next_alarm_);
  while (Attempt *attempt = attempts_.pop_front()) dispose(attempt);
}

void Connector::on_timeout(Nanoseconds) {
  // One last look: who has connected meanwhile has come in time.
  for (Attempt *attempt = attempts_.front(); attempt != nullptr; attempt = attempts_.next(*attempt)) {
    aio_address peer;
    if (attempt->socket().pending_error().ok() && net::peer_address(attempt->socket().handle(), peer).ok()) {
      return win(*attempt);
    }
  }
  if (Attempt *attempt = attempts_.front()) worst_address_ = attempt->address();
  fail({AIO_TIMEOUT, 0});
}

void Connector::run() {
  const Owned<Connector> self(this);
  state_.forget_connector();
  const aio_state_callback callback = plan_.callback;
  void *const user_info = plan_.user_info;
  state_.call(callback, outcome_.status, user_info);
}

}  // namespace aio
