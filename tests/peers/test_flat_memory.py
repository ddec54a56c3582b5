#!/usr/bin/env python3
"""Large transfers: every byte arrives, and memory does not grow with them."""

import hashlib
import os
import select
import unittest

from peers import PeerTest, digest_of, peak_memory, poll

MEGABYTE = 1 << 20
WARM_UP, WHOLE = 16 * MEGABYTE, 256 * MEGABYTE
GROWTH = 8 * MEGABYTE


class TestFlatMemory(PeerTest):
    def expect_flat(self, before, program):
        self.assertLess(peak_memory(program.pid) - before, GROWTH)

    def test_flat_memory__sending(self):
        path, digest = self.large_file(256)
        server = self.server()
        aiocat = self.aiocat("--send", path, *server.getsockname())
        peer = self.accept(server)
        received, count, before = hashlib.sha256(), 0, None
        while block := peer.recv(MEGABYTE):
            received.update(block)
            count += len(block)
            if before is None and count >= WARM_UP:
                before = peak_memory(aiocat.pid)
        self.assertEqual(count, WHOLE)
        self.assertEqual(received.hexdigest(), digest)
        self.expect_flat(before, aiocat)
        peer.close()
        self.expect(aiocat, b"")

    def test_flat_memory__receiving(self):
        path, digest = self.large_file(256)
        copy = self.folder / "copy"
        listener = self.listen("--no-input", "--receive", copy)
        peer = self.connect(listener.address)
        with open(path, "rb") as file:
            peer.sendfile(file, 0, WARM_UP)
            poll(lambda: copy.stat().st_size == WARM_UP, "the first part")
            before = peak_memory(listener.pid)
            peer.sendfile(file, WARM_UP)
        poll(lambda: copy.stat().st_size == WHOLE, "the rest")
        self.expect_flat(before, listener)
        peer.close()
        self.expect(listener, b"")
        self.assertEqual(digest_of(copy), digest)

    def test_flat_memory__a_peer_that_is_slow_makes_the_input_wait(self):
        server = self.server()
        reading, writing = os.pipe()
        self.addCleanup(os.close, writing)
        aiocat = self.aiocat(*server.getsockname(), stdin=reading)
        os.close(reading)
        peer = self.accept(server)
        os.set_blocking(writing, False)
        taken = self._write_until_nobody_reads(writing)
        self.assertLess(taken, 64 * MEGABYTE)
        self.assertGreater(len(peer.recv(MEGABYTE)), 0)
        self.assertIsNone(aiocat.process.poll())

    @staticmethod
    def _write_until_nobody_reads(descriptor):
        """The system's socket buffers grow for a while: full is what stays full."""
        taken = 0
        while select.select([], [descriptor], [], 1)[1]:
            taken += os.write(descriptor, bytes(4096))
        return taken

    def test_flat_memory__echo_of_two_aiocats(self):
        self.expect_flat_echo([], [])

    def test_flat_memory__echo_of_two_aiocats_under_tls(self):
        self.expect_flat_echo(["--tls"], ["--tls", "--insecure"])

    def expect_flat_echo(self, of_listener, of_client):
        path, digest = self.large_file(256)
        copy = self.folder / "copy"
        listener = self.listen("--echo", "--keep-open", *of_listener)
        self.expect(self.aiocat(*of_client, *listener.address, stdin=bytes(WARM_UP)), bytes(WARM_UP))
        before = peak_memory(listener.pid)
        client = self.aiocat(*of_client, "--send", path, "--receive", copy, "--expect", WHOLE, *listener.address)
        self.expect(client, b"")
        self.expect_flat(before, listener)
        self.assertEqual(digest_of(copy), digest)


if __name__ == "__main__":
    unittest.main()
