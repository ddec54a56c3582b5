"""The headers' comments in the words of the bindings."""

import re
import textwrap

from words import WORDS

# What each of these is in a language. Other functions are the methods that are made of them.
FUNCTIONS = {
    "aio_collection_wait": "the collection",
    "aio_collection_call": "the collection",
    "aio_collection_run": "Collection.run",
    "aio_collection_stop": "Collection.stop",
    "aio_collection_apply": "Collection.apply",
    "aio_collection_destroy": "Collection.close",
    "aio_state_discard": "State.discard",
    "aio_state_finish_read": "State.finish_read",
    "aio_state_old_length": "State.old_length",
    "aio_state_set_write_marks": "State.set_write_marks",
    "aio_state_read_with_checking": "State.read_with_checking",
    "aio_state_receive_messages": "State.receive_messages",
    "aio_state_close": "State.close",
    "aio_state_message_address": "Message.address",
    "aio_state_message_truncated": "Message.truncated",
    "aio_acceptor_close": "Acceptor.close",
    "aio_state_options": "create_state",
}

# Phrases of C, and what is left of them where closures are called and bytes are copied.
PHRASES = [
    (r"\*?Driver\.\* ", ""),
    (r" \(see tls\.h\)|; `\*address` then has length 0", ""),
    (r"AIO_ERR_INVALID_ARGUMENT: also AIO_NO_SOCKET\. |AIO_NO_SOCKET, ", ""),
    (r" \((?:`callback` )?may be NULL[^()]*\)", ""),
    (r" \(copied[^()]*\)|, which is copied", ""),
    (r"(AIO_ERR_INVALID_ARGUMENT: )(?:also )?NULL[^,.;]*(?:, |; |\. |\.?$)", r"\1"),
    (r"(AIO_ERR_INVALID_ARGUMENT: )(?:[^.;]*`out`, )", r"\1"),
    (r"AIO_ERR_INVALID_ARGUMENT: (?=AIO_ERR|Safe|$)", ""),
    (r"AIO_ERR_UNSUPPORTED: `reserved`\. ", ""),
    (r"(AIO_ERR_UNSUPPORTED: )`reserved`, (?:or )?", r"\1"),
]

# Sentences about lending memory, handles and user info, which are C's own business.
OF_C = re.compile(
    r"\bNULL\b|user_info|library's until|\blent\b|\bvalid (?:until|as long)|to destroy|aio_last_error_text"
    r"|own thread was stopped"
)


def names(methods):
    """The word of the bindings for each function of C."""
    return {**FUNCTIONS, **{m.function.name: f"{m.owner}.{m.name}" if m.owner else m.name for m in methods}}


def translate(comment, own_names):
    """C names as the classes' own: `aio_state_abort` is State.abort, AIO_EOF is EOF."""
    text = re.sub(r"\baio_\w+", lambda match: own_names.get(match.group(0), match.group(0)), comment)
    return re.sub(r"\bAIO_(\w+)", r"\1", text)


def without_c(text):
    for pattern, replacement in PHRASES:
        text = re.sub(pattern, replacement, text)
    sentences = re.split(r"(?<=\.)\s+(?=[A-Z`(])", text)
    return " ".join(sentence for sentence in sentences if not OF_C.search(sentence))


def paragraphs(item, own_names):
    """What documents a function or a struct, for a language to wrap: paragraphs without line ends."""
    written = WORDS.get(item.name)
    parts = [" ".join(part.split()) for part in (written or item.comment).split("\n\n")]
    parts = parts if written else [without_c(part) for part in parts]
    return [translate(part, own_names) for part in parts if part]


def wrap(parts, indent, width=120, opening=None):
    """The lines of paragraphs, with an empty one between them; the first one begins with `opening`."""
    lines = []
    for part in parts:
        first = indent if lines or opening is None else opening
        lines += ([""] if lines else []) + textwrap.wrap(part, width, initial_indent=first, subsequent_indent=indent)
    return lines
