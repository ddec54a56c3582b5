--- Arguments as the library takes them.
local errors = require "aiostate.errors"
local low = require "aiostate.library"

local lowering = {}

local NONE = {}

-- Options that the layer takes for itself.
local CALLBACKS = {
  [low.IoOptions] = { error_callback = true },
  [low.AcceptOptions] = { error_callback = true, tls_error_callback = true },
}

--- The library's object of one of ours.
function lowering.lower(value)
  return type(value) == "table" and value._low or value
end

local function set(target, name, value)
  local setter = target["set_" .. name]
  if not setter then errors.invalid("There is no option '" .. tostring(name) .. "'.") end
  local fine, problem = pcall(setter, target, lowering.lower(value))
  if not fine then errors.invalid("Option '" .. name .. "': " .. tostring(problem):match("%((.*)%)$")) end
end

--- Makes an object of a class of options and sets its members from a table. A truth value is a choice.
function lowering.fill(class, options)
  local target, callbacks = class(), CALLBACKS[class] or {}
  for name, value in pairs(options) do
    if name == "collections" and target.add_collection then
      for _, collection in ipairs(value) do target:add_collection(collection._low) end
    elseif not callbacks[name] then
      set(target, name, value)
    end
  end
  return target
end

local function check(value, kind, name)
  if type(value) ~= kind then errors.invalid(("%s: %s expected, got %s"):format(name, kind, type(value))) end
end

--- Reads the end of an operation's arguments: a table of options and a callback, each of which may be missing.
-- @return the options as the library takes them, or nil; the callback; the options as a table
function lowering.arguments(class, options, callback)
  if callback == nil and type(options) ~= "table" then options, callback = nil, options end
  if callback then check(callback, "function", "callback") end
  if options == nil then return nil, callback, NONE end
  check(options, "table", "options")
  return lowering.fill(class, options), callback, options
end

--- Pieces of bytes that are written as one.
function lowering.buffers(pieces)
  local buffers = low.Buffers()
  for _, piece in ipairs(pieces) do buffers:add(piece) end
  return buffers
end

--- Messages, tables with `data` and `address`, that are sent together.
function lowering.messages(messages)
  local lowered = low.Messages()
  for _, message in ipairs(messages) do lowered:add(message.data, message.address) end
  return lowered
end

--- A format or limit that may be given as a table.
function lowering.record(class, value)
  return type(value) == "table" and lowering.fill(class, value) or value
end

return lowering
