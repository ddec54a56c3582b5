#include "net/address.hpp"

#include "net/unix_socket.hpp"

extern "C" {

aio_status aio_address_parse(aio_address *address, const char *host, uint16_t port) {
  if (address == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  *address = aio_address{};
  if (host == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  return aio::net::parse_address(*address, host, port) ? AIO_OK : AIO_ERR_INVALID_ARGUMENT;
}

aio_status aio_address_unix(aio_address *address, const char *path) {
  if (address == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  *address = aio_address{};
  return path == nullptr ? AIO_ERR_INVALID_ARGUMENT : aio::net::make_unix_address(*address, path);
}

aio_status aio_address_host(const aio_address *address, char *buffer, size_t size) {
  if (address == nullptr || buffer == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  return aio::net::format_host(*address, buffer, size);
}

aio_status aio_address_format(const aio_address *address, char *buffer, size_t size) {
  if (address == nullptr || buffer == nullptr) return AIO_ERR_INVALID_ARGUMENT;
  return aio::net::format_address(*address, buffer, size);
}

uint16_t aio_address_port(const aio_address *address) {
  return address == nullptr ? uint16_t{0} : aio::net::port_of(*address);
}

int32_t aio_address_family(const aio_address *address) {
  return address == nullptr ? 0 : aio::net::family_of(*address);
}

int aio_address_equal(const aio_address *one, const aio_address *other) {
  return one != nullptr && other != nullptr && aio::net::equal(*one, *other) ? 1 : 0;
}

}  // extern "C"
