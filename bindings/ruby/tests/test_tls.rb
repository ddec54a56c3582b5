# frozen_string_literal: true

require "scenario"

class TestTls < Scenario
  CERTIFICATES = ENV.fetch("AIO_CERTIFICATES")

  def server_context
    TlsContext.new(TLS_SERVER, certificate_file: "#{CERTIFICATES}/server.pem", key_file: "#{CERTIFICATES}/server.key")
  end

  def trusting = TlsContext.new(TLS_CLIENT, trust_file: "#{CERTIFICATES}/ca.pem")

  scenario "tls_names" do
    failures = []
    acceptor = collection.listen_tcp("127.0.0.1", 0, tls: server_context,
                                     tls_error_callback: ->(*arguments) { failures << arguments }) { |_, state| echo(state) }
    client = collection.connect_tcp("localhost", acceptor.local_port, family: 4, tls: trusting)
    assert_equal "TLSv1.3", client.tls_version
    client.write(ALL_BYTES)
    assert_equal ALL_BYTES, client.read(256)

    other = { tls: trusting, tls_server_name: "other.example" }
    error = assert_status(ERR_TLS_HOST_NAME) { collection.connect_tcp("127.0.0.1", acceptor.local_port, **other) }
    assert_match "localhost", error.message
    untrusting = TlsContext.new(TLS_CLIENT)
    assert_status(ERR_TLS_CERTIFICATE) { collection.connect_tcp("localhost", acceptor.local_port, family: 4, tls: untrusting) }
    finish { failures.size == 2 }
    assert_equal [acceptor], failures.map(&:first).uniq
    refute_empty failures.first.last
  end

  scenario "starttls" do
    client, server = pair
    round_trip(client, server, "plain\n")

    attached = 0
    server.attach_tls(server_context) { |_, status| attached += 1 if status == OK }
    client.attach_tls(trusting, server_name: "localhost") { |_, status| attached += 1 if status == OK }
    finish { attached == 2 }
    round_trip(client, server, "secret\n")

    detached = 0
    [client, server].each { |state| state.detach_tls { |_, status| detached += 1 if status == OK } }
    finish { detached == 2 }
    assert_equal 0, client.tls_side
    round_trip(client, server, "plain again\n")
  end

  test "certificates from memory" do
    files = %w[server.pem server.key].map { |file| File.binread("#{CERTIFICATES}/#{file}") }
    context = TlsContext.new(TLS_SERVER, certificate_data: files[0], key_data: files[1])
    context.add_server_name("other.example", server_context)
    context.reload(certificate_data: files[0], key_data: files[1])
    client, server = pair(client: { tls: trusting }, server: { tls: context })
    round_trip(client, server, "hello")
    assert_equal files[0].strip, server.tls_peer_certificate.then { client.tls_peer_certificate.strip }
    assert_status(ERR_NOT_FOUND) { TlsContext.new(TLS_CLIENT, trust_file: "/no/such/file") }
  end
end
