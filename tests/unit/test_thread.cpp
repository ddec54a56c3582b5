// Threads of the library's own, and what is a thread's own.
#include <pthread.h>
#include <signal.h>

#include <initializer_list>
#include <string>
#include <thread>

#include "base/status.hpp"
#include "net/thread.hpp"
#include "unit.hpp"

namespace aio::net {

namespace {

void note_mask(void *mask) { pthread_sigmask(SIG_BLOCK, nullptr, static_cast<sigset_t *>(mask)); }

sigset_t mask_in_a_started_thread() {
  sigset_t mask;
  uv_thread_t thread;
  assert_true(start_thread(thread, note_mask, &mask).ok());
  uv_thread_join(&thread);
  return mask;
}

void test_started_thread__leaves_asynchronous_signals_to_the_program(void **) {
  const sigset_t mask = mask_in_a_started_thread();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGCHLD, SIGUSR1, SIGUSR2, SIGWINCH, SIGIO}) {
    assert_true(sigismember(&mask, signal));
  }
}

void test_started_thread__takes_the_signals_of_its_own_faults(void **) {
  const sigset_t mask = mask_in_a_started_thread();
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) assert_false(sigismember(&mask, signal));
}

void test_start_thread__leaves_the_callers_mask_as_it_was(void **) {
  sigset_t before, after;
  sigemptyset(&before);
  sigaddset(&before, SIGUSR1);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  mask_in_a_started_thread();
  note_mask(&after);
  for (const int signal : {SIGUSR1, SIGINT, SIGTERM}) {
    assert_int_equal(sigismember(&after, signal), sigismember(&before, signal));
  }
}

std::string name_given(const char *name) {
  char given[64];
  std::thread([&] {
    name_this_thread(name);
    pthread_getname_np(pthread_self(), given, sizeof given);
  }).join();
  return given;
}

void test_name__is_given_to_the_thread(void **) { assert_string_equal(name_given("aio").c_str(), "aio"); }

void test_name__is_cut_to_what_the_system_takes(void **) {
  assert_string_equal(name_given("abcdefghijklmnopqrstuvwxyz").c_str(), "abcdefghijklmno");
}

void test_error_text__is_of_its_thread_alone(void **) {
  std::string elsewhere = "?";
  set_last_error_text("%s:%d", "here", 7);
  std::thread([&elsewhere] {
    elsewhere = last_error_text();
    set_last_error_text("there");
  }).join();
  assert_string_equal(elsewhere.c_str(), "");
  assert_string_equal(last_error_text(), "here:7");
}

void test_error_text__is_empty_once_cleared(void **) {
  set_last_error_text("text");
  clear_last_error_text();
  assert_string_equal(last_error_text(), "");
}

void test_error_text__of_any_length_is_cut(void **) {
  const std::string text(10'000, 'x');
  set_last_error_text("%s", text.c_str());
  assert_in_range(std::string(last_error_text()).size(), 200, 1000);
}

const CMUnitTest tests[] = {
    cmocka_unit_test(test_started_thread__leaves_asynchronous_signals_to_the_program),
    cmocka_unit_test(test_started_thread__takes_the_signals_of_its_own_faults),
    cmocka_unit_test(test_start_thread__leaves_the_callers_mask_as_it_was),
    cmocka_unit_test(test_name__is_given_to_the_thread),
    cmocka_unit_test(test_name__is_cut_to_what_the_system_takes),
    cmocka_unit_test(test_error_text__is_of_its_thread_alone),
    cmocka_unit_test(test_error_text__is_empty_once_cleared),
    cmocka_unit_test(test_error_text__of_any_length_is_cut),
};

}  // namespace

}  // namespace aio::net

int main() { return cmocka_run_group_tests(aio::net::tests, nullptr, nullptr); }
