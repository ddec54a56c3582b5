"""Writes aiostate.hpp: the classes that SWIG sees, one inline method per C function."""

import re
from pathlib import Path

from model import NUMBERS, PLAIN, base_type, class_name, describe_all

HANDWRITTEN_OPERATIONS = (
    "State.read_with_checking token IoOptions",
    "State.receive_messages token IoOptions",
    "State.close token CloseOptions",
    "Acceptor.close token",
)

FACADE = Path(__file__).parent.parent / "facade"
BASES = {"Collection": "collection.hpp", "State": "state.hpp", "Acceptor": "acceptor.hpp"}


def members_of(header):
    """The public part of a handwritten base class, which SWIG is shown as the class's own."""
    text = (FACADE / header).read_text()
    body = re.search(r"class \w+Base[^\n]*\{\n public:\n(.*?)#ifndef SWIG", text, re.S).group(1)
    return "\n".join(line for line in body.splitlines() if "Base" not in line)


def returned(method):
    if method.kind == "bytes":
        return "ByteView"
    if method.kind == "text":
        return "const char *"
    if method.out:
        return method.out
    returns = method.function.returns
    if method.function.name in NUMBERS:
        return "int"
    if returns in ("aio_status", "void") and not (returns == "aio_status" and not method.owner):
        return "void"
    return "bool" if returns == "int" else PLAIN[returns]


def body(method):
    call = f"{method.function.name}({', '.join(method.arguments)})"
    lines = []
    if method.owner == "Collection":
        lines.append("Loop::Use use(*loop());")
        call = call.replace("handle()", "use.handle()", 1)
    if any(name == "collection" for _, name in method.parameters):
        lines.append("Loop::Use use(*loop_of(collection));")
    if method.kind == "accept":
        call = call.replace("&made", "out")
        lines.append(f"begin(loop_of(collection), token, options, [&](auto callback, auto &c, auto out) {{ return {call}; }});")
    elif method.creates:
        call = call.replace("&made", "out(loop_of(collection))" if method.owner == "State" else "&made")
        if method.kind == "state":
            lines += ["Submission op(loop_of(collection), token);", "auto c = op.options(options);"]
            lines.append(f"op.accept_made({call});")
        else:
            lines.append(f"auto c = options ? options->c : aio_{snake(method.options)}{{}};")
            lines += [] if method.owner == "State" else [f"aio_{snake(method.owner)} *made = nullptr;"]
            lines.append(f"check_made({call});")
            lines += [] if method.owner == "State" else ["adopt(made);"]
    elif method.kind in ("input", "view", "output", "state"):
        lines.append("Submission op(loop(), token);")
        lines += method.setup
        if method.options:
            lines.append("auto c = op.options(options);")
        lines.append(f"op.accept({call}{', op.told()' if method.kind == 'state' else ''});")
    elif method.kind == "bytes":
        lines.append(f"return fill([&](void *buffer) {{ return {call}; }}, length);")
    elif method.kind == "text":
        lines.append(f"return text([&](char *buffer, size_t size) {{ return {call}; }});")
    elif method.out:
        lines += [f"{method.out if method.out != 'int' else 'aio_socket'} out{{}};", f"check({call});", "return out;"]
    else:
        if method.options:
            lines.append(f"auto c = options ? options->c : aio_{snake(method.options)}{{}};")
            call = call.replace("&c", "options ? &c : nullptr")
        kind = returned(method)
        if kind == "void":
            lines.append(f"check({call});" if method.function.returns == "aio_status" else f"{call};")
        elif kind == "bool":
            lines.append(f"return {call} != 0;")
        else:
            lines.append(f"return {call};" if kind == method.function.returns else f"return {kind}({call});")
    return lines


def snake(name):
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def method_text(method, indent="  "):
    kind = returned(method)
    head = f"{indent}{kind}{'' if kind.endswith('*') else ' '}{method.name}({method.signature})"
    return head + " {\n" + "".join(f"{indent}  {line}\n" for line in body(method)) + f"{indent}}}\n"


def setters(struct):
    """Of an options struct: (type, name, statements, members) for each field that a language sets."""
    fields = list(struct.fields)
    while fields:
        f = fields.pop(0)
        if f.type == "const char *":
            yield "const char *", "set_" + f.name, [
                f"{f.name}_ = value ? value : \"\";",
                f"c.{f.name} = value ? {f.name}_.c_str() : nullptr;",
            ], [f"std::string {f.name}_;"]
        elif f.type == "const void *":
            length = fields.pop(0)
            yield "ByteView", "set_" + f.name, [
                f"{f.name}_.assign(value.data, value.size);",
                f"c.{f.name} = {f.name}_.data();",
                f"c.{length.name} = {f.name}_.size();",
            ], [f"std::string {f.name}_;"]
        elif f.type == "aio_tls_context *":
            yield "TlsContext *", "set_" + f.name, [
                f"{f.name}_ = value ? value->shared() : nullptr;",
                f"c.{f.name} = {f.name}_.get();",
            ], [f"std::shared_ptr<aio_tls_context> {f.name}_;"]
        elif f.type == "aio_collection *const *":
            length = fields.pop(0)
            yield "Collection *", "add_" + f.name.removesuffix("s"), [
                f"{f.name}_.push_back(loop_of(value));",
                f"handles_.push_back({f.name}_.back()->handle());",
                f"c.{f.name} = handles_.data();",
                f"c.{length.name} = handles_.size();",
            ], [f"std::vector<std::shared_ptr<Loop>> {f.name}_;", "std::vector<aio_collection *> handles_;"]
        elif f.type in PLAIN:
            cast = "value" if f.type in ("size_t", "double", "int32_t") else f"{f.type}(value)"
            yield PLAIN[f.type], "set_" + f.name, [f"c.{f.name} = {cast};"], []


