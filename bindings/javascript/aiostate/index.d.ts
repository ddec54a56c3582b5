/// <reference types="node" />

import type {
  AcceptorFunctions,
  AddressFunctions,
  CollectionFunctions,
  IoOptions,
  RateLimit,
  StateCallback,
  StateFunctions,
  TlsContextFunctions,
  TlsOptions,
} from './operations.js';

export * from './operations.js';

/** An operation was refused or did not complete. */
export class AioError extends Error {
  /** One of the statuses, such as ERR_BUSY. */
  readonly status: number;
  /** Its name, such as 'ERR_BUSY'. */
  readonly code: string;
  /** Of a read, the bytes that came. */
  readonly data: Buffer;
  /** Of a write, how many bytes went out; of sendMessages, how many messages. */
  readonly count: number;
}

/** The peer has ended its side of the stream. */
export class EndOfStream extends AioError {}

/** The time given for the operation is over. */
export class Timeout extends AioError {}

/** The operation was aborted, or its state or collection was closed. */
export class Canceled extends AioError {}

export interface Address extends AddressFunctions {}

/** A socket address. */
export class Address {
  constructor(numericHost: string, port: number);
  static fromPath(path: string): Address;
  toString(): string;
}

/** A datagram that was received. */
export class Message {
  readonly data: Buffer;
  readonly address: Address;
  readonly truncated: boolean;
}

export interface TlsContext extends TlsContextFunctions {}

/** Certificates and trust. Files are PEM, and so are bytes or texts in memory. */
export class TlsContext {
  /** side: TLS_CLIENT or TLS_SERVER. */
  constructor(side: number, options?: TlsOptions | null);
  /** Gives later connections other certificates; without options the same files are read again. */
  reload(options?: TlsOptions | null): void;
}

/** Made by a collection's `timer`. */
export class Timer {
  private constructor();
  /** No call begins any more. */
  stop(): void;
}

export interface State extends StateFunctions {}

/** A socket and its operations, each with a timeout, an exact count, and one completion. */
export class State implements AsyncIterable<Buffer> {
  private constructor();
  readonly collection: Collection;
  /** In the callback of readWithChecking: how many of the bytes an earlier call has shown. */
  readonly oldLength: number;
  /** The stream in pieces as they come, until its end. */
  [Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined>;
  /** Datagrams as they come. */
  messages(options?: IoOptions | null): AsyncGenerator<Message, void, undefined>;
  /** Drops the first `count` of the bytes that readWithChecking shows; returns how many are left. */
  discard(count: number): number;
  /** The same, and ends the standing read: nothing more is called, and a new read may start at once. */
  finishRead(count: number): number;
  /** Lets a direction (INPUT, OUTPUT, BOTH) move no faster than that; null: no limit. */
  setRateLimit(direction: number, limit: RateLimit | null): void;
  /** Calls drained when the queued bytes have reached `high` and fallen to `low`; null: no more. */
  setWriteMarks(high: number, low: number, drained: StateCallback | null): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Acceptor extends AcceptorFunctions {}

/** A listening socket. */
export class Acceptor implements AsyncIterable<State> {
  private constructor();
  readonly collection: Collection;
  /** The next connection, if the acceptor was made without a callback. Rejected with Canceled once it is closed. */
  accept(): Promise<State>;
  /** Connections as they come, until the acceptor is closed. */
  [Symbol.asyncIterator](): AsyncGenerator<State, void, undefined>;
  /** Listens no more. */
  close(): Promise<void>;
  close(callback: (acceptor: Acceptor, status: number) => void): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Collection extends CollectionFunctions {}

/** An event loop of sockets inside node's. Pending operations, acceptors and timers keep the process alive. */
export class Collection {
  constructor();
  /** Calls back after `delay` seconds and then, if `repeat` is not 0, every `repeat` seconds. */
  timer(delay: number, callback: () => void, repeat?: number): Timer;
  /** Calls back later and in order. */
  apply(callback: () => void): void;
  /** What is pending keeps the process alive: the default. */
  ref(): this;
  /** It does not any more. */
  unref(): this;
  /** Closes all states and acceptors, and ends the collection. What still waits ends with ERR_CANCELED. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
