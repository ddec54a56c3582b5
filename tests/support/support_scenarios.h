/* What the sweeps run: a little of everything that allocates or calls the system. */
#ifndef SUPPORT_SCENARIOS_H
#define SUPPORT_SCENARIOS_H

#include <stddef.h>

struct scenario {
  const char *name;
  void (*run)(void);
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;

#endif
