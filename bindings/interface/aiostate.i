// The one interface of all languages. What differs between them (bytes, the lock around a wait, how to raise) is in a file
// for each.
%module aiostate

%{
#include "aiostate.hpp"
#include "event.hpp"
#include "timer.hpp"

#include <cstdio>

using namespace aiostate;
%}

// A refusal on its way out of a catch block. It is plain data, since raising is a longjmp in half of the languages.
%header %{
struct Failure {
  int status = 0;
  char text[480];
  void keep(int number, const char *what) {
    status = number;
    snprintf(text, sizeof text, "%s", what);
  }
};

// Calls body() and keeps what it throws.
template <class Body>
static void guarded(Failure &failure, Body body) {
  try {
    body();
  } catch (const aiostate::Error &error) {
    failure.keep(error.status(), error.what());
  } catch (const std::bad_alloc &) {
    failure.keep(AIO_ERR_NO_MEMORY, aio_status_message(AIO_ERR_NO_MEMORY));
  }
}
%}

#if defined(SWIGPYTHON)
%include "python.i"
#elif defined(SWIGRUBY)
%include "ruby.i"
#elif defined(SWIGLUA)
%include "lua.i"
#elif defined(SWIGJAVASCRIPT)
%include "javascript.i"
#elif defined(SWIGJAVA)
%include "java.i"
#endif

%exception {
  Failure failure;
  guarded(failure, [&] { $action });
  if (failure.status) { RAISE(failure); }
}
#ifdef GUARD_WAIT
%exception aiostate::Collection::wait_events {
  Failure failure;
  GUARD_WAIT(guarded(failure, [&] { $action }));
  if (failure.status) { RAISE(failure); }
}
#endif
// These throw nothing, and are called for every event.
%define QUIET(name)
%exception name { $action }
%enddef
QUIET(aiostate::Event::token)
QUIET(aiostate::Event::status)
QUIET(aiostate::Event::kind)
QUIET(aiostate::Event::last)
QUIET(aiostate::Event::count)
QUIET(aiostate::Event::bytes)
QUIET(aiostate::Event::old_length)
QUIET(aiostate::Collection::take)
QUIET(aiostate::Collection::stopping)

namespace aiostate {
enum WaitOutcome { WAIT_READY = 0, WAIT_TIMEOUT = 2, WAIT_INTERRUPTED = 3 };
enum EventKind { EVENT_OPERATION = 0, EVENT_ACCEPTED = 1, EVENT_ACCEPT_ERROR = 2, EVENT_TLS_ERROR = 3 };

struct ByteView;
class Address;

class Buffers {
 public:
  void add(ByteView bytes);
};

class Messages {
 public:
  void add(ByteView bytes, const Address *address);
};
}

%include "constants.i"
%include "aiostate.hpp"
%include "event.hpp"
%include "timer.hpp"
