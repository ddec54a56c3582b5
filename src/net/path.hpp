// Questions to the file system.
#pragma once

#include "base/status.hpp"

namespace aio::net {

[[nodiscard]] Error check_directory(const char *path);  // whether there is one

}  // namespace aio::net
