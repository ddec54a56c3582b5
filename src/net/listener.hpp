// Listening sockets.
#pragma once

#include "net/socket.hpp"

namespace aio::net {

struct ListenPlan {
  const char *address;  // nullptr: all of the machine's
  const char *service;
  int32_t family;   // 0, 4 or 6
  int32_t backlog;  // 0: the system's maximum
  bool reuse_port;
};

// Binds and listens on the first address that can be bound; on failure the thread's last error text names the last one.
[[nodiscard]] Error listen_tcp(const ListenPlan &plan, Socket &socket);

}  // namespace aio::net
