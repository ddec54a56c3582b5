# frozen_string_literal: true

module Aiostate
  # Numbers for what waits for events, and what each of them stands for.
  class Tokens # :nodoc:
    LAST = 0x7fffffff # what the library's numbers can hold

    def initialize
      @lock = Mutex.new
      @waiting = {}
      @token = 0
    end

    # Has waiting.call(event) called for each event of the token that this gives.
    def add(waiting)
      @lock.synchronize do
        @token = following
        @token = following while @waiting.key?(@token)
        @waiting[@token] = waiting
        @token
      end
    end

    def forget(token) = @waiting.delete(token)

    # What waits is forgotten before it is called with its last event.
    def call(event)
      waiting = event.last? ? @waiting.delete(event.token) : @waiting[event.token]
      waiting&.call(event)
    end

    private

    def following = @token == LAST ? 1 : @token + 1
  end
end
