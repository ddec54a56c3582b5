#include "net/listener.hpp"

#include "net/resolver.hpp"

namespace aio::net {

namespace {

Error listen_at(const aio_address &address, const ListenPlan &plan, bool dual_stack, Socket &socket) {
  Error error = socket.open(family_of(address), SocketKind::stream);
  if (error.ok()) error = socket.bind_server(address, plan.reuse_port, dual_stack);
  if (error.ok()) error = socket.listen(plan.backlog);
  if (error.ok()) return error;
  socket.close();
  set_last_error_text("%s", AddressText(address).text);
  return error;
}

// One socket for both families; where the system has no IPv6, for the other one.
Error listen_on_all(uint16_t port, const ListenPlan &plan, Socket &socket) {
  if (plan.family != 4) {
    const Error error = listen_at(any_address(6, port), plan, plan.family == 0, socket);
    const bool lacks_ipv6 = error.status == AIO_ERR_UNSUPPORTED || error.status == AIO_ERR_ADDRESS_NOT_AVAILABLE;
    if (error.ok() || plan.family == 6 || !lacks_ipv6) return error;
  }
  return listen_at(any_address(4, port), plan, false, socket);
}

}  // namespace

Error listen_tcp(const ListenPlan &plan, Socket &socket) {
  AddressList addresses;
  const Query query = {plan.address, plan.service, plan.family, SocketKind::stream};
  Error error = resolve(query, addresses);
  if (error.ok() && addresses.size() == 0) error = {AIO_ERR_HOST_NOT_FOUND, 0};
  if (!error.ok()) {
    set_last_error_text("%s, service %s", plan.address == nullptr ? "all addresses" : plan.address, plan.service);
    return error;
  }
  if (plan.address == nullptr) return listen_on_all(port_of(addresses[0]), plan, socket);
  for (size_t index = 0; index < addresses.size(); ++index) {
    error = listen_at(addresses[index], plan, false, socket);
    if (error.ok()) break;
  }
  return error;
}

}  // namespace aio::net
