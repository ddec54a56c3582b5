'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const aiostate = require('aiostate');
const { AioError, OK } = aiostate;
const { called, exchange, pair, scenario, toEcho } = require('./vocabulary.js');

const low = require(path.join(process.env.AIO_BUILD, 'layer', 'low.node'));

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

scenario('functions', () => {
  const lines = fs.readFileSync(process.env.AIO_FUNCTIONS, 'utf8').trim().split('\n');
  for (const line of lines) {
    const [owner, name] = line.includes('.') ? line.split('.') : [null, line];
    const home = owner === null ? aiostate : owner === 'Address' ? low.Address.prototype : aiostate[owner].prototype;
    assert.equal(typeof home[camel(name)], 'function', line);
  }
  assert.ok(lines.length > 90);
});

function echoOnce(acceptor, connect) {
  const [answered, answer] = called();
  const client = connect((state, status) => {
    assert.equal(status, OK);
    state.write(Buffer.from('hello'), (_, count) => assert.equal(count, 5));
    state.read(5, answer);
  });
  return answered.then(([state, bytes, status]) => {
    assert.deepEqual([state, bytes.toString(), status], [client, 'hello', OK]);
    state.close();
    acceptor.close();
  });
}

function echoBack(_, state) {
  state.read(5, (__, bytes) => state.write(bytes, () => state.close()));
}

scenario('echo', async (collection) => {
  const tcp = collection.listenTcp('127.0.0.1', 0, echoBack);
  await echoOnce(tcp, (callback) => collection.connectTcp('127.0.0.1', tcp.localPort(), callback));

  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'aiostate-'));
  const file = path.join(folder, 'socket');
  await echoOnce(collection.listenUnix(file, echoBack), (callback) => collection.connectUnix(file, callback));
  fs.rmSync(folder, { recursive: true });
});

scenario('bytes', (collection) => toEcho(collection, async (state) => {
  const large = Buffer.alloc(100_000_000, 'sent and come back ');
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(1), Buffer.from([...Array(256).keys()]), large]) {
    assert.ok(bytes.equals(await exchange(state, bytes)));
  }
  assert.deepEqual(await exchange(state, new Uint8Array([1, 2])), Buffer.from([1, 2]));
  for (const wrong of ['text', 5, undefined, [1, 2]]) {
    assert.throws(() => state.write(wrong, () => {}), TypeError);
    await assert.rejects(state.write(wrong), TypeError);
  }
}));

scenario('refusals', async (collection) => {
  const [one, other] = await pair(collection);
  const running = one.read(5);

  const busy = { status: aiostate.ERR_BUSY, code: 'ERR_BUSY', message: /./ };
  await assert.rejects(one.read(5), busy);
  assert.throws(() => one.read(5, () => {}), busy);
  assert.throws(() => one.read(5, () => {}), AioError);
  const invalid = { status: aiostate.ERR_INVALID_ARGUMENT, code: 'ERR_INVALID_ARGUMENT' };
  await assert.rejects(one.write(Buffer.alloc(1), { timeout: -1 }), invalid);
  await assert.rejects(one.write(Buffer.alloc(1), { timeuot: 1 }), { name: 'TypeError', message: /timeuot/ });
  await assert.rejects(one.close({ timeout: 1 }), { name: 'TypeError', message: /timeout/ });
  assert.throws(() => collection.listenTcp('127.0.0.1', 0, { backlgo: 5 }), { name: 'TypeError', message: /backlgo/ });

  await other.write(Buffer.from('hello'));
  assert.equal((await running).toString(), 'hello');
});
