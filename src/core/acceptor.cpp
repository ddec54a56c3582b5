#include "core/acceptor.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "net/system_error.hpp"

namespace aio {

namespace {

// Accepting failed; the next try has to wait, or a level-triggered loop would spin.
constexpr Nanoseconds kRetryDelay = 100'000'000;

constexpr Nanoseconds kGreetingTime = 10'000'000'000;  // unless something else is asked for

}  // namespace

// ---- Making one: any thread ----

Acceptor::Acceptor(Collection &collection, const Plan &plan, net::SocketFile &&file)
    : collection_(&collection),
      mailbox_(collection.mailbox()),
      plan_(plan),
      file_(std::move(file)),
      tls_(plan.tls == nullptr ? Shared<tls::Context>() : Shared<tls::Context>::of(*plan.tls)),
      user_info_(plan.options.user_info) {
  mailbox_.retain();
}

Acceptor::~Acceptor() {
  for (size_t index = 0; index < target_count_; ++index) targets_[index].mailbox->release();
  release(targets_);
  if (gauge_ != nullptr) gauge_->release();
  mailbox_.release();
}

bool Acceptor::copy_targets() {
  const size_t count = plan_.options.collection_count;
  if (count == 0) return true;
  targets_ = static_cast<Target *>(allocate(count * sizeof(Target)));
  if (targets_ == nullptr) return false;
  for (; target_count_ < count; ++target_count_) {
    Collection *collection = object(plan_.options.collections[target_count_]);
    collection->mailbox().retain();
    ::new (&targets_[target_count_]) Target{collection, &collection->mailbox()};
  }
  return true;
}

aio_status Acceptor::create(Collection &collection, net::Socket &socket, net::SocketFile &&file, const Plan &plan,
                            aio_acceptor **out) {
  Owned<Acceptor> acceptor(make<Acceptor>(collection, plan, std::move(file)));
  if (acceptor == nullptr) return AIO_ERR_NO_MEMORY;
  acceptor->gauge_ = make<AcceptGauge>(collection.mailbox(), *acceptor);
  if (acceptor->gauge_ == nullptr || !acceptor->name_.assign(plan.options.name) || !acceptor->copy_targets()) {
    return AIO_ERR_NO_MEMORY;
  }
  if (const Error error = net::local_address(socket.handle(), acceptor->local_address_); !error.ok()) {
    return error.status;
  }
  acceptor->socket_ = std::move(socket);
  *out = handle(acceptor.get());  // before a callback can run
  if (acceptor->mailbox_.submit(acceptor->birth_)) {
    static_cast<void>(acceptor.release());
    return AIO_OK;
  }
  *out = nullptr;
  socket = std::move(acceptor->socket_);
  return AIO_ERR_CLOSED;
}

void Acceptor::join() {
  collection_->join(*this);
  AIO_LOG(AIO_LOG_INFO, "acceptor %s: listens on %s", name_.get(), net::AddressText(local_address_).text);
  review();
}

// ---- Accepting ----

// How many more may be accepted now.
size_t Acceptor::room() const {
  size_t room = tls_ ? kMostGreetings - greeting_count_ : kMostWaiting - waiting_count_;
  if (const size_t limit = plan_.options.connection_limit; limit != 0) {
    room = std::min(room, limit - std::min(limit, gauge_->open() + waiting_count_));
  }
  return room;
}

void Acceptor::on_review() {
  review_posted_.exchange(false);  // before the look at what was asked for, on every processor
  review();
}

// Watches the socket, or not, and hands out what waits, as everything stands now.
void Acceptor::review() {
  if (over_) return;
  const bool paused = paused_.load(std::memory_order_acquire);
  if (room() == 0) gauge_->ask_for_room();
  const bool accepts = !paused && !backs_off_ && room() != 0;  // asked again: a state may have gone before the question
  if (poller_ == nullptr && accepts) {
    Error error;
    poller_ = net::Poller::create(collection_->loop(), socket_.handle(), *this, error);
    if (poller_ == nullptr) back_off(error);
  }
  if (poller_ != nullptr) poller_->watch(accepts, false);
  const bool has_some = waiting_count_ != 0 || !greeted_.empty();
  if (!paused && has_some && !Link<TaskTag>::linked()) queue(*this);
}

void Acceptor::on_ready(bool, bool) {
  accept_some();
  review();
}

void Acceptor::accept_some() {
  while (room() != 0) {
    net::Socket accepted;
    const Error error = socket_.accept(accepted);
    if (!error.ok()) return back_off(error);
    if (!accepted.is_open()) return;
    exhausted_ = false;
    if (tls_) {
      greet(std::move(accepted));
      continue;
    }
    waiting_[(first_waiting_ + waiting_count_++) % kMostWaiting] = accepted.release();
  }
}

void Acceptor::back_off(Error error) {
  backs_off_ = true;
  collection_->deadlines().arm(retry_alarm_, after(net::Loop::clock(), kRetryDelay));
  const bool lacks = error.status == AIO_ERR_TOO_MANY_FILES || error.status == AIO_ERR_NO_MEMORY;
  if (lacks && exhausted_) return;
  exhausted_ = lacks;
  note_failure(error);
}

void Acceptor::note_failure(Error error) {
  AIO_LOG(AIO_LOG_WARNING, "accept: %s (system error %d)", status_message(error.status), error.system);
  error_ = error.status;
  static_cast<void>(error_text_.assign(status_message(error.status)));
  if (!error_task_.linked()) queue(error_task_);
}

void Acceptor::on_retry(Nanoseconds) {
  backs_off_ = false;
  review();
}

void Acceptor::tell_error() {
  if (!is_closing()) report(error_, error_text_.get());
  unpin();
}

void Acceptor::report(aio_status status, const char *text) {
  if (text != error_text_.get()) static_cast<void>(error_text_.assign(text));
  if (plan_.options.error_callback == nullptr) return;
  collection_->tally().callbacks.add(1);
  plan_.options.error_callback(handle(this), status, user_info());
}

// ---- Handing out ----

void Acceptor::run() {
  const bool hands_out = !is_closing() && !paused_.load(std::memory_order_acquire);
  if (hands_out && !greeted_.empty()) {
    hand_out_greeted();
    review();
  } else if (hands_out && waiting_count_ != 0) {
    net::Socket socket(waiting_[first_waiting_]);
    first_waiting_ = (first_waiting_ + 1) % kMostWaiting;
    --waiting_count_;
    hand_out(std::move(socket));
    review();
  }
  unpin();
}

void Acceptor::set_flags(net::Socket &socket) const {
  const aio_accept_options &options = plan_.options;
  const bool is_tcp = net::family_of(local_address_) != AIO_UNIX;
  if (is_tcp && options.nodelay != AIO_NO) {
    static_cast<void>(net::set_flag(socket.handle(), net::SocketFlag::nodelay, true));
  }
  if (is_tcp && options.keepalive == AIO_YES) {
    static_cast<void>(net::set_flag(socket.handle(), net::SocketFlag::keepalive, true));
  }
}

void Acceptor::hand_out(net::Socket socket) {
  set_flags(socket);
  if (plan_.options.socket_callback != nullptr) {
    collection_->tally().callbacks.add(1);
    plan_.options.socket_callback(handle(this), socket.release(), user_info());
    return;
  }
  aio_state *state = nullptr;
  const aio_status status = make_state(socket, state);
  if (status != AIO_OK) {
    socket.close();
    report(status, "An accepted connection was closed: no state could be made for it.");
    return;
  }
  hand_out(state);
}

void Acceptor::hand_out(aio_state *state) {
  collection_->tally().callbacks.add(1);
  plan_.callback(handle(this), state, user_info());
}

// In the next collection that still lives.
aio_status Acceptor::make_state(net::Socket &socket, aio_state *&state) {
  const aio_accept_options &accept = plan_.options;
  const State::Options options = {accept.queue_output == AIO_NO, accept.read_timeout, accept.write_timeout, user_info(),
                                  name_.get()};
  if (target_count_ == 0) return State::adopt(*collection_, socket, options, gauge_, &state);
  aio_status status = AIO_ERR_CLOSED;
  for (size_t tried = 0; tried < target_count_ && status == AIO_ERR_CLOSED; ++tried) {
    const Target &target = targets_[next_target_];
    next_target_ = (next_target_ + 1) % target_count_;
    if (!target.mailbox->enter()) continue;
    status = State::adopt(*target.collection, socket, options, gauge_, &state);
    target.mailbox->leave();
  }
  return status;
}

// ---- With TLS ----

void Acceptor::greet(net::Socket socket) {
  set_flags(socket);
  aio_state *made = nullptr;
  aio_status status = make_state(socket, made);
  if (status == AIO_OK) {
    State &state = *object(made);
    const double timeout = plan_.options.handshake_timeout;
    Owned<Greeting> greeting(
        make<Greeting>(*this, mailbox_, state, *tls_, timeout > 0 ? time_limit(timeout) : kGreetingTime));
    status = greeting == nullptr ? AIO_ERR_NO_MEMORY : greeting->begin() ? AIO_OK : AIO_ERR_CLOSED;
    if (status == AIO_OK) {
      ++greeting_count_;
      greetings_.push_back(*greeting.release());
      return;
    }
    state.destroy();
  }
  socket.close();
  note_failure({status, 0});
}

// Nobody is told of connections that ended with the collection of their state.
void Acceptor::on_greeted(Greeting &greeting) {
  greeting.Link<GreetingTag>::unlink();
  const aio_status status = greeting.outcome().status;
  if (status == AIO_ERR_CANCELED || (status != AIO_OK && plan_.options.tls_error_callback == nullptr)) {
    greeting.state().destroy();
    --greeting_count_;
    dispose(&greeting);
  } else {
    greeted_.push_back(greeting);
  }
  review();
}

void Acceptor::hand_out_greeted() {
  const Owned<Greeting> greeting(greeted_.pop_front());
  --greeting_count_;
  State &state = greeting->state();
  if (greeting->outcome().ok()) {
    state.set_user_info(user_info());
    return hand_out(handle(&state));
  }
  state.destroy();
  static_cast<void>(error_text_.assign(greeting->error_text()));
  collection_->tally().callbacks.add(1);
  plan_.options.tls_error_callback(handle(this), greeting->outcome().status, user_info());
}

void Acceptor::drop_greetings() {
  while (Greeting *greeting = greetings_.pop_front()) {
    greeting->orphan();
    greeting->state().destroy();
  }
  while (Greeting *greeting = greeted_.pop_front()) {
    greeting->state().destroy();
    dispose(greeting);
  }
  greeting_count_ = 0;
}

// ---- The API ----

aio_socket Acceptor::socket() const {
  const net::Lock lock(mailbox_.socket_mutex());
  return is_closing() ? AIO_NO_SOCKET : socket_.handle();
}

const char *Acceptor::error_text() {
  const net::Visit visit(mailbox_);
  return visit.allowed() ? error_text_.get() : "";
}

aio_status Acceptor::set_paused(bool paused) {
  if (is_closing()) return AIO_ERR_CLOSED;
  paused_.store(paused);
  if (review_posted_.exchange(true)) return AIO_OK;
  if (mailbox_.submit(review_)) return AIO_OK;
  review_posted_.store(false, std::memory_order_release);
  return AIO_ERR_CLOSED;
}

aio_status Acceptor::close(aio_acceptor_callback callback, void *user_info) {
  const bool first = !closing_.exchange(true, std::memory_order_acq_rel);
  CloseRequest *request = first ? &first_close_ : make<CloseRequest>();
  if (request == nullptr) return AIO_ERR_NO_MEMORY;
  request->acceptor = this;
  request->callback = callback;
  request->user_info = user_info != nullptr ? user_info : this->user_info();
  request->embedded = first;
  if (mailbox_.submit(*request, net::Mailbox::Late::accept)) return AIO_OK;
  if (!first) dispose(request);
  return callback == nullptr ? AIO_OK : AIO_ERR_CLOSED;  // after the collection's end nobody could call it
}

void Acceptor::destroy() {
  closing_.store(true, std::memory_order_release);
  if (!mailbox_.submit(departure_, net::Mailbox::Late::accept)) dispose(this);
}

// ---- The end ----

void Acceptor::on_close(CloseRequest &request) {
  close_now();
  if (request.callback != nullptr) {
    queue(request);
  } else if (!request.embedded) {
    dispose(&request);
  }
}

void Acceptor::CloseRequest::run() {
  Acceptor &owner = *acceptor;
  const aio_acceptor_callback told = callback;
  void *const info = user_info;
  if (!embedded) dispose(this);
  owner.collection_->tally().callbacks.add(1);
  told(handle(&owner), AIO_OK, info);
  owner.unpin();
}

void Acceptor::close_now() {
  if (over_) return;
  over_ = true;
  closing_.store(true, std::memory_order_release);
  collection_->deadlines().disarm(retry_alarm_);
  gauge_->forget_owner();
  net::Poller::close(std::exchange(poller_, nullptr));
  {
    const net::Lock lock(mailbox_.socket_mutex());
    file_.remove();
    socket_.close();
  }
  for (; waiting_count_ != 0; --waiting_count_) {
    net::Socket(waiting_[first_waiting_]).close();
    first_waiting_ = (first_waiting_ + 1) % kMostWaiting;
  }
  drop_greetings();
  Link<MemberTag>::unlink();
  AIO_LOG(AIO_LOG_INFO, "acceptor %s: closed", name_.get());
}

void Acceptor::depart() {
  departed_ = true;
  close_now();
  if (pins_ == 0) dispose(this);
}

void Acceptor::queue(Task &task) {
  ++pins_;
  collection_->complete(task);
}

void Acceptor::unpin() {
  if (--pins_ == 0 && over_ && departed_) dispose(this);
}

}  // namespace aio
