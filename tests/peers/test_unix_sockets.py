#!/usr/bin/env python3
"""aiocat --unix with socat and Python's sockets."""

import os
import socket
import unittest

from peers import BINARY, PeerTest, poll


class TestUnixSockets(PeerTest):
    def path(self):
        return self.folder / "socket"

    def test_socat__connects(self):
        aiocat = self.listen_at(self.path(), stdin=BINARY)
        socat = self.start("socat", "-t30", "-", f"UNIX-CONNECT:{self.path()}", stdin=BINARY[::-1])
        self.expect(socat, BINARY)
        self.expect(aiocat, BINARY[::-1])

    def test_socat__listens(self):
        socat = self.start("socat", "-t30", "-", f"UNIX-LISTEN:{self.path()}", stdin=BINARY)
        poll(self.path().exists, "the socket file")
        aiocat = poll(lambda: self.aiocat("--unix", self.path(), stdin=BINARY[::-1]), "aiocat")
        self.expect(aiocat, BINARY)
        self.expect(socat, BINARY[::-1])

    def test_abstract_names__need_no_file(self):
        name = f"@aiocat-{os.getpid()}"
        aiocat = self.listen_at(name, "--echo")
        self.assertEqual(aiocat.address, name)
        socat = self.start("socat", "-t30", "-", f"ABSTRACT-CONNECT:{name[1:]}", stdin=BINARY)
        self.expect(socat, BINARY)
        self.expect(aiocat, b"")

    def test_listener__leaves_no_file(self):
        aiocat = self.listen_at(self.path(), "--no-input")
        self.assertTrue(self.path().is_socket())
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(self.path()))
            peer.sendall(b"bytes")
        self.expect(aiocat, b"bytes")
        self.assertFalse(self.path().exists())

    def test_listener__replaces_a_file_left_behind(self):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(self.path()))
            dead.listen()
        aiocat = self.listen_at(self.path(), "--no-input")
        self.expect(self.aiocat("--unix", self.path(), stdin=BINARY), b"")
        self.expect(aiocat, BINARY)

    def test_connect__says_that_there_is_no_file(self):
        aiocat = self.aiocat("--unix", self.path())
        self.expect_status(aiocat, 1)
        self.assertIn(str(self.path()).encode(), aiocat.errors)


if __name__ == "__main__":
    unittest.main()
