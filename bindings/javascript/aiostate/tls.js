'use strict';

const low = require('./low.node');
const { lowerOptions } = require('./options.js');

/**
 * Certificates and trust: new TlsContext(TLS_CLIENT, { trustFile }), or with TLS_SERVER and { certificateFile, keyFile }.
 * Files are PEM, and so are bytes or texts in memory: { trustData }.
 */
class TlsContext extends low.TlsContext {
  constructor(side, options) {
    super();
    this.create(side, lowerOptions('TlsOptions', options));
  }

  /** Gives later connections other certificates; without options the same files are read again. */
  reload(options) {
    super.reload(lowerOptions('TlsOptions', options));
  }
}

module.exports = { TlsContext };
