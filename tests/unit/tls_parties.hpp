// The two sides of a TLS connection in memory, and what they do until there is nothing left to do.
#pragma once

#include <vector>

#include "tls_memory.hpp"

namespace aio {

// At most one engine, which may be refused; what it did, and what its peer sent.
struct Party {
  using Kind = net::IoResult::Kind;

  Party(Shared<tls::Context> of, MemoryChannel &below, const tls::ServerName &server = {nullptr, 0})
      : context(std::move(of)), channel(below) {
    if (context) engine = tls::Engine::create(channel, blocks, *context, server, error);
  }
  ~Party() {
    if (engine != nullptr) engine->close();
    dispose(engine);
  }
  Party(const Party &) = delete;
  Party &operator=(const Party &) = delete;

  [[nodiscard]] bool goes_on() const { return engine != nullptr && error.ok() && !ended; }
  [[nodiscard]] bool can_go_on() const { return can_read() || (goes_on() && engine->has_output()); }
  [[nodiscard]] bool can_read() const { return goes_on() && (engine->has_input() || channel.is_readable()); }

  void note(const net::IoResult &result) {
    if (result.kind == Kind::failed) error = result.error();
    if (result.kind == Kind::ended) ended = true;
  }

  void step_handshake() {
    if (ready || !goes_on()) return;
    const net::IoResult result = engine->shake_hands();
    note(result);
    ready = result.kind == Kind::moved;
  }

  // One read into spans of these sizes, behind `got`.
  net::IoResult read(std::vector<size_t> sizes) {
    size_t total = 0;
    for (const size_t size : sizes) total += size;
    std::string bytes(total, '\0');
    std::vector<net::Span> spans;
    Byte *place = reinterpret_cast<Byte *>(bytes.data());
    for (const size_t size : sizes) {
      spans.push_back({place, size});
      place += size;
    }
    const net::IoResult result = engine->read(spans.data(), spans.size());
    got.append(bytes, 0, result.bytes);
    note(result);
    return result;
  }

  // All that is there. False: the engine tells input and gives none.
  bool read_all(const std::vector<size_t> &sizes = {7, 1, 5000, 20000}) {
    for (int idle = 0; can_read();) {
      const bool came = channel.is_readable();
      idle = read(sizes).kind == Kind::blocked && !came ? idle + 1 : 0;
      if (idle > 2) return false;
    }
    return true;
  }

  // One write of `bytes`, in `pieces` spans.
  net::IoResult write(const std::string &bytes, size_t pieces = 1) {
    std::vector<net::ConstSpan> spans;
    for (size_t index = 0; index < pieces; ++index) {
      const size_t begin = bytes.size() * index / pieces;
      const size_t end = bytes.size() * (index + 1) / pieces;
      spans.push_back({reinterpret_cast<const Byte *>(bytes.data()) + begin, end - begin});
    }
    const net::IoResult result = engine->write(spans.data(), spans.size());
    if (result.kind == Kind::failed) error = result.error();
    return result;
  }

  Shared<tls::Context> context;
  MemoryChannel &channel;
  BlockPool blocks;
  tls::Engine *engine = nullptr;
  std::string got;
  bool ready = false;
  bool ended = false;
  Error error;
};

// Until both are done, one has failed, or nothing goes on. A side that is done reads, as sessions come behind.
inline void shake_hands(Party &client, Party &server) {
  constexpr int kMostTurns = 20000;
  for (int turn = 0; turn < kMostTurns; ++turn) {
    for (Party *party : {&client, &server}) {
      if (!party->goes_on()) continue;
      party->step_handshake();
      static_cast<void>(party->engine->flush());
    }
    const bool done = client.ready && server.ready;
    const bool failed = !client.goes_on() && !server.goes_on();
    const bool stuck = !client.can_go_on() && !server.can_go_on() && turn > 2;
    if (done || failed || stuck) return;
  }
}

// `from` sends `bytes` in writes of `pieces` spans, `to` reads. False: it did not come as it went.
inline bool send(Party &from, Party &to, const std::string &bytes, size_t pieces = 1) {
  const size_t before = to.got.size();
  for (size_t begin = 0; begin < bytes.size();) {
    begin += from.write(bytes.substr(begin), pieces).bytes;
    static_cast<void>(from.engine->flush());
    if (!from.goes_on() || !to.read_all() || !to.goes_on()) return false;
  }
  for (int turn = 0; turn < 100000 && from.engine->has_output(); ++turn) {
    static_cast<void>(from.engine->flush());
    if (!to.read_all()) return false;
  }
  return to.read_all() && to.got.compare(before, std::string::npos, bytes) == 0;
}

constexpr size_t kRecordHead = 5;

// Of the record that begins there, with its head (RFC 8446, 5.1).
inline size_t record_size(const std::string &bytes, size_t at) {
  return kRecordHead + (static_cast<size_t>(static_cast<Byte>(bytes[at + 3])) << 8) + static_cast<Byte>(bytes[at + 4]);
}

// So many records lie in a stream.
inline size_t count_records(const std::string &bytes) {
  size_t count = 0;
  for (size_t at = 0; at + kRecordHead <= bytes.size(); ++count) at += record_size(bytes, at);
  return count;
}

// A connection that is there, unless `version` or a name does not suit.
struct Conversation {
  static constexpr const char *kName = "server.test";

  explicit Conversation(int version, const tls::ServerName &name = {kName, 443})
      : Conversation(version, server_options(identity()), client_options(identity()), name) {}

  Conversation(int version, const aio_tls_options &of_server, const aio_tls_options &of_client,
               const tls::ServerName &name = {kName, 443})
      : client(make_context(tls::Side::client, of_client), link.client, name),
        server(make_context(tls::Side::server, of_server), link.server) {
    if (client.engine != nullptr) SSL_set_max_proto_version(client.engine->ssl(), version);
  }

  static const Identity &identity() {
    static const Identity made("server", "DNS:server.test,DNS:*.wild.test,IP:127.0.0.1,IP:::1");
    return made;
  }

  void open() {
    shake_hands(client, server);
    client.read_all();
  }

  MemoryLink link;
  Party client;
  Party server;
};

}  // namespace aio
