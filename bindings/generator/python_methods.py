"""Python's methods, one for each of the facade's: hints, documentation, and the call."""

from documentation import names, paragraphs, translate
from facade import returned, setters
from model import CALLED_ALIKE, HANDWRITTEN, LEFT_OUT, class_name, describe
from python_source import call, definition, docstring
from python_types import CONCERNS, argument, default_of, option_hint, result

# Shown as they are, though they are more than one call.
SHOWN = CALLED_ALIKE | {"aio_state_discard", "aio_state_finish_read"}
# They go on, so there is nothing to await.
STANDING = {"read_with_checking", "receive_messages"}

# What an operation gives, by the callback of C, and where that does not tell by name: the layer's word, its type.
GIVES = {
    "input": ("BYTES", "bytes"),
    "view": ("BYTES", "bytes"),
    "output": ("COUNT", "int"),
    "state": ("NOTHING", "None"),
    "close": ("CLOSED", "None"),
    "read_with_checking": ("STREAM", "bytes"),
    "receive_message": ("MESSAGE", "Message"),
    "receive_messages": ("MESSAGE", "Message"),
    "wait_for_input": ("INPUT", "None"),
}
CALLBACKS = {"bytes": "BytesCallback", "int": "CountCallback", "Message": "MessageCallback", "None": "StateCallback"}

# Names that mean something else in Python, by class.
RENAMED = {("Collection", "close"): "close_all"}


class Methods:
    def __init__(self, api):
        self.structs = {class_name(s.name): s for s in api.structs}
        kept = [f for f in api.functions if f.name not in LEFT_OUT]
        self.methods = [describe(f) for f in kept if f.name not in HANDWRITTEN or f.name in SHOWN]
        self.names = names(self.methods)

    def of(self, owner):
        return [method for method in self.methods if method.owner == owner]

    # Parts of a method.

    def options(self, method):
        """(keyword, hint, documentation) of each option."""
        if not method.options:
            return
        comments = {f.name: f.comment for f in self.structs[method.options].fields}
        for kind, setter, _, _ in setters(self.structs[method.options]):
            name = setter.split("_", 1)[1] + ("s" if setter.startswith("add_") else "")
            text = translate(" ".join(comments[name].split()), self.names)
            if method.options == "IoOptions":
                text = text.split(": ", 1)[-1]  # without the operations that it concerns
            if method.options != "IoOptions" or method.name in CONCERNS.get(name, [method.name]):
                yield name, option_hint(kind, name), text

    def keywords(self, method):
        return [f"{name}={name}" for name, _, _ in self.options(method)]

    def arguments(self, method):
        """(name, hint, expression) of each argument."""
        for kind, name in method.parameters:
            if name not in ("token", "options", "collection"):
                yield name, *argument(kind, name)

    def parameters(self, method, callback=(), extra=()):
        """What stands behind the callback in C is a keyword, like an option."""
        positional, keywords, order = ["self"], [], [name for _, name in method.parameters]
        for name, hint, _ in self.arguments(method):
            default = default_of(method.name, name)
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
        """A statement that makes `options`, if there are any."""
        if method.options == "IoOptions":
            unset = " is ".join([*(name for name, _, _ in self.options(method)), "None"])
            return call(f"        options = None if {unset} else io_options", self.keywords(method))
        if method.options:
            return call("        options = fill", [f"low.{method.options}()", *self.keywords(method)])
        return []

    def overloads(self, method, callback, returns, extra=()):
        """The hints of both manners, and the head of the implementation."""
        manners = ["callback: None = None"], [f"callback: {callback}"], [f"callback: {callback} | None = None"]
        awaited, called, both = (self.parameters(method, manner, extra) for manner in manners)
        awaited = [part for part in awaited if part not in extra]
        return [
            "    @overload",
            *definition(method.name, awaited, returns[0], " ..."),
            "    @overload",
            *definition(method.name, called, returns[1], " ..."),
            *definition(method.name, both, " | ".join(returns)),
        ]

    def submitting(self, owner, method):
        """The call that what is registered as `token` waits for; what is refused is not waited for."""
        return [
            "        try:",
            *call(f"            {owner}._low.{method.name}", self.passed(method)),
            "        except BaseException:",
            "            self.tokens.forget(token)",
            "            raise",
        ]

    # Whole methods.

    def operation(self, method):
        gives, kind = GIVES.get(method.name) or GIVES[method.kind]
        callback, stands = CALLBACKS[kind], method.name in STANDING
        errors = [f"error_callback: {callback} | None = None"] if method.options == "IoOptions" else []
        about = [("error_callback", "called instead of the callback if the status is an error")] if errors else []
        given = [gives, "callback", "error_callback" if errors else "None"]
        if stands:
            head = definition(method.name, self.parameters(method, [f"callback: {callback}"], errors), "None")
        else:
            head = self.overloads(method, callback, [f"Operation[{kind}]", "None"], errors)
        return [
            *head,
            *self.document(method, *about),
            *self.filled_options(method),
            *call(f"        {'_' if stands else 'operation'}, token = self._expect", given),
            *self.submitting("self", method),
            *([] if stands else ["        return operation"]),
            "",
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
            "        acceptor._token = token = self.tokens.add(acceptor._told)",
            *self.submitting("acceptor", method),
            *(["        give_away(listening)"] if method.name == "create_socket" else []),
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

    def function(self, method):
        """One of no class."""
        hint, expression = result(method, returned(method))
        line = expression.format(f"low.{method.name}({', '.join(self.passed(method))})")
        return [
            *definition(method.name, self.parameters(method)[1:], hint, indent=""),
            *docstring(paragraphs(method.function, self.names), indent="    "),
            f"    return {line}",
            "",
        ]
