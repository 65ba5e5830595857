"""Who wants to be told when somebody comes and goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .acts import Answer, Session
from .errors import Refused
from .interests import Interests
from .names import Name

if TYPE_CHECKING:
    from .chat import Chat
    from .rooms import User

MAX_WATCHED = 100


class Watching(Interests):
    """For each connection the names that it watches, whether they are here or not."""

    def __init__(self) -> None:
        super().__init__()
        self._closely: set[Session] = set()

    def add(self, session: Session, name: Name) -> None:
        """Watch one name more.

        @raise Refused: C{"too-many-watched"}.
        """
        names = self.of(session)
        if name.key in names:
            return
        if len(names) >= MAX_WATCHED:
            raise Refused("too-many-watched", f"You watch {MAX_WATCHED} names already.")
        self.put(session, name.key, name.shown)

    def clear(self, session: Session) -> None:
        """Watch nobody."""
        super().forget(session)

    def forget(self, session: Session) -> None:
        super().forget(session)
        self._closely.discard(session)

    def watch_closely(self, session: Session, closely: bool) -> None:
        """Choose whether a connection is also told what those whom it watches say of themselves (L{passing.tell})."""
        if closely:
            self._closely.add(session)
        else:
            self._closely.discard(session)

    def names(self, session: Session) -> list[str]:
        """What a connection watches, as it was written."""
        return list(self.of(session).values())

    def strangers(self, user: User) -> list[Session]:
        """Who watches someone closely without being in a room with them."""
        watchers = [session for session in self.sessions(user.name.key) if session in self._closely]
        return [s for s in watchers if s.user is not None and not any(s.user in room.members for room in user.rooms)]


def came(chat: Chat, name: Name) -> list[Answer]:
    """What tells those who watch a name that somebody of that name is here."""
    data: dict[str, object] = {"name": name.shown, "here": True}
    return [Answer(s, "watch", f"{name.shown} is here.", data) for s in chat.watching.sessions(name.key)]


def went(chat: Chat, name: Name) -> list[Answer]:
    """What tells them that nobody is any more."""
    data: dict[str, object] = {"name": name.shown, "here": False}
    return [Answer(s, "watch", f"{name.shown} is not here.", data) for s in chat.watching.sessions(name.key)]


def renamed(chat: Chat, old: Name, new: Name) -> list[Answer]:
    """What tells them that somebody is called otherwise."""
    return [] if old.key == new.key else [*went(chat, old), *came(chat, new)]
