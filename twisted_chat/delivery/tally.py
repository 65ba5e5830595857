"""Counting what is new, and where, for one session, in its place among what else it is sent."""

from __future__ import annotations

from ..chat.acts import Survey, Tally
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
            room: await self._store.count(
                Query((room,), 1, self._upto + 1, after, talk=True, since=self._tally.read.get(room))
            )
            for room, after in self._tally.since.items()
        }
        answer = self._tally.answer(counts)
        return b"" if answer is None else self._format.answer(answer), False


class Surveying:
    """A L{Source} of the answer to a L{Survey}."""

    def __init__(self, store: Store, survey: Survey, format: Format) -> None:
        self._store = store
        self._survey = survey
        self._format = format

    async def page(self) -> tuple[bytes, bool]:
        """See L{Source}."""
        survey = self._survey
        found = await self._store.conversations(survey.rooms, survey.inbox, survey.names, survey.since)
        return self._format.answer(survey.answer(found)), False
