#include "tls/engine.hpp"

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstring>

#include <openssl/x509v3.h>

namespace aio::tls {

namespace {

constexpr size_t kRecord = SSL3_RT_MAX_PLAIN_LENGTH;  // bytes of plaintext in one record at most (RFC 8446, 5.1)
constexpr size_t kSealed = kRecord + 512;             // and sealed, with room for an alert or a key update beside it

// One call below brings all that has come, into a block that goes back to the pool at the end of the turn.
constexpr size_t kMostPerPull = BlockPool::kLargestKept;
constexpr int kMostPulls = 4;

// From here on what OpenSSL asks for is read to where it wants it, with the block behind it.
constexpr size_t kLeastDirect = size_t{4} << 10;

// Answers to a peer that asks for them and does not read them.
constexpr size_t kMostOutput = size_t{64} << 10;

}  // namespace

// ---- Making one ----

Engine::Engine(net::Channel &below, BlockPool &blocks, Context &context)
    : below_(below),
      context_(Shared<Context>::of(context)),
      settings_(context.settings()),
      blocks_(blocks),
      input_(blocks),
      output_(blocks),
      input_end_(net::IoResult::moved(0)),
      output_end_(net::IoResult::moved(0)) {}

Engine *Engine::create(net::Channel &below, BlockPool &blocks, Context &context, const ServerName &server,
                       Error &error) {
  Owned<Engine> engine(make<Engine>(below, blocks, context));
  error = engine == nullptr ? Error{AIO_ERR_NO_MEMORY, 0} : engine->open(server);
  ERR_clear_error();
  return error.ok() ? engine.release() : nullptr;
}

Error Engine::open(const ServerName &server) {
  ssl_.reset(SSL_new(settings_->ssl_context()));
  BIO *bio = ssl_ == nullptr ? nullptr : BIO_new(context_->bio_method());
  if (bio == nullptr) return {AIO_ERR_NO_MEMORY, 0};
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  if (context_->side() == Side::server) {
    SSL_set_accept_state(ssl_.get());
    return {};
  }
  SSL_set_connect_state(ssl_.get());
  return expect_server(server);
}

// The name or numeric address that the certificate must have. Only names are asked for by SNI (RFC 6066, 3).
Error Engine::expect_server(const ServerName &server) {
  constexpr size_t kLongestName = 255;
  char name[kLongestName + 1] = "";
  const size_t length = server.name == nullptr ? 0 : std::strlen(server.name);
  if (length == 0) return settings_->verifies() ? Error{AIO_ERR_INVALID_ARGUMENT, 0} : Error();
  if (length > kLongestName) return {AIO_ERR_INVALID_ARGUMENT, 0};
  std::memcpy(name, server.name, length);
  if (name[length - 1] == '.') name[length - 1] = '\0';  // the root is not part of a name in certificates
  char *scope = std::strchr(name, '%');
  if (scope != nullptr) *scope = '\0';
  X509_VERIFY_PARAM *expected = SSL_get0_param(ssl_.get());
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(expected, name) != 1) {
    if (*name == '\0' || scope != nullptr) return {AIO_ERR_INVALID_ARGUMENT, 0};  // only addresses have a scope
    const bool set = X509_VERIFY_PARAM_set1_host(expected, name, 0) == 1 &&
                     SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) == 1;
    if (!set) return {AIO_ERR_NO_MEMORY, 0};
  }
  if (settings_->keeps_sessions()) offer_session({name, server.port});
  return {};
}

void Engine::offer_session(const ServerName &server) {
  char key[320];
  std::snprintf(key, sizeof key, "%s:%u", server.name, server.port);
  if (!session_key_.assign(key)) return;  // a full handshake will do
  if (const OwnedSession session = context_->sessions().take(key)) SSL_set_session(ssl_.get(), session.get());
}

bool Engine::feed(const Byte *bytes, size_t count) {
  if (count == 0) return true;
  Byte *place = input_.reserve(count);
  if (place == nullptr) return false;
  std::memcpy(place, bytes, count);
  input_.commit(count);
  has_input_ = true;
  return true;
}

// ---- What OpenSSL asks for ----

void Engine::install(SSL_CTX *ssl_context, Side side, int verify_mode) {
  SSL_CTX_set_verify(ssl_context, verify_mode, on_verify);
  if (side == Side::client) {
    SSL_CTX_sess_set_new_cb(ssl_context, on_new_session);
  } else {
    SSL_CTX_set_client_hello_cb(ssl_context, on_client_hello, nullptr);
    SSL_CTX_set_alpn_select_cb(ssl_context, on_protocols, nullptr);
  }
}

