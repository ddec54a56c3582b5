--- Timers, made by `Collection:timer`.
local handle = require "aiostate.handle"
local low = require "aiostate.library"

local Timer, library = handle.class(low.Timer)
Timer.__name = "aiostate.timer"

function Timer.new(collection, delay, interval, callback)
  local self = setmetatable({ _low = low.Timer(), _collection = collection }, Timer)
  self._token = collection:_token()
  library.start(self._low, collection._low, delay, interval, self._token)
  -- The closure keeps the timer while it runs.
  collection:_expect(self._token, function() callback(self) end)
  return self
end

--- No call begins any more.
function Timer:stop()
  self._collection:_forget(self._token)
  library.stop(self._low)
end

Timer.__close = Timer.stop

return Timer
