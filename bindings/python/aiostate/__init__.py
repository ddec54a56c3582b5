"""Asynchronous sockets that call back once, when the whole job is done.

A Collection is an event loop; it makes states (sockets) and acceptors. Operations take a callback, or are awaited.
"""

from . import constants, library
from .acceptor import Acceptor
from .address import Address, Message
from .collection import Collection, Timer
from .constants import *
from .errors import BrokenPipe, Canceled, ConnectionRefused, ConnectionReset, EndOfStream, Error, Timeout
from .gives import ignore
from .library import *
from .operation import Operation
from .state import State
from .tls import TlsContext
from .values import Counters, Credentials, FrameFormat, RateLimit

__all__ = [
    "Acceptor", "Address", "BrokenPipe", "Canceled", "Collection", "ConnectionRefused", "ConnectionReset", "Counters",
    "Credentials", "EndOfStream", "Error", "FrameFormat", "Message", "Operation", "RateLimit", "State", "Timeout",
    "Timer", "TlsContext", "ignore",
]
__all__ += constants.__all__
__all__ += library.__all__

__version__ = version()
