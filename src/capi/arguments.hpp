// Checks of arguments that several functions share.
#pragma once

#include "base/time.hpp"
#include "core/connector.hpp"
#include "core/handle.hpp"
#include "core/request.hpp"

#include <aiostate/aiostate.h>

namespace aio {

// A struct's content, or its defaults where the pointer is NULL.
template <class Options>
[[nodiscard]] Options options_or_default(const Options *options) {
  return options == nullptr ? Options{} : *options;
}

template <class Options>
[[nodiscard]] bool reserved_is_zero(const Options &options) {
  uint64_t all = 0;
  for (const uint64_t part : options.reserved) all |= part;
  return all == 0;
}

template <class... Times>
[[nodiscard]] bool valid_times(Times... times) {
  return (valid_seconds(times) && ...);
}

template <class... Choices>
[[nodiscard]] bool valid_choices(Choices... choices) {
  return ((choices >= AIO_DEFAULT && choices <= AIO_NO) && ...);
}

[[nodiscard]] inline bool valid_family(int32_t family) { return family == 0 || family == 4 || family == 6; }

// What all ways to connect share, from the check of the arguments on.
[[nodiscard]] aio_status connect(ConnectPlan::Kind kind, aio_collection *collection, const char *host,
                                 const char *service, aio_state_callback callback, const aio_connect_options *options,
                                 aio_state **out);

// Whether a client may begin TLS: one that verifies needs a name.
[[nodiscard]] bool valid_client(const tls::Context &context, const char *server_name);

// What the options of a byte-moving operation allow; `minimum` 0 where it does not concern the operation.
[[nodiscard]] aio_status check_io_options(const void *buffer, size_t length, size_t minimum,
                                          const aio_io_options &options);

// What a byte-moving operation is asked for, in `request`; AIO_OK, or why it is refused.
[[nodiscard]] aio_status make_request(const void *buffer, size_t length, size_t minimum, aio_buffer_callback callback,
                                      const aio_io_options *options, Request &request);

// The same for operations that are given no buffer, or several: ranges do not concern them.
[[nodiscard]] aio_status make_request(aio_buffer_callback callback, const aio_io_options *options, Request &request);

// Whether [start, end) of a buffer can be lent.
[[nodiscard]] inline bool valid_buffer(const void *buffer, size_t length) { return buffer != nullptr || length == 0; }

}  // namespace aio
