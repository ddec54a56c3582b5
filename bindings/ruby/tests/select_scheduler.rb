# frozen_string_literal: true

# A fiber scheduler over IO.select, since Ruby has none of its own: the hooks of Fiber::SchedulerInterface.
class SelectScheduler
  def initialize
    @readable = {}
    @writable = {}
    @due = {}
    @ready = []
    @blocked = {}.compare_by_identity
    @lock = Mutex.new
    @woken, @wake = IO.pipe
    @thread = Thread.current
  end

  def run
    loop do
      resume_unblocked
      break if [@readable, @writable, @due, @blocked].all?(&:empty?)

      select
    end
  end

  def close
    run
    [@woken, @wake].each(&:close)
  end

  def fiber(&block) = Fiber.new(blocking: false, &block).tap(&:resume)

  def io_wait(io, events, timeout)
    @readable[io] = Fiber.current if events.anybits?(IO::READABLE)
    @writable[io] = Fiber.current if events.anybits?(IO::WRITABLE)
    sleep_until(timeout) { |happened| happened || false }
  ensure
    [@readable, @writable].each { |waiting| waiting.delete(io) }
  end

  def kernel_sleep(seconds = nil) = block(:sleep, seconds)

  def block(_blocker, timeout = nil)
    @blocked[Fiber.current] = true
    sleep_until(timeout) { |happened| !happened.nil? }
  ensure
    @blocked.delete(Fiber.current)
  end

  # May be called by another thread.
  def unblock(_blocker, fiber)
    @lock.synchronize { @ready << fiber }
    @wake.write_nonblock(".", exception: false) unless Thread.current == @thread
  end

  private

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  # Resumed with nil when the time is over.
  def sleep_until(timeout)
    fiber = Fiber.current
    @due[fiber] = now + timeout if timeout
    yield Fiber.yield
  ensure
    @due.delete(fiber)
  end

  def resume_unblocked
    ready = @lock.synchronize { @ready.slice!(0..) }
    ready.each { |fiber| fiber.resume(true) if @blocked.key?(fiber) }
  end

  def select
    readable, writable = IO.select([@woken, *@readable.keys], @writable.keys, nil, seconds_left)
    @woken.read_nonblock(1000) if readable&.delete(@woken)
    readable&.each { |io| @readable[io]&.resume(IO::READABLE) }
    writable&.each { |io| @writable[io]&.resume(IO::WRITABLE) }
    time = now
    @due.select { |_, at| at <= time }.each_key { |fiber| fiber.resume if @due.key?(fiber) }
  end

  def seconds_left
    return 0 if @lock.synchronize { @ready.any? }

    @due.empty? ? nil : [@due.values.min - now, 0].max
  end
end
