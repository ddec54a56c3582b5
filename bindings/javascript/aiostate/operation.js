'use strict';

const low = require('./low.node');
const { Address, Message } = require('./address.js');
const { inContext } = require('./context.js');
const { errorOf } = require('./errors.js');
const { lowerOptions } = require('./options.js');

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

const textOrNull = (value) => (value === undefined || value === null ? null : String(value));

function lowerViews(views) {
  const buffers = new low.Buffers();
  for (const bytes of views) buffers.add(bytes);
  return buffers;
}

function lowerMessages(messages) {
  const list = new low.Messages();
  for (const { data, address = null } of messages) list.add(data, address);
  return list;
}

// How an argument becomes the library's, by the library's name for it; others are passed as they are.
const LOWER = {
  service: textOrNull,
  address: (value) => (value instanceof Address ? value : textOrNull(value)),
  delimiter: (value) => (typeof value === 'string' ? Buffer.from(value) : value),
  format: (value) => lowerOptions('FrameFormat', value),
  timeout: (seconds = 0) => seconds,
  views: lowerViews,
  messages: lowerMessages,
};

const same = (value) => value;

// What an operation gives, by its name or its verb.
const GIVES = {
  read_with_checking(event, state) {
    state.oldLength = event.oldLength();
    return event.bytes();
  },
  read: (event) => event.bytes(),
  receive: (event) => new Message(event.bytes(), event.address(), event.truncated()),
  write: (event) => event.count(),
  send: (event) => event.count(),
};

/** An operation as the library's list describes it: "State.read_until delimiter token IoOptions". */
class Operation {
  #method;
  #parameters;

  constructor(line) {
    const [path, ...names] = line.split(' ');
    const [owner, name] = path.split('.');
    const given = names.filter((other) => other !== 'collection' && other !== 'token');
    this.owner = owner;
    this.name = camel(name);
    this.creates = names.includes('collection');
    this.hasToken = names.includes('token');
    this.gives = GIVES[name] ?? GIVES[name.split('_')[0]];
    this.optionsAt = given.findIndex((other) => other.endsWith('Options'));
    this.#method = low[owner].prototype[this.name];
    this.#parameters = names.map((parameter) => {
      const at = given.indexOf(parameter);
      if (parameter === 'token') return (collection, token) => token;
      if (parameter === 'collection') return (collection) => collection;
      const lower = at === this.optionsAt ? (value) => lowerOptions(parameter, value) : LOWER[parameter] ?? same;
      return (collection, token, values) => lower(values[at]);
    });
  }

  /** Submits it with what the caller has given. */
  start(object, collection, token, given) {
    const values = [];
    for (const parameter of this.#parameters) values.push(parameter(collection, token, given));
    Reflect.apply(this.#method, object, values);
  }
}

const operations = low.operations().trim().split('\n').map((line) => new Operation(line));

// They deliver many times, and so to a callback.
const STANDING = new Set(['readWithChecking', 'receiveMessages']);

/** What an event becomes: a call. */
function toCall(object, gives, callback, errorCallback) {
  return inContext((event) => {
    const status = event.status();
    const chosen = (status < 0 && errorCallback) || callback;
    if (!chosen) return;
    if (gives) chosen(object, gives(event, object), status);
    else chosen(object, status);
  });
}

/** What an event becomes: a value that is awaited, or an error. Until then the object lives. */
function toOutcome(object, gives, resolve, reject) {
  return (event) => {
    if (event.status() === low.OK) resolve(gives?.(event, object));
    else reject(errorOf(event));
  };
}

/** Takes the callback from what a caller has given: it is behind the arguments. */
function takeCallback(given) {
  return typeof given.at(-1) === 'function' ? given.pop() : undefined;
}

/** Starts an operation of a state or an acceptor: with a callback, or for a promise. */
function start(object, operation, given, gives = operation.gives) {
  const callback = takeCallback(given);
  const errorCallback = given[operation.optionsAt]?.errorCallback;
  const { collection } = object;
  const submit = (deliver) => {
    try {
      collection._submit(deliver, (token) => operation.start(object, collection, token, given));
    } catch (error) {
      Error.captureStackTrace(error, start); // the caller's line matters
      throw error;
    }
  };

  if (callback || errorCallback) {
    submit(toCall(object, operation.gives, callback, errorCallback));
    return undefined;
  }
  return new Promise((resolve, reject) => {
    if (STANDING.has(operation.name)) throw new TypeError(`${operation.name} delivers many times: give it a callback.`);
    submit(toOutcome(object, gives, resolve, reject));
  });
}

/** Gives a class a method that is called name(...given). */
function addMethod(Class, name, body) {
  const method = { [name](...given) { return body(this, given); } }[name];
  Object.defineProperty(Class.prototype, name, { value: method, writable: true, configurable: true });
}

module.exports = { operations, start, takeCallback, addMethod };
