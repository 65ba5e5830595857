"""Users and rooms: who is where, right now."""

from __future__ import annotations

from .acts import Act, Session
from .names import Name


class User:
    """A person who is logged in.

    @ivar name: the checked name.
    @ivar rooms: the rooms entered, in order.
    @ivar sessions: the connections.
    @ivar away: the text left when going away, or C{None} when here.
    @ivar farewell: what tells the rooms that the last connection is gone; C{None} before.
    @ivar since, active: when logged in and when last heard of, in seconds since 1970.
    """

    __slots__ = ("active", "away", "farewell", "name", "rooms", "sessions", "since")

    def __init__(self, name: Name, session: Session, now: float) -> None:
        self.name = name
        self.rooms: tuple[Room, ...] = ()
        self.sessions: tuple[Session, ...] = (session,)
        self.away: str | None = None
        self.farewell: Act | None = None
        self.since = self.active = now


class Room:
    """A room.

    @ivar name: its name, which is also its key.
    @ivar skeleton: what the name looks like.
    @ivar topic: its topic, empty for none.
    @ivar members: who is in it, in the order of their coming.
    """

    __slots__ = ("members", "name", "skeleton", "topic")

    def __init__(self, name: str, skeleton: str, topic: str = "") -> None:
        self.name = name
        self.skeleton = skeleton
        self.topic = topic
        self.members: dict[User, None] = {}
