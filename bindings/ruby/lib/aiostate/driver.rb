# frozen_string_literal: true

require "io/wait"
require "aiostate/tokens"

module Aiostate
  # Moves a collection's bytes and calls back, for one caller at a time, in whose thread or fiber that happens. Those who
  # are blocked meanwhile are woken when they are done, or when it is their turn to drive.
  class Driver # :nodoc:
    def initialize(collection)
      @collection = collection
      @tokens = Tokens.new
      @event = Low::Event.new
      @driving = Mutex.new   # held by who drives
      @claimed = Mutex.new   # held by who drives for more than one operation: all others make room
      @followers = {}        # those who are blocked; each of its methods is one step of the interpreter's
    end

    # Yields a token whose events `waiting` is called with.
    def submit(waiting)
      token = @tokens.add(waiting)
      yield token
      token
    rescue StandardError
      forget(token)
      raise
    end

    def forget(token) = @tokens.forget(token)

    # Blocks until `waiter` is done.
    def wait(waiter)
      if @driving.owned? # in a callback
        turn until waiter.done?
      else
        lead(waiter) || follow(waiter) until waiter.done?
      end
    end

    # Drives by itself, as long as the block likes.
    def claim
      return yield if @driving.owned?
      raise Error.for(Low::ERR_BUSY) unless @claimed.try_lock

      begin
        @collection.wake if @driving.locked?
        @driving.synchronize { yield }
      ensure
        @claimed.unlock
        pass_on
      end
    end

    # Moves bytes for at most `timeout` seconds and calls back; a WaitOutcome.
    def turn(timeout = Low::NO_TIMEOUT)
      return pump(timeout) unless Fiber.current_scheduler

      doze(timeout)
      pump(0.0)
    end

    def dispatch
      @tokens.call(@event) while @collection.take(@event)
    end

    private

    def lead(waiter)
      return false if @claimed.locked? || !@driving.try_lock

      begin
        pump(0.0) if Fiber.current_scheduler # what ends at once is worth no turn of the scheduler
        turn until waiter.done? || @claimed.locked?
      ensure
        @driving.unlock
        pass_on
      end
      true
    end

    def follow(waiter)
      queue = waiter.queue = Queue.new
      @followers[waiter] = true
      queue.pop if !waiter.done? && (@driving.locked? || @claimed.locked?) # who holds them will pass on
    ensure
      @followers.delete(waiter)
      pass_on
    end

    def pass_on
      @followers.first&.first&.wake unless @driving.locked? || @claimed.locked?
    end

    def pump(timeout)
      outcome = @collection.wait_events(timeout)
      dispatch
      outcome
    end

    # What is submitted meanwhile makes the descriptor readable, too.
    def doze(timeout)
      @io ||= IO.for_fd(@collection.descriptor, autoclose: false)
      seconds = [timeout, @collection.next_timeout].min
      @io.wait_readable(seconds < 1e9 ? seconds : nil)
    end
  end
end
