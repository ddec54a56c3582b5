/* aiostate: what differs between platforms, and nothing else. Every platform `#if` of the public headers is here. */
#ifndef AIOSTATE_EXPORT_H
#define AIOSTATE_EXPORT_H

#include <stddef.h>
#include <stdint.h>

/* AIO_API marks an exported function. Define AIO_STATIC when linking the static library on Windows. */
#if defined(_WIN32)
#  if defined(AIO_STATIC)
#    define AIO_API
#  elif defined(AIO_BUILDING)
#    define AIO_API __declspec(dllexport)
#  else
#    define AIO_API __declspec(dllimport)
#  endif
#  define AIO_CALL __cdecl
#elif defined(__GNUC__)
#  define AIO_API __attribute__((visibility("default")))
#  define AIO_CALL
#else
#  define AIO_API
#  define AIO_CALL
#endif

/* A socket of the operating system: a file descriptor on POSIX, a SOCKET on Windows. */
#if defined(_WIN32)
typedef uintptr_t aio_socket;
#  define AIO_NO_SOCKET ((aio_socket) ~(uintptr_t)0)
#else
typedef int aio_socket;
#  define AIO_NO_SOCKET (-1)
#endif

#endif
