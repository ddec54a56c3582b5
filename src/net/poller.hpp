// Readiness of one socket, by uv_poll.
#pragma once

#include "net/loop.hpp"
#include "net/socket.hpp"

namespace aio::net {

class PollOwner {
 public:
  // Something may be possible now; after an error of the socket both are said, and nothing is watched any more.
  virtual void on_ready(bool readable, bool writable) = 0;

 protected:
  ~PollOwner() = default;
};

// Lives until libuv has let go of it, which may be after its owner: close() instead of a destructor.
class Poller {
 public:
  // nullptr: failed, and `error` says why.
  [[nodiscard]] static Poller *create(Loop &loop, aio_socket socket, PollOwner &owner, Error &error);

  // Stops at once; the socket may be closed then. nullptr is fine.
  static void close(Poller *poller);

  void set_owner(PollOwner &owner) { handle_.data = &owner; }

  void watch(bool readable, bool writable);
  [[nodiscard]] bool watches_readable() const { return (events_ & UV_READABLE) != 0; }
  [[nodiscard]] bool watches_writable() const { return (events_ & UV_WRITABLE) != 0; }

 private:
  static void on_event(uv_poll_t *handle, int status, int events);

  uv_poll_t handle_;  // first, so that libuv's pointer to it is one to this; its `data` is the owner
  int events_ = 0;
};

}  // namespace aio::net
