"""Writes operations.rb, a part of the Ruby gem: one method per operation, with its documentation."""

import re

from documentation import translate
from facade import returned, setters
from model import HANDWRITTEN, LEFT_OUT, OPTIONAL, class_name, describe, operations, owner_of

# How Ruby's arguments become the library's, by the facade's type and by name.
BY_TYPE = {"Buffers *": "Lowering.buffers({})", "Messages *": "Lowering.messages({})"}
BY_NAME = {"service": "{}&.to_s", "socket": "descriptor", "listening": "descriptor"}

KINDS = {"read": "READ", "receive": "RECEIVE", "wait": "WAIT", "write": "WRITE", "send": "WRITE", "connect": "CONNECT"}
YIELDS = {"READ": "state, bytes, status", "SHOW": "state, bytes, status", "RECEIVE": "state, message, status",
          "WRITE": "state, count, status"}
# Handwritten in the facade, and as they are in C.
KEPT = {"aio_state_discard", "aio_state_finish_read"}
STANDING = {"read_with_checking": "SHOW", "receive_messages": "RECEIVE"}

HEAD = "# frozen_string_literal: true\n\n# Made from the public C headers by generator/ruby_layer.py.\nmodule Aiostate"


class Writer:
    def __init__(self, api):
        self.structs = {class_name(s.name): s for s in api.structs}
        self.methods = list(operations(api))
        written = {method.function.name for method in self.methods} | LEFT_OUT.keys() | (HANDWRITTEN - KEPT)
        self.inherited = [describe(function) for function in api.functions if function.name not in written]
        self.names = {f.name: "#".join(filter(None, owner_of(f.name))) for f in api.functions}

    def arguments(self, method):
        return [name for _, name in method.parameters if name not in ("token", "options", "collection")]

    def parameters(self, method, has_block):
        """What the method takes."""
        out = []
        for name in self.arguments(method):
            default = ("0.0" if name == "timeout" else "nil") if (method.name, name) in OPTIONAL else None
            out.append(f"{name} = {default}" if default else name)
        out += ["**options"] if method.options else []
        return ", ".join(out + ["&callback"] * has_block)

    def forwarded(self, method, has_block):
        """The same for a call that hands all of it on."""
        options = ["**options"] if method.options else []
        return ", ".join(self.arguments(method) + options + ["&callback"] * has_block)

    def call(self, method, token="token", options="given"):
        """The call of the library's own method, which this one overrides."""
        expressions = {"token": token, "options": options, "collection": "collection"}
        for kind, name in method.parameters:
            expressions.setdefault(name, (BY_NAME.get(name) or BY_TYPE.get(kind) or "{}").format(name))
        call = f"super({', '.join(expressions[name] for _, name in method.parameters)})"
        adopted = next((name for _, name in method.parameters if BY_NAME.get(name) == "descriptor"), None)
        return f"Lowering.adopt({adopted}) {{ |descriptor| {call} }}" if adopted else call

    def comment(self, method, extra=()):
        text = re.sub(r"callback\(state, bytes, count, user_info\)", "the block", method.function.comment)
        text = re.sub(r"^\*?Driver\.\* ", "Only where no other thread drives. ", text)
        lines = translate(re.sub(r"\bNULL\b", "nil", text), self.names).split("\n")
        keywords = [re.sub("^(set|add)_", "", setter) + ("s" if setter.startswith("add_") else "")
                    for _, setter, _, _ in setters(self.structs[method.options])] if method.options else []
        lines += ["", f"Options: {', '.join([*keywords, *extra])}."] if method.options else []
        return [f"    # {line}".rstrip() for line in lines]

    def operation(self, method):
        kind = STANDING.get(method.name) or KINDS.get(method.name.split("_")[0], "CHANGE")
        start = "stand" if method.name in STANDING else "operate"
        options = f", Low::{method.options}, options" if method.options else ""
        block = "|token, given|" if method.options else "|token|"
        return [
            *self.comment(method, ["error_callback"] if method.options == "IoOptions" else []),
            f"    def {method.name}({self.parameters(method, True)}) # :yields: {YIELDS.get(kind, 'state, status')}",
            f"      {start}(Kind::{kind}, callback{options}) {{ {block} {self.call(method)} }}",
            "    end",
            "",
        ]

    def creator(self, method):
        return [
            *self.comment(method),
            f"    def {method.name}({self.parameters(method, False)})",
            f"      {self.call(method, options=f'Lowering.options(Low::{method.options}, options)')}",
            "      self",
            "    end",
            "",
        ]

    def listener(self, method):
        return [
            *self.comment(method, ["error_callback", "tls_error_callback"]),
            f"    def {method.name}({self.parameters(method, True)}) # :yields: acceptor, state",
            f"      listen(callback, options) {{ |token, given| {self.call(method)} }}",
            "    end",
            "",
        ]

    def maker(self, method):
        """The method of a collection that makes an object and calls `method` on it."""
        has_block = any(name == "token" for _, name in method.parameters)
        name = method.name.replace("create", "listen") if method.owner == "Acceptor" else method.name
        name = "create_state" if name == "create" else name
        return [
            f"    # See {method.owner}##{method.name}.",
            f"    def {name}({self.parameters(method, has_block)})",
            f"      {method.owner}.new(self).{method.name}({self.forwarded(method, has_block)})",
            "    end",
            "",
        ]

    def reference(self, method):
        """Documentation of a method that needs no code."""
        name = re.sub("^set_(?!rate)(.*)", r"\1=", method.name)
        name = re.sub("^(is_)?(.*)", r"\2?", name) if returned(method) == "bool" else name
        return ["    ##", f"    # :method: {name}", *self.comment(method), ""]

    def write(self):
        modules = {"StateOperations": [], "AcceptorOperations": [], "CollectionOperations": []}
        for method in self.methods:
            if method.owner == "Acceptor":
                modules["AcceptorOperations"] += self.listener(method)
            else:
                modules["StateOperations"] += self.operation(method) if method.has_token else self.creator(method)
            if method.creates:
                modules["CollectionOperations"] += self.maker(method)
        for method in self.inherited:
            if method.owner in ("State", "Acceptor"):
                modules[method.owner + "Operations"] += self.reference(method)
        out = [HEAD]
        for name, lines in modules.items():
            out += [f"  module {name}", *lines[:-1], "  end", ""]
        return "\n".join(out[:-1]) + "\nend\n"


def files(api):
    yield "ruby/aiostate/operations.rb", Writer(api).write()
