#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "net/system_call_posix.hpp"
#include "net/system_error.hpp"

namespace aio::net {

namespace {

static_assert(sizeof(Span) == sizeof(iovec) && offsetof(Span, size) == offsetof(iovec, iov_len));
static_assert(sizeof(ConstSpan) == sizeof(iovec) && offsetof(ConstSpan, size) == offsetof(iovec, iov_len));

Error outcome(int result) { return result == 0 ? Error() : last_system_error(); }

IoResult read_result(ssize_t count) {
  if (count > 0) return IoResult::moved(static_cast<size_t>(count));
  return count == 0 ? IoResult::ended() : failure();
}

Error set_option(aio_socket socket, int level, int name, int value) {
  return outcome(::setsockopt(socket, level, name, &value, sizeof value));
}

Error get_option(aio_socket socket, int level, int name, int &value) {
  socklen_t length = sizeof value;
  return outcome(::getsockopt(socket, level, name, &value, &length));
}

struct Option {
  int level;
  int name;
};

Option option_of(SocketFlag flag) {
  return flag == SocketFlag::nodelay ? Option{IPPROTO_TCP, TCP_NODELAY} : Option{SOL_SOCKET, SO_KEEPALIVE};
}

template <class Ask>
Error ask_address(Ask ask, aio_socket socket, aio_address &address) {
  sockaddr_storage system = {};
  socklen_t length = sizeof system;
  address = aio_address{};
  if (ask(socket, reinterpret_cast<sockaddr *>(&system), &length) != 0) return last_system_error();
  address = address_from(reinterpret_cast<sockaddr *>(&system), length);
  return {};
}

}  // namespace

void Socket::close() {
  if (is_open()) ::close(release());  // not repeated after EINTR: the descriptor is gone (close(2))
}

void Socket::reset() {
  const linger at_once = {1, 0};
  if (is_open()) ::setsockopt(handle_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

Error Socket::open(int32_t family, SocketKind kind) {
  const int domain = family == 4 ? AF_INET : family == 6 ? AF_INET6 : AF_UNIX;
  const int type = kind == SocketKind::datagram ? SOCK_DGRAM : SOCK_STREAM;
  close();
  handle_ = ::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return is_open() ? Error() : last_system_error();
}

Error Socket::connect(const aio_address &address) {
  if (::connect(handle_, system_address(address), address.length) == 0) return {};
  if (errno == EINPROGRESS || errno == EINTR) return {};
  // A Unix listener's queue is full: the connect is not under way, and nothing tells when there is room (connect(2)).
  const bool is_full = errno == EAGAIN && family_of(address) == AIO_UNIX;
  return is_full ? Error{AIO_ERR_BUSY, errno} : last_system_error();
}

Error Socket::bind(const aio_address &address) {
  return outcome(::bind(handle_, system_address(address), address.length));
}

Error Socket::bind_server(const aio_address &address, bool reuse_port, bool dual_stack) {
  Error error = set_option(handle_, SOL_SOCKET, SO_REUSEADDR, 1);
  if (error.ok() && reuse_port) error = set_option(handle_, SOL_SOCKET, SO_REUSEPORT, 1);
  if (error.ok() && family_of(address) == 6) error = set_option(handle_, IPPROTO_IPV6, IPV6_V6ONLY, dual_stack ? 0 : 1);
  return error.ok() ? bind(address) : error;
}

Error Socket::bind_client(const aio_address &address) {
  // A fixed port may still be in TIME_WAIT from the connection before.
  if (port_of(address) != 0) {
    if (const Error error = set_option(handle_, SOL_SOCKET, SO_REUSEADDR, 1); !error.ok()) return error;
  }
  return bind(address);
}

Error Socket::listen(int backlog) { return outcome(::listen(handle_, backlog > 0 ? backlog : SOMAXCONN)); }

Error Socket::accept(Socket &accepted) {
  const int handle =
      uninterrupted([this] { return ::accept4(handle_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); });
  if (handle >= 0) {
    accepted = Socket(handle);
    return {};
  }
  switch (errno) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
    case ECONNABORTED:  // it came and went
      return {};
    default:
      return last_system_error();
  }
}

Error Socket::pending_error() const {
  int number = 0;
  if (const Error error = get_option(handle_, SOL_SOCKET, SO_ERROR, number); !error.ok()) return error;
  return error_from_system(number);
}

IoResult Socket::read(const Span *spans, size_t count) {
  if (count == 1) return read_result(uninterrupted([=, this] { return ::recv(handle_, spans->data, spans->size, 0); }));
  const iovec *vectors = reinterpret_cast<const iovec *>(spans);
  return read_result(uninterrupted([=, this] { return ::readv(handle_, vectors, static_cast<int>(count)); }));
}

IoResult Socket::write(const ConstSpan *spans, size_t count) {
  ssize_t written;
  if (count == 1) {
    written = uninterrupted([=, this] { return ::send(handle_, spans->data, spans->size, MSG_NOSIGNAL); });
  } else {
    msghdr message = {};
    message.msg_iov = const_cast<iovec *>(reinterpret_cast<const iovec *>(spans));
    message.msg_iovlen = count;
    written = uninterrupted([&message, this] { return ::sendmsg(handle_, &message, MSG_NOSIGNAL); });
  }
  if (written > 0) return IoResult::moved(static_cast<size_t>(written));
  return written == 0 ? IoResult::blocked() : failure();
}

IoResult Socket::peek() {
  char byte;
  return read_result(uninterrupted([&byte, this] { return ::recv(handle_, &byte, 1, MSG_PEEK); }));
}

Error Socket::shutdown_output() { return outcome(::shutdown(handle_, SHUT_WR)); }

Error socket_kind(aio_socket socket, SocketKind &kind) {
  int type = 0;
  int listening = 0;
  if (const Error error = get_option(socket, SOL_SOCKET, SO_TYPE, type); !error.ok()) return error;
  static_cast<void>(get_option(socket, SOL_SOCKET, SO_ACCEPTCONN, listening));  // datagram sockets may not know it
  if (listening != 0) {
    kind = SocketKind::listening;
  } else if (type == SOCK_STREAM) {
    kind = SocketKind::stream;
  } else {
    kind = type == SOCK_DGRAM ? SocketKind::datagram : SocketKind::other;
  }
  return {};
}

Error make_nonblocking(aio_socket socket) {
  const int flags = ::fcntl(socket, F_GETFL);
  if (flags == -1) return last_system_error();
  return (flags & O_NONBLOCK) != 0 ? Error() : outcome(::fcntl(socket, F_SETFL, flags | O_NONBLOCK));
}

Error local_address(aio_socket socket, aio_address &address) { return ask_address(::getsockname, socket, address); }

Error peer_address(aio_socket socket, aio_address &address) { return ask_address(::getpeername, socket, address); }

Error set_flag(aio_socket socket, SocketFlag flag, bool on) {
  const Option option = option_of(flag);
  Error error = set_option(socket, option.level, option.name, on ? 1 : 0);
  if (error.system == EOPNOTSUPP || error.system == ENOPROTOOPT) error.status = AIO_ERR_UNSUPPORTED;
  return error;
}

Error get_flag(aio_socket socket, SocketFlag flag, bool &on) {
  const Option option = option_of(flag);
  int value = 0;
  const Error error = get_option(socket, option.level, option.name, value);
  on = value != 0;
  return error;
}

}  // namespace aio::net
