// Boost.Asio: async_receive_from and async_send_to, one after the other.
#include <utility>  // Boost 1.74 needs it and does not include it

#include <boost/asio.hpp>

#include "server.h"

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::basic_datagram_socket<asio::ip::udp, asio::io_context::executor_type>;

namespace {

char message[2048];
asio::ip::udp::endpoint sender;

void receive(Socket &socket) {
  socket.async_receive_from(asio::buffer(message), sender, [&socket](error_code error, size_t count) {
    if (error) return;
    socket.async_send_to(asio::buffer(message, count), sender, [&socket](error_code, size_t) { receive(socket); });
  });
}

}  // namespace

int main(int argc, char **argv) {
  server_arguments(argc, argv);
  asio::io_context loop(1);
  Socket socket(loop.get_executor());
  socket.assign(asio::ip::udp::v4(), server_bind_udp());
  receive(socket);
  loop.run();
}
