// Boost.Asio: async_read of a whole message, async_write of it, and with a timeout one steady_timer per connection that is
// set anew for every operation. Executors are the concrete ones and the loop is told that it has one thread.
#include <chrono>
#include <utility>  // Boost 1.74 needs it and does not include it
#include <vector>

#include <boost/asio.hpp>

#include "server.h"

namespace asio = boost::asio;
using boost::system::error_code;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

namespace {

server_options options;

class Connection {
 public:
  explicit Connection(Socket socket)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), message_(options.size) {
    socket_.set_option(asio::ip::tcp::no_delay(true));
    server_opened();
  }
  ~Connection() { server_closed(&options); }

  void read() {
    ++pending_;
    arm();
    asio::async_read(socket_, asio::buffer(message_), [this](error_code error, size_t) {
      if (done(error)) write();
    });
  }

 private:
  void write() {
    ++pending_;
    arm();
    asio::async_write(socket_, asio::buffer(message_), [this](error_code error, size_t) {
      if (done(error)) read();
    });
  }

  void arm() {
    if (options.timeout <= 0) return;
    ++pending_;
    timer_.expires_after(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(options.timeout)));
    timer_.async_wait([this](error_code error) {
      if (!error) socket_.close(error);
      release();
    });
  }

  bool done(error_code error) {
    if (error) timer_.cancel();
    --pending_;
    if (!error) return true;
    if (!pending_) delete this;
    return false;
  }

  void release() {
    if (--pending_ == 0) delete this;
  }

  Socket socket_;
  Timer timer_;
  std::vector<char> message_;
  int pending_ = 0;  // handlers that will still be called
};

void accept_next(Acceptor &acceptor) {
  acceptor.async_accept([&acceptor](error_code error, Socket socket) {
    if (!error) (new Connection(std::move(socket)))->read();
    accept_next(acceptor);
  });
}

}  // namespace

int main(int argc, char **argv) {
  options = server_arguments(argc, argv);
  asio::io_context loop(1);
  Acceptor acceptor(loop.get_executor());
  acceptor.assign(asio::ip::tcp::v4(), server_listen(options.size));
  accept_next(acceptor);
  loop.run();
}
