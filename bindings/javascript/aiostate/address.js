'use strict';

const { inspect } = require('node:util');

const low = require('./low.node');

// Of the addresses that the library hands out, and of those that are made here.
const shared = Object.getPrototypeOf(low.Address.prototype);

/** A socket address: new Address(numericHost, port), Address.fromPath(path). */
class Address {
  constructor(host, port) {
    const address = new low.Address();
    address.parse(host, port);
    return address;
  }

  static fromPath(path) {
    const address = new low.Address();
    address.fromPath(path);
    return address;
  }

  static [Symbol.hasInstance](value) {
    return Object.prototype.isPrototypeOf.call(shared, value);
  }
}

Object.assign(shared, {
  toString() {
    return this.format();
  },
  [inspect.custom]() {
    return `Address { ${this.format()} }`;
  },
});

/** A datagram that was received. */
class Message {
  constructor(data, address, truncated) {
    this.data = data;
    this.address = address;
    this.truncated = truncated;
  }
}

module.exports = { Address, Message };
