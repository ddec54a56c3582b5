'use strict';

const pump = require('./pump.node');

// Turns in a row that a collection may take before the others in node's loop get theirs.
const TURNS = 16;
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/**
 * Has node's loop drive a collection: it watches the descriptor, and the time until next_timeout. What is submitted is taken
 * up as soon as the code that does so has returned, so that submissions share a turn.
 */
class Driver {
  #collection;
  #turn;
  #isPending;
  #watch;
  #holds = pump.NOTHING;
  #referenced = true;
  #wanted = false;
  #turns = 0;
  #immediate = null;
  #timer = null;
  #timerIsDue = 0;

  /** turn() moves bytes and calls back; isPending() tells whether anybody waits for that. */
  constructor(collection, turn, isPending) {
    this.#collection = collection;
    this.#turn = turn;
    this.#isPending = isPending;
    this.#watch = pump.watch(collection.descriptor(), this.#onReady);
  }

  /** Has a turn taken soon, but not inside this call. */
  want() {
    if (this.#wanted) return;
    this.#wanted = true;
    if (this.#turns < TURNS) process.nextTick(this.#onTick);
    else this.#immediate ??= setImmediate(this.#onImmediate);
  }

  /** Whether what is pending keeps the process alive. */
  reference(whether) {
    this.#referenced = whether;
    this.#hold();
  }

  /** Before the collection ends. What it still has to tell can be wanted all the same. */
  close() {
    this.#clearTimer();
    pump.close(this.#watch);
    this.#watch = null;
  }

  #onTick = () => {
    if (this.#wanted) this.#run();
  };

  #onImmediate = () => {
    this.#immediate = null;
    this.#turns = 0;
    if (this.#wanted) this.#run();
  };

  #onReady = () => {
    this.#turns = 0;
    this.#run();
  };

  #run() {
    this.#wanted = false;
    try {
      do this.#turn();
      while (++this.#turns < TURNS && this.#collection.nextTimeout() <= 0);
    } finally {
      this.#arm(); // an exception of a callback leaves the rest to the next turn
    }
  }

  #arm() {
    this.#hold();
    const seconds = this.#collection.nextTimeout();
    if (seconds <= 0) this.want();
    else if (seconds < 1e9) this.#wakeIn(Math.ceil(seconds * 1000));
    else this.#clearTimer();
  }

  // While somebody waits, neither the collection nor, if it is referenced, the process goes away.
  #hold() {
    const wanted = !this.#isPending() ? pump.NOTHING : this.#referenced ? pump.PROCESS : pump.CALLBACK;
    if (wanted === this.#holds || this.#watch === null) return;
    this.#holds = wanted;
    pump.hold(this.#watch, wanted);
  }

  // One that is due earlier is left: when it fires, the next is set.
  #wakeIn(milliseconds) {
    const due = performance.now() + milliseconds;
    if (this.#timer !== null && this.#timerIsDue <= due) return;
    this.#clearTimer();
    this.#timerIsDue = due;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#onReady();
    }, Math.min(milliseconds, LONGEST_TIMEOUT)).unref();
  }

  #clearTimer() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }
}

module.exports = { Driver };
