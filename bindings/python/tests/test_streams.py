"""Streams: reads, writes, framing, refusals, and what ends them."""

import errno
import os
import pickle
import random
import socket
from pathlib import Path

import aiostate
from aiostate import low
from support import LOCAL, Case, echo


class Streams(Case):
    def test_functions(self):
        for line in Path(os.environ["AIO_FUNCTIONS"]).read_text().split():
            owner, _, name = line.rpartition(".")
            with self.subTest(line):
                offered = getattr(aiostate, owner) if owner else aiostate
                beneath = getattr(low, owner) if owner else low
                self.assertTrue(callable(getattr(offered, name, None)) or callable(getattr(beneath, name)))

    def test_echo(self):
        for wire in "tcp", "unix":
            with self.subTest(wire):
                self.assertEqual(self.echoed_with_callbacks(wire), b"hello")

    def echoed_with_callbacks(self, wire):
        answers = []

        def accepted(acceptor, state):
            state.read(5, lambda state, data, status: state.write(data, lambda state, count, status: state.close()))

        def connected(state, status):
            state.write(b"hello", lambda state, count, status: state.read(5, came))

        def came(state, data, status):
            answers.append((data, status))

        self.meet(wire, {"callback": accepted}, {"callback": connected})
        self.until(lambda: answers)
        (data, status), = answers
        self.assertEqual(status, aiostate.OK)
        return data

    def test_bytes(self):
        client, server = self.pair()
        echo(server)
        for data in b"", b"\0", bytes(range(256)), random.Random(1).randbytes(100_000_000):
            writing, reading = client.write(data), client.read(len(data))
            self.assertTrue(self.result(reading) == data)  # assertEqual would print them
            self.assertEqual(self.result(writing), len(data))
        for data in bytearray(b"array"), memoryview(b"a view")[2:], memoryview(b"view"):
            client.write(data)
            self.assertEqual(self.result(client.read(len(data))), bytes(data))
        for wrong in "text", 5, None, ["list"]:
            with self.assertRaises(TypeError):
                client.write(wrong)
        with self.assertRaises(TypeError):
            client.write_buffers([b"bytes", "text"])

    def test_part_of_a_buffer(self):
        client, server = self.pair()
        client.write(b"0123456789", start=2, end=5)
        client.write_buffers([b"abc", bytearray(b"def")], start=1)
        self.assertEqual(self.result(server.read(8)), b"234bcdef")

    def test_refusals(self):
        client, server = self.pair()
        running = client.read(5)
        error = self.refuses(aiostate.ERR_BUSY, client.read, 5)
        self.assertEqual(error.name, "ERR_BUSY")
        self.assertTrue(error.text)
        self.assertIn("ERR_BUSY", str(error))
        self.refuses(aiostate.ERR_INVALID_ARGUMENT, client.write, b"x", timeout=-1)
        with self.assertRaises(TypeError):
            client.read(5, time_out=1)
        with self.assertRaises(TypeError):
            client.read(5, error_callback=print)
        waiting = len(self.collection.tokens.waiting)
        self.assertEqual(waiting, 1, "a token of what was refused is left")
        self.exchange_with_running(server, running)

    def exchange_with_running(self, server, running):
        server.write(b"hello")
        self.assertEqual(self.result(running), b"hello")

    def test_write_timeout(self):
        client, server = self.pair()
        data = random.Random(2).randbytes(64 << 20)
        ends = []
        client.write(data, lambda state, count, status: ends.append((count, status)), timeout=0.2)
        self.until(lambda: ends)
        (count, status), = ends
        self.assertEqual(status, aiostate.TIMEOUT)
        self.assertLess(count, len(data))
        self.result(client.close())
        received = self.fails(aiostate.EOF, server.read(len(data))).data
        self.assertTrue(received == data[:count])

    def test_awaited_write_timeout(self):
        client, _ = self.pair()
        error = self.fails(aiostate.TIMEOUT, client.write(bytes(64 << 20), timeout=0.05))
        self.assertIsInstance(error, TimeoutError)
        self.assertIn(error.count, range(1, 64 << 20))

    def test_error_callback(self):
        statuses, errors, successes = [], [], []
        with socket.socket() as nobody:
            nobody.bind((LOCAL, 0))
            port = nobody.getsockname()[1]
            state = self.collection.connect_tcp(LOCAL, port, lambda state, status: statuses.append(status))
            state.read(1, successes.append, error_callback=lambda state, data, status: errors.append(status))
            self.until(lambda: errors)
            refused = self.fails(aiostate.ERR_CONNECTION_REFUSED, self.collection.connect_tcp(LOCAL, port))
        self.assertEqual(statuses, [aiostate.ERR_CONNECTION_REFUSED])
        self.assertEqual(errors, [aiostate.ERR_CONNECTION_REFUSED])
        self.assertEqual(successes, [])
        self.assertIsInstance(refused, ConnectionRefusedError)
        self.assertEqual(refused.errno, errno.ECONNREFUSED)
        self.assertEqual(str(pickle.loads(pickle.dumps(refused))), str(refused))

    def test_checking(self):
        text = b"one\ntwo\nthree\n"
        for cut in range(len(text) + 1):
            with self.subTest(cut=cut):
                client, server = self.pair()
                self.check_lines(client, server, text[:cut], text[cut:])

    def check_lines(self, client, server, first, second):
        lines, shown = [], []

        def look(state, data, status):
            self.assertEqual(status, aiostate.OK)
            self.assertEqual(state.old_length, shown[-1] if shown else 0)
            while (end := data.find(b"\n") + 1) and len(lines) < 3:
                lines.append(data[:end])
                data = data[end:]
                if len(lines) == 3:
                    state.finish_read(end)
                else:
                    state.discard(end)
            shown.append(len(data))

        server.read_with_checking(look)
        self.result(client.write(first))
        self.until(lambda: shown or not first)
        self.result(client.write(second + b"rest"))
        self.until(lambda: len(lines) == 3)
        self.assertEqual(lines, [b"one\n", b"two\n", b"three\n"])
        self.assertEqual(self.result(server.read(4)), b"rest")

    def test_checking_to_the_end(self):
        client, server = self.pair()
        calls = []
        server.read_with_checking(lambda state, data, status: calls.append((data, status)))
        client.write(b"unconsumed")
        client.shutdown()
        self.until(lambda: calls and calls[-1][1] != aiostate.OK)
        self.assertEqual(calls[-1], (b"unconsumed", aiostate.EOF))
        self.assertEqual(self.result(server.read(10)), b"unconsumed")

    def test_framing(self):
        format = aiostate.FrameFormat(length_size=2, strip=2)
        stream = b"ab\r\n" + b"\0\7payload" + b"12345"
        for cut in range(len(stream) + 1):
            with self.subTest(cut=cut):
                client, server = self.pair()
                writing, reading = client.write(stream[:cut]), server.read_until(b"\r\n")
                self.result(writing)
                client.write(stream[cut:])
                self.assertEqual(self.result(reading), b"ab\r\n")
                self.assertEqual(self.result(server.read_frame(format)), b"payload")
                self.assertEqual(self.result(server.read(5)), b"12345")
        client.write(b"\1\0" + bytes(256))
        self.fails(aiostate.ERR_LIMIT, server.read_frame(aiostate.FrameFormat(length_size=2, maximum=100)))

    def test_abort(self):
        client, server = self.pair()
        reading = client.read(5)
        self.result(client.abort(aiostate.INPUT))
        self.assertIsInstance(self.fails(aiostate.ERR_CANCELED, reading), aiostate.Canceled)
        self.exchange(server, client)

    def test_close_in_callback(self):
        client, server = self.pair()
        order = []

        def came(state, data, status):
            state.write(bytes(64 << 20), lambda state, count, status: order.append(("write", status)))
            state.close(lambda state, status: order.append(("close", status)))

        client.read(5, came)
        server.write(b"hello")
        self.until(lambda: len(order) == 2)
        self.assertEqual(order, [("write", aiostate.ERR_CANCELED), ("close", aiostate.OK)])

    def test_large(self):
        states = self.pair()
        data = [random.Random(seed).randbytes(32 << 20) for seed in range(2)]
        writes = [state.write(sent) for state, sent in zip(states, data)]
        reads = [state.read(len(sent)) for state, sent in zip(states, reversed(data))]
        self.assertTrue([self.result(read) for read in reads] == data[::-1])
        self.assertEqual([self.result(write) for write in writes], [32 << 20] * 2)

    def test_many(self):
        finished = []

        def ask(state, left):
            if left == 0:
                finished.append(state)
                return
            message = bytes([left])
            state.write(message)
            state.read(1, lambda state, data, status: (self.assertEqual(data, message), ask(state, left - 1)))

        acceptor = self.collection.listen_tcp(LOCAL, 0, lambda acceptor, state: echo(state))
        for _ in range(200):
            self.collection.connect_tcp(LOCAL, acceptor.local_port(), lambda state, status: ask(state, 20))
        self.until(lambda: len(finished) == 200)
        self.assertEqual(self.collection.counters().open_states, 400)

    def test_write_marks(self):
        client, server = self.pair()
        drained = []
        client.set_write_marks(1000, 10, lambda state, status: drained.append(status))
        self.exchange(client, server, bytes(5000))
        self.until(lambda: drained)
        self.assertEqual(drained, [aiostate.OK])
        self.result(client.close())
        self.assertFalse(self.collection.tokens.waiting)

    def test_what_is_ignored(self):
        client, server = self.pair()
        self.assertIsNone(client.write(b"hello", aiostate.ignore))
        self.assertEqual(self.result(server.read(5)), b"hello")
        client.set_write_marks(1, 0, print)
        client.close(aiostate.ignore)
        self.fails(aiostate.EOF, server.read(1))
        self.assertFalse(self.collection.tokens.waiting)

    def test_settings(self):
        client, server = self.pair(nodelay=False)
        self.assertIs(client.nodelay(), False)
        client.set_nodelay(True)
        self.assertIs(client.nodelay(), True)
        client.set_read_timeout(0.01)
        self.fails(aiostate.TIMEOUT, client.read(1))
        client.set_rate_limit(aiostate.OUTPUT, aiostate.RateLimit(bytes_per_second=1e9))
        self.exchange(client, server)
        self.assertEqual(client.counters().bytes_written, 5)
        self.assertEqual(client.local_address(), server.peer_address())
        self.assertEqual(str(server.local_address()), f"127.0.0.1:{client.peer_address().port}")

    def test_sockets_of_the_system(self):
        one, other = socket.socketpair()
        state = self.collection.create_state(one)
        self.assertEqual(one.fileno(), -1)
        state.write(b"hello")
        self.until(lambda: state.queued_writes() == 0)
        self.assertEqual(other.recv(10), b"hello")
        self.assertEqual(state.peer_credentials().process, os.getpid())
        with socket.socket(fileno=state.release_socket()) as released, other:
            self.assertFalse(state.is_open())
            released.send(b"again")
            self.assertEqual(other.recv(10), b"again")
