#!/usr/bin/env python3
"""The examples that the README shows, run as it says."""

import functools
import http.server
import os
import socket
import threading
import unittest

from peers import BINARY, PeerTest, free_port
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
