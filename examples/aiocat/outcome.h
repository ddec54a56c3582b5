/* aiocat: how it ends, and how it says why. */
#ifndef AIOCAT_OUTCOME_H
#define AIOCAT_OUTCOME_H

#include <aiostate/aiostate.h>

/* The exit status; 128 + N when signal N ended the program. */
enum {
  ENDED_WELL = 0,
  ENDED_BY_ERROR = 1,
  ENDED_EARLY = 2,
  ENDED_BY_TIMEOUT = 3,
  ENDED_BY_TLS = 4,
  ENDED_BY_SIGNAL = 128
};

int exit_status_of(aio_status status);

/* Says on standard error what went wrong. */
void complain(const char *what, const char *why);

/* The same with the library's words: `text`, which names the address, or if that is "" the status. */
void complain_of_status(const char *what, aio_status status, const char *text);

#endif
