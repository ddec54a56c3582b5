'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const { test } = require('node:test');

const { Collection } = require('aiostate');

const DEADLINE = 30_000;

function note(...fields) {
  if (process.env.AIO_RESULTS) fs.appendFileSync(process.env.AIO_RESULTS, `${fields.join('\t')}\n`);
}

/** A test that is not in the table. */
function claim(name, body, timeout = DEADLINE) {
  test(name, { timeout }, body);
}

/** A test of the table: body(collection) with a collection of its own. */
function scenario(name, body) {
  test(name, { timeout: DEADLINE }, async (t) => {
    let outcome = 'failed';
    t.after(() => note(name, outcome));
    const collection = new Collection();
    try {
      await body(collection);
      outcome = 'ok';
    } finally {
      await collection.close();
    }
  });
}

function skipped(name, reason) {
  test(name, { skip: reason });
  note(name, 'skipped', reason);
}

/** Two states that are connected with each other. */
async function pair(collection) {
  const acceptor = collection.listenTcp('127.0.0.1', 0);
  const ends = await Promise.all([
    collection.connectTcp('127.0.0.1', acceptor.localPort()),
    acceptor.accept(),
  ]);
  await acceptor.close();
  return ends;
}

/** Sends bytes and reads as many back. */
async function exchange(state, bytes) {
  const [back] = await Promise.all([state.read(bytes.length), state.write(bytes)]);
  return back;
}

/** Echoes all that comes until its end, and closes. */
async function echo(state) {
  for await (const bytes of state) await state.write(bytes);
  await state.close();
}

/** Calls body(port) while all who connect to the port are echoed; options are the acceptor's. */
async function withEcho(collection, body, options) {
  const acceptor = collection.listenTcp('127.0.0.1', 0, options);
  const served = (async () => {
    const echoes = [];
    for await (const state of acceptor) echoes.push(echo(state));
    await Promise.all(echoes);
  })();
  served.catch(() => {}); // if the body fails, that is what to tell
  await body(acceptor.localPort());
  await acceptor.close();
  await served;
}

/** Calls body(state) with a state whose peer echoes. */
function toEcho(collection, body) {
  return withEcho(collection, async (port) => {
    const state = await collection.connectTcp('127.0.0.1', port);
    await body(state);
    await state.close();
  });
}

async function readAll(state) {
  const pieces = [];
  for await (const bytes of state) pieces.push(bytes);
  return Buffer.concat(pieces);
}

/** A promise, and the callback that keeps it with what it is called with. */
function called() {
  let callback;
  const promise = new Promise((resolve) => (callback = (...values) => resolve(values)));
  return [promise, callback];
}

/** Runs a program in a process of its own; whenItSays(line, child) is called with each line that it prints. */
async function program(text, whenItSays = () => {}) {
  const child = spawn(process.execPath, ['-e', text], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors] = [[], []];
  child.stdout.on('data', (data) => {
    output.push(data);
    for (const line of String(data).split('\n')) whenItSays(line, child);
  });
  child.stderr.on('data', (data) => errors.push(data));
  const [status, signal] = await once(child, 'close');
  return { status, signal, output: Buffer.concat(output).toString(), errors: Buffer.concat(errors).toString() };
}

module.exports = { called, claim, echo, exchange, pair, program, readAll, scenario, skipped, toEcho, withEcho };
