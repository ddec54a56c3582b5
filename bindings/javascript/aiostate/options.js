'use strict';

const low = require('./low.node');

// What callers may give beside what the library takes.
const OF_THE_LAYER = { IoOptions: ['errorCallback'], AcceptOptions: ['errorCallback', 'tlsErrorCallback'] };

function lowerValue(name, value) {
  if (typeof value === 'boolean') return value ? low.YES : low.NO;
  if (typeof value === 'string' && name.endsWith('Data')) return Buffer.from(value);
  return name.endsWith('Service') ? String(value) : value;
}

/** The names of a class's options, each with set(target, value). True and false are choices; of lists each is added. */
function settersOf(className) {
  const setters = new Map();
  const { prototype } = low[className];
  for (const method of Object.getOwnPropertyNames(Object.getPrototypeOf(prototype))) {
    const [, verb, first, rest] = /^(set|add)([A-Z])(.*)/.exec(method) ?? [];
    const name = `${first}`.toLowerCase() + rest;
    const set = (target, value) => prototype[method].call(target, lowerValue(name, value));
    if (verb === 'set') setters.set(name, set);
    if (verb === 'add') setters.set(`${name}s`, (target, values) => Array.from(values, (value) => set(target, value)));
  }
  return setters;
}

/** Makes objects of one of the library's classes of options from plain ones. */
class OptionsClass {
  constructor(className) {
    this.className = className;
    this.setters = settersOf(className);
    this.others = new Set(OF_THE_LAYER[className]);
  }

  lower(options) {
    this.check(options);
    const target = new low[this.className]();
    for (const [name, set] of this.setters) {
      const value = options[name];
      if (value !== undefined && value !== null) set(target, value);
    }
    return target;
  }

  check(options) {
    if (typeof options !== 'object') throw new TypeError('Options must be an object.');
    for (const name of Object.keys(options)) {
      if (!this.setters.has(name) && !this.others.has(name)) throw new TypeError(`There is no option '${name}'.`);
    }
  }
}

/**
 * The same for options that are numbers, 0 if not given, and copied in the call: one object serves all, and what it says
 * already is not set again, since programs give the same few over and over.
 */
class ReusedOptions extends OptionsClass {
  #target = new low[this.className]();
  #said = new Map();

  lower(options) {
    this.check(options);
    for (const [name, set] of this.setters) {
      const value = options[name] ?? 0;
      if (value === (this.#said.get(name) ?? 0)) continue;
      set(this.#target, value);
      this.#said.set(name, value);
    }
    return this.#target;
  }
}

const classes = new Map(['IoOptions', 'FrameFormat'].map((name) => [name, new ReusedOptions(name)]));

/** What the library takes for options that were given; null for none. */
function lowerOptions(className, options) {
  if (options === undefined || options === null) return null;
  if (!classes.has(className)) classes.set(className, new OptionsClass(className));
  return classes.get(className).lower(options);
}

module.exports = { lowerOptions };
