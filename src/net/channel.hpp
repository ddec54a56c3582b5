// A connection as the core sees it: some bytes in, some bytes out. Plain sockets here; TLS is another one.
#pragma once

#include "net/socket.hpp"

namespace aio::net {

class Channel {
 public:
  [[nodiscard]] virtual IoResult read(const Span *spans, size_t count) = 0;
  [[nodiscard]] virtual IoResult write(const ConstSpan *spans, size_t count) = 0;
  [[nodiscard]] virtual IoResult peek() = 0;
  [[nodiscard]] virtual Error
  shutdown_output() = 0;  // AIO_ERR_BUSY: again when flush() has got rid of all, or it has read

  // What write() has taken and the kernel has not goes first: nothing more is taken meanwhile.
  [[nodiscard]] virtual IoResult flush() { return IoResult::moved(0); }

  [[nodiscard]] bool has_input() const { return has_input_; }  // reading gives something, whatever the socket says
  [[nodiscard]] bool has_output() const { return has_output_; }
  [[nodiscard]] bool wants_input() const { return wants_input_; }  // nothing can be written before more was read
  [[nodiscard]] size_t unsent() const {
    return has_output_ ? unsent_ : 0;
  }  // bytes that write() took and are not all out

 protected:
  ~Channel() = default;

  bool has_input_ = false;
  bool has_output_ = false;
  bool wants_input_ = false;
  size_t unsent_ = 0;
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
