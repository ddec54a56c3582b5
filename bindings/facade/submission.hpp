// An operation on its way into the library.
#pragma once

#include <type_traits>

#include "loop.hpp"

namespace aiostate {

// The callbacks of all one-shot operations; user_info is the Completion, which they own.
void AIO_CALL on_input(aio_state *state, void *buffer, size_t count, void *user_info);
void AIO_CALL on_view(aio_state *state, void *buffer, size_t count, void *user_info);
void AIO_CALL on_output(aio_state *state, void *buffer, size_t count, void *user_info);
void AIO_CALL on_state(aio_state *state, aio_status status, void *user_info);
void AIO_CALL on_applied(void *argument);

// Copies what a callback can ask about an error.
void note_error(Completion &completion, const aio_state *state);

class Submission {
 public:
  Submission(const std::shared_ptr<Loop> &loop, int token)
      : completion_(loop ? std::make_unique<Completion>(loop, token) : nullptr) {
    if (!completion_) throw Error(AIO_ERR_INVALID_ARGUMENT, "There is no socket yet.");
  }

  Completion *completion() const { return completion_.get(); }

  // A buffer to be filled, and a copy of bytes to be sent, which live until the callback.
  char *reserve(size_t size) { return (completion_->bytes = Bytes(size)).data(); }
  const char *keep(ByteView view) { return (completion_->bytes = Bytes(view)).data(); }
  void keep(std::shared_ptr<void> object) { completion_->kept = std::move(object); }

  // Options with this operation as user info.
  template <class Options>
  auto options(const Options *given) const {
    auto c = given ? given->c : decltype(given->c){};
    c.user_info = completion_.get();
    if constexpr (std::is_same_v<decltype(c), aio_io_options>) completion_->begin = c.start;
    return c;
  }

  // A callback that may be missing, for operations of which nobody is told.
  aio_state_callback told() const { return completion_->token ? on_state : nullptr; }

  // With the status of the call: the completion is the library's now, or the refusal is thrown.
  void accept(aio_status status, aio_state_callback callback = on_state) {
    check(status);
    if (callback) (void)completion_.release();
  }
  void accept_made(aio_status status) {
    check_made(status);
    (void)completion_.release();
  }
  // Without the library: it is done.
  void finish();

 private:
  std::unique_ptr<Completion> completion_;
};

}  // namespace aiostate
