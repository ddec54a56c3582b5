"""Signals end a wait, also those that come just before it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from . import low

# The interpreter writes to it when a signal comes.
reading, writing = os.pipe()
os.set_blocking(reading, False)
os.set_blocking(writing, False)


@contextmanager
def end_waits(library: low.Collection) -> Iterator[None]:
    """Within. On other threads than the main one no handlers run, and nothing is done."""
    try:
        outer = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    except ValueError:
        yield
        return
    library.set_signal_descriptor(reading)
    try:
        yield
    finally:
        library.set_signal_descriptor(-1)
        signal.set_wakeup_fd(outer)


def forget() -> None:
    """Of the signals that have come; their handlers run when the interpreter goes on."""
    with suppress(BlockingIOError):
        os.read(reading, 4096)
