# frozen_string_literal: true

module Aiostate
  # Calls a block when its time has come. Collection#timer makes it.
  class Timer < Low::Timer
    def initialize(collection, delay, repeat, block) # :nodoc:
      super()
      @collection = collection
      @block = block
      @token = collection.driver.submit(self) { |token| start(collection, delay, repeat, token) }
    end

    # No call begins any more.
    def stop
      @collection.driver.forget(@token)
      super
    end

    def call(_event) = @block.call # :nodoc:
  end
end
