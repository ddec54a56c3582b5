--- An output handler of busted: its plain one, which also appends the scenarios' results to $AIO_RESULTS.
local busted = require "busted"
local OUTCOMES = { success = "ok", pending = "skipped" }

return function(options)
  local handler = require "busted.outputHandlers.TAP"(options)

  busted.subscribe({ "test", "end" }, function(element, _, status)
    local file = assert(io.open(os.getenv "AIO_RESULTS", "a"))
    file:write(element.name, "\t", OUTCOMES[status] or "failed")
    if status == "pending" then
      local reason = handler.pendings[#handler.pendings].message:gsub("^.-:%d+: ", "")
      file:write("\t", reason)
    end
    file:write("\n")
    file:close()
    return nil, true
  end)

  return handler
end
