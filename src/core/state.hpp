// The state: one socket with its input, its output, how it came to be and how it ends.
#pragma once

#include <atomic>

#include "base/allocator.hpp"
#include "base/status.hpp"
#include "core/closing.hpp"
#include "core/collection.hpp"
#include "core/counters.hpp"
#include "core/errand.hpp"
#include "core/handle.hpp"
#include "core/inbound.hpp"
#include "core/outbound.hpp"
#include "core/request.hpp"
#include "core/tls_layer.hpp"
#include "net/channel.hpp"
#include "net/mailbox.hpp"
#include "net/poller.hpp"
#include "net/udp_socket.hpp"

#include <aiostate/state.h>

namespace aio {

class AcceptGauge;
class Connector;
struct ConnectPlan;

// A time that any thread may set.
class Timeout {
 public:
  // 0 = none.
  void set(double seconds) { time_.store(time_limit(seconds), std::memory_order_relaxed); }
  [[nodiscard]] Nanoseconds get() const { return time_.load(std::memory_order_relaxed); }
  [[nodiscard]] double seconds() const { return aio::seconds(get()); }

 private:
  std::atomic<Nanoseconds> time_{kNever};
};

class State final : public Member, public Flushable, private net::PollOwner {
 public:
  // What every way of making a state shares; times 0 = none.
  struct Options {
    bool exclusive_output = false;
    double read_timeout = 0;
    double write_timeout = 0;
    void *user_info = nullptr;
    const char *name = nullptr;
    bool datagrams = false;  // a datagram socket
    bool has_peer = true;    // it is connected, or will be
  };

  // On refusal the socket stays in `socket`.
  [[nodiscard]] static aio_status adopt(Collection &collection, net::Socket &socket, const Options &options,
                                        AcceptGauge *gauge, aio_state **out);
  [[nodiscard]] static aio_status connect(Collection &collection, const ConnectPlan &plan, const Options &options,
                                          aio_state **out);

  // ---- The API; any thread ----
  [[nodiscard]] aio_status read(Inbound::Kind kind, const Request &request) { return inbound_.submit(kind, request); }
  [[nodiscard]] aio_status write(const Request &request, const Cargo *cargo = nullptr) {
    return outbound_.write(request, cargo);
  }
  [[nodiscard]] aio_status read_until(const void *delimiter, size_t length, const Request &request) {
    return inbound_.read_until(delimiter, length, request);
  }
  [[nodiscard]] aio_status read_frame(const aio_frame_format &format, const Request &request) {
    return inbound_.read_frame(format, request);
  }
  [[nodiscard]] aio_status shutdown(aio_state_callback callback, void *user_info) {
    return outbound_.shutdown(callback, user_info);
  }
  [[nodiscard]] aio_status abort(int32_t direction, aio_state_callback callback, void *user_info);
  [[nodiscard]] aio_status close(aio_state_callback callback, const aio_close_options &options);
  void destroy();

  [[nodiscard]] aio_status attach_tls(tls::Context &context, aio_state_callback callback,
                                      const aio_attach_options &options);
  [[nodiscard]] aio_status detach_tls(aio_state_callback callback, Nanoseconds timeout, void *user_info);

  [[nodiscard]] aio_status set_write_marks(size_t high, size_t low, aio_state_callback drained, void *user_info);
  [[nodiscard]] aio_status set_rate_limit(int32_t direction, const aio_rate_limit *limit);

  [[nodiscard]] bool is_datagram() const { return is_datagram_; }
  [[nodiscard]] bool has_peer() const { return has_peer_; }
  [[nodiscard]] bool is_closing() const { return closing_.load(std::memory_order_acquire); }
  [[nodiscard]] aio_socket socket() const;
  [[nodiscard]] aio_status address(Error (*ask)(aio_socket, aio_address &), aio_address &out) const;
  [[nodiscard]] int32_t flag(net::SocketFlag flag) const;
  [[nodiscard]] aio_status set_flag(net::SocketFlag flag, bool on);

  [[nodiscard]] aio_status change_group(Error (*change)(aio_socket, const net::Group &), const net::Group &group);
  [[nodiscard]] aio_status peer_credentials(aio_credentials &out) const;

