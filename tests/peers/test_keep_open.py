#!/usr/bin/env python3
"""A listener that goes on with the next connection."""

import socket
import unittest

from peers import BINARY, PeerTest, receive_all, reset


class TestKeepOpen(PeerTest):
    def expect_end_by_signal(self, listener):
        listener.signal()
        self.expect_status(listener, 0)

    def test_keep_open__several_clients_one_after_the_other(self):
        listener = self.listen("--keep-open", "--no-input")
        for text in (b"one ", b"two ", b"three"):
            self.expect(self.aiocat(*listener.address, stdin=text), b"")
        self.expect_end_by_signal(listener)
        self.assertEqual(listener.output, b"one two three")

    def test_keep_open__each_client_gets_the_whole_file(self):
        listener = self.listen("--keep-open", "--send", self.file(BINARY))
        for _ in range(3):
            self.expect(self.aiocat(*listener.address), BINARY)
        self.expect_end_by_signal(listener)

    def test_keep_open__clients_that_come_at_once_wait_for_their_turn(self):
        listener = self.listen("--keep-open", "--no-input")
        clients = [self.connect(listener.address) for _ in range(5)]
        for number, client in reversed(list(enumerate(clients))):
            client.sendall(b"%d" % number)
            client.shutdown(socket.SHUT_WR)
        for client in clients:
            self.assertEqual(receive_all(client), b"")
        self.expect_end_by_signal(listener)
        self.assertEqual(listener.output, b"01234")

    def test_keep_open__echo_serves_clients_side_by_side(self):
        listener = self.listen("--keep-open", "--echo")
        clients = [self.connect(listener.address) for _ in range(50)]
        for _ in range(3):
            for number, client in enumerate(clients):
                client.sendall(b"%03d" % number)
            for number, client in enumerate(clients):
                self.assertEqual(client.recv(3, socket.MSG_WAITALL), b"%03d" % number)
        for client in clients:
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(client), b"")
        self.expect_end_by_signal(listener)

    def test_keep_open__a_client_that_fails_is_told_and_does_not_matter(self):
        listener = self.listen("--keep-open", "--no-input")
        reset(self.connect(listener.address))
        self.expect(self.aiocat(*listener.address, stdin=b"still there"), b"")
        self.expect_end_by_signal(listener)
        self.assertEqual(listener.output, b"still there")
        self.assertIn(b"reset", listener.errors)

    def test_keep_open__signal_ends_it_with_clients_connected(self):
        for words in (["--echo"], ["--no-input"], ["--send", "/dev/zero"]):
            with self.subTest(words):
                listener = self.listen("--keep-open", *words)
                peer = self.connect(listener.address)
                peer.sendall(b"x")
                self.expect_end_by_signal(listener)


if __name__ == "__main__":
    unittest.main()
