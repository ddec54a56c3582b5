"""Datagrams."""

import aiostate
from support import LOCAL, Case


class Datagrams(Case):
    def setUp(self):
        super().setUp()
        self.server = self.collection.create_udp(LOCAL, 0)
        self.client = self.result(self.collection.connect_udp(LOCAL, self.server.local_address().port))

    def test_datagrams(self):
        for data in b"one", b"", b"three":
            self.client.send_message(data)
            message = self.result(self.server.receive_message(100))
            self.assertEqual((message.data, message.truncated), (data, False))
            self.assertEqual(message.address, self.client.local_address())
            self.server.send_message_to_address(message.address, data + b"!")
            self.assertEqual(self.result(self.client.receive_message(100)).data, data + b"!")
        self.client.send_message(b"too long")
        message = self.result(self.server.receive_message(3))
        self.assertEqual((message.data, message.truncated), (b"too", True))
        self.receive_standing()

    def receive_standing(self):
        received = []
        self.server.receive_messages(lambda state, message, status: received.append(message.data))
        self.assertEqual(self.result(self.client.send_messages([(b"1", None), (b"2", None), (b"3", None)])), 3)
        self.until(lambda: len(received) == 3)
        self.server.finish_read(0)
        self.client.send_message(b"after")
        self.assertEqual(self.result(self.server.receive_message(100)).data, b"after")
        self.assertEqual(received, [b"1", b"2", b"3"])

    def test_to_a_host(self):
        self.server.send_message_to_host("localhost", self.client.local_address().port, b"hello")
        self.assertEqual(self.result(self.client.receive_message(100)).data, b"hello")

    def test_addresses(self):
        one, same, other = aiostate.Address("::1", 80), aiostate.Address("::1", 80), aiostate.Address(path="/a")
        self.assertEqual((str(one), one.host, one.port, one.family), ("[::1]:80", "::1", 80, 6))
        self.assertEqual(len({one, same, other}), 2)
        self.assertEqual((other.host, other.family), ("/a", aiostate.UNIX))
        self.refuses(aiostate.ERR_INVALID_ARGUMENT, aiostate.Address, "a name")
