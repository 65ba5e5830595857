"""Who was here lately."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from .events import Card

if TYPE_CHECKING:
    from .rooms import User

MAX_DEPARTED = 1_000


class Departure(NamedTuple):
    """Someone who has left, or has taken another name.

    @ivar key, name: the name, as it is compared and as it was shown.
    @ivar card: what else was known of them.
    @ivar address: from where they were last connected.
    @ivar time: when they left, in seconds since 1970.
    """

    key: str
    name: str
    card: Card
    address: str
    time: float


class Departed:
    """The last L{MAX_DEPARTED} of those who left."""

    def __init__(self) -> None:
        self._last: deque[Departure] = deque(maxlen=MAX_DEPARTED)

    def add(self, user: User, address: str, now: float, shunned: bool = False) -> Departure:
        """Someone leaves, or is about to be called otherwise.

        @param shunned: whether nobody is to read what they were called in full.
        """
        card = user.card._replace(realname="") if shunned else user.card
        departure = Departure(user.name.key, user.name.shown, card, address, now)
        self._last.append(departure)
        return departure

    def forget(self, departure: Departure) -> None:
        """They have not left after all."""
        if departure in self._last:
            self._last.remove(departure)

    def find(self, key: str) -> Iterator[Departure]:
        """All who had a name, the last one first."""
        return (each for each in reversed(self._last) if each.key == key)
