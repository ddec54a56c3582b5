#!/usr/bin/env python3
"""Measures echo round trips over aiostate and what Python has beside it: one connection, both ends in one thread.

usage: echo.py [ROUND-TRIPS [ROUNDS]]     Prints for each the round trips per second of CPU time, and its microseconds.
"""

import asyncio
import statistics
import sys
import time

import aiostate

try:
    import uvloop
except ImportError:
    uvloop = None

MESSAGE = bytes(range(64))
SIZE = len(MESSAGE)


class Stopwatch:
    """Seconds of CPU time from the first round trip to the last."""

    def start(self):
        self.begin = time.process_time()

    def stop(self):
        self.seconds = time.process_time() - self.begin


def callbacks(count, watch):
    """As in the other languages, the next read starts while the answer is under way, and nobody asks how that ends."""
    with aiostate.Collection() as collection:

        def serve(acceptor, state):
            def got(state, data, status):
                if status == aiostate.OK:
                    state.write(data, aiostate.ignore)
                    state.read(SIZE, got)

            state.read(SIZE, got)

        def ask(state, status):
            left = count

            def got(state, data, status):
                nonlocal left
                left -= 1
                if left:
                    state.write(MESSAGE, aiostate.ignore)
                    state.read(SIZE, got)
                else:
                    watch.stop()
                    collection.stop()

            watch.start()
            state.write(MESSAGE, aiostate.ignore)
            state.read(SIZE, got)

        acceptor = collection.listen_tcp("127.0.0.1", 0, serve)
        collection.connect_tcp("127.0.0.1", acceptor.local_port(), ask)
        collection.run()


async def awaiting(count, watch):
    async with aiostate.Collection() as collection, collection.listen_tcp("127.0.0.1", 0) as acceptor:

        async def serve():
            state = await acceptor.accept()
            for _ in range(count):
                await state.write(await state.read(SIZE))

        server = asyncio.create_task(serve())
        async with await collection.connect_tcp("127.0.0.1", acceptor.local_port()) as state:
            watch.start()
            for _ in range(count):
                await state.write(MESSAGE)
                await state.read(SIZE)
            watch.stop()
        await server


async def streams(count, watch):
    async def serve(reader, writer):
        for _ in range(count):
            writer.write(await reader.readexactly(SIZE))
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        watch.start()
        for _ in range(count):
            writer.write(MESSAGE)
            await writer.drain()
            await reader.readexactly(SIZE)
        watch.stop()
        writer.close()


async def protocols(count, watch):
    loop = asyncio.get_running_loop()
    finished = loop.create_future()

    class Whole(asyncio.Protocol):
        """Calls `got` with messages of SIZE bytes."""

        def connection_made(self, transport):
            self.transport, self.parts = transport, b""

        def data_received(self, data):
            self.parts += data
            while len(self.parts) >= SIZE:
                message, self.parts = self.parts[:SIZE], self.parts[SIZE:]
                self.got(message)

    class Server(Whole):
        def got(self, message):
            self.transport.write(message)

    class Client(Whole):
        left = count

        def got(self, message):
            self.left -= 1
            if self.left:
                self.transport.write(MESSAGE)
            else:
                finished.set_result(None)

    async with await loop.create_server(Server, "127.0.0.1", 0) as server:
        transport, _ = await loop.create_connection(Client, *server.sockets[0].getsockname())
        watch.start()
        transport.write(MESSAGE)
        await finished
        watch.stop()
        transport.close()


def under(new_loop, function):
    def run(count, watch):
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(function(count, watch))

    return run


def apply(count, watch):
    """A queue of functions alone: what an event costs without a socket."""
    with aiostate.Collection() as collection:
        left = count

        def again():
            nonlocal left
            left -= 1
            if left:
                collection.apply(again)
            else:
                watch.stop()
                collection.stop()

        watch.start()
        collection.apply(again)
        collection.run()


PEERS = {
    "aiostate, callbacks": callbacks,
    "aiostate, await under asyncio": under(None, awaiting),
    "asyncio streams": under(None, streams),
    "asyncio protocols": under(None, protocols),
}
if uvloop:
    PEERS["aiostate, await under uvloop"] = under(uvloop.new_event_loop, awaiting)
    PEERS["uvloop streams"] = under(uvloop.new_event_loop, streams)
    PEERS["uvloop protocols"] = under(uvloop.new_event_loop, protocols)
PEERS["aiostate, one event (apply)"] = apply


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    seconds = {name: [] for name in PEERS}
    for _ in range(rounds):  # in turn, since what else the machine does changes with time
        for name, measure in PEERS.items():
            watch = Stopwatch()
            measure(count, watch)
            seconds[name].append(watch.seconds / count)
    for name, each in seconds.items():
        median = statistics.median(each)
        print(f"{name}\t{1 / median:.0f}\t{median * 1e6:.2f}")


if __name__ == "__main__":
    main()
