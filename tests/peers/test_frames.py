#!/usr/bin/env python3
"""aiocat --frame and --rate with Python's sockets."""

import random
import socket
import struct
import time
import unittest

from peers import PeerTest, receive_all

FORMATS = {1: ">B", 2: ">H", 4: ">I"}


def frame(content, field=4):
    return struct.pack(FORMATS[field], len(content)) + content


def frames(stream, field=4):
    """The contents of all frames of a stream."""
    contents = []
    while stream:
        (size,) = struct.unpack(FORMATS[field], stream[:field])
        contents.append(stream[field : field + size])
        stream = stream[field + size :]
    return contents


class TestFrames(PeerTest):
    def peer_of(self, aiocat):
        peer = self.connect(aiocat.address)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return peer

    def test_frames__one_byte_at_a_time_lose_nothing(self):
        aiocat = self.listen("--frame", "--no-input")
        contents = [b"hello", b"", b"x", bytes(range(256)), b"the last one"]
        peer = self.peer_of(aiocat)
        for byte in b"".join(map(frame, contents)):
            peer.sendall(bytes([byte]))
        peer.close()
        self.expect(aiocat, b"".join(contents))

    def test_frames__in_pieces_of_any_size_come_back(self):
        for field in FORMATS:
            with self.subTest(field):
                choose = random.Random(field)
                contents = [choose.randbytes(choose.randrange(200)) for _ in range(300)]
                stream = b"".join(frame(content, field) for content in contents)
                aiocat = self.listen(f"--frame={field}", "--echo")
                peer = self.peer_of(aiocat)
                at = 0
                while at < len(stream):
                    size = choose.randrange(1, 700)
                    peer.sendall(stream[at : at + size])
                    at += size
                peer.shutdown(socket.SHUT_WR)
                self.assertEqual(frames(receive_all(peer), field), contents)
                self.expect(aiocat, b"")

    def test_frames__carry_the_input(self):
        content = random.Random(3).randbytes(200_000)
        for field, longest in (1, 0xFF), (2, 0xFFFF), (4, len(content)):
            server = self.server()
            aiocat = self.aiocat(f"--frame={field}", *server.getsockname(), stdin=content)
            peer = self.accept(server)
            contents = frames(receive_all(peer), field)
            peer.close()
            self.expect(aiocat, b"")
            self.assertEqual(b"".join(contents), content)
            self.assertLessEqual(max(map(len, contents)), longest)

    def test_frames__between_two(self):
        content = random.Random(4).randbytes(3_000_000)
        listener = self.listen("--frame", stdin=content[::-1])
        aiocat = self.aiocat("--frame", *listener.address, stdin=content)
        self.expect(aiocat, content[::-1])
        self.expect(listener, content)

    def test_frames__cut_off_are_an_early_end(self):
        aiocat = self.listen("--frame", "--no-input")
        with self.peer_of(aiocat) as peer:
            peer.sendall(frame(b"whole") + frame(b"cut off")[:-1])
        self.expect_status(aiocat, 2)

    def test_frames__too_long_are_refused(self):
        aiocat = self.listen("--frame", "--no-input")
        with self.peer_of(aiocat) as peer:
            peer.sendall(struct.pack(">I", 0xFFFFFFFF))
            self.expect_status(aiocat, 1)


class TestRate(PeerTest):
    def test_rate__is_kept_and_loses_nothing(self):
        content = random.Random(5).randbytes(300_000)
        listener = self.listen("--no-input")
        begin = time.monotonic()
        aiocat = self.aiocat("--rate", "500k", *listener.address, stdin=content)
        self.expect(aiocat, b"")
        self.assertGreaterEqual(time.monotonic() - begin, 0.5)  # a tenth of a second's worth goes at once
        self.expect(listener, content)

    def test_rate__of_what_comes_is_kept_too(self):
        content = random.Random(6).randbytes(300_000)
        listener = self.listen(stdin=content)
        begin = time.monotonic()
        self.expect(self.aiocat("--rate", "0.5M", "--no-input", *listener.address), content)
        self.assertGreaterEqual(time.monotonic() - begin, 0.5)


if __name__ == "__main__":
    unittest.main()
