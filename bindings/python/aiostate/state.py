"""The state: a socket and its operations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from . import errors, low
from .address import Message
from .hints import StateCallback
from .state_operations import StateOperations

if TYPE_CHECKING:
    from .driver import Driver

# Bytes of a piece of a stream; no datagram is longer.
LARGEST = 65536


class State(StateOperations):
    """A socket and its operations, each with a timeout, an exact count, and one completion.

    An operation with a callback calls it once, with the state, the bytes read or the number of bytes written (where
    there are any), and the status; an error_callback is called instead if the status is an error. Without a callback it
    returns an Operation to await. Collection.connect_tcp and the like make states, and so do acceptors.
    """

    old_length = 0
    """In the callback of read_with_checking: how many of the bytes an earlier call has shown."""

    def __init__(self, collection: Driver) -> None:
        super().__init__(collection, low.State())
        self._marks = 0  # the token

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The stream in pieces as they come, until its end."""
        while True:
            try:
                yield await self.read(LARGEST, minimum=1)
            except errors.EndOfStream:
                return

    async def messages(self, *, timeout: float | None = None) -> AsyncIterator[Message]:
        """Datagrams as they come."""
        while True:
            yield await self.receive_message(LARGEST, timeout=timeout)

    def set_write_marks(self, high: int, low: int, drained: StateCallback | None) -> None:
        """Calls drained(state, status) each time the queued bytes have reached `high` and fallen to `low`.

        New marks replace the old ones; None removes them.
        """
        old = self._marks
        if drained is None:
            self._low.set_write_marks(high, low, 0)
            self._marks = 0
        else:
            call = drained
            self._marks = self.tokens.submit(
                lambda event, status, count, data: call(self, status),
                lambda token: self._low.set_write_marks(high, low, token),
            )
        self.tokens.forget(old)

    def _ended(self) -> None:
        self.tokens.forget(self._marks)

    async def __aenter__(self) -> State:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()
