"""What states, acceptors and TLS contexts have in common."""

from . import low
from .address import Address
from .lowering import fill


class Handle:
    """An object of the library. Functions that are not defined here are its own: `state.queued_bytes()`."""

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._low, name)

    def __dir__(self):
        return {*super().__dir__(), *(name for name in dir(self._low) if name[0] != "_")}


class Socket(Handle):
    """A state or an acceptor."""

    def __init__(self, collection, low_object):
        self.collection = collection
        self._low = low_object

    def local_address(self):
        return Address(_low_address=self._low.local_address())

    def _submit(self, token, method, *arguments):
        self.collection._submit(token, method, *arguments)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.close()


class TlsContext(Handle):
    """Certificates and trust: TlsContext(TLS_CLIENT, trust_file=...), TlsContext(TLS_SERVER, certificate_file=...)."""

    def __init__(self, side, **options):
        self._low = low.TlsContext()
        self._low.create(side, fill(low.TlsOptions(), **options))

    def reload(self, **options):
        """Gives later connections other certificates; without options the same files are read again."""
        self._low.reload(fill(low.TlsOptions(), **options) if options else None)

    def add_server_name(self, name, other):
        """Presents the certificate of another context to clients that ask for a name or wildcard."""
        self._low.add_server_name(name, other._low)
