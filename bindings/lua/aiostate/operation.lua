--- How operations begin and end.
local errors = require "aiostate.errors"
local low = require "aiostate.library"
local lowering = require "aiostate.lowering"
local task = require "aiostate.task"

local operation = {}

local probe = low.Event()
local status_of, bytes_of, count_of = probe.status, probe.bytes, probe.count
local old_length_of = probe.old_length

-- The error that an event stands for. Reads have bytes, writes a count.
local function error_of(event)
  local made = errors.make(status_of(event), event:text())
  made.data, made.count = bytes_of(event), count_of(event)
  return made
end

-- What an operation gives: value(event) is a callback's second argument, and what is waited for.
local function gives(value)
  return {
    call = function(event, state, callback, error_callback)
      local status = status_of(event)
      if status < 0 and error_callback then callback = error_callback end
      if callback then callback(state, value(event), status) end
    end,
    result = function(event)
      if status_of(event) ~= low.OK then return nil, error_of(event) end
      return value(event)
    end,
    begun = function() return true end,
  }
end

-- The same if a callback gets the state and the status alone; result(state) is what is waited for.
local function gives_no_value(result)
  return {
    call = function(event, state, callback, error_callback)
      local status = status_of(event)
      if status < 0 and error_callback then callback = error_callback end
      if callback then callback(state, status) end
    end,
    result = function(event, state)
      if status_of(event) ~= low.OK then return nil, error_of(event) end
      return result(state)
    end,
    begun = result,
  }
end

-- Gives again and again, until the last event or `finish_read`.
local function standing(what)
  local call = what.call
  what.is_standing = true
  function what.call(event, state, ...)
    state._old_length = old_length_of(event)
    call(event, state, ...)
  end
  return what
end

local function read(what)
  what.is_read = true
  return what
end

local function message_of(event)
  return { data = bytes_of(event), address = event:address(), truncated = event:truncated() }
end

local function yes() return true end

local function itself(state) return state end

operation.BYTES = read(gives(bytes_of))
operation.STREAM = standing(gives(bytes_of))
operation.MESSAGE = read(gives(message_of))
operation.MESSAGES = standing(gives(message_of))
operation.INPUT = read(gives_no_value(yes))
operation.COUNT = gives(count_of)
operation.NOTHING = gives_no_value(yes)
operation.STATE = gives_no_value(itself)

--- Reads the arguments that operations end with, an optional table of options and an optional callback.
--
-- A callback is told of the end; with `false` nobody is. Without one the caller waits: in a task others run meanwhile,
-- elsewhere the collection is driven until the operation is done. A callback cannot wait, so there nobody is told.
-- @return a token, the options as the library takes them, and for `started`: what to call with the events
function operation.begin(self, what, class, options, callback)
  local lowered, told, given = lowering.arguments(class, options, callback)
  local collection, error_callback = self.collection, given.error_callback
  if told or error_callback then
    return collection:_token(), lowered, function(event) what.call(event, self, told, error_callback) end
  end
  if what.is_standing then errors.invalid("A standing read needs a callback.") end
  if told == nil and (task.current() or not collection:_is_calling_back()) then
    return collection:_token(), lowered
  end
  if what.is_read then errors.invalid("Nobody would get what is read: a callback is missing.") end
  return 0, lowered
end

--- Goes on when the library has accepted an operation, or refused it.
-- @return what it gives, at once or when it is done; or nil and an error
function operation.started(self, what, refusal, token, call)
  local collection = self.collection
  if refusal then
    if call or token == 0 then error(refusal, 0) end
    return nil, refusal
  end
  if what.is_standing then self._reading = token end
  if call then
    collection:_expect(token, call)
  elseif token ~= 0 then
    return collection:_wait(function(finish)
      collection:_expect(token, function(event) finish(what.result(event, self)) end)
    end)
  end
  return what.begun(self)
end

return operation
