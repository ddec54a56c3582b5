# frozen_string_literal: true

require "aiostate"
require "minitest/autorun"
require "timeout"
require "tmpdir"

# A class of tests, each of which is a scenario of bindings/conformance/README.md, or another test with a name of its own.
class Scenario < Minitest::Test
  include Aiostate

  DEADLINE = 30
  ALL_BYTES = (0..255).to_a.pack("C*").freeze

  class << self
    def test(name, &body)
      define_method(:"test_#{name}") { ::Timeout.timeout(DEADLINE) { instance_exec(&body) } }
    end

    def scenario(name, &body)
      scenarios << name
      test(name, &body)
    end

    def scenarios = @scenarios ||= []
  end

  attr_reader :collection

  def setup
    @collection = Collection.new
  end

  def teardown
    collection.close
    report
  end

  # Drives until the block says so.
  def finish(&condition) = collection.run_until(timeout: DEADLINE, &condition)

  # Two connected states.
  def pair(client: {}, server: {})
    acceptor = collection.listen_tcp("127.0.0.1", 0, **server)
    one = collection.connect_tcp("localhost", acceptor.local_port, family: 4, **client) {}
    other = acceptor.accept
    acceptor.close
    [one, other]
  end

  # A port that nobody listens at.
  def free_port
    acceptor = collection.listen_tcp("127.0.0.1", 0)
    acceptor.close
    acceptor.local_port
  end

  # Sends back whatever comes, until the end.
  def echo(state)
    state.read(65_536, minimum: 1) do |_, bytes, status|
      status == OK ? state.write(bytes) { echo(state) } : state.close {}
    end
  end

  # What one state reads of the bytes that the other writes.
  def exchange(from, to, bytes)
    from.write(bytes) {}
    to.read(bytes.bytesize)
  end

  # There, and back again.
  def round_trip(one, other, bytes)
    assert_equal bytes, exchange(one, other, bytes)
    assert_equal bytes, exchange(other, one, bytes)
  end

  def assert_status(status, &block)
    error = assert_raises(Error, &block)
    assert_equal status, error.status, error.message
    error
  end

  # Runs a program of its own, yields it with what it prints, and returns how it ended.
  def program(text)
    command = [RbConfig.ruby, *$LOAD_PATH.map { |path| "-I#{path}" }, "-raiostate", "-e", text]
    IO.popen(command, err: %i[child out]) { |output| yield output }
    $?
  end

  private

  def report
    name = self.name.delete_prefix("test_")
    return unless ENV["AIO_RESULTS"] && self.class.scenarios.include?(name)

    File.write(ENV["AIO_RESULTS"], "#{name}\t#{failures.empty? ? "ok" : "failed"}\n", mode: "a")
  end
end
