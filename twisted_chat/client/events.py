"""What the server says, as one kind of object, whether it came as text or as JSON. Everything in it is cleaned."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, datetime
from typing import Any

from twisted_chat.client.text import clean

#: Characters of one text that are kept, lines of one answer, and names of one list.
MAX_TEXT = 16 * 1024
MAX_LINES = 500
MAX_NAMES = 10_000
MAX_NAME = 100

#: What is said in rooms, and what to one person.
SPOKEN = frozenset(("message", "action", "notice"))
DIRECT = frozenset(("direct", "direct_action", "direct_notice"))
#: What people did in rooms.
ROOM_TYPES = SPOKEN | {
    "join",
    "leave",
    "rename",
    "topic",
    "kick",
    "mode",
    "delete",
    "reaction",
    "unreaction",
    "room_rename",
}

#: What anyone did: one line, as against what they said and answers, which may have several.
_ONE_LINE = ROOM_TYPES - SPOKEN | {"announce"}


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """
    One thing the server said.

    @ivar type: as in the JSON form of the protocol.
    @ivar id: the event's number, 0 when it has none.
    @ivar time: seconds since the epoch, None when not told.
    @ivar room: with its C{#}; empty when it belongs to none, or (as text) to the current one.
    @ivar sender: who did it.
    @ivar to: to whom, or the new name.
    @ivar text: what was said; C{\\n} separates the lines of an answer.
    @ivar replay: whether it happened earlier and is told again.
    @ivar count: members of a room, or lines of a history.
    @ivar names: members of a room, or rooms.
    @ivar numbered: whether its number was asked for, and is to be shown.
    """

    type: str
    text: str = ""
    id: int = 0
    time: float | None = None
    room: str = ""
    sender: str = ""
    to: str = ""
    replay: bool = False
    count: int | None = None
    names: tuple[str, ...] = ()
    numbered: bool = False


_NAME = r"(\S{1,100}?)"
_TEXT_FORMS = [
    ("announce", re.compile(rf"\[{_NAME} -> everyone\] (.*)")),
    ("direct", re.compile(rf"\[{_NAME} -> {_NAME}\] (.*)")),
    ("message", re.compile(rf"\[{_NAME}\] (.*)")),
    ("direct_notice", re.compile(rf"-{_NAME} -> {_NAME}- (.*)")),
    ("notice", re.compile(rf"-{_NAME}- (.*)")),
    ("reaction", re.compile(rf"\* {_NAME} reacts to {_NAME} with (.*)")),
    ("unreaction", re.compile(rf"\* {_NAME} takes back (?P<text>.*) from (?P<to>\d{{1,20}})")),
    ("action", re.compile(r"\* (\S{1,100}) (.*)")),
    ("join", re.compile(rf"user \[{_NAME}\] has entered the room()")),
    ("leave", re.compile(rf"user \[{_NAME}\] left the room(?: \((.*)\))?")),
    ("rename", re.compile(rf"user \[{_NAME}\] is now \[{_NAME}\]()")),
    ("topic", re.compile(rf"user \[{_NAME}\] set the topic: (.*)")),
    ("topic", re.compile(rf"user \[{_NAME}\] cleared the topic()")),
    ("kick", re.compile(rf"user \[{_NAME}\] was kicked by \[{_NAME}\](?: \((.*)\))?")),
    (
        "delete",
        re.compile(
            rf"user \[{_NAME}\] deleted (?:direct )?message (?P<text>\d{{1,20}}) (?:of|to) \[{_NAME}\](?: \(.*\))?"
        ),
    ),
    ("mode", re.compile(rf"user \[{_NAME}\] set (?P<text>\S.*) for \[{_NAME}\]")),
    ("mode", re.compile(rf"user \[{_NAME}\] set (-?\w[\w-]*(?: \S+)?)")),
    ("room_rename", re.compile(rf"user \[{_NAME}\] renamed the room to (?P<to>#\S{{1,100}}) \((?P<text>.*)\)")),
    ("room_rename", re.compile(rf"user \[{_NAME}\] renamed the room to (?P<to>#\S{{1,100}})(?P<text>)")),
    ("info", re.compile(r"()-- (.*)")),
    ("error", re.compile(r"()!! (.*)")),
]
_REPLAY = re.compile(r"~ (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (.*)")
_ROOM = re.compile(r"(#\S{1,100}) (?=[\[*]|user \[)(.*)")


def parse_text(line: str) -> Event:
    """
    @param line: a line in the text form; any line, the original server's too.
    @return: what it means; an C{info} when it is none of the known lines.
    """
    line = clean(line[: MAX_TEXT + MAX_NAME * 3])
    time, replay = None, False
    if match := _REPLAY.fullmatch(line):
        try:
            time = datetime.fromisoformat(match[1]).replace(tzinfo=UTC).timestamp()
        except ValueError:
            return Event("info", line)
        replay, line = True, match[2]
    room = ""
    if match := _ROOM.fullmatch(line):
        room, line = match[1], match[2]
    for type_, form in _TEXT_FORMS:
        if match := form.fullmatch(line):
            sender, *to, text = match.groups(default="")
            if "to" in form.groupindex:
                to, text = [match["to"]], match["text"]
            elif "text" in form.groupindex:
                to, text = [text], match["text"]
            if type_ == "kick":
                sender, to = to[0], [sender]
            if type_ in SPOKEN and text == "(deleted)" and replay:
                text = ""
            return Event(type_, text, 0, time, room, sender, to[0] if to else "", replay)
    return Event("info", line, 0, time, room, replay=replay)


def parse_json(line: str) -> Event | None:
    """
    @param line: a line in the JSON form.
    @return: what it means; None when it is not an object with a type.
    """
    members = load_object(line)
    if members is None or not isinstance(members.get("type"), str):
        return None
    lists = {"who": "members", "rooms": "rooms", "format": "rooms"}
    type_ = clean(members["type"][:MAX_NAME])
    counted = members.get("lines") if type_ in ("history", "search") else members.get("members")
    sender = members.get("name") if type_ == "format" else members.get("from")
    return Event(
        type_,
        _text(members.get("text")) if type_ in _ONE_LINE else _lines(members.get("text")),
        _number(members.get("id")) or 0,
        _time(members.get("time")),
        _text(members.get("room"), MAX_NAME),
        _text(sender, MAX_NAME),
        _text(members.get("token" if type_ == "pong" else "to"), MAX_NAME),
        members.get("replay") is True,
        _number(counted),
        _names(members.get(lists[type_])) if type_ in lists else (),
    )


def load_object(line: str) -> dict[str, Any] | None:
    """
    @param line: anything.
    @return: the JSON object that it is, or None.
    """
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def as_object(event: Event) -> dict[str, Any]:
    """
    @return: the members that the daemon would have sent for C{event}, as far as they are known.
    """
    members: dict[str, Any] = {"type": event.type}
    if event.id:
        members["id"] = event.id
    if event.time is not None:
        moment = datetime.fromtimestamp(event.time, UTC)
        members["time"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    pairs = {"room": event.room, "from": event.sender, "to": event.to, "text": event.text}
    members.update({name: value for name, value in pairs.items() if value})
    if event.replay:
        members["replay"] = True
    return members


def _text(value: object, limit: int = MAX_TEXT) -> str:
    return clean(value[:limit]) if isinstance(value, str) else ""


def _lines(value: object) -> str:
    if not isinstance(value, str):
        return ""
    return "\n".join(clean(line) for line in value[:MAX_TEXT].split("\n")[:MAX_LINES])


def _number(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < 1 << 63 else None


def _time(value: object) -> float | None:
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value[:40]).timestamp()
    except (ValueError, OverflowError):
        return None


def _names(value: object) -> tuple[str, ...]:
    """Of a list of names, or of objects that have a C{name} or a C{room}."""
    if not isinstance(value, list):
        return ()
    found = []
    for entry in value[:MAX_NAMES]:
        name = entry.get("name", entry.get("room")) if isinstance(entry, dict) else entry
        if isinstance(name, str):
            found.append(clean(name[:MAX_NAME]))
    return tuple(found)
