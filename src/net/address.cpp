#include "net/address.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <uv.h>

namespace aio::net {

namespace {

constexpr size_t kUnixPathOffset = 2;  // of sun_path on every system

// Typed copies, since `storage` is bytes.
template <class T>
T as(const aio_address &address) {
  T typed;
  std::memcpy(&typed, address.storage, sizeof typed);
  return typed;
}

template <class T>
void store(aio_address &address, const T &typed) {
  address = aio_address{};
  address.length = sizeof typed;
  std::memcpy(address.storage, &typed, sizeof typed);
}

int system_family(const aio_address &address) {
  return address.length >= kUnixPathOffset && address.length <= sizeof address.storage ? as<sockaddr>(address).sa_family
                                                                                       : AF_UNSPEC;
}

constexpr size_t kLongestScope = 32;

// The scope of "host%scope" (RFC 4007): the name of an interface, which libuv looks up, or a number; 0 is none.
bool parse_scope(const char *text, uint32_t &scope) {
  sockaddr_in6 any;
  char host[kLongestScope + 4];
  if (*text == '\0' || std::strlen(text) > kLongestScope) return false;
  std::snprintf(host, sizeof host, "::%%%s", text);
  if (uv_ip6_addr(host, 0, &any) != 0) return false;
  scope = any.sin6_scope_id;
  if (scope != 0) return true;
  char *end = nullptr;
  const unsigned long number = std::strtoul(text, &end, 10);
  scope = static_cast<uint32_t>(number);
  return text[0] >= '0' && text[0] <= '9' && *end == '\0' && number <= UINT32_MAX;
}

// libuv's own parser cuts a host in front of a scope without a word.
bool parse_ip6(const char *text, uint16_t port, sockaddr_in6 &system) {
  const char *percent = std::strchr(text, '%');
  const size_t length = percent == nullptr ? std::strlen(text) : static_cast<size_t>(percent - text);
  char host[INET6_ADDRSTRLEN];
  if (length >= sizeof host) return false;
  std::memcpy(host, text, length);
  host[length] = '\0';
  return uv_ip6_addr(host, port, &system) == 0 &&
         (percent == nullptr || parse_scope(percent + 1, system.sin6_scope_id));
}

aio_status put_text(const char *text, size_t length, char *buffer, size_t size) {
  if (length >= size) {
    if (size != 0) buffer[0] = '\0';
    return AIO_ERR_LIMIT;
  }
  std::memcpy(buffer, text, length);
  buffer[length] = '\0';
  return AIO_OK;
}

// A path of a Unix address: "" if unnamed; Linux's abstract names begin with a NUL and may hold more.
struct UnixPath {
  explicit UnixPath(const aio_address &address) : length(address.length - kUnixPathOffset) {
    std::memcpy(text, address.storage + kUnixPathOffset, length);
    if (length == 0 || text[0] != '\0') length = strnlen(text, length);
    is_abstract = length > 1 && text[0] == '\0';
    if (is_abstract) text[0] = '@';
  }

