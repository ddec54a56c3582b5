--- Asynchronous sockets that call back once, when the whole job is done.
--
-- A collection is an event loop; it makes states (sockets) and acceptors. Operations take a callback, or wait: in a
-- task by letting others run, elsewhere by driving the collection.
-- @module aiostate
local address = require "aiostate.address"
local low = require "aiostate.library"
local lowering = require "aiostate.lowering"

local aiostate = {
  Acceptor = require "aiostate.acceptor",
  Collection = require "aiostate.collection",
  State = require "aiostate.state",
  Timer = require "aiostate.timer",
  TlsContext = require "aiostate.tls",
  _VERSION = "aiostate " .. low.version(),
}

-- The statuses, directions and choices; `version`, `has_feature`, `status_name`, `status_message`.
for name, value in pairs(low) do
  if type(value) ~= "table" then aiostate[name] = value end
end

--- Makes an event loop.
aiostate.collection = aiostate.Collection.new
--- Makes a TLS context of a side and a table of options.
aiostate.tls_context = aiostate.TlsContext.new
--- Makes an address of a numeric host and a port.
aiostate.address = address.of
--- Makes the address of a Unix socket of its path.
aiostate.unix_address = address.of_path

--- Makes a description of frames, for `State:read_frame`, of a table.
function aiostate.frame_format(members)
  return lowering.fill(low.FrameFormat, members)
end

--- Makes a rate limit, for `State:set_rate_limit`, of a table.
function aiostate.rate_limit(members)
  return lowering.fill(low.RateLimit, members)
end

return aiostate
