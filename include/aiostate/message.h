/* aiostate: datagrams: UDP states and the operations that move whole messages. */
#ifndef AIOSTATE_MESSAGE_H
#define AIOSTATE_MESSAGE_H

#include "address.h"
#include "operation.h"
#include "state.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct aio_udp_options {
  int32_t family;              /* 4 or 6: only this family; 0 = both where the system has dual stack */
  int32_t reuse_address;       /* AIO_YES: others may bind the same address (SO_REUSEADDR); default AIO_NO */
  int32_t reuse_port;          /* AIO_YES: several sockets share the load of a port (SO_REUSEPORT); default AIO_NO */
  int32_t broadcast;           /* AIO_YES: may send to broadcast addresses (SO_BROADCAST); default AIO_NO */
  int32_t multicast_ttl;       /* routers that sent multicast may pass, 1 to 255; 0 = the system's, which is 1 */
  int32_t multicast_loop;      /* AIO_NO: this machine does not hear what it sends to groups; default AIO_YES */
  int32_t receive_buffer_size; /* bytes the kernel may keep (SO_RCVBUF); 0 = the system's default */
  int32_t send_buffer_size;    /* SO_SNDBUF likewise */
  int32_t queue_output;        /* as in aio_state_options */
  const char *name;            /* as in aio_state_options */
  double read_timeout;         /* as in aio_state_options */
  double write_timeout;        /* as in aio_state_options */
  void *user_info;             /* as in aio_state_options */
  uint64_t reserved[4];
} aio_udp_options;

/* One datagram of aio_state_send_messages. */
typedef struct aio_message {
  const void *data;           /* lent until the operation's callback */
  size_t length;              /* in bytes; 0 is a message too */
  const aio_address *address; /* where to; copied; must be NULL on a connected state */
  uint64_t reserved[2];
} aio_message;

/*
 * Datagrams stand alone. Each arrives whole or not at all; an error or a timeout of one touches no other, and no status is
 * sticky: the state works on. A datagram of length 0 is a message, not an end. Refusals and outcomes are those of
 * operation.h; besides:
 *
 * AIO_ERR_UNSUPPORTED refuses an operation of the other kind of socket, a send without an address on a state that is not
 * connected, and one with an address on a state that is. On a connected state AIO_ERR_CONNECTION_REFUSED ends a receive or
 * a send when an earlier datagram was answered by ICMP "port unreachable" (RFC 1122, 4.1.3.3).
 * AIO_ERR_MESSAGE_TOO_LONG: no such datagram can be sent (UDP over IPv4: at most 65,507 bytes).
 *
 * Adopted datagram sockets (aio_state_create), also Unix ones, take these operations too. aio_state_wait_for_input,
 * abort, close, release_socket and the settings of a state work as on streams; a lingering close lets queued messages
 * leave. aio_state_take_buffered hands out one message at a time that was received and not delivered.
 */

/*
 * Makes a UDP state that is not connected. `address` (a name or a numeric address) and `service` (a port number or a
 * service name; "0" = a free port) say where it is bound, in this call; `address` NULL = all of the machine's; both NULL =
 * bound by the first send, to a free port. Of several addresses the first that can be bound is used.
 * With both families an IPv4 address shows as an IPv6 one, "::ffff:192.0.2.1" (RFC 4291, 2.5.5.2), and both can be sent to.
 *
 * AIO_ERR_INVALID_ARGUMENT: NULL collection or `out`, an address without a service, a bad time, choice or family, a
 * negative size, a `multicast_ttl` outside 0 to 255. AIO_ERR_UNSUPPORTED: `reserved`, or the system lacks `reuse_port` or
 * the family. AIO_ERR_CLOSED: the collection has ended. AIO_ERR_ADDRESS_IN_USE, AIO_ERR_ADDRESS_NOT_AVAILABLE,
 * AIO_ERR_ACCESS, AIO_ERR_HOST_NOT_FOUND, AIO_ERR_SERVICE_NOT_FOUND, AIO_ERR_TOO_MANY_FILES, AIO_ERR_SYSTEM: why it
 * could not be made; aio_last_error_text says more.
 */
AIO_API aio_status AIO_CALL aio_state_create_udp(aio_collection *collection, const char *address, const char *service,
                                                 const aio_udp_options *options, aio_state **out);

/*
 * Makes a UDP state that exchanges datagrams with one peer. Works as aio_state_connect_tcp does, statuses included, except
 * that nothing is sent and the peer need not be there: the first address that the system has a way to is taken, and a
 * missing peer shows as AIO_ERR_CONNECTION_REFUSED of later operations, if at all. `nodelay` and `keepalive` are ignored.
 */
