"""Decides what each C function becomes: a method, its parameters, and how it calls the library."""

from dataclasses import dataclass, field

from headers import Function

# Part of facade/, because each is more than one call.
HANDWRITTEN = set("""
aio_collection_create aio_collection_wait aio_collection_call aio_collection_run aio_collection_stop aio_collection_wake
aio_collection_apply aio_collection_descriptor aio_collection_next_timeout aio_collection_destroy
aio_state_read_with_checking aio_state_receive_messages aio_state_discard aio_state_finish_read aio_state_old_length
aio_state_set_write_marks aio_state_close aio_state_message_address aio_state_message_truncated aio_state_destroy
aio_acceptor_close aio_acceptor_destroy aio_timer_start aio_timer_stop aio_tls_context_destroy aio_last_error_text
""".split())

# Of these, the ones that are called like the others.
CALLED_ALIKE = {"aio_state_read_with_checking", "aio_state_receive_messages", "aio_state_close"}

# Of no use in a language, with the reason.
LEFT_OUT = {
    "aio_set_allocator": "functions of C",
    "aio_set_log": "its function may be called on any thread",
    "aio_state_ssl": "a pointer for C",
    "aio_state_user_info": "closures know what they need",
    "aio_state_set_user_info": "closures know what they need",
    "aio_acceptor_user_info": "closures know what they need",
    "aio_acceptor_set_user_info": "closures know what they need",
    "aio_state_collection": "the language's own object knows it",
    "aio_acceptor_collection": "the language's own object knows it",
    "aio_collection_create_and_run": "callbacks run on threads of the language",
    "aio_collection_alive": "there are no collections with a thread of the library's",
    "aio_collection_name": "there are no collections with a thread of the library's",
}

CLASSES = {
    "aio_collection": "Collection",
    "aio_state": "State",
    "aio_acceptor": "Acceptor",
    "aio_timer": "Timer",
    "aio_tls_context": "TlsContext",
    "aio_address": "Address",
}

# Names that a language, or the preprocessor, has taken; and shorter ones for what everybody calls.
RENAMED = {"aio_state_read_buffer": "read", "aio_state_write_buffer": "write", "aio_address_unix": "from_path"}

# Options and settings that are AIO_YES or AIO_NO.
CHOICES = set(
    "reuse_address reuse_port broadcast multicast_loop nodelay keepalive queue_output reset system_trust"
    " session_cache low_memory little_endian".split()
)

# Arguments that may be left out, by the method's name.
OPTIONAL = {
    ("create_udp", "address"),
    ("create_udp", "service"),
    ("detach_tls", "timeout"),
    ("set_rate_limit", "limit"),
    ("join_group", "source"),
    ("join_group", "interface_name"),
    ("leave_group", "source"),
    ("leave_group", "interface_name"),
}

# They answer with a number; every other `int` is a truth value, every other aio_status a refusal.
NUMBERS = {"aio_state_system_error", "aio_state_read_status", "aio_state_write_status"}

PLAIN = {
    "const char *": "const char *",
    "size_t": "size_t",
    "double": "double",
    "int32_t": "int",
    "int": "int",
    "uint16_t": "int",
    "uint32_t": "int",
    "int64_t": "long long",
    "uint64_t": "long long",
    "aio_socket": "int",
    "aio_status": "int",
}


class Unknown(Exception):
    pass


def class_name(c_name):
    """"aio_io_options" -> "IoOptions\""""
    return "".join(part.capitalize() for part in c_name.removeprefix("aio_").split("_"))


def base_type(c_type):
    return c_type.removeprefix("const ").rstrip(" *")


@dataclass
class Method:
    function: Function
    owner: str  # class, or "" for a function
    name: str
    parameters: list = field(default_factory=list)  # of (type, name)
    arguments: list = field(default_factory=list)  # of C expressions
    kind: str = "plain"  # plain, input, view, output, state, accept: whose callback it takes
    options: str = ""  # the class of its options
    out: str = ""  # the struct that it fills
    setup: list = field(default_factory=list)  # statements before the call

    @property
    def creates(self):
        return self.function.out is not None

    @property
    def has_token(self):
        return any(name == "token" for _, name in self.parameters)

    @property
    def signature(self):
        return ", ".join(f"{kind}{'' if kind.endswith('*') else ' '}{name}" for kind, name in self.parameters)


