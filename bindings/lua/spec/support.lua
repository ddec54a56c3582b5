--- The vocabulary of the tests.
local aiostate = require "aiostate"
local uv = require "luv"

local support = {}

support.HOST = "127.0.0.1"
local DEADLINE = 30

--- A collection whose every wait has a deadline, since it raises when it is over.
function support.collection()
  local collection = aiostate.collection()
  collection:timer(DEADLINE, function() error("The deadline is over.") end)
  return collection
end

--- Waits for what comes without an event.
function support.wait_for(collection, condition)
  local _ <close> = collection:timer(0, 0.001, function() end)
  assert(collection:run_until(condition))
end

--- A connected pair of states.
function support.pair(collection, options)
  local acceptor <close> = assert(collection:listen_tcp(support.HOST, 0, options))
  local client = assert(collection:connect_tcp(support.HOST, acceptor:local_port()))
  return client, assert(acceptor:accept())
end

--- A port that nobody listens at.
function support.free_port(collection)
  local acceptor = assert(collection:listen_tcp(support.HOST, 0))
  assert(acceptor:close())
  return acceptor:local_port()
end

--- Reads with callbacks, and writes all of it back, until the end of the stream.
function support.echo(state)
  local function answer(_, bytes, status)
    if status ~= aiostate.OK then return state:close(false) end
    state:write(bytes, false)
    state:read(65536, { minimum = 1 }, answer)
  end
  state:read(65536, { minimum = 1 }, answer)
end

--- Listens for clients, whom it echoes.
function support.echo_server(collection, options)
  return assert(collection:listen_tcp(support.HOST, 0, options, function(_, state) support.echo(state) end))
end

--- A client of an echo server.
function support.client(collection, server, options)
  return assert(collection:connect_tcp(support.HOST, server:local_port(), options))
end

--- Writes bytes and returns what comes back.
function support.exchange(state, bytes)
  state:write(bytes, false)
  return assert(state:read(#bytes))
end

--- The same `count` times with callbacks; step() is called before each. done() is called at the end.
function support.exchanges(state, count, step, done)
  local function go_on(left)
    if left == 0 then return done() end
    step(left)
    local sent = ("round trip %d"):format(left)
    state:write(sent, false)
    state:read(#sent, function(_, bytes)
      assert(bytes == sent, "The echo differs.")
      go_on(left - 1)
    end)
  end
  go_on(count)
end

--- Bytes without a pattern.
function support.noise(size)
  local bytes = {}
  for i = 1, 4099 do bytes[i] = string.char(math.random(0, 255)) end
  return table.concat(bytes):rep(size // 4099 + 1):sub(1, size)
end

--- Runs a program in Lua of its own. on_output(process) is called when it has printed something.
-- @return its exit code, all that it printed, and how many seconds passed since on_output
function support.run_program(source, on_output)
  local pipes, printed, began = { uv.new_pipe(), uv.new_pipe() }, {}, uv.hrtime()
  local process, code
  local how = { args = { "-e", source }, stdio = { nil, table.unpack(pipes) } }
  process = assert(uv.spawn("lua5.4", how, function(exit_code)
    code = exit_code
    process:close()
  end))
  for _, pipe in ipairs(pipes) do
    pipe:read_start(function(_, bytes)
      if not bytes then return pipe:close() end
      table.insert(printed, bytes)
      if on_output then
        began = uv.hrtime()
        on_output(process)
        on_output = nil
      end
    end)
  end
  uv.run()
  return code, table.concat(printed), (uv.hrtime() - began) / 1e9
end

return support