OwnedBioMethod Engine::make_bio_method() {
  OwnedBioMethod method(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "aiostate"));
  if (method == nullptr) return nullptr;
  BIO_meth_set_read(method.get(), on_bio_read);
  BIO_meth_set_write(method.get(), on_bio_write);
  BIO_meth_set_ctrl(method.get(), on_bio_control);
  return method;
}

Engine &Engine::of(const SSL *ssl) { return *static_cast<Engine *>(BIO_get_data(SSL_get_rbio(ssl))); }

int Engine::on_bio_read(BIO *bio, char *bytes, int size) {
  Engine &engine = *static_cast<Engine *>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const size_t count = size <= 0 ? 0 : engine.pull(reinterpret_cast<Byte *>(bytes), static_cast<size_t>(size));
  if (count != 0) return static_cast<int>(count);
  BIO_set_retry_read(bio);  // also at the end below, which does not end the other direction
  return -1;
}

// Takes everything, so that OpenSSL never has to try again with the same bytes.
int Engine::on_bio_write(BIO *bio, const char *bytes, int size) {
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  static_cast<Engine *>(BIO_get_data(bio))->push(reinterpret_cast<const Byte *>(bytes), static_cast<size_t>(size));
  return size;
}

long Engine::on_bio_control(BIO *, int command, long, void *) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int Engine::on_new_session(SSL *ssl, SSL_SESSION *session) {
  const Engine &engine = of(ssl);
  const bool is_current = engine.context_->settings().get() == engine.settings_.get();  // not reloaded meanwhile
  if (*engine.session_key_.get() == '\0' || !is_current) return 0;
  engine.context_->sessions().put(engine.session_key_.get(), OwnedSession(session));
  return 1;
}

// Before anything else is looked at, so that sessions, certificates and protocols are all those of the name.
int Engine::on_client_hello(SSL *ssl, int *, void *) {
  const unsigned char *extension = nullptr;
  size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &extension, &size) != 1) return SSL_CLIENT_HELLO_SUCCESS;
  // A list with its length, of entries of a type, a length and a name; one of type 0 is allowed (RFC 6066, 3).
  constexpr size_t kHead = 5;
  const size_t length = size < kHead ? 0 : static_cast<size_t>(extension[3] << 8 | extension[4]);
  const bool is_name = size > kHead && extension[2] == TLSEXT_NAMETYPE_host_name && length <= size - kHead;
  if (!is_name) return SSL_CLIENT_HELLO_SUCCESS;  // OpenSSL judges what is wrong with it
  const bool used = of(ssl).use_name(reinterpret_cast<const char *>(extension) + kHead, length);
  return used ? SSL_CLIENT_HELLO_SUCCESS : SSL_CLIENT_HELLO_ERROR;
}

bool Engine::use_name(const char *name, size_t length) {
  Shared<Settings> settings = context_->settings_for(name, length);
  if (!settings) return true;
  if (SSL_set_SSL_CTX(ssl_.get(), settings->ssl_context()) == nullptr) return false;
  SSL_set_verify(ssl_.get(), settings->verify_mode(), on_verify);
  SSL_clear_options(ssl_.get(), SSL_get_options(ssl_.get()));
  SSL_set_options(ssl_.get(), SSL_CTX_get_options(settings->ssl_context()));
  settings_ = std::move(settings);
  return SSL_set_min_proto_version(ssl_.get(), SSL_CTX_get_min_proto_version(settings_->ssl_context())) == 1;
}

int Engine::on_protocols(SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *offered,
                         unsigned offered_length, void *) {
  const Settings &settings = *of(ssl).settings_;
  if (!settings.has_protocols()) return SSL_TLSEXT_ERR_NOACK;
  const bool chosen = settings.choose_protocol(offered, offered_length, *out, *out_length);
  return chosen ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Only notes which certificate it is about: what happens is OpenSSL's to decide.
int Engine::on_verify(int good, X509_STORE_CTX *verification) {
  if (good != 0) return good;
  const void *ssl = X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx());
  char subject[200] = "";
  if (X509 *certificate = X509_STORE_CTX_get_current_cert(verification)) {
    X509_NAME_oneline(X509_get_subject_name(certificate), subject, sizeof subject);
  }
  char text[400];
  std::snprintf(text, sizeof text, "certificate \"%s\" (depth %d): %s", subject,
                X509_STORE_CTX_get_error_depth(verification),
                X509_verify_cert_error_string(X509_STORE_CTX_get_error(verification)));
  static_cast<void>(of(static_cast<const SSL *>(ssl)).error_text_.assign(text));
  return good;
}

