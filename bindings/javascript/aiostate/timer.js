'use strict';

const low = require('./low.node');
const { inContext } = require('./context.js');

/** Made by a collection's timer. */
class Timer extends low.Timer {
  #collection;
  #callback;
  #token;

  constructor(collection, delay, callback, repeat) {
    super();
    this.#collection = collection;
    this.#callback = callback;
    this.#token = collection._submit(
      inContext(() => this.#fire()), // the collection keeps the timer, whoever else does
      (token) => this.start(collection, delay, repeat, token),
    );
  }

  #fire() {
    this.#callback();
  }

  /** No call begins any more. */
  stop() {
    this.#collection._forget(this.#token);
    super.stop();
  }
}

module.exports = { Timer };
