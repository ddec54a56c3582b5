"""What the headers' words are in Java: names, types and documentation."""

import html
import re
import textwrap

from documentation import FUNCTIONS, paragraphs, translate
from model import class_name, owner_of

# How Java declares an argument, and the expression for the library, by the facade's type and by name.
BY_TYPE = {
    "const char *": ("String {}", "{}"),
    "size_t": ("long {}", "{}"),
    "int": ("int {}", "{}"),
    "long long": ("long {}", "{}"),
    "double": ("double {}", "{}"),
    "choice": ("boolean {}", "Options.choice({})"),
    "bool": ("boolean {}", "{}"),
    "ByteView": ("byte[] {}", "{}"),
    "Buffers *": ("Iterable<byte[]> {}", "Lists.lower({})"),
    "Messages *": ("Iterable<Message> {}", "Lists.lowerMessages({})"),
    "const FrameFormat *": ("FrameFormat {}", "{}.low"),
    "const RateLimit *": ("RateLimit {}", "{0} == null ? null : {0}.low"),
    "const Address *": ("Address {}", "{}.low"),
    "TlsContext *": ("TlsContext {}", "{}.low()"),
}
BY_NAME = {
    "service": ("int port", "Integer.toString(port)"),
    "length": ("int length", "length"),
    "direction": ("Direction direction", "direction.number"),
    "choice": ("boolean choice", "Options.choice(choice)"),
    "status": ("Status status", "status.number()"),
}
# What Java makes of a result, by the facade's type, or by the method's name.
RESULTS = {
    "const char *": ("String", "{}"),
    "size_t": ("long", "{}"),
    "bool": ("boolean", "{}"),
    "ByteView": ("byte[]", "{}"),
    "Address": ("Address", "new Address({})"),
    "Counters": ("Counters", "new Counters({})"),
    "Credentials": ("Credentials", "new Credentials({})"),
    "read_status": ("Status", "Status.of({})"),
    "write_status": ("Status", "Status.of({})"),
    "nodelay": ("boolean", "Options.isYes({})"),
    "keepalive": ("boolean", "Options.isYes({})"),
}
TOLD = {
    "address": "an address",
    "buffer": "the bytes, which are copied",
    "bytes": "how many",
    "callback": "who is told",
    "choice": "whether it is on",
    "context": "certificates and trust",
    "delimiter": "the bytes that end it",
    "direction": "which way",
    "format": "what a frame looks like",
    "group": "a numeric address",
    "host": "a name or a numeric address",
    "interfaceName": "a network interface; null: the system's choice",
    "length": "how many bytes",
    "limit": "how fast; null: no limit",
    "listening": "the descriptor",
    "messages": "what to send, and where to",
    "name": "a name",
    "options": "sets what is other than the default",
    "path": "where the socket's file is",
    "port": "its number; 0: a free one",
    "seconds": "the time",
    "socket": "the descriptor",
    "source": "the numeric address of a sender; null: all",
    "status": "a status",
    "timeout": "seconds",
    "views": "the pieces, which are copied",
}


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


# Where Java has another name, or says it otherwise.
ELSEWHERE = {
    r"State\.(connect|create)": r"Collection.\1",
    r"Acceptor\.create": "Collection.listen",
    r"Collection\.apply": "Collection.execute",
    r"Address\.fromPath": "Address.ofPath",
    r"`service`": "`port`",
    r"\bYES\b": "true",
    r"\bNO\b": "false",
    r"; 0 where there is no such thing": "; false where there is no such thing",
    r"\bSIZE_MAX\b": "Long.MAX_VALUE",
}


def names(functions):
    """C's names as Java's own."""
    of_all = {f.name: ".".join(filter(None, owner_of(f.name))) for f in functions}
    return {name: camel(own) for name, own in {**of_all, **FUNCTIONS}.items()}


def markup(text):
    """A paragraph in Javadoc's manner."""
    for pattern, replacement in ELSEWHERE.items():
        text = re.sub(pattern, replacement, text)
    text = re.sub(r"`(\w+)`", lambda match: f"{{@code {camel(match[1])}}}", html.escape(text, quote=False))
    return text.replace("`", "").replace("'@'", "'{@literal @}'")


def described(function, own_names):
    """The paragraphs that tell what a function does."""
    return [markup(paragraph) for paragraph in paragraphs(function, own_names)]


def remark(comment):
    """What is said of an option or a number."""
    text = re.sub(r"\baio_(\w+_options)\b", lambda match: class_name(match[1]), " ".join(comment.split()))
    return markup(translate(text.replace("NULL", "null"), {}))


def javadoc(texts, indent="  ", parameters=(), returned=None):
    """The lines of a comment; a parameter is a name, or a name and what is to be said of it."""
    lines = []
    for number, text in enumerate(texts):
        lines += [""] * (number > 0) + textwrap.wrap(("<p>" if number else "") + text, 110, break_on_hyphens=False)
    pairs = [(each, TOLD.get(each, "see above")) if isinstance(each, str) else each for each in parameters]
    tags = [f"@param {name} {told}" for name, told in pairs]
    tags += [f"@return {returned}"] if returned else []
    lines += [""] * bool(lines and tags) + tags
    if len(lines) == 1:
        return [f"{indent}/** {lines[0]} */"]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"]
