#!/usr/bin/env python3
"""aiocat --udp with a DNS resolver, socat and Python's sockets."""

import struct
import time
import unittest

from peers import PeerTest, free_port, poll, udp_port


def dns_query(number, name):
    """A question for the IPv4 addresses of a name (RFC 1035, 4.1)."""
    labels = b"".join(bytes([len(label)]) + label for label in name.encode().split(b"."))
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1)


class TestDatagrams(PeerTest):
    def udp(self, address, *words, **options):
        return self.aiocat("--udp", "--timeout", 20, *words, *address, **options)

    def echo(self):
        return self.listen("--udp", "--echo").address

    def test_dnsmasq__answers_a_query(self):
        port = free_port()
        dnsmasq = self.start(
            "dnsmasq", "--no-daemon", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--user=",
            "--bind-interfaces", "--listen-address=127.0.0.1", f"--port={port}", "--address=/name.example/192.0.2.7",
        )
        poll(lambda: udp_port(dnsmasq.pid) == port, "dnsmasq")
        query = dns_query(0x1234, "name.example")
        aiocat = self.udp(("127.0.0.1", port), "--replies", 1, stdin=query)
        self.expect_status(aiocat, 0)
        number, flags, questions, answers = struct.unpack(">HHHH", aiocat.output[:8])
        self.assertEqual((number, flags & 0x800F, questions, answers), (0x1234, 0x8000, 1, 1))
        self.assertTrue(aiocat.output.endswith(b"\0\4" + bytes([192, 0, 2, 7])))

    def test_echo__comes_back(self):
        self.expect(self.udp(self.echo(), "--replies", 1, stdin=b"ping"), b"ping")

    def test_echo__goes_to_who_has_asked(self):
        address = self.echo()
        clients = [self.datagram_socket() for _ in range(30)]
        for number, client in enumerate(clients):
            for part in range(5):
                client.sendto(b"%d.%d" % (number, part), address)
        for number, client in enumerate(clients):
            self.assertEqual([client.recv(100) for _ in range(5)], [b"%d.%d" % (number, part) for part in range(5)])

    def test_datagrams__are_pieces_of_the_input(self):
        server = self.datagram_socket()
        content = bytes(range(256)) * 20
        aiocat = self.udp(server.getsockname(), "--replies", 0, stdin=content)
        self.expect(aiocat, b"")
        self.assertEqual([server.recv(9999) for _ in range(5)], [content[at : at + 1200] for at in range(0, 5120, 1200)])

    def test_datagrams__without_bytes_are_no_end(self):
        server = self.datagram_socket()
        aiocat = self.udp(server.getsockname(), "--replies", 3, stdin=b"?")
        _, peer = server.recvfrom(100)
        for answer in b"one", b"", b"two":
            server.sendto(answer, peer)
        self.expect(aiocat, b"onetwo")

    def test_listener__writes_what_comes_and_answers(self):
        listener = self.listen("--udp", "--replies", 2, stdin=b"answer")
        client = self.datagram_socket()
        client.sendto(b"first ", listener.address)
        self.assertEqual(client.recv(100), b"answer")
        client.sendto(b"second", listener.address)
        self.expect(listener, b"first second")

    def test_silence__is_the_end_without_replies_to_wait_for(self):
        begin = time.monotonic()
        aiocat = self.aiocat("--udp", "--timeout", 0.3, *self.echo(), stdin=b"ping")
        self.expect(aiocat, b"ping")
        self.assertGreaterEqual(time.monotonic() - begin, 0.3)

    def test_silence__is_a_timeout_while_replies_are_missing(self):
        server = self.datagram_socket()
        self.expect_status(self.aiocat("--udp", "--timeout", 0.3, "--replies", 1, *server.getsockname(), stdin=b"?"), 3)

    def test_refusal__is_told(self):
        aiocat = self.udp(("127.0.0.1", free_port()), "--replies", 1, stdin=b"?")
        self.expect_status(aiocat, 1)
        self.assertIn(b"refused", aiocat.errors)

    def test_socat__receives(self):
        port = free_port()
        socat = self.start("socat", "-u", f"UDP-RECVFROM:{port},bind=127.0.0.1", "-")
        poll(lambda: udp_port(socat.pid), "socat")
        self.expect(self.udp(("127.0.0.1", port), "--replies", 0, stdin=b"for socat"), b"")
        self.expect(socat, b"for socat")

    def test_socat__sends(self):
        listener = self.listen("--udp", "--no-input", "--replies", 1)
        self.start("socat", "-u", "-", "UDP-SENDTO:%s:%d" % listener.address, stdin=b"from socat")
        self.expect(listener, b"from socat")


if __name__ == "__main__":
    unittest.main()
