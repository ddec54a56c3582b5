"""Writes the part of the Python package that follows from the headers."""

from documentation import paragraphs, translate
from facade import setters
from python_methods import Methods
from python_source import call, definition, docstring, filled
from python_stub import stub
from python_types import option_hint, values

HEAD = '''"""{}

Made from the public C headers by generator/python_layer.py.
"""

from __future__ import annotations

'''

STATE_IMPORTS = """from collections.abc import Iterable
from typing import overload

from . import low
from .address import Address, Message
from .gives import BYTES, CLOSED, COUNT, INPUT, MESSAGE, NOTHING, STREAM
from .hints import BytesCallback, CountCallback, Data, MessageCallback, StateCallback
from .lowering import fill, io_options, lower_buffers, lower_choice, lower_messages, lower_service, raise_choice
from .operation import Operation
from .sockets import Socket
from .tls import TlsContext
from .values import Counters, Credentials, FrameFormat, RateLimit
"""

COLLECTION_IMPORTS = """import socket as socket_module
from collections.abc import Iterable
from typing import TYPE_CHECKING, overload

from . import low
from .acceptor import Acceptor
from .driver import Driver
from .gives import STATE
from .hints import AcceptCallback, AcceptErrorCallback, StateCallback
from .lowering import fill, give_away, lower_service, lower_socket
from .operation import Operation
from .state import State
from .tls import TlsContext
from .values import Counters

if TYPE_CHECKING:
    from .collection import Collection
"""

TLS_IMPORTS = """from . import low
from .hints import Data
from .lowering import fill
"""

VALUE_IMPORTS = """from typing import NamedTuple

from . import low
from .lowering import fill
"""


class Modules:
    def __init__(self, api):
        self.api = api
        self.methods = Methods(api)

    def state_operations(self):
        out = [HEAD.format("What states and acceptors do.") + STATE_IMPORTS]
        for owner, about in ("State", "What a state does."), ("Acceptor", "What an acceptor does."):
            out += ["", f"class {owner}Operations(Socket):", *docstring([about], indent="    ")]
            out += ["", f"    _low: low.{owner}", ""]
            for method in self.methods.of(owner):
                if not method.creates:
                    out += self.methods.operation(method) if method.has_token else self.methods.plain(method)
        return out

    def collection_operations(self):
        out = [HEAD.format("What collections make.") + COLLECTION_IMPORTS]
        out += ["", "class CollectionOperations(Driver):", *docstring(["What a collection makes."], indent="    "), ""]
        for method in self.methods.of("State"):
            if method.creates:
                out += self.methods.connector(method) if method.has_token else self.methods.creator(method)
        for method in self.methods.of("Acceptor"):
            out += self.methods.listener(method) if method.creates else []
        for method in self.methods.of("Collection"):
            out += self.methods.plain(method)
        return out

    def tls(self):
        create, *others = self.methods.of("TlsContext")
        about = paragraphs(create.function, self.methods.names)
        options = [(name, text) for name, _, text in self.methods.options(create)]
        out = [HEAD.format("TLS contexts.") + TLS_IMPORTS]
        out += ["", "class TlsContext:", *docstring(about, indent="    "), ""]
        out += definition("__init__", self.methods.parameters(create), "None")
        out += docstring(["`side` is TLS_CLIENT or TLS_SERVER."], options)
        out += self.methods.filled_options(create)
        out += ["        self._low = low.TlsContext()", "        self._low.create(side, options)", ""]
        for method in others:
            out += [*definition(method.name, self.methods.parameters(method), "None"), *self.methods.document(method)]
            options = "options"
            if method.options:
                out += call("        given = dict", self.methods.keywords(method))
                options = f"fill(low.{method.options}(), **given) if any(given.values()) else None"
            out += [*call(f"        self._low.{method.name}", self.methods.passed(method, options)), ""]
        return out

    def values(self):
        out = [HEAD.format("What the library fills, and what says how to read or how fast.") + VALUE_IMPORTS]
        for name, struct in values(self.api).items():
            out += ["", f"class {name}(NamedTuple):", *docstring(self.about(struct), indent="    "), ""]
            for f in struct.fields:
                out += [f"    {f.name}: int", *docstring([translate(f.comment, self.methods.names)], indent="    ")]
            out += ["", "    @classmethod", f"    def _of(cls, filled: low.{name}) -> {name}:"]
            out += [*call("        return cls", [f"filled.{f.name}()" for f in struct.fields]), ""]
        for name in ("FrameFormat", "RateLimit"):
            struct = self.methods.structs[name]
            hints = {setter.split("_", 1)[1]: kind for kind, setter, _, _ in setters(struct)}
            parts = ["self", "*", *(f"{f}: {option_hint(kind, f)} | None = None" for f, kind in hints.items())]
            comments = [(f.name, " ".join(translate(f.comment, self.methods.names).split())) for f in struct.fields]
            out += ["", f"class {name}:", *docstring(self.about(struct), indent="    "), ""]
            out += [*definition("__init__", parts, "None"), *docstring([], comments)]
            out += [*call("        self._low = fill", [f"low.{name}()", *(f"{f}={f}" for f in hints)]), ""]
        return out

    def about(self, struct):
        return paragraphs(struct, self.methods.names)

    def library(self):
        functions = self.methods.of("")
        out = [HEAD.format("What concerns the library as a whole.") + "from . import low", ""]
        out += ["__all__ = [", *filled([f'"{method.name}"' for method in functions], "    "), "]", ""]
        for method in functions:
            out += ["", *self.methods.function(method)]
        return out

    def constants(self):
        found = {**self.api.statuses, **self.api.constants}
        every = {name.removeprefix("AIO_"): value for name, value in found.items()}
        out = [HEAD.format("Statuses, choices, directions and kinds.") + "from typing import Final", ""]
        out += ["__all__ = [", *filled([f'"{name}"' for name in every], "    "), "]", ""]
        return out + [f"{name}: Final = {value}" for name, value in every.items()]


def files(api):
    modules = Modules(api)
    texts = {
        "state_operations.py": modules.state_operations(),
        "collection_operations.py": modules.collection_operations(),
        "tls.py": modules.tls(),
        "values.py": modules.values(),
        "library.py": modules.library(),
        "constants.py": modules.constants(),
        "low.pyi": stub(api),
    }
    for name, lines in texts.items():
        yield f"python/{name}", "\n".join(lines).rstrip() + "\n"
