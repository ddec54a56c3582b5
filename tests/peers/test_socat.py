#!/usr/bin/env python3
"""aiocat with socat, both ways and on either side."""

import unittest

from peers import BINARY, PeerTest


class TestSocat(PeerTest):
    def test_socat__listens(self):
        socat = self.start("socat", "-t30", "-", "TCP-LISTEN:0,bind=127.0.0.1", stdin=BINARY)
        aiocat = self.aiocat("127.0.0.1", socat.port(), stdin=BINARY[::-1])
        self.expect(aiocat, BINARY)
        self.expect(socat, BINARY[::-1])

    def test_socat__connects(self):
        aiocat = self.listen(stdin=BINARY)
        socat = self.start("socat", "-t30", "-", "TCP:%s:%d" % aiocat.address, stdin=BINARY[::-1])
        self.expect(socat, BINARY)
        self.expect(aiocat, BINARY[::-1])

    def test_socat__sends_one_way(self):
        aiocat = self.listen("--no-input")
        socat = self.start("socat", "-u", "-", "TCP:%s:%d" % aiocat.address, stdin=BINARY)
        self.expect(socat, b"")
        self.expect(aiocat, BINARY)

    def test_socat__over_ipv6(self):
        aiocat = self.listen("-6", port=("::1", 0), stdin=BINARY)
        socat = self.start("socat", "-t30", "-", "TCP6:[%s]:%d" % aiocat.address, stdin=BINARY[::-1])
        self.expect(socat, BINARY)
        self.expect(aiocat, BINARY[::-1])

    def test_socat__gets_its_echo(self):
        aiocat = self.listen("--echo")
        socat = self.start("socat", "-t30", "-", "TCP:%s:%d" % aiocat.address, stdin=BINARY)
        self.expect(socat, BINARY)
        self.expect(aiocat, b"")


if __name__ == "__main__":
    unittest.main()