def owner_of(name):
    for prefix, owner in CLASSES.items():
        if name.startswith(prefix + "_"):
            return owner, RENAMED.get(name, name.removeprefix(prefix + "_"))
    return "", name.removeprefix("aio_")


def describe(function):
    """The method that a function becomes. Raises Unknown for a shape that has no rule yet."""
    owner, name = owner_of(function.name)
    method = Method(function, owner, name)
    sends = name.startswith(("write", "send"))
    parameters = list(function.parameters)
    if owner and not method.creates:
        parameters.pop(0)
        method.arguments.append("handle()")
    has_callback = any(p.type.endswith("_callback") for p in parameters)
    while parameters:
        p = parameters.pop(0)
        following = parameters[0] if parameters else None
        if p.type == "const void *" and following.name.endswith("length"):
            parameters.pop(0)
            method.parameters.append(("ByteView", p.name))
            method.arguments += [f"op.keep({p.name})" if sends else f"{p.name}.data", f"{p.name}.size"]
        elif p.type == "void *" and following and following.type == "size_t":
            parameters.pop(0)
            method.parameters.append(("size_t", following.name))
            method.arguments += [f"op.reserve({following.name})" if has_callback else "buffer", following.name]
            method.kind = "input" if has_callback else "bytes"
        elif p.type == "char *" and following.type == "size_t":
            parameters.pop(0)
            method.arguments += ["buffer", "size"]
            method.kind = "text"
        elif p.type in ("const aio_buffer_view *", "const aio_message *"):
            parameters.pop(0)
            kept = f"kept_of({p.name})"
            method.setup.append(f"auto kept = {kept};")
            method.setup.append("op.keep(kept);")
            method.parameters.append(("Buffers *" if "view" in p.type else "Messages *", p.name))
            method.arguments += ["kept->data()", "kept->size()"]
        elif p.type == "aio_buffer_callback":
            if method.kind == "plain":
                method.kind = "output" if sends else "view"
            method.parameters.append(("int", "token"))
            method.arguments.append("on_" + method.kind)
        elif p.type == "aio_state_callback":
            method.kind = "state"
            method.parameters.append(("int", "token"))
            method.arguments.append("on_state" if method.creates else "op.told()")
        elif p.type == "aio_accept_callback":
            method.kind = "accept"
            method.parameters.append(("int", "token"))
            method.arguments.append("callback")
        elif p.type == "void *" and p.name == "user_info":
            method.arguments.append("op.completion()")
        elif p.type.endswith("_options *"):
            method.options = class_name(base_type(p.type))
            method.parameters.append((f"const {method.options} *", "options"))
            method.arguments.append("&c")
        elif p is function.out:
            method.arguments.append("&made")
        elif p.name == "out" and p.type in ("aio_socket *",) or p.name == "out" and base_type(p.type).startswith("aio_"):
            method.out = "int" if p.type == "aio_socket *" else class_name(base_type(p.type))
            method.arguments.append("&out" if method.out == "int" else "&out.c")
        elif p.type == "aio_collection *":
            method.parameters.append(("Collection *", p.name))
            method.arguments.append("use.handle()")
        elif p.type == "aio_tls_context *":
            method.parameters.append(("TlsContext *", p.name))
            method.arguments.append(f"handle_of({p.name})")
        elif p.type.startswith("const aio_"):
            method.parameters.append((f"const {class_name(base_type(p.type))} *", p.name))
            method.arguments.append(f"{p.name} ? &{p.name}->c : nullptr")
        elif p.type in PLAIN:
            method.parameters.append((PLAIN[p.type], p.name))
            if p.type == "uint16_t":
                method.arguments.append(f"port_number({p.name})")
                continue
            cast = "" if PLAIN[p.type] == p.type or p.type == "int32_t" else f"{p.type}({p.name})"
            method.arguments.append(cast or p.name)
        else:
            raise Unknown(f"{function.name}: no rule for the parameter '{p.type} {p.name}': see generator/model.py")
    return method


def describe_all(api):
    chosen = [f for f in api.functions if f.name not in HANDWRITTEN and f.name not in LEFT_OUT]
    return [describe(function) for function in chosen]


def operations(api):
    """What layers offer in a manner of their own: all that makes a socket, and all that ends as an event."""
    for function in api.functions:
        if function.name not in LEFT_OUT and (function.name not in HANDWRITTEN or function.name in CALLED_ALIKE):
            method = describe(function)
            if method.owner in ("State", "Acceptor") and (method.has_token or method.creates):
                yield method
