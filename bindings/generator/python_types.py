"""How Python sees what the facade's methods take and give: hints, and the expressions that convert."""

from model import CHOICES, OPTIONAL, class_name

# Of the facade's types.
HINTS = {
    "const char *": "str | None",
    "size_t": "int",
    "int": "int",
    "long long": "int",
    "bool": "bool",
    "double": "float",
    "void": "None",
    "ByteView": "Data",
}

# Arguments: the hint, and the expression for the library, by the facade's type and by name.
BY_TYPE = {
    "Buffers *": ("Iterable[Data]", "lower_buffers({})"),
    "Messages *": ("Iterable[tuple[Data, Address | None]]", "lower_messages({})"),
    "const FrameFormat *": ("FrameFormat", "{}._low"),
    "const RateLimit *": ("RateLimit | None", "None if {0} is None else {0}._low"),
    "const Address *": ("Address", "{}._low"),
    "TlsContext *": ("TlsContext", "{}._low"),
}
BY_NAME = {
    "service": ("str | int | None", "lower_service({})"),
    "socket": ("int | socket_module.socket", "lower_socket({})"),
    "listening": ("int | socket_module.socket", "lower_socket({})"),
    "host": ("str", "{}"),
    "path": ("str", "{}"),
    "group": ("str", "{}"),
}
# Options of operations that concern only some of them; all others, later ones too, concern every one.
CONCERNS = {
    "start": ("write", "write_buffers", "send_message", "send_message_to_address", "send_message_to_host"),
    "end": ("write", "write_buffers", "send_message", "send_message_to_address", "send_message_to_host"),
    "minimum": ("read",),
    "max_read": ("read_with_checking",),
}


def default_of(method_name, name):
    """What stands for an argument that is left out; "" if it may not be."""
    if (method_name, name) not in OPTIONAL:
        return ""
    return "0.0" if name == "timeout" else "None"


def argument(kind, name):
    """The hint of an argument, and what is passed to the library for it."""
    if name == "choice":
        return "bool", "lower_choice(choice)"
    hint, expression = BY_NAME.get(name) or BY_TYPE.get(kind) or (HINTS[kind], "{}")
    return hint, expression.format(name)


def option_hint(kind, name):
    if name in CHOICES:
        return "bool"
    if name == "verify":
        return "bool | int"
    if kind == "Collection *":
        return "Iterable[Collection]"
    return {"const char *": "str", "TlsContext *": "TlsContext"}.get(kind) or HINTS[kind]


def result(method, kind):
    """The hint of what a plain function returns, and the expression that makes it from `{}`."""
    if method.name in CHOICES:
        return "bool | None", "raise_choice({})"
    if method.name == "status_name":
        return "str", '{}.removeprefix("AIO_")'
    if method.out == "Address":
        return "Address", "Address._of({})"
    if method.out and method.out != "int":
        return method.out, method.out + "._of({})"
    return {"const char *": "str", "ByteView": "bytes"}.get(kind) or HINTS[kind], "{}"


def stub_hint(kind, given):
    """In the stub of the module that SWIG makes; `given`: of an argument."""
    name = kind.removeprefix("const ").rstrip(" *").removesuffix("Base")
    if kind == "const char *":
        return "str | None" if given else "str"
    if kind == "ByteView":
        return "Data" if given else "bytes"
    if kind in HINTS:
        return HINTS[kind]
    optional = given and (name.endswith("Options") or name in ("RateLimit", "Address"))
    return name + (" | None" if optional else "")


def values(api):
    """Structs that the library fills, by class: attributes instead of functions."""
    return {class_name(s.name): s for s in api.structs if s.name in ("aio_counters", "aio_credentials")}
