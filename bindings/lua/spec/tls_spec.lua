local aiostate = require "aiostate"
local support = require "support"

local DIRECTORY = os.getenv "AIO_CERTIFICATES"

describe("TLS", function()
  local collection, server_context, client_context
  before_each(function()
    collection = support.collection()
    server_context = assert(aiostate.tls_context(aiostate.TLS_SERVER, {
      certificate_file = DIRECTORY .. "/server.pem",
      key_file = DIRECTORY .. "/server.key",
    }))
    client_context = assert(aiostate.tls_context(aiostate.TLS_CLIENT, { trust_file = DIRECTORY .. "/ca.pem" }))
  end)
  after_each(function() collection:close() end)

  it("tls_names", function()
    local server = support.echo_server(collection, { tls = server_context })
    local function connect(host, options) return collection:connect_tcp(host, server:local_port(), options) end

    local state = assert(connect("localhost", { tls = client_context }))
    assert.equal("secret", support.exchange(state, "secret"))
    assert.equal("TLSv1.3", state:tls_version())

    local _, wrong_name = connect("localhost", { tls = client_context, tls_server_name = "other.example" })
    assert.equal("ERR_TLS_HOST_NAME", wrong_name.name)
    assert.is_true(#wrong_name.text > 0)

    local stranger = assert(aiostate.tls_context(aiostate.TLS_CLIENT, { system_trust = true }))
    local _, untrusted = connect("localhost", { tls = stranger })
    assert.equal("ERR_TLS_CERTIFICATE", untrusted.name)
  end)

  it("starttls", function()
    local client, server = support.pair(collection)

    local function both(client_part, server_part)
      local done = 0
      for _, part in ipairs { client_part, server_part } do
        collection:spawn(function()
          assert(part())
          done = done + 1
        end)
      end
      assert(collection:run_until(function() return done == 2 end))
    end
    local function a_line_each_way(line)
      client:write(line, false)
      assert.equal(line, server:read_until("\n"))
      server:write(line:upper(), false)
      assert.equal(line:upper(), client:read_until("\n"))
    end

    a_line_each_way "plain\n"
    both(function() return client:attach_tls(client_context, { server_name = "localhost" }) end,
         function() return server:attach_tls(server_context) end)
    assert.equal(aiostate.TLS_CLIENT, client:tls_side())
    a_line_each_way "secret\n"
    both(function() return client:detach_tls() end, function() return server:detach_tls() end)
    assert.equal(0, client:tls_side())
    a_line_each_way "plain again\n"
  end)
end)
