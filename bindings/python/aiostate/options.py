"""Values that describe how to read or how fast."""

from . import low
from .lowering import fill


class FrameFormat:
    """How frames look, for State.read_frame: a length field and what follows it.

    length_offset: bytes in front of the length field; length_size: its bytes (1, 2, 4, 8; 0: LEB128); little_endian;
    adjustment: what to add to its value to get the number of bytes behind it; strip: leading bytes that are not
    delivered; maximum: of a whole frame.
    """

    def __init__(self, **keywords):
        self._low = fill(low.FrameFormat(), **keywords)


class RateLimit:
    """bytes_per_second, and burst: how many bytes may move at once."""

    def __init__(self, **keywords):
        self._low = fill(low.RateLimit(), **keywords)
