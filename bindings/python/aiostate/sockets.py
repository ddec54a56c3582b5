"""What states and acceptors have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from .gives import CLOSED, Gives, ignore
from .operation import Operation

if TYPE_CHECKING:
    from .collection import Collection
    from .driver import Driver

T = TypeVar("T")


class Socket:
    _low: Any

    def __init__(self, collection: Driver, low_object: Any) -> None:
        self.collection = cast("Collection", collection)
        self.tokens = collection.tokens
        self._low = low_object

    def _expect(self, gives: Gives[T], callback: Any, error_callback: Any) -> tuple[Operation[T] | None, int]:
        """What is to be awaited, and a token: made before the submission, since another thread may be driving."""
        if callback is None:
            if error_callback is not None:
                raise TypeError("An error_callback needs a callback.")
            operation = gives.operation(self)
            return operation, self.tokens.add(operation._told)
        if callback is ignore and gives is not CLOSED:  # what a close ends has to be forgotten
            return None, 0
        return None, self.tokens.expect(gives.tell, self, callback, error_callback)
