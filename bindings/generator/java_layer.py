"""Writes a part of the Java package: what states, acceptors and collections do, with the headers' documentation."""

from facade import returned
from java_values import ENTRY
from java_values import files as values
from java_words import BY_NAME, BY_TYPE, RESULTS, camel, described, javadoc, names
from model import describe, describe_all

PACKAGE = "java/org/aiostate"
# More than one call of the library each, but called like the others.
STANDING = ("aio_state_read_with_checking", "aio_state_receive_messages")
RENAMED = {"aio_collection_close": "closeAll", "aio_state_create": "createState"}
# What an operation gives, by its verb: its future's value, the maker of that, the callback, and who calls it.
GIVES = {
    "read": ("byte[]", "bytes()", "Callback.OfBytes", "bytes(callback)"),
    "receive": ("Message", "message()", "Callback.OfMessage", "message(callback)"),
    "write": ("Long", "count()", "Callback.OfCount", "count(callback)"),
    "send": ("Long", "count()", "Callback.OfCount", "count(callback)"),
    "wait": ("Void", "input()", "Callback.OfStatus<? super State>", "told(callback)"),
}
NOTHING = ("Void", "nothing()", "Callback.OfStatus<? super State>", "told(callback)")
IMPORTS = """import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.aiostate.Tokens.Waiter;
"""
LATER = "what is done at the end"
WITH_CALLBACK = ["The same with a callback."]


class Call:
    """A method's parameters in Java, their names, and the call of the library's own method."""

    def __init__(self, method):
        self.parameters, expressions = [], {"token": "token", "options": "given", "collection": "low"}
        for kind, name in method.parameters:
            if name not in expressions:
                declaration, expression = BY_NAME.get(name) or BY_TYPE[kind]
                self.parameters.append(declaration.format(camel(name)))
                expressions[name] = expression.format(camel(name))
        self.low = f"{camel(method.name)}({', '.join(expressions[name] for _, name in method.parameters)})"

    def passed(self, before, behind):
        """The names, with what goes in front of them and behind."""
        return ", ".join([*before, *(parameter.split()[-1] for parameter in self.parameters), *behind])


