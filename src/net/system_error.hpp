// The system's error numbers as statuses.
#pragma once

#include "base/status.hpp"

namespace aio::net {

[[nodiscard]] Error error_from_system(int number);  // errno or WSAGetLastError()
[[nodiscard]] Error error_from_uv(int code);        // libuv's negative codes
[[nodiscard]] Error last_system_error();

}  // namespace aio::net
