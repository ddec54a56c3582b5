// How a state gets its connection: names are looked up, the addresses raced as RFC 8305 says, all in one time.
#pragma once

#include "base/allocator.hpp"
#include "base/list.hpp"
#include "core/errand.hpp"
#include "core/tls_layer.hpp"
#include "net/poller.hpp"
#include "net/resolver.hpp"

#include <aiostate/state.h>

namespace aio {

class State;

struct ConnectPlan {
  enum class Kind : uint8_t { tcp, udp, unix_stream };

  Kind kind;
  const char *host;  // or a path
  const char *service;
  int32_t family;
  const char *local_address;  // nullptr: any
  const char *local_service;
  Nanoseconds timeout;
  bool nodelay;
  bool keepalive;
  tls::Context *tls;            // nullptr: none
  const char *tls_server_name;  // "": none
  Nanoseconds handshake_timeout;
  aio_state_callback callback;
  void *user_info;
};

// As a task it is the connect callback.
class Connector final : public Task, private net::LookupOwner, private TlsOwner {
 public:
  [[nodiscard]] static Connector *create(State &state, const ConnectPlan &plan);  // nullptr: no memory

  // ---- The driver ----
  void begin();
  void cancel();

  Connector(State &state, const ConnectPlan &plan);
  ~Connector();

 private:
  struct AttemptTag;

  // One address being tried.
  class Attempt final : public Link<AttemptTag>, private net::PollOwner {
   public:
    Attempt(Connector &connector, const aio_address &address) : connector_(connector), address_(address) {}
    ~Attempt() { net::Poller::close(poller_); }

    [[nodiscard]] Error start();
    [[nodiscard]] const aio_address &address() const { return address_; }
    [[nodiscard]] net::Socket &socket() { return socket_; }
    net::Poller *take_poller() { return std::exchange(poller_, nullptr); }

   private:
    void on_ready(bool readable, bool writable) override;

    Connector &connector_;
    aio_address address_;
    net::Socket socket_;
    net::Poller *poller_ = nullptr;
  };

  void arrive() override {}
  void run() override;
  void on_resolved(Error error, net::AddressList &addresses) override;

  [[nodiscard]] static bool keep(Text &copy, const char *&text);
  [[nodiscard]] net::SocketKind socket_kind() const;
  [[nodiscard]] bool find_addresses(Error &error);
  [[nodiscard]] Error find_local(const aio_address &remote, aio_address &local) const;
  void try_next(Nanoseconds now);
  void retry_later();
  [[nodiscard]] Error try_address(const aio_address &address, aio_address &culprit);
  void on_attempt_ready(Attempt &attempt);
  void win(Attempt &attempt);
  void secure();
  void on_tls(Error outcome) override;
  void stop_racing();
  void note_failure(const aio_address &address, Error error);
  void fail(Error error);
  void end(Error error);
  void on_timeout(Nanoseconds now);

  State &state_;
  Text host_;
  Text service_;
  Text local_address_;
  Text local_service_;
  Text tls_server_name_;
  const Shared<tls::Context> tls_;
  ConnectPlan plan_;  // its texts are those above
  const Nanoseconds deadline_;
  net::Lookup *lookup_ = nullptr;
  net::AddressList addresses_;
  size_t next_ = 0;  // in addresses_
  List<Attempt, AttemptTag> attempts_;
  Error worst_;                     // of the attempts that failed, the one that came furthest
  aio_address worst_address_ = {};  // the local one, if that could not be bound
  Error outcome_;
  bool ended_ = false;
  Alarm<Connector, &Connector::on_timeout> timeout_alarm_{*this};
  Nanoseconds retry_delay_ = 0;  // while a Unix listener's queue is full
  Alarm<Connector, &Connector::try_next> next_alarm_{*this};
};

}  // namespace aio
