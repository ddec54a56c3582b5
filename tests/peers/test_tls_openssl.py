#!/usr/bin/env python3
"""aiocat with openssl s_client and s_server, under TLS 1.2 and 1.3."""

import subprocess
import unittest

from peers import digest_of, free_port, listening_port, poll
from tls_peers import NAME, TlsTest, beside

VERSIONS = ("-tls1_2", "-tls1_3")
MEGABYTES = 4


class TestOpenssl(TlsTest):
    def s_server(self, *words, **options):
        while True:  # another program may be faster with the port that was free
            address = "127.0.0.1", free_port()
            command = ("openssl", "s_server", "-accept", "%s:%d" % address, "-cert", self.server_certificate)
            server = self.start(*command, "-key", self.server_certificate, *words, **options)
            if poll(lambda: server.ended() or listening_port(server.pid), "s_server") == address[1]:
                server.address = address
                return server
            self.assertIn(b"in use", server.errors)

    def s_client(self, address, *words, **options):
        trust = ("-CAfile", self.ca, "-verify_return_error", "-verify_hostname", NAME)
        return self.start("openssl", "s_client", "-connect", "%s:%s" % address, *trust, *words, **options)

    def test_s_server__a_file_each_way(self):
        for version in VERSIONS:
            with self.subTest(version):
                server = self.s_server(version, "-quiet", "-naccept", 1, stdin=subprocess.PIPE)
                received = self.folder / f"received{version}"
                aiocat = self.trusting("--receive", received, *server.address, stdin=subprocess.PIPE)
                self.exchange(aiocat, received, server)

    def test_s_client__a_file_each_way(self):
        for version in VERSIONS:
            with self.subTest(version):
                received = self.folder / f"received{version}"
                listener = self.listen_tls("--receive", received, stdin=subprocess.PIPE)
                client = self.s_client(listener.address, version, "-quiet", stdin=subprocess.PIPE)
                self.exchange(listener, received, client)

    def exchange(self, aiocat, received, peer):
        """Both ways at once. The peer ends, with what it has still to say, when it sees our end: that comes last."""
        large, digest = self.large_file(MEGABYTES)
        with beside(peer.stdin.write, large.read_bytes()):
            aiocat.stdin.write(large.read_bytes())
        self.wait_for_size(received, MEGABYTES << 20)
        aiocat.stdin.close()
        self.expect_status(aiocat, 0)
        peer.wait()
        self.assertEqual(digest_of(received), digest)
        self.assertEqual(digest_of(self.file(peer.output, "output")), digest)

    def test_s_server__alpn(self):
        server = self.s_server("-alpn", "http/1.1,h2", "-rev")
        self.expect(self.trusting("--alpn", "h2,http/1.1", *server.address, stdin=b"abc\n"), b"cba\n")
        self.expect_tls_failure(self.trusting("--alpn", "imap", *server.address), "no application protocol")

    def test_s_server__asks_for_a_certificate(self):
        server = self.s_server("-Verify", 2, "-verify_return_error", "-CAfile", self.ca, "-rev")
        mine = self.trusting("--cert", self.client_certificate, *server.address, stdin=b"abc\n")
        self.expect(mine, b"cba\n")
        self.expect_tls_failure(self.trusting(*server.address, stdin=b"abc\n"), "certificate required")

    def test_s_client__with_and_without_a_certificate(self):
        listener = self.listen_tls("--ca", self.ca, "--echo", "--keep-open")
        certificate = ("-cert", self.client_certificate, "-key", self.client_certificate)
        client = self.s_client(listener.address, "-quiet", *certificate, stdin=subprocess.PIPE, reads_output=False)
        client.stdin.write(b"hello\n")
        self.assertEqual(client.process.stdout.readline(), b"hello\n")
        self.assertNotEqual(self.s_client(listener.address, "-quiet", "-tls1_2").wait(), 0)
        listener.signal()
        self.expect_status(listener, 0)
        self.assertIn(b"peer did not return a certificate", listener.errors)

    def test_s_client__asks_for_new_keys(self):
        received = self.folder / "received"
        listener = self.listen_tls("--receive", received, stdin=subprocess.PIPE)
        client = self.s_client(listener.address, "-tls1_3", stdin=subprocess.PIPE)
        for number, command in enumerate((b"K\n", b"k\n", b"K\n"), 1):  # with and without the wish that we do so too
            client.stdin.write(b"line\n")
            self.wait_for_size(received, 5 * number)
            listener.stdin.write(b"answer %d\n" % number)
            poll(lambda: b"answer %d\n" % number in client.output, "the answer")
            client.stdin.write(command)
            poll(lambda: client.errors.count(b"KEYUPDATE") == number, "new keys")
        client.stdin.write(b"Q\n")
        listener.stdin.close()
        self.expect_status(listener, 0)
        self.assertEqual(received.read_bytes(), 3 * b"line\n")

    def test_s_client__old_versions_are_refused(self):
        listener = self.listen_tls("--no-input")
        self.s_client(listener.address, "-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0", stdin=subprocess.PIPE)
        self.expect_tls_failure(listener, "unsupported protocol")

    def test_s_server__is_not_who_it_should_be(self):
        host, port = self.s_server("-rev").address
        for words, message in (
            (("--ca", self.ca, "--server-name", "other.example"), "hostname mismatch"),
            (("--ca", self.other_ca, "--server-name", NAME), "unable to get local issuer"),
            (("--server-name", NAME), "unable to get local issuer"),
        ):
            with self.subTest(message):
                self.expect_tls_failure(self.aiocat("--tls", *words, host, port), message)
        self.expect(self.aiocat("--tls", "--insecure", host, port, stdin=b"abc\n"), b"cba\n")
        self.expect(self.aiocat("--tls", "--ca", self.ca, host, port, stdin=b"abc\n"), b"cba\n")  # its address

    def test_s_client__sees_the_fingerprint_of_a_made_certificate(self):
        listener = self.listen("--tls", "--no-input")
        client = self.start("openssl", "s_client", "-connect", "%s:%s" % listener.address)
        client.wait()
        self.expect_status(listener, 0)
        shown = self.start("openssl", "x509", "-noout", "-fingerprint", "-sha256", stdin=client.output)
        self.expect_status(shown, 0)
        fingerprint = shown.output.decode().strip().rpartition("=")[2]
        self.assertIn(f"SHA-256 {fingerprint}\n", listener.errors.decode())


if __name__ == "__main__":
    unittest.main()
