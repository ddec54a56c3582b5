/* aiocat: how far the bytes are, on standard error. */
#ifndef AIOCAT_PROGRESS_H
#define AIOCAT_PROGRESS_H

#include <aiostate/aiostate.h>

#include <stdbool.h>

struct progress {
  aio_collection *collection;
  uint64_t to_send; /* how much there is; 0 = not known */
  uint64_t to_receive;
  bool rewrites; /* one line again and again, for a terminal; else a line each time */

  double begin;
  aio_timer *timer; /* NULL when it is not running */
};

/* Shows the first line soon, if it is not running yet. */
void progress_start(struct progress *progress);

/* Shows the last line, if it is running. */
void progress_stop(struct progress *progress);

#endif
