#!/usr/bin/env python3
"""The exit status tells success, an error, an early end and a timeout apart."""

import select
import signal
import subprocess
import time
import unittest

from peers import BINARY, PeerTest, fill_backlog, free_port, poll, receive_all, reset

SUCCESS, ERROR, EARLY_END, TIMEOUT = 0, 1, 2, 3


class TestSuccess(PeerTest):
    def test_success__nothing_either_way(self):
        listener = self.listen()
        self.expect(self.aiocat(*listener.address), b"")
        self.expect(listener, b"")

    def test_success__help_and_version(self):
        self.assertIn(b"Usage: aiocat", self._output_of("--help"))
        self.assertRegex(self._output_of("--version"), rb"^aiocat \d+\.\d+\.\d+\n$")

    def _output_of(self, option):
        aiocat = self.aiocat(option)
        self.expect_status(aiocat, SUCCESS)
        return aiocat.output

    def test_success__as_many_bytes_as_expected(self):
        listener = self.listen(stdin=b"12345")
        self.expect(self.aiocat("--expect", 5, *listener.address), b"12345")


class TestError(PeerTest):
    def expect_error(self, aiocat, message):
        self.expect_status(aiocat, ERROR)
        self.assertRegex(aiocat.errors.decode(), message)

    def test_error__usage(self):
        for words in (
            [],
            ["host"],
            ["host", "port", "more"],
            ["--listen"],
            ["--listen", "a", "b", "c"],
            ["--unknown", "host", "80"],
            ["--keep-open", "host", "80"],
            ["--timeout", "soon", "host", "80"],
            ["--timeout", "-1", "host", "80"],
            ["--timeout", "nan", "host", "80"],
            ["--expect", "many", "host", "80"],
            ["--expect", "-1", "host", "80"],
            ["--echo", "--send", "file", "host", "80"],
            ["--no-input", "--send", "file", "host", "80"],
            ["--progress=maybe", "host", "80"],
            ["--udp", "--frame", "host", "80"],
            ["--udp", "--listen", "--keep-open", "host", "80"],
            ["--replies", "1", "host", "80"],
            ["--udp", "--replies", "some", "host", "80"],
            ["--unix", "path", "80"],
            ["--unix", "-4", "path"],
            ["--unix", "--bind", "other", "path"],
            ["--frame=3", "host", "80"],
            ["--rate", "0", "host", "80"],
            ["--rate", "10X", "host", "80"],
            ["--rate", "1kk", "host", "80"],
            ["--udp", "--no-shutdown", "host", "80"],
            ["--insecure", "host", "80"],
            ["--ca", "file", "host", "80"],
            ["--tls", "--udp", "host", "80"],
            ["--tls", "--key", "file", "host", "80"],
            ["--tls", "--insecure", "--ca", "file", "host", "80"],
            ["--tls", "--unix", "path"],
            ["--tls", "--listen", "--insecure", "80"],
            ["--tls", "--listen", "--server-name", "host", "80"],
            ["--starttls", "ftp", "host", "80"],
            ["--starttls", "smtp", "--listen", "80"],
        ):
            with self.subTest(words):
                self.expect_error(self.aiocat(*words), "Try 'aiocat --help'")

    def test_error__refused(self):
        self.expect_error(self.aiocat("127.0.0.1", free_port()), "refused")

    def test_error__no_such_port(self):
        self.expect_error(self.aiocat("127.0.0.1", 99999), "port")

    def test_error__port_in_use(self):
        self.expect_error(self.aiocat("--listen", *self.server().getsockname()), "in use")

    def test_error__input_cannot_be_opened(self):
        self.expect_error(self.aiocat("--send", self.folder / "missing", "127.0.0.1", 1), "missing: No such file")

    def test_error__input_cannot_be_read(self):
        server = self.server()
        aiocat = self.aiocat("--send", self.folder, *server.getsockname())
        peer = self.accept(server)
        self.expect_error(aiocat, "Is a directory")
        with self.assertRaises(ConnectionResetError):  # no end that looks like success
            receive_all(peer)

    def test_error__output_cannot_be_opened(self):
        self.expect_error(self.aiocat("--receive", self.folder / "no" / "file", "127.0.0.1", 1), "No such file")

    def test_error__output_is_full(self):
        listener = self.listen(stdin=BINARY)
        self.expect_error(self.aiocat("--receive", "/dev/full", *listener.address), "/dev/full: No space left")


