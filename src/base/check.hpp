// Invariants, checked in debug builds.
#pragma once

#if defined(AIO_CHECKS)
#  include <cstdlib>
#  define AIO_CHECK(condition) ((condition) ? static_cast<void>(0) : std::abort())
#else
#  define AIO_CHECK(condition) static_cast<void>(sizeof((condition) ? 1 : 0))
#endif
