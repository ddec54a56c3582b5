// Addresses as the API has them: a sockaddr and its length.
#pragma once

#include <aiostate/address.h>

struct sockaddr;

namespace aio::net {

inline constexpr size_t kAddressTextSize = 160;  // enough for every address of every family

[[nodiscard]] bool parse_address(aio_address &address, const char *host, uint16_t port);
[[nodiscard]] aio_address any_address(int32_t family, uint16_t port);
[[nodiscard]] aio_address address_from(const sockaddr *system, size_t length);
[[nodiscard]] const sockaddr *system_address(const aio_address &address);

[[nodiscard]] aio_status format_host(const aio_address &address, char *buffer, size_t size);
[[nodiscard]] aio_status format_address(const aio_address &address, char *buffer, size_t size);

[[nodiscard]] bool is_path(const aio_address &address);  // a Unix socket's that is a file
[[nodiscard]] uint16_t port_of(const aio_address &address);
void set_port(aio_address &address, uint16_t port);
[[nodiscard]] int32_t family_of(const aio_address &address);  // 4, 6, AIO_UNIX or 0
[[nodiscard]] bool equal(const aio_address &one, const aio_address &other);

// An address as text, for messages.
struct AddressText {
  explicit AddressText(const aio_address &address);
  char text[kAddressTextSize];
};

}  // namespace aio::net
