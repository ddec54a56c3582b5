/* aiocat: a stream of bytes on its way from a source to a sink, through a few blocks, so that memory stays flat. */
#ifndef AIOCAT_PUMP_H
#define AIOCAT_PUMP_H

#include <stdbool.h>
#include <stddef.h>

enum { PUMP_BLOCKS = 4, PUMP_BLOCK_SIZE = 512 * 1024 };

struct pump;

/* Starts to fill or to empty `size` bytes and returns; pump_filled or pump_emptied tells the end, later. */
typedef void (*pump_action)(struct pump *pump, void *bytes, size_t size);

/*
 * The source fills one block while the sink empties an earlier one; the source waits when all blocks are full, the sink
 * when all are empty. That is the back pressure: nobody runs ahead by more than PUMP_BLOCKS blocks.
 */
struct pump {
  pump_action fill;
  pump_action empty;
  void (*finished)(struct pump *pump); /* the source has ended and the sink has got everything */
  void *owner;

  unsigned first;  /* the oldest full block */
  unsigned filled; /* full blocks, the one being emptied included */
  bool filling;
  bool emptying;
  bool ended; /* the source has nothing more */
  bool stopped;
  size_t counts[PUMP_BLOCKS];
  unsigned char blocks[PUMP_BLOCKS][PUMP_BLOCK_SIZE];
};

/* Starts what can be started: in the beginning, and by itself whenever something has ended. */
void pump_run(struct pump *pump);

void pump_filled(struct pump *pump, size_t count);
void pump_ended(struct pump *pump);
void pump_emptied(struct pump *pump);

/* Nothing more is started, and `finished` is not called. */
void pump_stop(struct pump *pump);

#endif
