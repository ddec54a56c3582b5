/* aiostate: what a call returns and what an operation ends with. */
#ifndef AIOSTATE_STATUS_H
#define AIOSTATE_STATUS_H

#include "export.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The one table of statuses: XX(name, value, message). Zero is success. Positive: the operation ended without an
 * error, but not complete. Negative: an error. Values never change; new ones go last.
 */
#define AIO_STATUS_MAP(XX)                                                                         \
  XX(AIO_OK, 0, "The operation is complete.")                                                      \
  XX(AIO_EOF, 1, "The peer has ended its side of the stream.")                                     \
  XX(AIO_TIMEOUT, 2, "The time given for the operation is over.")                                  \
  XX(AIO_ERR_CANCELED, -1, "The operation was aborted, or its state or collection was closed.")    \
  XX(AIO_ERR_INVALID_ARGUMENT, -2, "An argument is missing or out of range.")                      \
  XX(AIO_ERR_BUSY, -3, "Another operation or another thread is using this.")                       \
  XX(AIO_ERR_CLOSED, -4, "This has been closed.")                                                  \
  XX(AIO_ERR_NO_MEMORY, -5, "There is not enough memory.")                                         \
  XX(AIO_ERR_LIMIT, -6, "A limit set for this would be exceeded.")                                 \
  XX(AIO_ERR_UNSUPPORTED, -7, "This kind of socket, or this build or system, cannot do that.")     \
  XX(AIO_ERR_NOT_CONNECTED, -8, "The socket is not connected.")                                    \
  XX(AIO_ERR_CONNECTION_REFUSED, -9, "The peer refused the connection.")                           \
  XX(AIO_ERR_CONNECTION_RESET, -10, "The connection was reset.")                                   \
  XX(AIO_ERR_BROKEN_PIPE, -11, "The connection takes no more bytes.")                              \
  XX(AIO_ERR_UNREACHABLE, -12, "The network or the host cannot be reached.")                       \
  XX(AIO_ERR_ADDRESS_IN_USE, -13, "The address is already in use.")                                \
  XX(AIO_ERR_ADDRESS_NOT_AVAILABLE, -14, "The address does not belong to this machine.")           \
  XX(AIO_ERR_ACCESS, -15, "The system does not permit that.")                                      \
  XX(AIO_ERR_HOST_NOT_FOUND, -16, "The host name has no address.")                                 \
  XX(AIO_ERR_SERVICE_NOT_FOUND, -17, "The service name or port number is not known.")              \
  XX(AIO_ERR_TOO_MANY_FILES, -18, "The process or the system has no descriptor left.")             \
  XX(AIO_ERR_MESSAGE_TOO_LONG, -19, "The message is longer than a datagram can be.")               \
  XX(AIO_ERR_TLS, -20, "The TLS protocol failed.")                                                 \
  XX(AIO_ERR_TLS_CERTIFICATE, -21, "The peer's certificate could not be verified.")                \
  XX(AIO_ERR_TLS_HOST_NAME, -22, "The peer's certificate is for another host.")                    \
  XX(AIO_ERR_TLS_TRUNCATED, -23, "The TLS stream ended without a close_notify.")                   \
  XX(AIO_ERR_SYSTEM, -24, "The operating system reported an error that has no status of its own.") \
  XX(AIO_ERR_INTERNAL, -25, "The library failed an internal check.")                               \
  XX(AIO_ERR_NOT_FOUND, -26, "There was nothing to be found.")                                     \
  XX(AIO_ERR_CONNECTION_TIMED_OUT, -27, "The system gave the connection up: the peer is silent.")

typedef enum aio_status {
#define XX(name, value, message) name = value,
  AIO_STATUS_MAP(XX)
#undef XX
      AIO_STATUS_MAX_ = 0x7fffffff /* fixes the enum's size; never returned */
} aio_status;

/* The name of a status, such as "AIO_EOF"; "AIO_UNKNOWN" for a number that is none. A static string, never NULL. */
AIO_API const char *AIO_CALL aio_status_name(aio_status status);

/* One short sentence for people; "Unknown status." for a number that is none. A static string, never NULL. */
AIO_API const char *AIO_CALL aio_status_message(aio_status status);

/*
 * What went wrong in this thread's latest call that was to hand out an object (aio_..._create..., aio_..._connect...,
 * aio_timer_start) and failed: more than the status says, such as the address that could not be bound. "" if that call
 * succeeded or there is nothing to add. The string is the thread's own, valid until its next such call.
 */
AIO_API const char *AIO_CALL aio_last_error_text(void);

#ifdef __cplusplus
}
#endif
#endif
