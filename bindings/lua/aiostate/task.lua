--- Tasks: coroutines in which an operation without a callback waits for its end.
local low = require "aiostate.library"

local task = {}

local tasks = setmetatable({}, { __mode = "k" })

--- Makes a task of a function.
function task.create(body)
  local thread = coroutine.create(body)
  tasks[thread] = true
  return thread
end

--- The task that runs, or nil.
function task.current()
  if coroutine.isyieldable() then
    local thread = coroutine.running()
    return tasks[thread] and thread
  end
end

-- A task that does not handle its cancellation has ended as it should.
local function is_canceled(problem)
  return type(problem) == "table" and problem.status == low.ERR_CANCELED
end

--- Goes on with a task that waits, and raises what it raises.
-- @return whether it still waited: `coroutine.close` may have ended it
function task.resume(thread, ...)
  if coroutine.status(thread) ~= "suspended" then return false end
  local fine, problem = coroutine.resume(thread, ...)
  if not fine then
    coroutine.close(thread)
    if not is_canceled(problem) then error(problem, 0) end
  end
  return true
end

return task
