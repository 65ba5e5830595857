"""What is kept: events, which happen in a room or between two people, and records of accounts, rooms and bans."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any


class Kind(IntEnum):
    """What an event says. The numbers are stored: never change one, only add."""

    MESSAGE = 1
    ACTION = 2
    TOPIC = 3
    DIRECT = 4
    JOIN = 5
    LEAVE = 6
    RENAME = 7
    KICK = 8
    MODE = 9
    DELETE = 10
    AUDIT = 11
    ANNOUNCE = 12


# What people said, as against who came and went; replay on joining a room and search are made of the former.
TALK = frozenset({Kind.MESSAGE, Kind.ACTION, Kind.TOPIC, Kind.DIRECT, Kind.AUDIT, Kind.ANNOUNCE})

AUDIT = "!audit"


def inbox(key: str) -> str:
    """The stream of the direct messages to an account, given by its key."""
    return "@" + key


class Event:
    """One thing that happened. Never changed once it is in the log.

    @ivar kind: what happened.
    @ivar time: when, in milliseconds since 1970-01-01 UTC.
    @ivar room: the room's name, or C{None} for a direct message.
    @ivar actor: the name of who did it, as it was then.
    @ivar target: to whom: the addressee of a direct message, the new name of someone renamed, who was kicked or whose
        role was changed, whose message was deleted; else empty.
    @ivar text: what was said (empty: it has been deleted); the topic; the reason for leaving or kicking; a mode and its
        value; the id of the deleted message; else empty.
    @ivar stream: under which name it is kept, when that is not the room's: an account's inbox, the audit log.
    @ivar id: its place in the log, given by the store when it is committed; 0 before.
    @ivar wire: encoded forms by format, so that each is made once (see L{delivery.session.Format}).
    """

    __slots__ = ("actor", "id", "kind", "room", "stream", "target", "text", "time", "wire")

    def __init__(
        self, kind: Kind, time: int, room: str | None, actor: str, target: str = "", text: str = "", id: int = 0
    ) -> None:
        self.kind = kind
        self.time = time
        self.room = room
        self.actor = actor
        self.target = target
        self.text = text
        self.id = id
        self.stream = room
        self.wire: dict[object, bytes] | None = None

    def __repr__(self) -> str:
        # No text: events end up in tracebacks and logs.
        return f"<Event {self.id} {self.kind.name} {self.room} {self.actor}>"


@dataclass(slots=True, weakref_slot=True)
class Put:
    """Keep a record, in the same transaction as the events beside it.

    @ivar kind: what it is a record of: C{"account"}, C{"room"}, C{"ban"}.
    @ivar key: of which; there is one record for each kind and key.
    @ivar value: JSON-serialisable; C{None} forgets the record.
    """

    kind: str
    key: str
    value: Mapping[str, Any] | None


# What is kept, as against what is only delivered.
Record = Event | Put
KEPT = frozenset({Event, Put})
