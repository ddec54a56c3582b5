#include "core/collection.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "core/handle.hpp"
#include "core/outbound.hpp"
#include "core/timer.hpp"

namespace aio {

namespace {

class Application final : public Task {
 public:
  Application(Collection &collection, aio_function function, void *argument)
      : collection_(collection), function_(function), argument_(argument) {}

  void arrive() override { collection_.complete(*this); }

  void run() override {
    const aio_function function = function_;
    void *const argument = argument_;
    collection_.tally().callbacks.add(1);
    dispose(this);
    function(argument);
  }

 private:
  Collection &collection_;
  aio_function function_;
  void *argument_;
};

class CloseAll final : public Task {
 public:
  explicit CloseAll(Collection &collection) : collection_(collection) {}

  void arrive() override {
    collection_.close_members();
    dispose(this);
  }
  void run() override {}

 private:
  Collection &collection_;
};

aio_status submit(Collection &collection, Task *task) {
  if (collection.mailbox().submit(*task)) return AIO_OK;
  return AIO_ERR_CLOSED;
}

}  // namespace

Collection::Collection() = default;
Collection::~Collection() {
  if (scratch_.data != nullptr) blocks_.give_back(scratch_);
  dispose(receive_batch_);
  if (mailbox_ != nullptr) mailbox_->release();
}

Error Collection::open() {
  mailbox_ = net::Mailbox::create(loop_);
  if (mailbox_ == nullptr) return {AIO_ERR_NO_MEMORY, 0};
  return loop_.open();
}

aio_status Collection::create(Collection *&out) {
  Owned<Collection> collection(make<Collection>());
  const Error error = collection == nullptr ? Error{AIO_ERR_NO_MEMORY, 0} : collection->open();
  if (!error.ok()) {
    set_last_error_text("The event loop could not be made (system error %d).", error.system);
    return error.status;
  }
  out = collection.release();
  AIO_LOG(AIO_LOG_INFO, "collection %p: made", static_cast<void *>(out));
  return AIO_OK;
}

aio_status Collection::create_and_run(const char *name, const aio_collection_options &options, aio_collection **out) {
  Collection *collection = nullptr;
  if (const aio_status status = create(collection); status != AIO_OK) return status;
  collection->own_thread_ = true;
  collection->options_ = options;
  collection->alive_.store(true, std::memory_order_relaxed);
  collection->mailbox_->reserve_driving();
  *out = handle(collection);  // before the thread's first function can ask for it
  const Error error = collection->name_.assign(name) ? net::start_thread(collection->thread_, thread_main, collection)
                                                     : Error{AIO_ERR_NO_MEMORY, 0};
  if (error.ok()) return AIO_OK;
  *out = nullptr;
  collection->own_thread_ = false;
  static_cast<void>(collection->mailbox_->begin_driving());
  collection->mailbox_->end_driving();
  set_last_error_text("The collection's thread could not be started (system error %d).", error.system);
  static_cast<void>(destroy(collection));
  return error.status;
}

aio_status Collection::destroy(Collection *collection) {
  net::Mailbox &mailbox = *collection->mailbox_;
  if (collection->own_thread_) {
    if (mailbox.driven_here()) return AIO_ERR_BUSY;
    collection->stop();
    uv_thread_join(&collection->thread_);
  }
  if (!mailbox.begin_driving()) return AIO_ERR_BUSY;
  collection->end();
  dispose(collection);
  return AIO_OK;
}

void Collection::thread_main(void *argument) {
  Collection &collection = *static_cast<Collection *>(argument);
  net::Mailbox &mailbox = *collection.mailbox_;
  const aio_collection_options options = collection.options_;
  if (*collection.name() != '\0') net::name_this_thread(collection.name());
  static_cast<void>(mailbox.begin_driving());
  if (options.thread_start != nullptr) options.thread_start(options.thread_argument);
  collection.run_until_stopped();
  collection.finish();
  if (options.thread_stop != nullptr) options.thread_stop(options.thread_argument);
  collection.alive_.store(false, std::memory_order_release);
  mailbox.end_driving();
}

aio_status Collection::wait(double timeout) {
  if (own_thread_ || !mailbox_->begin_driving()) return AIO_ERR_BUSY;
  const aio_status status = wait_for(nanoseconds(timeout));
  mailbox_->end_driving();
  return status;
}

size_t Collection::call() {
  if (own_thread_ || !mailbox_->begin_driving()) return 0;
  const size_t count = dispatch();
  mailbox_->end_driving();
  return count;
}

aio_status Collection::run() {
  if (own_thread_ || !mailbox_->begin_driving()) return AIO_ERR_BUSY;
  run_until_stopped();
  stop_.store(false, std::memory_order_relaxed);
  mailbox_->end_driving();
  return AIO_OK;
}

void Collection::run_until_stopped() {
  running_ = true;
  while (!stopping()) {
    static_cast<void>(wait_for(kNever));
    static_cast<void>(dispatch());
  }
  running_ = false;
}

void Collection::stop() {
  if (own_thread_) mailbox_->shut();
  stop_.store(true, std::memory_order_release);
  loop_.wake();
}

aio_status Collection::apply(aio_function function, void *argument) {
  Application *application = make<Application>(*this, function, argument);
  if (application == nullptr) return AIO_ERR_NO_MEMORY;
  const aio_status status = submit(*this, application);
  if (status != AIO_OK) dispose(application);
  return status;
}

aio_status Collection::close() {
  CloseAll *task = make<CloseAll>(*this);
  if (task == nullptr) return AIO_ERR_NO_MEMORY;
  const aio_status status = submit(*this, task);
  if (status != AIO_OK) dispose(task);
  return status;
}

int Collection::descriptor() {
  if (own_thread_) return -1;
  // From now on whoever posts wakes the loop, so that the descriptor tells.
  if (!foreign_loop_.exchange(true) && !mailbox_->sleep()) loop_.wake();  // somebody has posted already
  return loop_.descriptor();
}

double Collection::next_timeout() {
  mailbox_->stop_dozing();
  const net::Visit visit(*mailbox_);
  if (!visit.allowed()) return 0;
  asked_timeout_ = true;
  if (!completions_.empty() || !flushes_.empty() || loop_.has_unregistered() || mailbox_->is_woken()) return 0;
  const Nanoseconds next = deadlines_.next();
  if (next == kNever) return AIO_NO_TIMEOUT;
  const Nanoseconds now = net::Loop::clock();
  return next <= now ? 0 : seconds(next - now);
}

Block &Collection::scratch() {
  if (scratch_.data == nullptr) scratch_ = blocks_.borrow(BlockPool::kLargestKept);
  return scratch_;
}

net::ReceiveBatch *Collection::receive_batch() {
  if (receive_batch_ == nullptr) receive_batch_ = net::ReceiveBatch::create();
  return receive_batch_;
}

void Collection::join(Timer &timer) { timers_.push_back(timer); }

void Collection::close_members() {
  while (Member *member = members_.front()) member->close_now();
}

WriteOperation *Collection::take_write() {
  if (spare_writes_.empty()) return make<WriteOperation>();
  --spare_write_count_;
  return static_cast<WriteOperation *>(spare_writes_.pop_front());
}

void Collection::recycle(WriteOperation *operation) {
  if (spare_write_count_ == kMostSpareWrites) {
    dispose(operation);
    return;
  }
  ++spare_write_count_;
  spare_writes_.push_front(*operation);
}

aio_status Collection::wait_for(Nanoseconds span) {
  if (mailbox_->has_mail()) mailbox_->deliver();
  flush();
  const Nanoseconds until = span == 0 || span == kNever ? span : after(net::Loop::clock(), span);
  for (;;) {
    turn(until, span != 0 && completions_.empty());
    const bool woken = mailbox_->take_wake_up();
    if (woken || stopping() || !completions_.empty()) return AIO_OK;
    if (span == 0 || loop_.now() >= until) return AIO_TIMEOUT;
  }
}

void Collection::turn(Nanoseconds until, bool block) {
  if (block) block = mailbox_->sleep() && !mailbox_->is_woken() && !stopping();
  if (block) loop_.arm(std::min(until, deadlines_.next()));
  loop_.run(block);
  mailbox_->awake();
  if (mailbox_->has_mail()) mailbox_->deliver();
  expire();
  flush();
  do_chores();
  if (foreign_loop_.load(std::memory_order_relaxed)) rest_in_foreign_loop();
}

// A foreign loop that has asked for the timeout before each of many turns asks before its next poll, too, and sees then
// what its own thread has submitted: that needs wake nobody.
void Collection::rest_in_foreign_loop() {
  asking_turns_ = asked_timeout_ ? std::min(asking_turns_ + 1, kAskingLoop) : 0;
  asked_timeout_ = false;
  if (asking_turns_ == kAskingLoop)
    mailbox_->doze();
  else
    static_cast<void>(mailbox_->sleep());
}

void Collection::expire() {
  Nanoseconds now = loop_.now();
  if (deadlines_.next() > after(now, net::Loop::kTick)) return;
  now = net::Loop::clock();  // the loop's own counts milliseconds
  while (net::Deadline *deadline = deadlines_.pop_due(now)) deadline->due(now);
}

void Collection::flush() {
  Stamp stamp;
  while (Flushable *flushable = flushes_.pop_front()) flushable->flush(stamp);
}

void Collection::do_chores() {
  while (Task *task = chores_.pop_front()) task->run();
}

size_t Collection::dispatch() {
  const uint64_t before = counters_.callbacks.get();
  const net::Mailbox::Dispatch dispatch(*mailbox_);
  if (mailbox_->has_mail()) mailbox_->deliver();
  for (int round = 0; round < kMostRounds; ++round) {
    for (int count = 0; count < kMostPerRound; ++count) {
      Task *task = completions_.pop_front();
      if (task == nullptr) break;
      task->run();
      if (stopping()) break;
    }
    flush();
    do_chores();
    if (completions_.empty() || stopping()) break;
  }
  return static_cast<size_t>(counters_.callbacks.get() - before);
}

void Collection::finish() {
  mailbox_->shut();
  do {
    if (mailbox_->has_mail()) mailbox_->deliver();
    close_members();
    static_cast<void>(dispatch());
  } while (!completions_.empty() || !members_.empty() || mailbox_->has_mail());
}

void Collection::end() {
  do {
    finish();
    while (Timer *timer = timers_.front()) timer->collection_ended();
  } while (!mailbox_->detach_if_unused());
  while (Task *spare = spare_writes_.pop_front()) dispose(static_cast<WriteOperation *>(spare));
  loop_.close();
  AIO_LOG(AIO_LOG_INFO, "collection %p: ended", static_cast<void *>(this));
}

}  // namespace aio
