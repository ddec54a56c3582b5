--- What the classes have in common.
local handle = {}

--- The methods of one of the library's classes, each fetched once.
function handle.methods(class)
  local probe = class()
  return setmetatable({}, {
    __index = function(methods, name)
      methods[name] = probe[name]
      return rawget(methods, name)
    end,
  })
end

--- Makes a class whose objects hold one of the library's in `_low`, and have its functions: what the class does not
-- define is made when it is first asked for.
-- @return the class, and the library's methods
function handle.class(class)
  local methods = handle.methods(class)
  local made = {}
  made.__index = made
  return setmetatable(made, {
    __index = function(_, name)
      local method = methods[name]
      if not method then return nil end
      made[name] = function(self, ...)
        local value, refusal = method(self._low, ...)
        if refusal then return nil, refusal end
        return value
      end
      return made[name]
    end,
  }), methods
end

return handle
