# frozen_string_literal: true

require "aiostate/low"
require "aiostate/error"

# Asynchronous sockets (TCP, UDP, Unix, TLS) that call back once, when the whole job is done.
#
# A Collection is an event loop; it makes states (sockets) and acceptors. Their operations take a block, which is called
# when they have ended; without one they wait until then, and give what they have come to.
module Aiostate
  Low.constants.grep(/\A[A-Z][A-Z0-9_]*\z/).each { |name| const_set(name, Low.const_get(name)) }

  # The version of the library and of the gem, such as "0.1.0".
  VERSION = Low.version

  class << self
    # Whether the library has a feature on this system, such as "tls" or "reuse_port".
    def feature?(name) = Low.feature?(name)

    # The name of a status, such as "ERR_BUSY".
    def status_name(status) = Low.status_name(status).delete_prefix("AIO_")

    # A sentence about a status.
    def status_message(status) = Low.status_message(status)
  end
end

require "aiostate/collection"
