"""The headers' comments in the words of the bindings."""

import re
import textwrap


def translate(comment, own_names):
    """C names as the classes' own: `aio_state_abort` is State.abort, AIO_EOF is EOF."""

    def renamed(match):
        return own_names.get(match.group(0), match.group(0))

    text = re.sub(r"\baio_\w+", renamed, comment)
    text = re.sub(r"\bAIO_(\w+)", r"\1", text)
    return re.sub(r"\bNULL\b", "none", text)


def names(methods):
    return {m.function.name: f"{m.owner}.{m.name}" if m.owner else m.name for m in methods}


def paragraph(text, indent):
    """A docstring's lines."""
    lines = []
    for part in text.split("\n"):
        lines += textwrap.wrap(part, 116 - len(indent)) or [""]
    return [f"{indent}{line}".rstrip() for line in lines]
