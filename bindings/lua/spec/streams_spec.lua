local aiostate = require "aiostate"
local support = require "support"

describe("streams", function()
  local collection
  before_each(function() collection = support.collection() end)
  after_each(function() collection:close() end)

  it("echo", function()
    local function hello(listening, connect)
      local heard
      connect(function(state, status)
        assert.equal(aiostate.OK, status)
        state:write("hello", function(_, count, write_status)
          assert.same({ 5, aiostate.OK }, { count, write_status })
          state:read(5, function(_, bytes) heard = bytes end)
        end)
      end)
      assert(collection:run_until(function() return heard end))
      assert.equal("hello", heard)
      listening:close()
    end

    local server = support.echo_server(collection)
    hello(server, function(callback) collection:connect_tcp(support.HOST, server:local_port(), callback) end)

    local path = os.tmpname()
    os.remove(path)
    server = assert(collection:listen_unix(path, function(_, state) support.echo(state) end))
    hello(server, function(callback) collection:connect_unix(path, callback) end)
  end)

  it("bytes", function()
    local state = support.client(collection, support.echo_server(collection))
    local all = {}
    for byte = 0, 255 do table.insert(all, string.char(byte)) end
    for _, bytes in ipairs { "", "\0", table.concat(all), support.noise(100000000) } do
      assert.is_true(support.exchange(state, bytes) == bytes)
    end
    assert.error_matches(function() state:write({}) end,
      "bad argument 'buffer' to 'write' %(string expected, got table%)$")
  end)

  it("write_timeout", function()
    local writer, reader = support.pair(collection)
    local bytes = support.noise(64 << 20)
    local count, problem = writer:write(bytes, { timeout = 0.2 })
    assert.is_nil(count)
    assert.equal("TIMEOUT", problem.name)
    assert.is_true(problem.count < #bytes)
    writer:close()
    local _, ended = reader:read(#bytes)
    assert.equal("EOF", ended.name)
    assert.is_true(ended.data == bytes:sub(1, problem.count))
  end)

  it("checking", function()
    local text, rest = "one\ntwo\nthree\n", "after"
    for cut = 1, #text - 1 do
      local writer, reader = support.pair(collection)
      local lines, kept, is_first = {}, 0, true
      reader:read_with_checking(function(_, bytes, status)
        assert.same({ aiostate.OK, kept }, { status, reader:old_length() })
        if is_first then writer:write(text:sub(cut + 1) .. rest, false) end
        is_first = false
        local used = 0
        for line in bytes:gmatch("[^\n]*\n") do
          table.insert(lines, line)
          used = used + #line
        end
        kept = #lines < 3 and reader:discard(used) or reader:finish_read(used)
      end)
      writer:write(text:sub(1, cut))
      assert(collection:run_until(function() return #lines == 3 end))
      assert.equal(text, table.concat(lines))
      assert.equal(rest, reader:read(#rest))
    end
  end)

  it("framing", function()
    local stream = "ab\r\n" .. string.pack(">s2", "payload") .. "12345"
    local format = aiostate.frame_format { length_size = 2, strip = 2 }
    for cut = 1, #stream - 1 do
      local writer, reader = support.pair(collection)
      local got = {}
      collection:spawn(function()
        got = { reader:read_until("\r\n"), reader:read_frame(format), reader:read(5) }
      end)
      writer:write(stream:sub(1, cut))
      support.wait_for(collection, function() return reader:counters():bytes_read() == cut end)
      writer:write(stream:sub(cut + 1))
      assert(collection:run_until(function() return #got == 3 end))
      assert.same({ "ab\r\n", "payload", "12345" }, got)
    end

    local writer, reader = support.pair(collection)
    writer:write(string.pack(">s2", "payload"))
    local _, problem = reader:read_frame { length_size = 2, maximum = 5 }
    assert.equal("ERR_LIMIT", problem.name)
  end)

  it("large", function()
    local one, other = support.pair(collection)
    local up, down = support.noise(32 << 20), support.noise(32 << 20):reverse()
    local got_up, got_down
    one:write(up, false)
    other:write(down, false)
    other:read(#up, function(_, bytes) got_up = bytes end)
    one:read(#down, function(_, bytes) got_down = bytes end)
    assert(collection:run_until(function() return got_up and got_down end))
    assert.is_true(got_up == up and got_down == down)
  end)

  it("many", function()
    local server, done = support.echo_server(collection), 0
    for _ = 1, 200 do
      collection:spawn(function()
        local state <close> = support.client(collection, server)
        for trip = 1, 20 do assert.equal("trip" .. trip, support.exchange(state, "trip" .. trip)) end
        done = done + 1
      end)
    end
    assert(collection:run_until(function() return done == 200 end))
  end)
end)
