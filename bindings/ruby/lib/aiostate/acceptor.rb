# frozen_string_literal: true

require "aiostate/operation"
require "aiostate/operations"
require "aiostate/state"

module Aiostate
  # A listening socket, made by Collection#listen_tcp, #listen_unix and #listen_socket.
  #
  # The block gets the acceptor and each connection; +error_callback+ and +tls_error_callback+ get the acceptor, a status and
  # a text. Without a block connections wait for #accept and #each.
  class Acceptor < Low::Acceptor
    include AcceptorOperations
    include Enumerable

    # Connections that nobody has asked for yet; beyond, the kernel keeps them.
    BACKLOG = 64
    private_constant :BACKLOG

    # Where it lives.
    attr_reader :collection

    def initialize(collection) # :nodoc:
      super()
      @collection = collection
      @driver = collection.driver
      @kept = []
      @takers = []
      @lock = Mutex.new # of the two above
      @closed = false
    end

    # The next connection, of those that no block was given for; Canceled once the acceptor is closed.
    def accept
      next_state || raise(Error.for(Low::ERR_CANCELED))
    end

    # Yields connections as they come, until the acceptor is closed.
    def each
      return to_enum unless block_given?

      while (state = next_state)
        yield state
      end
      self
    end

    # Listens no more. The block is called with the acceptor and a status when the port is free; without one that is awaited.
    def close(&callback)
      @closed = true
      operation = callback ? Callback.new(Kind::CHANGE, self, callback) : Operation.new(Kind::CHANGE, self)
      @driver.submit(operation) { |token| super(token) }
      @driver.forget(@token)
      @kept.shift.close {} until @kept.empty?
      @takers.shift.finish until @takers.empty?
      @driver.wait(operation) unless callback
      self
    end

    def closed? = @closed

    def call(event) # :nodoc:
      case event.kind
      when Low::EVENT_ACCEPTED
        state = State.new(@homes[event.home])
        event.take_state(state)
        @callback ? @callback.call(self, state) : keep(state)
      when Low::EVENT_ACCEPT_ERROR then @error_callback&.call(self, event.status, event.text)
      when Low::EVENT_TLS_ERROR then @tls_error_callback&.call(self, event.status, event.text)
      end
    end

    private

    def listen(callback, options)
      @callback = callback
      @error_callback = options.delete(:error_callback)
      @tls_error_callback = options.delete(:tls_error_callback)
      @homes = [*options[:collections], @collection]
      given = Lowering.options(Low::AcceptOptions, options)
      @token = @driver.submit(self) { |token| yield token, given }
      self
    end

    def keep(state)
      serve { @kept << state }
    end

    def next_state
      return if closed?

      taker = Waiter.new
      serve { @takers << taker }
      @driver.wait(taker)
      taker.outcome
    ensure
      serve { @takers.delete(taker) }
    end

    # Hands out what there is after the block.
    def serve
      @lock.synchronize do
        was_full = full?
        yield
        @takers.shift.finish(@kept.shift) until @takers.empty? || @kept.empty?
        next if full? == was_full

        full? ? pause : resume
      end
    end

    def full? = @kept.size >= BACKLOG
  end
end
