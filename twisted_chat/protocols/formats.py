"""How the line protocol writes: as text for people, as JSON for programs. See docs/protocol.md."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ..chat.acts import Answer
from ..chat.events import PASSING, Event, Kind, by_line, deleted
from ..delivery.session import Dialect

PROMPT = "Login Id: "
PROMPTS = {"login": PROMPT, "password": "Password: "}

DELETED = "(deleted)"


def _deletion(event: Event) -> str:
    id, reason = deleted(event)
    whose = f"message {id} of [{event.target}]" if event.room else f"direct message {id} to [{event.target}]"
    return f"user [{event.actor}] deleted {whose}" + (f" ({reason})" if reason else "")


# What each kind of event reads like.
_PHRASES: dict[Kind, Callable[[Event], str]] = {
    Kind.MESSAGE: lambda e: f"[{e.actor}] {e.text or DELETED}",
    Kind.ACTION: lambda e: f"* {e.actor} {e.text or DELETED}",
    Kind.NOTICE: lambda e: f"-{e.actor}- {e.text or DELETED}",
    Kind.REACTION: lambda e: f"* {e.actor} reacts to {e.target} with {e.text}",
    Kind.UNREACTION: lambda e: f"* {e.actor} takes back {e.text} from {e.target}",
    Kind.DIRECT: lambda e: f"[{e.actor} -> {e.target}] {e.text or DELETED}",
    Kind.DIRECT_NOTICE: lambda e: f"-{e.actor} -> {e.target}- {e.text or DELETED}",
    Kind.DIRECT_ACTION: lambda e: f"[{e.actor} -> {e.target}] * {e.actor} {e.text or DELETED}",
    Kind.JOIN: lambda e: f"user [{e.actor}] has entered the room",
    Kind.LEAVE: lambda e: f"user [{e.actor}] left the room" + (f" ({e.text})" if e.text else ""),
    Kind.RENAME: lambda e: f"user [{e.actor}] is now [{e.target}]",
    Kind.KICK: lambda e: f"user [{e.target}] was kicked by [{e.actor}]" + (f" ({e.text})" if e.text else ""),
    Kind.MODE: lambda e: f"user [{e.actor}] set {e.text}" + (f" for [{e.target}]" if e.target else ""),
    Kind.ROOM_RENAME: lambda e: f"user [{e.actor}] renamed the room to {e.target}" + (f" ({e.text})" if e.text else ""),
    Kind.DELETE: _deletion,
    Kind.AUDIT: lambda e: f"[{e.actor}] {e.text}" + (f" [{e.target}]" if e.target else ""),
    Kind.ANNOUNCE: lambda e: f"[{e.actor} -> everyone] {e.text}",
    Kind.TOPIC: lambda e: (
        f"user [{e.actor}] set the topic: {e.text}" if e.text else f"user [{e.actor}] cleared the topic"
    ),
}


class TextFormat:
    """Lines for people. The events of the current room read as the original server wrote them."""

    once = False

    def __init__(self, names_room: bool) -> None:
        """
        @param names_room: whether lines begin with the room's name.
        """
        self._names_room = names_room

    def event(self, event: Event) -> bytes:
        if event.wire is None:
            event.wire = {}
        data = event.wire.get(self)
        if data is None:
            if event.kind in PASSING:
                text = ""
            elif "\n" not in event.text:
                text = self._phrase(event) + "\n"
            else:
                text = "".join(self._phrase(line) + "\n" for line in by_line(event))
            data = event.wire[self] = text.encode()
        return data

    def replay(self, event: Event, ids: bool = False, title: str | None = None) -> bytes:
        time = datetime.fromtimestamp(event.time // 1000, UTC)
        number = f"{event.id} " if ids else ""
        head = f"~ {number}{time:%Y-%m-%d %H:%M:%S}"
        return "".join(f"{head} {self._phrase(line)}\n" for line in by_line(event)).encode()

    def frame(self, title: str | None) -> tuple[bytes, bytes]:
        return b"", b""

    def answer(self, answer: Answer) -> bytes:
        prompt = PROMPTS.get(answer.kind)
        if prompt is not None:
            return f"{answer.text}\n{prompt}".encode() if answer.text else prompt.encode()
        mark = "!! " if answer.kind == "error" else "-- "
        return "".join(f"{mark}{line}\n" for line in answer.text.split("\n")).encode()

    def enclose(self, label: str, said: bytes, first: bool = True, last: bool = True) -> bytes:
        return said

    def _phrase(self, event: Event) -> str:
        phrase = _PHRASES[event.kind](event)
        return f"{event.room} {phrase}" if self._names_room and event.room else phrase


class JSONFormat:
    """One object a line."""

    once = False

    def event(self, event: Event) -> bytes:
        if event.wire is None:
            event.wire = {}
        data = event.wire.get(self)
        if data is None:
            data = event.wire[self] = b"" if event.kind in PASSING else _line(self._members(event))
        return data

    def replay(self, event: Event, ids: bool = False, title: str | None = None) -> bytes:
        return _line({**self._members(event), "replay": True})

    def frame(self, title: str | None) -> tuple[bytes, bytes]:
        return b"", b""

    def answer(self, answer: Answer) -> bytes:
        return _line({"type": answer.kind, "text": answer.text, **(answer.data or {})})

    def enclose(self, label: str, said: bytes, first: bool = True, last: bool = True) -> bytes:
        return said

    def _members(self, event: Event) -> dict[str, Any]:
        time = datetime.fromtimestamp(event.time / 1000, UTC)
        members: dict[str, Any] = {
            "type": event.kind.name.lower(),
            "id": event.id,
            "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "room": event.room,
            "from": event.actor,
            "to": event.target,
            "text": event.text,
        }
        if event.kind is Kind.DELETE:
            id, members["reason"] = deleted(event)
            members["text"] = str(id)
        return {name: value for name, value in members.items() if value}


def _line(members: dict[str, Any]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


class Forms(dict[str, Dialect]):
    """Dialects of which a person may choose any."""

    @property
    def forms(self) -> tuple[str, ...]:
        return tuple(self)


_JSON = JSONFormat()
DIALECTS = Forms(
    text=Dialect(TextFormat(names_room=False), TextFormat(names_room=True)),
    json=Dialect(_JSON, _JSON),
)