// ---- To and from the channel below ----

size_t Engine::pull(Byte *bytes, size_t size) {
  if (!input_.empty()) return input_.take(bytes, size);
  if (pulls_left_ == 0 || input_end_.kind != net::IoResult::Kind::moved) return 0;
  Byte *block = input_.reserve(kMostPerPull);
  lacks_memory_ = block == nullptr;
  if (lacks_memory_) return 0;
  const net::Span spans[] = {{bytes, size}, {block, kMostPerPull}};
  const size_t direct = size < kLeastDirect ? 0 : size;
  const net::IoResult result = direct == 0 ? below_.read(spans + 1, 1) : below_.read(spans, 2);
  pulls_left_ = result.bytes == direct + kMostPerPull ? pulls_left_ - 1 : 0;
  if (result.kind == net::IoResult::Kind::blocked) return 0;
  if (result.kind != net::IoResult::Kind::moved) {
    if (result.kind == net::IoResult::Kind::failed && result.error().status == AIO_ERR_NO_MEMORY) {
      lacks_memory_ = true;
    } else {
      input_end_ = result;
    }
    return 0;
  }
  if (result.bytes <= direct) return result.bytes;
  input_.commit(result.bytes - direct);
  return direct != 0 ? direct : input_.take(bytes, size);
}

void Engine::push(const Byte *bytes, size_t size) {
  // Behind our close_notify nothing may be said (RFC 8446, 6.1), also no answers to the peer.
  if (notified_ || output_end_.kind != net::IoResult::Kind::moved) return;
  if (output_.empty()) {
    const net::ConstSpan span = {bytes, size};
    const net::IoResult result = below_.write(&span, 1);
    if (result.kind == net::IoResult::Kind::failed) output_end_ = result;
    if (result.kind == net::IoResult::Kind::failed || result.bytes == size) return;
    bytes += result.bytes;
    size -= result.bytes;
  }
  Byte *place = output_.reserve(size);
  if (place == nullptr) {  // for a record that is sealed there is no other way
    output_end_ = net::IoResult::failed({AIO_ERR_NO_MEMORY, 0});
    return;
  }
  std::memcpy(place, bytes, size);
  output_.commit(size);
  has_output_ = true;
}

net::IoResult Engine::flush() {
  if (output_end_.kind != net::IoResult::Kind::moved) return output_end_;
  if (output_.empty()) return net::IoResult::moved(0);
  const net::ConstSpan span = {output_.data(), output_.size()};
  const net::IoResult result = below_.write(&span, 1);
  if (result.kind == net::IoResult::Kind::failed) {
    output_end_ = result;
    output_.consume(output_.size());
  }
  output_.consume(result.bytes);
  output_.fit();
  has_output_ = !output_.empty();
  if (!has_output_) unsent_ = 0;
  return result;
}

// ---- Turns: what happens between a call of ours and its return ----

void Engine::begin_turn() {
  if (ERR_peek_error() != 0) ERR_clear_error();  // which takes as long as everything else if the queue is empty
  pulls_left_ = kMostPulls;
  lacks_memory_ = false;
}

// `outcome` is that of OpenSSL's last call: 1, or why it gave nothing more.
net::IoResult Engine::end_turn(size_t moved, int outcome) {
  input_.fit();
  net::IoResult result = net::IoResult::blocked();
  if (outcome != 1) {
    result = judge(outcome);  // also behind bytes: OpenSSL tells it once
    ERR_clear_error();
  }
  has_input_ = holds_input() || result.kind == net::IoResult::Kind::ended || !fatal_.ok() ||
               input_end_.kind != net::IoResult::Kind::moved;
  wants_input_ = wants_input_ && SSL_in_init(ssl_.get()) != 0 && fatal_.ok() &&
                 input_end_.kind == net::IoResult::Kind::moved;  // else it never comes
  return moved == 0 ? result : net::IoResult::moved(moved);
}

bool Engine::holds_input() const { return !input_.empty() || SSL_pending(ssl_.get()) != 0; }

