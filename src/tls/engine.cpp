#include "tls/engine.hpp"

#include <algorithm>
#include <cstring>

namespace aio::tls {

namespace {

constexpr size_t kRecord = SSL3_RT_MAX_PLAIN_LENGTH;  // bytes of plaintext in one record at most (RFC 8446, 5.1)
constexpr size_t kSealed = kRecord + 512;             // and sealed, with room for an alert or a key update beside it

constexpr int kMostPulls = 4;  // calls below in one turn

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
