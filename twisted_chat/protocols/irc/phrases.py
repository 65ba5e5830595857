"""What happened, in words, for clients that cannot be told when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from ...chat.events import Event, Kind, by_line

_PHRASES: dict[Kind, Callable[[Event], str]] = {
    Kind.MESSAGE: lambda e: f"<{e.actor}> {e.text}",
    Kind.ACTION: lambda e: f"* {e.actor} {e.text}",
    Kind.NOTICE: lambda e: f"-{e.actor}- {e.text}",
    Kind.DIRECT: lambda e: f"<{e.actor}> {e.text}",
    Kind.DIRECT_ACTION: lambda e: f"* {e.actor} {e.text}",
    Kind.DIRECT_NOTICE: lambda e: f"-{e.actor}- {e.text}",
    Kind.TOPIC: lambda e: f"{e.actor} set the topic: {e.text}",
    Kind.JOIN: lambda e: f"{e.actor} came in",
    Kind.LEAVE: lambda e: f"{e.actor} left" + (f" ({e.text})" if e.text else ""),
    Kind.RENAME: lambda e: f"{e.actor} is now {e.target}",
    Kind.KICK: lambda e: f"{e.target} was kicked by {e.actor}" + (f" ({e.text})" if e.text else ""),
    Kind.MODE: lambda e: f"{e.actor} set {e.text}" + (f" for {e.target}" if e.target else ""),
    Kind.ROOM_RENAME: lambda e: f"{e.actor} renamed the room to {e.target}" + (f" ({e.text})" if e.text else ""),
    Kind.DELETE: lambda e: f"{e.actor} deleted message {e.text.replace(' ', ': ', 1)} of {e.target}",
    Kind.REACTION: lambda e: f"{e.actor} reacts to {e.target} with {e.text}",
    Kind.UNREACTION: lambda e: f"{e.actor} takes back {e.text} from {e.target}",
    Kind.AUDIT: lambda e: f"{e.actor}: {e.text} {e.target}",
    Kind.ANNOUNCE: lambda e: f"{e.actor} to everyone: {e.text}",
}


def in_words(event: Event, ids: bool = False) -> Iterator[str]:
    """An event as lines that begin with its time. @param ids: and with its id."""
    head = f"{event.id} [{stamp(event)}]" if ids else f"[{stamp(event)}]"
    for line in by_line(event):
        words = _PHRASES.get(event.kind, _nothing)(line)
        yield f"{head} {words}"


def stamp(event: Event) -> str:
    """When it was, for people. UTC."""
    return f"{datetime.fromtimestamp(event.time // 1000, UTC):%Y-%m-%d %H:%M:%S}"


def _nothing(event: Event) -> str:
    return ""
