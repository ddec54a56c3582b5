'use strict';

const low = require('./low.node');
const { inContext } = require('./context.js');
const { EndOfStream } = require('./errors.js');
const { lowerOptions } = require('./options.js');
const { addMethod, operations, start } = require('./operation.js');

const OPERATIONS = operations.filter(({ owner, creates }) => owner === 'State' && !creates);
const CLOSE = OPERATIONS.find(({ name }) => name === 'close');
const PIECE = 65536;

/** What is told to an object that nobody but its users shall keep. */
function whileAlive(object, tell) {
  const reference = new WeakRef(object);
  return (event) => {
    const alive = reference.deref();
    if (alive) tell(alive, event);
  };
}

/**
 * A socket and its operations, each with a timeout, an exact count, and one completion.
 *
 * An operation returns a promise; or, if its last argument is a function, it calls that, with the state, the bytes read or
 * the number of bytes written (where there are any), and the status, and the option `errorCallback` instead if the status
 * is an error. A collection's connectTcp and the like make states, and so do acceptors. All functions of the library's that
 * are not defined here are inherited, such as queuedBytes.
 */
class State extends low.State {
  #marks = 0;
  #drained;

  constructor(collection) {
    super();
    this.collection = collection;
    /** In the callback of readWithChecking: how many of the bytes an earlier call has shown. */
    this.oldLength = 0;
  }

  /** The stream in pieces as they come, until its end. */
  async *[Symbol.asyncIterator]() {
    try {
      for (;;) yield await this.read(PIECE, { minimum: 1 });
    } catch (error) {
      if (!(error instanceof EndOfStream)) throw error;
    }
  }

  /** Datagrams as they come, each a Message. */
  async *messages(options) {
    for (;;) yield await this.receiveMessage(PIECE, options);
  }

  /** Lets a direction move no faster than { bytesPerSecond, burst }; null: no limit. */
  setRateLimit(direction, limit) {
    super.setRateLimit(direction, lowerOptions('RateLimit', limit));
  }

  /** Calls drained(state, status) when the queued bytes have reached `high` and fallen to `lowMark`; null: no more. */
  setWriteMarks(high, lowMark, drained) {
    const { collection } = this;
    const before = this.#marks;
    if (drained) {
      const set = (token) => super.setWriteMarks(high, lowMark, token);
      const deliver = inContext(whileAlive(this, State.#tellDrained));
      this.#marks = collection._submit(deliver, set, { quiet: true });
    } else {
      super.setWriteMarks(high, lowMark, 0);
      this.#marks = 0;
    }
    this.#drained = drained;
    collection._forget(before);
  }

  static #tellDrained(state, event) {
    state.#drained(state, event.status());
  }

  /** Closes the socket; what runs ends with ERR_CANCELED first. */
  close(...given) {
    this.collection._forget(this.#marks);
    return start(this, CLOSE, given);
  }
}

for (const operation of OPERATIONS) {
  if (operation !== CLOSE) addMethod(State, operation.name, (state, given) => start(state, operation, given));
}

module.exports = { State };
