--- Statuses as errors.
local low = require "aiostate.library"

--- What an operation ended with, or why a call was refused: returned behind `nil`, or raised.
-- @field status one of the module's statuses, `aiostate.ERR_BUSY`
-- @field name its name, "ERR_BUSY"
-- @field text what happened, for people
-- @field data of a read that did not complete: the bytes that came
-- @field count of a write that did not complete: how many bytes went out
-- @table Error
local Error = { __name = "aiostate.error" }

function Error:__tostring()
  return self.name .. ": " .. self.text
end

local errors = {}

--- Makes an error. The C module calls this where the library refuses a call.
function errors.make(status, text)
  if text == "" then text = low.status_message(status) end
  return setmetatable({ status = status, name = low.status_name(status):gsub("^AIO_", ""), text = text }, Error)
end

--- Raises that an argument is wrong.
function errors.invalid(text)
  error(errors.make(low.ERR_INVALID_ARGUMENT, text), 0)
end

return errors
