#include "net/poller.hpp"

#include "base/allocator.hpp"
#include "net/system_error.hpp"

namespace aio::net {

Poller *Poller::create(Loop &loop, aio_socket socket, PollOwner &owner, Error &error) {
  Poller *poller = make<Poller>();
  if (poller == nullptr) {
    error = {AIO_ERR_NO_MEMORY, 0};
    return nullptr;
  }
  if (const int code = uv_poll_init_socket(loop.uv(), &poller->handle_, socket); code != 0) {
    error = error_from_uv(code);
    dispose(poller);
    return nullptr;
  }
  poller->set_owner(owner);
  return poller;
}

void Poller::close(Poller *poller) {
  if (poller == nullptr) return;
  uv_close(reinterpret_cast<uv_handle_t *>(&poller->handle_),
           [](uv_handle_t *handle) { dispose(reinterpret_cast<Poller *>(handle)); });
}

void Poller::watch(bool readable, bool writable) {
  const int events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
  if (events == events_) return;
  events_ = events;
  Loop::of(handle_.loop).note_unregistered();
  if (events == 0) {
    uv_poll_stop(&handle_);
  } else {
    uv_poll_start(&handle_, events, on_event);
  }
}

void Poller::on_event(uv_poll_t *handle, int status, int events) {
  Poller &poller = *reinterpret_cast<Poller *>(handle);
  Loop::end_turn(handle->loop);
  // libuv stops the handle after an error of the socket; the owner finds it by reading or writing.
  if (status != 0) poller.events_ = 0;
  static_cast<PollOwner *>(handle->data)
      ->on_ready(status != 0 || (events & UV_READABLE) != 0, status != 0 || (events & UV_WRITABLE) != 0);
}

}  // namespace aio::net