net::IoResult Engine::judge(int outcome) {
  using net::IoResult;
  switch (SSL_get_error(ssl_.get(), outcome)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      if (lacks_memory_) return IoResult::failed({AIO_ERR_NO_MEMORY, 0});
      if (input_end_.kind == IoResult::Kind::failed) return input_end_;
      if (input_end_.kind != IoResult::Kind::ended) return IoResult::blocked();
      static_cast<void>(error_text_.assign(ready_ ? "the peer ended the stream without close_notify"
                                                  : "the peer ended the stream during the handshake"));
      return IoResult::failed({AIO_ERR_TLS_TRUNCATED, 0});
    case SSL_ERROR_ZERO_RETURN:
      // Before that anybody can say so, and nothing is verified.
      return ready_ ? IoResult::ended() : IoResult::failed(fail("the peer closed TLS during the handshake"));
    default:
      fatal_ = explain();
      return IoResult::failed(fatal_);
  }
}

// OpenSSL's first error is the cause, and the last one what it came to.
Error Engine::explain() {
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  const int upshot = ERR_GET_REASON(ERR_peek_last_error());
  if (reason == ERR_R_MALLOC_FAILURE || upshot == ERR_R_MALLOC_FAILURE) return {AIO_ERR_NO_MEMORY, 0};
  if (upshot == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const long verdict = SSL_get_verify_result(ssl_.get());
    const bool other = verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH;
    if (verdict == X509_V_ERR_OUT_OF_MEM) return {AIO_ERR_NO_MEMORY, 0};
    return {other ? AIO_ERR_TLS_HOST_NAME : AIO_ERR_TLS_CERTIFICATE, 0};
  }
  const char *text = ERR_reason_error_string(code);
  const Error error = fail(text == nullptr ? "the protocol failed" : text);
  return reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE ? Error{AIO_ERR_TLS_CERTIFICATE, 0} : error;
}

Error Engine::fail(const char *text) {
  static_cast<void>(error_text_.assign(text));
  fatal_ = {AIO_ERR_TLS, 0};
  return fatal_;
}

// ---- The handshake ----

net::IoResult Engine::shake_hands() {
  if (!fatal_.ok()) return net::IoResult::failed(fatal_);
  begin_turn();
  const int outcome = SSL_do_handshake(ssl_.get());
  ready_ = outcome == 1;
  const net::IoResult result = end_turn(ready_ ? 1 : 0, outcome);
  // What the peer said at last tells more than that it takes no more.
  const bool waits = result.kind == net::IoResult::Kind::moved || result.kind == net::IoResult::Kind::blocked;
  return waits && output_end_.kind == net::IoResult::Kind::failed ? output_end_ : result;
}

