"""Writes operations.d.ts, a part of the types of the npm package: everything that is called by the library's own name."""

import re
import textwrap

from documentation import translate
from facade import returned, setters
from model import CHOICES, OPTIONAL, class_name, describe_all, operations, owner_of

TYPES = {
    **dict.fromkeys(("size_t", "int", "long long", "double"), "number"),
    "bool": "boolean",
    "void": "void",
    "const char *": "string",
    "ByteView": "Bytes",
    "Buffers *": "Iterable<Bytes>",
    "Messages *": "Iterable<{ data: Bytes; address?: Address | null }>",
}
# By the names of parameters and options, where their types say too little.
BY_NAME = {
    "delimiter": "Bytes | string",
    "interface_name": "string | null",
    "local_service": "number | string",
    "service": "number | string",
    "source": "string | null",
    **dict.fromkeys([*CHOICES, "verify"], "boolean | number"),
    **dict.fromkeys(["certificate_data", "key_data", "trust_data"], "Bytes | string"),
}
# What a promise of an operation gives, by the operation's verb; its callback gets the same.
GIVES = {"read": "Buffer", "receive": "Message", "write": "number", "send": "number"}
STANDING = {"read_with_checking", "receive_messages"}
OF_THE_LAYER = {
    "AcceptOptions": ["errorCallback?: AcceptorCallback;", "tlsErrorCallback?: AcceptorCallback;"],
}
# Written by hand in index.d.ts, since the layer calls them otherwise.
OVERRIDDEN = set("""
aio_address_parse aio_address_unix aio_collection_close aio_state_set_rate_limit aio_tls_context_create aio_tls_context_reload
""".split())

HEAD = """// What the library calls by its own names. Made from the public C headers by generator/javascript_layer.py.
import type { Acceptor, Address, Collection, Message, State, TlsContext } from './index.js';

/** Bytes that are given: a Buffer, a TypedArray or a DataView. */
export type Bytes = NodeJS.ArrayBufferView;

export type StateCallback = (state: State, status: number) => void;
export type BufferCallback = (state: State, bytes: Buffer, status: number) => void;
export type MessageCallback = (state: State, message: Message, status: number) => void;
export type NumberCallback = (state: State, count: number, status: number) => void;
export type AcceptCallback = (acceptor: Acceptor, state: State) => void;
export type AcceptorCallback = (acceptor: Acceptor, status: number, text: string) => void;
"""


def camel(name):
    return re.sub(r"_(\w)", lambda match: match.group(1).upper(), name)


def js_type(kind, name=""):
    return BY_NAME.get(name) or TYPES.get(kind) or kind.removeprefix("const ").rstrip(" *")


def parameters(method):
    """(name, type, whether it may be left out) of what is given, options aside."""
    for kind, name in method.parameters:
        if name not in ("token", "options", "collection"):
            optional = (method.name, name) in OPTIONAL and (method.has_token or method.creates)
            nullable = kind == "const char *" and (optional or name == "address")
            yield camel(name), js_type(kind, name) + (" | null" if nullable else ""), optional


def overloads(method, promised, called, callback, options):
    """Signatures: without a callback, if there is what it `promised`, with one, and with all that is optional and one."""
    given = list(parameters(method))
    loose = [f"{name}{'?' if optional else ''}: {kind}" for name, kind, optional in given]
    required = [f"{name}: {kind}" for name, kind, optional in given if not optional]
    full = [f"{name}: {kind}{' | undefined' if optional else ''}" for name, kind, optional in given]
    if promised:
        yield ", ".join(loose + ([f"options?: {method.options} | null"] if method.options else [])), promised
    yield ", ".join([*required, f"callback: {callback}"]), called
    if options or full != required:
        full += [f"options: {options} | null | undefined"] if options else []
        yield ", ".join([*full, f"callback: {callback}"]), called


