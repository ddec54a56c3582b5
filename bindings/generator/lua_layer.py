"""Writes operations.lua, a part of the Lua rock: one method per operation, with its documentation."""

import textwrap

from documentation import names, paragraphs, wrap
from facade import setters
from model import class_name, describe_all, operations

# How Lua passes an argument: its type, and the expression for the library, by the facade's type.
BY_TYPE = {
    "Buffers *": ("{string,...}", "lowering.buffers({})"),
    "Messages *": ("{{data=string,address=address},...}", "lowering.messages({})"),
    "const FrameFormat *": ("table", "lowering.record(low.FrameFormat, {})"),
    "TlsContext *": ("TlsContext", "lowering.lower({})"),
    "const Address *": ("address", "{}"),
    "const char *": ("string", "{}"),
    "ByteView": ("string", "{}"),
    "double": ("number", "{} or 0"),
}
# What an operation gives, by the first word of its name, and what that is for a callback and for who waits.
GIVES = {"read": "BYTES", "receive": "MESSAGE", "write": "COUNT", "send": "COUNT", "connect": "STATE", "wait": "INPUT"}
VALUES = {"BYTES": "bytes", "STREAM": "bytes", "MESSAGE": "message", "MESSAGES": "message", "COUNT": "count", "STATE": "state"}
STANDING = {"read_with_checking": "STREAM", "receive_messages": "MESSAGES"}

HEAD = """--- The operations. Made from the public C headers by generator/lua_layer.py.
local handle = require "aiostate.handle"
local low = require "aiostate.library"
local lowering = require "aiostate.lowering"
local operation = require "aiostate.operation"

local begin, started = operation.begin, operation.started
local state_of, acceptor_of = handle.methods(low.State), handle.methods(low.Acceptor)

local State, Collection = {}, {}
"""


class Writer:
    def __init__(self, api):
        self.structs = {class_name(s.name): s for s in api.structs}
        self.methods = list(operations(api))
        self.names = names(describe_all(api))

    def arguments(self, method):
        """(name, type, expression) of each argument before the options and the callback."""
        for kind, name in method.parameters:
            if name not in ("token", "options", "collection"):
                hint, expression = BY_TYPE.get(kind, ("integer", "{}"))
                yield name, hint, expression.format(name)

    def options(self, method):
        for _, setter, _, _ in setters(self.structs[method.options]):
            verb, name = setter.split("_", 1)
            yield name + "s" if verb == "add" else name
        if method.options in ("IoOptions", "AcceptOptions"):
            yield "error_callback"
        if method.options == "AcceptOptions":
            yield "tls_error_callback"

    def documentation(self, method, callback, result):
        lines = [line or "--" for line in wrap(paragraphs(method.function, self.names), "-- ", 118, "--- ")]
        lines += [f"-- @tparam {hint} {name}" for name, hint, _ in self.arguments(method)]
        if method.options:
            lines += textwrap.wrap("-- @tparam[opt] table options " + ", ".join(self.options(method)), 118,
                                   subsequent_indent="--   ")
        lines += [f"-- @tparam[opt] function callback callback({callback})"] if callback else []
        return lines + [f"-- @return {result}"]

    def head(self, method, owner, name, has_callback):
        parts = [argument for argument, _, _ in self.arguments(method)]
        parts += ["options"] * bool(method.options) + ["callback"] * has_callback
        return f"function {owner}:{name}({', '.join(parts)})"

    def call(self, method, target, options):
        """The arguments of the library's method."""
        expressions = {name: expression for name, _, expression in self.arguments(method)}
        expressions.update(token="token", collection="self._low", options=options)
        return ", ".join([f"{target}._low"] + [expressions[name] for _, name in method.parameters])

    def begin(self, method, target, gives):
        options = (f"low.{method.options}", "options") if method.options else ("nil", "nil")
        return (f"  local token, {'lowered' if method.options else '_'}, call = "
                f"begin({target}, operation.{gives}, {options[0]}, {options[1]}, callback)")

    def operation(self, method):
        gives = STANDING.get(method.name) or GIVES.get(method.name.split("_")[0], "NOTHING")
        value = VALUES.get(gives)
        result = "true" if method.name in STANDING else f"{value or 'true'}; or nil and an error"
        return [
            *self.documentation(method, ", ".join(filter(None, ["state", value, "status"])), result),
            self.head(method, "State", method.name, True),
            self.begin(method, "self", gives),
            f"  local _, refusal = state_of.{method.name}({self.call(method, 'self', 'lowered')})",
            f"  return started(self, operation.{gives}, refusal, token, call)",
            "end",
            "",
        ]

    def connector(self, method):
        return [
            *self.documentation(method, "state, status", "state, at once with a callback; or nil and an error"),
            self.head(method, "Collection", method.name, True),
            "  local state = self:_new_state()",
            self.begin(method, "state", "STATE"),
            f"  local _, refusal = state_of.{method.name}({self.call(method, 'state', 'lowered')})",
            "  return started(state, operation.STATE, refusal, token, call)",
            "end",
            "",
        ]

    def creator(self, method):
        return [
            *self.documentation(method, None, "state; or nil and an error"),
            self.head(method, "Collection", "create_state" if method.name == "create" else method.name, False),
            f"  local state, lowered = self:_new_state(), lowering.record(low.{method.options}, options)",
            f"  local _, refusal = state_of.{method.name}({self.call(method, 'state', 'lowered')})",
            "  if refusal then return nil, refusal end",
            "  return state",
            "end",
            "",
        ]

    def listener(self, method):
        return [
            *self.documentation(method, "acceptor, state", "acceptor; or nil and an error"),
            self.head(method, "Collection", method.name.replace("create", "listen"), True),
            f"  local lowered, told, given = lowering.arguments(low.{method.options}, options, callback)",
            "  local acceptor, token = self:_new_acceptor(told, given)",
            f"  local _, refusal = acceptor_of.{method.name}({self.call(method, 'acceptor', 'lowered')})",
            "  return acceptor:_started(token, refusal)",
            "end",
            "",
        ]

    def write(self):
        lines = []
        for method in self.methods:
            if method.owner == "Acceptor":
                lines += self.listener(method)
            elif method.creates:
                lines += self.connector(method) if method.has_token else self.creator(method)
            else:
                lines += self.operation(method)
        return "\n".join([HEAD, *lines, "return { State = State, Collection = Collection }"]) + "\n"


def files(api):
    yield "lua/aiostate/operations.lua", Writer(api).write()
