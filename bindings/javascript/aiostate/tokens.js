'use strict';

const LARGEST = 2 ** 31 - 1;

/** Numbers for what waits for an event, and the function that each of them stands for. */
class Tokens {
  #waiting = new Map();
  #quiet = new Set();
  #last;

  constructor(last = 0) {
    this.#last = last;
  }

  /** How many wait, those aside that nobody waits for. */
  get pending() {
    return this.#waiting.size - this.#quiet.size;
  }

  /** Has deliver(event) called for each event of the token. */
  add(deliver) {
    do this.#last = this.#last < LARGEST ? this.#last + 1 : 1;
    while (this.#waiting.has(this.#last));
    this.#waiting.set(this.#last, deliver);
    return this.#last;
  }

  /** The same for events that are told if they come, but are no reason for the process to live on. */
  addQuiet(deliver) {
    const token = this.add(deliver);
    this.#quiet.add(token);
    return token;
  }

  forget(token) {
    this.#waiting.delete(token);
    this.#quiet.delete(token);
  }

  /** What waits is forgotten before it is called with its last event. */
  call(event) {
    const token = event.token();
    const deliver = this.#waiting.get(token);
    if (deliver === undefined) return;
    if (event.last()) this.forget(token);
    deliver(event);
  }
}

module.exports = { Tokens };
