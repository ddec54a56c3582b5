// Two engines and whoever sits between them. Whatever he does, a side reads what the other one wrote, from the beginning
// and without gaps, ends in order only if the other one said so, and what failed stays so. And bytes that nobody sealed.
#define OPENSSL_SUPPRESS_DEPRECATED  // the only way to numbers that are the same in every run

#include <cstdint>
#include <cstdlib>

#include <openssl/rand.h>

#include "../unit/tls_parties.hpp"

namespace {

using aio::Conversation;
using aio::Error;
using aio::MemoryLink;
using aio::MemoryStream;
using aio::Party;
using aio::Shared;
using aio::net::IoResult;
using aio::tls::Context;
using aio::tls::Side;

void require(bool condition) {
  if (!condition) std::abort();
}

// ---- Numbers that are the same in every run ----

uint64_t random_state = 0;

int random_bytes(unsigned char *bytes, int count) {
  for (int index = 0; index < count; ++index) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    bytes[index] = static_cast<unsigned char>(random_state >> 56);
  }
  return 1;
}

int random_status() { return 1; }

void make_random_repeatable() {
  static const RAND_METHOD method = {nullptr, random_bytes, nullptr, nullptr, random_bytes, random_status};
  static const int set = RAND_set_rand_method(&method);
  require(set == 1);
  random_state = 1;
}

// ---- The input ----

class Input {
 public:
  Input(const uint8_t *data, size_t size) : data_(data), size_(size) {}

  [[nodiscard]] bool empty() const { return size_ == 0; }
  uint8_t byte() { return size_ == 0 ? uint8_t{0} : (--size_, *data_++); }
  std::string bytes(size_t count) {
    count = std::min(count, size_);
    std::string taken(reinterpret_cast<const char *>(data_), count);
    data_ += count;
    size_ -= count;
    return taken;
  }

 private:
  const uint8_t *data_;
  size_t size_;
};

// ---- A side, and what must hold of it ----

struct Actor {
  Actor(const Shared<Context> &context, aio::MemoryChannel &channel, const aio::tls::ServerName &name)
      : party(context, channel, name) {
    require(party.engine != nullptr);
  }

  void check() const {
    require(party.got.compare(0, party.got.size(), peer->written, 0, party.got.size()) == 0);
    require(party.ready || party.got.empty());
    require(!party.ended || (party.ready && peer->closes));
    if (party.error.status == AIO_ERR_TLS) require(*party.engine->error_text() != '\0');
  }

  void step() {
    if (!party.error.ok()) return stay_failed();
    if (party.ended) return;
    if (party.ready) {
      party.read({3, 1, 9000});
    } else {
      party.step_handshake();
    }
    check();
  }

  void stay_failed() {
    const Error before = party.error;
    const IoResult result = party.ready ? party.read({10}) : party.engine->shake_hands();
    require(result.kind == IoResult::Kind::failed && result.error().status == before.status);
    require(party.engine->has_input() || !party.ready);
    require(!party.engine->wants_input());  // who waits for it would wait for ever
  }

  void write(size_t size, size_t pieces) {
    if (!party.ready || closes || fails_to_write) return;
    std::string bytes(size, '\0');
    for (size_t index = 0; index < size; ++index) bytes[index] = static_cast<char>((written.size() + index) * 7 / 5);
    const Error before = party.error;
    const IoResult result = party.write(bytes, pieces);
    party.error = before;  // which is the reader's
    require(result.bytes <= size);
    if (result.kind == IoResult::Kind::failed) fails_to_write = true;
    written.append(bytes, 0, result.bytes);
  }

  void flush() {
    const IoResult result = party.engine->flush();
    if (result.kind == IoResult::Kind::failed) fails_to_write = true;
    if (result.kind == IoResult::Kind::blocked) require(party.engine->has_output());
  }

  void close(bool with_channel) {
    if (!party.ready) return;
    closes = true;
    closes_channel = with_channel;
    if (with_channel) {
      const Error error = party.engine->shutdown_output();
      if (error.status == AIO_ERR_BUSY) require(party.engine->has_output() || party.engine->wants_input());
      if (error.ok()) require(!party.engine->has_output());
    } else {
      party.engine->notify_close();
    }
  }

  void peek() {
    if (!party.ready || !party.goes_on()) return;
    const IoResult result = party.engine->peek();
    party.note(result);
    if (result.kind == IoResult::Kind::moved) require(party.engine->has_input());
    check();
  }

  void update_keys(int kind) {
    if (party.ready && !closes && SSL_version(party.engine->ssl()) == TLS1_3_VERSION) {
      if (SSL_key_update(party.engine->ssl(), kind) != 1) return;
      SSL_do_handshake(party.engine->ssl());  // until it has left, nothing else can
    }
  }

  Party party;
  Actor *peer = nullptr;
  std::string written;
  bool closes = false;
  bool closes_channel = false;
  bool fails_to_write = false;
};

// A client with a certificate gets tickets that are longer than the smallest records.
struct Contexts {
  explicit Contexts(bool with_certificates) {
    aio_tls_options options = aio::server_options(Conversation::identity());
    const aio_tls_options trusting = aio::client_options(Conversation::identity());
    if (with_certificates) options.verify = AIO_OPTIONAL;
    options.trust_data = trusting.trust_data;
    options.trust_length = trusting.trust_length;
    server = aio::make_context(Side::server, options);
    options.verify = AIO_YES;
    client = aio::make_context(Side::client, with_certificates ? options : trusting);
  }

