local support = require "support"

describe("collector", function()
  local function round_trips(count, interval)
    local collection <close> = support.collection()
    local done = false
    support.exchanges(support.client(collection, support.echo_server(collection)), count, function(left)
      if left % interval == 0 then collectgarbage() end
    end, function() done = true end)
    assert(collection:run_until(function() return done end))
  end

  it("collector_always", function() round_trips(500, 1) end)

  it("collector_sometimes", function() round_trips(10000, 100) end)

  -- Has `count` states read that nobody holds, and returns their peers.
  local function drop_reading(collection, count)
    local peers = {}
    for i = 1, count do
      local peer, state = support.pair(collection)
      peers[i] = peer
      state:read(1, function() end)
    end
    return peers
  end

  it("dropped", function()
    local collection = support.collection()
    for _ = 1, 200 do
      local _, state = support.pair(collection)
      state:read(1, function() end)
      state:close(false)
    end
    local peers = drop_reading(collection, 200)
    collectgarbage()
    for _, peer in ipairs(peers) do peer:close(false) end
    support.wait_for(collection, function()
      collectgarbage()
      return collection:counters():open_states() == 0
    end)
  end)

  it("takes states whose standing reads have ended", function()
    local collection <close> = support.collection()
    local kept = setmetatable({}, { __mode = "v" })
    do
      local writer, reader = support.pair(collection)
      kept[1] = reader
      local finished = false
      reader:read_with_checking(function()
        reader:finish_read(1)
        finished = true
      end)
      writer:write("x")
      assert(collection:run_until(function() return finished end))
    end
    collectgarbage()
    assert.is_nil(kept[1])
  end)

  it("takes states with write marks that were closed", function()
    local collection <close> = support.collection()
    local kept = setmetatable({}, { __mode = "v" })
    do
      local writer = support.pair(collection)
      kept[1] = writer
      for _ = 1, 2 do writer:set_write_marks(2, 1, function() writer:close() end) end
      writer:close()
    end
    collectgarbage()
    assert.is_nil(kept[1])
  end)

  it("takes a collection with all that is under way", function()
    local kept = setmetatable({}, { __mode = "v" })
    do
      local collection = support.collection()
      kept[1] = collection
      drop_reading(collection, 200)
      collection:timer(1000, 1000, function() end)
      collection:spawn(function() collection:sleep(1000) end)
      collection:poll()
    end
    collectgarbage()
    assert.is_nil(kept[1])
  end)
end)
