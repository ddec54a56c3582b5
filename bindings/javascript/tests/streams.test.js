'use strict';

const assert = require('node:assert/strict');
const { createHash, randomBytes } = require('node:crypto');
const { setImmediate: nextTurn } = require('node:timers/promises');

const aiostate = require('aiostate');
const { INPUT, OK, ERR_CANCELED, ERR_CONNECTION_REFUSED } = aiostate;
const { called, exchange, pair, readAll, scenario, withEcho } = require('./vocabulary.js');

const MIB = 2 ** 20;

scenario('write_timeout', async (collection) => {
  const [writer, reader] = await pair(collection);
  const sent = randomBytes(64 * MIB);
  const error = await writer.write(sent, { timeout: 0.2 }).catch((refused) => refused);
  assert.ok(error instanceof aiostate.Timeout);
  assert.ok(error.count < sent.length);
  writer.close();
  const received = await readAll(reader);
  assert.equal(received.length, error.count);
  assert.ok(received.equals(sent.subarray(0, error.count)));
});

/** A port that nobody listens at. */
async function freePort(collection) {
  const acceptor = collection.listenTcp('127.0.0.1', 0);
  await acceptor.close();
  return acceptor.localPort();
}

scenario('error_callback', async (collection) => {
  const [connected, connect] = called();
  const [failed, fail] = called();
  const state = collection.connectTcp('127.0.0.1', await freePort(collection), connect);
  state.read(5, { errorCallback: fail }, () => assert.fail('The read has not succeeded.'));
  assert.deepEqual(await connected, [state, ERR_CONNECTION_REFUSED]);
  const [which, bytes, status] = await failed;
  assert.deepEqual([which, bytes.length, status], [state, 0, ERR_CONNECTION_REFUSED]);
});

/** Consumes lines as they are complete, until so many have come. */
function takeLines(state, wanted) {
  return new Promise((resolve) => {
    const lines = [];
    let shown = 0;
    state.readWithChecking((_, bytes) => {
      assert.equal(state.oldLength, shown);
      const complete = bytes.lastIndexOf('\n') + 1;
      lines.push(...bytes.toString('latin1', 0, complete).split('\n').slice(0, -1));
      shown = bytes.length - complete;
      if (lines.length < wanted) return void state.discard(complete);
      state.finishRead(complete);
      resolve(lines);
    });
  });
}

scenario('checking', async (collection) => {
  const [sender, reader] = await pair(collection);
  const text = Buffer.from('one\ntwo\nthree\n');
  for (let cut = 0; cut <= text.length; cut++) {
    const lines = takeLines(reader, 3);
    await sender.write(text.subarray(0, cut));
    await nextTurn(); // so that the pieces come apart
    await sender.writeBuffers([text.subarray(cut), Buffer.from('!')]);
    assert.deepEqual(await lines, ['one', 'two', 'three']);
    assert.equal((await reader.read(1)).toString(), '!');
  }
});

scenario('framing', async (collection) => {
  const [sender, reader] = await pair(collection);
  const format = { lengthSize: 2, maximum: 100 };
  const text = Buffer.from('ab\r\n\0\x07payload12345', 'latin1');
  for (let cut = 0; cut <= text.length; cut++) {
    const line = reader.readUntil('\r\n');
    await sender.write(text.subarray(0, cut));
    await nextTurn();
    await sender.write(text.subarray(cut));
    assert.equal((await line).toString(), 'ab\r\n');
    assert.equal((await reader.readFrame({ ...format, strip: 2 })).toString(), 'payload');
    assert.equal((await reader.read(5)).toString(), '12345');
  }
  await sender.write(Buffer.from('\x01\0', 'latin1'));
  await assert.rejects(reader.readFrame(format), { code: 'ERR_LIMIT' });
});

scenario('abort', async (collection) => {
  const [one, other] = await pair(collection);
  const aborted = assert.rejects(one.read(5), aiostate.Canceled);
  await one.abort(INPUT);
  await aborted;
  await other.write(Buffer.from('hello'));
  assert.equal((await one.read(5)).toString(), 'hello');
});

scenario('close_in_callback', async (collection) => {
  const [one, other] = await pair(collection);
  const order = [];
  await new Promise((resolve) => {
    one.read(5, (_, bytes, status) => {
      order.push(['first', bytes.toString(), status]);
      one.read(5, (__, ___, second) => order.push(['second', second]));
      one.close((__, closed) => resolve(order.push(['close', closed])));
    });
    other.write(Buffer.from('hello'));
  });
  assert.deepEqual(order, [['first', 'hello', OK], ['second', ERR_CANCELED], ['close', OK]]);
});

scenario('large', async (collection) => {
  const ends = await pair(collection);
  const sum = (bytes) => createHash('sha256').update(bytes).digest('hex');
  const sent = ends.map(() => randomBytes(32 * MIB));
  const received = await Promise.all(ends.map((state, i) => exchange(state, sent[i])));
  assert.deepEqual(received.map(sum), sent.map(sum).reverse());
});

scenario('many', async (collection) => {
  const trips = async (state, name) => {
    for (let trip = 0; trip < 20; trip++) {
      const bytes = Buffer.from(`${name} ${trip}`);
      assert.deepEqual(await exchange(state, bytes), bytes);
    }
    await state.close();
  };
  await withEcho(collection, async (port) => {
    const states = await Promise.all(Array.from({ length: 200 }, () => collection.connectTcp('127.0.0.1', port)));
    await Promise.all(states.map(trips));
  });
  assert.equal(collection.counters().openStates(), 0);
});
