"""Users and rooms: who is where, right now, and by which rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .acts import Session
from .events import Card
from .names import Name
from .permissions import CLOSING, EXCEPTIONS, Ban, Role

if TYPE_CHECKING:
    from .leaving import Farewell

# The text of being away for no reason given.
UNATTENDED = "*"


# An empty set of their own for each of many people would be 216 bytes each.
_NONE: frozenset[Any] = frozenset()


class User:
    """A person who is here, on one or (with an account) more connections.

    @ivar name: the checked name.
    @ivar rooms: the rooms entered, in order.
    @ivar sessions: the connections.
    @ivar note: the text left when going away, or C{None}.
    @ivar unattended: the connections of which it is said that nobody sits there.
    @ivar metadata: what a guest says of themselves, by key; an account's has its own.
    @ivar marks: by room, the id of the last event read there when last in it.
    @ivar marked: names of the rooms for which their program says what they have read.
    @ivar reads: of a guest, up to when they have read, by their word: see L{markers}.
    @ivar named: since when they have had their name, in seconds since 1970.
    @ivar caught_up: whether what came while they were away has been sent to them.
    @ivar farewell: what is to be said of their leaving, once they have; it changes when what came before is taken back.
    @ivar card: what there is to know beside the name.
    @ivar oper: the key of the account of an administrator that they have shown to own, under another name; else empty.
    @ivar flags: what they have set of themselves: C{"invisible"}, not to be found by those who are in no room with them
        and do not know the name; C{"wallops"}, to be told what administrators tell each other.
    @ivar since, active: when logged in and when last heard of, in seconds since 1970.
    """

    __slots__ = (
        "active",
        "card",
        "caught_up",
        "farewell",
        "flags",
        "marked",
        "marks",
        "metadata",
        "name",
        "named",
        "note",
        "oper",
        "reads",
        "rooms",
        "sessions",
        "since",
        "unattended",
    )

    def __init__(
        self, name: Name, session: Session, now: float, registered: bool = False, card: Card | None = None
    ) -> None:
        self.name = name
        self.card = (card or Card())._replace(registered=registered)
        self.oper = ""
        self.flags: frozenset[str] = _NONE
        self.rooms: tuple[Room, ...] = ()
        self.sessions: tuple[Session, ...] = (session,)
        self.note: str | None = None
        self.unattended: frozenset[Session] = _NONE
        self.metadata: Mapping[str, str] = {}
        self.marks: dict[str, int] = {}
        self.marked: frozenset[str] = _NONE
        self.reads: dict[str, int] = {}
        self.caught_up = not registered
        self.farewell: Farewell | None = None
        self.since = self.active = self.named = now

    @property
    def away(self) -> str | None:
        """Why someone is away; C{"*"} for no reason given, and C{None} when they are here."""
        if self.note is not None or not self.unattended:
            return self.note
        return UNATTENDED if self.unattended.issuperset(self.sessions) else None

    @property
    def registered(self) -> bool:
        """Whether the name is an account that they are logged in to."""
        return self.card.registered

    @registered.setter
    def registered(self, value: bool) -> None:
        self.card = self.card._replace(registered=value)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where they are connected from."""
        return tuple(session.address for session in self.sessions)


class Room:
    """A room.

    @ivar name: its name, which is also its key.
    @ivar skeleton: what the name looks like.
    @ivar topic: its topic, empty for none.
    @ivar topic_by, topic_at: who set it, and when, in seconds since 1970; empty and 0 where that is not known.
    @ivar members: who is in it, in the order of their coming, and what they are there.
    @ivar voiced: keys of ops who have been given voice, too: it is theirs when they are no longer op.
    @ivar roles: what accounts are in it (L{Role.VOICE} and more), whether here or not, by key.
    @ivar modes: those that are set, and their values.
    @ivar bans, mutes: who is kept out, who is kept quiet, by mask.
    @ivar exceptions: who is not, by mask: of bans, of mutes, and of the need for an invitation (L{EXCEPTIONS}).
    @ivar invited: keys of the names that were invited.
    @ivar metadata: what is said of it, by key.
    @ivar pins: ids of the pinned messages.
    @ivar spoken: when people last spoke, in seconds since 1970, by the key of the name; kept in slow mode only.
    @ivar renamed: when it was given its name, if another one before, in seconds since 1970; not kept.
    @ivar made: when it came into being, in seconds since 1970.
    """

    __slots__ = (
        "bans",
        "exceptions",
        "invited",
        "made",
        "members",
        "metadata",
        "modes",
        "mutes",
        "name",
        "pins",
        "renamed",
        "roles",
        "skeleton",
        "spoken",
        "topic",
        "topic_at",
        "topic_by",
        "voiced",
    )

    def __init__(self, name: str, skeleton: str, made: float) -> None:
        self.name = name
        self.skeleton = skeleton
        self.made = made
        self.topic = self.topic_by = ""
        self.topic_at = 0.0
        self.voiced: set[str] = set()
        self.members: dict[User, Role] = {}
        self.roles: dict[str, Role] = {}
        self.modes: dict[str, Any] = {}
        self.bans: dict[str, Ban] = {}
        self.mutes: dict[str, Ban] = {}
        self.exceptions: dict[str, dict[str, Ban]] = {what: {} for what in EXCEPTIONS}
        self.invited: set[str] = set()
        self.pins: tuple[int, ...] = ()
        self.metadata: Mapping[str, str] = {}
        self.renamed = 0.0
        self.spoken: dict[str, float] = {}

    @property
    def lasting(self) -> bool:
        """Whether it is there without members: an account owns it, or it is closed to others, and must not open as long
        as it is some account's."""
        return Role.OWNER in self.roles.values() or (bool(self.roles) and self.closed)

    @property
    def closed(self) -> bool:
        """Whether it keeps people out, or in the dark."""
        return any(mode in CLOSING for mode in self.modes)

    def role(self, user: User) -> Role:
        """What someone is in it."""
        role = self.members.get(user, Role.OUTSIDER)
        return max(role, self.roles.get(user.name.key, role)) if user.registered else role

    def record(self) -> dict[str, Any]:
        """As it is put into the store."""
        return {
            "made": self.made,
            "topic": self.topic,
            "topic_by": self.topic_by,
            "topic_at": self.topic_at,
            "voiced": sorted(self.voiced & self.roles.keys()),
            "roles": {key: int(role) for key, role in self.roles.items()},
            "modes": dict(self.modes),
            "bans": [ban.record() for ban in self.bans.values()],
            "mutes": [mute.record() for mute in self.mutes.values()],
            "exceptions": {
                what: [made.record() for made in table.values()] for what, table in self.exceptions.items() if table
            },
            "invited": sorted(self.invited),
            "pins": self.pins,
            "metadata": dict(self.metadata),
        }

    def restore(self, record: Mapping[str, Any]) -> None:
        """As it comes out of the store."""
        self.made = record["made"]
        self.topic = record["topic"]
        self.topic_by, self.topic_at = record.get("topic_by", ""), record.get("topic_at", 0.0)
        self.voiced = set(record.get("voiced", ()))
        self.roles = {key: Role(role) for key, role in record["roles"].items()}
        self.modes = dict(record["modes"])
        self.bans = {ban["mask"]: Ban(**ban) for ban in record["bans"]}
        self.mutes = {mute["mask"]: Ban(**mute) for mute in record["mutes"]}
        for what, made in record.get("exceptions", {}).items():
            self.exceptions[what] = {each["mask"]: Ban(**each) for each in made}
        self.invited = set(record["invited"])
        self.pins = tuple(record["pins"])
        self.metadata = dict(record.get("metadata", {}))
