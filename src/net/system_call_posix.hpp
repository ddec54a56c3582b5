// What system calls on sockets have in common.
#pragma once

#include <cerrno>

#include "net/socket.hpp"
#include "net/system_error.hpp"

namespace aio::net {

// Repeats a system call that a signal interrupted.
template <class Call>
auto uninterrupted(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result == -1 && errno == EINTR);
  return result;
}

// What a call that returned -1 means.
inline IoResult failure() {
  return errno == EAGAIN || errno == EWOULDBLOCK ? IoResult::blocked() : IoResult::failed(last_system_error());
}

}  // namespace aio::net
