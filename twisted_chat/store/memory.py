"""A store that keeps nothing beyond the process, and the reference for what the others must do."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice

from ..chat.events import TALK, Event, Kind
from .interface import Query, Store, plain, words_of


class MemoryStore(Store):
    """The newest events, in memory."""

    def __init__(self, keep: int = 100_000) -> None:
        """
        @param keep: how many events are remembered, the oldest being forgotten first.
        """
        self._events: deque[Event] = deque(maxlen=keep)
        self._topics: dict[str, str] = {}
        self._last_id = 0

    def open(self) -> None:
        pass

    async def append(self, events: Sequence[Event]) -> None:
        for event in events:
            self._last_id += 1
            event.id = self._last_id
            if event.kind is Kind.TOPIC and event.room:
                self._topics[event.room] = event.text
        self._events.extend(events)
        self.feed(events)

    async def read(self, query: Query) -> list[Event]:
        words = {word for phrase in query.words for word in words_of(plain(phrase))}
        oldest_first = query.after is not None
        matching = (
            event
            for event in (self._events if oldest_first else reversed(self._events))
            if event.room in query.rooms
            and (query.before is None or event.id < query.before)
            and (query.after is None or event.id > query.after)
            and (not query.talk or event.kind in TALK)
            and (not words or words <= set(words_of(plain(event.text))))
        )
        found = list(islice(matching, query.limit))
        return found if oldest_first else found[::-1]

    async def first(self, query: Query) -> int:
        found = await self.read(query)
        return found[0].id if found else 0

    def topics(self) -> list[tuple[str, str]]:
        return [(room, topic) for room, topic in self._topics.items() if topic]

    async def close(self) -> None:
        pass
