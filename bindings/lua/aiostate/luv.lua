--- Has luv's event loop drive a collection.
local uv = require "luv"

local luv = {}

--- From now on the loop moves bytes and calls back. It does not end while a collection is attached.
-- @usage local detach = require("aiostate.luv").attach(collection) ... detach()
-- @return a function that ends this; call it before the collection is closed
function luv.attach(collection)
  local watch, timer, prepare = uv.new_poll(collection:descriptor()), uv.new_timer(), uv.new_prepare()

  local function turn() collection:poll() end

  watch:start("r", turn)
  -- Before the loop waits it must know of what has begun since it last did.
  prepare:start(function()
    local seconds = collection:next_timeout()
    if seconds < 1e9 then timer:start(math.ceil(seconds * 1000), 0, turn) else timer:stop() end
  end)

  return function()
    for _, used in ipairs { watch, timer, prepare } do used:close() end
  end
end

return luv
