"""Numbers for what waits for an event, and whom each of them stands for."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from . import low

# Called with an event, its status, its count and its bytes.
Told = Callable[[low.Event, int, int, bytes], object]
# The same, and with a socket, its callback and its error_callback.
Tell = Callable[[low.Event, int, int, bytes, Any, Any, Any], object]

LARGEST = 2**31 - 1


def tell_told(event: low.Event, status: int, count: int, data: bytes, _: None, told: Told, __: None) -> None:
    told(event, status, count, data)


class Tokens:
    """Its methods are safe on any thread, since each step of theirs is one of the interpreter's."""

    def __init__(self) -> None:
        self.waiting: dict[int, tuple[Tell, Any, Any, Any]] = {}
        self._next = itertools.count().__next__

    def expect(self, tell: Tell, socket: Any, callback: Any, error_callback: Any) -> int:
        """A number that is not in use, for the library to tell with."""
        token = self._next() % LARGEST + 1
        while token in self.waiting:
            token = self._next() % LARGEST + 1
        self.waiting[token] = tell, socket, callback, error_callback
        return token

    def add(self, told: Told) -> int:
        return self.expect(tell_told, None, told, None)

    def submit(self, told: Told, submit: Callable[[int], object]) -> int:
        """Calls submit(token), and returns the token; what is refused is not waited for."""
        token = self.add(told)
        try:
            submit(token)
        except BaseException:
            self.forget(token)
            raise
        return token

    def forget(self, token: int) -> None:
        self.waiting.pop(token, None)
