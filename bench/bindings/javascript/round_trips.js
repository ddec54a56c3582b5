#!/usr/bin/env node
// Echo round trips of 64 bytes over one connection, both ends in this thread: aiostate with callbacks and awaited, node's
// net with callbacks and awaited; and what an event of aiostate costs by itself.
// usage: NODE_PATH=build/bindings/bindings/javascript/node_modules node round_trips.js [N]
// prints: name, round trips per CPU second, microseconds of CPU per round trip
'use strict';

const { once } = require('node:events');
const net = require('node:net');

const { Collection } = require('aiostate');

const N = Number(process.argv[2] ?? 50_000);
const MESSAGE = Buffer.alloc(64, 'x');
const WARM_UP = 2000;

async function pair(collection) {
  const acceptor = collection.listenTcp('127.0.0.1', 0);
  const ends = await Promise.all([collection.connectTcp('127.0.0.1', acceptor.localPort()), acceptor.accept()]);
  await acceptor.close();
  return ends;
}

async function callbacks(count) {
  const collection = new Collection();
  const [client, server] = await pair(collection);
  const echo = (state, bytes, status) => {
    if (status !== 0) return;
    state.write(bytes, () => {});
    state.read(64, echo);
  };
  server.read(64, echo);
  await new Promise((resolve) => {
    let left = count;
    const again = (state) => {
      if (left-- === 0) return resolve();
      state.write(MESSAGE, () => {});
      state.read(64, again);
    };
    again(client);
  });
  await collection.close();
}

async function awaited(count) {
  const collection = new Collection();
  const [client, server] = await pair(collection);
  const echoed = (async () => {
    for (let i = 0; i < count; i++) await server.write(await server.read(64));
  })();
  for (let i = 0; i < count; i++) {
    await client.write(MESSAGE);
    await client.read(64);
  }
  await echoed;
  await collection.close();
}

async function netPair(serve) {
  const server = net.createServer({ noDelay: true }, serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = net.connect({ port: server.address().port, host: '127.0.0.1', noDelay: true });
  await once(client, 'connect');
  return [client, server];
}

async function netCallbacks(count) {
  const [client, server] = await netPair((socket) => socket.on('data', (bytes) => socket.write(bytes)));
  await new Promise((resolve) => {
    let left = count, missing = 0;
    client.on('data', (bytes) => {
      missing -= bytes.length;
      if (missing > 0) return;
      if (left-- === 0) return resolve();
      missing = MESSAGE.length;
      client.write(MESSAGE);
    });
    missing = MESSAGE.length;
    client.write(MESSAGE);
  });
  client.destroy();
  server.close();
}

async function netAwaited(count) {
  const [client, server] = await netPair(async (socket) => {
    for await (const bytes of socket) socket.write(bytes);
  });
  const pieces = client[Symbol.asyncIterator]();
  for (let i = 0; i < count; i++) {
    client.write(MESSAGE);
    for (let missing = MESSAGE.length; missing > 0;) missing -= (await pieces.next()).value.length;
  }
  client.end();
  await once(client, 'close');
  server.close();
}

async function events(count) {
  const collection = new Collection();
  await new Promise((resolve) => {
    let left = count;
    const again = () => (left-- === 0 ? resolve() : collection.apply(again));
    again();
  });
  await collection.close();
}

async function measure(name, body) {
  await body(WARM_UP);
  const begin = process.cpuUsage();
  await body(N);
  const { user, system } = process.cpuUsage(begin);
  const each = (user + system) / N;
  console.log(`${name}\t${Math.round(1e6 / each)}\t${each.toFixed(2)}`);
}

(async () => {
  await measure('aiostate, callbacks', callbacks);
  await measure('aiostate, awaited', awaited);
  await measure('net, callbacks', netCallbacks);
  await measure('net, awaited', netAwaited);
  await measure('aiostate, an event', events);
})();
