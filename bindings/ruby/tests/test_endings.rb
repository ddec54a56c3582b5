# frozen_string_literal: true

require "scenario"

# Endings asked for, exceptions, and what the garbage collector does.
class TestEndings < Scenario
  scenario "abort" do
    client, server = pair
    heard = []
    server.read(5) { |_, _, status| heard << status }
    server.abort(INPUT) { |_, status| heard << status }
    finish { heard.size == 2 }
    assert_equal [ERR_CANCELED, OK], heard
    assert_equal "hello", exchange(client, server, "hello")
  end

  scenario "close_in_callback" do
    client, server = pair
    heard = []
    server.write("x" * (64 << 20)) { |_, _, status| heard << [:write, status] }
    server.read(1) do |state, _, status|
      heard << [:read, status]
      state.close { |_, closed| heard << [:close, closed] }
    end
    client.write("!") {}
    finish { heard.size == 3 }
    assert_equal [[:read, OK], [:write, ERR_CANCELED], [:close, OK]], heard
    refute_predicate server, :open?
  end

  scenario "exception_in_callback" do
    client, server = pair
    failure = Class.new(StandardError).new("mine")
    got = nil
    client.read(1) { |_, _, _| raise failure }
    server.read(1) do |_, bytes, _|
      got = bytes
      collection.stop
    end
    [client, server].each { |state| state.write("x") {} }
    assert_same failure, assert_raises(failure.class) { collection.run }
    collection.run
    assert_equal "x", got
  end

  scenario("collector_always") { collect_garbage(500, 1) }
  scenario("collector_sometimes") { collect_garbage(10_000, 100) }

  scenario "dropped" do
    drop_states(collection).each { |state| state.close {} }
    until collection.counters.open_states.zero?
      GC.start
      collection.poll(0.01)
    end

    before = ObjectSpace.each_object(Collection).count
    Thread.new { 5.times { drop_states(Collection.new) } }.join
    GC.start
    assert_operator ObjectSpace.each_object(Collection).count, :<, before + 5
  end

  scenario "exit_pending" do
    text = <<~RUBY
      collection = Aiostate::Collection.new
      acceptor = collection.listen_tcp("127.0.0.1", 0) { |_, state| state.read(1) {} }
      state = collection.connect_tcp("127.0.0.1", acceptor.local_port)
      state.read(5) {}
      collection.timer(3600) {}
      collection.poll(0.1)
    RUBY
    status = program(text) { |output| assert_empty output.read }
    assert_equal 0, status.exitstatus
  end

  test "exception in a wait" do
    client, server = pair
    assert_raises(::Timeout::Error) { ::Timeout.timeout(0.05) { server.read(5) } }
    waiting = Thread.new { server.read(5) }
    Thread.pass until waiting.stop?
    waiting.kill.join
    assert_equal "hello", exchange(client, server, "hello")
  end

  test "end of collection" do
    client, = pair
    heard = []
    client.read(5) { |_, _, status| heard << status }
    acceptor = collection.listen_tcp("127.0.0.1", 0)
    waiting = Thread.new { assert_status(ERR_CLOSED) { acceptor.accept } }
    Thread.pass until waiting.stop?
    collection.close
    collection.close
    waiting.join
    assert_equal [ERR_CANCELED], heard
    assert_predicate collection, :closed?
    assert_status(ERR_CLOSED) { collection.run }
    assert_status(ERR_CLOSED) { client.read(5) }
  end

  test "end of acceptor" do
    acceptor = collection.listen_tcp("127.0.0.1", 0)
    states = nil
    waiting = Thread.new { states = acceptor.to_a }
    collection.connect_tcp("127.0.0.1", acceptor.local_port)
    Thread.pass until waiting.stop?
    acceptor.close
    waiting.join
    assert_equal 1, states.size
    assert_raises(Canceled) { acceptor.accept }
  end

  test "tokens begin anew" do
    tokens = Tokens.new
    tokens.instance_variable_set(:@token, Tokens::LAST - 1)
    assert_equal([Tokens::LAST, 1], Array.new(2) { tokens.add(-> {}) })
    tokens.instance_variable_set(:@token, Tokens::LAST)
    assert_equal 2, tokens.add(-> {})
  end

  private

  def collect_garbage(rounds, every)
    client, server = pair
    done = 0
    again = lambda do
      next if done == rounds

      client.write("ping") {}
      client.read(4) do |_, bytes, _|
        assert_equal "ping", bytes
        done += 1
        GC.start if (done % every).zero?
        again.call
      end
    end
    echo(server)
    again.call
    finish { done == rounds }
  end

  # Leaves the other sides of states that nobody knows any more: some are closed, some are not.
  def drop_states(collection)
    acceptor = collection.listen_tcp("127.0.0.1", 0)
    Array.new(400) do |i|
      collection.connect_tcp("127.0.0.1", acceptor.local_port).read(5) {}.then { |state| state.close {} if i < 200 }
      acceptor.accept
    end
  end
end