  [[nodiscard]] const char *name() const { return name_.get(); }
  [[nodiscard]] aio_status read_status() const { return read_status_.load(std::memory_order_acquire); }
  [[nodiscard]] aio_status write_status() const { return write_status_.load(std::memory_order_acquire); }
  [[nodiscard]] int system_error() const { return system_error_.load(std::memory_order_relaxed); }
  [[nodiscard]] void *user_info() const { return user_info_.load(std::memory_order_relaxed); }
  void set_user_info(void *user_info) { user_info_.store(user_info, std::memory_order_relaxed); }
  [[nodiscard]] void *user_info_or(void *given) const { return given != nullptr ? given : user_info(); }
  [[nodiscard]] const Timeout &read_timeout() const { return read_timeout_; }
  void set_read_timeout(double seconds) { read_timeout_.set(seconds); }
  [[nodiscard]] const Timeout &write_timeout() const { return write_timeout_; }
  void set_write_timeout(double seconds) { write_timeout_.set(seconds); }
  [[nodiscard]] size_t max_read() const { return max_read_.load(std::memory_order_relaxed); }
  void set_max_read(size_t bytes) { max_read_.store(bytes == 0 ? kMaxRead : bytes, std::memory_order_relaxed); }
  [[nodiscard]] size_t buffer_limit() const { return buffer_limit_.load(std::memory_order_relaxed); }
  void set_buffer_limit(size_t bytes) {
    buffer_limit_.store(bytes == 0 ? kBufferLimit : bytes, std::memory_order_relaxed);
  }
  [[nodiscard]] const IoCounters &counters() const { return counters_; }
  [[nodiscard]] int32_t tls_side() const { return tls_side_.load(std::memory_order_acquire); }
  [[nodiscard]] const tls::PeerFacts *tls_facts() const { return facts_.load(std::memory_order_acquire); }
  [[nodiscard]] Outbound &outbound() { return outbound_; }
  [[nodiscard]] const Outbound &outbound() const { return outbound_; }
  [[nodiscard]] net::Mailbox &mailbox() { return mailbox_; }
  [[nodiscard]] Collection &collection() { return *collection_; }

  // ---- The API's *driver* functions ----
  [[nodiscard]] aio_status release_socket(aio_socket &out);
  [[nodiscard]] size_t buffered();
  [[nodiscard]] size_t take_buffered(void *destination, size_t length);
  [[nodiscard]] size_t discard(size_t count);
  [[nodiscard]] size_t finish_read(size_t count);
  [[nodiscard]] size_t old_length();
  [[nodiscard]] const char *error_text();
  [[nodiscard]] void *ssl();
  [[nodiscard]] const Letter *letter() const { return inbound_.letter(); }

  // ---- For its parts; any thread ----
  [[nodiscard]] bool submit(Task &task) { return mailbox_.submit_before(task, closing_); }
  void store_read_options(const aio_io_options &options);
  void store_write_options(const aio_io_options &options);

  // ---- For its parts; the driver ----
  [[nodiscard]] bool is_pending() const { return phase_ == Phase::connecting || phase_ == Phase::securing; }
  [[nodiscard]] bool is_attaching() const { return phase_ == Phase::securing && connector_ == nullptr; }
  [[nodiscard]] bool is_open() const { return phase_ == Phase::open; }
  [[nodiscard]] bool has_failed() const { return phase_ == Phase::failed; }
  [[nodiscard]] bool is_over() const { return phase_ == Phase::closed; }
  [[nodiscard]] net::Channel &channel() { return tls_ == nullptr ? plain_channel() : tls_->engine(); }
  [[nodiscard]] aio_socket channel_socket() const { return plain_.socket.handle(); }
  [[nodiscard]] Inbound &inbound() { return inbound_; }
  [[nodiscard]] Closing &closing() { return closing_process_; }

  // on_due() of both directions, no later than at `time`.
  void arm_by(Nanoseconds time) { collection_->deadlines().arm_by(alarm_, time); }

  void request_flush() { collection_->request_flush(*this); }
  void watch();  // what somebody waits for
  [[nodiscard]] bool watches_readable() const { return poller_ != nullptr && poller_->watches_readable(); }

  // Connecting has got a connection, and has ended.
  void take_connection(net::Socket socket, net::Poller *poller);
  void on_connected();
  void on_connect_failed(Error error, const char *text);
  void forget_connector() { connector_ = nullptr; }

  // TLS, of which `owner` is told the end; an error here is the end.
  [[nodiscard]] Error begin_tls(tls::Context &context, const tls::ServerName &server, TlsOwner &owner,
                                Nanoseconds timeout);
  [[nodiscard]] Error end_handshake(Error outcome);  // what it comes to
  void on_secured();
  void on_handshake_failed(Error error);
  [[nodiscard]] Error can_attach();
  void forget_tls() { tls_use_.store(TlsUse::none); }
  [[nodiscard]] Error begin_detach(TlsOwner &owner, Nanoseconds timeout);
  [[nodiscard]] Error end_detach(Error outcome, Owned<TlsLayer> &layer);  // of which the caller disposes later
  [[nodiscard]] Error watch_for_tls(bool writable);
  void release_directions();

  void end_input() { static_cast<void>(inbound_.cancel()); }
  void note_output_idle() {
    if (closing_process_.lingers()) closing_process_.proceed();
  }
  void close_socket(bool reset);

