# frozen_string_literal: true

require "scenario"
require "socket"

class TestFunctions < Scenario
  # What Ruby calls a function: set_x is x=, is_x is x?, what answers with true or false is x?.
  def names(function)
    name = function.delete_prefix("set_")
    [function, "#{name}=", "#{function}?", "#{function.sub(/^(is|has)_/, "")}?", function.sub("equal", "==")]
  end

  scenario "functions" do
    File.readlines(ENV.fetch("AIO_FUNCTIONS"), chomp: true).each do |line|
      *owner, function = line.split(".")
      there = owner.empty? ? Low.singleton_methods : Low.const_get(owner.first).public_instance_methods
      refute_empty names(function).map(&:to_sym) & there, "#{line} is missing"
    end
  end

  test "settings" do
    client, server = pair
    client.read_timeout = 3
    assert_equal 3.0, client.read_timeout
    client.nodelay = false
    assert_equal NO, client.nodelay
    client.set_rate_limit(OUTPUT, RateLimit.new(bytes_per_second: 1e9, burst: 1000))
    client.set_rate_limit(BOTH, nil)
    round_trip(client, server, "hello")
    assert_equal [5, 5, 1], client.counters.then { |all| [all.bytes_read, all.bytes_written, all.operations_read] }
    assert_equal client.local_address, server.peer_address
  end

  test "write marks" do
    client, server = pair
    heard = []
    client.set_write_marks(1000, 100) { |_, status| heard << status }
    client.write("x" * 10_000_000) {}
    assert_equal 10_000_000, server.read(10_000_000).bytesize
    finish { heard.any? }
    assert_equal [OK], heard
    client.set_write_marks(1000, 100)
  end

  test "buffers" do
    client, server = pair
    assert_equal 6, client.write_buffers(["one", "", "two"])
    assert_equal "onet", server.read(6, start: 1, end: 5)
  end

  test "adopted sockets" do
    one, other = UNIXSocket.pair
    states = [one, other.fileno].map { |socket| collection.create_state(socket) }
    other.autoclose = false
    refute_predicate one, :autoclose?
    round_trip(*states, "hello")
    released = IO.for_fd(states.first.release_socket)
    released.syswrite("plain")
    assert_equal "plain", states.last.read(5)

    listening = TCPServer.new("127.0.0.1", 0)
    acceptor = collection.listen_socket(listening)
    collection.connect_tcp("127.0.0.1", listening.addr[1])
    assert_kind_of State, acceptor.accept
  end

  test "the kernel keeps what nobody accepts" do
    acceptor = collection.listen_tcp("127.0.0.1", 0)
    states = Array.new(100) { collection.connect_tcp("127.0.0.1", acceptor.local_port) }
    assert_equal states.map(&:local_address), Array.new(100) { acceptor.accept.peer_address }
  end

  test "connections in other collections" do
    Collection.open do |other|
      acceptor = collection.listen_tcp("127.0.0.1", 0, collections: [other])
      collection.connect_tcp("127.0.0.1", acceptor.local_port).write("hello")
      state = acceptor.accept
      assert_same other, state.collection
      assert_equal "hello", state.read(5)
    end
  end

  test "module" do
    assert_match(/\A\d+\.\d+\.\d+\z/, VERSION)
    assert Aiostate.feature?("tls")
    assert_equal ["ERR_BUSY", false], [Aiostate.status_name(ERR_BUSY), Aiostate.status_message(ERR_BUSY).empty?]
    assert_raises(ArgumentError) { pair.first.read_with_checking }
    assert_raises(ArgumentError) { collection.apply }
    assert_raises(ArgumentError) { collection.timer(1) }
  end
end
