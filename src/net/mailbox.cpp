#include "net/mailbox.hpp"

#include "base/allocator.hpp"

namespace aio::net {

thread_local const Mailbox *Mailbox::dispatching = nullptr;

Mailbox *Mailbox::create(Loop &loop) {
  Mailbox *mailbox = make<Mailbox>(loop);
  if (mailbox == nullptr) return nullptr;
  const bool first = mailbox->mutex_.open();
  if (first && mailbox->socket_mutex_.open()) return mailbox;
  if (first) mailbox->mutex_.close();
  dispose(mailbox);
  return nullptr;
}

void Mailbox::release() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  mutex_.close();
  socket_mutex_.close();
  dispose(this);
}

bool Mailbox::close_gate(std::atomic<bool> &gate) {
  Lock lock(mutex_);
  return gate.exchange(true, std::memory_order_acq_rel);
}

bool Mailbox::post(Task &task, Late late, const std::atomic<bool> *gate) {
  Lock lock(mutex_);
  if (gate != nullptr && gate->load(std::memory_order_relaxed)) return false;
  if (loop_ == nullptr || (late == Late::refuse && is_shut())) return false;
  mail_.push_back(task);
  has_mail_.store(true, std::memory_order_seq_cst);
  // One wake-up per batch. Under the lock: the loop must not be closed meanwhile.
  if (dozer_.load(std::memory_order_seq_cst) == this_thread()) return true;
  if (sleeping_.exchange(false, std::memory_order_seq_cst)) loop_->wake();
  return true;
}

void Mailbox::wake_up() {
  woken_.store(true, std::memory_order_release);
  loop_->wake();  // no lock in a signal handler: the caller knows that the collection lives
}

bool Mailbox::enter() {
  Lock lock(mutex_);
  if (loop_ == nullptr || is_shut()) return false;
  ++entered_;
  return true;
}

void Mailbox::leave() {
  Lock lock(mutex_);
  --entered_;
}

void Mailbox::reserve_driving() {
  Lock lock(mutex_);
  reserved_ = true;
}

bool Mailbox::begin_driving() {
  for (;;) {
    {
      Lock lock(mutex_);
      if (driver_.load(std::memory_order_relaxed) == ThreadId()) {
        driver_.store(this_thread(), std::memory_order_relaxed);
        reserved_ = false;
        return true;
      }
      if (!visited_ || driven_here()) return false;
    }
    std::this_thread::yield();  // a visitor is gone soon
  }
}

void Mailbox::end_driving() {
  Lock lock(mutex_);
  driver_.store(ThreadId(), std::memory_order_relaxed);
}

bool Mailbox::begin_visit(bool &entered) {
  entered = false;
  if (driven_here()) return true;
  for (;;) {
    {
      Lock lock(mutex_);
      if (loop_ == nullptr) return true;
      if (reserved_) return false;
      if (driver_.load(std::memory_order_relaxed) == ThreadId()) {
        driver_.store(this_thread(), std::memory_order_relaxed);
        entered = visited_ = true;
        return true;
      }
      if (!visited_) return false;
    }
    std::this_thread::yield();
  }
}

void Mailbox::end_visit() {
  Lock lock(mutex_);
  visited_ = false;
  driver_.store(ThreadId(), std::memory_order_relaxed);
}

void Mailbox::deliver() {
  TaskList mail;
  {
    Lock lock(mutex_);
    mail_.move_to(mail);
    has_mail_.store(false, std::memory_order_relaxed);
  }
  while (Task *task = mail.pop_front()) task->arrive();
}

void Mailbox::shut() {
  Lock lock(mutex_);
  shut_.store(true, std::memory_order_release);
}

bool Mailbox::detach_if_unused() {
  Lock lock(mutex_);
  if (!mail_.empty() || entered_ != 0) return false;
  loop_ = nullptr;
  return true;
}

}  // namespace aio::net
