#include "state.hpp"

#include "aiostate.hpp"

namespace aiostate {

namespace {

void end(Standing &standing, const aio_state *state, aio_status status, ByteView unconsumed) {
  std::shared_ptr<Standing> alive = standing.release();
  std::unique_ptr<Completion> event = standing.kept_event();
  event->status = status;
  event->begin = standing.consumed;
  if (status < 0) note_error(*event, state);
  try {
    event->bytes = Bytes(unconsumed);
  } catch (const std::bad_alloc &) {  // they stay for the next read
  }
  std::shared_ptr<Loop> loop = standing.loop;
  loop->push(std::move(event));
}

void AIO_CALL on_stream(aio_state *state, void *buffer, size_t count, void *user_info) {
  auto &standing = *static_cast<Standing *>(user_info);
  aio_status status = aio_state_read_status(state);
  ByteView shown{static_cast<const char *>(buffer), count};
  if (status != AIO_OK) return end(standing, state, status, shown);
  try {
    auto event = standing.make_event();
    event->bytes = Bytes(shown);
    event->begin = standing.consumed;
    standing.loop->push_latest(std::move(event));
  } catch (const std::bad_alloc &) {
    aio_state_finish_read(state, 0);
    end(standing, state, AIO_ERR_NO_MEMORY, {});
  }
}

void AIO_CALL on_message(aio_state *state, void *buffer, size_t count, void *user_info) {
  auto &standing = *static_cast<Standing *>(user_info);
  aio_status status = aio_state_read_status(state);
  if (status != AIO_OK) return end(standing, state, status, {});
  try {
    auto event = standing.make_event();
    event->bytes = Bytes(ByteView{static_cast<const char *>(buffer), count});
    event->count = count;
    event->truncated = aio_state_message_truncated(state);
    if (const aio_address *sender = aio_state_message_address(state)) event->address = *sender;
    standing.loop->push(std::move(event));
  } catch (const std::bad_alloc &) {
    aio_state_finish_read(state, 0);
    end(standing, state, AIO_ERR_NO_MEMORY, {});
  }
}

// The event was made ahead, since a producer that waits for it must not wait in vain.
void AIO_CALL on_drained(aio_state *, aio_status status, void *user_info) {
  auto &marks = *static_cast<Standing *>(user_info);
  try {
    auto event = marks.kept_event();
    event->status = status;
    marks.loop->push(std::move(event));
    marks.keep_event(false);
  } catch (const std::bad_alloc &) {
  }
}

void AIO_CALL release(void *standing) { static_cast<Standing *>(standing)->release(); }

}  // namespace

StateBase::~StateBase() {
  aio_state_destroy(state_);
  forget_marks();
}

void StateBase::adopt(aio_state *state, const std::shared_ptr<Loop> &loop) { *out(loop) = state; }

void StateBase::read_with_checking(int token, const IoOptions *options) {
  begin_standing(aio_state_read_with_checking, on_stream, true, token, options);
}

void StateBase::receive_messages(int token, const IoOptions *options) {
  begin_standing(aio_state_receive_messages, on_message, false, token, options);
}

void StateBase::begin_standing(Submit submit, aio_buffer_callback callback, bool shows_stream, int token,
                               const IoOptions *options) {
  if (!state_) throw Error(AIO_ERR_INVALID_ARGUMENT, "There is no socket yet.");
  auto standing = std::make_shared<Standing>(loop_, token);
  standing->shows_stream = shows_stream;
  standing->keep_event(true);
  aio_io_options io = options ? options->c : aio_io_options{};
  io.user_info = standing.get();
  std::lock_guard<std::mutex> lock(lock_);  // its first event must find `reading_`
  standing->hold();
  aio_status status = submit(state_, callback, &io);
  if (status != AIO_OK) {
    standing->release();
    throw Error(status);
  }
  reading_ = std::move(standing);
}

size_t StateBase::discard(size_t count) {
  if (!state_) return 0;
  Loop::Drive drive(*loop_);
  std::lock_guard<std::mutex> lock(lock_);
  size_t before = aio_state_buffered_length(state_);
  size_t left = aio_state_discard(state_, count);
  if (reading_) reading_->consumed += before - left;
  return left;
}

size_t StateBase::finish_read(size_t count) {
  if (!state_) return 0;
  Loop::Drive drive(*loop_);
  std::lock_guard<std::mutex> lock(lock_);
  size_t left = aio_state_finish_read(state_, count);
  if (reading_) {
    loop_->drop(*reading_);
    reading_->release();
    reading_.reset();
  }
  return left;
}

// The end of a collection has closed its states: the event comes all the same.
void StateBase::close(int token, const CloseOptions *options) {
  Submission op(loop_, token);
  auto c = op.options(options);
  aio_status status = aio_state_close(state_, op.told(), &c);
  if (status == AIO_ERR_CLOSED)
    op.finish();
  else
    op.accept(status, op.told());
}

void StateBase::set_write_marks(size_t high, size_t low, int token) {
  std::shared_ptr<Standing> marks;
  if (token && loop_) {
    marks = std::make_shared<Standing>(loop_, token);
    marks->keep_event(false);
  }
  check(aio_state_set_write_marks(state_, high, low, marks ? on_drained : nullptr, marks.get()));
  if (marks) marks->hold();
  forget_marks();
  std::lock_guard<std::mutex> lock(lock_);
  marks_ = std::move(marks);
}

// Another thread may be in their callback.
void StateBase::forget_marks() {
  std::lock_guard<std::mutex> lock(lock_);
  if (!marks_) return;
  loop_->drop(*marks_);
  loop_->retire(release, marks_.get());
  marks_.reset();
}

}  // namespace aiostate
