"""What is known of the rooms one is in: who is there, who spoke last, what is unread."""

from __future__ import annotations

import dataclasses

from twisted_chat.client.completion import fold
from twisted_chat.client.events import SPOKEN, Event

#: Members of one room that are remembered, and speakers whose turn is.
MAX_MEMBERS = 10_000
MAX_SPEAKERS = 200


@dataclasses.dataclass
class Room:
    """
    One room.

    @ivar members: names by their folded form.
    @ivar count: how many are there, also when not all names are known.
    @ivar unread: messages that came while another room was the current one.
    @ivar mentioned: whether one of them names oneself.
    """

    name: str
    members: dict[str, str] = dataclasses.field(default_factory=dict)
    count: int = 0
    unread: int = 0
    mentioned: bool = False
    _speakers: dict[str, str] = dataclasses.field(default_factory=dict)

    def names(self) -> list[str]:
        """
        @return: everyone known, those who spoke last first.
        """
        spoke = list(reversed(self._speakers.values()))
        return spoke + [name for key, name in self.members.items() if key not in self._speakers]

    def enter(self, name: str) -> None:
        """Someone is there now."""
        if fold(name) not in self.members:
            self.count += 1
            if len(self.members) < MAX_MEMBERS:
                self.members[fold(name)] = name

    def leave(self, name: str) -> None:
        """Someone is there no more."""
        if self.members.pop(fold(name), None) is not None or self.count > len(self.members):
            self.count = max(0, self.count - 1)
        self._speakers.pop(fold(name), None)

    def spoke(self, name: str) -> None:
        """Someone said something."""
        self._speakers.pop(fold(name), None)
        self._speakers[fold(name)] = name
        if len(self._speakers) > MAX_SPEAKERS:
            del self._speakers[next(iter(self._speakers))]

    def is_members(self, names: tuple[str, ...]) -> None:
        """The server has listed who is there."""
        self.members = {fold(name): name for name in names[:MAX_MEMBERS]}
        self.count = len(names)


class Rooms:
    """
    The rooms one is in, in the order one entered them.

    @ivar current: the name of the one in which one speaks; empty: none.
    """

    def __init__(self) -> None:
        self.current = ""
        self._rooms: dict[str, Room] = {}

    def __getitem__(self, name: str) -> Room:
        """
        @return: the room of that name, remembered from now on.
        """
        if name not in self._rooms:
            self._rooms[name] = Room(name)
        return self._rooms[name]

    def joined(self) -> list[str]:
        """
        @return: the names of all rooms one is in.
        """
        return list(self._rooms)

    def focus(self, name: str) -> None:
        """
        @param name: the room that is now the current one; empty: none.
        """
        self.current = name
        if name:
            room = self[name]
            room.unread, room.mentioned = 0, False

    def keep(self, name: str, before: Rooms) -> None:
        """
        Remember a room, with what was unread there.

        @param before: the rooms of an earlier connection.
        """
        room = self[name]
        if name in before.joined():
            room.unread, room.mentioned = before[name].unread, before[name].mentioned

    def drop(self, name: str) -> None:
        """One is no longer in that room."""
        self._rooms.pop(name, None)
        if self.current == name:
            self.current = ""

    def note(self, event: Event, me: str, mentions_me: bool) -> None:
        """
        Keep count of an event.

        @param event: any; replayed ones say nothing of who is there now.
        @param me: one's own name.
        @param mentions_me: whether it is a message that names oneself.
        """
        name = event.room or self.current
        gone = {"leave": event.sender, "kick": event.to}.get(event.type)
        if not name or gone == me:
            if not event.replay and name:
                self.drop(name)
            return
        if event.room and event.room not in self._rooms and not (event.type == "join" and event.sender == me):
            return
        room = self[name]
        if event.type in SPOKEN:
            room.spoke(event.sender)
            if name != self.current and event.sender != me:
                room.unread += 1
                room.mentioned = room.mentioned or mentions_me
        if event.replay:
            return
        if event.type == "join":
            room.enter(event.sender)
        elif gone:
            room.leave(gone)
        elif event.type == "rename":
            room.leave(event.sender)
            room.enter(event.to)
