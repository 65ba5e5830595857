"""From events to rows of styled text of a given width. Pure."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Iterator
from datetime import datetime, tzinfo

from wcwidth import iter_graphemes, width

from twisted_chat.client.completion import fold
from twisted_chat.client.events import SPOKEN, Event

#: A piece of a row: the text and its style, a parameter list for SGR such as C{1;31}, empty for plain.
Span = tuple[str, str]
Row = tuple[Span, ...]

DIM, BOLD, REVERSE, RED, CYAN, YELLOW = "2", "1", "7", "31", "36", "33"
HIGHLIGHT = "1;35"

#: Rows that one event takes at most.
MAX_ROWS = 200

#: Where a wrapped line goes on at most, as a part of the width.
MAX_INDENT = 3


def _luminance(red: int, green: int, blue: int) -> float:
    """Relative luminance as WCAG defines it."""

    def linear(value: int) -> float:
        part = value / 255
        return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def _readable_colours() -> list[int]:
    """Those of the 256 colours' cube whose contrast is 3.5 or more to black as well as to white, greys left out."""
    levels = (0, 95, 135, 175, 215, 255)
    found = []
    for number in range(216):
        rgb = [levels[number // 36], levels[number // 6 % 6], levels[number % 6]]
        light = _luminance(*rgb)
        if (light + 0.05) / 0.05 >= 3.5 and 1.05 / (light + 0.05) >= 3.5 and max(rgb) - min(rgb) >= 80:
            found.append(16 + number)
    return found


READABLE = _readable_colours()


@dataclasses.dataclass(frozen=True)
class Look:
    """
    How events are shown.

    @ivar colours: how many the terminal has: 0, 8 or 256.
    @ivar timestamps: whether each line begins with its time.
    @ivar zone: in which times are shown; None for the local one.
    """

    colours: int = 256
    timestamps: bool = True
    zone: tzinfo | None = None

    def name_style(self, name: str) -> str:
        """
        @return: the style of someone's name, always the same.
        """
        if not self.colours:
            return ""
        number = zlib.crc32(fold(name).encode("utf-8", "replace"))
        if self.colours < 256:
            return str((31, 32, 33, 35, 36)[number % 5])
        return f"38;5;{READABLE[number % len(READABLE)]}"

    def style(self, style: str) -> str:
        """
        @return: the style, without its colours when there are none.
        """
        if self.colours:
            return style
        return {RED: BOLD, HIGHLIGHT: BOLD, CYAN: "", YELLOW: ""}.get(style, style)


def day(time: float, look: Look) -> str:
    """
    @param time: seconds since the epoch.
    @return: its day.
    """
    return f"{_moment(time, look):%a %Y-%m-%d}"


def render(event: Event, time: float, look: Look, columns: int, me: str, mentioned: bool, foreign: bool) -> list[Row]:
    """
    @param event: what to show.
    @param time: when it happened, in seconds since the epoch.
    @param columns: the width of the rows, at least 1.
    @param me: one's own name.
    @param mentioned: whether it names oneself.
    @param foreign: whether its room is to be shown, because it is not the one that is looked at.
    @return: the rows.
    """
    head: list[Span] = []
    if look.timestamps:
        head.append((f"{_moment(time, look):%H:%M} ", DIM))
    if foreign and event.room:
        head.append((f"{event.room} ", look.style(CYAN)))
    rows: list[Row] = []
    if event.numbered and event.id:
        head.append((f"{event.id} ", DIM))
    for line in event.text.split("\n"):
        start, body = _phrase(event, line, look, me, mentioned)
        spans = head + start
        if event.replay:
            spans = [(text, DIM) for text, _ in spans]
            body = [(text, HIGHLIGHT if mentioned and look.colours else DIM) for text, _ in body]
        rows += wrap(spans, body, columns)
        if len(rows) > MAX_ROWS:
            return [*rows[: MAX_ROWS - 1], (("[…]", DIM),)]
    return rows


def day_change(time: float, look: Look, columns: int) -> Row:
    """
    @return: the row that separates the day of C{time} from the one before.
    """
    text = f"-- {day(time, look)} "
    return ((_fit(text + "-" * max(0, columns - len(text)), columns), DIM),)


def _moment(time: float, look: Look) -> datetime:
    try:
        return datetime.fromtimestamp(time, look.zone)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, look.zone)


def _phrase(event: Event, text: str, look: Look, me: str, mentioned: bool) -> tuple[list[Span], list[Span]]:
    """The start of the line, under whose end it goes on, and the rest."""
    if event.type in SPOKEN and not event.text:
        text = "(deleted)"
    name: Span = (event.sender, look.name_style(event.sender))
    other: Span = (event.to, look.name_style(event.to))
    said = look.style(HIGHLIGHT) if mentioned else ""
    match event.type:
        case "message":
            return [("[", DIM), name, ("] ", DIM)], [(text, said)]
        case "action":
            return [("* ", DIM), name, (" ", "")], [(text, said)]
        case "notice":
            return [("-", DIM), name, ("- ", DIM)], [(text, said)]
        case "direct" | "direct_action" | "direct_notice":
            before, after = ("-", "- ") if event.type == "direct_notice" else ("[", "] ")
            text = f"* {event.sender} {text}" if event.type == "direct_action" else text
            return [(before, DIM), name, (" -> ", DIM), other, (after, DIM)], [
                (text, look.style(HIGHLIGHT) if not said and event.sender != me else said)
            ]
        case "reaction":
            return [("* ", DIM), name, (" ", "")], [(f"reacts to {event.to} with {text}", "")]
        case "unreaction":
            return [("* ", DIM), name, (" ", "")], [(f"takes back {text} from {event.to}", "")]
        case "join":
            return [("-> ", DIM)], [name, (" has entered the room", DIM)]
        case "leave":
            return [("<- ", DIM)], [name, (" left the room" + (f" ({text})" if text else ""), DIM)]
        case "rename":
            return [("-- ", DIM)], [name, (" is now ", DIM), (event.to, look.name_style(event.to))]
        case "room_rename":
            why = f" ({text})" if text else ""
            return [("-- ", DIM)], [name, (f" renamed the room to {event.to}{why}", "")]
        case "topic":
            what = f" set the topic: {text}" if text else " cleared the topic"
            return [("-- ", DIM)], [name, (what, "")]
        case "kick":
            why = f" ({text})" if text else ""
            return [("<- ", DIM)], [
                *(("user [", DIM), other, ("] was kicked by [", DIM)),
                *(name, (f"]{why}", DIM)),
            ]
        case "mode":
            whom = [(" for [", ""), other, ("]", "")] if event.to else []
            return [("-- ", DIM)], [("user [", ""), name, (f"] set {text}", ""), *whom]
        case "delete":
            return [("-- ", DIM)], [
                *(("user [", DIM), name, (f"] deleted message {text} of [", DIM)),
                *(other, ("]", DIM)),
            ]
        case "announce":
            return [("[", look.style(RED)), name, (" -> everyone] ", look.style(RED))], [(text, look.style(HIGHLIGHT))]
        case "audit" if event.sender:
            whom = [(" [", ""), other, ("]", "")] if event.to else []
            return [("-- [", DIM), name, ("] ", DIM)], [(text, ""), *whom]
        case "error":
            return [("!! ", look.style(RED))], [(text, look.style(RED))]
        case "help":
            return [("   ", "")], [(text, "")]
        case _:
            return [("-- ", look.style(CYAN))], [(text, look.style(CYAN))]


def wrap(start: list[Span], body: list[Span], columns: int) -> list[Row]:
    """
    Break a line at blanks; what comes after goes on under the body's own start.

    @param start: stands before the body in the first row.
    @param body: is wrapped.
    @param columns: the width, at least 1.
    @return: one row or more; none wider than C{columns}.
    """
    lead = sum(width(text) for text, _ in start)
    indent = min(lead, columns // MAX_INDENT)
    rows: list[list[Span]] = [[]]
    used = 0
    fresh = True

    def put(text: str, wide: int, style: str) -> None:
        nonlocal used
        row = rows[-1]
        if row and row[-1][1] == style:
            row[-1] = (row[-1][0] + text, style)
        else:
            row.append((text, style))
        used += wide

    def new_row() -> None:
        nonlocal used, fresh
        rows.append([(" " * indent, "")] if indent else [])
        used = indent
        fresh = True

    for text, style in [*start, ("", ""), *body]:
        for piece, wide in _words(text):
            blank = piece.isspace()
            if used + wide <= columns:
                if not (blank and fresh and len(rows) > 1):
                    put(piece, wide, style)
                    fresh = fresh and blank
                continue
            if blank:
                new_row()
                continue
            if not fresh and wide <= columns - indent:
                new_row()
                put(piece, wide, style)
                fresh = False
                continue
            for grapheme in iter_graphemes(piece):
                cell = width(grapheme)
                if used + cell > columns:
                    new_row()
                if used + cell <= columns:
                    put(grapheme, cell, style)
            fresh = False
    return [tuple(row) for row in rows]


def _words(text: str) -> Iterator[tuple[str, int]]:
    """The words of a text and the blanks between them, each with its width."""
    start = 0
    for index in range(1, len(text) + 1):
        if index == len(text) or (text[index] == " ") != (text[index - 1] == " "):
            piece = text[start:index]
            yield piece, len(piece) if piece.isascii() else width(piece)
            start = index


def _fit(text: str, columns: int) -> str:
    """The start of a text that fits."""
    used, out = 0, []
    for grapheme in iter_graphemes(text):
        used += width(grapheme)
        if used > columns:
            break
        out.append(grapheme)
    return "".join(out)


def fit_row(spans: list[Span], columns: int, fill: str | None = None) -> Row:
    """
    @param spans: what the row shows.
    @param columns: how wide it may be.
    @param fill: the style in which the row is filled up with blanks; None: it is not.
    @return: the row, cut to the width.
    """
    row: list[Span] = []
    left = columns
    for text, style in spans:
        part = _fit(text, left)
        left -= width(part)
        row.append((part, style))
        if part != text:
            break
    if fill is not None and left > 0:
        row.append((" " * left, fill))
    return tuple(row)
