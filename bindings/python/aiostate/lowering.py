"""Arguments and keywords as the library takes them, and choices as it gives them."""

from __future__ import annotations

import socket as socket_module
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeVar

from . import low
from .address import Address
from .hints import Data

Target = TypeVar("Target")


def fill(target: Target, **keywords: Any) -> Target:
    """Sets what is not None. Objects of ours stand for the library's."""
    for name, value in keywords.items():
        if name == "collections":
            for collection in value or ():
                target.add_collection(collection._low)  # type: ignore[attr-defined]
        elif value is not None:
            value = lower_choice(value) if isinstance(value, bool) else getattr(value, "_low", value)
            getattr(target, "set_" + name)(value)
    return target


# A program uses few different ones; nobody changes them once they are made.
@lru_cache(maxsize=1000)
def io_options(**keywords: int | float | None) -> low.IoOptions:
    return fill(low.IoOptions(), **keywords)


def lower_choice(choice: bool) -> int:
    return low.YES if choice else low.NO


def raise_choice(choice: int) -> bool | None:
    return {low.YES: True, low.NO: False}.get(choice)


def lower_service(service: str | int | None) -> str | None:
    return None if service is None else str(service)


def lower_socket(socket: int | socket_module.socket) -> int:
    return socket if isinstance(socket, int) else socket.fileno()


def give_away(socket: int | socket_module.socket) -> None:
    """It belongs to the library now."""
    if not isinstance(socket, int):
        socket.detach()


def lower_buffers(views: Iterable[Data]) -> low.Buffers:
    buffers = low.Buffers()
    for view in views:
        buffers.add(view)
    return buffers


def lower_messages(messages: Iterable[tuple[Data, Address | None]]) -> low.Messages:
    lowered = low.Messages()
    for data, address in messages:
        lowered.add(data, None if address is None else address._low)
    return lowered
