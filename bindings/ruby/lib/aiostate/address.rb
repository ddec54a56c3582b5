# frozen_string_literal: true

module Aiostate
  # The address of a socket: a numeric host and a port, or the path of a Unix socket.
  class Low::Address
    # Address.ip("127.0.0.1", 80)
    def self.ip(host, port) = new.tap { |address| address.parse(host, port) }

    # Address.unix("/run/some.socket"); on Linux "@name" is an abstract name.
    def self.unix(path) = new.tap { |address| address.from_path(path) }

    # "127.0.0.1:80", "[::1]:80", or a path.
    def to_s = family.zero? ? "" : format

    def inspect = "#<Aiostate::Address #{self}>"

    def ==(other) = other.is_a?(Address) && equals(other)
    alias eql? ==

    def hash = to_s.hash
  end

  Address = Low::Address

  # A datagram that was received.
  Message = Struct.new(:data, :address, :truncated) do
    # Whether its end did not fit, and is lost.
    alias_method :truncated?, :truncated
  end
end
