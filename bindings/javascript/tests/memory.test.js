'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const { setImmediate: nextTurn } = require('node:timers/promises');
const v8 = require('node:v8');
const vm = require('node:vm');

const { Collection } = require('aiostate');
const { claim, exchange, pair, scenario, toEcho } = require('./vocabulary.js');

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc');

function roundTrips(collection, count, collectAt) {
  return toEcho(collection, async (state) => {
    for (let i = 0; i < count; i++) {
      const bytes = Buffer.from(`round trip ${i}`);
      assert.deepEqual(await exchange(state, bytes), bytes);
      if (i % collectAt === 0) collect();
    }
  });
}

scenario('collector_always', (collection) => roundTrips(collection, 500, 1));
scenario('collector_sometimes', (collection) => roundTrips(collection, 10_000, 100));

/** Collects until a condition holds; the test's deadline ends it. */
async function collectUntil(condition) {
  while (!condition()) {
    collect();
    await nextTurn();
  }
}

/** Connects so many pairs, does something with each, and forgets them. */
async function abandonPairs(collection, count, body) {
  for (let i = 0; i < count; i++) body(...(await pair(collection)));
}

const ignore = () => {};

scenario('dropped', async (collection) => {
  await abandonPairs(collection, 200, (near, far) => {
    near.read(5, ignore);
    near.close();
    far.close();
  });
  await abandonPairs(collection, 200, (near, far) => far.close());
  await collectUntil(() => collection.counters().openStates() === 0);

  let gone = false;
  const collected = new FinalizationRegistry(() => (gone = true));
  await (async () => {
    const dropped = new Collection();
    collected.register(dropped);
    await abandonPairs(dropped, 200, (near, far) => {
      near.read(5, ignore); // it ends when the collector has found the far end
      far.setWriteMarks(10, 0, ignore);
    });
    await abandonPairs(dropped, 200, (near, far) => far.close());
  })();
  await collectUntil(() => gone);
});

claim('what is awaited is not collected, even if it does not keep the process alive', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  const accepted = once(server, 'connection');
  const read = await (async () => {
    await once(server, 'listening');
    const state = await new Collection().unref().connectTcp('127.0.0.1', server.address().port);
    return { outcome: state.read(5) };
  })();
  const [socket] = await accepted;
  for (let i = 0; i < 10; i++) {
    collect();
    await nextTurn();
  }
  socket.end('hello');
  assert.equal((await read.outcome).toString(), 'hello');
  server.close();
});
