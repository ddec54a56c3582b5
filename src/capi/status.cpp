#include "base/status.hpp"

extern "C" {

const char *aio_status_name(aio_status status) { return aio::status_name(status); }

const char *aio_status_message(aio_status status) { return aio::status_message(status); }

const char *aio_last_error_text(void) { return aio::last_error_text(); }

}  // extern "C"
