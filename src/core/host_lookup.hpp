// The destination of a datagram, where a name has to be looked up first.
#pragma once

#include "base/allocator.hpp"
#include "net/resolver.hpp"

namespace aio {

class State;
class WriteOperation;

class HostLookup final : private net::LookupOwner {
 public:
  [[nodiscard]] static HostLookup *create(WriteOperation &operation, const char *host, const char *service);

  // ---- The driver ----
  void start(State &state);  // ends in Outbound::on_destination(), at once for numeric hosts

  explicit HostLookup(WriteOperation &operation) : operation_(operation) {}
  ~HostLookup();

 private:
  void on_resolved(Error error, net::AddressList &addresses) override;

  WriteOperation &operation_;
  Text host_;
  Text service_;
  net::Lookup *lookup_ = nullptr;
};

}  // namespace aio
