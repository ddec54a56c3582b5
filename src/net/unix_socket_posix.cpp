#include "net/unix_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <utility>

#include "net/system_error.hpp"

namespace aio::net {

namespace {

#ifdef __linux__
constexpr bool kHasAbstractNames = true;
#else
constexpr bool kHasAbstractNames = false;
#endif

// Whether the file is a socket that was left behind. A datagram socket asks: nobody is there to refuse it, or the kinds
// differ, and then whoever listens has no connection more in his queue.
bool is_stale(const char *path, const aio_address &address) {
  struct stat file;
  if (::lstat(path, &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
  Socket probe;
  return probe.open(AIO_UNIX, SocketKind::datagram).ok() && probe.connect(address).status == AIO_ERR_CONNECTION_REFUSED;
}

}  // namespace

aio_status make_unix_address(aio_address &address, const char *path) {
  sockaddr_un system = {};
  address = aio_address{};
  const size_t length = std::strlen(path);
  const bool is_abstract = path[0] == '@' && kHasAbstractNames;  // begins with a NUL, and needs none at the end
  if (length == 0 || length + (is_abstract ? 0 : 1) > sizeof system.sun_path) return AIO_ERR_INVALID_ARGUMENT;
  system.sun_family = AF_UNIX;
  std::memcpy(system.sun_path, path, length);
  if (is_abstract) system.sun_path[0] = '\0';
  const size_t used = offsetof(sockaddr_un, sun_path) + length + (is_abstract ? 0 : 1);
  address = address_from(reinterpret_cast<const sockaddr *>(&system), used);
  return AIO_OK;
}

SocketFile::SocketFile(SocketFile &&other) noexcept
    : path_(std::move(other.path_)),
      device_(other.device_),
      number_(other.number_),
      made_(std::exchange(other.made_, false)) {}

void SocketFile::note_made() {
  struct stat file;
  made_ = ::lstat(path_.get(), &file) == 0;
  if (!made_) return;
  device_ = file.st_dev;
  number_ = file.st_ino;
}

void SocketFile::remove() {
  struct stat file;
  if (!std::exchange(made_, false) || ::lstat(path_.get(), &file) != 0) return;
  if (file.st_dev == device_ && file.st_ino == number_) ::unlink(path_.get());
}

Error listen_unix(const char *path, int32_t backlog, int32_t mode, Socket &socket, SocketFile &file) {
  aio_address address;
  if (const aio_status status = make_unix_address(address, path); status != AIO_OK) return {status, 0};
  const bool has_file = is_path(address);
  if (has_file && !file.prepare(path)) return {AIO_ERR_NO_MEMORY, 0};
  Error error = socket.open(AIO_UNIX, SocketKind::stream);
  if (error.ok()) error = socket.bind(address);
  if (error.status == AIO_ERR_ADDRESS_IN_USE && has_file && is_stale(path, address) && ::unlink(path) == 0) {
    error = socket.bind(address);
  }
  if (error.ok() && has_file) file.note_made();
  // Nobody can connect before it listens.
  if (error.ok() && has_file && mode != 0 && ::chmod(path, static_cast<mode_t>(mode)) != 0) error = last_system_error();
  if (error.ok()) error = socket.listen(backlog);
  if (!error.ok()) set_last_error_text("%s", path);
  return error;
}

#ifdef __linux__

Error peer_credentials(aio_socket socket, aio_credentials &credentials) {
  ucred peer;
  socklen_t length = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return last_system_error();
  credentials.process = peer.pid;
  credentials.user = peer.uid;
  credentials.group = peer.gid;
  return {};
}

#else

Error peer_credentials(aio_socket socket, aio_credentials &credentials) {
  uid_t user;
  gid_t group;
  if (::getpeereid(socket, &user, &group) != 0) return last_system_error();
  credentials.process = -1;
  credentials.user = user;
  credentials.group = group;
  return {};
}

#endif

}  // namespace aio::net
