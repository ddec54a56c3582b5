#include "core/host_lookup.hpp"

#include "core/state.hpp"

namespace aio {

HostLookup *HostLookup::create(WriteOperation &operation, const char *host, const char *service) {
  Owned<HostLookup> lookup(make<HostLookup>(operation));
  const bool copied = lookup != nullptr && lookup->host_.assign(host) && lookup->service_.assign(service);
  return copied ? lookup.release() : nullptr;
}

HostLookup::~HostLookup() {
  if (lookup_ != nullptr) lookup_->abandon();
}

void HostLookup::start(State &state) {
  net::AddressList addresses;
  net::Query query = {};
  query.host = host_.get();
  query.service = service_.get();
  query.kind = net::SocketKind::datagram;
  Error error = net::reachable_family(state.channel_socket(), query.family);
  if (error.ok() && !net::resolve_numeric(query, addresses, error)) {
    lookup_ = net::Lookup::start(state.collection().loop(), query, *this, error);
    if (lookup_ != nullptr) return;
  }
  on_resolved(error, addresses);
}

void HostLookup::on_resolved(Error error, net::AddressList &addresses) {
  lookup_ = nullptr;
  if (error.ok() && addresses.size() == 0) error = {AIO_ERR_HOST_NOT_FOUND, 0};
  Outbound &outbound = *operation_.outbound;
  outbound.on_destination(operation_, error, error.ok() ? addresses[0] : aio_address{});  // which ends this object
}

}  // namespace aio
