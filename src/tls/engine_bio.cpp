// The engine as OpenSSL's BIO: sealed bytes from the channel below and to it.
#include <cstring>

#include "tls/engine.hpp"

namespace aio::tls {

namespace {

// One call below brings all that has come, into a block that goes back to the pool at the end of the turn.
constexpr size_t kMostPerPull = BlockPool::kLargestKept;

// From here on what OpenSSL asks for is read to where it wants it, with the block behind it.
constexpr size_t kLeastDirect = size_t{4} << 10;

}  // namespace

// ---- What OpenSSL asks for ----

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

// ---- To and from the channel below ----

bool Engine::feed(const Byte *bytes, size_t count) {
  if (count == 0) return true;
  Byte *place = input_.reserve(count);
  if (place == nullptr) return false;
  std::memcpy(place, bytes, count);
  input_.commit(count);
  has_input_ = true;
  return true;
}

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

}  // namespace aio::tls
