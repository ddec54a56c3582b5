#include "net/listener.hpp"

#include "net/bind_first.hpp"

namespace aio::net {

Error listen_tcp(const ListenPlan &plan, Socket &socket) {
  const auto listen_at = [&](const aio_address &address, bool dual_stack) {
    Error error = socket.open(family_of(address), SocketKind::stream);
    if (error.ok()) error = socket.bind_server(address, plan.reuse_port, dual_stack);
    if (error.ok()) error = socket.listen(plan.backlog);
    if (error.ok()) return error;
    socket.close();
    set_last_error_text("%s", AddressText(address).text);
    return error;
  };
  return bind_first({plan.address, plan.service, plan.family, SocketKind::stream}, listen_at);
}

}  // namespace aio::net
