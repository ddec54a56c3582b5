# frozen_string_literal: true

require "aiostate/address"

module Aiostate
  # What the operations of a kind give beside their status, and how one is called off whose caller was interrupted.
  class Kind # :nodoc:
    def initialize(call_off: nil, &value)
      @call_off = call_off
      @value = value
    end

    # Called back with a value, or with the status alone?
    def value? = !@value.nil?

    # For who waits it is the state then.
    def value(event, state) = @value ? @value.call(event, state) : state

    # Writes are left alone: they stand in a queue with others.
    def call_off(state) = @call_off&.call(state)

    abort = ->(state) { state.abort(Low::INPUT) {} }
    READ = new(call_off: abort) { |event| event.bytes }
    SHOW = new do |event, state|
      state.old_length = event.old_length
      event.bytes
    end
    RECEIVE = new(call_off: abort) { |event| Message.new(event.bytes, event.address, event.truncated?) }
    WAIT = new(call_off: abort)
    WRITE = new { |event| event.count }
    CONNECT = new(call_off: ->(state) { state.close {} })
    CHANGE = new
  end
end