PeerFacts *Engine::make_facts() const {
  Owned<PeerFacts> facts(make<PeerFacts>());
  if (facts == nullptr) return nullptr;
  const SSL *ssl = ssl_.get();
  const unsigned char *protocol = nullptr;
  unsigned protocol_length = 0;
  char protocol_text[256] = "";
  SSL_get0_alpn_selected(ssl, &protocol, &protocol_length);
  if (protocol_length != 0 && protocol_length < sizeof protocol_text) {
    std::memcpy(protocol_text, protocol, protocol_length);
  }
  facts->side = static_cast<int32_t>(context_->side());
  facts->resumed = SSL_session_reused(ssl) != 0;
  facts->version = SSL_get_version(ssl);
  facts->cipher = SSL_CIPHER_get_name(SSL_get_current_cipher(ssl));
  facts->peer.reset(SSL_get1_peer_certificate(ssl));
  const bool copied = facts->protocol.assign(protocol_text) &&
                      facts->server_name.assign(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
  return copied ? facts.release() : nullptr;
}

// ---- Reading ----

// Whether the peer asks for more answers than it reads: they are not kept without end.
bool Engine::asks_too_much() {
  if (output_.size() <= kMostOutput) return false;
  static_cast<void>(fail("the peer asks for more answers than it reads"));
  return true;
}

net::IoResult Engine::read(const net::Span *spans, size_t count) {
  if (!fatal_.ok()) return net::IoResult::failed(fatal_);
  if (asks_too_much()) return net::IoResult::failed(fatal_);
  begin_turn();
  size_t moved = 0;
  int outcome = 1;
  for (const net::Span *span = spans; span != spans + count && outcome == 1; ++span) {
    for (size_t filled = 0; filled < span->size;) {
      size_t got = 0;
      outcome = SSL_read_ex(ssl_.get(), span->data + filled, span->size - filled, &got);
      if (outcome != 1) break;
      filled += got;
      moved += got;
      if (pulls_left_ == 0 && !holds_input()) return end_turn(moved, outcome);  // which spares OpenSSL's asking in vain
    }
  }
  return end_turn(moved, outcome);
}

net::IoResult Engine::peek() {
  if (!fatal_.ok()) return net::IoResult::failed(fatal_);
  if (asks_too_much()) return net::IoResult::failed(fatal_);
  begin_turn();
  Byte byte;
  size_t got = 0;
  const int outcome = SSL_peek_ex(ssl_.get(), &byte, sizeof byte, &got);
  return end_turn(got, outcome);
}

// ---- Writing ----

namespace {

// What goes into the next record, from `begin` of the first span on: where it lies, or gathered in `block`.
net::ConstSpan next_piece(const net::ConstSpan *spans, size_t count, size_t begin, Block &block, BlockPool &blocks) {
  const net::ConstSpan first = {spans->data + begin, std::min(spans->size - begin, kRecord)};
  if (count == 1 || first.size == kRecord) return first;
  if (block.data == nullptr) block = blocks.borrow(kRecord);
  if (block.data == nullptr) return first;  // without memory records are small
  size_t size = 0;
  for (size_t index = 0; index < count && size < kRecord; ++index) {
    const size_t skipped = index == 0 ? begin : 0;
    const size_t taken = std::min(spans[index].size - skipped, kRecord - size);
    if (taken != 0) std::memcpy(block.data + size, spans[index].data + skipped, taken);
    size += taken;
  }
  return {block.data, size};
}

}  // namespace

net::IoResult Engine::write(const net::ConstSpan *spans, size_t count) {
  if (!fatal_.ok()) return net::IoResult::failed(fatal_);
  if (output_end_.kind == net::IoResult::Kind::failed) return output_end_;
  if (has_output()) return net::IoResult::blocked();
  if (output_.reserve(kSealed) == nullptr) return net::IoResult::failed({AIO_ERR_NO_MEMORY, 0});
  begin_turn();
  Block block;
  size_t moved = 0;
  size_t begin = 0;  // in the first of the spans left
  int outcome = 1;
  while (count != 0 && !has_output()) {
    const net::ConstSpan piece = next_piece(spans, count, begin, block, blocks_);
    size_t sealed = 0;
    if (piece.size != 0) outcome = SSL_write_ex(ssl_.get(), piece.data, piece.size, &sealed);
    if (outcome != 1 || output_end_.kind == net::IoResult::Kind::failed) break;
    moved += sealed;
    unsent_ = sealed;  // if it was not taken below
    for (begin += sealed; count != 0 && begin >= spans->size; --count) begin -= (spans++)->size;
  }
  if (!has_output()) unsent_ = 0;
  if (block.data != nullptr) blocks_.give_back(block);
  output_.fit();
  if (moved == 0 && output_end_.kind == net::IoResult::Kind::failed) return output_end_;
  wants_input_ = outcome != 1;  // a message to OpenSSL itself, such as a key update, has come in part
  return end_turn(moved, outcome);
}

// ---- The end ----

void Engine::notify_close() {
  if (!ready_ || notified_ || !fatal_.ok()) return;
  begin_turn();
  notified_ = SSL_shutdown(ssl_.get()) >= 0;
  wants_input_ = !notified_ && SSL_in_init(ssl_.get()) != 0 && input_end_.kind == net::IoResult::Kind::moved;
  ERR_clear_error();
}

Error Engine::shutdown_output() {
  notify_close();
  const net::IoResult result = flush();
  if (result.kind == net::IoResult::Kind::failed) return result.error();
  if (has_output() || wants_input()) return {AIO_ERR_BUSY, 0};
  if (!fatal_.ok()) return fatal_;
  if (input_end_.kind == net::IoResult::Kind::failed && !notified_) return input_end_.error();
  const bool ended = input_end_.kind == net::IoResult::Kind::ended;
  if (!notified_) return {ended ? AIO_ERR_TLS_TRUNCATED : AIO_ERR_NO_MEMORY, 0};
  const Error error = below_.shutdown_output();
  return error.status == AIO_ERR_NOT_CONNECTED ? Error() : error;  // the peer is gone: it was told all the same
}

void Engine::close() {
  ssl_.reset();
  for (ByteQueue *queue : {&input_, &output_}) {
    queue->consume(queue->size());
    queue->fit();
  }
  has_input_ = has_output_ = wants_input_ = false;
}

}  // namespace aio::tls
