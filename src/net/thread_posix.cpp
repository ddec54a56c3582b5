#include <pthread.h>
#include <signal.h>

#include <cstdio>

#include "net/system_error.hpp"
#include "net/thread.hpp"

namespace aio::net {

namespace {

// Linux takes 15 bytes and a NUL, and refuses longer names.
constexpr size_t kNameSize = 16;

}  // namespace

Error start_thread(uv_thread_t &thread, void (*function)(void *), void *argument) {
  sigset_t blocked;
  sigset_t before;
  sigfillset(&blocked);
  // Those that a thread's own instructions raise: blocked, they would kill the process before a handler sees them.
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT}) sigdelset(&blocked, signal);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const int code = uv_thread_create(&thread, function, argument);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return code == 0 ? Error() : error_from_uv(code);
}

void name_this_thread(const char *name) {
  char shortened[kNameSize];
  std::snprintf(shortened, sizeof shortened, "%s", name);
  pthread_setname_np(pthread_self(), shortened);
}

}  // namespace aio::net
