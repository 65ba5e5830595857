"""IRC messages: bytes to parts, and parts to lines. RFC 1459, section 2.3; IRCv3 message-tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ...chat.text import clean

# With CR and LF, and without tags: RFC 1459, section 2.3.
MAX_LINE = 512
# Of an ident, without the ~ before it.
MAX_IDENT = 10
# A line of fewer characters, and then at most four bytes each, is never too long.
FITS = (MAX_LINE - 2) // 4
# What a client may send as tags, and what it is sent: IRCv3 message-tags, "Size limit".
MAX_CLIENT_TAGS = 4096
MAX_TAGS = 8191

# With these a line begins that does not begin with its command.
_NO_COMMAND = ("@", ":", " ")
_ESCAPES = {";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n"}
_ESCAPE = re.compile(r"[; \\\r\n]")
_UNESCAPES = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
_UNESCAPE = re.compile(r"\\(.?)", re.DOTALL)
# Bold, italic, underlined, struck, fixed width, reversed, plain; colours by number and by RGB.
_CODES = re.compile("([\x02\x1d\x1f\x1e\x11\x16\x0f\x03\x04]+)")
_FORMATTING = re.compile("[\x02\x1d\x1f\x1e\x11\x16\x0f]|\x03(?:\\d{1,2}(?:,\\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6})?")


class Message(NamedTuple):
    """What a client sent.

    @ivar tags: unescaped; a tag without a value has an empty one.
    @ivar command: in capitals.
    @ivar params: all of them, the trailing one too.
    """

    tags: dict[str, str]
    command: str
    params: list[str]


def parse(line: str) -> Message | None:
    """Take a line apart. A source, which clients have no right to, is ignored; a CR inside the line is a blank.

    @param line: without its end.
    @return: C{None} for an empty line.
    """
    tags: dict[str, str] = {}
    if "\r" in line:
        line = line.replace("\r", " ")
    if line[:1] in _NO_COMMAND:
        if line.startswith("@"):
            raw, _, line = line[1:].partition(" ")
            tags = parse_tags(raw)
        line = line.lstrip(" ")
        if line.startswith(":"):
            line = line.partition(" ")[2].lstrip(" ")
    head, colon, trailing = line.partition(" :")
    # At blanks only: what else Unicode takes for white space may be in a name, which then is refused as one.
    words = head.split(" ")
    if "" in words:
        words = [word for word in words if word]
        if not words:
            return None
    if colon:
        words.append(trailing)
    return Message(tags, words[0].upper(), words[1:])


def parse_tags(raw: str) -> dict[str, str]:
    """Tags as they stand between C{@} and the blank; of those of one name the last counts."""
    tags = {}
    for tag in raw.split(";"):
        name, _, value = tag.partition("=")
        if name:
            tags[name] = _UNESCAPE.sub(lambda m: _UNESCAPES.get(m[1], m[1]), value) if "\\" in value else value
    return tags


def escape(value: str) -> str:
    """The value of a tag, as it is written."""
    return _ESCAPE.sub(lambda m: _ESCAPES[m[0]], value)


class Written(NamedTuple):
    """A message as an IRC client wrote it: with its formatting, and in its lines.

    @ivar lines: the text of each, and whether it goes on where the one before ended (IRCv3 multiline).
    """

    lines: Sequence[tuple[str, bool]]


def write_tags(tags: Mapping[str, str]) -> str:
    """Tags as they stand between C{@} and the blank."""
    return ";".join(f"{name}={escape(value)}" if value else name for name, value in tags.items())


def plain(text: str) -> str:
    """A text without colours and the like."""
    return text if text.isprintable() else _FORMATTING.sub("", text)


def styled(text: str) -> str:
    """A text as L{clean} makes it, but with its formatting."""
    if text.isprintable():
        return text
    return "".join(part if i % 2 else clean(part) for i, part in enumerate(_CODES.split(text)))


def cut(text: str, size: int) -> str:
    """As much of a text as fits into so many bytes."""
    if len(text) <= size and text.isascii():
        return text
    data = text.encode()
    return text if len(data) <= size else data[:size].decode(errors="ignore")


def fold(line: str, size: int) -> Iterator[str]:
    """A line in parts of at most so many bytes, which together are the line. They end after a blank where that is late
    enough."""
    while len(line) > size or len(line.encode()) > size:
        part = cut(line, size)
        blank = part.rfind(" ") + 1
        if blank > len(part) // 2:
            part = part[:blank]
        yield part
        line = line[len(part) :]
    yield line


def pieces(text: str, size: int) -> Iterator[str]:
    """Each line of a text in parts of at most so many bytes, which end between words where that is late enough."""
    for line in text.split("\n"):
        rest = line
        while len(rest.encode()) > size:
            part = cut(rest, size)
            blank = part.rfind(" ")
            if blank > len(part) // 2:
                part = part[:blank]
            yield part
            rest = rest[len(part) :].removeprefix(" ")
        yield rest
