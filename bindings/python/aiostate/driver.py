"""What moves bytes and calls back: the program's own loop, or asyncio's."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import errors, low, signals
from .tokens import Tokens

if TYPE_CHECKING:
    from .operation import LocalOperation


class Driver:
    """The part of a collection that drives it."""

    def __init__(self) -> None:
        self._low = low.Collection()
        self._event = low.Event()
        self.tokens = Tokens()
        self.local_operations: weakref.WeakSet[LocalOperation[Any]] = weakref.WeakSet()
        self._ended = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._turn_is_due = False

    def run(self) -> None:
        """Moves bytes and calls back until `stop`. An exception of a callback ends it, too; it can be called again."""
        library = self._low
        with signals.end_waits(library):
            while not library.stopping():
                if library.wait_events(low.NO_TIMEOUT) == low.WAIT_INTERRUPTED:
                    signals.forget()
                self._dispatch()

    def run_until(self, condition: Callable[[], bool], timeout: float | None = None) -> None:
        """The same until condition() is true; TimeoutError if that takes more than `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with signals.end_waits(self._low):
            while not condition():
                left = low.NO_TIMEOUT if deadline is None else max(0.0, deadline - time.monotonic())
                outcome = self._low.wait_events(left)
                if outcome == low.WAIT_INTERRUPTED:
                    signals.forget()
                elif outcome == low.WAIT_TIMEOUT and left == 0.0:
                    raise TimeoutError("The time given is over.")
                self._dispatch()

    def poll(self, timeout: float = 0.0) -> None:
        """One turn: moves bytes for at most `timeout` seconds and calls back."""
        self._low.wait_events(timeout)
        self._dispatch()

    def stop(self) -> None:
        """Has `run` return; from a callback, another thread, or before it has begun."""
        self._low.stop()

    def wake(self) -> None:
        """Has the turn that is under way, or the next one, look round at once."""
        self._low.wake()

    def descriptor(self) -> int:
        """For a foreign event loop: what it polls, for at most `next_timeout` seconds, before it calls `poll`."""
        return self._low.descriptor()

    def next_timeout(self) -> float:
        """Seconds until `poll` must be called even if the descriptor stays silent. To be asked before each wait."""
        return self._low.next_timeout()

    def _end(self) -> None:
        self.detach()
        self._low.destroy()
        self._ended = True
        for operation in list(self.local_operations):
            if not operation.done():
                operation._finish(error=errors.make(low.ERR_CANCELED))
        self._dispatch()

    def _dispatch(self) -> None:
        take, event, waiting = self._low.take, self._event, self.tokens.waiting
        while taken := take(event):
            token, status, last, count, data = taken
            expected = waiting.pop(token, None) if last else waiting.get(token)
            if expected is not None:
                tell, socket, callback, error_callback = expected
                tell(event, status, count, data, socket, callback, error_callback)

    # asyncio: its loop watches the descriptor and the time.

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Has an asyncio loop drive the collection from now on. Awaiting an operation does that, too."""
        if self._ended:
            loop.call_soon(self._dispatch)  # there is nothing to watch, but a close is still told of
        elif self._loop is not loop:
            self.detach()
            self._loop = loop
            loop.add_reader(self._low.descriptor(), self._turn)
            self._turn_soon(loop)

    def detach(self) -> None:
        """Ends what `attach` has begun."""
        loop, self._loop = self._loop, None
        self._turn_is_due = False
        if loop is not None and not loop.is_closed():
            loop.remove_reader(self._low.descriptor())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _turn(self) -> None:
        loop = self._loop
        assert loop is not None
        busy = self._low.wait_events(0.0) == low.WAIT_READY
        try:
            self._dispatch_to(loop)
        finally:
            if self._loop is loop and not self._turn_is_due:
                self._plan(loop, busy)

    def _dispatch_to(self, loop: asyncio.AbstractEventLoop) -> None:
        """An exception of a callback is the loop's affair, and the other callbacks are called all the same."""
        while True:
            try:
                return self._dispatch()
            except Exception as error:
                loop.call_exception_handler({"message": "Exception in a callback of aiostate", "exception": error})

    def _plan(self, loop: asyncio.AbstractEventLoop, busy: bool) -> None:
        """After a turn that called back there is another one, behind the tasks that it woke: they submit more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        left = 0.0 if busy else self._low.next_timeout()
        if left <= 0.0:
            self._turn_soon(loop)
        elif left < low.NO_TIMEOUT:
            self._timer = loop.call_later(left, self._turn)

    def _turn_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        self._turn_is_due = True
        loop.call_soon(self._due_turn, loop)

    def _due_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is loop and self._turn_is_due:
            self._turn_is_due = False
            self._turn()
