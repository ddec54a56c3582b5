#include "loop.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cmath>

#include "standing.hpp"

namespace aiostate {

namespace {

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

std::shared_ptr<Loop> Loop::make() {
  std::shared_ptr<Loop> loop(new Loop);
  check_made(aio_collection_create(nullptr, &loop->handle_));
  return loop;
}

Loop::~Loop() {
  if (handle_) aio_collection_destroy(handle_);
}

// The library's own wait would swallow signals, so the descriptor is polled here, and a language runs its handlers when this
// returns, unless it calls wake then. One turn first takes up what was submitted since the last one.
int Loop::wait(double timeout) {
  if (!(timeout >= 0)) throw Error(AIO_ERR_INVALID_ARGUMENT);
  std::shared_ptr<Loop> self = shared_from_this();  // the language may free the collection meanwhile
  Drive drive(*this);
  if (has_events()) return WAIT_READY;
  if (!handle_) throw Error(AIO_ERR_CLOSED);
  return turn(timeout);
}

int Loop::turn(double timeout) {
  double deadline = now_seconds() + timeout;
  auto left = [&] { return timeout < 1e9 ? std::max(0.0, deadline - now_seconds()) : AIO_NO_TIMEOUT; };
  aio_collection_call(handle_);
  for (;;) {
    bool blocks = signals_wake && !has_events();
    if (!signals_wake) aio_collection_next_timeout(handle_);  // a loop that always asks is woken by other threads alone
    aio_status status = aio_collection_wait(handle_, blocks ? left() : 0);
    if (status < 0) throw Error(status);
    if (status == AIO_OK) aio_collection_call(handle_);
    if (woken_.exchange(false) || abandoned_ || has_events()) return WAIT_READY;
    double seconds = left();
    if (seconds <= 0) return WAIT_TIMEOUT;
    if (signals_wake) continue;
    seconds = std::min(seconds, aio_collection_next_timeout(handle_));
    if (seconds > 0 && !sleep(seconds)) return WAIT_INTERRUPTED;
  }
}

// The library's wait may return for what it has to do itself as well, so that it alone does not tell.
void Loop::wake_waiter() {
  woken_ = true;
  aio_collection_wake(handle_);
}

void Loop::wake() {
  Use use(*this);
  wake_waiter();
}

// False: a signal came.
bool Loop::sleep(double seconds) {
  pollfd what[] = {{aio_collection_descriptor(handle_), POLLIN, 0}, {signal_descriptor, POLLIN, 0}};
  int milliseconds = seconds >= INT_MAX / 1000 ? -1 : static_cast<int>(std::ceil(seconds * 1000));
  int ready = poll(what, 2, milliseconds);
  return ready < 0 ? errno != EINTR : what[1].revents == 0;
}

double Loop::next_timeout() {
  if (has_events()) return 0;
  std::shared_lock<std::shared_mutex> lock(life_);
  return handle_ ? aio_collection_next_timeout(handle_) : AIO_NO_TIMEOUT;
}

void Loop::destroy() {
  Drive drive(*this);
  end();
}

void Loop::end() {
  aio_collection *ended = nullptr;
  {
    std::unique_lock<std::shared_mutex> lock(life_);
    std::swap(ended, handle_);
  }
  aio_collection_destroy(ended);
}

void Loop::abandon() {
  abandoned_ = true;
  std::unique_lock<std::mutex> driving(driving_, std::try_to_lock);
  if (!driving) {
    std::shared_lock<std::shared_mutex> lock(life_);
    if (handle_) aio_collection_wake(handle_);
    return;
  }
  end();
  std::unique_ptr<Completion> forgotten;
  std::lock_guard<std::mutex> lock(queue_lock_);
  std::swap(forgotten, first_);
  last_ = nullptr;
}

bool Loop::has_events() {
  std::lock_guard<std::mutex> lock(queue_lock_);
  return first_ != nullptr;
}

void Loop::push(std::unique_ptr<Completion> completion) {
  std::shared_ptr<Loop> self = std::move(completion->loop);  // what is queued here does not keep this alive
  std::lock_guard<std::mutex> lock(queue_lock_);
  if (!abandoned_) append(std::move(completion));
}

void Loop::push_latest(std::unique_ptr<Completion> completion) {
  std::shared_ptr<Loop> self = std::move(completion->loop);
  std::lock_guard<std::mutex> lock(queue_lock_);
  Completion *pending = completion->standing->pending;
  if (pending) {
    pending->bytes = std::move(completion->bytes);
    pending->begin = completion->begin;
  } else if (!abandoned_) {
    completion->standing->pending = completion.get();
    append(std::move(completion));
  }
}

void Loop::append(std::unique_ptr<Completion> completion) {
  Completion *added = completion.get();
  (last_ ? last_->next : first_) = std::move(completion);
  last_ = added;
}

std::unique_ptr<Completion> Loop::take() {
  std::lock_guard<std::mutex> lock(queue_lock_);
  std::unique_ptr<Completion> taken = std::move(first_);
  if (!taken) return nullptr;
  first_ = std::move(taken->next);
  if (!first_) last_ = nullptr;
  if (taken->standing && taken->standing->pending == taken.get()) taken->standing->pending = nullptr;
  return taken;
}

void Loop::drop(Standing &standing) {
  std::unique_ptr<Completion> dropped;  // freed after the lock has been
  std::lock_guard<std::mutex> lock(queue_lock_);
  standing.pending = last_ = nullptr;
  for (std::unique_ptr<Completion> *link = &first_; *link;) {
    if ((*link)->standing.get() == &standing) {
      std::unique_ptr<Completion> rest = std::move((*link)->next);
      (*link)->next = std::move(dropped);
      dropped = std::move(*link);
      *link = std::move(rest);
    } else {
      last_ = link->get();
      link = &(*link)->next;
    }
  }
}

void Loop::retire(aio_function release, void *object) {
  {
    std::shared_lock<std::shared_mutex> lock(life_);
    if (handle_ && aio_collection_apply(handle_, release, object) == AIO_OK) return;
  }
  release(object);
}

}  // namespace aiostate
