"""Counting what is new, for one session, in its place among what else it is sent."""

from __future__ import annotations

from ..chat.acts import Tally
from ..store.interface import Query, Store
from .session import Format


class Counting:
    """A L{Source} of the answer to a L{Tally}."""

    def __init__(self, store: Store, tally: Tally, upto: int, format: Format) -> None:
        """
        @param upto: the last event before: what came later reaches the session by itself.
        """
        self._store = store
        self._tally = tally
        self._upto = upto
        self._format = format

    async def page(self) -> tuple[bytes, bool]:
        """See L{Source}."""
        counts = {
            room: await self._store.count(Query((room,), 1, self._upto + 1, after, talk=True))
            for room, after in self._tally.since.items()
        }
        answer = self._tally.answer(counts)
        return b"" if answer is None else self._format.answer(answer), False
