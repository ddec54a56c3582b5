#include "core/accept_gauge.hpp"

namespace aio {

void AcceptGauge::release() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) dispose(this);
}

void AcceptGauge::enter() {
  retain();
  open_.fetch_add(1, std::memory_order_acq_rel);
}

void AcceptGauge::leave() {
  open_.fetch_sub(1);  // then the look at what was asked for; whoever asks does the reverse
  News asked = News::asked;
  if (news_.compare_exchange_strong(asked, News::posted)) {
    retain();  // for the way
    if (!mailbox_.post(*this, net::Mailbox::Late::accept)) release();
  }
  release();
}

void AcceptGauge::ask_for_room() {
  News unasked = News::unasked;
  news_.compare_exchange_strong(unasked, News::asked);
}

void AcceptGauge::arrive() {
  news_.store(News::unasked, std::memory_order_release);
  if (owner_ != nullptr) owner_->on_room();
  release();
}

}  // namespace aio
