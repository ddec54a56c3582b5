#include <cstring>

#include "base/allocator.hpp"
#include "base/log.hpp"
#include "net/datagram.hpp"

#include <aiostate/library.h>
#include <aiostate/version.h>

#define AIO_TEXT_OF(x) #x
#define AIO_TEXT(x) AIO_TEXT_OF(x)

extern "C" {

const char *aio_version(void) {
  return AIO_TEXT(AIO_VERSION_MAJOR) "." AIO_TEXT(AIO_VERSION_MINOR) "." AIO_TEXT(AIO_VERSION_PATCH);
}

uint32_t aio_version_number(void) { return AIO_VERSION_MAJOR << 16 | AIO_VERSION_MINOR << 8 | AIO_VERSION_PATCH; }

int aio_has_feature(const char *name) {
  static constexpr const char *kFeatures[] = {"tcp",        "udp",        "unix",   "ipv6", "multicast",
                                              "reuse_port", "descriptor", "thread", "tls"};
  if (name == nullptr) return 0;
  for (const char *feature : kFeatures) {
    if (std::strcmp(feature, name) == 0) return 1;
  }
  if (std::strcmp("udp_batch", name) == 0) return aio::net::has_batches() ? 1 : 0;
  if (std::strcmp("udp_segmentation", name) == 0) return aio::net::has_segmentation() ? 1 : 0;
  return 0;
}

aio_status aio_set_allocator(void *(*allocate)(size_t), void *(*reallocate)(void *, size_t), void (*release)(void *)) {
  return aio::set_allocator(allocate, reallocate, release);
}

void aio_set_log(aio_log_function function, void *user_info, int32_t level) {
  aio::set_log(function, user_info, level);
}

}  // extern "C"
