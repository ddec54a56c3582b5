/* aiocat: bytes, rate and time left, drawn from the collection's counters. */
#define _POSIX_C_SOURCE 200809L
#include "progress.h"

#include <stdio.h>
#include <time.h>

static const double seconds_between_lines = 0.5;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void show_bytes(double bytes) {
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  unsigned unit = 0;
  for (; bytes >= 1024 && unit < 5; unit++) bytes /= 1024;
  fprintf(stderr, unit == 0 ? "%.0f %s" : "%.2f %s", bytes, units[unit]);
}

static void show_direction(const char *verb, uint64_t moved, uint64_t total, double seconds, bool last) {
  double rate = seconds > 0 ? (double)moved / seconds : 0;
  fprintf(stderr, "%s ", verb);
  show_bytes((double)moved);
  if (total > 0 && !last) {
    fputs(" of ", stderr);
    show_bytes((double)total);
    fprintf(stderr, " (%d %%)", (int)(100.0 * (double)moved / (double)total));
  }
  fputs(", ", stderr);
  show_bytes(rate);
  fputs("/s", stderr);
  if (total > moved && rate > 0 && !last) {
    unsigned long left = (unsigned long)((double)(total - moved) / rate + 0.5);
    fprintf(stderr, ", %lu:%02lu left", left / 60, left % 60);
  }
}

static void show(const struct progress *progress, bool last) {
  aio_counters counters;
  aio_collection_counters(progress->collection, &counters);
  double seconds = now() - progress->begin;
  bool received = counters.bytes_read > 0;
  if (progress->rewrites) fputc('\r', stderr);
  if (counters.bytes_written > 0 || !received)
    show_direction("sent", counters.bytes_written, progress->to_send, seconds, last);
  if (counters.bytes_written > 0 && received) fputs("; ", stderr);
  if (received) show_direction("received", counters.bytes_read, progress->to_receive, seconds, last);
  if (last) fprintf(stderr, ", in %.2f s", seconds);
  fputs(progress->rewrites ? "\033[K" : "\n", stderr); /* what is left of a longer line goes */
  if (progress->rewrites && last) fputc('\n', stderr);
  fflush(stderr);
}

static void on_timer(aio_timer *timer, void *user_info) {
  (void)timer;
  show(user_info, false);
}

void progress_start(struct progress *progress) {
  if (progress->timer) return;
  progress->begin = now();
  aio_timer_start(progress->collection, seconds_between_lines, seconds_between_lines, on_timer, progress,
                  &progress->timer);
}

void progress_stop(struct progress *progress) {
  if (!progress->timer) return;
  aio_timer_stop(progress->timer);
  progress->timer = NULL;
  show(progress, true);
}
