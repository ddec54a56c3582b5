"""Who drives a collection: run, threads, signals, and how it ends."""

import queue
import signal
import threading
import time

import aiostate
from support import DEADLINE, LOCAL, Case, python

PENDING = f"""
import aiostate
collection = aiostate.Collection()
acceptor = collection.listen_tcp("{LOCAL}", 0)
client = collection.connect_tcp("{LOCAL}", acceptor.local_port()).result({DEADLINE})
server = acceptor.accept().result({DEADLINE})
server.write(bytes(64 << 20), print)
collection.timer(1000, print)
server.read_with_checking(print)
collection.poll()
print("ready", flush=True)
"""


def interruptible():
    """Even if the tests run in the background of a shell."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Driving(Case):
    def test_exception_in_callback(self):
        client, server = self.pair()
        raised, completed = ValueError("mine"), []

        def fails(state, data, status):
            raise raised

        client.read(5, fails)
        server.read(5, lambda state, data, status: (completed.append(data), self.collection.stop()))
        client.write(b"hello")
        server.write(b"hello")
        with self.assertRaises(ValueError) as caught:
            self.collection.run()
        self.assertIs(caught.exception, raised)
        self.collection.run()
        self.assertEqual(completed, [b"hello"])

    def test_timers(self):
        fired = []
        self.collection.timer(0.03, lambda: fired.append("once"))
        stopped = self.collection.timer(0.01, lambda: fired.append("stopped"))
        repeating = self.collection.timer(0.05, lambda: fired.append("again"), repeat=0.01)
        stopped.stop()
        self.until(lambda: len(fired) >= 4)
        repeating.stop()
        self.assertEqual(fired[:4], ["once", "again", "again", "again"])
        for number in range(3):
            self.collection.apply(lambda number=number: fired.append(number))
        self.until(lambda: fired[-1] == 2)
        self.assertEqual(fired[-3:], [0, 1, 2])
        self.result(self.collection.sleep(0.01))
        self.refuses(aiostate.ERR_INVALID_ARGUMENT, self.collection.timer, -1, print)

    def test_run_until_has_a_timeout(self):
        before = time.monotonic()
        with self.assertRaises(TimeoutError):
            self.collection.run_until(lambda: False, 0.05)
        self.assertGreaterEqual(time.monotonic() - before, 0.05)

    def test_stop_before_run_is_kept(self):
        self.collection.stop()
        self.collection.run()

    def test_threads(self):
        client, server = self.pair()
        answers, running = [], threading.Thread(target=self.collection.run)
        running.start()

        def submits(number):
            server.write(bytes([number]), lambda state, count, status: answers.append(number))

        threads = [threading.Thread(target=submits, args=[number]) for number in range(20)]
        for thread in threads:
            thread.start()
        client.read(20, lambda state, data, status: self.collection.stop())
        for thread in [*threads, running]:
            thread.join(DEADLINE)
        self.assertFalse(running.is_alive())
        self.until(lambda: len(answers) == 20)
        self.assertEqual(sorted(answers), list(range(20)))

    def test_one_thread_at_a_time_drives(self):
        refused = queue.Queue()

        def drives():
            try:
                self.collection.run()
            except aiostate.Error as error:
                refused.put(error.status)

        threads = [threading.Thread(target=drives) for _ in range(2)]
        for thread in threads:
            thread.start()
        self.assertEqual(refused.get(timeout=DEADLINE), aiostate.ERR_BUSY)
        self.collection.stop()
        for thread in threads:
            thread.join(DEADLINE)
        self.assertTrue(refused.empty())

    def test_interrupt(self):
        for _ in range(3):
            with python(PENDING + "collection.run()", preexec_fn=interruptible) as program:
                self.assertEqual(program.stdout.readline(), "ready\n")
                before = time.monotonic()
                program.send_signal(signal.SIGINT)
                _, errors = program.communicate(timeout=DEADLINE)
            self.assertLess(time.monotonic() - before, 1)
            self.assertEqual(program.returncode, -signal.SIGINT)
            self.assertIn("KeyboardInterrupt", errors)

    def test_handlers_run_while_waiting(self):
        handled = []
        self.addCleanup(signal.signal, signal.SIGALRM, signal.signal(signal.SIGALRM, lambda *_: handled.append(1)))
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        self.until(lambda: handled)

    def test_exit_pending(self):
        before = time.monotonic()
        with python(PENDING) as program:
            output, errors = program.communicate(timeout=DEADLINE)
        self.assertEqual((program.returncode, output, errors), (0, "ready\n", ""))
        self.assertLess(time.monotonic() - before, 5)

    def test_close_ends_what_runs(self):
        client, server = self.pair()
        ends = []
        client.read(5, lambda state, data, status: ends.append(status))
        reading, sleeping = server.read(5), self.collection.sleep(100)
        self.collection.close()
        self.assertEqual(ends, [aiostate.ERR_CANCELED])
        for operation in reading, sleeping:
            self.fails(aiostate.ERR_CANCELED, operation)
        self.refuses(aiostate.ERR_CLOSED, client.read, 5)
        self.result(client.close())
        self.collection.close()
