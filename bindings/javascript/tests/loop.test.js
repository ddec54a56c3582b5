'use strict';

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');

const { Canceled, Collection, EndOfStream, Timeout } = require('aiostate');
const { claim, echo, exchange, pair, program, readAll, scenario, skipped, toEcho } = require('./vocabulary.js');

skipped('threads', 'The module is for node\'s main thread, as what SWIG makes is; node itself drives the collection, so there is no run to stop.');

scenario('own_loop', (collection) => toEcho(collection, async (state) => {
  const timer = new Promise((resolve) => setTimeout(resolve, 20));
  for (const text of ['one', 'two']) {
    assert.equal((await exchange(state, Buffer.from(text))).toString(), text);
    await timer;
  }
}));

scenario('awaiting', async (collection) => {
  const [state, peer] = await pair(collection);
  const echoed = echo(peer);
  assert.equal((await exchange(state, Buffer.from('hello'))).toString(), 'hello');
  await assert.rejects(state.read(5, { timeout: 0.01 }), Timeout);

  await state.write(Buffer.from('the rest'));
  await state.shutdown();
  assert.equal((await readAll(state)).toString(), 'the rest');
  await echoed;

  const [one, other] = await pair(collection);
  await one.write(Buffer.from('some'));
  await one.close();
  const end = await other.read(5).catch((error) => error);
  assert.ok(end instanceof EndOfStream);
  assert.equal(end.data.toString(), 'some');
});

scenario('timers', async (collection) => {
  const order = [];
  collection.timer(0.01, () => assert.fail('It was stopped.')).stop();
  collection.apply(() => order.push('first'));
  collection.apply(() => order.push('second'));
  collection.timer(0.001, () => order.push('once'));
  await new Promise((resolve) => {
    const timer = collection.timer(0.05, () => {
      if (order.push('again') < 6) return;
      timer.stop();
      resolve();
    }, 0.01);
  });
  assert.deepEqual(order, ['first', 'second', 'once', 'again', 'again', 'again']);
});

scenario('exception_in_callback', async () => {
  const { output, errors, status } = await program(`
    const { Collection } = require('aiostate');
    const collection = new Collection();
    const thrown = new Error('thrown');
    process.on('uncaughtException', (error) => console.log(error === thrown ? 'caught' : error));
    const acceptor = collection.listenTcp('127.0.0.1', 0, (_, peer) => {
      acceptor.close();
      peer.write(Buffer.from('hello'), () => { throw thrown; });
      peer.read(1, () => console.log('end'));
    });
    const state = collection.connectTcp('127.0.0.1', acceptor.localPort(), () => { throw thrown; });
    state.read(5, (_, bytes) => {
      console.log(String(bytes));
      state.close(() => { throw thrown; });
    });
  `);
  assert.deepEqual([errors, status], ['', 0]);
  assert.deepEqual(output.trim().split('\n').sort(), ['caught', 'caught', 'caught', 'end', 'hello']);
});

const WAITING = `
  const { Collection } = require('aiostate');
  const collection = new Collection();
  const acceptor = collection.listenTcp('127.0.0.1', 0);
  const state = collection.connectTcp('127.0.0.1', acceptor.localPort(), () => console.log('connected'));
  state.read(5, () => console.log('read'));
`;

scenario('interrupt', async () => {
  let interrupted;
  const interrupt = (line, child) => {
    if (line !== 'connected') return;
    interrupted = performance.now();
    child.kill('SIGINT');
  };
  const within = () => assert.ok(performance.now() - interrupted < 1000);

  const killed = await program(WAITING, interrupt);
  within();
  assert.deepEqual([killed.signal, killed.errors], ['SIGINT', '']);
  const handled = await program(`${WAITING} process.on('SIGINT', () => process.exit(7));`, interrupt);
  within();
  assert.deepEqual([handled.status, handled.errors], [7, '']);
});

scenario('exit_pending', async () => {
  const ended = await program(WAITING.replace("console.log('connected')", 'process.exit()'));
  assert.deepEqual(ended, { status: 0, signal: null, output: '', errors: '' });
});

claim('the process lives while operations are pending, and no longer', async () => {
  const ended = await program(`
    const { Collection } = require('aiostate');
    const collection = new Collection();
    const acceptor = collection.listenTcp('127.0.0.1', 0, (_, peer) => {
      acceptor.close();
      peer.setWriteMarks(10, 0, () => {});
      peer.read(1, { timeout: 0.05 }, (state, bytes, status) => console.log(status));
    });
    collection.connectTcp('127.0.0.1', acceptor.localPort(), () => {});
  `);
  assert.deepEqual(ended, { status: 0, signal: null, output: '2\n', errors: '' });

  const unheld = await program(`${WAITING} collection.unref();`);
  assert.deepEqual([unheld.status, unheld.errors], [0, '']);
});

claim('a timeout that is due before another one comes in time', async () => {
  const ended = await program(`
    const { Collection, Timeout } = require('aiostate');
    const collection = new Collection();
    const acceptor = collection.listenTcp('127.0.0.1', 0);
    (async () => {
      const one = await collection.connectTcp('127.0.0.1', acceptor.localPort());
      const other = await acceptor.accept();
      one.read(1, { timeout: 60 }, () => {});
      const begin = performance.now();
      await other.read(1, { timeout: 0.05 }).catch((error) => console.log(error.code, performance.now() - begin < 5000));
      process.exit();
    })();
  `);
  assert.deepEqual(ended, { status: 0, signal: null, output: 'TIMEOUT true\n', errors: '' });
});

claim('a busy collection lets node\'s loop go on', async () => {
  const collection = new Collection();
  let turns = 0;
  const count = () => {
    turns++;
    immediate = setImmediate(count);
  };
  let immediate = setImmediate(count);
  await toEcho(collection, async (state) => {
    for (let i = 0; i < 2000; i++) await exchange(state, Buffer.from('hello'));
  });
  clearImmediate(immediate);
  await collection.close();
  assert.ok(turns > 100, `${turns} turns`);
});

claim('a callback runs in the asynchronous context of its operation', async () => {
  const collection = new Collection();
  const storage = new AsyncLocalStorage();
  const [one, other] = await pair(collection);
  const seen = new Promise((resolve) => storage.run('mine', () => one.read(5, () => resolve(storage.getStore()))));
  await storage.run('another', () => other.write(Buffer.from('hello')));
  assert.equal(await seen, 'mine');
  await collection.close();
});

claim('a closed collection rejects what was pending, and its acceptors end', async () => {
  const collection = new Collection();
  const [one] = await pair(collection);
  const read = assert.rejects(one.read(5), Canceled);
  const acceptor = collection.listenTcp('127.0.0.1', 0);
  const iterated = (async () => { for await (const state of acceptor) assert.fail(state); })();
  const accepted = assert.rejects(acceptor.accept(), Canceled);
  await collection.close();
  await Promise.all([read, accepted, iterated]);
  await assert.rejects(one.write(Buffer.from('late')), { code: 'ERR_CLOSED' });
  await one.close();
  await collection.close();
});
