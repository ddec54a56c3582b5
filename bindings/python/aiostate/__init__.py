"""Asynchronous sockets that call back once, when the whole job is done.

A Collection is an event loop; it makes states (sockets) and acceptors. Operations take a callback, or are awaited.
"""

from . import low
from .acceptor import Acceptor
from .address import Address, Message
from .collection import Collection, Timer
from .errors import Canceled, EndOfStream, Error, Timeout
from .handle import TlsContext
from .operation import Operation
from .options import FrameFormat, RateLimit
from .state import State

globals().update({name: getattr(low, name) for name in dir(low) if name.isupper()})
__version__ = low.version()
version, version_number, has_feature = low.version, low.version_number, low.has_feature
status_name, status_message = low.status_name, low.status_message
