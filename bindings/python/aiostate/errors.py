"""Statuses as exceptions."""

from . import low


class Error(OSError):
    """An operation was refused or did not complete.

    `status` is one of the module's statuses, `name` its name, such as "ERR_BUSY". Of a read that did not complete, `data`
    has the bytes that came; of a write, `count` says how many went out.
    """

    def __init__(self, status, text="", data=b"", count=0):
        super().__init__(status, text or low.status_message(status))
        self.status = status
        self.name = low.status_name(status).removeprefix("AIO_")
        self.data = data
        self.count = count

    def __str__(self):
        return f"{self.name}: {self.args[1]}"


class EndOfStream(Error, EOFError):
    """The peer has ended its side of the stream."""


class Timeout(Error, TimeoutError):
    """The time given for the operation is over."""


class Canceled(Error):
    """The operation was aborted, or its state or collection was closed."""


CLASSES = {low.EOF: EndOfStream, low.TIMEOUT: Timeout, low.ERR_CANCELED: Canceled}


def make(status, text="", data=b"", count=0):
    return CLASSES.get(status, Error)(status, text, data, count)


def refuse(status, text):
    """Called by the module where the library refuses a call."""
    raise make(status, text)
