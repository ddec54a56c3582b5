--- The state: a socket and its operations.
--
-- An operation has a timeout, an exact count, and one end. `Collection:connect_tcp` and the like make states, and so do
-- acceptors. A state can be a to-be-closed variable.
local handle = require "aiostate.handle"
local low = require "aiostate.library"
local lowering = require "aiostate.lowering"
local operations = require "aiostate.operations"

local State, library = handle.class(low.State)
State.__name = "aiostate.state"
for name, method in pairs(operations.State) do State[name] = method end

local PIECE = 65536

function State.new(collection)
  return setmetatable({ collection = collection, _low = low.State(), _old_length = 0, _reading = 0, _marks = 0 }, State)
end

--- In the callback of `read_with_checking`: how many of the bytes an earlier call has shown.
function State:old_length()
  return self._old_length
end

--- Ends a standing read and drops the first `count` bytes. A new read may begin at once.
-- @return how many bytes are left for it
function State:finish_read(count)
  local left = library.finish_read(self._low, count)
  self.collection:_forget(self._reading)
  self._reading = 0
  return left
end

-- Gives what step() reads until the end of the stream, or until the state is closed. Errors are raised.
local function iterate(state, step)
  return function()
    if not state:is_open() then return nil end
    local value, problem = step()
    if problem and problem.status ~= low.EOF and state:is_open() then error(problem, 0) end
    return value
  end
end

--- Iterates over the stream in pieces as they come, until its end, or until the state is closed. Errors are raised.
-- @usage for chunk in state:chunks() do io.write(chunk) end
-- @tparam[opt=65536] integer size the most bytes of a piece
-- @tparam[opt] table options of each read
function State:chunks(size, options)
  local reading = { minimum = 1 }
  for name, value in pairs(options or {}) do reading[name] = value end
  return iterate(self, function() return self:read(size or PIECE, reading) end)
end

--- Iterates over datagrams as they come, until the state is closed. Errors are raised.
-- @tparam[opt=65536] integer size the most bytes of a datagram
-- @tparam[opt] table options of each receive
function State:messages(size, options)
  return iterate(self, function() return self:receive_message(size or PIECE, options) end)
end

--- Calls drained(state, status) each time the queued bytes have reached `high` and fallen to `low`; nil: no more.
function State:set_write_marks(high, low_mark, drained)
  local token = drained and self.collection:_token() or 0
  library.set_write_marks(self._low, high, low_mark, token)
  self.collection:_forget(self._marks)
  self._marks = token
  if drained then self.collection:_expect(token, function(event) drained(self, event:status()) end) end
  return true
end

--- Lets a direction (INPUT, OUTPUT, BOTH) move no faster than a rate limit, which may be a table of its members.
function State:set_rate_limit(direction, limit)
  return library.set_rate_limit(self._low, direction, lowering.record(low.RateLimit, limit))
end

local function choice(name)
  local get = library[name]
  local meaning = { [low.YES] = true, [low.NO] = false }
  return function(self) return meaning[get(self._low)] end
end

--- Whether TCP_NODELAY is set; nil where there is no such thing.
State.nodelay = choice "nodelay"
--- Whether SO_KEEPALIVE is set; nil where there is no such thing.
State.keepalive = choice "keepalive"

local close = operations.State.close

function State:close(options, callback)
  self.collection:_forget(self._marks)
  return close(self, options, callback)
end

function State:__close()
  self:close(false)
end

return State
