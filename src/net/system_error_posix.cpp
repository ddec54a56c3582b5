#include <cerrno>

#include "net/system_error.hpp"

namespace aio::net {

namespace {

aio_status status_from_errno(int number) {
  switch (number) {
    case 0:
      return AIO_OK;
    case ECONNREFUSED:
      return AIO_ERR_CONNECTION_REFUSED;
    case ECONNRESET:
    case ECONNABORTED:
      return AIO_ERR_CONNECTION_RESET;
    case EPIPE:
      return AIO_ERR_BROKEN_PIPE;
    case ENETDOWN:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return AIO_ERR_UNREACHABLE;
    case EADDRINUSE:
      return AIO_ERR_ADDRESS_IN_USE;
    case EADDRNOTAVAIL:
      return AIO_ERR_ADDRESS_NOT_AVAILABLE;
    case EACCES:
    case EPERM:
      return AIO_ERR_ACCESS;
    case EMFILE:
    case ENFILE:
      return AIO_ERR_TOO_MANY_FILES;
    case EMSGSIZE:
      return AIO_ERR_MESSAGE_TOO_LONG;
    case ENOTCONN:
      return AIO_ERR_NOT_CONNECTED;
    case ENOMEM:
    case ENOBUFS:
      return AIO_ERR_NO_MEMORY;
    case ENOENT:
      return AIO_ERR_NOT_FOUND;
    case EAFNOSUPPORT:
      return AIO_ERR_UNSUPPORTED;
    case ETIMEDOUT:
      return AIO_ERR_CONNECTION_TIMED_OUT;
    default:
      return AIO_ERR_SYSTEM;
  }
}

}  // namespace

Error error_from_system(int number) { return {status_from_errno(number), number}; }

Error error_from_uv(int code) { return error_from_system(-code); }

Error last_system_error() { return error_from_system(errno); }

}  // namespace aio::net
