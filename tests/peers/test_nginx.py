#!/usr/bin/env python3
"""aiocat with nginx: pages and uploads by requests written by hand."""

import unittest

from peers import BINARY, PeerTest
from web import start_nginx


class TestNginx(PeerTest):
    def test_nginx__serves_a_file(self):
        address = start_nginx(self)
        (self.folder / "www" / "page").write_bytes(BINARY)
        aiocat = self.aiocat(*address, stdin=b"GET /page HTTP/1.0\r\n\r\n")
        self.expect_status(aiocat, 0)
        header, _, body = aiocat.output.partition(b"\r\n\r\n")
        self.assertRegex(header, rb"^HTTP/1\.\d 200 ")
        self.assertTrue(body == BINARY)

    def test_nginx__takes_an_upload(self):
        address = start_nginx(self)
        request = b"PUT /upload HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(BINARY) + BINARY
        aiocat = self.aiocat("--send", self.file(request, "request"), *address)
        self.expect_status(aiocat, 0)
        self.assertRegex(aiocat.output, rb"^HTTP/1\.\d 201 ")
        self.assertTrue((self.folder / "www" / "upload").read_bytes() == BINARY)

    def test_nginx__early_end_of_a_page_that_is_too_short(self):
        address = start_nginx(self)
        aiocat = self.aiocat("--expect", 1_000_000, *address, stdin=b"GET /missing HTTP/1.0\r\n\r\n")
        self.expect_status(aiocat, 2)
        self.assertRegex(aiocat.output, rb"^HTTP/1\.\d 404 ")


if __name__ == "__main__":
    unittest.main()
