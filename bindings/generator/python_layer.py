"""Writes the part of the Python package that follows from the headers, with hints and documentation."""

from documentation import names, paragraphs, translate
from facade import returned, setters
from model import HANDWRITTEN, LEFT_OUT, class_name, describe
from python_source import call, definition, docstring, filled
from python_stub import stub
from python_types import CONCERNS, DEFAULTS, argument, option_hint, result, values

# More than one call of the library each, but called like the others.
CALLED_ALIKE = {"aio_state_read_with_checking", "aio_state_receive_messages", "aio_state_close", "aio_state_discard",
                "aio_state_finish_read"}
# They go on, so there is nothing to await.
STANDING = {"read_with_checking", "receive_messages"}

# What an operation gives, by the callback of C, and where that does not tell: its name in the layer, its type.
GIVES = {
    "input": ("BYTES", "bytes"),
    "view": ("BYTES", "bytes"),
    "output": ("COUNT", "int"),
    "state": ("NOTHING", "None"),
    "read_with_checking": ("STREAM", "bytes"),
    "receive_message": ("MESSAGE", "Message"),
    "receive_messages": ("MESSAGE", "Message"),
    "wait_for_input": ("INPUT", "None"),
    "close": ("CLOSED", "None"),
}
CALLBACKS = {"bytes": "BytesCallback", "int": "CountCallback", "Message": "MessageCallback", "None": "StateCallback"}

# Names that mean something else in Python, by class.
RENAMED = {("Collection", "close"): "close_all"}

HEAD = '''"""{}

Made from the public C headers by generator/python_layer.py.
"""
'''
IMPORTS = """from __future__ import annotations

import socket as socket_module
from collections.abc import Iterable
from typing import TYPE_CHECKING, overload

from . import low
from .address import Address, Message"""


