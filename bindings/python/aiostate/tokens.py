"""Numbers for what waits for an event, and the function that each of them stands for."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from . import low

# Called with an event, its status, its count and its bytes.
Told = Callable[[low.Event, int, int, bytes], object]

LARGEST = 2**31 - 1


class Tokens:
    """Its methods are safe on any thread, since each step of theirs is one of the interpreter's."""

    def __init__(self) -> None:
        self.waiting: dict[int, Told] = {}
        self._next = itertools.count().__next__

    def add(self, told: Told) -> int:
        """A number that is not in use: what the library is given to tell with."""
        token = self._next() % LARGEST + 1
        while token in self.waiting:
            token = self._next() % LARGEST + 1
        self.waiting[token] = told
        return token

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
