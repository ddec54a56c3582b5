// One TLS connection: a channel over another one, which is a socket's, or memory in tests. It does no I/O of its own.
#pragma once

#include "base/byte_queue.hpp"
#include "net/channel.hpp"
#include "tls/context.hpp"
#include "tls/peer_facts.hpp"

namespace aio::tls {

// A name or a numeric address, and the port, which tells sessions of servers on one host apart.
struct ServerName {
  const char *name;  // nullptr or "": none
  uint16_t port;
};

class Engine final : public net::Channel {
 public:
  // nullptr: failed, and `error` says why. A client that verifies needs a name.
  [[nodiscard]] static Engine *create(net::Channel &below, BlockPool &blocks, Context &context,
                                      const ServerName &server, Error &error);

  // Takes bytes of the peer that were read before; false: no memory.
  [[nodiscard]] bool feed(const Byte *bytes, size_t count);

  // One step: moved when it is done, with the peer verified.
  [[nodiscard]] net::IoResult shake_hands();
  [[nodiscard]] PeerFacts *make_facts() const;  // of a finished handshake; nullptr: no memory

  // Plaintext. A result `ended` is the peer's close_notify; what failed stays so, but for a lack of memory.
  [[nodiscard]] net::IoResult read(const net::Span *spans, size_t count) override;
  [[nodiscard]] net::IoResult peek() override;
  // Bytes count as moved once they are sealed: nothing more is taken before flush() has got rid of them.
  [[nodiscard]] net::IoResult write(const net::ConstSpan *spans, size_t count) override;

  [[nodiscard]] net::IoResult flush() override;

  // close_notify, and then the end of the channel below.
  [[nodiscard]] Error shutdown_output() override;
  void notify_close();  // close_notify alone; once

  void close();  // the last call: gives everything back but the error's text

  [[nodiscard]] ByteQueue &rest() { return input_; }  // behind the peer's close_notify
  [[nodiscard]] SSL *ssl() const { return ssl_.get(); }
  [[nodiscard]] const char *error_text() const { return error_text_.get(); }

  // Has the connections of a set of settings find their engines.
  static void install(SSL_CTX *ssl_context, Side side, int verify_mode);
  [[nodiscard]] static OwnedBioMethod make_bio_method();  // nullptr: no memory

  Engine(net::Channel &below, BlockPool &blocks, Context &context);
  ~Engine() = default;

 private:
  [[nodiscard]] Error open(const ServerName &server);

  // Who the peer is: engine_peer.cpp
  [[nodiscard]] Error expect_server(const ServerName &server);
  void offer_session(const ServerName &server);
  static int on_new_session(SSL *ssl, SSL_SESSION *session);
  static int on_client_hello(SSL *ssl, int *alert, void *);
  static int on_protocols(SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *offered,
                          unsigned offered_length, void *);
  static int on_verify(int good, X509_STORE_CTX *verification);
  [[nodiscard]] bool use_name(const char *name, size_t length);

  // OpenSSL's BIO: engine_bio.cpp
  static Engine &of(const SSL *ssl);
  static int on_bio_read(BIO *bio, char *bytes, int size);
  static int on_bio_write(BIO *bio, const char *bytes, int size);
  static long on_bio_control(BIO *bio, int command, long number, void *pointer);
  [[nodiscard]] size_t pull(Byte *bytes, size_t size);
  void push(const Byte *bytes, size_t size);

  [[nodiscard]] bool holds_input() const;  // some that can be opened at once
  void begin_turn();
  [[nodiscard]] net::IoResult end_turn(size_t moved, int outcome);
  [[nodiscard]] net::IoResult judge(int outcome);
  [[nodiscard]] Error explain();
  [[nodiscard]] Error fail(const char *text);
  [[nodiscard]] bool asks_too_much();

  net::Channel &below_;
  Shared<Context> context_;
  Shared<Settings> settings_;
  OwnedSsl ssl_;
  BlockPool &blocks_;
  ByteQueue input_;           // from below, not opened
  ByteQueue output_;          // sealed, not taken below
  net::IoResult input_end_;   // moved until the channel below has no more to give
  net::IoResult output_end_;  // moved until it takes no more
  Error fatal_;               // what ended the protocol
  Text session_key_;          // of a client's sessions
  Text error_text_;
  int pulls_left_ = 0;         // of this turn
  bool lacks_memory_ = false;  // in this turn
  bool ready_ = false;         // the handshake is done
  bool notified_ = false;      // close_notify was sent
};

}  // namespace aio::tls
