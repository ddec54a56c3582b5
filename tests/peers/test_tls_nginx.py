#!/usr/bin/env python3
"""aiocat and https_get with an nginx whose certificate is from a private authority."""

import os
import subprocess
import unittest

from peers import BINARY
from tls_peers import NAME, TlsTest
from web import start_nginx


class TestNginx(TlsTest):
    def nginx(self):
        address = start_nginx(self, self.server_certificate)
        (self.folder / "www" / "page").write_bytes(BINARY)
        return address

    def https_get(self, host, port, path="/page"):
        return self.start(os.environ["HTTPS_GET"], host, port, path, self.ca)

    def test_nginx__serves_a_file(self):
        aiocat = self.trusting("--no-shutdown", *self.nginx(), stdin=b"GET /page HTTP/1.0\r\n\r\n")
        self.expect_status(aiocat, 0)
        header, _, body = aiocat.output.partition(b"\r\n\r\n")
        self.assertRegex(header, rb"^HTTP/1\.\d 200 ")
        self.assertTrue(body == BINARY)

    def test_nginx__has_left_when_the_input_ends(self):
        aiocat = self.trusting(*self.nginx(), stdin=subprocess.PIPE, reads_output=False)
        aiocat.stdin.write(b"GET /page HTTP/1.0\r\n\r\n")
        with aiocat.process.stdout as output:
            answer = b""
            while not answer.endswith(BINARY):
                answer += output.read(1 << 16) or self.fail("the output has ended")
        aiocat.stdin.close()
        self.expect_status(aiocat, 0)

    def test_nginx__takes_an_upload(self):
        request = b"PUT /upload HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(BINARY) + BINARY
        aiocat = self.trusting("--no-shutdown", "--send", self.file(request, "request"), *self.nginx())
        self.expect_status(aiocat, 0)
        self.assertTrue((self.folder / "www" / "upload").read_bytes() == BINARY)

    def test_nginx__agrees_on_a_protocol(self):
        address = self.nginx()
        agreed = self.trusting("--no-shutdown", "--alpn", "http/1.1", *address, stdin=b"GET /missing HTTP/1.0\r\n\r\n")
        self.expect_status(agreed, 0)
        self.expect_tls_failure(self.trusting("--alpn", "imap", *address), "no application protocol")

    def test_nginx__is_refused_under_another_name(self):
        aiocat = self.aiocat("--tls", "--ca", self.ca, "--server-name", "other.example", *self.nginx())
        self.expect_tls_failure(aiocat, '"/CN=server".*hostname mismatch.*for another host')

    def test_nginx__is_refused_by_who_does_not_know_its_authority(self):
        self.expect_tls_failure(self.aiocat("--tls", "--server-name", NAME, *self.nginx()), "could not be verified")

    def test_https_get__fetches_a_page(self):
        _, port = self.nginx()
        self.expect(self.https_get("localhost", port), BINARY)
        self.expect_status(self.https_get("localhost", port, "/missing"), 1)

    def test_https_get__refuses_who_is_not_verified(self):
        _, port = self.nginx()
        client = self.start(os.environ["HTTPS_GET"], "127.0.0.1", port, "/page", self.other_ca)
        self.expect_status(client, 1)
        self.assertIn(b"could not be verified", client.errors)


if __name__ == "__main__":
    unittest.main()
