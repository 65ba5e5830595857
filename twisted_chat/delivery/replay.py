"""Replay: a part of the log, sent to one session in pages."""

from __future__ import annotations

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
        self._title = recall.title
        self._asked = recall.asked
        self._begun = False
        before = upto + 1 if recall.before is None else min(recall.before, upto + 1)
        self._query = Query(
            recall.rooms,
            recall.limit,
            before,
            recall.after,
            recall.talk,
            recall.words,
            recall.until,
            recall.since,
            recall.newest,
            recall.kinds,
            recall.between,
        )
        self._around = recall.around
        self.loaded: list[Event] = []

    async def page(self) -> tuple[bytes, bool]:
        """See L{Source}. The events of the page are left in C{loaded}."""
        earlier = await self._earlier(*self._around) if self._around is not None else []
        if self._left > PAGE and not self._query.forward:
            first = await self._store.first(self._query)
            self._query = self._query._replace(after=max(first - 1, 0), since=None, newest=False)
        events = await self._store.read(self._query._replace(limit=min(self._left, PAGE)))
        more = self._left > len(events) == PAGE
        if more:
            self._query = self._query._replace(after=events[-1].id, since=None)
        self._left -= len(events)
        events = self.loaded = [*earlier, *events]
        self._sent += len(events)
        return self._written(events, more), more

    async def _earlier(self, what: str, place: int) -> list[Event]:
        """What comes before a place. The rest begins there."""
        self._around, query = None, self._query
        half = min(self._left, PAGE) // 2
        if what == "id":
            before = place if query.before is None else min(place, query.before)
            earlier = query._replace(before=before, newest=True, limit=half)
            self._query = query._replace(after=place - 1, newest=False)
        else:
            earlier = query._replace(until=place, newest=True, limit=half)
            self._query = query._replace(since=max(place, query.since or 0), newest=False)
        events = await self._store.read(earlier) if half else []
        self._left -= len(events)
        return events

    def _written(self, events: list[Event], more: bool) -> bytes:
        pieces = [self._format(event).replay(event, self._ids, self._title) for event in events]
        start, end = self._default.frame(self._title)
        if not self._begun and (more or self._asked or any(pieces)):
            self._begun = True
            pieces.insert(0, start)
        if self._begun and not more:
            pieces.append(end)
        if not more and self._end is not None and (answer := self._end(self._sent)) is not None:
            pieces.append(self._default.answer(answer))
        return b"".join(pieces)

    def _format(self, event: Event) -> Format:
        return self._formats.get(event.stream or "", self._default)
