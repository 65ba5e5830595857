"""What is said and kept of somebody who has left: a fact, said anew when what came before it is taken back."""

from __future__ import annotations

from collections.abc import Sequence

from .accounts import Account
from .acts import Act, Step
from .catchup import left_behind, remembered
from .chat import Chat
from .events import Event
from .names import parse_name
from .rooms import Room, User


class Farewell(Act):
    """The act of leaving the chat.

    @ivar events: what each of the rooms is told that they were in.
    """

    __slots__ = ("_chat", "_left", "_never_here", "_told", "_user", "events")

    def __init__(self, chat: Chat, user: User, events: dict[Room, Event], told: Sequence[Step]) -> None:
        """
        @param user: who has left: in none of the rooms any more.
        @param told: what others than the rooms are told.
        """
        self.events = events
        self._chat, self._user, self._told = chat, user, told
        self._left = chat.now()
        self._never_here = False
        super().__init__(None, self._said(), fact=True, amend=self._amend)

    def forget(self, account: Account | None) -> None:
        """They have not been here after all.

        @param account: as whom they came in, as it was then: what it missed it still does.
        """
        self._never_here = True
        restore(self._chat, account)

    def _amend(self) -> None:
        """What came before has been taken back: rooms and people have the names they had, and are what they were."""
        self.steps = [] if self._never_here else self._said()

    def _said(self) -> list[Step]:
        chat, user = self._chat, self._user
        for room, event in self.events.items():
            event.room = event.stream = room.name
            event.actor = user.name.shown
        rooms = tuple(self.events)
        steps: list[Step] = [*self.events.values(), *chat.close_rooms(rooms)]
        if user.registered and chat.accounts.get(user.name.key) is not None:
            steps.append(remembered(chat, user, rooms, self._left))
        else:
            steps += left_behind(chat, user)
        return [*steps, *self._told]


def restore(chat: Chat, account: Account | None) -> None:
    """An account has not been here since after all: what it missed it still does.

    @param account: as it was; C{None}: there is none, and nothing to be done.
    """
    now = chat.accounts.get(parse_name(account.name).key) if account is not None else None
    if account is not None and now is not None:
        rooms, markers = account.rooms, account.markers
        chat.accounts.bring_back(now._replace(seen=account.seen, rooms=rooms, markers=markers, inbox=account.inbox))
