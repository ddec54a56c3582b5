"""Socket addresses, and the datagrams that come from them."""

from __future__ import annotations

from dataclasses import dataclass

from . import low


class Address:
    """Address(host, port) with a numeric host, or Address(path=...) of a Unix socket."""

    def __init__(self, host: str | None = None, port: int = 0, *, path: str | None = None) -> None:
        self._low = low.Address()
        if path is not None:
            self._low.from_path(path)
        elif host is not None:
            self._low.parse(host, port)

    @classmethod
    def _of(cls, address: low.Address) -> Address:
        made = cls.__new__(cls)
        made._low = address
        return made

    @property
    def host(self) -> str:
        """The host in numeric form, with its scope; a Unix address's path."""
        return self._low.host()

    @property
    def port(self) -> int:
        return self._low.port()

    @property
    def family(self) -> int:
        """4, 6, UNIX, or 0."""
        return self._low.family()

    def __str__(self) -> str:
        return self._low.format()

    def __repr__(self) -> str:
        return f"<Address {self}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and self._low.equal(other._low)

    def __hash__(self) -> int:
        return hash(str(self))


@dataclass(frozen=True)
class Message:
    """A datagram that was received."""

    data: bytes
    address: Address
    truncated: bool
    """Whether its end was cut off."""
