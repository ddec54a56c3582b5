// Boost.Asio: async_read of a whole message, async_write of it, and with a timeout one steady_timer per connection that is
// set anew for every operation. Executors are the concrete ones and the loop is told that it has one thread. With --tls the same
// on an ssl::stream.
#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>  // Boost 1.74 needs it and does not include it
#include <vector>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>

#include "server.h"
#include "tls.h"

namespace asio = boost::asio;
using boost::system::error_code;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

namespace {

server_options options;

template <class Stream>
class Connection {
 public:
  template <class... Arguments>
  explicit Connection(Socket socket, Arguments &...arguments)
      : stream_(std::move(socket), arguments...), timer_(lowest().get_executor()), memory_(server_longest(&options)) {
    lowest().set_option(asio::ip::tcp::no_delay(true));
    server_opened();
  }
  ~Connection() { server_closed(&options); }

  void handshake() {
    begin();
    stream_.async_handshake(asio::ssl::stream_base::server, [this](error_code error) {
      if (done(error)) read();
    });
  }

  void read() {
    begin();
    asio::async_read(stream_, asio::buffer(memory_, options.size), [this](error_code error, size_t) {
      if (done(error)) write();
    });
  }

 private:
  void write() {
    begin();
    asio::async_write(stream_, asio::buffer(memory_, options.answer), [this](error_code error, size_t) {
      if (done(error)) read();
    });
  }

  Socket::lowest_layer_type &lowest() { return stream_.lowest_layer(); }

  void begin() {
    ++pending_;
    if (options.timeout <= 0) return;
    ++pending_;
    timer_.expires_after(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(options.timeout)));
    timer_.async_wait([this](error_code error) {
      if (!error) lowest().close(error);
      release();
    });
  }

  bool done(error_code error) {
    if (error) timer_.cancel();
    --pending_;
    if (!error) return true;
    if (!pending_) end();
    return false;
  }

  void release() {
    if (--pending_ == 0) end();
  }

  void end() {
    if constexpr (std::is_same_v<Stream, Socket>)
      delete this;
    else
      stream_.async_shutdown([this](error_code) { delete this; });
  }

  Stream stream_;
  Timer timer_;
  std::vector<char> memory_;
  int pending_ = 0;  // handlers that will still be called
};

void accept_next(Acceptor &acceptor, asio::ssl::context *context) {
  acceptor.async_accept([&acceptor, context](error_code error, Socket socket) {
    if (!error && context)
      (new Connection<asio::ssl::stream<Socket>>(std::move(socket), *context))->handshake();
    else if (!error)
      (new Connection<Socket>(std::move(socket)))->read();
    accept_next(acceptor, context);
  });
}

}  // namespace

int main(int argc, char **argv) {
  options = server_arguments(argc, argv);
  asio::io_context loop(1);
  Acceptor acceptor(loop.get_executor());
  std::optional<asio::ssl::context> context;
  if (options.tls) context.emplace(tls_server_context(&options));
  acceptor.assign(asio::ip::tcp::v4(), server_listen(server_longest(&options)));
  accept_next(acceptor, context ? &*context : nullptr);
  loop.run();
}
