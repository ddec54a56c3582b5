// What is asked of a state and takes effect on its collection's thread.
#include "base/allocator.hpp"
#include "core/state.hpp"

namespace aio {

namespace {

class AbortRequest final : public Task {
 public:
  AbortRequest(State &state, int32_t direction, aio_state_callback callback, void *user_info)
      : state_(state), direction_(direction), callback_(callback), user_info_(user_info) {}

  void arrive() override {
    const bool input = (direction_ & AIO_INPUT) != 0 && state_.inbound().cancel();
    const bool output = (direction_ & AIO_OUTPUT) != 0 && state_.outbound().cancel();
    status_ = input || output ? AIO_OK : AIO_ERR_NOT_FOUND;
    if (callback_ != nullptr) {
      state_.queue(*this);
    } else {
      dispose(this);
    }
  }

  void run() override {
    State &state = state_;
    const aio_state_callback callback = callback_;
    const aio_status status = status_;
    void *const user_info = user_info_;
    dispose(this);
    state.call(callback, status, user_info);
  }

 private:
  State &state_;
  int32_t direction_;
  aio_state_callback callback_;
  void *user_info_;
  aio_status status_ = AIO_OK;
};

// Brings new rate limits, or none.
class RateRequest final : public Task {
 public:
  RateRequest(State &state, int32_t direction) : state_(state), direction_(direction) {}
  ~RateRequest() {
    dispose(input_);
    dispose(output_);
  }

  [[nodiscard]] bool prepare(const aio_rate_limit &limit) {
    input_ = make<Throttle<Inbound>>(state_.inbound(), limit);
    output_ = make<Throttle<Outbound>>(state_.outbound(), limit);
    return input_ != nullptr && output_ != nullptr;
  }

  void arrive() override {
    if ((direction_ & AIO_INPUT) != 0) state_.inbound().set_throttle(std::exchange(input_, nullptr));
    if ((direction_ & AIO_OUTPUT) != 0) state_.outbound().set_throttle(std::exchange(output_, nullptr));
    dispose(this);
  }
  void run() override {}

 private:
  State &state_;
  const int32_t direction_;
  Throttle<Inbound> *input_ = nullptr;
  Throttle<Outbound> *output_ = nullptr;
};

}  // namespace

template <class Request>
aio_status State::post(Request *request) {
  if (submit(*request)) return AIO_OK;
  dispose(request);
  return AIO_ERR_CLOSED;
}

aio_status State::abort(int32_t direction, aio_state_callback callback, void *user_info) {
  if (is_closing()) return AIO_ERR_CLOSED;
  AbortRequest *request = make<AbortRequest>(*this, direction, callback, user_info_or(user_info));
  return request == nullptr ? AIO_ERR_NO_MEMORY : post(request);
}

aio_status State::set_write_marks(size_t high, size_t low, aio_state_callback drained, void *user_info) {
  if (is_closing()) return AIO_ERR_CLOSED;
  WriteMarks *marks = make<WriteMarks>(*this, high, low, drained, user_info);
  return marks == nullptr ? AIO_ERR_NO_MEMORY : post(marks);
}

aio_status State::set_rate_limit(int32_t direction, const aio_rate_limit *limit) {
  if (is_closing()) return AIO_ERR_CLOSED;
  RateRequest *request = make<RateRequest>(*this, direction);
  if (request != nullptr && (limit == nullptr || request->prepare(*limit))) return post(request);
  dispose(request);
  return AIO_ERR_NO_MEMORY;
}

}  // namespace aio
