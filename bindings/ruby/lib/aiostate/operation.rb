# frozen_string_literal: true

require "aiostate/error"
require "aiostate/kind"

module Aiostate
  # What an operation with a block ends as: a call.
  class Callback # :nodoc:
    # A callback that calls one of two, which may be nil.
    def self.divided(callback, error_callback)
      ->(*arguments, status) { (status.negative? ? error_callback : callback)&.call(*arguments, status) }
    end

    def initialize(kind, state, callback)
      @kind = kind
      @state = state
      @callback = callback
    end

    def call(event)
      if @kind.value?
        @callback.call(@state, @kind.value(event, @state), event.status)
      else
        @callback.call(@state, event.status)
      end
    end
  end

  # What a caller is blocked for.
  class Waiter # :nodoc:
    # Woken with what is put here; only while somebody else drives.
    attr_writer :queue

    def initialize
      @done = false
    end

    def done? = @done

    def finish(value = nil, error: nil)
      @value = value
      @error = error
      @done = true
      wake
    end

    def wake = @queue&.push(true)

    def outcome
      raise @error if @error

      @value
    end
  end

  # What an operation without a block ends as.
  class Operation < Waiter # :nodoc:
    def initialize(kind, state)
      super()
      @kind = kind
      @state = state
    end

    def call(event)
      status = event.status
      if status == Low::OK
        finish(@kind.value(event, @state))
      else
        finish(error: Error.for(status, event.text, data: event.bytes, count: event.count))
      end
    end

    # Whether it is going to end at once.
    def call_off
      @kind.call_off(@state)
    rescue Error
      false
    end
  end
end
