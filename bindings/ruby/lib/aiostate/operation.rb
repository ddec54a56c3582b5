# frozen_string_literal: true

require "aiostate/error"
require "aiostate/kind"

module Aiostate
  # What an operation with a block ends as: a call.
  class Callback # :nodoc:
    def initialize(kind, state, callback, error_callback)
      @kind = kind
      @state = state
      @callback = callback
      @error_callback = error_callback
    end

    def call(event)
      status = event.status
      chosen = status.negative? && @error_callback || @callback
      if @kind.value?
        chosen&.call(@state, @kind.value(event, @state), status)
      else
        chosen&.call(@state, status)
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