  Shared<Context> client;
  Shared<Context> server;
};

Contexts &contexts(bool with_certificates) {
  static Contexts made[] = {Contexts(false), Contexts(true)};
  Contexts &chosen = made[with_certificates ? 1 : 0];
  chosen.client->sessions().clear();
  return chosen;
}

struct Scene {
  Scene(int version, bool long_tickets)
      : client(contexts(long_tickets).client, link.client, {Conversation::kName, 443}),
        server(contexts(long_tickets).server, link.server, {}) {
    constexpr long kSmallest = 512;
    client.peer = &server;
    server.peer = &client;
    SSL_set_max_proto_version(client.party.engine->ssl(), version);
    if (long_tickets) SSL_set_max_send_fragment(server.party.engine->ssl(), kSmallest);
  }

  MemoryLink link;
  Actor client;
  Actor server;
  bool is_intact = true;  // nobody has changed, dropped, added or ended anything
};

// ---- Bytes that nobody sealed ----

void feed(Scene &scene, bool to_server, Input &input) {
  Actor &actor = to_server ? scene.server : scene.client;
  MemoryStream &stream = to_server ? scene.link.to_server : scene.link.to_client;
  const uint8_t cut = input.byte();
  for (bool more = true; more; more = !input.empty()) {
    stream.bytes += input.bytes(cut == 0 ? SIZE_MAX : cut);
    for (int turn = 0; turn < 3; ++turn) actor.step();
  }
  stream.ended = true;
  for (int turn = 0; turn < 300 && actor.party.goes_on(); ++turn) actor.step();
  require(!actor.party.goes_on());
  if (!actor.party.ended) actor.stay_failed();
}

// ---- Somebody between them ----

void meddle(MemoryStream &stream, uint8_t how, Input &input) {
  const size_t at = std::min<size_t>(input.byte(), stream.bytes.size());
  switch (how % 4) {
    case 0:
      if (at < stream.bytes.size()) stream.bytes[at] = static_cast<char>(stream.bytes[at] ^ (1 << how / 4 % 8));
      return;
    case 1:
      stream.bytes.insert(at, input.bytes(how / 4));
      return;
    case 2:
      stream.bytes.erase(at, how / 4);
      return;
    default:
      stream.ended = true;
  }
}

void act(Scene &scene, Input &input) {
  const uint8_t choice = input.byte();
  const uint8_t amount = input.byte();
  Actor &actor = (choice & 1) != 0 ? scene.server : scene.client;
  aio::MemoryChannel &channel = (choice & 1) != 0 ? scene.link.server : scene.link.client;
  MemoryStream &stream = (choice & 1) != 0 ? scene.link.to_server : scene.link.to_client;
  switch (choice / 2 % 10) {
    case 0:
      for (int turn = 0; turn <= amount % 8; ++turn) actor.step();
      return;
    case 1:
      return actor.write(size_t{amount} * amount, 1 + amount % 5);
    case 2:
      return actor.flush();
    case 3:
      channel.room = amount == 255 ? SIZE_MAX : size_t{amount} * 8;
      return;
    case 4:
      channel.most_per_read = amount == 0 ? SIZE_MAX : amount;
      return;
    case 5:
      channel.most_per_write = amount == 0 ? SIZE_MAX : amount;
      return;
    case 6:
      return actor.peek();
    case 7:
      return actor.update_keys(amount % 2 == 0 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
    case 8:
      if (amount % 16 < 2) actor.close(amount % 2 == 0);
      return;
    default:
      scene.is_intact = false;
      return meddle(stream, amount, input);
  }
}

// With nothing in their way any more: without meddling all arrives.
void finish(Scene &scene) {
  Actor *const actors[] = {&scene.client, &scene.server};
  for (aio::MemoryChannel *channel : {&scene.link.client, &scene.link.server}) {
    channel->room = channel->most_per_read = channel->most_per_write = SIZE_MAX;
  }
  for (int turn = 0; turn < 30; ++turn) {
    for (Actor *actor : actors) {
      actor->flush();
      require(!actor->party.engine->has_output());
      if (actor->closes) actor->close(actor->closes_channel);  // which may have waited for input
      if (actor->party.ready) {
        require(actor->party.read_all());
        actor->check();
      } else {
        actor->step();
      }
    }
  }
  for (Actor *actor : actors) {
    if (!scene.is_intact) continue;
    require(!actor->party.engine->wants_input());
    require(actor->party.error.ok());
    require(actor->party.ready);
    require(actor->party.got == actor->peer->written);
    require(actor->party.ended == actor->peer->closes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  constexpr size_t kMost = 4096;
  make_random_repeatable();
  Input input(data, std::min(size, kMost));
  const uint8_t choices = input.byte();
  const bool to_server = (choices & 1) != 0;
  const bool opened = (choices & 4) != 0;
  const bool between = (choices & 8) != 0;
  const bool long_tickets = (choices & 16) != 0;
  Scene scene((choices & 2) != 0 ? TLS1_3_VERSION : TLS1_2_VERSION, long_tickets);
  if (opened) {
    shake_hands(scene.client.party, scene.server.party);
    require(scene.client.party.ready && scene.server.party.ready);
  }
  if (!between) {
    feed(scene, to_server, input);
    return 0;
  }
  while (!input.empty()) act(scene, input);
  finish(scene);
  return 0;
}