class Writer:
    def __init__(self, api):
        self.api = api
        self.structs = {class_name(s.name): s for s in api.structs}
        self.names = {s.name: class_name(s.name) for s in api.structs}
        for function in api.functions:
            owner, name = owner_of(function.name)
            self.names[function.name] = f"{owner}.{camel(name)}" if owner else camel(name)

    def comment(self, text, indent="  "):
        """A header's comment in the words of JavaScript, where there is one thread."""
        text = translate(re.sub(r"\bNULL\b", "null", text.replace("Driver.* ", "")), self.names)
        text = re.sub(r"`(\w+)`", lambda match: f"`{camel(match.group(1))}`", text)
        parts = [textwrap.wrap(" ".join(part.split()), 113 - len(indent)) for part in text.split("\n\n") if part]
        if not parts:
            return []
        if len(parts) == 1 and len(parts[0]) == 1:
            return [f"{indent}/** {parts[0][0]} */"]
        lines = [f" * {line}" for line in parts[0]]
        for part in parts[1:]:
            lines += [" *", *(f" * {line}" for line in part)]
        return [indent + line for line in ["/**", *lines, " */"]]

    def options(self, name):
        struct = self.structs[name]
        comments = {f.name: f.comment for f in struct.fields}
        for kind, setter, _, _ in setters(struct):
            verb, option = setter.split("_", 1)
            if verb == "add":
                option, hint = f"{option}s", f"Iterable<{js_type(kind)}>"
            else:
                hint = js_type(kind, option)
            yield from self.comment(comments[option]) + [f"  {camel(option)}?: {hint} | null;"]
        yield from (f"  {line}" for line in OF_THE_LAYER.get(name, ()))

    def value(self, name):
        for field in self.structs[name].fields:
            yield from self.comment(field.comment) + [f"  {camel(field.name)}(): number;"]

    def method(self, method, name, signatures):
        return self.comment(method.function.comment) + [f"  {name}({given}): {result};" for given, result in signatures]

    def operation(self, method):
        gives = GIVES.get(method.name.split("_")[0])
        callback = f"{gives.capitalize()}Callback" if gives else "StateCallback"
        options = method.options
        if options == "IoOptions":
            options = f"(IoOptions & {{ errorCallback?: {callback} }})"
        promised = None if method.name in STANDING else f"Promise<{gives or 'void'}>"
        return self.method(method, camel(method.name), overloads(method, promised, "void", callback, options))

    def maker(self, method):
        if method.owner == "Acceptor":
            signatures = overloads(method, "Acceptor", "Acceptor", "AcceptCallback", method.options)
            return self.method(method, camel(method.name.replace("create", "listen")), signatures)
        if any(name == "token" for _, name in method.parameters):
            signatures = overloads(method, "Promise<State>", "State", "StateCallback", method.options)
            return self.method(method, camel(method.name), signatures)
        given = next(overloads(method, "State", "", "", ""))
        return self.method(method, "createState" if method.name == "create" else camel(method.name), [given])

    def function(self, method):
        given = ", ".join(f"{name}: {kind}" for name, kind, _ in parameters(method))
        return given, js_type(returned(method)).replace("Bytes", "Buffer")

    def members(self):
        """The lines of each class's interface."""
        offered = list(operations(self.api))
        members = {"State": [], "Collection": []}
        for method in offered:
            makes = method.creates or method.owner == "Acceptor"
            members["Collection" if makes else "State"] += self.maker(method) if makes else self.operation(method)
        others = OVERRIDDEN | {method.function.name for method in offered}
        for method in describe_all(self.api):
            if method.owner and method.function.name not in others:
                lines = self.method(method, camel(method.name), [self.function(method)])
                members.setdefault(method.owner, []).extend(lines)
        return members

    def globals(self):
        for method in describe_all(self.api):
            if not method.owner:
                given, result = self.function(method)
                yield from self.comment(method.function.comment, "")
                yield f"export function {camel(method.name)}({given}): {result};"
        for name, value in {**self.api.statuses, **self.api.constants}.items():
            yield f"export const {name.removeprefix('AIO_')}: {value};"

    def write(self):
        interfaces = {name: self.value(name) for name in ("Counters", "Credentials")}
        for name in self.structs:
            if name.endswith("Options") and name != "CollectionOptions" or name in ("FrameFormat", "RateLimit"):
                interfaces[name] = self.options(name)
        interfaces.update((f"{owner}Functions", lines) for owner, lines in self.members().items())
        out = [HEAD]
        for name, lines in interfaces.items():
            out += [f"export interface {name} {{", *lines, "}", ""]
        return "\n".join([*out, *self.globals()]) + "\n"


def files(api):
    yield "javascript/operations.d.ts", Writer(api).write()
