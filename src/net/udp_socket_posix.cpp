#include "net/udp_socket.hpp"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "net/bind_first.hpp"
#include "net/system_error.hpp"

namespace aio::net {

namespace {

template <class Value>
Error set_option(const Socket &socket, int level, int name, const Value &value) {
  return ::setsockopt(socket.handle(), level, name, &value, sizeof value) == 0 ? Error() : last_system_error();
}

Error set_options(const Socket &socket, int32_t family, bool dual_stack, const aio_udp_options &options) {
  Error error;
  const auto set = [&](bool wanted, int level, int name, int value) {
    if (wanted && error.ok()) error = set_option(socket, level, name, value);
  };
  const bool loops = options.multicast_loop != AIO_NO;
  set(family == 6, IPPROTO_IPV6, IPV6_V6ONLY, dual_stack ? 0 : 1);
  set(options.reuse_address == AIO_YES, SOL_SOCKET, SO_REUSEADDR, 1);
  set(options.reuse_port == AIO_YES, SOL_SOCKET, SO_REUSEPORT, 1);
  set(options.broadcast == AIO_YES, SOL_SOCKET, SO_BROADCAST, 1);
  set(options.receive_buffer_size != 0, SOL_SOCKET, SO_RCVBUF, options.receive_buffer_size);
  set(options.send_buffer_size != 0, SOL_SOCKET, SO_SNDBUF, options.send_buffer_size);
  const bool has_4 = family == 4 || dual_stack;
  set(has_4 && options.multicast_ttl != 0, IPPROTO_IP, IP_MULTICAST_TTL, options.multicast_ttl);
  set(has_4 && !loops, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
  set(family == 6 && options.multicast_ttl != 0, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, options.multicast_ttl);
  set(family == 6 && !loops, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
  return error;
}

bool is_group(const aio_address &address) {
  if (family_of(address) == 4) {
    sockaddr_in system;
    std::memcpy(&system, address.storage, sizeof system);
    return IN_MULTICAST(ntohl(system.sin_addr.s_addr));
  }
  sockaddr_in6 system;
  std::memcpy(&system, address.storage, sizeof system);
  return family_of(address) == 6 && IN6_IS_ADDR_MULTICAST(&system.sin6_addr);
}

bool parse_interface(const char *name, uint32_t &index) {
  index = 0;
  if (name == nullptr) return true;
  index = ::if_nametoindex(name);
  if (index != 0) return true;
  char known[IF_NAMESIZE];
  char *end = nullptr;
  const unsigned long number = std::strtoul(name, &end, 10);
  if (name[0] < '0' || name[0] > '9' || *end != '\0' || number > UINT32_MAX) return false;
  index = static_cast<uint32_t>(number);
  return ::if_indextoname(index, known) != nullptr;
}

// The protocol-independent options of RFC 3678.
Error change_group(aio_socket socket, const Group &group, int everybody, int one_source) {
  const int level = family_of(group.address) == 4 ? IPPROTO_IP : IPPROTO_IPV6;
  int result;
  if (group.source.length == 0) {
    group_req request = {};
    request.gr_interface = group.interface;
    std::memcpy(&request.gr_group, group.address.storage, group.address.length);
    result = ::setsockopt(socket, level, everybody, &request, sizeof request);
  } else {
    group_source_req request = {};
    request.gsr_interface = group.interface;
    std::memcpy(&request.gsr_group, group.address.storage, group.address.length);
    std::memcpy(&request.gsr_source, group.source.storage, group.source.length);
    result = ::setsockopt(socket, level, one_source, &request, sizeof request);
  }
  if (result == 0) return {};
  Error error = last_system_error();
  if (error.system == ENOBUFS) error.status = AIO_ERR_LIMIT;
  if (error.system == EOPNOTSUPP || error.system == ENOPROTOOPT) error.status = AIO_ERR_UNSUPPORTED;
  return error;
}

}  // namespace

Error open_udp(const char *address, const char *service, const aio_udp_options &options, Socket &socket) {
  const auto open_at = [&](const aio_address &local, bool dual_stack) {
    Error error = socket.open(family_of(local), SocketKind::datagram);
    if (error.ok()) error = set_options(socket, family_of(local), dual_stack, options);
    if (error.ok() && service != nullptr) error = socket.bind(local);
    if (error.ok()) return error;
    socket.close();
    set_last_error_text("%s", AddressText(local).text);
    return error;
  };
  if (service == nullptr) return bind_all(options.family, 0, open_at);
  return bind_first({address, service, options.family, SocketKind::datagram}, open_at);
}

aio_status parse_group(const char *address, const char *source, const char *interface_name, Group &group) {
  group.source = {};
  if (!parse_address(group.address, address, 0) || !is_group(group.address)) return AIO_ERR_INVALID_ARGUMENT;
  if (source != nullptr && (!parse_address(group.source, source, 0) ||
                            family_of(group.source) != family_of(group.address) || is_group(group.source))) {
    return AIO_ERR_INVALID_ARGUMENT;
  }
  return parse_interface(interface_name, group.interface) ? AIO_OK : AIO_ERR_NOT_FOUND;
}

Error join_group(aio_socket socket, const Group &group) {
  Error error = change_group(socket, group, MCAST_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP);
  // Linux: the source was joined already, or all of the group's are heard.
  const bool is_joined = error.system == EADDRNOTAVAIL || error.system == EINVAL;
  if (is_joined && group.source.length != 0) error.status = AIO_ERR_ADDRESS_IN_USE;
  return error;
}

Error leave_group(aio_socket socket, const Group &group) {
  Error error = change_group(socket, group, MCAST_LEAVE_GROUP, MCAST_LEAVE_SOURCE_GROUP);
  // Linux: no source of the group was joined.
  if (error.system == EINVAL && group.source.length != 0) error.status = AIO_ERR_ADDRESS_NOT_AVAILABLE;
  return error;
}

}  // namespace aio::net
