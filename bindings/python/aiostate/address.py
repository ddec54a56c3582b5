"""Socket addresses."""

from . import low


class Address:
    """Address(host, port) with a numeric host, or Address(path=...) of a Unix socket."""

    def __init__(self, host=None, port=0, *, path=None, _low_address=None):
        self._low = _low_address or low.Address()
        if path is not None:
            self._low.from_path(path)
        elif host is not None:
            self._low.parse(host, port)

    @property
    def host(self):
        return self._low.host()

    @property
    def port(self):
        return self._low.port()

    @property
    def family(self):
        """4, 6, UNIX, or 0."""
        return self._low.family()

    def __str__(self):
        return self._low.format()

    def __repr__(self):
        return f"<Address {self}>"

    def __eq__(self, other):
        return isinstance(other, Address) and self._low.equal(other._low)

    def __hash__(self):
        return hash(str(self))


class Message:
    """A datagram that was received."""

    __slots__ = ("data", "address", "truncated")

    def __init__(self, data, address, truncated):
        self.data, self.address, self.truncated = data, address, truncated

    def __repr__(self):
        return f"<Message of {len(self.data)} bytes from {self.address}>"
