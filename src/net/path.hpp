// Questions to the file system.
#pragma once

#include "base/status.hpp"

namespace aio::net {

// Whether there is one of the kind.
[[nodiscard]] Error check_file(const char *path);
[[nodiscard]] Error check_directory(const char *path);

}  // namespace aio::net
