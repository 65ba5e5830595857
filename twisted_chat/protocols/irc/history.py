"""Commands about what was said: reading it again, marking it as read, taking it back.

IRCv3 chathistory, read-marker and message-redaction, which are drafts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ...chat import deletion, history, markers
from ...chat.acts import Answer
from ...chat.chat import MAX_NOTE
from ...chat.errors import Refused
from ...chat.events import DIRECT, REACTIONS, SPOKEN, Kind
from ...chat.history import MOST, Part, Shown
from ...chat.text import clean
from .message import Message, plain
from .verbs import verb

if TYPE_CHECKING:
    from .connection import IRCProtocol

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,3}))?Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MESSAGES = SPOKEN | DIRECT
_EVENTS = _MESSAGES | REACTIONS | {Kind.TOPIC, Kind.JOIN, Kind.LEAVE, Kind.RENAME, Kind.KICK, Kind.MODE}

# A place in the log: an id and what it is, or a time in milliseconds since 1970.
Place = tuple[str, int]


class _Wrong(Exception):
    """The command cannot be understood.

    @ivar words: which part of it.
    """

    def __init__(self, text: str, *words: str, code: str = "INVALID_PARAMS") -> None:
        super().__init__(text)
        self.text = text
        self.words = words
        self.code = code


@verb("CHATHISTORY", cost=2)
def chathistory(connection: IRCProtocol, message: Message) -> None:
    """Sends what was said: CHATHISTORY LATEST #room * 50, BEFORE, AFTER, AROUND, BETWEEN, or where: TARGETS."""
    params = message.params
    word = params[0].upper() if params else "*"
    try:
        if word == "TARGETS":
            _check_count(params, 4)
            _targets(connection, _time(params[1]), _time(params[2]), _limit(params[3]))
        elif word in _PARTS:
            _check_count(params, 5 if word == "BETWEEN" else 4)
            target, places = params[1], params[2:-1]
            limit = _limit(params[-1])
            part = _PARTS[word](limit, [_place(connection, place, word == "LATEST") for place in places])
            _show(connection, word, target, part)
        else:
            raise _Wrong("Unknown command")
    except _Wrong as why:
        connection.fail("CHATHISTORY", why.code, word, *why.words, text=why.text)


def _check_count(params: Sequence[str], count: int) -> None:
    if len(params) != count:
        raise _Wrong("Insufficient parameters" if len(params) < count else "Too many parameters")


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text[:9]) < 1:
        raise _Wrong("Invalid limit", text)
    return min(int(text[:9]), MOST)


def _time(text: str) -> int:
    """@return: in milliseconds since 1970."""
    time = parse_time(text)
    if time is None:
        raise _Wrong("Invalid timestamp", text)
    return time


def parse_time(text: str) -> int | None:
    """The parameter C{timestamp=YYYY-MM-DDThh:mm:ss.sssZ} in milliseconds since 1970; C{None}: it is no such thing."""
    matched = _TIME.fullmatch(text.removeprefix("timestamp=")) if text.startswith("timestamp=") else None
    if matched is None:
        return None
    try:
        time = datetime.fromisoformat(matched[1] + "+00:00")
    except ValueError:
        return None
    return (time - _EPOCH) // timedelta(milliseconds=1) + int((matched[2] or "0").ljust(3, "0"))


def _place(connection: IRCProtocol, text: str, any_: bool) -> Place | None:
    if text == "*" and any_:
        return None
    kind, _, value = text.partition("=")
    if kind == "timestamp":
        return "time", _time(text)
    if kind != "msgid":
        raise _Wrong("Places are given as msgid= or timestamp=", text, code="INVALID_MSGREFTYPE")
    if not (value.isascii() and value.isdecimal()) or len(value) > 18:
        raise _Wrong("There is no such message", text)
    return "id", int(value)


def _latest(limit: int, places: Sequence[Place | None]) -> Part:
    return Part(limit) if places[0] is None else _after(limit, places)._replace(newest=True)


def _before(limit: int, places: Sequence[Place | None]) -> Part:
    kind, value = _given(places[0])
    return Part(limit, before=value) if kind == "id" else Part(limit, until=value)


def _after(limit: int, places: Sequence[Place | None]) -> Part:
    kind, value = _given(places[0])
    return Part(limit, after=value) if kind == "id" else Part(limit, since=value + 1)


def _around(limit: int, places: Sequence[Place | None]) -> Part:
    return Part(limit, around=_given(places[0]))


def _between(limit: int, places: Sequence[Place | None]) -> Part:
    """From the first place on, in the direction of the second."""
    one, other = _given(places[0]), _given(places[1])
    if one[0] != other[0]:
        raise _Wrong("Both places are given in the same way, or there is no telling which is first")
    first, last = sorted((one[1], other[1]))
    if one[0] == "id":
        return Part(limit, before=last, after=first, newest=one > other)
    return Part(limit, until=last, since=first + 1, newest=one > other)


