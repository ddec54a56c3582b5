'use strict';

const low = require('./low.node');

/**
 * An operation was refused or did not complete.
 *
 * `status` is one of the module's statuses, `code` its name, such as 'ERR_BUSY'. Of a read that did not complete, `data`
 * has the bytes that came; of a write, `count` says how many went out.
 */
class AioError extends Error {
  constructor(status, text, data = Buffer.alloc(0), count = 0) {
    super(text || low.statusMessage(status));
    this.status = status;
    this.code = low.statusName(status).replace(/^AIO_/, '');
    this.data = data;
    this.count = count;
  }

  get name() {
    return this.constructor.name;
  }
}

/** The peer has ended its side of the stream. */
class EndOfStream extends AioError {}

/** The time given for the operation is over. */
class Timeout extends AioError {}

/** The operation was aborted, or its state or collection was closed. */
class Canceled extends AioError {}

const CLASSES = new Map([[low.EOF, EndOfStream], [low.TIMEOUT, Timeout], [low.ERR_CANCELED, Canceled]]);

function makeError(status, text, data, count) {
  return new (CLASSES.get(status) ?? AioError)(status, text, data, count);
}

/** What an event tells, if it is not success. */
function errorOf(event) {
  return makeError(event.status(), event.text(), event.bytes(), event.count());
}

low.lend((status, text) => makeError(status, text), Buffer.allocUnsafe);

module.exports = { AioError, EndOfStream, Timeout, Canceled, makeError, errorOf };
