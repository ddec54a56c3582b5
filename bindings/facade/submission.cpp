#include "submission.hpp"

namespace aiostate {

namespace {

void finish(std::unique_ptr<Completion> completion) {
  std::shared_ptr<Loop> loop = completion->loop;
  if (completion->token) loop->push(std::move(completion));
}

std::unique_ptr<Completion> begin(void *user_info, const aio_state *state, aio_status status, size_t count) {
  std::unique_ptr<Completion> completion(static_cast<Completion *>(user_info));
  completion->status = status;
  completion->count = count;
  if (status < 0) note_error(*completion, state);
  return completion;
}

}  // namespace

void Submission::finish() { aiostate::finish(std::move(completion_)); }

void note_error(Completion &completion, const aio_state *state) {
  completion.system_error = aio_state_system_error(state);
  try {
    completion.text = aio_state_error_text(state);
  } catch (const std::bad_alloc &) {  // the status says enough
  }
}

void AIO_CALL on_input(aio_state *state, void *, size_t count, void *user_info) {
  auto completion = begin(user_info, state, aio_state_read_status(state), count);
  if (const aio_address *sender = aio_state_message_address(state)) completion->address = *sender;
  completion->truncated = aio_state_message_truncated(state);
  completion->bytes.narrow(completion->begin, count);
  finish(std::move(completion));
}

void AIO_CALL on_view(aio_state *state, void *buffer, size_t count, void *user_info) {
  auto completion = begin(user_info, state, aio_state_read_status(state), count);
  try {
    completion->bytes = Bytes(ByteView{static_cast<const char *>(buffer), count});
  } catch (const std::bad_alloc &) {
    completion->status = AIO_ERR_NO_MEMORY;
    completion->count = 0;
  }
  finish(std::move(completion));
}

void AIO_CALL on_output(aio_state *state, void *, size_t count, void *user_info) {
  auto completion = begin(user_info, state, aio_state_write_status(state), count);
  completion->bytes = Bytes();
  completion->kept.reset();
  finish(std::move(completion));
}

void AIO_CALL on_state(aio_state *state, aio_status status, void *user_info) {
  finish(begin(user_info, state, status, 0));
}

void AIO_CALL on_applied(void *argument) { finish(std::unique_ptr<Completion>(static_cast<Completion *>(argument))); }

}  // namespace aiostate
