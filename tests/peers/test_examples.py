#!/usr/bin/env python3
"""The examples that the README shows, run as it says."""

import functools
import http.server
import os
import socket
import struct
import sys
import threading
import unittest

from peers import BINARY, PeerTest, free_port, poll, udp_port
from web import start_nginx


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *arguments):
        pass


class TestExamples(PeerTest):
    def echo_server(self):
        server = self.start(os.environ["ECHO_SERVER"])
        return "127.0.0.1", server.port()

    def http_get(self, address, path):
        return self.start(os.environ["HTTP_GET"], *address, path)

    def test_echo_server__answers_line_client(self):
        lines = ["hello", "", "a line of some length " * 1000, "good bye"]
        client = self.start(os.environ["LINE_CLIENT"], *self.echo_server(), *lines)
        self.expect(client, "".join(line + "\n" for line in lines).encode())

    def test_echo_server__returns_what_comes_to_many_at_once(self):
        address = self.echo_server()
        clients = [self.connect(address) for _ in range(20)]
        for number, client in enumerate(clients):
            client.sendall(b"%03d" % number)
        for number, client in enumerate(clients):
            self.assertEqual(client.recv(3, socket.MSG_WAITALL), b"%03d" % number)

    def test_line_client__joins_pieces_and_cuts_lines(self):
        server = self.server()
        client = self.start(os.environ["LINE_CLIENT"], *server.getsockname(), "one", "two", "three")
        peer = self.accept(server)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.assertEqual(peer.recv(14, socket.MSG_WAITALL), b"one\ntwo\nthree\n")
        for piece in (b"O", b"N", b"E\nTWO\nTH", b"REE", b"\nmore than was asked for\n"):
            peer.sendall(piece)
        self.expect(client, b"ONE\nTWO\nTHREE\n")

    def test_line_client__fails_when_the_server_ends_early(self):
        server = self.server()
        client = self.start(os.environ["LINE_CLIENT"], *server.getsockname(), "one", "two")
        peer = self.accept(server)
        self.assertEqual(peer.recv(8, socket.MSG_WAITALL), b"one\ntwo\n")
        peer.sendall(b"ONE\nTW")
        peer.close()
        self.expect_status(client, 1)
        self.assertEqual(client.output, b"ONE\n")

    def test_udp_ping__is_answered_by_itself(self):
        server = self.start(os.environ["UDP_PING"], "--serve")
        port = poll(lambda: udp_port(server.pid), "the server")
        ping = self.start(os.environ["UDP_PING"], "127.0.0.1", port, 3)
        self.expect_status(ping, 0)
        self.assertEqual(ping.output.count(b" ms\n"), 3)
        self.assertTrue(ping.output.endswith(b"3 sent, 3 answered\n"))

    def test_udp_ping__counts_what_is_lost(self):
        server = self.datagram_socket()
        ping = self.start(os.environ["UDP_PING"], *server.getsockname(), 3)
        for number in 1, 2, 3:
            question, peer = server.recvfrom(100)
            self.assertEqual(question, number.to_bytes(4, sys.byteorder))
            if number != 2:
                server.sendto(question, peer)
        self.expect_status(ping, 0)
        self.assertTrue(ping.output.endswith(b"no answer 2\n" + ping.output.splitlines(True)[2] + b"3 sent, 2 answered\n"))

    def test_udp_ping__says_that_nobody_is_there(self):
        ping = self.start(os.environ["UDP_PING"], "127.0.0.1", free_port(), 1)
        self.expect_status(ping, 1)
        self.assertIn(b"refused", ping.errors)

    def test_frame_server__takes_requests_cut_anywhere(self):
        peer = self.connect(("127.0.0.1", self.start(os.environ["FRAME_SERVER"]).port()))
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for text in b"hello", b"", b"a" * 300, b"one byte at a time":
            request = struct.pack(">I", len(text)) + text
            for index in range(len(request)):
                peer.sendall(request[index : index + 1])
            answer = peer.recv(len(request), socket.MSG_WAITALL)
            self.assertEqual(answer, struct.pack(">I", len(text)) + text.upper())
        peer.sendall(struct.pack(">I", 1 << 20))
        self.assertEqual(peer.recv(1), b"")

    def test_http_get__fetches_from_nginx(self):
        address = start_nginx(self)
        (self.folder / "www" / "page").write_bytes(BINARY)
        self.expect(self.http_get(address, "/page"), BINARY)

    def test_http_get__fetches_from_python(self):
        self.file(BINARY, "page")
        self.expect(self.http_get(self._python_server(), "/page"), BINARY)

    def test_http_get__fails_where_there_is_no_page(self):
        client = self.http_get(self._python_server(), "/missing")
        self.expect_status(client, 1)
        self.assertIn(b"404", client.errors)
        self.assertEqual(client.output, b"")

    def _python_server(self):
        handler = functools.partial(QuietHandler, directory=self.folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        return server.server_address

    def test_http_get__fails_when_nobody_listens(self):
        client = self.http_get(("127.0.0.1", free_port()), "/")
        self.expect_status(client, 1)
        self.assertIn(b"refused", client.errors)


if __name__ == "__main__":
    unittest.main()
