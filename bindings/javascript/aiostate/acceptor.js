'use strict';

const low = require('./low.node');
const { inContext } = require('./context.js');
const { Canceled, makeError } = require('./errors.js');
const { operations, start } = require('./operation.js');
const { State } = require('./state.js');

const CLOSE = operations.find(({ owner, name }) => owner === 'Acceptor' && name === 'close');

// Connections that nobody has asked for yet; beyond, the kernel keeps them.
const BACKLOG = 64;

/**
 * A listening socket, made by a collection's listenTcp, listenUnix and listenSocket.
 *
 * callback(acceptor, state) gets each connection. Without a callback they are awaited: `await acceptor.accept()`,
 * `for await (const state of acceptor)`.
 */
class Acceptor extends low.Acceptor {
  #callback;
  #failed;
  #homes;
  #token;
  #closed = false;
  #kept = [];
  #takers = [];

  constructor(collection, operation, given, callback) {
    super();
    this.collection = collection;
    const { errorCallback, tlsErrorCallback, collections = [] } = given[operation.optionsAt] ?? {};
    this.#callback = callback ?? Acceptor.#keep;
    this.#failed = { [low.EVENT_ACCEPT_ERROR]: errorCallback, [low.EVENT_TLS_ERROR]: tlsErrorCallback };
    this.#homes = [...collections];
    this.#token = collection._submit(
      inContext((event) => this.#deliver(event)),
      (token) => operation.start(this, collection, token, given),
    );
    collection._acceptors.add(this);
  }

  #deliver(event) {
    if (event.kind() === low.EVENT_ACCEPTED) {
      const state = new State(this.#homes[event.home()] ?? this.collection);
      event.takeState(state);
      this.#callback(this, state);
    } else {
      this.#failed[event.kind()]?.(this, event.status(), event.text());
    }
  }

  /** A promise of the next connection, for acceptors without a callback. Rejected with Canceled once it is closed. */
  accept() {
    if (this.#closed) return Promise.reject(makeError(low.ERR_CANCELED));
    return new Promise((resolve, reject) => {
      this.#takers.push({ resolve, reject });
      this.#serve();
    });
  }

  /** Connections as they come, until the acceptor is closed. */
  async *[Symbol.asyncIterator]() {
    try {
      for (;;) yield await this.accept();
    } catch (error) {
      if (!(error instanceof Canceled)) throw error;
    }
  }

  static #keep(acceptor, state) {
    acceptor.#kept.push(state);
    acceptor.#serve();
    if (acceptor.#kept.length >= BACKLOG) acceptor.pause();
  }

  #serve() {
    if (this.#kept.length >= BACKLOG && this.#takers.length > 0) this.resume();
    while (this.#kept.length > 0 && this.#takers.length > 0) this.#takers.shift().resolve(this.#kept.shift());
  }

  /** Listens no more. callback(acceptor, status) is called, or the promise resolved, when the port is free. */
  close(...given) {
    this._end();
    return start(this, CLOSE, given);
  }

  /** Called by the collection too, when it ends. */
  _end() {
    this.#closed = true;
    this.collection._acceptors.delete(this);
    this.collection._forget(this.#token);
    for (const { reject } of this.#takers.splice(0)) reject(makeError(low.ERR_CANCELED));
    for (const state of this.#kept.splice(0)) state.close(() => {});
  }
}

module.exports = { Acceptor };