class TestEarlyEnd(PeerTest):
    def test_early_end__peer_closes_before_it_has_taken_everything(self):
        server = self.server()
        aiocat = self.aiocat("--send", "/dev/zero", *server.getsockname())
        peer = self.accept(server)
        peer.recv(1000)
        peer.close()
        self.expect_status(aiocat, EARLY_END)

    def test_early_end__peer_has_ended_and_then_takes_no_more(self):
        server = self.server()
        aiocat = self.aiocat(*server.getsockname(), stdin=subprocess.PIPE)
        peer = self.accept(server)
        peer.sendall(b"good bye")
        peer.close()
        with self.assertRaises(BrokenPipeError):
            while True:
                aiocat.stdin.write(bytes(1000))
        self.expect_status(aiocat, EARLY_END)
        self.assertEqual(aiocat.output, b"good bye")

    def test_early_end__fewer_bytes_than_expected(self):
        server = self.server()
        aiocat = self.aiocat("--expect", 6, *server.getsockname())
        peer = self.accept(server)
        peer.sendall(b"12345")
        peer.close()
        self.expect_status(aiocat, EARLY_END)
        self.assertEqual(aiocat.output, b"12345")
        self.assertIn(b"5 of 6 bytes", aiocat.errors)

    def test_early_end__reset_while_receiving(self):
        server = self.server()
        aiocat = self.aiocat(*server.getsockname(), stdin=subprocess.PIPE)
        peer = self.accept(server)
        aiocat.stdin.write(b"x")
        self.assertEqual(peer.recv(1), b"x")
        reset(peer)
        self.expect_status(aiocat, EARLY_END)

    def test_early_end__reset_at_once(self):
        server = self.server()
        aiocat = self.aiocat("--no-input", *server.getsockname())
        reset(self.accept(server))
        self.expect_status(aiocat, EARLY_END)


class TestTimeout(PeerTest):
    def expect_timeout(self, aiocat, begin, seconds):
        self.expect_status(aiocat, TIMEOUT)
        self.assertGreaterEqual(time.monotonic() - begin, seconds)

    def test_timeout__silent_peer(self):
        server = self.server()
        begin = time.monotonic()
        aiocat = self.aiocat("--timeout", 0.3, *server.getsockname(), stdin=b"hello")
        peer = self.accept(server)
        self.expect_timeout(aiocat, begin, 0.3)
        self.assertEqual(peer.recv(100), b"hello")

    def test_timeout__peer_that_does_not_read(self):
        server = self.server()
        begin = time.monotonic()
        aiocat = self.aiocat("--timeout", 0.3, "--send", "/dev/zero", *server.getsockname())
        peer = self.accept(server)
        self.expect_timeout(aiocat, begin, 0.3)
        with self.assertRaises(ConnectionResetError):  # no end that looks like success
            while peer.recv(1 << 20):
                pass

    def test_timeout__does_not_come_while_the_other_direction_moves(self):
        server = self.server()
        aiocat = self.aiocat("--timeout", 1.5, "--no-input", *server.getsockname())
        peer = self.accept(server)
        for _ in range(8):
            peer.sendall(b".")
            select.select([peer], [], [], 0.25)  # longer than the timeout all together, and much shorter each
        peer.close()
        self.expect(aiocat, b"........")

    def test_timeout__does_not_come_while_the_output_takes_nothing(self):
        listener = self.listen("--send", self.file(bytes(4 << 20)))
        aiocat = self.aiocat("--timeout", 0.2, *listener.address, stdin=subprocess.DEVNULL, reads_output=False)
        with self.assertRaises(subprocess.TimeoutExpired):
            aiocat.process.wait(0.8)
        self.assertEqual(len(aiocat.process.stdout.read()), 4 << 20)
        self.expect_status(aiocat, SUCCESS)

    def test_timeout__connect(self):
        server = self.server(backlog=0)
        fill_backlog(self, server)
        begin = time.monotonic()
        self.expect_timeout(self.aiocat("--connect-timeout", 0.3, *server.getsockname()), begin, 0.3)

    def test_timeout__nobody_connects(self):
        begin = time.monotonic()
        self.expect_timeout(self.listen("--connect-timeout", 0.3), begin, 0.3)


class TestSignal(PeerTest):
    def test_signal__ends_a_transfer_with_its_own_status(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                server = self.server()
                aiocat = self.aiocat(*server.getsockname(), stdin=subprocess.PIPE)
                peer = self.accept(server)
                aiocat.signal(number)
                self.expect_status(aiocat, 128 + number)
                self.assertEqual(receive_all(peer), b"")

    def test_signal__ends_a_listener(self):
        listener = self.listen()
        listener.signal()
        self.expect_status(listener, 128 + signal.SIGINT)

    def test_signal__ends_a_connect(self):
        server = self.server(backlog=0)
        fill_backlog(self, server)
        aiocat = self.aiocat(*server.getsockname())
        poll(lambda: aiocat.catches(signal.SIGINT), "the handler")
        aiocat.signal()
        self.expect_status(aiocat, 128 + signal.SIGINT)

    def test_signal__ends_though_input_and_output_block(self):
        listener = self.listen("--send", "/dev/zero")
        aiocat = self.aiocat(*listener.address, stdin=subprocess.PIPE, reads_output=False)
        with self.assertRaises(subprocess.TimeoutExpired):
            aiocat.process.wait(0.3)
        aiocat.signal()
        self.expect_status(aiocat, 128 + signal.SIGINT)


if __name__ == "__main__":
    unittest.main()
