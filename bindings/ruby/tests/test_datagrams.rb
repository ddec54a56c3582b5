# frozen_string_literal: true

require "scenario"

class TestDatagrams < Scenario
  def receiver = collection.create_udp("127.0.0.1", 0)

  def sender(to) = collection.connect_udp("127.0.0.1", to.local_address.port)

  scenario "datagrams" do
    server = receiver
    client = sender(server)
    ["one", "", "three"].each do |text|
      client.send_message(text)
      message = server.receive_message(100)
      assert_equal [text, client.local_address, false], message.to_a
      server.send_message_to_address(message.address, "#{text}!")
      assert_equal "#{text}!", client.receive_message(100).data
    end

    client.send_message("0123456789")
    message = server.receive_message(4)
    assert_equal "0123", message.data
    assert_predicate message, :truncated?

    got = []
    server.receive_messages do |state, received, _|
      got << received.data
      state.finish_read(0) if got.size == 3
    end
    assert_equal 3, client.send_messages([["a", nil], ["", nil], ["c", nil]])
    finish { got.size == 3 }
    assert_equal ["a", "", "c"], got
    client.send_message("next")
    assert_equal "next", server.receive_message(100).data
  end

  test "each message" do
    server = receiver
    client = sender(server)
    %w[one two].each { |text| client.send_message(text) }
    assert_equal %w[one two], server.each_message.first(2).map(&:data)
    assert_raises(Aiostate::Timeout) { server.each_message(timeout: 0.01) { flunk } }
  end

  test "addresses" do
    one = Address.ip("127.0.0.1", 80)
    assert_equal "127.0.0.1:80", one.to_s
    assert_equal({ one => 1 }, { Address.ip("127.0.0.1", 80) => 1 })
    refute_equal one, Address.ip("::1", 80)
    refute_equal one, "127.0.0.1:80"
    assert_equal ["@abstract", UNIX], Address.unix("@abstract").then { |address| [address.host, address.family] }
    assert_equal "", Address.new.to_s
    assert_status(ERR_INVALID_ARGUMENT) { Address.ip("localhost", 80) }
  end
end