def _given(place: Place | None) -> Place:
    assert place is not None
    return place


_PARTS: dict[str, Callable[[int, Sequence[Place | None]], Part]] = {
    "LATEST": _latest,
    "BEFORE": _before,
    "AFTER": _after,
    "AROUND": _around,
    "BETWEEN": _between,
}


def _show(connection: IRCProtocol, word: str, target: str, part: Part) -> None:
    chat, session = connection.chat, connection.session
    kinds = _EVENTS if "draft/event-playback" in connection.caps else _MESSAGES
    if "draft/message-redaction" in connection.caps:
        kinds |= {Kind.DELETE}
    part = part._replace(kinds=kinds)
    # The name as they wrote it: they may have asked for several, and look for the answers by it.
    shown = Shown(title=target, asked=True)
    try:
        if target.startswith("#"):
            history.of_room(chat, session, target, part, shown)
        else:
            _with_person(connection, target, part, shown)
    except Refused:
        connection.fail("CHATHISTORY", "INVALID_TARGET", word, target, text="Messages could not be retrieved")


def _with_person(connection: IRCProtocol, target: str, part: Part, shown: Shown) -> None:
    try:
        history.with_person(connection.chat, connection.session, target, part, shown)
    except Refused as why:
        if why.code != "not-registered":
            raise
        # Nothing is kept for guests.
        connection.lines(_batch(connection, f"chathistory {target}", []))


def _batch(connection: IRCProtocol, head: str, lines: Sequence[str]) -> list[str]:
    if "batch" not in connection.caps:
        return list(lines)
    start, end = f":{connection.server} BATCH +list {head}", f":{connection.server} BATCH -list"
    return [start, *(f"@batch=list {line}" for line in lines), end]


def _targets(connection: IRCProtocol, one: int, other: int, limit: int) -> None:
    first, last = sorted((one, other))

    def answer(found: Sequence[tuple[str, int]]) -> Answer:
        between = [(name, time) for name, time in found if first < time < last]
        chosen = between[:limit] if one <= other else between[-limit:]
        lines = [f":{connection.server} CHATHISTORY TARGETS {name} {write_time(time)}" for name, time in chosen]
        return connection.answer(_batch(connection, "draft/chathistory-targets", lines))

    history.where_to_read(connection.chat, connection.session, first + 1, answer)


def write_time(time: int) -> str:
    """A time as IRCv3 server-time writes it. @param time: in milliseconds since 1970."""
    return (_EPOCH + timedelta(milliseconds=time)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@verb("MARKREAD")
def markread(connection: IRCProtocol, message: Message) -> None:
    """Says up to when one has read, in a room or of somebody, or asks for it: MARKREAD #room [timestamp=TIME]."""
    chat, session, params = connection.chat, connection.session, message.params
    if not params or not params[0]:
        connection.fail("MARKREAD", "NEED_MORE_PARAMS", text="Missing parameters")
        return
    target = params[0].strip()
    try:
        if len(params) == 1:
            markers.tell(chat, session, target)
            return
        time = parse_time(params[1])
        if time is None:
            connection.fail("MARKREAD", "INVALID_PARAMS", params[1], text="Invalid timestamp")
        else:
            markers.mark(chat, session, target, time)
    except Refused as why:
        connection.fail("MARKREAD", "INVALID_PARAMS", target, text=why.sentence)


_NOT_REDACTED = {"no-such-message": "UNKNOWN_MSGID", "not-allowed": "REDACT_FORBIDDEN"}


@verb("REDACT", 2)
def redact(connection: IRCProtocol, message: Message) -> None:
    """Takes back a message, one's own or as an op anyone's: REDACT #room MSGID [:reason]."""
    chat, session = connection.chat, connection.session
    target, word = message.params[0], message.params[1]
    reason = clean(plain(message.params[2])).strip()[:MAX_NOTE] if len(message.params) > 2 else ""
    id = int(word) if word.isascii() and word.isdecimal() and len(word) < 19 else 0

    def refused(why: Refused) -> None:
        code = _NOT_REDACTED.get(why.code)
        if code is not None:
            connection.fail("REDACT", code, target, word, text=why.sentence)
        else:
            connection.fail("REDACT", "INVALID_TARGET", target, text=f"You cannot delete messages from {target}")

    try:
        if target.startswith("#"):
            deletion.delete(chat, session, id, target, reason, refused)
        else:
            deletion.delete_direct(chat, session, target, id, reason, refused)
    except Refused as why:
        refused(why)
