"""Reads the public C headers: functions, structs, constants, and the comments that document them."""

import re
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Parameter:
    type: str  # "const char *", "aio_state **", "size_t"
    name: str


@dataclass
class Function:
    name: str
    returns: str
    parameters: list
    comment: str

    @property
    def first(self):
        return self.parameters[0] if self.parameters else Parameter("", "")

    @property
    def out(self):
        """The parameter that an object is handed out by."""
        last = self.parameters[-1] if self.parameters else Parameter("", "")
        return last if last.type.endswith("**") else None


@dataclass
class Field:
    type: str
    name: str
    comment: str


@dataclass
class Struct:
    name: str
    fields: list
    comment: str


@dataclass
class Api:
    functions: list = field(default_factory=list)
    structs: list = field(default_factory=list)
    constants: dict = field(default_factory=dict)
    statuses: dict = field(default_factory=dict)
    messages: dict = field(default_factory=dict)  # the statuses' texts
    version: str = ""


def clean(comment):
    lines = [line.strip().removeprefix("*").strip() for line in comment.strip().splitlines()]
    return "\n".join(lines).strip()


def split_declarator(text):
    """"const char *name" -> ("const char *", "name")"""
    match = re.fullmatch(r"(.*?[\s*])(\w+)", " ".join(text.split()))
    return match.group(1).strip(), match.group(2)


def parse_parameters(text):
    if text.strip() in ("", "void"):
        return []
    parts = re.split(r",(?![^()]*\))", text)
    return [Parameter("function", "") if "(" in part else Parameter(*split_declarator(part)) for part in parts]


COMMENT = r"/\*((?:[^*]|\*(?!/))*)\*/"
ITEM = re.compile(
    rf"(?P<comment>{COMMENT})"
    r"|AIO_API\s+(?P<returns>[\w\s*]+?)\s*AIO_CALL\s+(?P<function>\w+)\((?P<parameters>(?:[^;])*)\);"
    r"|typedef struct (?P<struct>aio_\w+) \{(?P<fields>.*?)\n\} \w+;"
    r"|#define (?P<constant>AIO_[A-Z0-9_]+) (?P<value>[-\w.]+)"
    r"|XX\((?P<status>AIO_\w+), (?P<number>-?\d+),\s*\"(?P<message>[^\"]*)\"\)"
    r"|(?P<other>\S+)",
    re.S,
)


def parse_fields(text):
    fields = []
    for declaration, comment in re.findall(rf"([^;/]+);\s*(?:{COMMENT})?", text):
        if declaration.strip() and "[" not in declaration:
            fields.append(Field(*split_declarator(declaration), clean(comment)))
    return fields


def parse(directory):
    api = Api()
    for path in sorted(Path(directory).glob("*.h")):
        text, comment, end = path.read_text(), "", 0
        for item in ITEM.finditer(text):
            if item["comment"] and end and "\n" not in text[end : item.start()]:
                api.functions[-1].comment = clean(item[2])  # behind the declaration
            elif item["comment"]:
                comment, end = clean(item[2]), 0
            elif item["function"]:
                end = item.end()
                returns = " ".join(item["returns"].split())
                api.functions.append(Function(item["function"], returns, parse_parameters(item["parameters"]), comment))
            elif item["struct"]:
                api.structs.append(Struct(item["struct"], parse_fields(item["fields"]), comment))
            elif item["constant"]:
                if path.name != "export.h":
                    api.constants[item["constant"]] = item["value"]
            elif item["status"]:
                api.statuses[item["status"]] = int(item["number"])
                api.messages[item["status"]] = item["message"]
    api.version = ".".join(api.constants.pop(f"AIO_VERSION_{part}") for part in ("MAJOR", "MINOR", "PATCH"))
    return api
