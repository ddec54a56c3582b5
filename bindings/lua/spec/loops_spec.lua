local aiostate = require "aiostate"
local support = require "support"
local uv = require "luv"

describe("loops", function()
  it("timers", function()
    local collection <close> = support.collection()
    local order, ticks = {}, 0
    collection:timer(0.02, function() table.insert(order, "once") end)
    collection:timer(0.01, function() table.insert(order, "never") end):stop()
    collection:timer(0.03, 0.01, function(timer)
      ticks = ticks + 1
      table.insert(order, "tick" .. ticks)
      if ticks == 3 then timer:stop() end
    end)
    for i = 1, 3 do collection:apply(function() table.insert(order, "applied" .. i) end) end
    collectgarbage()
    collection:run_until(function() return ticks == 3 end, 30)
    assert.same({ "applied1", "applied2", "applied3", "once", "tick1", "tick2", "tick3" }, order)
  end)

  it("threads", function()
    pending("Lua has no threads: a collection and its callbacks belong to the Lua state that made them.")
  end)

  it("own_loop", function()
    local collection <close> = support.collection()
    local state = support.client(collection, support.echo_server(collection))
    local detach = require("aiostate.luv").attach(collection)
    local timer, ticks, trips = uv.new_timer(), 0, {}
    timer:start(1, 1, function()
      ticks = ticks + 1
      if ticks ~= 3 then return end
      support.exchanges(state, 2, function(left) table.insert(trips, left) end, function()
        timer:close()
        detach()
      end)
    end)
    uv.run()
    assert.same({ 2, 1 }, trips)
    assert.is_true(ticks >= 3)
  end)

  it("wake for luv's sockets, and for timers of the collection", function()
    local collection <close> = support.collection()
    local server = support.echo_server(collection)
    local detach = require("aiostate.luv").attach(collection)
    local socket, heard = uv.new_tcp(), nil
    socket:connect(support.HOST, server:local_port(), function()
      socket:read_start(function(_, bytes)
        heard = bytes
        socket:close()
        collection:timer(0.01, detach)
      end)
      collection:timer(0.01, function() socket:write("hello") end)
    end)
    uv.run()
    assert.equal("hello", heard)
  end)

  it("give up waiting for a condition", function()
    local collection <close> = support.collection()
    local met, problem = collection:run_until(function() return false end, 0.01)
    assert.is_nil(met)
    assert.equal("TIMEOUT", problem.name)
  end)

  it("have nothing to do for timers that were stopped", function()
    local collection <close> = aiostate.collection()
    collection:timer(1000, function() end):stop()
    collection:poll()
    assert.is_true(collection:next_timeout() >= aiostate.NO_TIMEOUT)
  end)

  it("number operations anew before the numbers are used up", function()
    local collection <close> = support.collection()
    local server = support.echo_server(collection)
    collection._last_token = 0x7fffffff - 2
    for _ = 1, 3 do
      local state <close> = support.client(collection, server)
      assert.equal("ping", support.exchange(state, "ping"))
    end
    assert.is_true(collection._last_token < 100)
  end)

  it("awaiting", function()
    local collection <close> = support.collection()
    local done = false
    collection:spawn(function()
      local client, server = support.pair(collection)
      client:write("hello")
      assert.equal("hello", server:read(5))

      local _, timeout = server:read(1, { timeout = 0.01 })
      assert.same({ "TIMEOUT", aiostate.status_message(aiostate.TIMEOUT) }, { timeout.name, timeout.text })
      assert.error(function() assert(server:read(1, { timeout = 0.01 })) end)

      client:write("three")
      client:close()
      local _, ended = server:read(10)
      assert.same({ aiostate.EOF, "three" }, { ended.status, ended.data })

      client, server = support.pair(collection)
      collection:spawn(function()
        for i = 1, 5 do client:write("piece" .. i) end
        client:close()
      end)
      local pieces = {}
      for chunk in server:chunks() do table.insert(pieces, chunk) end
      assert.equal("piece1piece2piece3piece4piece5", table.concat(pieces))
      done = true
    end)
    assert(collection:run_until(function() return done end))
  end)

  it("interrupt", function()
    local code, printed, seconds = support.run_program([[
      local collection = require("aiostate").collection()
      collection:apply(function() print "ready" end)
      collection:run()
    ]], function(process) process:kill("sigint") end)
    assert.equal(1, code)
    assert.matches("interrupted!", printed)
    assert.is_true(seconds < 1)
  end)

  it("exit_pending", function()
    local code, printed = support.run_program [[
      local aiostate = require "aiostate"
      -- Its finalizer runs when those of what is made later have run.
      local late = setmetatable({}, { __gc = function(self) pcall(self.state.write, self.state, "late", false) end })
      local collection = aiostate.collection()
      local acceptor = collection:listen_tcp("127.0.0.1", 0)
      local state = collection:connect_tcp("127.0.0.1", acceptor:local_port())
      late.state = state
      state:read(1, function() end)
      state:write(("x"):rep(64 << 20), false)
      collection:timer(1, 1, function() end)
      collection:spawn(function() acceptor:accept() end)
      collection:poll()
    ]]
    assert.same({ 0, "" }, { code, printed })
  end)
end)
