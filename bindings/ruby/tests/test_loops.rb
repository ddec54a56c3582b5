# frozen_string_literal: true

require "scenario"
require "select_scheduler"

# Who drives a collection: run, threads, fibers, signals.
class TestLoops < Scenario
  scenario "timers" do
    heard = []
    collection.timer(0.03) { heard << :once }
    repeating = collection.timer(0.02, repeat: 0.02) { heard << :again }
    collection.timer(0.01) { heard << :never }.stop
    3.times { |i| collection.apply { heard << i } }
    finish { heard.count(:again) == 3 }
    assert_equal [0, 1, 2, :again, :once, :again, :again], heard
    repeating.stop
    collection.sleep(0.05)
    assert_equal 7, heard.size
  end

  scenario "threads" do
    acceptor = collection.listen_tcp("127.0.0.1", 0) { |_, state| echo(state) }
    driving = Thread.new { collection.run }
    Thread.pass until driving.stop?
    results = Thread::Queue.new
    4.times do |i|
      Thread.new do
        state = collection.connect_tcp("127.0.0.1", acceptor.local_port)
        state.write("hello #{i}")
        results << state.read(7)
        state.write("again #{i}") {}
        state.read(7) { |_, bytes, _| results << bytes }
        collection.apply { results << Thread.current }
      end
    end
    expected = (0..3).flat_map { |i| ["hello #{i}", "again #{i}", driving] }
    assert_equal expected.sort_by(&:to_s), Array.new(12) { results.pop }.sort_by(&:to_s)
    collection.stop
    assert_same driving, driving.join(DEADLINE)
  end

  scenario "own_loop" do
    ticks = 0
    in_fibers do
      client, server = pair
      Fiber.schedule { 2.times { sleep(0.01) && ticks += 1 } }
      Fiber.schedule { 2.times { sleep(0.02) && server.write(server.read(5)) } }
      2.times do
        client.write("hello")
        assert_equal "hello", client.read(5)
      end
    end
    assert_equal 2, ticks
  end

  scenario "awaiting" do
    client, server = pair
    round_trip(client, server, "hello")
    client.write("abc")
    error = assert_raises(Aiostate::Timeout) { server.read(5, timeout: 0.01) }
    assert_equal ["abc", TIMEOUT, "TIMEOUT"], [error.data, error.status, error.name]
    client.write("abc")
    client.shutdown
    assert_equal "abc", assert_raises(EndOfStream) { server.read(5) }.data
    server.write("012")
    server.close(linger: 1) {}
    assert_equal %w[0 1 2], client.each(1).to_a
  end

  scenario "interrupt" do
    text = <<~RUBY
      trap("INT", "DEFAULT") # whoever runs the tests may have it ignored
      collection = Aiostate::Collection.new
      collection.apply { $stdout.syswrite("ready\n") }
      collection.run
    RUBY
    status = program(text) do |output|
      assert_equal "ready\n", output.gets
      Process.kill("INT", output.pid)
      assert_includes ::Timeout.timeout(1) { output.read }, "Interrupt"
    end
    assert_equal Signal.list["INT"], status.termsig
  end

  test "stop in a signal handler" do
    before = trap("USR1") { collection.stop }
    collection.apply { Process.kill("USR1", Process.pid) }
    collection.run
  ensure
    trap("USR1", before)
  end

  test "stop before run" do
    collection.stop
    collection.run
    assert_raises(Aiostate::Timeout) { collection.run_until(timeout: 0.01) { false } }
    assert_equal 5, collection.run_until { 5 }
  end

  test "poll" do
    before = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    collection.poll(0.05)
    assert_operator Process.clock_gettime(Process::CLOCK_MONOTONIC) - before, :>=, 0.05
    called = false
    collection.apply { called = true }
    collection.poll
    assert called
  end

  test "one run at a time" do
    driving = Thread.new { collection.run }
    Thread.pass until driving.stop?
    assert_status(ERR_BUSY) { collection.run }
    collection.stop
    driving.join
  end

  # Whoever waits first drives for the others; when it is done, another one does.
  test "threads drive for each other" do
    pairs = Array.new(20) { pair }
    threads = pairs.map { |client, _| Thread.new { Array.new(10) { client.read(5) } } }
    pairs.shuffle.each { |_, server| server.write("hello" * 10) }
    threads.each { |thread| assert_equal ["hello"] * 10, thread.value }
  end

  test "a callback may wait" do
    client, server = pair
    got = nil
    server.write("xhello") {}
    client.read(1) { |state, _, _| got = state.read(5) }
    finish { got }
    assert_equal "hello", got
  end

  test "fibers drive for each other" do
    got = []
    in_fibers do
      acceptor = collection.listen_tcp("127.0.0.1", 0)
      Fiber.schedule { acceptor.each { |state| Fiber.schedule { state.each { |bytes| state.write(bytes) } } } }
      fibers = 50
      fibers.times do |i|
        Fiber.schedule do
          state = collection.connect_tcp("127.0.0.1", acceptor.local_port)
          3.times { got << exchange(state, state, i.to_s) } # the server sends it back
          state.close
          acceptor.close if (fibers -= 1).zero?
        end
      end
    end
    assert_equal (0..49).flat_map { |i| [i.to_s] * 3 }.sort, got.sort
  end

  test "run in a fiber" do
    in_fibers do
      client, server = pair
      Fiber.schedule { collection.run }
      Fiber.schedule { server.write(server.read(5)) }
      client.write("hello")
      assert_equal "hello", client.read(5)
      assert_raises(Aiostate::Timeout) { client.read(1, timeout: 0.01) }
      collection.stop
    end
  end

  # What is submitted while the driving fiber waits in the scheduler counts, too.
  test "timeouts of fibers" do
    heard = []
    in_fibers do
      client, server = pair
      Fiber.schedule { heard << client.read(4) }
      Fiber.schedule do
        assert_raises(Aiostate::Timeout) { server.read(1, timeout: 0.01) }
        server.read(1, timeout: 0.01) { |_, _, status| heard << status && server.write("done") {} }
      end
    end
    assert_equal [TIMEOUT, "done"], heard
  end

  private

  # Runs the block in a fiber of a thread with a scheduler, to the end of all its fibers.
  def in_fibers(&block)
    Thread.new do
      Thread.current.report_on_exception = false
      Fiber.set_scheduler(SelectScheduler.new)
      Fiber.schedule(&block)
    end.join
  end
end
