local aiostate = require "aiostate"
local support = require "support"

describe("the layer", function()
  it("functions", function()
    local classes = { Address = aiostate.address("127.0.0.1", 1) }
    for name in io.lines(os.getenv "AIO_FUNCTIONS") do
      local class, method = name:match("^(%w+)%.(.*)$")
      local owner = class and (classes[class] or aiostate[class]) or aiostate
      assert.is_function(owner[method or name], name)
    end
  end)

  it("sets no globals", function()
    local code, printed = support.run_program [[
      local before = {}
      for name in pairs(_G) do before[name] = true end
      require "aiostate"
      for name in pairs(_G) do assert(before[name], name) end
    ]]
    assert.same({ 0, "" }, { code, printed })
  end)

  it("keeps integers, and compares addresses", function()
    local collection <close> = support.collection()
    local state = support.pair(collection)
    assert.equal("integer", math.type(state:queued_bytes()))
    assert.equal("integer", math.type(state:counters():bytes_read()))
    assert.matches("^%d+%.%d+%.%d+$", aiostate.version())
    assert.equal(aiostate.address("::1", 80), aiostate.address("::1", 80))
    assert.not_equal(aiostate.address("::1", 80), aiostate.address("::1", 81))
    assert.equal("[::1]:80", tostring(aiostate.address("::1", 80)))
    assert.equal("/tmp/socket", aiostate.unix_address("/tmp/socket"):host())
  end)

  it("takes truth values for choices", function()
    local collection <close> = support.collection()
    local client = support.client(collection, support.echo_server(collection), { nodelay = false, keepalive = true })
    assert.same({ false, true }, { client:nodelay(), client:keepalive() })
    client:set_nodelay(true)
    assert.is_true(client:nodelay())
  end)

  it("tells a producer to go on", function()
    local collection <close> = support.collection()
    local writer, reader = support.pair(collection)
    local drained = 0
    writer:set_write_marks(1 << 20, 1 << 10, function(_, status)
      assert.equal(aiostate.OK, status)
      drained = drained + 1
    end)
    writer:write(support.noise(32 << 20), false)
    assert(reader:read(32 << 20))
    assert(collection:run_until(function() return drained == 1 end))
  end)

  it("gathers buffers", function()
    local collection <close> = support.collection()
    local writer, reader = support.pair(collection)
    assert.equal(6, writer:write_buffers { "one", "", "two" })
    assert.equal("onetwo", reader:read(6))
  end)
end)
