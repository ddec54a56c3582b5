/* aiostate: what concerns the library as a whole. */
#ifndef AIOSTATE_LIBRARY_H
#define AIOSTATE_LIBRARY_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Levels of the log, in order of importance. */
#define AIO_LOG_ERROR 1   /* something failed that no status can report */
#define AIO_LOG_WARNING 2 /* something works, but not as it should */
#define AIO_LOG_INFO 3    /* something changed: a collection or an acceptor came or went */
#define AIO_LOG_DEBUG 4   /* everything else, such as each attempt of a connect */

/* The version of the library that runs, such as "0.1.0"; AIO_VERSION_... is what the program was compiled against. */
AIO_API const char *AIO_CALL aio_version(void);

/* The same as a number that can be compared: major << 16 | minor << 8 | patch. */
AIO_API uint32_t AIO_CALL aio_version_number(void);

/*
 * 1 if this build on this system has a feature, else 0, also for names that it does not know. Names: "tcp", "ipv6",
 * "udp", "unix", "reuse_port", "multicast",
 * "udp_batch" (several datagrams per system call), "udp_segmentation" (the system cuts and joins runs of equal datagrams),
 * "descriptor" (aio_collection_descriptor works), "thread" (aio_collection_create_and_run works),
 * "tls".
 */
AIO_API int AIO_CALL aio_has_feature(const char *name);

/*
 * Makes the library take its memory from these functions, which behave as malloc, realloc and free do, may be called on
 * any thread, and may fail by returning NULL. All three NULL brings malloc back. It concerns this library alone.
 * AIO_ERR_INVALID_ARGUMENT: some are NULL and some are not. AIO_ERR_BUSY: the library has used its memory already, so
 * call it before everything else.
 */
AIO_API aio_status AIO_CALL aio_set_allocator(void *(AIO_CALL *allocate)(size_t size),
                                              void *(AIO_CALL *reallocate)(void *block, size_t size),
                                              void(AIO_CALL *release)(void *block));

/*
 * Sends lines up to `level` (AIO_LOG_...; 0 = none) to `function`, for programs that keep a log; NULL ends it. The
 * function may be called on any thread, also inside aio_collection_wait, and must not call the library. Lines of another
 * thread may still arrive while aio_set_log returns.
 */
AIO_API void AIO_CALL aio_set_log(aio_log_function function, void *user_info, int32_t level);

#ifdef __cplusplus
}
#endif
#endif
