// How many states of an acceptor are open. Counted: states on other threads may outlive the acceptor.
#pragma once

#include <atomic>

#include "base/allocator.hpp"
#include "net/mailbox.hpp"

namespace aio {

class RoomOwner {
 public:
  virtual void on_room() = 0;  // fewer states are open than before

 protected:
  ~RoomOwner() = default;
};

// As a task it brings the news of room to the acceptor's thread.
class AcceptGauge final : public Task {
 public:
  AcceptGauge(net::Mailbox &mailbox, RoomOwner &owner) : mailbox_(mailbox), owner_(&owner) { mailbox_.retain(); }
  ~AcceptGauge() { mailbox_.release(); }

  void retain() { references_.fetch_add(1, std::memory_order_relaxed); }
  void release();

  // ---- States, on any thread ----
  void enter();
  void leave();

  // ---- The acceptor, on its thread ----
  [[nodiscard]] size_t open() const { return open_.load(); }
  void ask_for_room();  // on_room() is called once
  void forget_owner() { owner_ = nullptr; }

 private:
  enum class News : uint8_t { unasked, asked, posted };

  void arrive() override;
  void run() override {}

  net::Mailbox &mailbox_;
  RoomOwner *owner_;
  std::atomic<size_t> open_{0};
  std::atomic<News> news_{News::unasked};
  std::atomic<int> references_{1};
};

}  // namespace aio
