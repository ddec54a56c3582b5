--- Socket addresses: objects of the library with the functions `host`, `port`, `family` and `format`.
local low = require "aiostate.library"

local address = {}

local Address = getmetatable(low.Address())
local equal = low.Address().equal

function Address:__tostring()
  return self:format()
end

function Address:__eq(other)
  return getmetatable(other) == Address and equal(self, other)
end

--- Makes an address from a numeric host.
function address.of(host, port)
  local made = low.Address()
  made:parse(host, port or 0)
  return made
end

--- Makes the address of a Unix socket.
function address.of_path(path)
  local made = low.Address()
  made:from_path(path)
  return made
end

return address
