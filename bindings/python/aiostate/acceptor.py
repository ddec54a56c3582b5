"""The acceptor: a listening socket."""

from collections import deque

from . import low
from .handle import Socket
from .operation import Operation
from .state import State

# Connections that nobody has asked for yet; beyond, the kernel keeps them.
BACKLOG = 64


class Acceptor(Socket):
    """A listening socket, made by Collection.listen_tcp, .listen_unix and .listen_socket.

    callback(acceptor, state) gets each connection; error_callback and tls_error_callback get the acceptor, a status and a
    text. Without a callback connections are awaited: `await acceptor.accept()`, `async for state in acceptor`.
    """

    def __init__(self, collection, callback, error_callback, tls_error_callback, collections):
        super().__init__(collection, low.Acceptor())
        self._callback = callback or Acceptor._keep
        self._failed = {low.EVENT_ACCEPT_ERROR: error_callback, low.EVENT_TLS_ERROR: tls_error_callback}
        self._homes = [*collections, collection]
        self._kept, self._takers = deque(), deque()
        self._token = collection._tokens.add(self._deliver)

    def _deliver(self, event):
        if event.kind() == low.EVENT_ACCEPTED:
            state = State(self._homes[event.home()])
            event.take_state(state._low)
            self._callback(self, state)
        elif self._failed[event.kind()]:
            self._failed[event.kind()](self, event.status(), event.text())

    def close(self, callback=None):
        """Listens no more; callback(acceptor, status) is called, or the Operation done, when the port is free."""
        operation = None if callback else Operation(self.collection)

        def closed(event):
            self.collection._tokens.forget(self._token)
            callback(self, event.status()) if callback else operation.finish()

        token = self.collection._tokens.add(closed)
        self._submit(token, self._low.close, token)
        return operation

    def accept(self):
        """An operation that gives the next connection. For acceptors without a callback."""
        taker = Operation(self.collection)
        self._takers.append(taker)
        self._serve()
        return taker

    async def __aiter__(self):
        while True:
            yield await self.accept()

    def _keep(self, state):
        self._kept.append(state)
        self._serve()
        if len(self._kept) >= BACKLOG:
            self._low.pause()

    def _serve(self):
        if len(self._kept) >= BACKLOG and self._takers:
            self._low.resume()
        while self._kept and self._takers:
            self._takers.popleft().finish(self._kept.popleft())
