#include "net/path.hpp"

#include <sys/stat.h>

#include <cerrno>

#include "net/system_error.hpp"

namespace aio::net {

Error check_directory(const char *path) {
  struct stat found;
  if (::stat(path, &found) != 0) return last_system_error();
  return S_ISDIR(found.st_mode) ? Error() : error_from_system(ENOTDIR);
}

}  // namespace aio::net
