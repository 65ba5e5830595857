"""A store that keeps nothing beyond the process, and the reference for what the others must do."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from ..chat.events import ANSWERING, DIRECT, TALK, Event, Kind, Put, Record
from .interface import ERASED, NOT_WORDS, Query, Store, plain, words_of


class MemoryStore(Store):
    """The newest events, in memory."""

    def __init__(self, keep: int = 100_000) -> None:
        """
        @param keep: how many events are remembered, the oldest being forgotten first.
        """
        self._events: deque[Event] = deque(maxlen=keep)
        self._topics: dict[str, str] = {}
        self._records: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._last_id = 0

    def open(self) -> None:
        pass

    async def append(self, records: Sequence[Record]) -> None:
        for record in records:
            if isinstance(record, Put):
                if record.value is None:
                    self._records.pop((record.kind, record.key), None)
                else:
                    self._records[record.kind, record.key] = record.value
                continue
            self._last_id += 1
            record.id = self._last_id
            self._events.append(record)
            if record.kind is Kind.TOPIC and record.room:
                self._topics[record.room] = record.text
            elif record.kind is Kind.DELETE:
                for event in self._events:
                    if event.id == int(record.text) and event.stream == record.stream:
                        event.text, event.wire = "", None
        self.feed(records)

    async def read(self, query: Query) -> list[Event]:
        matching = self._matching(query)
        found = list(islice(matching, query.limit))
        return found if query.after is not None else found[::-1]

    def _matching(self, query: Query) -> Iterator[Event]:
        words = {word for phrase in query.words for word in words_of(plain(phrase))}
        return (
            event
            for event in (self._events if query.after is not None else reversed(self._events))
            if event.stream in query.rooms
            and (query.before is None or event.id < query.before)
            and (query.after is None or event.id > query.after)
            and (not query.talk or event.kind in TALK)
            and (not words or words <= set(words_of(plain(event.text))))
        )

    async def first(self, query: Query) -> int:
        found = await self.read(query)
        return found[0].id if found else 0

    async def count(self, query: Query) -> int:
        return sum(1 for _ in self._matching(query))

    async def forget(self, before: int, limit: int) -> int:
        count = 0
        while count < limit and self._events and self._events[0].time < before:
            self._events.popleft()
            count += 1
        return count

    async def size(self) -> int:
        return len(self._events)

    async def erase(self, name: str, after: int, limit: int) -> int | None:
        for event in self._events:
            if after < event.id <= after + limit:
                said = event.actor.casefold() == name.casefold()
                told = event.target.casefold() == name.casefold() and event.kind not in ANSWERING
                if (said and event.kind not in NOT_WORDS) or (told and event.kind in DIRECT):
                    event.text = ""
                if said or told:
                    event.actor, event.target = ERASED if said else event.actor, ERASED if told else event.target
                    event.wire = None
        return after + limit if after + limit < self._last_id else None

    async def read_records(self, kind: str) -> list[tuple[str, Mapping[str, Any]]]:
        return [(key, value) for (of, key), value in self._records.items() if of == kind]

    def records(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        return [(kind, key, value) for (kind, key), value in self._records.items()]

    def topics(self) -> list[tuple[str, str]]:
        return [(room, topic) for room, topic in self._topics.items() if topic]

    async def close(self) -> None:
        pass
