// The vocabulary of the tests of the bindings' facade.
#pragma once

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

extern "C" {
#include <cmocka.h>
}

#include "aiostate.hpp"
#include "event.hpp"
#include "timer.hpp"

namespace aiostate {

constexpr double kDeadline = 30;

inline ByteView view(const std::string &text) { return {text.data(), text.size()}; }
inline std::string text(ByteView bytes) { return std::string(bytes.data ? bytes.data : "", bytes.size); }

// A collection and the event that was taken last.
struct World {
  std::unique_ptr<Collection> collection = std::make_unique<Collection>();
  Event event;

  // Waits for the next event, which must be of this token.
  Event &expect(int token) {
    while (!collection->take(&event))
      if (collection->wait_events(kDeadline) == WAIT_TIMEOUT) fail_msg("no event of token %d", token);
    assert_int_equal(event.token(), token);
    return event;
  }
  void expect_nothing() {
    for (int turn = 0; turn < 3; ++turn) collection->wait_events(0);
    assert_false(collection->take(&event));
  }
};

// Two connected states, the acceptor gone.
struct Pair : World {
  State client;
  State server;

  Pair() {
    Acceptor acceptor;
    acceptor.create_tcp(collection.get(), "127.0.0.1", "0", 1, nullptr);
    client.connect_tcp(collection.get(), "127.0.0.1", std::to_string(acceptor.local_port()).c_str(), 2, nullptr);
    for (int events = 0; events < 2; ++events) {
      while (!collection->take(&event)) collection->wait_events(kDeadline);
      if (event.kind() == EVENT_ACCEPTED) event.take_state(&server);
    }
  }
  // The kernel has taken the bytes.
  void client_sends(const std::string &bytes) {
    client.write(view(bytes), 0, nullptr);
    while (client.queued_bytes() > 0) aio_collection_call(collection->loop()->handle());
  }
  // So many bytes are there that the server has not consumed; their deliveries wait in the queue.
  void arrived(size_t count) {
    aio_collection *handle = collection->loop()->handle();
    aio_collection_call(handle);
    while (server.buffered_length() < count) {
      assert_int_equal(aio_collection_wait(handle, kDeadline), AIO_OK);
      aio_collection_call(handle);
    }
  }
};

// The status with which a call is refused; AIO_OK if it is not.
template <class Call>
int refusal(Call call) {
  try {
    call();
  } catch (const Error &error) {
    assert_string_not_equal(error.what(), "");
    return error.status();
  }
  return AIO_OK;
}

}  // namespace aiostate
