// Making UDP sockets, and their groups. See udp_socket_posix.cpp and its siblings.
#pragma once

#include "net/socket.hpp"

#include <aiostate/message.h>

namespace aio::net {

// Binds to the first address that can be bound, or not at all where both texts are nullptr. On failure the thread's last
// error text names the address.
[[nodiscard]] Error open_udp(const char *address, const char *service, const aio_udp_options &options, Socket &socket);

// A multicast group and who is heard in it.
struct Group {
  aio_address address;
  aio_address source;  // length 0: everybody
  uint32_t interface;  // 0: the system's choice
};

// AIO_ERR_INVALID_ARGUMENT: not numeric, not a group's address, or of two families; AIO_ERR_NOT_FOUND: no such interface.
[[nodiscard]] aio_status parse_group(const char *address, const char *source, const char *interface_name, Group &group);
[[nodiscard]] Error join_group(aio_socket socket, const Group &group);
[[nodiscard]] Error leave_group(aio_socket socket, const Group &group);

}  // namespace aio::net
