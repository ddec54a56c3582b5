"""How an event becomes the call of a callback, or the end of an operation that is awaited."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from . import errors, low
from .address import Address, Message
from .operation import Operation
from .tokens import Tell

if TYPE_CHECKING:
    from .sockets import Socket

T = TypeVar("T")


def ignore(*_: object) -> None:
    """A callback for what nobody needs to hear of: nobody is told then, which costs less."""


class SocketOperation(Operation[T]):
    __slots__ = ("state",)

    def __init__(self, state: Socket) -> None:
        super().__init__(state.collection)
        self.state: Any = state

    def _told(self, event: low.Event, status: int, count: int, data: bytes) -> None:
        if status == low.OK:
            self._finish(self._given(event, count, data))
        else:
            self._finish(error=errors.make(status, event.text(), data, count, event.system_error()))

    def _given(self, event: low.Event, count: int, data: bytes) -> T:
        raise NotImplementedError


class Nothing(SocketOperation[None]):
    __slots__ = ()

    def _given(self, event: low.Event, count: int, data: bytes) -> None:
        return None


class Closed(Nothing):
    __slots__ = ()

    def _told(self, event: low.Event, status: int, count: int, data: bytes) -> None:
        self.state._ended()
        super()._told(event, status, count, data)


class Count(SocketOperation[int]):
    __slots__ = ()

    def _given(self, event: low.Event, count: int, data: bytes) -> int:
        return count


class InputOperation(SocketOperation[T]):
    __slots__ = ()

    def _abort(self) -> bool:
        with suppress(errors.Error):  # it has been closed, which ends it, too
            self.state._low.abort(low.INPUT, 0)
        return True


class Bytes(InputOperation[bytes]):
    __slots__ = ()

    def _given(self, event: low.Event, count: int, data: bytes) -> bytes:
        return data


class Datagram(InputOperation[Message]):
    __slots__ = ()

    def _given(self, event: low.Event, count: int, data: bytes) -> Message:
        return message(event, data)


class Input(InputOperation[None]):
    __slots__ = ()

    def _given(self, event: low.Event, count: int, data: bytes) -> None:
        return None


class Connected(SocketOperation[Any]):
    __slots__ = ()

    def _given(self, event: low.Event, count: int, data: bytes) -> Any:
        return self.state

    def _abort(self) -> bool:
        self.state._low.close(0, None)
        return True


def message(event: low.Event, data: bytes) -> Message:
    return Message(data, Address._of(event.address()), event.truncated())


# Callers of callbacks.


def tell_bytes(
    event: low.Event, status: int, count: int, data: bytes, state: Socket, callback: Any, error_callback: Any
) -> None:
    (callback if error_callback is None or status >= 0 else error_callback)(state, data, status)


def tell_stream(
    event: low.Event, status: int, count: int, data: bytes, state: Any, callback: Any, error_callback: Any
) -> None:
    state.old_length = event.old_length()
    (callback if error_callback is None or status >= 0 else error_callback)(state, data, status)


def tell_count(
    event: low.Event, status: int, count: int, data: bytes, state: Socket, callback: Any, error_callback: Any
) -> None:
    (callback if error_callback is None or status >= 0 else error_callback)(state, count, status)


def tell_message(
    event: low.Event, status: int, count: int, data: bytes, state: Socket, callback: Any, error_callback: Any
) -> None:
    (callback if error_callback is None or status >= 0 else error_callback)(state, message(event, data), status)


def tell_end(
    event: low.Event, status: int, count: int, data: bytes, state: Socket, callback: Any, error_callback: Any
) -> None:
    (callback if error_callback is None or status >= 0 else error_callback)(state, status)


def tell_close(
    event: low.Event, status: int, count: int, data: bytes, state: Any, callback: Any, error_callback: Any
) -> None:
    state._ended()
    callback(state, status)


@dataclass(frozen=True)
class Gives(Generic[T]):
    """What an operation gives: to a callback, and as what is awaited."""

    tell: Tell
    operation: Callable[[Any], SocketOperation[T]]


BYTES: Gives[bytes] = Gives(tell_bytes, Bytes)
STREAM: Gives[bytes] = Gives(tell_stream, Bytes)
COUNT: Gives[int] = Gives(tell_count, Count)
MESSAGE: Gives[Message] = Gives(tell_message, Datagram)
INPUT: Gives[None] = Gives(tell_end, Input)
NOTHING: Gives[None] = Gives(tell_end, Nothing)
CLOSED: Gives[None] = Gives(tell_close, Closed)
STATE: Gives[Any] = Gives(tell_end, Connected)
