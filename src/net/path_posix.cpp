#include "net/path.hpp"

#include <sys/stat.h>

#include <cerrno>

#include "net/system_error.hpp"

namespace aio::net {

namespace {

Error check(const char *path, bool is_directory) {
  struct stat found;
  if (::stat(path, &found) != 0) return last_system_error();
  const int number = is_directory ? ENOTDIR : EISDIR;
  return S_ISDIR(found.st_mode) == is_directory ? Error() : error_from_system(number);
}

}  // namespace

Error check_file(const char *path) { return check(path, false); }

Error check_directory(const char *path) { return check(path, true); }

}  // namespace aio::net
