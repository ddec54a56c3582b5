"""What an operation gives, and the operation that nobody has given a callback: to be awaited, or asked for its result."""

import asyncio
from collections import namedtuple

from . import errors, low
from .address import Address, Message

# Instead of a direction to abort: what ends a connect.
CLOSE = -1


class Operation:
    """What has been started and is not done yet.

    `await` it under asyncio; elsewhere `result()` drives the collection until it is done. Either returns what the
    operation gives (bytes, a count, a state), or raises Error. Under asyncio a read that is canceled is aborted.
    """

    __slots__ = ("state", "collection", "_abort", "_value", "_error", "_done", "_future")

    def __init__(self, collection, state=None, abort=0):
        self.collection = collection
        self.state = state
        self._abort = abort
        self._value = self._error = self._future = None
        self._done = False

    def done(self):
        return self._done

    def finish(self, value=None, error=None):
        self._value, self._error, self._done = value, error, True
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    def result(self, timeout=None):
        """Drives the collection until the operation is done; TimeoutError if that takes more than `timeout` seconds."""
        self.collection.run_until(self.done, timeout)
        return self._outcome()

    def __await__(self):
        if not self._done:
            loop = asyncio.get_running_loop()
            self._future = loop.create_future()
            self.collection.attach(loop)
            try:
                yield from self._future
            except asyncio.CancelledError:
                self._cancel()
                raise
        return self._outcome()

    # Writes are left alone: they stand in a queue with others.
    def _cancel(self):
        if self._done or not self._abort:
            return
        if self._abort == CLOSE:
            self.state._low.close(0, None)
        else:
            self.state._low.abort(self._abort, 0)

    def _outcome(self):
        if self._error is not None:
            raise self._error
        return self._value


# How an event becomes a call of a callback, and the end of an Operation.
Gives = namedtuple("Gives", "call finish")


def gives(value):
    """value(event) is a callback's second argument, and what an await gives."""

    def call(event, state, callback, error_callback):
        status = event.status()
        chosen = error_callback if status < 0 and error_callback else callback
        if chosen:
            state.old_length = event.old_length()
            chosen(state, value(event), status)

    def finish(event, operation):
        status = event.status()
        if status:
            operation.finish(None, errors.make(status, event.text(), event.bytes(), event.count()))
        else:
            operation.finish(value(event))

    return Gives(call, finish)


def gives_no_value(value):
    """The callback gets the status alone; value(operation) is what an await gives."""

    def call(event, state, callback, error_callback):
        chosen = error_callback if event.status() < 0 and error_callback else callback
        if chosen:
            chosen(state, event.status())

    def finish(event, operation):
        status = event.status()
        operation.finish(value(operation), errors.make(status, event.text()) if status else None)

    return Gives(call, finish)


def message_of(event):
    return Message(event.bytes(), Address(_low_address=event.address()), event.truncated())


BYTES = gives(low.Event.bytes)
COUNT = gives(low.Event.count)
MESSAGE = gives(message_of)
NOTHING = gives_no_value(lambda operation: None)
STATE = gives_no_value(lambda operation: operation.state)
