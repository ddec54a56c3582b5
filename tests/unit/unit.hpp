// The vocabulary of the unit tests: that of the API tests, seen from C++. Standard headers come before this one, since
// cmocka's macros have everyday names.
#pragma once

extern "C" {
#include "internal.h"
}

namespace aio {

inline int count_memory(void **) {
  count_allocations();
  return 0;
}

inline int expect_no_memory(void **) {
  fail_allocation(0);
  return live_allocations() == 0 ? 0 : -1;
}

}  // namespace aio

// A test after which no memory of the library is left.
#define leaves_no_memory(test) cmocka_unit_test_setup_teardown(test, count_memory, expect_no_memory)
