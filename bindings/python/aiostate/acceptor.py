"""The acceptor: a listening socket."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING, Any, overload

from . import errors, low
from .hints import AcceptCallback, AcceptErrorCallback, AcceptorCallback
from .operation import LocalOperation, Operation
from .state import State
from .state_operations import AcceptorOperations

if TYPE_CHECKING:
    from .driver import Driver

# Connections that nobody has asked for yet; beyond, the kernel keeps them.
BACKLOG = 64


class Acceptor(AcceptorOperations):
    """A listening socket, made by Collection.listen_tcp, .listen_unix and .listen_socket.

    callback(acceptor, state) gets each connection; error_callback and tls_error_callback get the acceptor, a status and
    a text. Without a callback connections are awaited: `await acceptor.accept()`, `async for state in acceptor`.
    """

    def __init__(
        self, collection: Driver, callback: AcceptCallback | None, error_callback: AcceptErrorCallback | None,
        tls_error_callback: AcceptErrorCallback | None, collections: Iterable[Driver] | None,
    ) -> None:
        super().__init__(collection, low.Acceptor())
        self._callback: AcceptCallback = callback or Acceptor._keep
        self._failed = {low.EVENT_ACCEPT_ERROR: error_callback, low.EVENT_TLS_ERROR: tls_error_callback}
        self._homes = [*(collections or ()), collection]
        self._kept: deque[State] = deque()
        self._takers: deque[LocalOperation[State]] = deque()
        self._token = 0  # of the events for _told

    def _told(self, event: low.Event, status: int, count: int, data: bytes) -> None:
        kind = event.kind()
        if kind == low.EVENT_ACCEPTED:
            state = State(self._homes[event.home()])
            event.take_state(state._low)
            self._callback(self, state)
        elif failed := self._failed[kind]:
            failed(self, status, event.text())

    @overload
    def close(self, callback: None = None) -> Operation[None]: ...
    @overload
    def close(self, callback: AcceptorCallback) -> None: ...
    def close(self, callback: AcceptorCallback | None = None) -> Operation[None] | None:
        """Listens no more; callback(acceptor, status) is called, or the Operation done, when the port is free."""
        operation: Operation[None] = Operation(self.collection)

        def told(event: low.Event, status: int, count: int, data: bytes) -> None:
            self.tokens.forget(self._token)
            operation._finish()
            if callback is not None:
                callback(self, status)

        self.tokens.submit(told, self._low.close)
        self._kept.clear()
        while self._takers:
            self._takers.popleft()._finish(error=errors.make(low.ERR_CANCELED))
        return operation if callback is None else None

    def accept(self) -> Operation[State]:
        """An operation that gives the next connection. For acceptors without a callback."""
        if not self._listens():
            raise errors.make(low.ERR_CLOSED)
        taker: LocalOperation[State] = LocalOperation(self.collection, self._takers.remove)
        self._takers.append(taker)
        self._serve()
        return taker

    async def __aiter__(self) -> AsyncIterator[State]:
        """Connections as they come, until the acceptor is closed."""
        while self._listens():
            try:
                yield await self.accept()
            except errors.Canceled:
                return

    async def __aenter__(self) -> Acceptor:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()

    def _listens(self) -> bool:
        return self.socket() >= 0

    def _keep(self, state: State) -> None:
        self._kept.append(state)
        self._serve()
        if len(self._kept) == BACKLOG:
            self.pause()

    def _serve(self) -> None:
        if len(self._kept) == BACKLOG and self._takers:
            self.resume()
        while self._kept and self._takers:
            self._takers.popleft()._finish(self._kept.popleft())