  char text[sizeof(aio_address::storage)];
  size_t length;
  bool is_abstract;
};

}  // namespace

bool parse_address(aio_address &address, const char *host, uint16_t port) {
  sockaddr_in v4;
  sockaddr_in6 v6;
  address = aio_address{};
  if (uv_ip4_addr(host, port, &v4) == 0) {
    store(address, v4);
  } else if (parse_ip6(host, port, v6)) {
    store(address, v6);
  }
  return address.length != 0;
}

aio_address any_address(int32_t family, uint16_t port) {
  aio_address address;
  static_cast<void>(parse_address(address, family == 4 ? "0.0.0.0" : "::", port));
  return address;
}

aio_address address_from(const sockaddr *system, size_t length) {
  aio_address address = {};
  address.length = static_cast<uint32_t>(std::min(length, sizeof address.storage));
  std::memcpy(address.storage, system, address.length);
  return address;
}

const sockaddr *system_address(const aio_address &address) {
  return reinterpret_cast<const sockaddr *>(address.storage);
}

aio_status format_host(const aio_address &address, char *buffer, size_t size) {
  char text[kAddressTextSize] = "";
  switch (family_of(address)) {
    case 4: {
      const auto system = as<sockaddr_in>(address);
      if (uv_ip4_name(&system, text, sizeof text) != 0) return AIO_ERR_INVALID_ARGUMENT;
      break;
    }
    case 6: {
      const auto system = as<sockaddr_in6>(address);
      if (uv_ip6_name(&system, text, sizeof text) != 0) return AIO_ERR_INVALID_ARGUMENT;
      if (system.sin6_scope_id != 0) {
        const size_t used = std::strlen(text);
        char interface[UV_IF_NAMESIZE];
        size_t length = sizeof interface;
        if (uv_if_indextoname(system.sin6_scope_id, interface, &length) == 0) {
          std::snprintf(text + used, sizeof text - used, "%%%s", interface);
        } else {
          std::snprintf(text + used, sizeof text - used, "%%%u", static_cast<unsigned>(system.sin6_scope_id));
        }
      }
      break;
    }
    case AIO_UNIX: {
      const UnixPath path(address);
      return put_text(path.text, path.length, buffer, size);
    }
    default:
      return AIO_ERR_INVALID_ARGUMENT;
  }
  return put_text(text, std::strlen(text), buffer, size);
}

aio_status format_address(const aio_address &address, char *buffer, size_t size) {
  const int32_t family = family_of(address);
  if (family != 4 && family != 6) return format_host(address, buffer, size);
  char host[kAddressTextSize];
  if (const aio_status status = format_host(address, host, sizeof host); status != AIO_OK) return status;
  char text[kAddressTextSize + 16];
  const int length = std::snprintf(text, sizeof text, family == 6 ? "[%s]:%u" : "%s:%u", host, port_of(address));
  return put_text(text, static_cast<size_t>(length), buffer, size);
}

uint16_t port_of(const aio_address &address) {
  switch (family_of(address)) {
    case 4:
      return ntohs(as<sockaddr_in>(address).sin_port);
    case 6:
      return ntohs(as<sockaddr_in6>(address).sin6_port);
    default:
      return 0;
  }
}

void set_port(aio_address &address, uint16_t port) {
  if (family_of(address) == 4) {
    auto system = as<sockaddr_in>(address);
    system.sin_port = htons(port);
    store(address, system);
  } else if (family_of(address) == 6) {
    auto system = as<sockaddr_in6>(address);
    system.sin6_port = htons(port);
    store(address, system);
  }
}

int32_t family_of(const aio_address &address) {
  switch (system_family(address)) {
    case AF_INET:
      return address.length >= sizeof(sockaddr_in) ? 4 : 0;
    case AF_INET6:
      return address.length >= sizeof(sockaddr_in6) ? 6 : 0;
    case AF_UNIX:
      return AIO_UNIX;
    default:
      return 0;
  }
}

bool is_path(const aio_address &address) {
  if (family_of(address) != AIO_UNIX) return false;
  const UnixPath path(address);
  return path.length != 0 && !path.is_abstract;
}

bool equal(const aio_address &one, const aio_address &other) {
  const int32_t family = family_of(one);
  if (family != family_of(other) || port_of(one) != port_of(other)) return false;
  switch (family) {
    case 4:
      return as<sockaddr_in>(one).sin_addr.s_addr == as<sockaddr_in>(other).sin_addr.s_addr;
    case 6: {
      const auto a = as<sockaddr_in6>(one);
      const auto b = as<sockaddr_in6>(other);
      return std::memcmp(&a.sin6_addr, &b.sin6_addr, sizeof a.sin6_addr) == 0 && a.sin6_scope_id == b.sin6_scope_id;
    }
    case AIO_UNIX: {
      const UnixPath a(one);
      const UnixPath b(other);
      return a.length == b.length && a.is_abstract == b.is_abstract && std::memcmp(a.text, b.text, a.length) == 0;
    }
    default:
      return one.length == other.length && std::memcmp(one.storage, other.storage, one.length) == 0;
  }
}

AddressText::AddressText(const aio_address &address) {
  if (format_address(address, text, sizeof text) != AIO_OK) std::snprintf(text, sizeof text, "an unknown address");
}

}  // namespace aio::net
