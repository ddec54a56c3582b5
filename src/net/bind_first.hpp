// Which of several addresses a server's socket is bound to.
#pragma once

#include "net/resolver.hpp"

namespace aio::net {

// Tries `open(address, dual_stack)` on all of the machine's addresses: one socket for both families; where the system has no
// IPv6, for the other one.
template <class Open>
[[nodiscard]] Error bind_all(int32_t family, uint16_t port, Open open) {
  if (family != 4) {
    const Error error = open(any_address(6, port), family == 0);
    const bool lacks_ipv6 = error.status == AIO_ERR_UNSUPPORTED || error.status == AIO_ERR_ADDRESS_NOT_AVAILABLE;
    if (error.ok() || family == 6 || !lacks_ipv6) return error;
  }
  return open(any_address(4, port), false);
}

// Looks the query's address up, which may block, and tries the addresses it has until one can be opened. On failure the
// thread's last error text names what was not found; open() names the address that it could not bind.
template <class Open>
[[nodiscard]] Error bind_first(const Query &query, Open open) {
  AddressList addresses;
  Error error = resolve(query, addresses);
  if (error.ok() && addresses.size() == 0) error = {AIO_ERR_HOST_NOT_FOUND, 0};
  if (!error.ok()) {
    set_last_error_text("%s, service %s", query.host == nullptr ? "all addresses" : query.host, query.service);
    return error;
  }
  if (query.host == nullptr) return bind_all(query.family, port_of(addresses[0]), open);
  for (size_t index = 0; index < addresses.size(); ++index) {
    error = open(addresses[index], false);
    if (error.ok()) break;
  }
  return error;
}

}  // namespace aio::net
