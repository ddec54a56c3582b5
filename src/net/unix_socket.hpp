// What only Unix sockets have: a file, and credentials. See unix_socket_posix.cpp and its siblings.
#pragma once

#include "base/allocator.hpp"
#include "net/socket.hpp"

#include <aiostate/state.h>

namespace aio::net {

// A leading '@' means an abstract name where the system has them. AIO_ERR_INVALID_ARGUMENT: empty or too long.
[[nodiscard]] aio_status make_unix_address(aio_address &address, const char *path);

// The file of a listening socket. It goes with this object, unless another one has taken its place meanwhile.
class SocketFile {
 public:
  SocketFile() = default;
  SocketFile(SocketFile &&other) noexcept;
  SocketFile &operator=(SocketFile &&) = delete;
  ~SocketFile() { remove(); }

  [[nodiscard]] bool prepare(const char *path) { return path_.assign(path); }  // false: no memory
  void note_made();
  void remove();

 private:
  Text path_;
  uint64_t device_ = 0;
  uint64_t number_ = 0;
  bool made_ = false;
};

// Binds and listens. A file that is a socket nobody listens on is replaced. `mode` 0: as the system makes it.
[[nodiscard]] Error listen_unix(const char *path, int32_t backlog, int32_t mode, Socket &socket, SocketFile &file);

[[nodiscard]] Error peer_credentials(aio_socket socket, aio_credentials &credentials);

}  // namespace aio::net
