// A socket of the operating system: owned, non-blocking, never raising a signal. What differs between systems is in
// socket_posix.cpp and its siblings.
#pragma once

#include <utility>

#include "base/byte_queue.hpp"
#include "base/status.hpp"
#include "net/address.hpp"

namespace aio::net {

struct Span {
  Byte *data;
  size_t size;
};

struct ConstSpan {
  const Byte *data;
  size_t size;
};

inline constexpr size_t kMostSpans = 64;  // per call

// What one attempt to read or write came to.
struct IoResult {
  enum class Kind : uint8_t { moved, blocked, ended, failed };

  static IoResult moved(size_t bytes) { return {Kind::moved, 0, 0, bytes}; }
  static IoResult blocked() { return {Kind::blocked, 0, 0, 0}; }
  static IoResult ended() { return {Kind::ended, 0, 0, 0}; }
  static IoResult failed(Error error) { return {Kind::failed, static_cast<int16_t>(error.status), error.system, 0}; }

  [[nodiscard]] Error error() const { return {static_cast<aio_status>(status), system}; }

  Kind kind;
  int16_t status;  // of a failure, and the system's number; narrow, so that a result is returned in two registers
  int system;
  size_t bytes;  // of a move; at least 1
};

enum class SocketKind : uint8_t { stream, datagram, listening, other };

class Socket {
 public:
  Socket() = default;
  explicit Socket(aio_socket handle) : handle_(handle) {}
  Socket(Socket &&other) noexcept : handle_(other.release()) {}
  Socket &operator=(Socket &&other) noexcept {
    close();
    handle_ = other.release();
    return *this;
  }
  Socket(const Socket &) = delete;
  Socket &operator=(const Socket &) = delete;
  ~Socket() { close(); }

  [[nodiscard]] bool is_open() const { return handle_ != AIO_NO_SOCKET; }
  [[nodiscard]] aio_socket handle() const { return handle_; }
  aio_socket release() { return std::exchange(handle_, AIO_NO_SOCKET); }

  void close();
  void reset();  // closes with a TCP reset

  [[nodiscard]] Error open(int32_t family, SocketKind kind);
  [[nodiscard]] Error connect(
      const aio_address &address);  // AIO_OK also while it is under way; AIO_ERR_BUSY: try again
  [[nodiscard]] Error bind(const aio_address &address);
  [[nodiscard]] Error bind_server(const aio_address &address, bool reuse_port, bool dual_stack);
  [[nodiscard]] Error bind_client(const aio_address &address);
  [[nodiscard]] Error listen(int backlog);
  [[nodiscard]] Error accept(Socket &accepted);  // AIO_OK without a socket: nobody is there any more
  [[nodiscard]] Error pending_error() const;     // SO_ERROR, which reading clears

  [[nodiscard]] IoResult read(const Span *spans, size_t count);
  [[nodiscard]] IoResult write(const ConstSpan *spans, size_t count);
  [[nodiscard]] IoResult peek();  // moved: a read would give bytes
  [[nodiscard]] Error shutdown_output();

 private:
  aio_socket handle_ = AIO_NO_SOCKET;
};

// Questions to a socket by its handle, for the threads that do not own it.
[[nodiscard]] Error socket_kind(aio_socket socket, SocketKind &kind);
[[nodiscard]] Error make_nonblocking(aio_socket socket);
[[nodiscard]] Error local_address(aio_socket socket, aio_address &address);
[[nodiscard]] Error peer_address(aio_socket socket, aio_address &address);

enum class SocketFlag : uint8_t { nodelay, keepalive };

[[nodiscard]] Error set_flag(aio_socket socket, SocketFlag flag, bool on);
[[nodiscard]] Error get_flag(aio_socket socket, SocketFlag flag, bool &on);

}  // namespace aio::net