def options_class(struct):
    name = class_name(struct.name)
    out = [f"class {name} {{", " public:", f"  {name}() = default;", f"  {name}(const {name} &) = delete;"]
    out.append(f"  {name} &operator=(const {name} &) = delete;")
    kept = []
    for kind, setter, statements, members in setters(struct):
        out.append(f"  void {setter}({kind}{'' if kind.endswith('*') else ' '}value) {{")
        out += [f"    {statement}" for statement in statements] + ["  }"]
        kept += members
    out += ["#ifndef SWIG"]
    if any("loops" in member or "Loop>>" in member for member in kept):
        out.append("  const std::vector<std::shared_ptr<Loop>> &collections() const { return collections_; }")
    out += [f"  {struct.name} c{{}};"] + ([" private:"] if kept else [])
    return out + [f"  {member}" for member in kept] + ["#endif", "};", ""]


def value_class(struct):
    """A struct that the library fills."""
    name = class_name(struct.name)
    out = [f"class {name} {{", " public:"]
    for f in struct.fields:
        out.append(f"  {PLAIN[f.type]} {f.name}() const {{ return static_cast<{PLAIN[f.type]}>(c.{f.name}); }}")
    return out + ["#ifndef SWIG", f"  {struct.name} c{{}};", "#endif", "};", ""]


def owned_class(owner, methods):
    out = [f"class {owner}", "#ifndef SWIG", f"    : public {owner}Base", "#endif", "{", " public:"]
    if owner in BASES:
        out += ["#ifdef SWIG", members_of(BASES[owner]), "#endif"]
    if owner == "Address":
        out += ["#ifndef SWIG", "  using AddressBase::AddressBase;", "#endif"]
    out += [method_text(method) for method in methods if method.owner == owner]
    return out + ["};", ""]


def operations(methods):
    """One line per operation, for the layers: the class and method, its parameters, the class of its options."""
    lines = list(HANDWRITTEN_OPERATIONS)
    for method in methods:
        if method.options or any(name == "token" for _, name in method.parameters):
            names = [method.options if name == "options" else name for _, name in method.parameters]
            lines.append(" ".join([f"{method.owner}.{method.name}"] + names))
    return lines


def write(api):
    methods = describe_all(api)
    outs = {base_type(p.type) for f in api.functions for p in f.parameters if p.name == "out"}
    skipped = ("aio_address", "aio_message", "aio_buffer_view", "aio_collection_options")
    structs = [s for s in api.structs if s.name not in skipped]
    late = [s for s in structs if any("tls_context" in f.type or "collection" in f.type for f in s.fields)]
    out = ["// Made from the public headers by generator/facade.py.", "#pragma once", ""]
    out += ["#include \"pieces.hpp\"", "", "namespace aiostate {", "", "class Collection;", "class Event;", "class State;", ""]
    out += owned_class("Address", methods)
    for struct in structs:
        if struct not in late:
            out += value_class(struct) if struct.name in outs else options_class(struct)
    out += owned_class("TlsContext", methods) + owned_class("Collection", methods)
    for struct in late:
        out += options_class(struct)
    out += owned_class("State", methods) + owned_class("Acceptor", methods)
    out += [method_text(method, "").replace(" {", " {", 1).join(["inline ", ""]) for method in methods if not method.owner]
    table = "".join(f'    "{line}\\n"\n' for line in operations(methods))
    out += ["// What a layer needs to know to offer each operation in the language's own manner."]
    out += [f"inline const char *operations() {{\n  return\n{table.rstrip()};\n}}", "", "}  // namespace aiostate"]
    return "\n".join(out) + "\n"


def constants(api):
    out = ["// Made from the public headers by generator/facade.py."]
    for name, value in {**api.statuses, **api.constants}.items():
        kind = "double" if "." in str(value) or "e" in str(value) else "int"
        out.append(f"%constant {kind} {name.removeprefix('AIO_')} = {value};")
    return "\n".join(out) + "\n"


def functions(api):
    """All methods that SWIG is shown, for the tests: "State.read" a line; functions of no class without one."""
    names = [f"{m.owner}.{m.name}" if m.owner else m.name for m in describe_all(api)]
    for owner, header in BASES.items():
        names += [f"{owner}.{name}" for name in re.findall(r"^  [\w:]+ \*?(\w+)\(", members_of(header), re.M)]
    return "".join(f"{name}\n" for name in sorted(names))


def files(api):
    yield "aiostate.hpp", write(api)
    yield "constants.i", constants(api)
    yield "functions.txt", functions(api)
