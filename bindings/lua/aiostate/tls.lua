--- TLS contexts: certificates and trust.
local handle = require "aiostate.handle"
local low = require "aiostate.library"
local lowering = require "aiostate.lowering"

local TlsContext, library = handle.class(low.TlsContext)
TlsContext.__name = "aiostate.tls_context"

--- Makes a context for one side.
-- @usage aiostate.tls_context(aiostate.TLS_SERVER, { certificate_file = "server.pem", key_file = "server.key" })
-- @return the context; or nil and an error
function TlsContext.new(side, options)
  local self = setmetatable({ _low = low.TlsContext() }, TlsContext)
  local _, refusal = library.create(self._low, side, lowering.record(low.TlsOptions, options))
  if refusal then return nil, refusal end
  return self
end

--- Gives later connections other certificates; without options the same files are read again.
function TlsContext:reload(options)
  return library.reload(self._low, lowering.record(low.TlsOptions, options))
end

--- Presents the certificate of another context to clients that ask for a name or wildcard.
function TlsContext:add_server_name(name, other)
  return library.add_server_name(self._low, name, other._low)
end

return TlsContext