AIO_API aio_status AIO_CALL aio_state_connect_udp(aio_collection *collection, const char *host, const char *service,
                                                  aio_state_callback callback, const aio_connect_options *options,
                                                  aio_state **out);

/*
 * Receives one datagram into [start, end) of `buffer` and calls back once with the bytes stored. What does not fit is lost,
 * and aio_state_message_truncated says so in the callback; aio_state_message_address tells the sender.
 * `minimum` is ignored. The buffer is the library's until the callback.
 */
AIO_API aio_status AIO_CALL aio_state_receive_message(aio_state *state, void *buffer, size_t length,
                                                      aio_buffer_callback callback, const aio_io_options *options);

/*
 * Receives on and on: callback(state, bytes, count, user_info) gets datagram after datagram, each once, from the library's
 * own buffers; `bytes` is valid until the callback returns. The timeout is per datagram. The last call has NULL, count 0
 * and a status other than AIO_OK: AIO_TIMEOUT or an error. aio_state_finish_read ends it without a last call; datagrams
 * that were received and not delivered stay for the next receive, unless memory runs out.
 */
AIO_API aio_status AIO_CALL aio_state_receive_messages(aio_state *state, aio_buffer_callback callback,
                                                       const aio_io_options *options);

/*
 * Where the datagram came from, and whether its end was cut off, in the callback of its receive; NULL and 0 elsewhere. The
 * address is valid until the callback returns; it can be used as it is to reply.
 */
AIO_API const aio_address *AIO_CALL aio_state_message_address(const aio_state *state);
AIO_API int AIO_CALL aio_state_message_truncated(const aio_state *state);

/*
 * Sends [start, end) of `buffer` as one datagram to the peer of a connected state, and calls back once (`callback` may be
 * NULL) with all its bytes when the kernel has taken it, or with 0. Datagrams leave in the order of submission; those of
 * one dispatch leave together. The buffer is the library's until the callback.
 */
AIO_API aio_status AIO_CALL aio_state_send_message(aio_state *state, const void *buffer, size_t length,
                                                   aio_buffer_callback callback, const aio_io_options *options);

/* The same to `address`, which is copied, on a state that is not connected. AIO_ERR_INVALID_ARGUMENT: also no address. */
AIO_API aio_status AIO_CALL aio_state_send_message_to_address(aio_state *state, const aio_address *address,
                                                              const void *buffer, size_t length,
                                                              aio_buffer_callback callback,
                                                              const aio_io_options *options);

/*
 * The same to `host` (a name or a numeric address; the first one of the socket's family) and `service`. Names are looked up
 * off the loop's thread; later datagrams wait for it. Outcomes also: AIO_ERR_HOST_NOT_FOUND, AIO_ERR_SERVICE_NOT_FOUND.
 */
AIO_API aio_status AIO_CALL aio_state_send_message_to_host(aio_state *state, const char *host, const char *service,
                                                           const void *buffer, size_t length,
                                                           aio_buffer_callback callback, const aio_io_options *options);

/*
 * Sends `message_count` datagrams in order as one operation. The callback (may be NULL) comes once, with NULL and the
 * number of datagrams the kernel took; with a status other than AIO_OK the one behind those was the cause, and the rest was
 * not sent. The array and its addresses are copied, the data is lent until the callback. `start` and `end` are ignored.
 * AIO_ERR_INVALID_ARGUMENT: also NULL messages with a count, or NULL data with a length.
 */
AIO_API aio_status AIO_CALL aio_state_send_messages(aio_state *state, const aio_message *messages, size_t message_count,
                                                    aio_buffer_callback callback, const aio_io_options *options);

/*
 * Joins and leaves a multicast group, given by its numeric address (RFC 1112, RFC 4291); with `source`, the numeric address
 * of one sender, only what that one sends (RFC 4607); NULL = all. `interface_name` is an interface ("eth0") or its index;
 * NULL = the system's choice. Safe against a close on another thread.
 * AIO_ERR_INVALID_ARGUMENT: NULL state or group, not numeric, not a group's address, families that differ.
 * AIO_ERR_UNSUPPORTED: not a UDP state. AIO_ERR_CLOSED: closed. AIO_ERR_NOT_CONNECTED: still connecting.
 * AIO_ERR_NOT_FOUND: no such interface. AIO_ERR_ADDRESS_IN_USE: joined already.
 * AIO_ERR_ADDRESS_NOT_AVAILABLE: not joined. AIO_ERR_LIMIT: the system's limit of groups (igmp(4), ip(7)).
 */
AIO_API aio_status AIO_CALL aio_state_join_group(aio_state *state, const char *group, const char *source,
                                                 const char *interface_name);
AIO_API aio_status AIO_CALL aio_state_leave_group(aio_state *state, const char *group, const char *source,
                                                  const char *interface_name);

#ifdef __cplusplus
}
#endif
#endif
