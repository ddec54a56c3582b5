"""Writes the values of the Java package: options, records, and the enum of statuses."""

from facade import setters
from java_words import BY_TYPE, camel, javadoc, remark
from model import CHOICES, base_type, class_name

# Callbacks among the options, by the class of the options.
CALLBACKS = {"IoOptions": "State", "AcceptOptions": "Acceptor"}
ABOUT = {
    "AcceptOptions": "How to listen, and how accepted connections start.",
    "AttachOptions": "How to begin TLS on a connection.",
    "CloseOptions": "How to close.",
    "ConnectOptions": "How to connect.",
    "Counters": "What a collection or a state has done since it was made. A state leaves {@code openStates} 0.",
    "Credentials": "Who is at the other end of a Unix socket, when it connected or began to listen; -1: not known.",
    "FrameFormat": "A frame: a length field and what follows it; by default a LEB128 length at the beginning, as in Protocol"
                   " Buffers' delimited streams.",
    "IoOptions": "Of operations that move bytes.",
    "RateLimit": "How fast bytes may move: a token bucket.",
    "StateOptions": "For a socket that exists already.",
    "TlsOptions": "Certificates, trust, and what is asked of the peer. Files are PEM, and read in the call.",
    "UdpOptions": "How to make a UDP socket.",
}
LASTING = ("FrameFormat", "RateLimit")
ENTRY = "package org.aiostate;\n"


def sentence(comment):
    text = remark(comment) or "The same for the other direction"
    return [text[0].upper() + text[1:].removesuffix(".") + "."]


def setter(owner, low, kind, name, comment):
    """A method that sets one option, by its name and type in C."""
    java = camel(name)
    declaration, expression = BY_TYPE.get(kind, ("", "{}"))
    parameter, expression = declaration.format(java), expression.format(java)
    if name.endswith("_service"):
        java = java.replace("Service", "Port")
        parameter, expression = f"int {java}", f"Integer.toString({java})"
    body = [f"{low}.{camel('set_' + name)}({expression});"]
    if kind == "Collection *":
        parameter = f"Collection... {java}"
        body = [f"this.{java} = List.of({java});", f"for (Collection each : {java}) {low}.addCollection(each.low);"]
    elif kind.endswith("_callback"):
        parameter, body = f"Callback.OfError<? super {CALLBACKS[owner]}> {java}", [f"this.{java} = {java};"]
    lines = javadoc(sentence(comment), "  ", [(java, "the value")], "this")
    return [*lines, f"  public {owner} {java}({parameter}) {{", *(f"    {line}" for line in body), "    return this;", "  }", ""]


def optional(owner):
    """The one choice with a third value."""
    lines = javadoc(["Servers: asks clients for a certificate, which they need not have."], "  ", (), "this")
    return [*lines, f"  public {owner} verifyOptional() {{", "    low().setVerify(NativeConstants.OPTIONAL);",
            "    return this;", "  }", ""]


def settable(struct):
    """(type, name, comment) of each option."""
    comments = {f.name: f.comment for f in struct.fields}
    for kind, name, _, _ in setters(struct):
        plain = name.split("_", 1)[1] + ("s" if name.startswith("add_") else "")
        yield "choice" if plain in {*CHOICES, "verify"} else kind, plain, comments[plain]
    for f in struct.fields:
        if f.name.endswith("error_callback"):
            yield f.type, f.name, f.comment


def options_class(struct):
    """Options of one call, or a value that lasts."""
    name = class_name(struct.name)
    fields = list(settable(struct))
    low, lasts = f"org.aiostate.low.{name}", name in LASTING
    third = any(field == "verify" for _, field, _ in fields)
    lists = [camel(field) for kind, field, _ in fields if kind == "Collection *"]
    callbacks = [camel(field) for kind, field, _ in fields if kind.endswith("_callback")]
    imports = ["import java.util.List;"] * bool(lists) + ["import org.aiostate.low.NativeConstants;"] * third
    out = [ENTRY, *imports, *[""] * bool(imports), *javadoc([ABOUT[name]], "")]
    out += [f"public final class {name}{'' if lasts else f' extends Options<{low}>'} {{"]
    out += [f"  Callback.OfError<? super {CALLBACKS[name]}> {callback};" for callback in callbacks]
    out += [f"  List<Collection> {field} = List.of();" for field in lists]
    out += [""] * bool(lists + callbacks)
    if lasts:
        out += [f"  final {low} low = new {low}();", "", "  /** Starts with the defaults. */", f"  public {name}() {{}}", ""]
    else:
        out += [f"  {name}() {{", f"    super(new {low}());", "  }", ""]
    for field in fields:
        out += setter(name, "low" if lasts else "low()", *field)
    out += optional(name) if third else []
    return "\n".join(out).rstrip() + "\n}\n"


def record(struct):
    """A struct that the library fills."""
    name = class_name(struct.name)
    parts = [(camel(f.name), remark(f.comment)) for f in struct.fields]
    out = [ENTRY, *javadoc([ABOUT[name]], "", parts), f"public record {name}("]
    out += [",\n".join(f"    long {part}" for part, _ in parts) + ") {", f"  {name}(org.aiostate.low.{name} low) {{"]
    out += ["    this(" + ",\n        ".join(f"low.{part}()" for part, _ in parts) + ");"]
    return "\n".join([*out, "  }", "}", ""])


def statuses(api):
    out = [ENTRY, "import java.util.Arrays;", "import java.util.Map;", "import java.util.function.Function;"]
    out += ["import java.util.stream.Collectors;", "import org.aiostate.low.Native;", ""]
    out += ["/** What an operation ends with, or a call is refused with. */", "public enum Status {"]
    constants = []
    for name, number in api.statuses.items():
        constants.append(f"  /** {api.messages[name]} */\n  {name.removeprefix('AIO_')}({number})")
    return "\n".join(out) + "\n" + ",\n".join(constants) + """;

  private static final Map<Integer, Status> BY_NUMBER =
      Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(Status::number, Function.identity()));

  private final int number;

  Status(int number) {
    this.number = number;
  }

  static Status of(int number) {
    return number == 0 ? OK : BY_NUMBER.get(number);
  }

  /** {@return the number that the library and other languages know it by} */
  public int number() {
    return number;
  }

  /** {@return whether it is more than an end before everything was done} */
  public boolean isError() {
    return number < 0;
  }

  /** {@return one short sentence for people} */
  public String message() {
    return Native.statusMessage(number);
  }
}
"""


def files(api):
    """Names and texts of the classes."""
    yield "Status.java", statuses(api)
    filled = {base_type(p.type) for f in api.functions for p in f.parameters if p.name == "out"}
    for struct in api.structs:
        name = class_name(struct.name)
        if name in ABOUT:
            yield f"{name}.java", (record if struct.name in filled else options_class)(struct)
