'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const { TlsContext, TLS_CLIENT, TLS_SERVER } = require('aiostate');
const { exchange, pair, readAll, scenario, withEcho } = require('./vocabulary.js');

const file = (name) => path.join(process.env.AIO_CERTIFICATES, name);

const served = { certificateFile: file('server.pem'), keyFile: file('server.key') };
const serverContext = () => new TlsContext(TLS_SERVER, served);
const trusting = () => new TlsContext(TLS_CLIENT, { trustData: fs.readFileSync(file('ca.pem'), 'utf8') });

scenario('tls_names', (collection) => withEcho(collection, async (port) => {
  const connect = (options) => collection.connectTcp('127.0.0.1', port, options);

  const state = await connect({ tls: trusting(), tlsServerName: 'localhost' });
  assert.equal((await exchange(state, Buffer.from('hello'))).toString(), 'hello');
  assert.equal(state.tlsVersion(), 'TLSv1.3');
  await state.shutdown();
  assert.equal((await readAll(state)).length, 0);

  const stranger = { code: 'ERR_TLS_HOST_NAME', message: /mismatch/ };
  await assert.rejects(connect({ tls: trusting(), tlsServerName: 'other.example' }), stranger);
  const untrusted = connect({ tls: new TlsContext(TLS_CLIENT), tlsServerName: 'localhost' });
  await assert.rejects(untrusted, { code: 'ERR_TLS_CERTIFICATE' });
}, { tls: serverContext() }));

async function lines(one, other) {
  for (const [from, to] of [[one, other], [other, one]]) {
    await from.write(Buffer.from('line\n'));
    assert.equal((await to.readUntil('\n')).toString(), 'line\n');
  }
}

scenario('starttls', async (collection) => {
  const [client, server] = await pair(collection);
  await lines(client, server);
  await Promise.all([client.attachTls(trusting(), { serverName: 'localhost' }), server.attachTls(serverContext())]);
  assert.equal(client.tlsSide(), TLS_CLIENT);
  await lines(client, server);
  await Promise.all([client.detachTls(), server.detachTls(10)]);
  assert.equal(client.tlsSide(), 0);
  await lines(client, server);
});
