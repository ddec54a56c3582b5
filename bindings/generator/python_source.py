"""Python's syntax: definitions and docstrings in lines of at most 120 columns."""

import re
import textwrap

from documentation import wrap

WIDTH = 120
WORDS = {"YES": "True", "NO": "False", "NULL": "None", "none:": "None:"}


def spoken(text):
    """In the words of Python."""
    text = text.replace("; NULL = none", "")
    return re.sub(r"\b(?:YES|NO|NULL)\b|\bnone:", lambda match: WORDS[match.group()], text)


def filled(parts, indent):
    """Parts with commas behind them, in as few lines as they need."""
    lines, line = [], indent
    for part in parts:
        if len(line) + len(part) + 1 > WIDTH and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += part + ", "
    return [*lines, line.rstrip()]


def definition(name, parts, returns, body="", indent=" " * 4):
    """`def name(parts) -> returns:`"""
    head = f"{indent}def {name}({', '.join(parts)}) -> {returns}:{body}"
    if len(head) <= WIDTH:
        return [head]
    return [f"{indent}def {name}(", *filled(parts, indent + "    "), f"{indent}) -> {returns}:{body}"]


def call(head, arguments, tail=")"):
    """`head(arguments)`, indented by what `head` begins with."""
    line = f"{head}({', '.join(arguments)}{tail}"
    if len(line) <= WIDTH:
        return [line]
    indent = " " * (len(head) - len(head.lstrip()))
    return [f"{head}(", *filled(arguments, indent + "    "), indent + tail]


def docstring(paragraphs, options=(), indent=" " * 8):
    """Of paragraphs and, as a list, options: (name, text)."""
    quotes = '"""'
    lines = wrap(map(spoken, paragraphs), indent, WIDTH, indent + quotes)
    for number, (name, text) in enumerate(options):
        lines += [""] if lines and number == 0 else []
        first = indent if lines else indent + quotes
        entry = f"{name}: {spoken(text)}"
        lines += textwrap.wrap(entry, WIDTH, initial_indent=first, subsequent_indent=indent + "    ")
    if len(lines) == 1 and len(lines[0]) + len(quotes) <= WIDTH:
        return [lines[0] + quotes]
    return [*lines, indent + quotes]
