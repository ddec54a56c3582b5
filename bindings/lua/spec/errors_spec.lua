local aiostate = require "aiostate"
local support = require "support"

describe("errors", function()
  local collection
  before_each(function() collection = support.collection() end)
  after_each(function() collection:close() end)

  local function refusal(...)
    local fine, problem = pcall(...)
    assert.is_false(fine)
    return problem
  end

  it("refusals", function()
    local writer, reader = support.pair(collection)
    local got
    reader:read(5, function(_, bytes) got = bytes end)

    local busy = refusal(reader.read, reader, 1)
    assert.same({ aiostate.ERR_BUSY, "ERR_BUSY" }, { busy.status, busy.name })
    assert.is_true(#busy.text > 0)
    assert.equal("ERR_BUSY: " .. busy.text, tostring(busy))
    for _, options in ipairs { { speed = 1 }, { timeout = -1 }, { timeout = "soon" } } do
      local invalid = refusal(writer.read, writer, 1, options)
      assert.same({ aiostate.ERR_INVALID_ARGUMENT, "ERR_INVALID_ARGUMENT" }, { invalid.status, invalid.name })
      assert.is_true(#invalid.text > 0)
    end

    writer:write("still")
    assert(collection:run_until(function() return got end))
    assert.equal("still", got)
  end)

  it("error_callback", function()
    local told = {}
    local function tell(what)
      return function(_, ...) table.insert(told, { what, select("#", ...), (select(-1, ...)) }) end
    end
    local state = collection:connect_tcp(support.HOST, support.free_port(collection), tell "connect")
    state:read(1, { error_callback = tell "error of the read" }, tell "read")
    assert(collection:run_until(function() return #told == 2 end))
    local refused = aiostate.ERR_CONNECTION_REFUSED
    assert.same({ { "connect", 1, refused }, { "error of the read", 2, refused } }, told)
  end)

  it("abort", function()
    local writer, reader = support.pair(collection)
    local ended
    reader:read(1, function(_, _, status) ended = status end)
    assert.is_true(reader:abort(aiostate.INPUT))
    assert.equal(aiostate.ERR_CANCELED, ended)
    writer:write("on")
    assert.equal("on", reader:read(2))
  end)

  it("close_in_callback", function()
    local writer, reader = support.pair(collection)
    local order = {}
    reader:write(support.noise(64 << 20), function(_, _, status) table.insert(order, status) end)
    reader:read(1, function(state)
      state:close(function() table.insert(order, "closed") end)
    end)
    writer:write("x")
    assert(collection:run_until(function() return #order == 2 end))
    assert.same({ aiostate.ERR_CANCELED, "closed" }, order)
  end)

  it("exception_in_callback", function()
    local writer, reader = support.pair(collection)
    local got
    local mine = setmetatable({}, { __tostring = function() return "mine" end })
    collection:apply(function() error(mine) end)
    reader:read(2, function(_, bytes)
      got = bytes
      collection:stop()
    end)
    writer:write("ok", false)
    assert.equal(mine, refusal(collection.run, collection))
    collection:run()
    assert.equal("ok", got)
  end)

  it("are given back where the system refuses, and raised for mistakes", function()
    local server = support.echo_server(collection)
    local acceptor, in_use = collection:listen_tcp(support.HOST, server:local_port())
    assert.is_nil(acceptor)
    assert.equal("ERR_ADDRESS_IN_USE", in_use.name)
    assert.matches(tostring(server:local_port()), in_use.text)

    local context, not_found = aiostate.tls_context(aiostate.TLS_CLIENT, { trust_file = "/nowhere" })
    assert.is_nil(context)
    assert.equal("ERR_NOT_FOUND", not_found.name)

    local state = support.client(collection, server)
    assert.is_true(state:close())
    assert.equal("ERR_CLOSED", refusal(state.write, state, "late").name)
  end)

  it("are raised where a callback would wait in vain", function()
    local writer = support.pair(collection)
    writer:set_write_limit(1)
    local function write_much(callback) return writer:write(support.noise(64 << 20), callback) end
    write_much(false)
    for _, callback in ipairs { false, function() end } do
      assert.equal("ERR_LIMIT", refusal(write_much, callback).name)
    end
    local count, limit = write_much()
    assert.is_nil(count)
    assert.equal("ERR_LIMIT", limit.name)
    assert.equal("ERR_INVALID_ARGUMENT", refusal(writer.read_with_checking, writer).name)
  end)

  it("of plain functions are given back", function()
    local state = support.pair(collection)
    local credentials, unsupported = state:peer_credentials()
    assert.is_nil(credentials)
    assert.equal("ERR_UNSUPPORTED", unsupported.name)
  end)

  it("name the argument that is wrong, and the line of the caller", function()
    local state = support.pair(collection)
    local function complaint(call)
      return refusal(call):match("^.*errors_spec.lua:%d+: bad argument (.*)$")
    end
    assert.equal("'length' to 'read' (integer expected, got string)", complaint(function() state:read("five") end))
    assert.equal("'length' to 'read' (number out of range)", complaint(function() state:read(-1) end))
    assert.equal("'self' to 'name' (State expected, got nil)", complaint(function() state.name("not a state") end))
    assert.matches("callback: function expected, got number", refusal(state.read, state, 1, 5).text)
  end)
end)
