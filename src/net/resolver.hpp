// Names to addresses: getaddrinfo in libuv's pool, or at once where no name has to be looked up.
#pragma once

#include "base/status.hpp"
#include "net/address.hpp"
#include "net/loop.hpp"
#include "net/socket.hpp"

namespace aio::net {

// The addresses of a host and service, in the order of RFC 6724, which getaddrinfo gives.
class AddressList {
 public:
  AddressList() = default;
  AddressList(const AddressList &) = delete;
  AddressList &operator=(const AddressList &) = delete;
  ~AddressList();

  [[nodiscard]] bool assign(const addrinfo *found, const uint16_t *port);  // false: no memory
  [[nodiscard]] bool assign(const aio_address &address);
  void swap(AddressList &other);
  void alternate_families();  // RFC 8305, section 4

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] const aio_address &operator[](size_t index) const { return items_[index]; }

 private:
  [[nodiscard]] bool grow_to(size_t size);

  aio_address *items_ = nullptr;
  size_t size_ = 0;
};

// What is to be looked up. `family` is 0, 4 or 6.
struct Query {
  const char *host;  // nullptr: all addresses of the machine, for listening
  const char *service;
  int32_t family;
  SocketKind kind = SocketKind::stream;  // services may have another number for datagrams
};

// Answers if the host is numeric and the service a number; false: it needs a lookup.
[[nodiscard]] bool resolve_numeric(const Query &query, AddressList &addresses, Error &error);

// Looks up on this thread, which may block.
[[nodiscard]] Error resolve(const Query &query, AddressList &addresses);

class LookupOwner {
 public:
  virtual void on_resolved(Error error, AddressList &addresses) = 0;

 protected:
  ~LookupOwner() = default;
};

// A lookup in the pool. It frees itself: when its owner was told, or after abandon() when libuv lets go of it.
class Lookup {
 public:
  [[nodiscard]] static Lookup *start(Loop &loop, const Query &query, LookupOwner &owner, Error &error);
  void abandon();

  explicit Lookup(LookupOwner &owner) : owner_(&owner) {}

 private:
  static void on_found(uv_getaddrinfo_t *request, int status, addrinfo *found);

  uv_getaddrinfo_t request_;
  LookupOwner *owner_;
  uint16_t port_ = 0;
  bool port_is_number_ = false;
};

}  // namespace aio::net
