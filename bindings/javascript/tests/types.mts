// Compiled, not run: what users write has the types that they expect.
import aiostate, { Address, AioError, Collection, EOF, ERR_BUSY, State, TLS_CLIENT, TlsContext, version } from 'aiostate';
import type { BufferCallback, ConnectOptions, Counters } from 'aiostate';

const collection: Collection = new aiostate.Collection();
const tls = new TlsContext(TLS_CLIENT, { trustFile: 'ca.pem' });
const options: ConnectOptions = { connectTimeout: 5, tls, nodelay: true };

const state: State = await collection.connectTcp('localhost', 443, options);
const at_once: State = collection.connectTcp('localhost', 'https', (made: State, status: number) => made.close());
const answer: Buffer = await state.read(5, { minimum: 1, timeout: 2.5 });
const sent: number = await state.write(new Uint8Array(5));
const line: Promise<Buffer> = state.readUntil('\n');
const later: BufferCallback = (_, bytes, status) => console.log(bytes.length, status === EOF);
state.readWithChecking({ errorCallback: later }, later);
state.readFrame({ lengthSize: 2, littleEndian: false }, { timeout: 1 }, later);
state.detachTls((_, status) => console.log(status));
await state.detachTls(2);

for await (const bytes of at_once) console.log(bytes.toString('hex'));
for await (const accepted of collection.listenTcp(null, 0, { backlog: 5 })) await accepted.close({ linger: 1 });

const udp = collection.createUdp();
for await (const { data, address, truncated } of udp.messages({ timeout: 1 })) {
  if (!truncated && address.equal(new Address('127.0.0.1', 5))) await udp.sendMessages([{ data, address }]);
}

const counters: Counters = collection.counters();
const numbers: number[] = [counters.openStates(), state.queuedBytes(), sent, answer.length, (await line).length];
console.log(version().toUpperCase(), numbers);
try {
  await collection.close();
} catch (error) {
  if (error instanceof AioError && error.status === ERR_BUSY) console.log(error.code, error.data, error.count);
}

// @ts-expect-error: no such option
state.read(5, { timeuot: 1 });
// @ts-expect-error: bytes, not a text
state.write('text');
// @ts-expect-error: a standing read gives no promise
state.readWithChecking();
// @ts-expect-error: made by a collection
new State();
