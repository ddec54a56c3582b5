#!/usr/bin/env python3
"""aiocat with gnutls-cli and gnutls-serv, another implementation of TLS."""

import subprocess
import unittest

from peers import digest_of, free_port, listening_port, poll
from tls_peers import NAME, TlsTest, beside

MEGABYTES = 2
PRIORITIES = {"1.2": "NORMAL:-VERS-ALL:+VERS-TLS1.2", "1.3": "NORMAL:-VERS-ALL:+VERS-TLS1.3"}


class TestGnutls(TlsTest):
    def gnutls_cli(self, listener, *words, trust=None, name=NAME, version="1.3", **options):
        host, port = listener.address
        trust = ("--x509cafile", trust or self.ca, "--verify-hostname", name, "--priority", PRIORITIES[version])
        return self.start("gnutls-cli", "--logfile", "/dev/null", *trust, "--port", port, *words, host, **options)

    def test_gnutls_cli__a_file_each_way(self):
        large, digest = self.large_file(MEGABYTES)
        for version in PRIORITIES:
            with self.subTest(version):
                received = self.folder / f"received{version}"
                listener = self.listen_tls("--no-shutdown", "--send", large, "--receive", received)
                client = self.gnutls_cli(listener, version=version, stdin=subprocess.PIPE, reads_output=False)
                with beside(client.stdin.write, large.read_bytes()):
                    output = self.read_exactly(client.process.stdout, MEGABYTES << 20)
                client.stdin.close()  # it sends no close_notify unless it is the first to end
                self.expect_status(listener, 0)
                self.expect_status(client, 0)
                self.assertEqual(digest_of(received), digest)
                self.assertEqual(digest_of(self.file(output, "output")), digest)

    def read_exactly(self, stream, size):
        blocks = []
        while size > 0:
            blocks.append(stream.read(min(size, 1 << 16)))
            self.assertTrue(blocks[-1])
            size -= len(blocks[-1])
        return b"".join(blocks)

    def test_gnutls_cli__shows_a_certificate(self):
        listener = self.listen_tls("--ca", self.ca, "--no-input")
        certificate = ("--x509certfile", self.client_certificate, "--x509keyfile", self.client_certificate)
        client = self.gnutls_cli(listener, *certificate, stdin=b"from a known client")
        self.expect_status(client, 0)
        self.expect(listener, b"from a known client")

    def test_gnutls_cli__refuses_who_is_not_verified(self):
        for trust, name in (self.other_ca, NAME), (self.ca, "other.example"):
            with self.subTest(name):
                listener = self.listen_tls("--no-input")
                self.assertNotEqual(self.gnutls_cli(listener, trust=trust, name=name).wait(), 0)
                self.expect_tls_failure(listener, "alert")

    def gnutls_serv(self, *words):
        while True:  # another program may be faster with the port that was free
            port = free_port()
            certificate = ("--x509certfile", self.server_certificate, "--x509keyfile", self.server_certificate)
            server = self.start("gnutls-serv", "--echo", "--quiet", "--port", port, *certificate, *words)
            if poll(lambda: server.ended() or listening_port(server.pid), "gnutls-serv") == port:
                return "127.0.0.1", port

    def expect_echo(self, *words):
        """Line by line, as it takes them."""
        aiocat = self.trusting(*words, stdin=subprocess.PIPE, reads_output=False)
        for number in range(20):
            line = b"%05d" % number * 1000 + b"\n"
            aiocat.stdin.write(line)
            self.assertEqual(self.read_exactly(aiocat.process.stdout, len(line)), line)
        aiocat.stdin.close()
        self.expect_status(aiocat, 0)

    def test_gnutls_serv__echoes(self):
        for version, priority in PRIORITIES.items():
            with self.subTest(version):
                self.expect_echo(*self.gnutls_serv("--priority", priority))

    def test_gnutls_serv__asks_for_a_certificate(self):
        address = self.gnutls_serv("--require-client-cert", "--x509cafile", self.ca)
        self.expect_tls_failure(self.trusting(*address, stdin=b"hello\n"), "alert")
        self.expect_echo("--cert", self.client_certificate, *address)


if __name__ == "__main__":
    unittest.main()
