'use strict';

const { isMainThread } = require('node:worker_threads');

if (!isMainThread) throw new Error('aiostate works in the main thread only, not in workers.');

const low = require('./low.node');
const { Acceptor } = require('./acceptor.js');
const { Address, Message } = require('./address.js');
const { Collection } = require('./collection.js');
const { AioError, Canceled, EndOfStream, Timeout } = require('./errors.js');
const { State } = require('./state.js');
const { Timer } = require('./timer.js');
const { TlsContext } = require('./tls.js');

if (Symbol.asyncDispose) {
  for (const Class of [Acceptor, Collection, State]) {
    Class.prototype[Symbol.asyncDispose] = function () {
      return this.close();
    };
  }
}

// Those of the queue of events are for the layer.
const constants = Object.fromEntries(Object.entries(low).filter(([name]) => /^(?!WAIT_|EVENT_)[A-Z_]+$/.test(name)));
const { hasFeature, statusMessage, statusName, version, versionNumber } = low;

module.exports = {
  Acceptor,
  Address,
  AioError,
  Canceled,
  Collection,
  EndOfStream,
  Message,
  State,
  Timeout,
  Timer,
  TlsContext,
  hasFeature,
  statusMessage,
  statusName,
  version,
  versionNumber,
  ...constants,
};
