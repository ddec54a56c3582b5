#!/usr/bin/env python3
"""aiocat against Python's socket, on either side."""

import socket
import subprocess
import unittest

from peers import BINARY, PeerTest, free_port, receive_all


class TestConnect(PeerTest):
    def test_connect__sends_input_and_writes_what_comes(self):
        server = self.server()
        aiocat = self.aiocat(*server.getsockname(), stdin=BINARY)
        peer = self.accept(server)
        peer.sendall(BINARY[::-1])
        self.assertTrue(receive_all(peer) == BINARY)
        peer.close()
        self.expect(aiocat, BINARY[::-1])

    def test_connect__answer_after_the_half_close_arrives(self):
        server = self.server()
        aiocat = self.aiocat(*server.getsockname(), stdin=b"question")
        peer = self.accept(server)
        self.assertEqual(receive_all(peer), b"question")
        peer.sendall(b"answer")
        peer.close()
        self.expect(aiocat, b"answer")

    def test_connect__input_is_sent_to_its_end_though_the_peer_has_ended(self):
        server = self.server()
        aiocat = self.aiocat(*server.getsockname(), stdin=subprocess.PIPE)
        peer = self.accept(server)
        peer.shutdown(socket.SHUT_WR)
        for piece in (b"one", b"two", b"three"):
            aiocat.stdin.write(piece)
            self.assertEqual(peer.recv(len(piece), socket.MSG_WAITALL), piece)
        aiocat.stdin.close()
        self.assertEqual(peer.recv(1), b"")
        self.expect(aiocat, b"")

    def test_connect__passes_on_what_there_is_without_waiting_for_more(self):
        server = self.server()
        aiocat = self.aiocat(*server.getsockname(), stdin=subprocess.PIPE)
        peer = self.accept(server)
        for number in range(100):
            line = b"%d\n" % number
            aiocat.stdin.write(line)
            self.assertEqual(peer.recv(len(line), socket.MSG_WAITALL), line)
        aiocat.stdin.close()
        peer.close()
        self.expect(aiocat, b"")

    def test_connect__sends_and_receives_files(self):
        server = self.server()
        sent, received = self.file(BINARY, "sent"), self.folder / "received"
        aiocat = self.aiocat("--send", sent, "--receive", received, *server.getsockname())
        peer = self.accept(server)
        self.assertTrue(receive_all(peer) == BINARY)
        peer.sendall(BINARY + BINARY)
        peer.close()
        self.expect(aiocat, b"")
        self.assertTrue(received.read_bytes() == BINARY + BINARY)

    def test_connect__echo_sends_back_what_comes(self):
        server = self.server()
        aiocat = self.aiocat("--echo", *server.getsockname())
        peer = self.accept(server)
        peer.sendall(BINARY)
        peer.shutdown(socket.SHUT_WR)
        self.assertTrue(receive_all(peer) == BINARY)
        self.expect(aiocat, b"")

    def test_connect__no_input_ends_only_after_the_peer(self):
        server = self.server()
        aiocat = self.aiocat("--no-input", *server.getsockname(), stdin=b"not sent")
        peer = self.accept(server)
        peer.sendall(b"first")
        peer.setblocking(False)
        with self.assertRaises(BlockingIOError):
            peer.recv(1)
        peer.settimeout(10)
        peer.sendall(b"last")
        peer.shutdown(socket.SHUT_WR)
        self.assertEqual(receive_all(peer), b"")
        self.expect(aiocat, b"firstlast")

    def test_connect__binds_to_the_local_address(self):
        server = self.server()
        self.aiocat("--bind", "127.0.0.2", *server.getsockname())
        self.assertEqual(self.accept(server).getpeername()[0], "127.0.0.2")

    def test_connect__binds_to_the_local_port(self):
        server = self.server()
        port = free_port()
        self.aiocat("--bind-port", port, *server.getsockname())
        self.assertEqual(self.accept(server).getpeername()[1], port)

    def test_connect__4_and_6_refuse_the_other_family(self):
        for family, host, other in (("-4", "127.0.0.1", "::1"), ("-6", "::1", "127.0.0.1")):
            with self.subTest(family):
                server = self.server(host)
                port = server.getsockname()[1]
                self.expect_status(self.aiocat(family, other, port), 1)
                self.aiocat(family, host, port, stdin=b"hello")
                self.assertEqual(receive_all(self.accept(server)), b"hello")

    def test_connect__finds_names(self):
        server = self.server()
        self.aiocat("-4", "localhost", server.getsockname()[1], stdin=b"hello")
        self.assertEqual(receive_all(self.accept(server)), b"hello")


class TestListen(PeerTest):
    def test_listen__passes_both_ways(self):
        aiocat = self.listen(stdin=BINARY)
        peer = self.connect(aiocat.address)
        peer.sendall(BINARY[::-1])
        peer.shutdown(socket.SHUT_WR)
        self.assertTrue(receive_all(peer) == BINARY)
        self.expect(aiocat, BINARY[::-1])

    def test_listen__accepts_one_connection_and_frees_the_port(self):
        aiocat = self.listen(stdin=subprocess.PIPE)
        first = self.connect(aiocat.address)
        first.sendall(b"x")
        aiocat.stdin.write(b"y")
        self.assertEqual(first.recv(1), b"y")
        with self.assertRaises(ConnectionRefusedError):
            self.connect(aiocat.address)
        aiocat.stdin.close()
        first.close()
        self.expect(aiocat, b"x")

    def test_listen__bind_names_the_address(self):
        aiocat = self.listen("--bind", "127.0.0.3", port=(0,), stdin=b"hello")
        self.assertEqual(aiocat.address[0], "127.0.0.3")
        self.assertEqual(receive_all(self.connect(aiocat.address)), b"hello")

    def test_listen__without_an_address_takes_both_families(self):
        for host in ("127.0.0.1", "::1"):
            with self.subTest(host):
                aiocat = self.listen(port=(0,), stdin=b"hello")
                self.assertEqual(receive_all(self.connect((host, aiocat.address[1]))), b"hello")

    def test_listen__4_and_6_refuse_the_other_family(self):
        for family, host, other in (("-4", "127.0.0.1", "::1"), ("-6", "::1", "127.0.0.1")):
            with self.subTest(family):
                aiocat = self.listen(family, port=(0,), stdin=b"hello")
                with self.assertRaises(ConnectionRefusedError):
                    self.connect((other, aiocat.address[1]))
                self.assertEqual(receive_all(self.connect((host, aiocat.address[1]))), b"hello")

    def test_listen__talks_to_another_aiocat(self):
        listener = self.listen(stdin=BINARY)
        client = self.aiocat(*listener.address, stdin=BINARY[::-1])
        self.expect(client, BINARY)
        self.expect(listener, BINARY[::-1])


if __name__ == "__main__":
    unittest.main()
