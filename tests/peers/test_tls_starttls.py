#!/usr/bin/env python3
"""STARTTLS: a mail server that follows a script, and what aiocat and starttls_client make of it."""

import os
import unittest

from peers import receive_all
from tls_peers import TlsTest, beside

# What the client says, as a pattern, and the answer; the last one is the go-ahead.
SCRIPTS = {
    "smtp": [
        (b"", b"220-mail.example\r\n220 at your service\r\n"),
        (rb"^EHLO (\[127\.0\.0\.1\]|localhost)\r\n$", b"250-mail.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n"),
        (b"STARTTLS\r\n", b"220 go ahead\r\n"),
    ],
    "imap": [
        (b"", b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"),
        (b"a STARTTLS\r\n", b"* CAPABILITY IMAP4rev1\r\na OK go ahead\r\n"),
    ],
    "pop3": [(b"", b"+OK ready\r\n"), (b"STLS\r\n", b"+OK go ahead\r\n")],
}
REFUSALS = {"smtp": b"454 \x1b[2Jnot now\r\n", "imap": b"a BAD \x1b[2Jnot now\r\n", "pop3": b"-ERR \x1b[2Jnot now\r\n"}


class TestStarttls(TlsTest):
    def starttls(self, protocol, server, *words, **options):
        return self.aiocat("--starttls", protocol, "--ca", self.ca, *words, *server.getsockname(), **options)

    def follow(self, peer, script):
        for words, answer in script:
            if words:
                self.assertRegex(self.read_line(peer), words)
            peer.sendall(answer)

    def read_line(self, peer):
        line = b""
        while not line.endswith(b"\n"):
            line += (byte := peer.recv(1))
            self.assertTrue(byte)
        return line

    def secure(self, peer, version="1.3"):
        return self._secure(peer, self.server_context(version), server_side=True)

    def test_each_protocol__is_secure_behind_the_go_ahead(self):
        for protocol, script in SCRIPTS.items():
            for version in "1.2", "1.3":
                with self.subTest(protocol, version=version):
                    server = self.server()
                    aiocat = self.starttls(protocol, server, stdin=b"secret\n")
                    self.follow(peer := self.accept(server), script)
                    peer = self.secure(peer, version)
                    self.assertEqual(self.read_line(peer), b"secret\n")
                    peer.sendall(b"answer\n")
                    peer.unwrap()
                    self.expect(aiocat, b"answer\n")

    def test_smtp__an_address_of_ipv6_is_told_as_one(self):
        server = self.server("::1")
        self.aiocat("--starttls", "smtp", "::1", server.getsockname()[1])
        peer = self.accept(server)
        peer.sendall(b"220 hello\r\n")
        self.assertEqual(self.read_line(peer), b"EHLO [IPv6:::1]\r\n")

    def test_each_protocol__refused(self):
        for protocol, script in SCRIPTS.items():
            with self.subTest(protocol):
                server = self.server()
                aiocat = self.starttls(protocol, server, stdin=b"secret\n")
                peer = self.accept(server)
                self.follow(peer, script[:-1] + [(script[-1][0], REFUSALS[protocol])])
                self.expect_tls_failure(aiocat, r"does not begin TLS, but says: .*\?\[2Jnot now")
                self.assertEqual(peer.recv(100), b"")  # nothing of the input

    def test_each_protocol__plaintext_behind_the_go_ahead(self):
        for protocol, script in SCRIPTS.items():
            with self.subTest(protocol):
                server = self.server()
                aiocat = self.starttls(protocol, server, stdin=b"secret\n")
                peer = self.accept(server)
                self.follow(peer, script[:-1] + [(script[-1][0], script[-1][1] + b"250 injected\r\n")])
                self.expect_tls_failure(aiocat, "more in plain than its go-ahead")
                self.assertEqual(aiocat.output, b"")
                self.assertEqual(peer.recv(100), b"")

    def test_verification__under_another_name(self):
        server = self.server()
        aiocat = self.starttls("smtp", server, "--server-name", "other.example", stdin=b"secret\n")
        self.follow(peer := self.accept(server), SCRIPTS["smtp"])
        with self.assertRaisesRegex(OSError, "alert"):
            self.secure(peer)
        self.expect_tls_failure(aiocat, "hostname mismatch")

    def test_bounds__of_what_comes_in_plain(self):
        for flood, status in (b"220-and so on\r\n" * 1000, 4), (b"220 " + b"x" * 100_000, 1):
            with self.subTest(flood[:10]):
                server = self.server()
                aiocat = self.starttls("smtp", server)
                peer = self.accept(server)
                with beside(self._send_until_closed, peer, flood):
                    self.expect_status(aiocat, status)

    def _send_until_closed(self, peer, flood):
        try:
            peer.sendall(flood)
        except ConnectionError:
            pass

    def test_silence__ends_with_a_timeout(self):
        for protocol, script in SCRIPTS.items():
            for said in range(len(script) + 1):
                with self.subTest(protocol, said=said):
                    server = self.server()
                    aiocat = self.starttls(protocol, server, "--connect-timeout", 0.3, stdin=b"secret")
                    self.follow(peer := self.accept(server), script[:said])
                    self.expect_status(aiocat, 3)
                    self.assertNotIn(b"secret", receive_all(peer))

    def test_early_end__in_plain(self):
        server = self.server()
        aiocat = self.starttls("pop3", server)
        self.accept(server).close()
        self.expect_status(aiocat, 2)

    def test_signal__in_plain(self):
        server = self.server()
        aiocat = self.starttls("pop3", server)
        peer = self.accept(server)
        self.follow(peer, SCRIPTS["pop3"][:1])
        self.read_line(peer)
        aiocat.signal()
        self.expect_status(aiocat, 130)

    def starttls_client(self, script):
        server = self.server()
        client = self.start(os.environ["STARTTLS_CLIENT"], *server.getsockname(), self.ca)
        self.follow(peer := self.accept(server), script)
        return client, peer

    def test_starttls_client__prints_what_the_server_can_do_under_tls(self):
        client, peer = self.starttls_client(SCRIPTS["smtp"])
        peer = self.secure(peer)
        self.assertEqual(self.read_line(peer), b"EHLO localhost\r\n")
        peer.sendall(b"250-mail.example\r\n250 AUTH PLAIN\r\n")
        self.expect(client, b"250-mail.example\r\n250 AUTH PLAIN\r\n")

    def test_starttls_client__refused_or_deceived(self):
        *begin, (words, answer) = SCRIPTS["smtp"]
        for last, message in (b"502 no\r\n", b"refuses"), (answer + b"250 injected\r\n", b"more in plain"):
            with self.subTest(message):
                client, _ = self.starttls_client([*begin, (words, last)])
                self.expect_status(client, 1)
                self.assertIn(message, client.errors)


if __name__ == "__main__":
    unittest.main()