  // Counts what was read or written, and says what a fruitless attempt means.
  void count_read(const net::IoResult &result);
  void count_write(const net::IoResult &result);
  [[nodiscard]] Error read_error(const net::IoResult &result);
  [[nodiscard]] Error write_error(const net::IoResult &result);
  void note_error(Error error);
  [[nodiscard]] const char *noted_text() const { return error_text_.get(); }

  // ---- Completions: queued here, each followed by one of call(), skip_callback(), and enter() with unpin() ----
  void queue(Task &task) {
    ++pins_;
    collection_->complete(task);
  }
  void queue_unnoticed(Task &task) {  // whose run() calls nobody back
    ++pins_;
    collection_->do_later(task);
  }
  void queue_read(Inbound &read);
  void note_read_outcome(aio_status status);
  void note_write_status(aio_status status) { write_status_.store(status, std::memory_order_release); }
  void count_written_operation();
  void note_closed() { quiet_.store(true, std::memory_order_release); }
  void enter(aio_buffer_callback callback, void *buffer, size_t count, void *user_info);
  void call(aio_buffer_callback callback, void *buffer, size_t count, void *user_info) {
    enter(callback, buffer, count, user_info);
    unpin();
  }
  void call(aio_state_callback callback, aio_status status, void *user_info);
  void unpin();
  void skip_callback() { unpin(); }
  void forget_queued() { unpin(); }

  State(Collection &collection, const Options &options, AcceptGauge *gauge);
  ~State();

 private:
  static constexpr size_t kMaxRead = 65536;
  static constexpr size_t kBufferLimit = size_t{16} << 20;
  static constexpr int kMostReadsAway = 4;

  enum class Phase : uint8_t {
    connecting,  // no socket yet
    securing,    // TLS is begun or ended on it
    open,        // also while it lingers
    failed,      // no socket ever
    ending,      // being closed: nothing goes on meanwhile
    closed       // no socket any more
  };

  // Whether there is TLS, as any thread sees it.
  enum class TlsUse : uint8_t { none, changing, attached };

  [[nodiscard]] static aio_status start(State *state, aio_state **out);
  template <class Request>
  [[nodiscard]] aio_status post(Request *request);
  [[nodiscard]] bool prepare();  // false: no memory
  [[nodiscard]] net::Channel &plain_channel() { return plain_; }
  [[nodiscard]] aio_status claim_for_tls(TlsUse from);
  template <class Request>
  [[nodiscard]] aio_status post_for_tls(Request *request, TlsUse from);
  [[nodiscard]] bool open_poller(Error &error);
  void join();
  void depart();
  void close_now() override { close_socket(false); }
  void flush(Stamp &stamp) override;
  void on_ready(bool readable, bool writable) override;
  void on_due(Nanoseconds now);
  void feed_channel();
  void leave_poller();
  void read_away();

  // What a *driver* function finds; 0 while another thread drives.
  template <class Look>
  [[nodiscard]] size_t look(Look at) {
    if (quiet_.load(std::memory_order_acquire)) return at();
    const net::Visit visit(mailbox_);
    return visit.allowed() ? at() : 0;
  }

  Collection *const collection_;
  net::Mailbox &mailbox_;
  Inbound inbound_;
  Outbound outbound_{*this};
  Closing closing_process_{*this};
  Alarm<State, &State::on_due> alarm_{*this};
  net::PlainChannel plain_;
  TlsLayer *tls_ = nullptr;         // owned
  net::Poller *poller_ = nullptr;   // made when first needed
  Connector *connector_ = nullptr;  // while connecting, and until its callback
  AcceptGauge *const gauge_;        // of the acceptor that made it
  const bool is_datagram_;
  const bool has_peer_;
  Phase phase_ = Phase::open;
  bool departed_ = false;  // destroyed by its user
  Error lost_;             // why the connection was lost, if a write was told
  uint32_t pins_ = 0;      // completions queued or running
  Text error_text_;

  std::atomic<bool> closing_{false};  // from the call of close on
  std::atomic<bool> quiet_{false};    // closed, and its operations have called back: any thread may look
  std::atomic<bool> nodelay_{true};   // while connecting: what the socket will get
  std::atomic<bool> keepalive_{false};
  std::atomic<TlsUse> tls_use_{TlsUse::none};
  std::atomic<int32_t> tls_side_{0};
  std::atomic<tls::PeerFacts *> facts_{nullptr};  // owned
  std::atomic<aio_status> read_status_{AIO_OK};
  std::atomic<aio_status> write_status_{AIO_OK};
  std::atomic<int> system_error_{0};
  std::atomic<void *> user_info_;
  Timeout read_timeout_;
  Timeout write_timeout_;
  std::atomic<size_t> max_read_{kMaxRead};
  std::atomic<size_t> buffer_limit_{kBufferLimit};
  IoCounters counters_;
  Text name_;
  Errand<State, &State::join> birth_{*this};
  Errand<State, &State::depart, &State::unpin> departure_{*this};
};

}  // namespace aio
