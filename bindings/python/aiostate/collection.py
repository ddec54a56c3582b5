"""The collection: an event loop of sockets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import low
from .collection_operations import CollectionOperations
from .operation import LocalOperation, Operation


class Collection(CollectionOperations):
    """An event loop of sockets.

    One thread at a time drives it, with `run`, `run_until`, an operation's `result`, or through asyncio, where awaiting
    an operation is enough. Callbacks run in that thread. Everything else may be called on any thread.
    """

    def apply(self, function: Callable[[], object]) -> None:
        """Has function() called by the thread that drives the collection, later and in order."""
        self.tokens.submit(lambda event, status, count, data: function(), self._low.apply)

    def timer(self, delay: float, callback: Callable[[], object], repeat: float = 0.0) -> Timer:
        """Calls callback() after `delay` seconds and then, if `repeat` is not 0, every `repeat` seconds."""
        return Timer(self, delay, callback, repeat)

    def sleep(self, seconds: float) -> Operation[None]:
        """An operation that is done after so many seconds."""
        operation: LocalOperation[None] = LocalOperation(self, lambda operation: timer.stop())
        timer = self.timer(seconds, operation._finish)
        return operation

    def close(self) -> None:
        """Closes all states and acceptors, ends what still runs with ERR_CANCELED, calls back, and frees all."""
        self._end()

    def __enter__(self) -> Collection:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    async def __aenter__(self) -> Collection:
        return self

    async def __aexit__(self, *_: Any) -> None:
        self.close()


class Timer:
    """Made by Collection.timer."""

    def __init__(self, collection: Collection, delay: float, callback: Callable[[], object], repeat: float) -> None:
        self._tokens = collection.tokens
        self._callback = callback
        self._low = low.Timer()
        start = self._low.start
        self._token = self._tokens.submit(self._told, lambda token: start(collection._low, delay, repeat, token))

    # As long as it is waited for it lives.
    def _told(self, event: low.Event, status: int, count: int, data: bytes) -> None:
        self._callback()

    def stop(self) -> None:
        """No call begins any more."""
        self._tokens.forget(self._token)
        self._low.stop()
