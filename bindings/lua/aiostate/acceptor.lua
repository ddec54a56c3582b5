--- The acceptor: a listening socket.
--
-- `Collection:listen_tcp` and the like make acceptors. The callback(acceptor, state) gets each connection;
-- `error_callback` and `tls_error_callback` get the acceptor, a status and a text. Without a callback connections are
-- waited for with `accept` or `connections`. An acceptor can be a to-be-closed variable.
local errors = require "aiostate.errors"
local handle = require "aiostate.handle"
local low = require "aiostate.library"
local operation = require "aiostate.operation"
local State = require "aiostate.state"

local Acceptor, library = handle.class(low.Acceptor)
Acceptor.__name = "aiostate.acceptor"

-- Connections that nobody has asked for yet; beyond, the kernel keeps them.
local BACKLOG = 64

function Acceptor.new(collection, callback, options)
  local self = setmetatable({ collection = collection, _low = low.Acceptor(), _token = 0 }, Acceptor)
  self._callback = callback or Acceptor._keep
  self._failed = {
    [low.EVENT_ACCEPT_ERROR] = options.error_callback,
    [low.EVENT_TLS_ERROR] = options.tls_error_callback,
  }
  self._homes = options.collections or {}
  self._kept, self._takers = {}, {}
  return self
end

-- Goes on when the library has begun to listen, or refused it.
function Acceptor:_started(token, refusal)
  if refusal then return nil, refusal end
  self._token = token
  self.collection:_expect(token, function(event) self:_deliver(event) end)
  return self
end

function Acceptor:_deliver(event)
  local kind = event:kind()
  if kind == low.EVENT_ACCEPTED then
    local state = State.new(self._homes[event:home() + 1] or self.collection)
    event:take_state(state._low)
    self._callback(self, state)
  elseif self._failed[kind] then
    self._failed[kind](self, event:status(), event:text())
  end
end

--- Waits for a connection. For acceptors without a callback.
-- @return a state; or nil and an error
function Acceptor:accept()
  if self._token == 0 then return nil, errors.make(low.ERR_CANCELED, "") end
  if #self._kept == BACKLOG then library.resume(self._low) end
  local state = table.remove(self._kept, 1)
  if state then return state end
  return self.collection:_wait_cancelable(function(finish) table.insert(self._takers, finish) end)
end

--- Iterates over connections until the acceptor is closed.
-- @usage for state in acceptor:connections() do collection:spawn(serve, state) end
function Acceptor:connections()
  return function() return (self:accept()) end
end

--- Listens no more; callback(acceptor, status) is called when the port is free.
function Acceptor:close(callback)
  local token, _, call = operation.begin(self, operation.NOTHING, nil, nil, callback)
  local _, refusal = library.close(self._low, token)
  self:_end()
  return operation.started(self, operation.NOTHING, refusal, token, call)
end

function Acceptor:__close()
  self:close(false)
end

function Acceptor:_end()
  self.collection:_forget(self._token)
  self._token = 0
  for _, state in ipairs(self._kept) do state:close(false) end
  for _, finish in ipairs(self._takers) do self.collection:_cancel(finish) end
  self._kept, self._takers = {}, {}
end

-- Gives a connection to who waits for one, or keeps it. A task that has waited may be gone.
function Acceptor:_keep(state)
  while self._takers[1] do
    if table.remove(self._takers, 1)(state) then return end
  end
  table.insert(self._kept, state)
  if #self._kept == BACKLOG then library.pause(self._low) end
end

return Acceptor
