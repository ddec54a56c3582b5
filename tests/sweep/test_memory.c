/* Every scenario with the first, the second, the third ... allocation failing, alone or with all after it. */
#include "support_resolver.h"
#include "support_scenarios.h"
#include "support_sweep.h"

#include <netdb.h>

static void arm(const struct fault *fault, long number) { fail_memory(number, fault->lasts); }

/* The lack itself, and what the other end or the next operation makes of it. */
static int allows(const struct fault *fault, aio_status status) {
  (void)fault;
  switch (status) {
    case AIO_OK:
    case AIO_EOF:
    case AIO_ERR_NO_MEMORY:
    case AIO_ERR_CANCELED:
    case AIO_ERR_CONNECTION_RESET:
    case AIO_ERR_BROKEN_PIPE:
    case AIO_ERR_NOT_CONNECTED:
    case AIO_ERR_NOT_FOUND:
    case AIO_ERR_TLS_TRUNCATED:
      return 1;
    default:
      return 0;
  }
}

static const struct fault one = {.name = "no memory once", .arm = arm, .hit = memory_has_failed, .allows = allows};
static const struct fault all = {
    .name = "no memory from then on", .arm = arm, .hit = memory_has_failed, .allows = allows, .lasts = 1};

static void test_out_of_memory_once(void **state) {
  const struct scenario *scenario = *state;
  print_message("%s: %ld allocations\n", scenario->name, sweep(scenario->name, scenario->run, &one));
}

static void test_out_of_memory_for_good(void **state) {
  const struct scenario *scenario = *state;
  sweep(scenario->name, scenario->run, &all);
}

static int set_up(void **state) {
  (void)state;
  use_sweep_memory();
  resolver_knows("raced.test", "127.0.0.2 127.0.0.1");
  resolver_fails("unknown.test", EAI_NONAME);
  return 0;
}

int main(void) {
  struct CMUnitTest tests[96];
  size_t count = 0;
  for (size_t i = 0; i < scenario_count; i++) {
    void *scenario = (void *)(uintptr_t)&scenarios[i];
    tests[count++] = (struct CMUnitTest){scenarios[i].name, test_out_of_memory_once, NULL, NULL, scenario};
    tests[count++] = (struct CMUnitTest){scenarios[i].name, test_out_of_memory_for_good, NULL, NULL, scenario};
  }
  return _cmocka_run_group_tests("memory", tests, count, set_up, NULL);
}
