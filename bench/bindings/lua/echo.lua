--- Echo round trips of 64 bytes over one TCP connection, client and server in one thread: CPU time of each.
--
-- usage: lua5.4 echo.lua ROUND-TRIPS
-- Prints lines of a name, round trips per CPU second, and microseconds of CPU per round trip; of events likewise.
-- Finds aiostate by LUA_PATH and LUA_CPATH, and needs Debian's lua-socket.
local aiostate = require "aiostate"
local socket = require "socket"

local HOST, SIZE = "127.0.0.1", 64
local MESSAGE = ("x"):rep(SIZE)
local count = assert(math.tointeger(arg[1]), "usage: echo.lua ROUND-TRIPS")

local function measure(name, times, run)
  collectgarbage()
  local began = os.clock()
  run(times)
  local seconds = os.clock() - began
  print(("%s\t%.0f\t%.2f"):format(name, times / seconds, seconds / times * 1e6))
end

local function pair(collection)
  local acceptor <close> = assert(collection:listen_tcp(HOST, 0))
  local client = assert(collection:connect_tcp(HOST, acceptor:local_port()))
  return client, assert(acceptor:accept())
end

local function with_callbacks(times)
  local collection <close> = aiostate.collection()
  local client, server = pair(collection)
  local left = times

  local function answer(_, bytes, status)
    if status ~= aiostate.OK then return end
    server:write(bytes, false)
    server:read(SIZE, answer)
  end

  local function ask()
    client:write(MESSAGE, false)
    client:read(SIZE, function()
      left = left - 1
      if left == 0 then return collection:stop() end
      ask()
    end)
  end

  server:read(SIZE, answer)
  ask()
  collection:run()
end

local function with_tasks(times)
  local collection <close> = aiostate.collection()
  local client, server = pair(collection)

  collection:spawn(function()
    while true do server:write(assert(server:read(SIZE))) end
  end)
  collection:spawn(function()
    for _ = 1, times do
      client:write(MESSAGE)
      assert(client:read(SIZE))
    end
    collection:stop()
  end)
  collection:run()
end

local function with_events(times)
  local collection <close> = aiostate.collection()
  local left = times

  local function again()
    left = left - 1
    if left == 0 then return collection:stop() end
    collection:apply(again)
  end

  collection:apply(again)
  collection:run()
end

local function with_luasocket(times)
  local listener = assert(socket.bind(HOST, 0))
  local _, port = listener:getsockname()
  local client = assert(socket.connect(HOST, port))
  local server = assert(listener:accept())
  for _, used in ipairs { client, server } do
    used:setoption("tcp-nodelay", true)
    used:settimeout(0)
  end

  local left = times
  local on_readable = {
    [server] = function() assert(server:send(assert(server:receive(SIZE)))) end,
    [client] = function()
      assert(client:receive(SIZE))
      left = left - 1
      if left > 0 then assert(client:send(MESSAGE)) end
    end,
  }
  assert(client:send(MESSAGE))
  local watched = { client, server }
  while left > 0 do
    for _, readable in ipairs(socket.select(watched, nil)) do on_readable[readable]() end
  end
  for _, used in ipairs { client, server, listener } do used:close() end
end

measure("aiostate, callbacks", count, with_callbacks)
measure("aiostate, tasks", count, with_tasks)
measure("LuaSocket, select", count, with_luasocket)
measure("aiostate, one event", count, with_events)
