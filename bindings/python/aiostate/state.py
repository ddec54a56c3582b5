"""The state: a socket and its operations."""

from . import errors, low
from .address import Address
from .handle import Socket
from .operation import Operation
from .operations import StateOperations


class State(StateOperations, Socket):
    """A socket and its operations, each with a timeout, an exact count, and one completion.

    An operation with a callback calls it once, with the state, the bytes read or the number of bytes written (where there
    are any), and the status; an error_callback is called instead if the status is an error. Without a callback it returns
    an Operation to await. Collection.connect_tcp and the like make states, and so do acceptors.
    """

    old_length = 0
    """In the callback of read_with_checking: how many of the bytes an earlier call has shown."""

    _marks = 0

    def __init__(self, collection):
        super().__init__(collection, low.State())

    async def __aiter__(self):
        """The stream in pieces as they come, until its end."""
        while True:
            try:
                yield await self.read(65536, minimum=1)
            except errors.EndOfStream:
                return

    async def messages(self, **options):
        """Datagrams as they come, each a Message."""
        while True:
            yield await self.receive_message(65536, **options)

    def peer_address(self):
        return Address(_low_address=self._low.peer_address())

    def set_rate_limit(self, direction, limit=None):
        """Lets a direction (INPUT, OUTPUT, BOTH) move no faster than a RateLimit; None: no limit."""
        self._low.set_rate_limit(direction, limit and limit._low)

    def set_write_marks(self, high, low, drained):
        """Calls drained(state, status) when the queued bytes have reached `high` and fallen to `low`; None: no more."""
        tokens = self.collection._tokens
        tokens.forget(self._marks)
        self._marks = tokens.add(lambda event: drained(self, event.status())) if drained else 0
        self._submit(self._marks, self._low.set_write_marks, high, low, self._marks)

    def close(self, callback=None, **options):
        self.collection._tokens.forget(self._marks)
        return super().close(callback, **options)

    close.__doc__ = StateOperations.close.__doc__

    def _expect(self, gives, callback, error_callback, abort=0):
        """A token for an operation, and the Operation if there is no callback."""
        if callback is None and error_callback is None:
            operation = Operation(self.collection, self, abort)
            return operation, self.collection._tokens.add(gives.finish, operation)
        return None, self.collection._tokens.add(gives.call, self, callback, error_callback)
