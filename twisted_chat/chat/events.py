"""What is kept: events, which happen in a room or between two people, and records of accounts, rooms and bans."""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple


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
    NOTICE = 13
    REACTION = 14
    DIRECT_NOTICE = 15
    DIRECT_ACTION = 16
    UNREACTION = 17
    ROOM_RENAME = 20

    # Not kept.
    AWAY = 101
    ACCOUNT = 102
    PROFILE = 103
    TAGS = 104
    WALLOPS = 105
    INVITE = 106
    PROGRAM = 107
    ROLE = 108


# What is said in rooms, and its author or an op can take back; what is said to one person; and all that people said, as
# against who came and went: replay on joining a room and search are made of it.
SPOKEN = frozenset({Kind.MESSAGE, Kind.ACTION, Kind.NOTICE})
DIRECT = frozenset({Kind.DIRECT, Kind.DIRECT_NOTICE, Kind.DIRECT_ACTION})
REACTIONS = frozenset({Kind.REACTION, Kind.UNREACTION})
TALK = SPOKEN | DIRECT | REACTIONS | {Kind.TOPIC, Kind.AUDIT, Kind.ANNOUNCE}


# What is told to those who are there, and not kept.
PASSING = frozenset(
    {Kind.AWAY, Kind.ACCOUNT, Kind.PROFILE, Kind.TAGS, Kind.WALLOPS, Kind.INVITE, Kind.PROGRAM, Kind.ROLE}
)
# Whose target is the id of a message, and not a name.
ANSWERING = SPOKEN | REACTIONS

AUDIT = "!audit"


def inbox(key: str) -> str:
    """The stream of the direct messages to an account, given by its key."""
    return "@" + key


def sent(key: str) -> str:
    """The stream of the direct messages from an account, given by its key, to people who have none."""
    return ">" + key


class Card(NamedTuple):
    """Who did something, beside the name, as protocols show it that have more to show. It is not kept.

    @ivar ident: what they call themselves on their machine (RFC 1413, in spirit only); plain ASCII.
    @ivar host: where they come from, veiled.
    @ivar registered: whether the name was that of their account.
    @ivar realname: what they call themselves in full.
    @ivar bot: whether they say to be a program.
    """

    ident: str = "user"
    host: str = "chat"
    registered: bool = False
    realname: str = ""
    bot: bool = False


NOBODY = Card()


class Event:
    """One thing that happened. Never changed once it is in the log.

    @ivar kind: what happened.
    @ivar time: when, in milliseconds since 1970-01-01 UTC.
    @ivar room: the room's name, or C{None} for a direct message.
    @ivar actor: the name of who did it, as it was then.
    @ivar target: to whom: the addressee of a direct message, the new name of someone or of a room, who was kicked or
        whose role was changed, whose message was deleted (of direct messages: who the other one is); the id of the
        message that a message answers, or that a reaction is to; else empty.
    @ivar text: what was said, of which lines are separated by C{"\\n"} (empty: it has been deleted); the topic; the
        reason for leaving or kicking; a mode and its value; the id of the deleted message, and after a blank the reason
        if there is one; the sign of a reaction; what one person's program asks or tells the others'; else empty.
    @ivar stream: under which name it is kept, when that is not the room's: an account's inbox, the audit log.
    @ivar id: its place in the log, given by the store when it is committed; 0 before.
    @ivar card: more about the actor; not kept.
    @ivar whole: the same object for all events that tell several rooms of one thing (someone left them all, by leaving
        the chat), of which some formats tell a session once only; not kept.
    @ivar tags: what else the sender's program says about it (IRCv3 message-tags, as they were written); not kept.
    @ivar form: how the sender's protocol wrote the text, for those who are written to by the same protocol, where it
        says more than the text; not kept.
    @ivar aside: what those who are there are told beside the text, and the log is not: a room's new key; not kept.
    @ivar wire: encoded forms by format, so that each is made once (see L{delivery.session.Format}).
    """

    __slots__ = (
        "actor",
        "aside",
        "card",
        "form",
        "id",
        "kind",
        "room",
        "stream",
        "tags",
        "target",
        "text",
        "time",
        "whole",
        "wire",
    )

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
        self.card = NOBODY
        self.whole: object = None
        self.tags = self.aside = ""
        self.form: object = None
        self.wire: dict[object, bytes] | None = None

    def __repr__(self) -> str:
        # No text: events end up in tracebacks and logs.
        return f"<Event {self.id} {self.kind.name} {self.room} {self.actor}>"


def by_line(event: Event) -> Sequence[Event]:
    """An event whose text has several lines, as one of each line that is not blank, for those who are shown lines."""
    if "\n" not in event.text:
        return (event,)
    said = []
    for line in event.text.split("\n"):
        if line:
            said.append(Event(event.kind, event.time, event.room, event.actor, event.target, line, event.id))
            said[-1].card = event.card
    return said


def deleted(event: Event) -> tuple[int, str]:
    """What an event of the kind C{DELETE} says. @return: the id of the deleted message, and the reason."""
    id, _, reason = event.text.partition(" ")
    return int(id), reason


class Passing(Event):
    """Something that those who are there are told, in its place among the rest, and that is not kept."""

    __slots__ = ()


class Put:
    """Keep a record, in the same transaction as the events beside it.

    @ivar kind: what it is a record of: C{"account"}, C{"room"}, C{"ban"}.
    @ivar key: of which; there is one record for each kind and key.
    @ivar value: JSON-serialisable; C{None} forgets the record.
    """

    __slots__ = ("__weakref__", "key", "kind", "value")

    def __init__(self, kind: str, key: str, value: Mapping[str, Any] | None) -> None:
        self.kind = kind
        self.key = key
        self.value = value


class Move:
    """What has been kept of a room up to here is now found under another name, and what was found there no longer is.

    @ivar room: the name of a room, or another stream (L{Event.stream}).
    @ivar to: the other name; C{None}: none, it is out of everyone's reach.
    """

    __slots__ = ("room", "to")

    def __init__(self, room: str, to: str | None) -> None:
        self.room = room
        self.to = to


# What is kept, as against what is only delivered.
Record = Event | Put | Move
KEPT = frozenset({Event, Put, Move})
