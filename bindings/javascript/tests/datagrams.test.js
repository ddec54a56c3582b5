'use strict';

const assert = require('node:assert/strict');

const { Address } = require('aiostate');
const { scenario } = require('./vocabulary.js');

const open = (collection) => collection.createUdp('127.0.0.1', 0);

scenario('datagrams', async (collection) => {
  const [server, client] = [open(collection), open(collection)];
  const address = new Address('127.0.0.1', server.localAddress().port());

  for (const text of ['one', '', 'three']) {
    await client.sendMessageToAddress(address, Buffer.from(text));
    const question = await server.receiveMessage(100);
    assert.deepEqual([question.data.toString(), question.truncated], [text, false]);
    assert.ok(question.address.equal(client.localAddress()));
    await server.sendMessageToAddress(question.address, question.data);
    const answer = await client.receiveMessage(100);
    assert.deepEqual([answer.data.toString(), `${answer.address}`], [text, `${address}`]);
  }

  await client.sendMessageToHost('127.0.0.1', address.port(), Buffer.from('longer'));
  const cut = await server.receiveMessage(4);
  assert.deepEqual([cut.data.toString(), cut.truncated], ['long', true]);

  const texts = ['a', 'b', 'c'];
  const received = new Promise((resolve) => {
    const found = [];
    server.receiveMessages((state, message) => {
      if (found.push(message.data.toString()) < texts.length) return;
      state.finishRead(0);
      resolve(found);
    });
  });
  const count = await client.sendMessages(texts.map((text) => ({ data: Buffer.from(text), address })));
  assert.deepEqual([count, await received], [3, texts]);

  await client.sendMessageToAddress(address, Buffer.from('next'));
  for await (const message of server.messages()) {
    assert.equal(message.data.toString(), 'next');
    break;
  }
});
