# frozen_string_literal: true

require "aiostate/acceptor"
require "aiostate/driver"
require "aiostate/operations"
require "aiostate/state"
require "aiostate/timer"
require "aiostate/values"

module Aiostate
  # An event loop of sockets.
  #
  #   Aiostate::Collection.open do |collection|
  #     state = collection.connect_tcp("localhost", 7)
  #     state.write("hello")
  #     puts state.read(5)
  #   end
  #
  # It is driven by #run and the like, and by operations that are called without a block; under a Fiber scheduler these
  # block their fiber only. One thread at a time drives, and in that thread blocks are called. Everything else may be called
  # on any thread.
  class Collection < Low::Collection
    include CollectionOperations

    # Yields a new collection, and closes it behind the block; without a block it is the same as +new+.
    def self.open
      collection = new
      return collection unless block_given?

      begin
        yield collection
      ensure
        collection.close
      end
    end

    attr_reader :driver # :nodoc:

    def initialize
      super
      @driver = Driver.new(self)
      @closed = false
    end

    # Moves bytes and calls back until #stop or #close. An exception of a block ends it, too; it can be called again.
    def run
      raise Error.for(Low::ERR_CLOSED) if closed?

      @driver.claim { @driver.turn until stopping? || closed? }
    end

    # The same until the block gives something true, which is returned; Aiostate::Timeout if that takes more than +timeout+
    # seconds.
    def run_until(timeout: nil)
      deadline = now + timeout if timeout
      @driver.claim do
        until (result = yield)
          left = deadline ? [deadline - now, 0.0].max : Low::NO_TIMEOUT
          outcome = @driver.turn(left)
          raise Error.for(Low::TIMEOUT) if outcome == Low::WAIT_TIMEOUT && left.zero?
        end
        result
      end
    end

    # One turn: moves bytes for at most +timeout+ seconds and calls back.
    def poll(timeout = 0.0)
      @driver.claim { @driver.turn(timeout) }
      self
    end

    ##
    # :method: stop
    # Has #run return; from a block, another thread, a signal handler, or before it has begun.

    ##
    # :method: wake
    # Has the thread or fiber that drives look round once; from anywhere.

    ##
    # :method: counters
    # What the states have done: an object with the methods bytes_read, bytes_written, callbacks, open_states ...

    ##
    # :method: descriptor
    # A file descriptor that is readable when there is something to do, for an event loop of your own. That one calls #poll
    # then, and when #next_timeout seconds are over.

    # Has the block called by the thread that drives, later and in order.
    def apply(&block)
      raise ArgumentError, "no block given" unless block

      @driver.submit(->(_event) { block.call }) { |token| super(token) }
      self
    end

    # Calls the block after +delay+ seconds and then, if +repeat+ is given, every +repeat+ seconds.
    def timer(delay, repeat: 0.0, &block)
      raise ArgumentError, "no block given" unless block

      Timer.new(self, delay, repeat, block)
    end

    # Blocks its caller for some seconds, while the collection goes on.
    def sleep(seconds)
      waiter = Waiter.new
      timer = timer(seconds) { waiter.finish }
      @driver.wait(waiter)
    ensure
      timer&.stop
    end

    # Closes all states and acceptors, calls what still waits back with ERR_CANCELED, and ends the collection.
    def close
      return if closed?

      @driver.claim do
        @closed = true
        destroy
        @driver.dispatch
      end
    end

    def closed? = @closed

    private

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end
