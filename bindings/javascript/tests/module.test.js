'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Worker } = require('node:worker_threads');

const aiostate = require('aiostate');
const { claim, program } = require('./vocabulary.js');

const BUILD = process.env.AIO_BUILD;
const layer = (file) => path.join(BUILD, 'layer', file);
const { Tokens } = require(layer('tokens.js'));

claim('libuv and OpenSSL are the module\'s own, not node\'s', () => {
  const { linked } = require(path.join(BUILD, 'tests', 'linked.node'));
  const { process_uv_run: ofTheProcess, ...own } = linked(layer('low.node'));
  assert.deepEqual(own, { uv_run: layer('low.node'), SSL_new: layer('low.node') });
  assert.ok(ofTheProcess);
  assert.notEqual(ofTheProcess, layer('low.node'));
});

claim('ES modules import by name what require gives', () => {
  const text = `
    import aiostate, * as names from 'aiostate';
    import assert from 'node:assert/strict';
    import { createRequire } from 'node:module';
    const required = createRequire(import.meta.url)('aiostate');
    const { default: whole, ...named } = names;
    assert.deepEqual({ ...named }, required);
    assert.ok(aiostate === required && whole === required);
  `;
  execFileSync(process.execPath, ['--input-type=module', '-e', text], { cwd: BUILD });
});

claim('a worker is told why it cannot load the package', async () => {
  const worker = new Worker('require("aiostate")', { eval: true });
  const error = await new Promise((resolve) => worker.once('error', resolve));
  assert.match(error.message, /main thread/);
});

claim('tokens begin anew behind the largest, and pass over those that wait', () => {
  const tokens = new Tokens(2 ** 31 - 3);
  const used = [tokens.add(() => {}), tokens.add(() => {}), tokens.add(() => {})];
  assert.deepEqual(used, [2 ** 31 - 2, 2 ** 31 - 1, 1]);
  const again = new Tokens();
  const standing = again.add(() => {});
  for (let i = 0; i < 5; i++) again.forget(again.addQuiet(() => {}));
  assert.equal(again.pending, 1);
  assert.notEqual(again.add(() => {}), standing);
});

claim('errors point to the caller', async () => {
  const { errors } = await program(`
    const { Collection } = require('aiostate');
    function caller() { new Collection().createUdp('127.0.0.1', 0).read(5, () => {}); }
    caller();
  `);
  assert.match(errors, /at caller/);
  assert.match(errors, /code: 'ERR_UNSUPPORTED'/);
});

/** The compiler and node's types, which only this test needs; false if there are none to be had. */
function getTypeScript(folder) {
  if (fs.existsSync(path.join(folder, 'node_modules', '.bin', 'tsc'))) return true;
  const tools = ['typescript@5.9', '@types/node@20'];
  return spawnSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', ...tools]).status === 0;
}

claim('the types are those of the package', (t) => {
  const folder = path.join(BUILD, 'types');
  fs.mkdirSync(folder, { recursive: true });
  if (!getTypeScript(folder)) return t.skip('the npm registry does not give typescript');
  const link = path.join(folder, 'node_modules', 'aiostate');
  fs.rmSync(link, { force: true });
  fs.symlinkSync(path.join(BUILD, 'layer'), link);
  fs.copyFileSync(path.join(__dirname, 'types.mts'), path.join(folder, 'types.mts'));
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--preserveSymlinks', 'types.mts'];
  const compiled = spawnSync(path.join(folder, 'node_modules', '.bin', 'tsc'), options, { cwd: folder });
  assert.equal(String(compiled.stdout), '');
  assert.equal(compiled.status, 0);
}, 300_000);

claim('every export has a type, and every type a value', () => {
  const types = ['index.d.ts', 'operations.d.ts'].map((file) => fs.readFileSync(layer(file), 'utf8')).join('');
  const declared = Array.from(types.matchAll(/^export (?:class|const|function) (\w+)/gm), ([, name]) => name);
  assert.deepEqual(Object.keys(aiostate).sort(), declared.sort());
});
