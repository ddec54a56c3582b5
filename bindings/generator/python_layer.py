"""Writes operations.py, a part of the Python package: one method per operation, with its keywords, types and documentation."""

from documentation import names, paragraph, translate
from facade import setters
from model import HANDWRITTEN, LEFT_OUT, class_name, describe

# More than one call of the library each, but called like the others.
CALLED_ALIKE = {"aio_state_read_with_checking", "aio_state_receive_messages", "aio_state_close"}

HINTS = {"const char *": "str", "size_t": "int", "int": "int", "long long": "int", "double": "float", "ByteView": "bytes"}
# How Python passes an argument: its type, and the expression for the library, by the facade's type and by name.
BY_TYPE = {
    "Buffers *": ("Iterable[bytes]", "lower_buffers({})"),
    "Messages *": ("Iterable[tuple[bytes, Address | None]]", "lower_messages({})"),
    "const FrameFormat *": ("FrameFormat", "{}._low"),
    "const Address *": ("Address", "{}._low"),
    "TlsContext *": ("TlsContext", "{}._low"),
    "const char *": ("str | None", "{}"),
}
BY_NAME = {
    "service": ("str | int | None", "lower_service({})"),
    "socket": ("int | socket.socket", "lower_socket({})"),
    "listening": ("int | socket.socket", "lower_socket({})"),
}
DEFAULTS = {("create_udp", "address"): "None", ("create_udp", "service"): "None", ("detach_tls", "timeout"): "0.0"}
CHOICES = set("reuse_address reuse_port broadcast multicast_loop nodelay keepalive queue_output reset system_trust verify"
              " session_cache low_memory".split())

HEAD = '''"""The operations. Made from the public C headers by generator/python_layer.py."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable

from . import low
from .address import Address
from .handle import TlsContext
from .lowering import fill, io_options, lower_buffers, lower_messages, lower_service, lower_socket
from .operation import BYTES, CLOSE, COUNT, MESSAGE, NOTHING, STATE, Operation
from .options import FrameFormat
'''


def selected(api):
    for function in api.functions:
        if function.name not in LEFT_OUT and (function.name not in HANDWRITTEN or function.name in CALLED_ALIKE):
            method = describe(function)
            has_token = any(name == "token" for _, name in method.parameters)
            if method.owner in ("State", "Acceptor") and (has_token or method.creates):
                yield method


class Writer:
    def __init__(self, api):
        self.structs = {class_name(s.name): s for s in api.structs}
        self.methods = list(selected(api))
        self.names = names(self.methods)

    def options(self, method):
        """(keyword, type) of each option."""
        if not method.options:
            return
        for kind, setter, _, _ in setters(self.structs[method.options]):
            name = setter.split("_", 1)[1]
            if setter.startswith("add_"):
                yield name + "s", "Iterable[Collection]"
            elif name in CHOICES:
                yield name, "bool | int"
            else:
                yield name, HINTS.get(kind, "TlsContext")

    def arguments(self, method):
        """(name, type, expression) of each argument."""
        for kind, name in method.parameters:
            if name not in ("token", "options", "collection"):
                hint, expression = BY_NAME.get(name) or BY_TYPE.get(kind) or (HINTS[kind], "{}")
                yield name, hint, expression.format(name)

    def signature(self, method, callback, extra=()):
        parts = ["self"]
        for name, hint, _ in self.arguments(method):
            default = DEFAULTS.get((method.name, name))
            parts.append(f"{name}: {hint}" + (f" = {default}" if default else ""))
        parts += [f"callback: {callback} | None = None"] if callback else []
        keywords = [f"{name}: {hint} | None = None" for name, hint in [*self.options(method), *extra]]
        return ", ".join(parts + (["*"] + keywords if keywords else []))

    def call(self, method, token="token"):
        """The arguments of the library's method."""
        expressions = {name: expression for name, _, expression in self.arguments(method)}
        expressions.update(token=token, collection="self._low", options=self.options_expression(method))
        return ", ".join(expressions[name] for _, name in method.parameters)

    def options_expression(self, method):
        keywords = [name for name, _ in self.options(method)]
        if method.options == "IoOptions":
            return f"io_options[{', '.join(keywords)}]"
        return f"fill(low.{method.options}(), {', '.join(f'{name}={name}' for name in keywords)})"

    def docstring(self, method):
        return ['        """'] + paragraph(translate(method.function.comment, self.names), "        ") + ['        """']

    def operation(self, method):
        verb = method.name.split("_")[0]
        gives = {"read": "BYTES", "receive": "MESSAGE", "write": "COUNT", "send": "COUNT"}.get(verb, "NOTHING")
        second = {"BYTES": "bytes, ", "MESSAGE": "Message, ", "COUNT": "int, "}.get(gives, "")
        hint = f"Callable[[State, {second}int], object]"
        extra = [("error_callback", hint)] if method.options == "IoOptions" else []
        abort = ", low.INPUT" if verb in ("read", "receive", "wait") else ""
        error = "error_callback" if extra else "None"
        return [
            f"    def {method.name}({self.signature(method, hint, extra)}) -> Operation | None:",
            *self.docstring(method),
            f"        operation, token = self._expect({gives}, callback, {error}{abort})",
            f"        self._submit(token, self._low.{method.name}, {self.call(method)})",
            "        return operation",
            "",
        ]

    def connector(self, method):
        hint = "Callable[[State, int], object]"
        return [
            f"    def {method.name}({self.signature(method, hint)}) -> State | Operation:",
            *self.docstring(method),
            "        state = self._new_state()",
            "        operation, token = state._expect(STATE, callback, None, CLOSE)",
            f"        state._submit(token, state._low.{method.name}, {self.call(method)})",
            "        return operation or state",
            "",
        ]

    def creator(self, method):
        name = "create_state" if method.name == "create" else method.name
        lines = [
            f"    def {name}({self.signature(method, None)}) -> State:",
            *self.docstring(method),
            "        state = self._new_state()",
            f"        state._low.{method.name}({self.call(method)})",
        ]
        if method.name == "create":
            lines.append("        getattr(socket, \"detach\", int)()")
        return lines + ["        return state", ""]

    def listener(self, method):
        failure = "Callable[[Acceptor, int, str], object]"
        extra = [("error_callback", failure), ("tls_error_callback", failure)]
        return [
            f"    def {method.name.replace('create', 'listen')}"
            f"({self.signature(method, 'Callable[[Acceptor, State], object]', extra)}) -> Acceptor:",
            *self.docstring(method),
            "        acceptor = self._new_acceptor(callback, error_callback, tls_error_callback, collections)",
            f"        acceptor._submit(acceptor._token, acceptor._low.{method.name},",
            f"                         {self.call(method, 'acceptor._token')})",
            "        return acceptor",
            "",
        ]

    def write(self):
        makers, operations = [], []
        for method in self.methods:
            has_token = any(name == "token" for _, name in method.parameters)
            if method.owner == "Acceptor":
                makers += self.listener(method)
            elif method.owner == "State" and method.creates:
                makers += self.connector(method) if has_token else self.creator(method)
            elif method.owner == "State":
                operations += self.operation(method)
        out = [HEAD, "", "class StateOperations:", '    """What a state does."""', "", *operations]
        out += ["", "class CollectionOperations:", '    """What a collection makes."""', "", *makers]
        return "\n".join(out).rstrip() + "\n"
