# frozen_string_literal: true

require "digest"
require "scenario"

class TestStreams < Scenario
  scenario "echo" do
    Dir.mktmpdir do |directory|
      path = "#{directory}/socket"
      tcp = collection.listen_tcp("127.0.0.1", 0) { |_, state| echo(state) }
      collection.listen_unix(path) { |_, state| echo(state) }
      heard = []
      ask = lambda do |state, status|
        assert_equal OK, status
        state.write("hello") { |_, count, _| assert_equal 5, count }
        state.read(5) { |_, bytes, _| heard << bytes }
      end
      collection.connect_tcp("127.0.0.1", tcp.local_port, &ask)
      collection.connect_unix(path, &ask)
      finish { heard.size == 2 }
      assert_equal %w[hello hello], heard
    end
  end

  scenario "bytes" do
    client, server = pair
    echo(server)
    ["", "\0", ALL_BYTES, Random.bytes(100_000_000)].each do |sent|
      client.write(sent) {}
      got = client.read(sent.bytesize)
      assert sent == got, "#{sent.bytesize} bytes came back as others"
      assert_equal Encoding::BINARY, got.encoding
    end
    assert_raises(TypeError) { client.write(5) }
    assert_raises(TypeError) { client.write(nil) }
  end

  scenario "refusals" do
    client, server = pair
    got = nil
    client.read(5) { |_, bytes, _| got = bytes }
    error = assert_status(ERR_BUSY) { client.read(5) {} }
    assert_equal "ERR_BUSY", error.name
    refute_empty error.message
    assert_status(ERR_INVALID_ARGUMENT) { client.write("x", timeout: -1) }
    error = assert_raises(ArgumentError) { client.write("x", colour: 1) }
    assert_equal "unknown keyword: :colour", error.message
    server.write("hello")
    finish { got }
    assert_equal "hello", got
  end

  scenario "write_timeout" do
    client, server = pair
    sent = Random.bytes(64 << 20)
    error = assert_raises(Aiostate::Timeout) { client.write(sent, timeout: 0.2) }
    assert_operator error.count, :<, sent.bytesize
    client.close {}
    got = server.to_a.join
    assert_equal error.count, got.bytesize
    assert sent.start_with?(got)
  end

  scenario "error_callback" do
    heard = []
    state = collection.connect_tcp("127.0.0.1", free_port) { |_, status| heard << [:connect, status] }
    state.read(1, error_callback: ->(_, _, status) { heard << [:read, status] }) { heard << :never }
    finish { heard.size == 2 }
    assert_equal [[:connect, ERR_CONNECTION_REFUSED], [:read, ERR_CONNECTION_REFUSED]], heard
  end

  scenario "checking" do
    text = "one\ntwo\nthree\n"
    (0..text.size).each do |cut|
      client, server = pair
      lines = []
      left = shown = 0
      server.read_with_checking do |state, bytes, _|
        assert_equal left, state.old_length
        shown += bytes.bytesize - left
        while lines.size < 3 && (line = bytes.slice!(/\A.*\n/))
          lines << line
          lines.size < 3 ? state.discard(line.bytesize) : state.finish_read(line.bytesize)
        end
        left = bytes.bytesize
      end
      client.write(text[0...cut])
      finish { shown >= cut }
      client.write("#{text[cut..]}next")
      finish { lines.size == 3 }
      assert_equal text.lines, lines
      assert_equal "next", server.read(4)
    end
  end

  scenario "framing" do
    format = FrameFormat.new(length_size: 2, strip: 2, maximum: 20)
    text = "ab\r\n#{["payload".size].pack("n")}payload12345"
    (0..text.size).each do |cut|
      client, server = pair
      got = []
      server.read_until("\r\n") { |_, bytes, _| got << bytes }
      client.write(text[0...cut])
      finish { got.size == 1 } if cut >= 4
      client.write(text[cut..])
      finish { got.size == 1 }
      got << server.read_frame(format) << server.read(5)
      assert_equal ["ab\r\n", "payload", "12345"], got
    end
    client, server = pair
    client.write([100].pack("n"))
    assert_status(ERR_LIMIT) { server.read_frame(format) }
  end

  scenario "large" do
    states = pair
    sent = states.map { Random.bytes(32 << 20) }
    got = {}
    states.zip(sent) { |state, bytes| state.write(bytes) {} }
    states.each { |state| state.read(32 << 20) { |_, bytes, _| got[state] = Digest::SHA256.hexdigest(bytes) } }
    finish { got.size == 2 }
    assert_equal sent.map { |bytes| Digest::SHA256.hexdigest(bytes) }, got.values_at(*states.reverse)
  end

  scenario "many" do
    acceptor = collection.listen_tcp("127.0.0.1", 0) { |_, state| echo(state) }
    done = 0
    ask = lambda do |state, number|
      next done += 1 if number == 20

      state.write("#{number} hello".ljust(16)) {}
      state.read(16) do |_, bytes, _|
        assert_equal "#{number} hello".ljust(16), bytes
        ask.call(state, number + 1)
      end
    end
    200.times { collection.connect_tcp("127.0.0.1", acceptor.local_port) { |state, _| ask.call(state, 0) } }
    finish { done == 200 }
  end
end