class Writer:
    def __init__(self, api):
        self.api = api
        self.structs = {class_name(s.name): s for s in api.structs}
        kept = [f for f in api.functions if f.name not in LEFT_OUT]
        self.methods = [describe(f) for f in kept if f.name not in HANDWRITTEN or f.name in CALLED_ALIKE]
        self.names = names(self.methods)

    def of(self, owner):
        return [method for method in self.methods if method.owner == owner]

    def options(self, method):
        """(keyword, hint, documentation) of each option."""
        if not method.options:
            return
        comments = {f.name: f.comment for f in self.structs[method.options].fields}
        for kind, setter, _, _ in setters(self.structs[method.options]):
            name = setter.split("_", 1)[1] + ("s" if setter.startswith("add_") else "")
            if method.options != "IoOptions" or method.name in CONCERNS.get(name, [method.name]):
                text = comments[name].replace("NULL", "none").split(": ", 1)
                text = text[-1] if method.options == "IoOptions" else ": ".join(text)
                yield name, option_hint(kind, name), translate(" ".join(text.split()), self.names)

    def arguments(self, method):
        """(name, hint, expression) of each argument."""
        for kind, name in method.parameters:
            if name not in ("token", "options", "collection"):
                yield name, *argument(kind, name)

    def parameters(self, method, callback=(), extra=()):
        """What stands behind the callback in C is a keyword, like an option."""
        positional, keywords, order = ["self"], [], [name for _, name in method.parameters]
        for name, hint, _ in self.arguments(method):
            default = DEFAULTS.get((method.name, name))
            late = "token" in order and order.index("token") < order.index(name)
            (keywords if late else positional).append(f"{name}: {hint}" + (f" = {default}" if default else ""))
        keywords += [f"{name}: {hint} | None = None" for name, hint, _ in self.options(method)]
        return [*positional, *callback, *(["*", *keywords, *extra] if keywords or extra else [])]

    def passed(self, method, options="options"):
        """The arguments of the library's method."""
        expressions = {name: expression for name, _, expression in self.arguments(method)}
        expressions.update(token="token", collection="self._low", options=options)
        return [expressions[name] for _, name in method.parameters]

    def document(self, method, *more):
        options = [(name, text) for name, _, text in self.options(method) if text]
        return docstring(paragraphs(method.function, self.names), [*options, *more])

    def filled_options(self, method):
        """A statement that makes `options`."""
        keywords = [name for name, _, _ in self.options(method)]
        given = [f"{name}={name}" for name in keywords]
        if method.options == "IoOptions":
            return call(f"        options = None if {' is '.join(keywords)} is None else io_options", given)
        return call("        options = fill", [f"low.{method.options}()", *given]) if keywords else []

    # One method each; with a callback, or awaited.

    def overloads(self, method, callback, returns, extra=()):
        """The hints of both manners, and the head of the implementation."""
        manners = ["callback: None = None"], [f"callback: {callback}"], [f"callback: {callback} | None = None"]
        awaited, called, both = (self.parameters(method, manner, extra) for manner in manners)
        awaited = [part for part in awaited if part not in extra]
        return [
            "    @overload",
            *definition(method.name, awaited[:-1] if awaited[-1] == "*" else awaited, returns[0], " ..."),
            "    @overload",
            *definition(method.name, called, returns[1], " ..."),
            *definition(method.name, both, " | ".join(returns)),
        ]

    def operation(self, method):
        gives, kind = GIVES.get(method.name) or GIVES[method.kind]
        callback = CALLBACKS[kind]
        errors = [f"error_callback: {callback} | None = None"] if method.options == "IoOptions" else []
        if method.name in STANDING:
            head = definition(method.name, self.parameters(method, [f"callback: {callback}"], errors), "None")
        else:
            head = self.overloads(method, callback, [f"Operation[{kind}]", "None"], errors)
        about = [("error_callback", "called instead of the callback if the status is an error")] if errors else []
        given = [gives, "callback", "error_callback" if errors else "None"]
        returning = [] if method.name in STANDING else ["        return operation"]
        return [
            *head,
            *self.document(method, *about),
            *self.filled_options(method),
            *call(f"        {'_' if method.name in STANDING else 'operation'}, token = self._expect", given),
            *self.submitting("self", method),
            *returning,
            "",
        ]

    def submitting(self, owner, method):
        """What is refused is not waited for."""
        return [
            "        try:",
            *call(f"            {owner}._low.{method.name}", self.passed(method)),
            "        except BaseException:",
            "            self.tokens.forget(token)",
            "            raise",
        ]

    def connector(self, method):
        return [
            *self.overloads(method, "StateCallback", ["Operation[State]", "State"]),
            *self.document(method),
            "        state = State(self)",
            *self.filled_options(method),
            "        operation, token = state._expect(STATE, callback, None)",
            *self.submitting("state", method),
            "        return operation or state",
            "",
        ]

    def creator(self, method):
        name = "create_state" if method.name == "create" else method.name
        return [
            *definition(name, self.parameters(method), "State"),
            *self.document(method),
            "        state = State(self)",
            *self.filled_options(method),
            *call(f"        state._low.{method.name}", self.passed(method)),
            *(["        give_away(socket)"] if method.name == "create" else []),
            "        return state",
            "",
        ]

    def listener(self, method):
        errors = [f"{name}: AcceptErrorCallback | None = None" for name in ("error_callback", "tls_error_callback")]
        parts = self.parameters(method, ["callback: AcceptCallback | None = None"], errors)
        return [
            *definition(method.name.replace("create", "listen"), parts, "Acceptor"),
            *self.document(method),
            *self.filled_options(method),
            "        acceptor = Acceptor(self, callback, error_callback, tls_error_callback, collections)",
            "        token = self.tokens.add(acceptor._told)",
            *self.submitting("acceptor", method),
            "        acceptor._token = token",
            *(["        give_away(listening)"] if "socket" in method.name else []),
            "        return acceptor",
            "",
        ]

    def plain(self, method):
        hint, expression = result(method, returned(method))
        name = RENAMED.get((method.owner, method.name), method.name)
        line = expression.format(f"self._low.{method.name}({', '.join(self.passed(method))})")
        return [
            *definition(name, self.parameters(method), hint),
            *self.document(method),
            "        " + (line if hint == "None" else f"return {line}"),
            "",
        ]

    # The modules.

    def state_operations(self):
        out = [HEAD.format("What states and acceptors do.") + IMPORTS]
        out += ["from .gives import BYTES, CLOSED, COUNT, INPUT, MESSAGE, NOTHING, STREAM",
                "from .hints import BytesCallback, CountCallback, Data, MessageCallback, StateCallback",
                "from .lowering import fill, io_options, lower_buffers, lower_choice, lower_messages, lower_service, raise_choice",
                "from .operation import Operation",
                "from .sockets import Socket",
                "from .tls import TlsContext",
                "from .values import Counters, Credentials, FrameFormat, RateLimit", ""]
        for owner in ("State", "Acceptor"):
            out += ["", f"class {owner}Operations(Socket):", f"    _low: low.{owner}", ""]
            for method in self.of(owner):
                has_token = any(name == "token" for _, name in method.parameters)
                if not method.creates:
                    out += self.operation(method) if has_token else self.plain(method)
        return out

    def collection_operations(self):
        out = [HEAD.format("What collections make.") + IMPORTS]
        out += ["from .acceptor import Acceptor",
                "from .driver import Driver",
                "from .gives import STATE",
                "from .hints import AcceptCallback, AcceptErrorCallback, StateCallback",
                "from .lowering import fill, give_away, lower_service, lower_socket",
                "from .operation import Operation",
                "from .state import State",
                "from .tls import TlsContext",
                "from .values import Counters",
                "",
                "if TYPE_CHECKING:",
                "    from .collection import Collection", "", "",
                "class CollectionOperations(Driver):", ""]
        for method in self.methods:
            has_token = any(name == "token" for _, name in method.parameters)
            if method.owner == "Acceptor" and method.creates:
                out += self.listener(method)
            elif method.owner == "State" and method.creates:
                out += self.connector(method) if has_token else self.creator(method)
            elif method.owner == "Collection":
                out += self.plain(method)
        return out

    def tls(self):
        create, *others = self.of("TlsContext")
        out = [HEAD.format("TLS contexts.") + "from __future__ import annotations\n"]
        out += ["from . import low", "from .hints import Data", "from .lowering import fill", "", "", "class TlsContext:"]
        out += docstring(paragraphs(create.function, self.names), indent="    ")
        out += ["", *definition("__init__", self.parameters(create), "None")]
        out += docstring(["`side` is TLS_CLIENT or TLS_SERVER."], [(n, t) for n, _, t in self.options(create)])
        out += [*self.filled_options(create), "        self._low = low.TlsContext()",
                "        self._low.create(side, options)", ""]
        for method in others:
            out += [*definition(method.name, self.parameters(method), "None"), *self.document(method)]
            keywords = [name for name, _, _ in self.options(method)]
            passed = self.passed(method)
            if keywords:
                out += call("        given = dict", [f"{name}={name}" for name in keywords])
                passed[-1] = f"fill(low.{method.options}(), **given) if any(given.values()) else None"
            out += [*call(f"        self._low.{method.name}", passed), ""]
        return out

    def values(self):
        out = [HEAD.format("Values that the library fills, and those that say how to read or how fast.")]
        out += ["from __future__ import annotations\n", "from typing import NamedTuple", "", "from . import low",
                "from .lowering import fill", ""]
        for name, struct in values(self.api).items():
            out += ["", f"class {name}(NamedTuple):", *docstring(self.about(struct), indent="    "), ""]
            for f in struct.fields:
                out += [f"    {f.name}: int", *docstring([translate(f.comment, self.names)], indent="    ")]
            out += ["", "    @classmethod", f"    def _of(cls, filled: low.{name}) -> {name}:"]
            out += [*call("        return cls", [f"filled.{f.name}()" for f in struct.fields]), ""]
        for name in ("FrameFormat", "RateLimit"):
            struct = self.structs[name]
            fields = [(s.split("_", 1)[1], k) for k, s, _, _ in setters(struct)]
            parts = ["self", "*"] + [f"{n}: {option_hint(k, n)} | None = None" for n, k in fields]
            comments = [(f.name, translate(f.comment, self.names)) for f in struct.fields]
            out += ["", f"class {name}:", *docstring(self.about(struct), indent="    "), ""]
            out += [*definition("__init__", parts, "None"), *docstring([], comments)]
            out += [*call("        self._low = fill", [f"low.{name}()", *(f"{n}={n}" for n, _ in fields)]), ""]
        return out

    def about(self, struct):
        return [translate(" ".join(struct.comment.split()), self.names)]

    def library(self):
        functions = self.of("")
        exported = ", ".join(f'"{method.name}"' for method in functions)
        out = [HEAD.format("What concerns the library as a whole.") + "from __future__ import annotations\n"]
        out += ["from . import low", "", f"__all__ = [{exported}]", ""]
        for method in functions:
            hint, expression = result(method, returned(method))
            parts, passed = self.parameters(method)[1:], ", ".join(self.passed(method))
            out += ["", *(line[4:] for line in definition(method.name, parts, hint))]
            out += docstring(paragraphs(method.function, self.names), indent="    ")
            out += [f"    return {expression.format(f'low.{method.name}({passed})')}", ""]
        return out

    def constants(self):
        found = {**self.api.statuses, **self.api.constants}
        out = [HEAD.format("Statuses, choices, directions and kinds.") + "from typing import Final", ""]
        every = {name.removeprefix("AIO_"): value for name, value in found.items()}
        out += ["__all__ = [", *filled([f'"{name}"' for name in every], "    "), "]", ""]
        return out + [f"{name}: Final = {value}" for name, value in every.items()]


def write(api, directory):
    writer = Writer(api)
    modules = {
        "state_operations.py": writer.state_operations(),
        "collection_operations.py": writer.collection_operations(),
        "tls.py": writer.tls(),
        "values.py": writer.values(),
        "library.py": writer.library(),
        "constants.py": writer.constants(),
        "low.pyi": stub(api),
    }
    directory.mkdir(exist_ok=True)
    for name, lines in modules.items():
        (directory / name).write_text("\n".join(lines).rstrip() + "\n")
