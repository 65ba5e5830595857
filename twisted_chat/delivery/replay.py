"""Replay: a part of the log, sent to one session in pages."""

from __future__ import annotations

from dataclasses import replace

from ..chat.acts import Recall
from ..chat.events import Event
from ..store.interface import Query, Store
from .session import Format

PAGE = 500


class Replay:
    """A L{Source} of what a L{Recall} asks for.

    However much that is, one page of it is in memory; the next is read when the connection has taken the last.
    """

    def __init__(self, store: Store, recall: Recall, upto: int, formats: dict[str, Format], default: Format) -> None:
        """
        @param upto: the last event before the recall: what came later reaches the session by itself.
        @param formats: by room, as the session had them at that point.
        @param default: for other rooms, and for the answer at the end.
        """
        self._store = store
        self._formats = formats
        self._default = default
        self._end = recall.end
        self._ids = recall.ids
        self._left = recall.limit
        self._sent = 0
        before = upto + 1 if recall.before is None else min(recall.before, upto + 1)
        self._query = Query(recall.rooms, recall.limit, before, recall.after, recall.talk, recall.words)
        self.loaded: list[Event] = []

    async def page(self) -> tuple[bytes, bool]:
        """See L{Source}. The events of the page are left in C{loaded}."""
        if self._left > PAGE and self._query.after is None:
            first = await self._store.first(self._query)
            self._query = replace(self._query, after=max(first - 1, 0))
        events = self.loaded = await self._store.read(replace(self._query, limit=min(self._left, PAGE)))
        self._sent += len(events)
        self._left -= len(events)
        pieces = [self._format(event).replay(event, self._ids) for event in events]
        more = self._left > 0 and len(events) == PAGE
        if more:
            self._query = replace(self._query, after=events[-1].id)
        elif self._end is not None and (answer := self._end(self._sent)) is not None:
            pieces.append(self._default.answer(answer))
        return b"".join(pieces), more

    def _format(self, event: Event) -> Format:
        return self._formats.get(event.stream or "", self._default)
