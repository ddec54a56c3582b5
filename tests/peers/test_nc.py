#!/usr/bin/env python3
"""aiocat with OpenBSD's netcat, both ways and on either side."""

import unittest

from peers import BINARY, PeerTest


class TestNc(PeerTest):
    def test_nc__listens(self):
        nc = self.start("nc", "-N", "-l", "127.0.0.1", "0", stdin=BINARY)
        aiocat = self.aiocat("127.0.0.1", nc.port(), stdin=BINARY[::-1])
        self.expect(aiocat, BINARY)
        self.expect(nc, BINARY[::-1])

    def test_nc__connects(self):
        aiocat = self.listen(stdin=BINARY)
        nc = self.start("nc", "-N", *aiocat.address, stdin=BINARY[::-1])
        self.expect(nc, BINARY)
        self.expect(aiocat, BINARY[::-1])

    def test_nc__sends_to_one_that_ends_at_once(self):
        aiocat = self.listen()
        nc = self.start("nc", "-N", *aiocat.address, stdin=BINARY)
        self.expect(nc, b"")
        self.expect(aiocat, BINARY)

    def test_nc__gets_its_echo(self):
        aiocat = self.listen("--echo")
        nc = self.start("nc", "-N", *aiocat.address, stdin=BINARY)
        self.expect(nc, BINARY)
        self.expect(aiocat, b"")


if __name__ == "__main__":
    unittest.main()
