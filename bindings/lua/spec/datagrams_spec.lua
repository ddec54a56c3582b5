local support = require "support"

describe("datagrams", function()
  it("datagrams", function()
    local collection <close> = support.collection()
    local server = assert(collection:create_udp(support.HOST, 0))
    local client = assert(collection:create_udp(support.HOST, 0))
    local to_server = server:local_address()

    for _, data in ipairs { "one", "", "three" } do
      client:send_message_to_address(to_server, data)
      local request = assert(server:receive_message(100))
      assert.same({ data, false }, { request.data, request.truncated })
      assert.equal(client:local_address(), request.address)
      server:send_message_to_address(request.address, "re: " .. request.data)
      assert.equal("re: " .. data, client:receive_message(100).data)
    end

    client:send_message_to_address(to_server, "longer than that")
    local cut = assert(server:receive_message(4))
    assert.same({ "long", true }, { cut.data, cut.truncated })

    local got = {}
    server:receive_messages(function(_, message)
      table.insert(got, message.data)
      if #got == 3 then server:finish_read(0) end
    end)
    local sent = {}
    for i, data in ipairs { "a", "", "c" } do sent[i] = { data = data, address = to_server } end
    assert.equal(3, client:send_messages(sent))
    assert(collection:run_until(function() return #got == 3 end))
    assert.same({ "a", "", "c" }, got)

    client:send_message_to_address(to_server, "after")
    assert.equal("after", server:receive_message(100).data)
  end)
end)
