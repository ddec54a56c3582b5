local aiostate = require "aiostate"
local support = require "support"

describe("tasks", function()
  local collection
  before_each(function() collection = support.collection() end)
  after_each(function() collection:close() end)

  local function run_task(body)
    local thread = collection:spawn(body)
    assert(collection:run_until(function() return coroutine.status(thread) == "dead" end))
  end

  it("run beside each other", function()
    local one, other = support.pair(collection)
    local got
    run_task(function()
      collection:spawn(function() other:write(assert(other:read(4))) end)
      one:write("ping")
      got = one:read(4)
    end)
    assert.equal("ping", got)
  end)

  it("raise where the collection is driven", function()
    collection:spawn(function()
      collection:sleep(0)
      error("mine", 0)
    end)
    assert.error(function() collection:run() end, "mine")
  end)

  it("end silently when they are canceled", function()
    local _, state = support.pair(collection)
    local thread = collection:spawn(function()
      local _, canceled = state:read(1)
      error(canceled)
    end)
    collection:poll()
    state:close()
    assert.equal("dead", coroutine.status(thread))
  end)

  it("end with the collection, whatever they wait for", function()
    local ended = {}
    local acceptor = assert(collection:listen_tcp(support.HOST, 0))
    collection:spawn(function()
      local _, problem = acceptor:accept()
      table.insert(ended, problem.name)
    end)
    collection:spawn(function()
      local _ <close> = setmetatable({}, { __close = function(_, problem) table.insert(ended, problem.name) end })
      while true do collection:sleep(1000) end
    end)
    collection:poll()
    collection:close()
    assert.same({ "ERR_CANCELED", "ERR_CANCELED" }, ended)
    acceptor:close(false)
  end)

  it("are resumed in a later turn when their acceptor is closed", function()
    local acceptor = assert(collection:listen_tcp(support.HOST, 0))
    local thread = collection:spawn(function() acceptor:accept() end)
    collection:poll()
    acceptor:close(false)
    assert.equal("suspended", coroutine.status(thread))
    assert(collection:run_until(function() return coroutine.status(thread) == "dead" end))
  end)

  it("close what they hold when coroutine.close ends them", function()
    local peer, state = support.pair(collection)
    local thread = collection:spawn(function()
      local held <close> = state
      held:read(1)
    end)
    collection:poll()
    assert.is_true(coroutine.close(thread))
    local _, ended = peer:read(1)
    assert.equal("EOF", ended.name)
  end)

  it("close what they hold when they raise", function()
    local peer, state = support.pair(collection)
    collection:spawn(function()
      local _ <close> = state
      error("mine", 0)
    end)
    assert.error(function() collection:run() end, "mine")
    local _, ended = peer:read(1)
    assert.equal("EOF", ended.name)
  end)

  it("iterate over connections until the acceptor is closed", function()
    local acceptor = assert(collection:listen_tcp(support.HOST, 0))
    local served = 0
    run_task(function()
      collection:spawn(function()
        for _ = 1, 100 do assert(support.client(collection, acceptor):read(2)) end
        acceptor:close()
      end)
      for state in acceptor:connections() do
        served = served + 1
        state:write("hi", false)
      end
    end)
    assert.equal(100, served)
  end)

  it("iterate over messages until the state is closed", function()
    local socket = assert(collection:create_udp(support.HOST, 0))
    local got = {}
    run_task(function()
      for i = 1, 3 do socket:send_message_to_address(socket:local_address(), "message" .. i) end
      for message in socket:messages() do
        table.insert(got, message.data)
        if #got == 3 then socket:close(false) end
      end
    end)
    assert.same({ "message1", "message2", "message3" }, got)
  end)

  it("iterate until somebody else closes the state", function()
    local _, state = support.pair(collection)
    local has_ended = false
    run_task(function()
      collection:spawn(function() state:close() end)
      for _ in state:chunks() do error("Nothing was sent.") end
      has_ended = true
    end)
    assert.is_true(has_ended)
  end)

  it("are needed to wait in a callback", function()
    local writer, reader = support.pair(collection)
    local refused = 0
    collection:apply(function()
      writer:write("nobody is told of the end")
      for _, wait in ipairs { function() reader:read(1) end, function() collection:sleep(1) end } do
        local fine, problem = pcall(wait)
        if not fine and problem.status == aiostate.ERR_INVALID_ARGUMENT then refused = refused + 1 end
      end
    end)
    assert.equal("nobody is told of the end", reader:read(25))
    assert.equal(2, refused)
  end)

  it("lose no connection when one that waits for it is closed", function()
    local acceptor = assert(collection:listen_tcp(support.HOST, 0))
    local thread = collection:spawn(function() acceptor:accept() end)
    collection:poll()
    coroutine.close(thread)
    local client = support.client(collection, acceptor)
    assert(acceptor:accept()):write("hi", false)
    assert.equal("hi", client:read(2))
  end)

  it("keep connections that nobody has asked for with the kernel", function()
    local acceptor = assert(collection:listen_tcp(support.HOST, 0))
    local clients = {}
    for i = 1, 100 do clients[i] = support.client(collection, acceptor) end
    assert.is_true(collection:counters():open_states() < 200)
    for _ = 1, 100 do assert(acceptor:accept()):write("hi", false) end
    for _, client in ipairs(clients) do assert.equal("hi", client:read(2)) end
  end)
end)
