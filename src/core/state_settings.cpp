// What a state is set to and asked for: its settings, those of its socket, and what a driver function finds.
#include "core/state.hpp"
#include "net/address.hpp"
#include "net/unix_socket.hpp"

namespace aio {

// ---- Settings ----

void State::store_read_options(const aio_io_options &options) {
  if (options.timeout > 0) set_read_timeout(options.timeout);
  if (options.max_read != 0) set_max_read(options.max_read);
  if (options.user_info != nullptr) set_user_info(options.user_info);
}

void State::store_write_options(const aio_io_options &options) {
  if (options.timeout > 0) set_write_timeout(options.timeout);
  if (options.user_info != nullptr) set_user_info(options.user_info);
}

aio_socket State::socket() const {
  const net::Lock lock(mailbox_.socket_mutex());
  return is_closing() ? AIO_NO_SOCKET : plain_.socket.handle();
}

aio_status State::address(Error (*ask)(aio_socket, aio_address &), aio_address &out) const {
  const net::Lock lock(mailbox_.socket_mutex());
  out = aio_address{};
  if (is_closing()) return AIO_ERR_CLOSED;
  return plain_.socket.is_open() ? ask(plain_.socket.handle(), out).status : AIO_ERR_NOT_CONNECTED;
}

int32_t State::flag(net::SocketFlag flag) const {
  const net::Lock lock(mailbox_.socket_mutex());
  if (is_closing()) return 0;
  bool on = (flag == net::SocketFlag::nodelay ? nodelay_ : keepalive_).load(std::memory_order_relaxed);
  if (plain_.socket.is_open() && !net::get_flag(plain_.socket.handle(), flag, on).ok()) return 0;
  return on ? AIO_YES : AIO_NO;
}

aio_status State::change_group(Error (*change)(aio_socket, const net::Group &), const net::Group &group) {
  const net::Lock lock(mailbox_.socket_mutex());
  if (is_closing()) return AIO_ERR_CLOSED;
  return plain_.socket.is_open() ? change(plain_.socket.handle(), group).status : AIO_ERR_NOT_CONNECTED;
}

aio_status State::peer_credentials(aio_credentials &out) const {
  const net::Lock lock(mailbox_.socket_mutex());
  if (is_closing()) return AIO_ERR_CLOSED;
  aio_address local;
  if (!plain_.socket.is_open()) return AIO_ERR_NOT_CONNECTED;
  if (const Error error = net::local_address(plain_.socket.handle(), local); !error.ok()) return error.status;
  if (is_datagram_ || net::family_of(local) != AIO_UNIX) return AIO_ERR_UNSUPPORTED;
  return net::peer_credentials(plain_.socket.handle(), out).status;
}

aio_status State::set_flag(net::SocketFlag flag, bool on) {
  const net::Lock lock(mailbox_.socket_mutex());
  if (is_closing()) return AIO_ERR_CLOSED;
  (flag == net::SocketFlag::nodelay ? nodelay_ : keepalive_).store(on, std::memory_order_relaxed);
  if (!plain_.socket.is_open()) return AIO_OK;
  return net::set_flag(plain_.socket.handle(), flag, on).status;
}

// ---- What a driver function finds ----

size_t State::buffered() {
  return look([this] { return inbound_.buffered(); });
}

size_t State::take_buffered(void *destination, size_t length) {
  return look([=, this] { return inbound_.take(destination, length); });
}

size_t State::discard(size_t count) {
  return look([=, this] { return inbound_.discard(count); });
}

size_t State::finish_read(size_t count) {
  return look([=, this] { return inbound_.finish(count); });
}

size_t State::old_length() {
  return look([this] { return inbound_.old_length(); });
}

const char *State::error_text() {
  const char *text = "";
  static_cast<void>(look([&] {
    text = error_text_.get();
    return size_t{0};
  }));
  return text;
}

}  // namespace aio
