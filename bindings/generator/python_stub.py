"""Writes low.pyi: what the module that SWIG makes looks like to a type checker."""

import re

from facade import FACADE, returned as result, setters
from model import class_name, describe_all
from python_source import definition
from python_types import stub_hint, values

HEAD = '''"""The module that SWIG makes. Made from the public C headers by generator/python_stub.py."""

from .hints import Data

def __getattr__(constant: str) -> int: ...
'''
# Typemaps of interface/python.i.
OWN = {"take": "tuple[int, int, bool, int, bytes] | None"}

MEMBER = re.compile(r"^  ([\w:]+(?: char)? \*?|const char \*)(\w+)\(([^()]*)\)", re.M)
PUBLIC = re.compile(
    r"^class (\w+?)(?:Base)?(?: : (?:public List<\w+>|protected Results))? \{\n public:\n(.*?)(?:^#ifndef SWIG|^\};)",
    re.M | re.S,
)
HEADERS = ("collection", "state", "acceptor", "event", "timer", "pieces")


def handwritten():
    """(class, name, result, parameters) of each public method of the facade's own classes."""
    for header in HEADERS:
        for owner, body in PUBLIC.findall((FACADE / f"{header}.hpp").read_text()):
            for kind, name, parameters in MEMBER.findall(body):
                pairs = [re.fullmatch(r"(.*[ *])(\w+)", part).groups() for part in parameters.split(", ") if part]
                yield owner, name, kind.strip(), [(kind.strip(), name) for kind, name in pairs]


def stub(api):
    classes = {}

    def add(owner, name, returns, parameters):
        given = ["self"] * bool(owner) + [f"{name}: {stub_hint(kind, True)}" for kind, name in parameters]
        returned = OWN.get(name) or stub_hint(returns, False)
        classes.setdefault(owner, []).extend(definition(name, given, returned, " ...", "    " * bool(owner)))

    for owner, name, returns, parameters in handwritten():
        add(owner, name, returns, parameters)
    for method in describe_all(api):
        add(method.owner, method.name, result(method), method.parameters)
    for struct in api.structs:
        for kind, setter, _, _ in setters(struct):
            if class_name(struct.name) not in values(api):
                add(class_name(struct.name), setter, "void", [(kind, "value")])
    for name, struct in values(api).items():
        for f in struct.fields:
            add(name, f.name, "int", [])
    out = [HEAD, *classes.pop("")]
    for name, lines in classes.items():
        out += ["", f"class {name}:", *lines]
    return out
