// The acceptor: a listening socket that hands out states or raw sockets.
#pragma once

#include <atomic>

#include "base/allocator.hpp"
#include "core/accept_gauge.hpp"
#include "core/collection.hpp"
#include "core/errand.hpp"
#include "core/greeting.hpp"
#include "core/handle.hpp"
#include "core/state.hpp"
#include "net/poller.hpp"
#include "net/unix_socket.hpp"

#include <aiostate/acceptor.h>

namespace aio {

// As a task it hands out one connection.
class Acceptor final : public Member, public Task, public RoomOwner, private net::PollOwner {
 public:
  struct Plan {
    aio_accept_callback callback;
    aio_accept_options options;
    tls::Context *tls;  // nullptr: none
  };

  // On refusal the socket stays in `socket`.
  [[nodiscard]] static aio_status create(Collection &collection, net::Socket &socket, net::SocketFile &&file,
                                         const Plan &plan, aio_acceptor **out);

  // ---- The API; any thread ----
  [[nodiscard]] aio_status close(aio_acceptor_callback callback, void *user_info);
  [[nodiscard]] aio_status set_paused(bool paused);
  void destroy();
  [[nodiscard]] bool is_closing() const { return closing_.load(std::memory_order_acquire); }
  [[nodiscard]] Collection &collection() { return *collection_; }
  [[nodiscard]] const aio_address &local_address() const { return local_address_; }
  [[nodiscard]] aio_socket socket() const;
  [[nodiscard]] const char *name() const { return name_.get(); }
  [[nodiscard]] void *user_info() const { return user_info_.load(std::memory_order_relaxed); }
  void set_user_info(void *user_info) { user_info_.store(user_info, std::memory_order_relaxed); }
  [[nodiscard]] const char *error_text();

  void on_room() override { review(); }
  void on_greeted(Greeting &greeting);

  Acceptor(Collection &collection, const Plan &plan, net::SocketFile &&file);
  ~Acceptor();

 private:
  static constexpr size_t kMostWaiting = 64;      // accepted and not handed out
  static constexpr size_t kMostGreetings = 1024;  // the same with TLS

  // One call of close.
  class CloseRequest final : public Task {
   public:
    void arrive() override { acceptor->on_close(*this); }
    void run() override;

    Acceptor *acceptor = nullptr;
    aio_acceptor_callback callback = nullptr;
    void *user_info = nullptr;
    bool embedded = false;
  };

  // Where accepted states are made. The mailbox tells whether the collection still exists.
  struct Target {
    Collection *collection;
    net::Mailbox *mailbox;
  };

  [[nodiscard]] bool copy_targets();
  void arrive() override {}
  void run() override;
  void join();
  void depart();
  void review();
  void on_review();
  void close_now() override;
  void on_close(CloseRequest &request);
  void on_ready(bool readable, bool writable) override;
  void on_retry(Nanoseconds now);

  [[nodiscard]] size_t room() const;
  void accept_some();
  void back_off(Error error);
  void note_failure(Error error);
  void set_flags(net::Socket &socket) const;
  void hand_out(net::Socket socket);
  void hand_out(aio_state *state);
  void greet(net::Socket socket);
  void hand_out_greeted();
  void drop_greetings();
  [[nodiscard]] aio_status make_state(net::Socket &socket, aio_state *&state);
  void tell_error();
  void report(aio_status status, const char *text);
  void queue(Task &task);
  void unpin();

  Collection *const collection_;
  net::Mailbox &mailbox_;
  const Plan plan_;
  net::Socket socket_;
  net::SocketFile file_;  // of a Unix socket
  net::Poller *poller_ = nullptr;
  AcceptGauge *gauge_ = nullptr;
  Target *targets_ = nullptr;
  size_t target_count_ = 0;
  size_t next_target_ = 0;
  aio_socket waiting_[kMostWaiting];  // a ring: waiting_count_ of them from first_waiting_ on
  size_t first_waiting_ = 0;
  size_t waiting_count_ = 0;
  const Shared<tls::Context> tls_;
  List<Greeting, GreetingTag> greetings_;  // under way
  List<Greeting, GreetingTag> greeted_;    // and ended
  size_t greeting_count_ = 0;              // of both
  aio_address local_address_ = {};
  aio_status error_ = AIO_OK;  // to be told
  Text error_text_;
  bool exhausted_ = false;  // without descriptors, and it was told
  bool backs_off_ = false;
  bool over_ = false;      // the socket is closed
  bool departed_ = false;  // destroyed by its user
  uint32_t pins_ = 0;      // completions queued or running

  std::atomic<bool> closing_{false};
  std::atomic<bool> paused_{false};
  std::atomic<bool> review_posted_{false};
  std::atomic<void *> user_info_;
  Text name_;
  CloseRequest first_close_;
  Errand<Acceptor, &Acceptor::join> birth_{*this};
  Errand<Acceptor, &Acceptor::on_review> review_{*this};
  Errand<Acceptor, &Acceptor::depart> departure_{*this};
  Errand<Acceptor, nullptr, &Acceptor::tell_error> error_task_{*this};
  Alarm<Acceptor, &Acceptor::on_retry> retry_alarm_{*this};
};

}  // namespace aio
