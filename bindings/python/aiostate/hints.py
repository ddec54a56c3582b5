"""The types of callbacks and bytes, for type checkers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from .acceptor import Acceptor
    from .address import Message
    from .state import State

# Any other object with the buffer protocol is fine, too.
Data = Union[bytes, bytearray, memoryview]

BytesCallback = Callable[["State", bytes, int], object]
CountCallback = Callable[["State", int, int], object]
MessageCallback = Callable[["State", "Message", int], object]
StateCallback = Callable[["State", int], object]
AcceptCallback = Callable[["Acceptor", "State"], object]
AcceptErrorCallback = Callable[["Acceptor", int, str], object]
AcceptorCallback = Callable[["Acceptor", int], object]
