"""Awaiting, under asyncio and uvloop."""

import asyncio
import socket
import tempfile
import time

import aiostate
import uvloop
from support import DEADLINE, LOCAL, AsyncCase, Case, echo, pair


class OwnLoop(Case):
    def test_own_loop(self):
        for new_loop in asyncio.new_event_loop, uvloop.new_event_loop:
            with self.subTest(new_loop), asyncio.Runner(loop_factory=new_loop) as runner:
                runner.run(asyncio.wait_for(self.round_trips(), DEADLINE))

    async def round_trips(self):
        ticks = []
        async with aiostate.Collection() as collection:
            client, server = await pair(collection)
            echo(server)
            asyncio.get_running_loop().call_later(0.05, ticks.append, "tick")
            for message in b"first", b"other":
                self.assertEqual(await client.write(message), 5)
                self.assertEqual(await client.read(5), message)
            with self.assertRaises(aiostate.Timeout):
                await client.read(5, timeout=0.1)
            self.assertEqual(ticks, ["tick"])

    def test_one_loop_after_another(self):
        for _ in range(2):
            client, server = asyncio.run(pair(self.collection))
            self.exchange(client, server)


class Awaiting(AsyncCase):
    async def test_awaiting(self):
        client, server = await self.pair()
        await client.write(b"hello")
        self.assertEqual(await server.read(5), b"hello")
        with self.assertRaises(aiostate.Timeout) as timeout:
            await client.read(5, timeout=0.01)
        self.assertIsInstance(timeout.exception, TimeoutError)
        await server.write(b"the")
        await server.shutdown()
        with self.assertRaises(EOFError) as end:
            await client.read(5)
        self.assertEqual((end.exception.data, end.exception.status), (b"the", aiostate.EOF))
        await client.write(b"x" * 200_000)
        await client.shutdown()
        self.assertEqual(b"".join([piece async for piece in server]), b"x" * 200_000)

    async def test_connection_refused_is_pythons_own(self):
        async with self.collection.listen_tcp(LOCAL, 0) as acceptor:
            port = acceptor.local_port()
        with self.assertRaises(ConnectionRefusedError):
            await self.collection.connect_tcp(LOCAL, port)

    async def test_a_canceled_read_leaves_the_state_free(self):
        client, server = await self.pair()
        with self.assertRaises(TimeoutError):
            await asyncio.wait_for(client.read(5), 0.01)
        await server.write(b"hello")
        self.assertEqual(await client.read(5), b"hello")
        with self.assertRaises(TimeoutError):
            async with asyncio.timeout(0.01):
                await client.read_until(b"\n")
        await server.write(b"hello\n")
        self.assertEqual(await client.read_until(b"\n"), b"hello\n")

    async def test_a_canceled_connect_is_closed(self):
        path = self.enterContext(tempfile.TemporaryDirectory()) + "/socket"
        with socket.socket(socket.AF_UNIX) as nobody_accepts:
            nobody_accepts.bind(path)
            nobody_accepts.listen(0)
            await self.collection.connect_unix(path)
            connecting = self.collection.connect_unix(path)
            with self.assertRaises(TimeoutError):
                await asyncio.wait_for(connecting, 0.01)
            self.assertFalse(connecting.state.is_open())

    async def test_a_canceled_accept_takes_no_connection(self):
        async with self.collection.listen_tcp(LOCAL, 0) as acceptor:
            with self.assertRaises(TimeoutError):
                await asyncio.wait_for(acceptor.accept(), 0.01)
            client = await self.collection.connect_tcp(LOCAL, acceptor.local_port())
            server = await acceptor.accept()
            await client.write(b"hello")
            self.assertEqual(await server.read(5), b"hello")

    async def test_two_may_await_one_operation(self):
        client, server = await self.pair()
        reading = client.read(5)
        waiting = asyncio.gather(reading, reading)
        await server.write(b"hello")
        self.assertEqual(await waiting, [b"hello", b"hello"])
        self.assertEqual(await reading, b"hello")

    async def test_acceptor_iterates_until_it_is_closed(self):
        acceptor, accepted = self.collection.listen_tcp(LOCAL, 0), []

        async def serve():
            async for state in acceptor:
                accepted.append(state)

        serving = asyncio.create_task(serve())
        for _ in range(100):
            await self.collection.connect_tcp(LOCAL, acceptor.local_port())
        while len(accepted) < 100:
            await asyncio.sleep(0)
        await acceptor.close()
        await serving
        with self.assertRaises(aiostate.Error) as closed:
            acceptor.accept()
        self.assertEqual(closed.exception.status, aiostate.ERR_CLOSED)

    async def test_connections_wait_until_they_are_asked_for(self):
        async with self.collection.listen_tcp(LOCAL, 0) as acceptor:
            clients = [await self.collection.connect_tcp(LOCAL, acceptor.local_port()) for _ in range(100)]
            servers = [await acceptor.accept() for _ in clients]
            for client in clients:
                await client.write(b"x")
            self.assertEqual([await server.read(1) for server in servers], [b"x"] * 100)

    async def test_an_exception_in_a_callback_is_the_loops(self):
        client, server = await self.pair()
        contexts, raised = [], ValueError("mine")
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: contexts.append(context))

        def fails(state, data, status):
            raise raised

        client.read(5, fails)
        self.collection.apply(lambda: fails(None, None, None))
        reading = server.read(5)
        await client.write(b"hello")
        self.assertEqual(await reading, b"hello")
        await server.write(b"hello")
        await self.collection.sleep(0.01)
        self.assertEqual([context["exception"] for context in contexts], [raised, raised])

    async def test_closing_ends_what_is_awaited(self):
        client, server = await self.pair()
        acceptor = self.collection.listen_tcp(LOCAL, 0)
        awaited = [client.read(5), acceptor.accept(), self.collection.sleep(100)]
        tasks = [asyncio.ensure_future(operation) for operation in awaited]
        await asyncio.sleep(0)
        self.collection.close()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            self.assertIsInstance(result, aiostate.Canceled)
        await server.close()

    async def test_datagrams_iterate(self):
        server = self.collection.create_udp(LOCAL, 0)
        client = await self.collection.connect_udp(LOCAL, server.local_address().port)
        for data in b"one", b"two":
            await client.send_message(data)
        received = []
        async for message in server.messages(timeout=DEADLINE):
            received.append(message.data)
            if len(received) == 2:
                break
        self.assertEqual(received, [b"one", b"two"])

    async def test_an_idle_loop_does_not_spin(self):
        client, server = await self.pair()
        reading, before = client.read(5, timeout=DEADLINE), time.process_time()
        await asyncio.sleep(0.3)
        self.assertLess(time.process_time() - before, 0.1)
        await server.write(b"hello")
        self.assertEqual(await reading, b"hello")
