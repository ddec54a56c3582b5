/* aiostate: the version. It stands here once; the build, the packages and aio_version() read it from this file. */
#ifndef AIOSTATE_VERSION_H
#define AIOSTATE_VERSION_H

/* Semantic versioning (semver.org). The shared library's SONAME carries the major number. */
#define AIO_VERSION_MAJOR 0
#define AIO_VERSION_MINOR 1
#define AIO_VERSION_PATCH 0

#endif
