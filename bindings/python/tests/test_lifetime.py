"""The collector frees states, acceptors and collections at any time, in any order."""

import gc
import weakref

import aiostate
from support import LOCAL, Case


class Lifetime(Case):
    def setUp(self):
        super().setUp()
        gc.freeze()  # what is older need not be looked at thousands of times
        self.addCleanup(gc.unfreeze)

    def round_trips(self, count, collect_every):
        client, server = self.pair()
        for number in range(count):
            if number % collect_every == 0:
                gc.collect()
            message = number.to_bytes(4, "big")
            for one, other in (client, server), (server, client):
                reading, writing = other.read(4), one.write(message)
                if collect_every == 1:
                    gc.collect()
                self.assertEqual(self.result(reading), message)
                self.assertEqual(self.result(writing), 4)

    def test_collector_always(self):
        self.round_trips(500, 1)

    def test_collector_sometimes(self):
        self.round_trips(10_000, 100)

    def test_dropped(self):
        statuses = []
        for _ in range(200):
            client, server = self.pair()
            client.read(5, lambda state, data, status: statuses.append(status))
            client.close(aiostate.ignore)
            del client, server
        for _ in range(200):
            client, server = self.pair()
            del server
            self.result(client.close())
            del client
        gc.collect()
        self.until(lambda: self.collection.counters().open_states == 0)
        self.assertEqual(statuses, [aiostate.ERR_CANCELED] * 200)

    def test_dropped_collection(self):
        collection = aiostate.Collection()
        acceptor = collection.listen_tcp(LOCAL, 0)
        client = collection.connect_tcp(LOCAL, acceptor.local_port()).result(30)
        server = acceptor.accept().result(30)
        client.read(5, print)
        server.write(bytes(64 << 20), print)
        server.read_with_checking(print)
        collection.timer(0.001, print, repeat=0.001)
        gone = weakref.ref(collection)
        del collection, acceptor, client, server
        gc.collect()
        self.assertIsNone(gone())

    def test_nothing_is_left(self):
        self.round_trips(100, 1000)
        self.assertFalse(self.collection.tokens.waiting)
