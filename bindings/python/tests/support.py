"""The words that the tests are written in."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import aiostate

DEADLINE = 30
LOCAL = "127.0.0.1"
CERTIFICATES = Path(os.environ["AIO_CERTIFICATES"])


class Case(unittest.TestCase):
    """A test with a collection, which it drives itself."""

    def setUp(self):
        self.collection = aiostate.Collection()
        self.addCleanup(self.collection.close)

    def until(self, condition):
        self.collection.run_until(condition, DEADLINE)

    def result(self, operation):
        return operation.result(DEADLINE)

    def refuses(self, status, function, *arguments, **options):
        with self.assertRaises(aiostate.Error) as raised:
            function(*arguments, **options)
        self.assertEqual(raised.exception.status, status)
        return raised.exception

    def fails(self, status, operation):
        return self.refuses(status, self.result, operation)

    def pair(self, wire="tcp", *, server_options=None, **client_options):
        """A client and a server, connected."""
        acceptor, connecting = self.meet(wire, server_options or {}, client_options)
        client, server = self.result(connecting), self.result(acceptor.accept())
        self.result(acceptor.close())
        return client, server

    def meet(self, wire, server_options, client_options):
        if wire == "tcp":
            acceptor = self.collection.listen_tcp(LOCAL, 0, **server_options)
            return acceptor, self.collection.connect_tcp(LOCAL, acceptor.local_port(), **client_options)
        path = self.directory() + "/socket"
        acceptor = self.collection.listen_unix(path, **server_options)
        return acceptor, self.collection.connect_unix(path, **client_options)

    def directory(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        return directory.name

    def exchange(self, one, other, data=b"hello"):
        """Sends data from one state to the other."""
        writing = one.write(data)
        self.assertEqual(self.result(other.read(len(data))), data)
        self.assertEqual(self.result(writing), len(data))


class AsyncCase(unittest.IsolatedAsyncioTestCase):
    """A test that asyncio drives."""

    async def asyncSetUp(self):
        self.collection = await self.enterAsyncContext(aiostate.Collection())

    async def pair(self):
        return await pair(self.collection)


async def pair(collection):
    async with collection.listen_tcp(LOCAL, 0) as acceptor:
        client = await collection.connect_tcp(LOCAL, acceptor.local_port())
        return client, await acceptor.accept()


def echo(state):
    """Sends back what comes, in pieces as they come."""

    def came(state, data, status):
        if status == aiostate.OK:
            state.write(data, written)

    def written(state, count, status):
        if status == aiostate.OK:
            state.read(65536, came, minimum=1)

    state.read(65536, came, minimum=1)


def python(program, *arguments, **options):
    """Starts a program in an interpreter of its own."""
    return subprocess.Popen([sys.executable, "-c", program, *arguments], text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **options)
