"""Statuses as exceptions."""

from __future__ import annotations

from typing import Any

from . import low


class Error(OSError):
    """An operation was refused or did not complete.

    `status` is one of the module's statuses, `name` its name, such as "ERR_BUSY", `errno` the system's number if there
    is one. Of a read that did not complete, `data` has the bytes that came; of a write, `count` says how many went out.
    """

    def __init__(
        self, status: int, text: str = "", data: bytes = b"", count: int = 0, system_error: int = 0
    ) -> None:
        self.text = text or low.status_message(status)
        super().__init__(self.text)
        self.status = status
        self.name = low.status_name(status).removeprefix("AIO_")
        self.data = data
        self.count = count
        if system_error:
            self.errno = system_error

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"

    def __reduce__(self) -> tuple[type[Error], tuple[object, ...]]:
        return type(self), (self.status, self.text, self.data, self.count, self.errno or 0)


class EndOfStream(Error, EOFError):
    """The peer has ended its side of the stream."""


class Timeout(Error, TimeoutError):
    """The time given for the operation is over."""


class Canceled(Error):
    """The operation was aborted, or its state or collection was closed."""


class ConnectionRefused(Error, ConnectionRefusedError):
    """The peer refused the connection."""


class ConnectionReset(Error, ConnectionResetError):
    """The connection was reset."""


class BrokenPipe(Error, BrokenPipeError):
    """The connection takes no more bytes."""


CLASSES: dict[int, type[Error]] = {
    low.EOF: EndOfStream,
    low.TIMEOUT: Timeout,
    low.ERR_CANCELED: Canceled,
    low.ERR_CONNECTION_REFUSED: ConnectionRefused,
    low.ERR_CONNECTION_RESET: ConnectionReset,
    low.ERR_BROKEN_PIPE: BrokenPipe,
}


def make(status: int, *arguments: Any) -> Error:
    return CLASSES.get(status, Error)(status, *arguments)


def refuse(status: int, text: str) -> None:
    """Called by the module where the library refuses a call."""
    raise make(status, text)
