"""Asynchronous sockets that call back once, when the whole job is done.

A Collection is an event loop; it makes states (sockets) and acceptors. Operations take a callback, or are awaited.
"""

from .acceptor import Acceptor as Acceptor
from .address import Address as Address, Message as Message
from .collection import Collection as Collection, Timer as Timer
from .constants import *
from .errors import (
    BrokenPipe as BrokenPipe,
    Canceled as Canceled,
    ConnectionRefused as ConnectionRefused,
    ConnectionReset as ConnectionReset,
    EndOfStream as EndOfStream,
    Error as Error,
    Timeout as Timeout,
)
from .gives import ignore as ignore
from .library import *
from .operation import Operation as Operation
from .state import State as State
from .tls import TlsContext as TlsContext
from .values import Counters as Counters, Credentials as Credentials, FrameFormat as FrameFormat, RateLimit as RateLimit

__version__ = version()
