"""The collection: it drives the library and calls back."""

import time

from . import low
from .operation import Operation
from .operations import CollectionOperations
from .acceptor import Acceptor
from .state import State
from .tokens import Tokens


class Collection(CollectionOperations):
    """An event loop of sockets.

    One thread at a time drives it, with `run`, `run_until`, an operation's `result`, or through asyncio, where awaiting
    an operation is enough. Callbacks run in that thread. Everything else may be called on any thread.
    """

    def __init__(self):
        self._low = low.Collection()
        self._event = low.Event()
        self._tokens = Tokens()
        self._loop = self._timer = None
        self._pump_is_due = self._ended = False

    # Driving.

    def run(self):
        """Moves bytes and calls back until `stop`. An exception of a callback ends it, too; it can be called again."""
        library = self._low
        while not library.stopping():
            library.wait_events(low.NO_TIMEOUT)
            self._dispatch()

    def run_until(self, condition, timeout=None):
        """The same until condition() is true; TimeoutError if that takes more than `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not condition():
            left = low.NO_TIMEOUT if deadline is None else max(0.0, deadline - time.monotonic())
            outcome = self._low.wait_events(left)
            if outcome == low.WAIT_TIMEOUT and left == 0.0:
                raise TimeoutError("The time given is over.")
            self._dispatch()

    def poll(self, timeout=0.0):
        """One turn: moves bytes for at most `timeout` seconds and calls back."""
        self._low.wait_events(timeout)
        self._dispatch()

    def stop(self):
        """Has `run` return; from a callback, another thread, or before it has begun."""
        self._low.stop()

    def apply(self, function):
        """Has function() called by the thread that drives the collection, later and in order."""
        token = self._tokens.add(lambda event: function())
        self._submit(token, self._low.apply, token)

    def close(self):
        """Closes all states and acceptors, calls what still waits back with ERR_CANCELED, and ends the collection."""
        self.detach()
        self._ended = True
        self._low.destroy()
        self._dispatch()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.close()

    def counters(self):
        """What the states have done: an object with the functions bytes_read(), bytes_written(), callbacks() ..."""
        return self._low.counters()

    # Time.

    def timer(self, delay, callback, repeat=0.0):
        """Calls callback() after `delay` seconds and then, if `repeat` is not 0, every `repeat` seconds."""
        return Timer(self, delay, callback, repeat)

    def sleep(self, seconds):
        """An operation that is done after so many seconds."""
        operation = Operation(self)
        operation.state = self.timer(seconds, lambda: operation.finish())
        return operation

    def _submit(self, token, method, *arguments):
        try:
            method(*arguments)
        except BaseException:
            self._tokens.forget(token)
            raise
        if self._loop is not None:
            self._want_pump()

    def _dispatch(self):
        take, event, call = self._low.take, self._event, self._tokens.call
        while take(event):
            call(event)

    def _new_state(self):
        return State(self)

    def _new_acceptor(self, callback, error_callback, tls_error_callback, collections):
        return Acceptor(self, callback, error_callback, tls_error_callback, collections or ())

    # asyncio: its loop watches the descriptor, and the time.

    def attach(self, loop):
        """Has an asyncio loop drive the collection from now on. Awaiting an operation does that, too."""
        if self._loop is loop:
            return
        self.detach()
        if self._ended:
            loop.call_soon(self._dispatch)  # what is closed once more
            return
        self._loop = loop
        loop.add_reader(self._low.descriptor(), self._pump)
        self._want_pump()

    def detach(self):
        """Ends what `attach` has begun."""
        loop, self._loop = self._loop, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if loop is not None and not loop.is_closed():
            loop.remove_reader(self._low.descriptor())

    def _want_pump(self):
        if not self._pump_is_due:
            self._pump_is_due = True
            self._loop.call_soon(self._pump)

    def _pump(self):
        self._pump_is_due = False
        if self._loop is None:
            return
        try:
            self._low.wait_events(0.0)
            self._dispatch()
        finally:
            if self._loop is not None:
                self._arm()

    def _arm(self):
        left = self._low.next_timeout()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if left <= 0.0:
            self._want_pump()
        elif left < 1e9:
            self._timer = self._loop.call_later(left, self._pump)


class Timer:
    """Made by Collection.timer."""

    def __init__(self, collection, delay, callback, repeat):
        self._collection = collection
        self._low = low.Timer()
        self._token = collection._tokens.add(lambda event: callback())
        collection._submit(self._token, self._low.start, collection._low, delay, repeat, self._token)

    def stop(self):
        """No call begins any more."""
        self._collection._tokens.forget(self._token)
        self._low.stop()
