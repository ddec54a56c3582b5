--- The collection: an event loop of sockets.
--
-- It makes states, acceptors and timers, and calls back while it is driven: by `run`, `run_until` or `poll`, by an
-- operation that waits outside of a task, or by another loop that watches `descriptor`. It can be a to-be-closed
-- variable.
local Acceptor = require "aiostate.acceptor"
local errors = require "aiostate.errors"
local handle = require "aiostate.handle"
local low = require "aiostate.library"
local operations = require "aiostate.operations"
local State = require "aiostate.state"
local task = require "aiostate.task"
local Timer = require "aiostate.timer"

local Collection, library = handle.class(low.Collection)
Collection.__name = "aiostate.collection"
for name, method in pairs(operations.Collection) do Collection[name] = method end

local probe = low.Event()
local token_of, is_last = probe.token, probe.last
local wait_events, take, stopping = library.wait_events, library.take, library.stopping
local LAST_TOKEN = 0x7fffffff

function Collection.new()
  local self = setmetatable({}, Collection)
  self._low, self._event = low.Collection(), low.Event()
  self._waiting, self._last_token = {}, 0
  self._cancelable = {}
  self._depth = 0
  self._leave = setmetatable({}, { __close = function() self._depth = self._depth - 1 end })
  return self
end

--- Moves bytes and calls back until `stop`. What a callback or task raises ends it, too, and it can be called again.
function Collection:run()
  while not stopping(self._low) do self:poll(low.NO_TIMEOUT) end
end

--- The same until condition() is true.
-- @return true; or nil and an error after `timeout` seconds
function Collection:run_until(condition, timeout)
  local expired = false
  local _ <close> = timeout and self:timer(timeout, function() expired = true end)
  while not condition() do
    if expired then return nil, errors.make(low.TIMEOUT, "") end
    self:poll(low.NO_TIMEOUT)
  end
  return true
end

--- One turn: moves bytes until something is done, for at most `timeout` seconds, and calls back.
function Collection:poll(timeout)
  wait_events(self._low, timeout or 0)
  self:_dispatch()
end

--- Has callback() called in a later turn, in the order of the calls.
function Collection:apply(callback)
  local token = self:_token()
  library.apply(self._low, token)
  self:_expect(token, function() callback() end)
end

--- Calls callback() after `delay` seconds, and then every `interval` seconds, if there is one.
-- @usage collection:timer(0.5, function() print "later" end)
-- @return an object with a function `stop`
function Collection:timer(delay, interval, callback)
  if callback == nil then interval, callback = 0, interval end
  return Timer.new(self, delay, interval or 0, callback)
end

--- Waits so many seconds, as an operation without a callback does. ERR_CANCELED is raised if the collection is closed.
function Collection:sleep(seconds)
  local _, canceled = self:_wait_cancelable(function(finish)
    self:timer(seconds, function() finish() end)
  end)
  if canceled then error(canceled, 0) end
end

--- Runs body(...) as a task, a coroutine in which operations without a callback let others run while they wait. It
-- begins in the next turn. What it raises reaches who drives the collection, but for ERR_CANCELED, which ends it
-- silently. `coroutine.close` ends a task that waits.
-- @return the coroutine
function Collection:spawn(body, ...)
  local thread, arguments = task.create(body), table.pack(...)
  self:apply(function() task.resume(thread, table.unpack(arguments, 1, arguments.n)) end)
  return thread
end

--- Closes all states and acceptors, tells who still waits ERR_CANCELED, and ends the collection.
function Collection:close()
  library.destroy(self._low)
  self:_dispatch()
  while next(self._cancelable) do next(self._cancelable)(nil, errors.make(low.ERR_CANCELED, "")) end
end

Collection.__close = Collection.close

function Collection:_new_state()
  return State.new(self)
end

-- An acceptor and the token of its connections.
function Collection:_new_acceptor(callback, options)
  return Acceptor.new(self, callback, options), self:_token()
end

-- A number for what is about to begin.
function Collection:_token()
  local token = self._last_token
  repeat token = token % LAST_TOKEN + 1 until not self._waiting[token]
  self._last_token = token
  return token
end

-- Has call(event) called for each event of a token. No event is taken between the submission and this.
function Collection:_expect(token, call)
  self._waiting[token] = call
end

function Collection:_forget(token)
  self._waiting[token] = nil
end

-- Calls begin(finish), and returns the arguments that finish(...) is called with later; that returns whether somebody
-- still waited.
function Collection:_wait(begin)
  local thread = task.current()
  if thread then
    begin(function(...) return task.resume(thread, ...) end)
    return coroutine.yield()
  end
  if self:_is_calling_back() then errors.invalid("A callback cannot wait. A task can: see spawn.") end
  local values
  begin(function(...)
    values = table.pack(...)
    return true
  end)
  self:run_until(function() return values end)
  return table.unpack(values, 1, values.n)
end

-- The same for what the library knows nothing of. It is canceled when the collection closes.
function Collection:_wait_cancelable(begin)
  return self:_wait(function(finish)
    local function finish_once(...)
      if not self._cancelable[finish_once] then return false end
      self._cancelable[finish_once] = nil
      return finish(...)
    end
    begin(finish_once)
    self._cancelable[finish_once] = true
  end)
end

function Collection:_cancel(finish_once)
  if not self._cancelable[finish_once] then return end
  self:apply(function() finish_once(nil, errors.make(low.ERR_CANCELED, "")) end)
end

function Collection:_is_calling_back()
  return self._depth > 0
end

function Collection:_dispatch()
  self._depth = self._depth + 1
  local _ <close> = self._leave
  local library_object, event, waiting = self._low, self._event, self._waiting
  while take(library_object, event) do
    local token = token_of(event)
    local call = waiting[token]
    if call then
      if is_last(event) then waiting[token] = nil end
      call(event)
    end
  end
end

return Collection
