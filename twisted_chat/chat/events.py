"""Events: what happens in a room or between two people, as it is kept in the log and sent to everyone."""

from enum import IntEnum


class Kind(IntEnum):
    """What an event says. The numbers are stored: never change one, only add."""

    MESSAGE = 1
    ACTION = 2
    TOPIC = 3
    DIRECT = 4
    JOIN = 5
    LEAVE = 6
    RENAME = 7


# What people said, as against who came and went; replay on joining a room and search are made of the former.
TALK = frozenset({Kind.MESSAGE, Kind.ACTION, Kind.TOPIC, Kind.DIRECT})


class Event:
    """One thing that happened. Never changed once it is in the log.

    @ivar kind: what happened.
    @ivar time: when, in milliseconds since 1970-01-01 UTC.
    @ivar room: the room's name, or C{None} for a direct message.
    @ivar actor: the name of who did it, as it was then.
    @ivar target: to whom: the addressee of a direct message, the new name of someone renamed; else empty.
    @ivar text: what was said; the topic; the reason for leaving; else empty.
    @ivar id: its place in the log, given by the store when it is committed; 0 before.
    @ivar wire: encoded forms by format, so that each is made once (see L{delivery.session.Format}).
    """

    __slots__ = ("actor", "id", "kind", "room", "target", "text", "time", "wire")

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
        self.wire: dict[object, bytes] | None = None

    def __repr__(self) -> str:
        # No text: events end up in tracebacks and logs.
        return f"<Event {self.id} {self.kind.name} {self.room} {self.actor}>"
