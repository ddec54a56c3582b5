// The part of an acceptor that is more than one call of the library each.
#pragma once

#include <atomic>
#include <vector>

#include "standing.hpp"
#include "submission.hpp"

namespace aiostate {

// What an acceptor's callbacks get.
class Listening : public Standing {
 public:
  Listening(std::shared_ptr<Loop> of, int number, std::vector<std::shared_ptr<Loop>> others)
      : Standing(std::move(of), number), loops(std::move(others)) {}

  // Notes in the event which loop an accepted connection lives in.
  void find_home(Completion &event) const;

  std::vector<std::shared_ptr<Loop>> loops;  // if connections go to other collections
  std::atomic<bool> closed{false};
};

// A close on its way.
struct Closing {
  Closing(const std::shared_ptr<Listening> &of, int token)
      : listening(of), completion(std::make_unique<Completion>(of->loop, token)) {}

  std::shared_ptr<Listening> listening;
  std::unique_ptr<Completion> completion;
};

class AcceptOptions;

// Made with a token, it gives an event for each connection, and for each failure to accept one, until it has been closed.
class AcceptorBase {
 public:
  AcceptorBase() = default;
  ~AcceptorBase();
  AcceptorBase(const AcceptorBase &) = delete;
  AcceptorBase &operator=(const AcceptorBase &) = delete;

  // From this call on no connection comes any more; the event of this token comes when the port is free.
  void close(int token);

#ifndef SWIG
 protected:
  aio_acceptor *handle() const { return acceptor_; }

  // Calls submit(callback, options, out).
  template <class Submit>
  void begin(const std::shared_ptr<Loop> &loop, int token, const AcceptOptions *options, Submit submit) {
    aio_accept_options c = prepare(loop, token, options);
    begun(submit(on_accept, c, &acceptor_));
  }

 private:
  static void AIO_CALL on_accept(aio_acceptor *acceptor, aio_state *state, void *user_info);
  aio_accept_options prepare(const std::shared_ptr<Loop> &loop, int token, const AcceptOptions *options);
  void begun(aio_status status);
  void close(std::unique_ptr<Closing> closing);

  aio_acceptor *acceptor_ = nullptr;
  std::shared_ptr<Listening> listening_;
  std::unique_ptr<Closing> last_closing_;  // allocated ahead, for the destructor
#endif
};

}  // namespace aiostate
