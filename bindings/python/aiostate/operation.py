"""The operation that nobody has given a callback: to be awaited, or asked for its result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

if TYPE_CHECKING:
    from .driver import Driver

T = TypeVar("T")


class Operation(Generic[T]):
    """What has been started and is not done yet.

    `await` it under asyncio; elsewhere `result()` drives the collection until it is done. Either returns what the
    operation gives (bytes, a count, a state), or raises Error. Canceling what awaits a read, a connect or an accept
    aborts it.
    """

    __slots__ = ("_driver", "_done", "_value", "_error", "_waiters")

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._done = False
        self._value: T | None = None
        self._error: BaseException | None = None
        self._waiters: list[asyncio.Future[None]] = []

    def done(self) -> bool:
        return self._done

    def result(self, timeout: float | None = None) -> T:
        """Drives the collection until the operation is done; TimeoutError if that takes more than `timeout` seconds."""
        self._driver.run_until(self.done, timeout)
        return self._outcome()

    def __await__(self) -> Generator[Any, None, T]:
        if not self._done:
            loop = asyncio.get_running_loop()
            self._driver.attach(loop)
            try:
                yield from self._waiter(loop)
            except asyncio.CancelledError:
                if not self._done and self._abort():
                    yield from self._waiter(loop)  # so that the next read finds the direction free
                raise
        return self._outcome()

    def _waiter(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
        waiter = loop.create_future()
        self._waiters.append(waiter)
        return waiter

    def _outcome(self) -> T:
        if self._error is not None:
            raise self._error
        return cast(T, self._value)

    def _finish(self, value: T | None = None, error: BaseException | None = None) -> None:
        self._value, self._error, self._done = value, error, True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _abort(self) -> bool:
        """Ends it; whether its end is still to come. A write is left alone: it stands in a queue with others."""
        return False


class LocalOperation(Operation[T]):
    """One that the library does not know: it is ended with the collection."""

    __slots__ = ("_forget", "__weakref__")

    def __init__(self, driver: Driver, forget: Callable[[LocalOperation[T]], object]) -> None:
        super().__init__(driver)
        self._forget = forget
        driver.local_operations.add(self)

    def _abort(self) -> bool:
        self._forget(self)
        return False