class Writer:
    def __init__(self, api):
        self.methods = [describe(f) for f in api.functions if f.name in STANDING] + describe_all(api)
        self.names = names(api.functions)

    def text(self, method):
        return described(method.function, self.names)

    def name(self, method):
        return RENAMED.get(method.function.name, camel(method.name))

    @staticmethod
    def define(head, parameters, body, doc=(), returns=None):
        lines = javadoc(doc, "  ", [p.split()[-1] for p in parameters], returns) if doc else []
        return [*lines, f"  {head}({', '.join(parameters)}) {{", *(f"    {line}" for line in body), "  }", ""]

    def forms(self, method, parameters, head, returns, body, doc):
        """A public method without options and, if it takes any, with them; body(expression of the options)."""
        name = f"public {head} {self.name(method)}"
        lines = self.define(name, parameters, body("null"), doc, returns)
        if method.options:
            fill = f"Consumer<? super {method.options}> options"
            doc = ["The same with a callback and options." if doc == WITH_CALLBACK else "The same with options."]
            lines += self.define(name, [*parameters, fill], body("options"), doc, returns)
        return lines

    def operation(self, method):
        call, name = Call(method), self.name(method)
        fill = [f"Consumer<? super {method.options}> options"] if method.options else []
        given = {"IoOptions": "options", "": "null"}.get(method.options, f"Options.filled({method.options}::new, options)")
        start = "move" if method.options == "IoOptions" else "start"
        lines = self.define(f"private <W extends Waiter> W {name}", ["W waiter", *call.parameters, *fill],
                            [f"return {start}(waiter, {given}, (token, given) -> low.{call.low});"])
        lines += self.public(method, call.parameters, call.passed, self.text(method))
        if "byte[] buffer" in call.parameters:
            lines += self.public(
                method, [p.replace("byte[] buffer", "ByteBuffer buffer") for p in call.parameters],
                lambda *around: call.passed(*around).replace("buffer", "Lists.remaining(buffer)"),
                ["The same with the remaining bytes of a buffer, whose position is moved to its limit."])
        return lines

    def public(self, method, parameters, passed, doc):
        """The forms of an operation with a future, if it has an end, and with a callback."""
        value, maker, callback, told = GIVES.get(method.name.split("_")[0], NOTHING)
        lines = []

        def body(verb, waiter):
            return lambda options: [
                f"{verb}{self.name(method)}({passed([waiter], [options] if method.options else [])});"]

        if method.function.name not in STANDING:
            lines += self.forms(method, parameters, f"CompletableFuture<{value}>", LATER, body("return ", maker), doc)
            doc = WITH_CALLBACK
        return lines + self.forms(method, [*parameters, f"{callback} callback"], "void", None, body("", told), doc)

    def connector(self, method):
        call, name = Call(method), self.name(method)
        fill = f"Consumer<? super {method.options}> options"
        lines = self.define(
            f"private <W extends Waiter> W {name}", ["State state", "W waiter", *call.parameters, fill],
            [f"var filled = Options.filled({method.options}::new, options);",
             f"return state.start(waiter, filled, (token, given) -> state.low.{call.low});"])
        lines += self.forms(
            method, call.parameters, "CompletableFuture<State>", "the state, when it is connected",
            lambda options: ["State state = newState();",
                             f"return {name}({call.passed(['state', 'state.connected()'], [options])});"], self.text(method))
        return lines + self.forms(
            method, [*call.parameters, "Callback.OfStatus<? super State> callback"], "State", "the state, which is connecting",
            lambda options: ["State state = newState();",
                             f"{name}({call.passed(['state', 'state.told(callback)'], [options])});", "return state;"],
            WITH_CALLBACK)

    def creator(self, method):
        call = Call(method)
        return self.forms(
            method, call.parameters, "State", "the state",
            lambda options: [f"try (var filled = Options.filled({method.options}::new, {options})) {{",
                             "  State state = newState();",
                             f"  state.low.{call.low.replace('given', 'Options.low(filled)')};",
                             "  return state;", "}"], self.text(method))

    def listener(self, method):
        call, name = Call(method), self.name(method).replace("create", "listen")
        connection, fill = "Callback.OfConnection callback", "Consumer<? super AcceptOptions> options"
        whole = [f"return listen(callback, options, (acceptor, token, given) -> acceptor.{call.low});"]
        lines = self.define(f"public Acceptor {name}", call.parameters,
                            [f"return {name}({call.passed([], ['null', 'null'])});"], self.text(method), "the acceptor")
        for more, passed, doc in (
            ([fill], ["null", "options"], ["The same with options."]),
            ([connection], ["callback", "null"], WITH_CALLBACK),
        ):
            lines += self.define(f"public Acceptor {name}", call.parameters + more,
                                 [f"return {name}({call.passed([], passed)});"], doc, "the acceptor")
        return lines + self.define(f"public Acceptor {name}", [*call.parameters, connection, fill], whole,
                                   ["The same with a callback and options."], "the acceptor")

    def function(self, method):
        """What is done at once."""
        call, low = Call(method), "low" if method.owner else "Native"
        result = returned(method)
        java, meaning = RESULTS.get(method.name) or RESULTS.get(result, (result, "{}"))
        value = meaning.format(f"{low}.{call.low}")
        body = [f"return {value};" if java != "void" else f"{value};"]
        if method.owner and method.kind in ("text", "bytes"):  # the object keeps it
            body = ["synchronized (low) {", f"  {body[0]}", "}"]
        modifiers = "public final" if method.owner else "public static"
        return self.define(f"{modifiers} {java} {self.name(method)}", call.parameters, body, self.text(method),
                           None if java == "void" else "what was asked for")

    def functions(self, owner):
        lines = []
        for method in self.methods:
            starts = method.has_token or method.creates
            if method.owner == owner and not starts:
                lines += self.function(method)
        return lines

    def state(self):
        lines = [ENTRY, IMPORTS, "/** What a state does. Made from the public C headers. */",
                 "abstract class StateOperations extends StateSupport {", "  StateOperations(Collection collection) {",
                 "    super(collection);", "  }", ""]
        for method in self.methods:
            if method.owner == "State" and not method.creates and method.has_token:
                lines += self.operation(method)
        return lines + self.functions("State")

    def collection(self):
        lines = [ENTRY, IMPORTS.replace("import java.nio.ByteBuffer;\n", ""),
                 "/** What a collection makes. Made from the public C headers. */", "abstract class CollectionOperations {",
                 "  final org.aiostate.low.Collection low = new org.aiostate.low.Collection();", "",
                 "  abstract State newState();", "",
                 "  abstract Acceptor listen(",
                 "      Callback.OfConnection callback, Consumer<? super AcceptOptions> options, Acceptor.Call call);", ""]
        for method in self.methods:
            if method.kind == "accept":
                lines += self.listener(method)
            elif method.owner == "State" and method.creates:
                lines += self.connector(method) if method.kind == "state" else self.creator(method)
        return lines + self.functions("Collection")

    def acceptor(self):
        return [ENTRY, "/** What an acceptor does. Made from the public C headers. */", "abstract class AcceptorOperations {",
                "  final org.aiostate.low.Acceptor low = new org.aiostate.low.Acceptor();", "", *self.functions("Acceptor")]

    def library(self):
        return [ENTRY, "import org.aiostate.low.Native;", "", "/** The library as a whole. Made from the public C headers. */",
                "public final class Aiostate {", "  private Aiostate() {}", "", *self.functions("")]


def files(api):
    """Names and texts of the generated classes."""
    writer = Writer(api)
    classes = {"StateOperations": writer.state, "CollectionOperations": writer.collection,
               "AcceptorOperations": writer.acceptor, "Aiostate": writer.library}
    for name, write in classes.items():
        yield f"{PACKAGE}/{name}.java", "\n".join(write()).rstrip() + "\n}\n"
    for name, text in values(api):
        yield f"{PACKAGE}/{name}", text
