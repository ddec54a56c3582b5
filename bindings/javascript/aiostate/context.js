'use strict';

const { AsyncResource } = require('node:async_hooks');

/** Has deliver(event) run in the asynchronous context of now, as users of AsyncLocalStorage expect of callbacks. */
function inContext(deliver) {
  const context = new AsyncResource('aiostate');
  return (event) => context.runInAsyncScope(deliver, undefined, event);
}

module.exports = { inContext };
