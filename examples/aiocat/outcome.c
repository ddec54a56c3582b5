/* aiocat: the words for what went wrong. */
#include "outcome.h"

#include <stdio.h>

int exit_status_of(aio_status status) {
  switch (status) {
    case AIO_OK:
      return ENDED_WELL;
    case AIO_TIMEOUT:
      return ENDED_BY_TIMEOUT;
    case AIO_EOF:
    case AIO_ERR_CONNECTION_RESET:
    case AIO_ERR_BROKEN_PIPE:
      return ENDED_EARLY;
    case AIO_ERR_TLS:
    case AIO_ERR_TLS_CERTIFICATE:
    case AIO_ERR_TLS_HOST_NAME:
    case AIO_ERR_TLS_TRUNCATED:
      return ENDED_BY_TLS;
    default:
      return ENDED_BY_ERROR;
  }
}

void complain(const char *what, const char *why) { fprintf(stderr, "aiocat: %s: %s\n", what, why); }

void complain_of_status(const char *what, aio_status status, const char *text) {
  complain(*text ? text : what, aio_status_message(status));
}
