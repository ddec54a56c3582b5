#include "net/resolver.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/allocator.hpp"
#include "net/system_error.hpp"

namespace aio::net {

namespace {

enum class Service : uint8_t { number, name, invalid };

// getaddrinfo itself takes "99999", "-1" and " 80" for numbers and cuts them to 16 bits.
Service parse_service(const char *text, uint16_t &port) {
  char *end = nullptr;
  const unsigned long number = std::strtoul(text, &end, 10);
  if (*text == '\0' || std::strlen(text) > NI_MAXSERV) return Service::invalid;
  if (*end != '\0') return Service::name;
  if (text[0] < '0' || text[0] > '9' || number > UINT16_MAX) return Service::invalid;
  port = static_cast<uint16_t>(number);
  return Service::number;
}

addrinfo hints_for(const Query &query) {
  addrinfo hints = {};
  hints.ai_family = query.family == 0 ? AF_UNSPEC : query.family == 4 ? AF_INET : AF_INET6;
  hints.ai_socktype = query.kind == SocketKind::datagram ? SOCK_DGRAM : SOCK_STREAM;
  hints.ai_flags = query.host == nullptr ? AI_PASSIVE : 0;
  return hints;
}

Error error_from_uv_lookup(int code) {
  switch (code) {
    case UV_EAI_SERVICE:
      return {AIO_ERR_SERVICE_NOT_FOUND, 0};
    case UV_EAI_MEMORY:
    case UV_ENOMEM:
      return {AIO_ERR_NO_MEMORY, 0};
    case UV_EMFILE:
    case UV_ENFILE:
      return error_from_uv(code);
    default:
      return {AIO_ERR_HOST_NOT_FOUND, 0};
  }
}

Error error_from_lookup(int code) {
  switch (code) {
    case EAI_SERVICE:
      return {AIO_ERR_SERVICE_NOT_FOUND, 0};
    case EAI_MEMORY:
      return {AIO_ERR_NO_MEMORY, 0};
    case EAI_SYSTEM:
      return error_from_uv_lookup(-errno);
    default:
      return {AIO_ERR_HOST_NOT_FOUND, 0};
  }
}

}  // namespace

AddressList::~AddressList() { release(items_); }

bool AddressList::grow_to(size_t size) {
  aio_address *items = static_cast<aio_address *>(allocate(size * sizeof(aio_address)));
  if (items == nullptr) return false;
  release(items_);
  items_ = items;
  size_ = 0;
  return true;
}

bool AddressList::assign(const addrinfo *found, const uint16_t *port) {
  size_t count = 0;
  for (const addrinfo *entry = found; entry != nullptr; entry = entry->ai_next) ++count;
  if (!grow_to(count)) return false;
  for (const addrinfo *entry = found; entry != nullptr; entry = entry->ai_next) {
    const aio_address address = address_from(entry->ai_addr, static_cast<size_t>(entry->ai_addrlen));
    if (family_of(address) != 4 && family_of(address) != 6) continue;
    items_[size_] = address;
    if (port != nullptr) set_port(items_[size_], *port);
    ++size_;
  }
  return true;
}

bool AddressList::assign(const aio_address &address) {
  if (!grow_to(1)) return false;
  items_[size_++] = address;
  return true;
}

void AddressList::swap(AddressList &other) {
  std::swap(items_, other.items_);
  std::swap(size_, other.size_);
}

void AddressList::alternate_families() {
  for (size_t place = 1; place < size_; ++place) {
    const int32_t wanted = family_of(items_[place - 1]) == 4 ? 6 : 4;
    aio_address *found = std::find_if(items_ + place, items_ + size_,
                                      [wanted](const aio_address &address) { return family_of(address) == wanted; });
    if (found == items_ + size_) return;
    std::rotate(items_ + place, found, found + 1);
  }
}

bool resolve_numeric(const Query &query, AddressList &addresses, Error &error) {
  uint16_t port = 0;
  aio_address address;
  const Service service = parse_service(query.service, port);
  if (service == Service::invalid) {
    error = {AIO_ERR_SERVICE_NOT_FOUND, 0};
    return true;
  }
  if (service == Service::name || query.host == nullptr || !parse_address(address, query.host, port)) return false;
  if (query.family != 0 && query.family != family_of(address)) {
    error = {AIO_ERR_HOST_NOT_FOUND, 0};
  } else if (!addresses.assign(address)) {
    error = {AIO_ERR_NO_MEMORY, 0};
  }
  return true;
}

Error resolve(const Query &query, AddressList &addresses) {
  Error error;
  if (resolve_numeric(query, addresses, error)) return error;
  uint16_t port = 0;
  const bool is_number = parse_service(query.service, port) == Service::number;
  const addrinfo hints = hints_for(query);
  addrinfo *found = nullptr;
  // With neither host nor service name getaddrinfo has nothing to go by; "0" stands for the number set afterwards.
  const int code = getaddrinfo(query.host, is_number ? "0" : query.service, &hints, &found);
  if (code != 0) return error_from_lookup(code);
  const bool assigned = addresses.assign(found, is_number ? &port : nullptr);
  freeaddrinfo(found);
  return assigned ? Error() : Error{AIO_ERR_NO_MEMORY, 0};
}

Lookup *Lookup::start(Loop &loop, const Query &query, LookupOwner &owner, Error &error) {
  Lookup *lookup = make<Lookup>(owner);
  if (lookup == nullptr) {
    error = {AIO_ERR_NO_MEMORY, 0};
    return nullptr;
  }
  lookup->port_is_number_ = parse_service(query.service, lookup->port_) == Service::number;
  lookup->request_.data = lookup;
  const addrinfo hints = hints_for(query);
  const int code = uv_getaddrinfo(loop.uv(), &lookup->request_, on_found, query.host,
                                  lookup->port_is_number_ ? nullptr : query.service, &hints);
  if (code != 0) {
    error = error_from_uv_lookup(code);
    dispose(lookup);
    return nullptr;
  }
  loop.note_unregistered();
  return lookup;
}

void Lookup::abandon() {
  owner_ = nullptr;
  uv_cancel(reinterpret_cast<uv_req_t *>(&request_));
}

void Lookup::on_found(uv_getaddrinfo_t *request, int status, addrinfo *found) {
  Owned<Lookup> lookup(static_cast<Lookup *>(request->data));
  Loop::end_turn(request->loop);
  if (lookup->owner_ != nullptr) {
    AddressList addresses;
    Error error;
    if (status != 0) {
      error = error_from_uv_lookup(status);
    } else if (!addresses.assign(found, lookup->port_is_number_ ? &lookup->port_ : nullptr)) {
      error = {AIO_ERR_NO_MEMORY, 0};
    }
    lookup->owner_->on_resolved(error, addresses);
  }
  uv_freeaddrinfo(found);
}

}  // namespace aio::net
