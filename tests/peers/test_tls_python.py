#!/usr/bin/env python3
"""aiocat with Python's ssl module as client and as server, also with peers that break the rules."""

import contextlib
import hashlib
import random
import select
import socket
import ssl
import subprocess
import unittest

from peers import BINARY, DEADLINE, digest_of, poll, reset
from tls_peers import VERSIONS, TlsTest

MEGABYTES = 3


class TestPython(TlsTest):
    def receive(self, peer, size):
        digest = hashlib.sha256()
        while size > 0:
            block = peer.recv(min(size, 1 << 16))
            self.assertTrue(block)
            digest.update(block)
            size -= len(block)
        return digest.hexdigest()

    def test_server__a_file_each_way(self):
        large, digest = self.large_file(MEGABYTES)
        for version in VERSIONS:
            with self.subTest(version):
                received = self.folder / f"received{version}"
                server = self.server()
                aiocat = self.trusting("--send", large, "--receive", received, *server.getsockname())
                peer = self.accept_tls(server, self.server_context(version))
                self.assertEqual(peer.version(), f"TLSv{version}")
                self.assertEqual(self.receive(peer, MEGABYTES << 20), digest)
                self.assertEqual(peer.recv(1), b"")  # a close_notify; what is said behind it still arrives
                peer.sendall(large.read_bytes())
                peer.unwrap()
                self.expect_status(aiocat, 0)
                self.assertEqual(digest_of(received), digest)

    def test_client__a_file_each_way(self):
        large, digest = self.large_file(MEGABYTES)
        for version in VERSIONS:
            with self.subTest(version):
                received = self.folder / f"received{version}"
                listener = self.listen_tls("--send", large, "--receive", received)
                peer = self.connect_tls(listener.address, self.client_context(version))
                self.assertEqual(self.receive(peer, MEGABYTES << 20), digest)
                peer.sendall(large.read_bytes())
                peer.unwrap()
                self.expect_status(listener, 0)
                self.assertEqual(digest_of(received), digest)

    def talk(self, peer, content):
        """Sends and receives at once, in one thread, and ends in good order; returns what came to the end."""
        peer.setblocking(False)
        received, to_send, ended = bytearray(), memoryview(content), False
        while to_send or not ended:
            select.select([peer], [peer] if to_send else [], [], DEADLINE)
            with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
                to_send = to_send[peer.send(to_send[: 1 << 14]) :] if to_send else to_send
            with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
                while not ended:
                    received += (block := peer.recv(1 << 16))
                    ended = not block
        peer.settimeout(DEADLINE)
        peer.unwrap()
        return received

    def test_both_ways__at_once(self):
        content = random.Random(3).randbytes(MEGABYTES << 20)
        for version in VERSIONS:
            with self.subTest(version):
                server = self.server()
                aiocat = self.trusting(*server.getsockname(), stdin=content)
                peer = self.accept_tls(server, self.server_context(version))
                self.assertTrue(self.talk(peer, content[::-1]) == content)
                self.expect(aiocat, content[::-1])

                listener = self.listen_tls(stdin=content)
                peer = self.connect_tls(listener.address, self.client_context(version))
                self.assertTrue(self.talk(peer, content[::-1]) == content)
                self.expect(listener, content[::-1])

    def test_server__input_is_sent_to_its_end_though_the_peer_has_ended(self):
        server = self.server()
        aiocat = self.trusting(*server.getsockname(), stdin=subprocess.PIPE)
        peer = self.accept_tls(server, self.server_context())
        peer.sendall(b"last words")
        peer.setblocking(False)
        with self.assertRaises(ssl.SSLWantReadError):  # a close_notify is sent, aiocat's would be waited for
            peer.unwrap()
        peer.settimeout(DEADLINE)
        poll(lambda: aiocat.output == b"last words", "the last words")
        for piece in b"one", b"two", b"three":
            aiocat.stdin.write(piece)
            self.assertEqual(peer.recv(len(piece)), piece)
        aiocat.stdin.close()
        with self.assertRaises(ssl.SSLZeroReturnError):
            peer.recv(1)
        self.expect(aiocat, b"last words")

    def test_server__does_not_read(self):
        server = self.server()
        aiocat = self.trusting("--timeout", 0.5, "--send", "/dev/zero", *server.getsockname())
        peer = self.accept_tls(server, self.server_context())
        self.expect_status(aiocat, 3)
        with self.assertRaises((ConnectionResetError, ssl.SSLEOFError)):  # no end that looks like success
            while peer.recv(1 << 20):
                pass

    def test_server__takes_no_more(self):
        server = self.server()
        aiocat = self.trusting("--send", "/dev/zero", *server.getsockname())
        peer = self.accept_tls(server, self.server_context())
        peer.recv(1000)
        peer.close()
        self.expect_status(aiocat, 2)

    def test_server__breaks_the_protocol(self):
        server = self.server()
        aiocat = self.trusting("--no-input", *server.getsockname())
        peer = self.accept_tls(server, self.server_context())
        with socket.socket(fileno=peer.detach()) as plain:
            plain.sendall(b"this is no record of TLS at all")
            self.expect_tls_failure(aiocat, "wrong version number|record")

    def test_server__is_told_names_and_no_addresses(self):
        context, told = self.server_context(), []
        context.sni_callback = lambda connection, name, context: told.append(name)
        for name in "localhost", "127.0.0.1":  # RFC 6066, 3
            server = self.server()
            aiocat = self.aiocat("--tls", "--ca", self.ca, "--server-name", name, *server.getsockname())
            self.talk(self.accept_tls(server, context), b"")
            self.expect(aiocat, b"")
        self.assertEqual(told, ["localhost", None])

    def test_client__resumes_its_session(self):
        listener = self.listen_tls("--echo", "--keep-open")
        context, session = self.client_context("1.2"), None
        for resumed in False, True:
            peer = self.connect_tls(listener.address, context, session=session)
            self.assertEqual(peer.session_reused, resumed)
            session = peer.session
            peer.sendall(b"hello")
            self.assertEqual(peer.recv(5), b"hello")

    def test_client__silent_ones_keep_nobody_waiting(self):
        listener = self.listen_tls("--echo", "--keep-open")
        silent = [self.connect(listener.address) for _ in range(20)]
        silent[0].sendall(b"\x16\x03\x01")  # the beginning of a hello
        peer = self.connect_tls(listener.address, self.client_context())
        peer.sendall(b"hello")
        self.assertEqual(peer.recv(5), b"hello")

    def test_client__verifies_a_made_certificate_that_it_knows(self):
        listener = self.listen("--tls", "--echo", "--keep-open", port=("127.0.0.2", 0))
        known = self.file(ssl.get_server_certificate(listener.address).encode(), "known.pem")
        self.expect(self.aiocat("--tls", "--ca", known, *listener.address, stdin=BINARY), BINARY)
        for name in "localhost", "127.0.0.1", "::1":
            words = ("--ca", known, "--server-name", name)
            self.expect(self.aiocat("--tls", *words, *listener.address, stdin=BINARY), BINARY)
        wrong = self.aiocat("--tls", "--ca", known, "--server-name", "127.0.0.3", *listener.address)
        self.expect_tls_failure(wrong, "for another host")
        peer = self.connect_tls(listener.address, ssl.create_default_context(cafile=known), "localhost")
        peer.sendall(b"hello")
        self.assertEqual(peer.recv(5), b"hello")

    def test_echo__to_many_at_once(self):
        listener = self.listen_tls("--echo", "--keep-open")
        peers = [self.connect_tls(listener.address, self.client_context()) for _ in range(20)]
        for number, peer in enumerate(peers):
            peer.sendall(b"%03d" % number)
        for number, peer in enumerate(peers):
            self.assertEqual(self.receive(peer, 3), hashlib.sha256(b"%03d" % number).hexdigest())

    def test_frames__under_tls(self):
        listener = self.listen("--tls", "--frame", "--cert", self.server_certificate, stdin=BINARY)
        self.expect(self.trusting("--frame", *listener.address), BINARY)

    def test_no_close_notify__is_no_end(self):
        for version in VERSIONS:
            with self.subTest(version):
                server = self.server()
                aiocat = self.trusting("--no-input", *server.getsockname())
                peer = self.accept_tls(server, self.server_context(version))
                peer.sendall(b"the first half")
                peer.close()
                self.expect_tls_failure(aiocat, "without close_notify")
                self.assertEqual(aiocat.output, b"the first half")

    def test_no_close_notify__a_listener_sees_it_too(self):
        listener = self.listen_tls("--no-input")
        peer = self.connect_tls(listener.address, self.client_context())
        peer.sendall(b"the first half")
        peer.shutdown(socket.SHUT_WR)
        self.expect_tls_failure(listener, "without close_notify")
        self.assertEqual(listener.output, b"the first half")

    def test_no_tls__on_the_other_side(self):
        server = self.server()
        aiocat = self.trusting(*server.getsockname())
        self.accept(server).sendall(b"220 mail.example at your service\r\n")
        self.expect_tls_failure(aiocat, "wrong version number")

        listener = self.listen_tls("--no-input")
        peer = self.connect(listener.address)
        peer.sendall(b"GET / HTTP/1.0\r\n\r\n")
        self.expect_tls_failure(listener, "http request")

    def test_no_tls__ends_no_listener_that_is_kept_open(self):
        listener = self.listen_tls("--keep-open", "--echo")
        self.connect(listener.address).sendall(b"GET / HTTP/1.0\r\n\r\n")
        reset(self.connect(listener.address))
        peer = self.connect_tls(listener.address, self.client_context())
        peer.sendall(b"hello")
        self.assertEqual(peer.recv(5), b"hello")
        listener.signal()
        self.expect_status(listener, 0)
        self.assertIn(b"http request", listener.errors)

    def test_handshake__that_never_ends(self):
        server = self.server()
        aiocat = self.trusting("--connect-timeout", 0.3, *server.getsockname())
        self.accept(server)
        self.expect_status(aiocat, 3)

    def test_reset__in_the_middle(self):
        server = self.server()
        aiocat = self.trusting(*server.getsockname(), stdin=subprocess.PIPE)
        peer = self.accept_tls(server, self.server_context())
        aiocat.stdin.write(b"x")
        self.assertEqual(peer.recv(1), b"x")
        reset(peer)
        self.expect_status(aiocat, 2)

    def test_unix_socket__under_tls(self):
        path = self.folder / "socket"
        listener = self.listen_at(path, "--tls", "--cert", self.server_certificate, stdin=BINARY)
        self.expect(self.trusting("--unix", path), BINARY)
        self.expect(listener, b"")

    def test_ipv6__a_numeric_address_is_a_name(self):
        listener = self.listen_tls("--no-input", "--keep-open", port=("::1", 0))
        self.expect_tls_failure(self.aiocat("--tls", "--ca", self.ca, *listener.address), "IP address mismatch")

    def test_files__that_do_not_serve(self):
        junk = self.file(b"no certificate", "junk.pem")
        for words, message in (
            (("--ca", self.folder / "missing"), "missing: No such file"),
            (("--ca", junk), "junk.pem"),
            (("--cert", junk), "junk.pem"),
            (("--cert", self.client_certificate, "--key", self.ca), "key values mismatch"),
        ):
            with self.subTest(words):
                self.expect_status(aiocat := self.aiocat("--tls", *words, "127.0.0.1", 1), 1)
                self.assertRegex(aiocat.errors.decode(), message)


if __name__ == "__main__":
    unittest.main()
