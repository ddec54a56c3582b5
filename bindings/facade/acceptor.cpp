#include "acceptor.hpp"

#include "aiostate.hpp"

namespace aiostate {

namespace {

// Connections that nobody has memory for are closed.
template <class Fill>
void deliver(void *user_info, Fill fill) {
  auto &listening = *static_cast<Listening *>(user_info);
  if (listening.closed) return;
  try {
    auto event = listening.make_event();
    fill(listening, *event);
    listening.loop->push(std::move(event));
  } catch (const std::bad_alloc &) {
  }
}

void deliver_error(aio_acceptor *acceptor, aio_status status, int kind, void *user_info) {
  deliver(user_info, [&](Listening &, Completion &event) {
    event.kind = kind;
    event.status = status;
    event.text = aio_acceptor_error_text(acceptor);
  });
}

void AIO_CALL on_accept_error(aio_acceptor *acceptor, aio_status status, void *user_info) {
  deliver_error(acceptor, status, EVENT_ACCEPT_ERROR, user_info);
}

void AIO_CALL on_tls_error(aio_acceptor *acceptor, aio_status status, void *user_info) {
  deliver_error(acceptor, status, EVENT_TLS_ERROR, user_info);
}

void AIO_CALL on_closed(aio_acceptor *, aio_status status, void *user_info) {
  std::unique_ptr<Closing> closing(static_cast<Closing *>(user_info));
  std::shared_ptr<Standing> held = closing->listening->release();
  std::shared_ptr<Loop> loop = closing->listening->loop;
  loop->drop(*closing->listening);
  closing->completion->status = status;
  if (closing->completion->token) loop->push(std::move(closing->completion));
}

}  // namespace

void Listening::find_home(Completion &event) const {
  event.accepted_loop = loop;
  for (size_t i = 0; i < loops.size(); ++i) {
    if (loops[i]->handle() != aio_state_collection(event.accepted)) continue;
    event.accepted_loop = loops[i];
    event.home = static_cast<int>(i);
    break;
  }
}

AcceptorBase::~AcceptorBase() {
  try {
    if (acceptor_) close(std::move(last_closing_));
  } catch (const Error &) {  // no memory: the end of the collection will close it
  }
  aio_acceptor_destroy(acceptor_);
}

aio_accept_options AcceptorBase::prepare(const std::shared_ptr<Loop> &loop, int token, const AcceptOptions *options) {
  if (acceptor_) throw Error(AIO_ERR_BUSY, "This object has a socket already.");
  aio_accept_options c = options ? options->c : aio_accept_options{};
  listening_ =
      std::make_shared<Listening>(loop, token, options ? options->collections() : std::vector<std::shared_ptr<Loop>>());
  last_closing_ = std::make_unique<Closing>(listening_, 0);
  listening_->hold();
  c.user_info = listening_.get();
  c.error_callback = on_accept_error;
  c.tls_error_callback = on_tls_error;
  return c;
}

void AcceptorBase::begun(aio_status status) {
  if (status != AIO_OK) listening_->release();
  check_made(status);
}

void AIO_CALL AcceptorBase::on_accept(aio_acceptor *, aio_state *state, void *user_info) {
  std::unique_ptr<aio_state, void (*)(aio_state *)> accepted(state, aio_state_destroy);
  deliver(user_info, [&](Listening &listening, Completion &event) {
    event.kind = EVENT_ACCEPTED;
    event.accepted = accepted.release();
    listening.find_home(event);
  });
}

void AcceptorBase::close(int token) {
  if (acceptor_) close(std::make_unique<Closing>(listening_, token));
}

void AcceptorBase::close(std::unique_ptr<Closing> closing) {
  listening_->closed = true;
  listening_->loop->drop(*listening_);
  aio_status status = aio_acceptor_close(acceptor_, on_closed, closing.get());
  if (status == AIO_ERR_CLOSED) return on_closed(acceptor_, AIO_OK, closing.release());  // with its collection
  check(status);
  (void)closing.release();
}

}  // namespace aiostate
