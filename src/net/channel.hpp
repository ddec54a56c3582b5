// A connection as the core sees it: some bytes in, some bytes out. Plain sockets here; TLS is another one.
#pragma once

#include "net/socket.hpp"

namespace aio::net {

class Channel {
 public:
  [[nodiscard]] virtual IoResult read(const Span *spans, size_t count) = 0;
  [[nodiscard]] virtual IoResult write(const ConstSpan *spans, size_t count) = 0;
  [[nodiscard]] virtual IoResult peek() = 0;
  [[nodiscard]] virtual Error shutdown_output() = 0;  // AIO_ERR_BUSY: again when flush() has got rid of all

  // Reading may give something, whatever the socket says.
  [[nodiscard]] virtual bool has_input() const { return false; }
  // What write() has taken and the kernel has not; until flush() has got rid of it nothing more is taken.
  [[nodiscard]] virtual bool has_output() const { return false; }
  [[nodiscard]] virtual IoResult flush() { return IoResult::moved(0); }

 protected:
  ~Channel() = default;
};

class PlainChannel final : public Channel {
 public:
  [[nodiscard]] IoResult read(const Span *spans, size_t count) override { return socket.read(spans, count); }
  [[nodiscard]] IoResult write(const ConstSpan *spans, size_t count) override { return socket.write(spans, count); }
  [[nodiscard]] IoResult peek() override { return socket.peek(); }
  [[nodiscard]] Error shutdown_output() override { return socket.shutdown_output(); }

  Socket socket;
};

}  // namespace aio::net
