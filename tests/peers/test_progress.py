#!/usr/bin/env python3
"""What aiocat says on the way."""

import contextlib
import os
import pty
import socket
import subprocess
import unittest

from peers import DEADLINE, PeerTest, receive_all


class TestProgress(PeerTest):
    def test_progress__always_tells_the_sum(self):
        listener = self.listen("--no-input")
        aiocat = self.aiocat("--progress=always", *listener.address, stdin=bytes(3 << 20))
        self.expect(aiocat, b"")
        self.assertRegex(aiocat.errors.decode(), r"sent 3\.00 MiB, [\d.]+ \w+/s, in [\d.]+ s\n$")

    def test_progress__is_silent_without_a_terminal(self):
        listener = self.listen("--no-input")
        aiocat = self.aiocat("--progress", *listener.address, stdin=b"hello")
        self.expect(aiocat, b"")
        self.assertEqual(aiocat.errors, b"")

    def test_progress__tells_how_far_it_is_and_how_long_it_takes(self):
        server = self.server()
        words = ["--progress=always", "--send", self.file(bytes(64 << 20))]
        aiocat = self.aiocat(*words, *server.getsockname(), reads_errors=False)
        peer = self.accept(server)
        peer.recv(1)
        line = aiocat.process.stderr.readline().decode()
        self.assertRegex(line, r"^sent [\d.]+ \w+ of 64\.00 MiB \(\d+ %\), [\d.]+ \w+/s, \d+:\d\d left\n$")
        receive_all(peer)
        peer.close()
        self.expect_status(aiocat, 0)

    def test_progress__rewrites_its_line_on_a_terminal(self):
        listener = self.listen("--no-input")
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        aiocat = subprocess.Popen(
            [os.environ["AIOCAT"], "--progress", *map(str, listener.address)], stdin=subprocess.DEVNULL, stderr=theirs
        )
        self.addCleanup(aiocat.kill)
        self.assertEqual(aiocat.wait(DEADLINE), 0)
        os.close(theirs)
        self.assertRegex(self._read_to_the_end(ours).decode(), r"^\rsent 0 B, .* s\x1b\[K\r\n$")

    @staticmethod
    def _read_to_the_end(terminal):
        text = b""
        with contextlib.suppress(OSError):  # that is how a terminal ends
            while True:
                text += os.read(terminal, 1000)
        return text


class TestTerminal(PeerTest):
    def test_terminal__typed_lines_go_out_and_the_end_of_the_peer_ends_it(self):
        server = self.server()
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        aiocat = self.aiocat(*server.getsockname(), stdin=theirs)
        os.close(theirs)
        peer = self.accept(server)
        os.write(ours, b"hello\n")
        self.assertEqual(peer.recv(6, socket.MSG_WAITALL), b"hello\n")
        peer.sendall(b"good bye\n")
        peer.close()
        self.expect(aiocat, b"good bye\n")


if __name__ == "__main__":
    unittest.main()
