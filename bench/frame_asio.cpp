// Boost.Asio: async_read of the header, async_read of the body, async_write of both; no timeouts.
#include <arpa/inet.h>

#include <cstdint>
#include <cstring>
#include <utility>  // Boost 1.74 needs it and does not include it
#include <vector>

#include <boost/asio.hpp>

#include "server.h"

namespace asio = boost::asio;
using boost::system::error_code;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

namespace {

server_options options;
constexpr size_t kHeader = 4;

class Connection {
 public:
  explicit Connection(Socket socket) : socket_(std::move(socket)), frame_(kHeader) {
    socket_.set_option(asio::ip::tcp::no_delay(true));
    server_opened();
  }
  ~Connection() { server_closed(&options); }

  void read_header() {
    asio::async_read(socket_, asio::buffer(frame_, kHeader), [this](error_code error, size_t) {
      if (error) return end();
      uint32_t length;
      std::memcpy(&length, frame_.data(), kHeader);
      frame_.resize(kHeader + ntohl(length));
      read_body();
    });
  }

 private:
  void read_body() {
    asio::async_read(socket_, asio::buffer(frame_.data() + kHeader, frame_.size() - kHeader),
                     [this](error_code error, size_t) { return error ? end() : write(); });
  }

  void write() {
    asio::async_write(socket_, asio::buffer(frame_),
                      [this](error_code error, size_t) { return error ? end() : read_header(); });
  }

  void end() { delete this; }

  Socket socket_;
  std::vector<char> frame_;
};

void accept_next(Acceptor &acceptor) {
  acceptor.async_accept([&acceptor](error_code error, Socket socket) {
    if (!error) (new Connection(std::move(socket)))->read_header();
    accept_next(acceptor);
  });
}

}  // namespace

int main(int argc, char **argv) {
  options = server_arguments(argc, argv);
  asio::io_context loop(1);
  Acceptor acceptor(loop.get_executor());
  acceptor.assign(asio::ip::tcp::v4(), server_listen(0));
  accept_next(acceptor);
  loop.run();
}
