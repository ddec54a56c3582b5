'use strict';

const { setImmediate: nextTurn } = require('node:timers/promises');

const low = require('./low.node');
const { Acceptor } = require('./acceptor.js');
const { inContext } = require('./context.js');
const { Driver } = require('./driver.js');
const { addMethod, operations, start, takeCallback } = require('./operation.js');
const { State } = require('./state.js');
const { Timer } = require('./timer.js');
const { Tokens } = require('./tokens.js');

/**
 * An event loop of sockets inside node's, which drives it as soon as it exists. Pending operations, acceptors and timers
 * keep the process alive. Callbacks run in node's own thread, and never inside a call of the library.
 */
class Collection extends low.Collection {
  #event = new low.Event();
  #tokens = new Tokens();
  #driver = new Driver(this, () => this.#turn(), () => this.#tokens.pending > 0);
  #ended = false;
  _acceptors = new Set();

  /** Calls callback() after `delay` seconds and then, if `repeat` is not 0, every `repeat` seconds. */
  timer(delay, callback, repeat = 0) {
    return new Timer(this, delay, callback, repeat);
  }

  /** Has callback() called later and in order. */
  apply(callback) {
    this._submit(inContext(() => callback()), (token) => super.apply(token));
  }

  /** What is pending keeps the process alive: the default, and not any more after `unref`. */
  ref() {
    this.#driver.reference(true);
    return this;
  }

  unref() {
    this.#driver.reference(false);
    return this;
  }

  /**
   * Closes all states and acceptors, and ends the collection. What still waits ends with ERR_CANCELED; the promise is kept
   * when all have been told.
   */
  async close() {
    if (!this.#ended) {
      this.#ended = true;
      for (const acceptor of this._acceptors) acceptor._end();
      this.#driver.close();
      this.destroy();
    }
    this.#driver.want();
    do await nextTurn();
    while (this.nextTimeout() === 0);
  }

  /** Has deliver(event) called for each event of what submit(token) starts. `quiet`: nobody waits for them. */
  _submit(deliver, submit, { quiet = false } = {}) {
    const token = quiet ? this.#tokens.addQuiet(deliver) : this.#tokens.add(deliver);
    try {
      submit(token);
    } catch (error) {
      this.#tokens.forget(token);
      throw error;
    }
    this.#driver.want();
    return token;
  }

  _forget(token) {
    this.#tokens.forget(token);
    this.#driver.want();
  }

  #turn() {
    if (!this.#ended) this.waitEvents(0);
    while (this.take(this.#event)) this.#tokens.call(this.#event);
  }
}

function makeState(collection, operation, given) {
  const state = new State(collection);
  if (operation.hasToken) return start(state, operation, given, () => state) ?? state;
  operation.start(state, collection, 0, given);
  return state;
}

function listen(collection, operation, given) {
  const callback = takeCallback(given);
  return new Acceptor(collection, operation, given, callback);
}

// "State.connect_tcp" is connectTcp, "State.create" createState, "Acceptor.create_tcp" listenTcp.
for (const operation of operations.filter(({ creates }) => creates)) {
  const { owner, name } = operation;
  const make = owner === 'State' ? makeState : listen;
  const called = owner === 'State' ? name.replace(/^create$/, 'createState') : name.replace('create', 'listen');
  addMethod(Collection, called, (collection, given) => make(collection, operation, given));
}

module.exports = { Collection };
