# frozen_string_literal: true

require "aiostate/lowering"
require "aiostate/operation"
require "aiostate/operations"

module Aiostate
  # A socket and its operations, each with a timeout, an exact count, and one completion. Collection#connect_tcp and the like
  # make it, and so do acceptors.
  #
  # An operation with a block calls it once, with the state, the bytes or the message read or the number of bytes written
  # (where there are any), and the status; an +error_callback+ is called instead if the status is an error. It returns the
  # state at once. Without a block it returns the bytes, the message, the count, or else the state, when it is done, and
  # raises Error if it was not.
  class State < Low::State
    include StateOperations
    include Enumerable

    # Where it lives.
    attr_reader :collection

    # In the block of #read_with_checking: how many of the bytes an earlier call has shown.
    attr_accessor :old_length

    def initialize(collection) # :nodoc:
      super()
      @collection = collection
      @driver = collection.driver
      @old_length = 0
    end

    # Yields the stream in pieces as they come, until its end.
    def each(maximum = 65_536)
      return to_enum(:each, maximum) unless block_given?

      while (bytes = read_some(maximum))
        yield bytes
      end
      self
    end

    # Yields datagrams as they come, each a Message.
    def each_message(maximum = 65_536, **options)
      return to_enum(:each_message, maximum, **options) unless block_given?

      loop { yield receive_message(maximum, **options) }
    end

    # Calls the block with the state and a status when the queued bytes have reached +high+ and fallen to +low+, each time
    # anew; without a block, no more.
    def set_write_marks(high, low, &drained)
      forget_marks
      if drained
        @marks = @driver.submit(Callback.new(Kind::CHANGE, self, drained)) { |token| super(high, low, token) }
      else
        super(high, low, 0)
      end
      self
    end

    def close(**options, &callback)
      forget_marks
      super
    end

    private

    def operate(kind, callback, class_of_options = nil, options = {})
      error_callback = options.delete(:error_callback)
      callback = Callback.divided(callback, error_callback) if error_callback
      given = Lowering.options(class_of_options, options)
      if callback
        @driver.submit(Callback.new(kind, self, callback)) { |token| yield token, given }
        self
      else
        operation = Operation.new(kind, self)
        @driver.submit(operation) { |token| yield token, given }
        complete(operation)
      end
    end

    def complete(operation)
      @driver.wait(operation)
      operation.outcome
    ensure
      @driver.wait(operation) if !operation.done? && operation.call_off
    end

    # The same for an operation with many events.
    def stand(kind, callback, class_of_options, options, &submission)
      raise ArgumentError, "no block given" unless callback

      operate(kind, callback, class_of_options, options, &submission)
    end

    def read_some(maximum)
      read(maximum, minimum: 1)
    rescue EndOfStream
      nil
    end

    def forget_marks
      @driver.forget(@marks) if @marks
      @marks = nil
    end
  end
end
