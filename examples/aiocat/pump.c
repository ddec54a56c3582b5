/* aiocat: the ring of blocks between a source and a sink. */
#include "pump.h"

void pump_run(struct pump *pump) {
  if (!pump->stopped && !pump->filling && !pump->ended && pump->filled < PUMP_BLOCKS) {
    unsigned next = (pump->first + pump->filled) % PUMP_BLOCKS;
    pump->filling = true;
    pump->fill(pump, pump->blocks[next], PUMP_BLOCK_SIZE);
  }
  if (!pump->stopped && !pump->emptying && pump->filled > 0) {
    pump->emptying = true;
    pump->empty(pump, pump->blocks[pump->first], pump->counts[pump->first]);
  }
  if (!pump->stopped && pump->ended && pump->filled == 0) {
    pump->stopped = true;
    pump->finished(pump);
  }
}

void pump_filled(struct pump *pump, size_t count) {
  pump->filling = false;
  pump->counts[(pump->first + pump->filled) % PUMP_BLOCKS] = count;
  pump->filled++;
  pump_run(pump);
}

void pump_ended(struct pump *pump) {
  pump->filling = false;
  pump->ended = true;
  pump_run(pump);
}

void pump_emptied(struct pump *pump) {
  pump->emptying = false;
  pump->first = (pump->first + 1) % PUMP_BLOCKS;
  pump->filled--;
  pump_run(pump);
}

void pump_stop(struct pump *pump) { pump->stopped = true; }
