"""A store that keeps nothing beyond the process, and the reference for what the others must do."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from ..chat.events import ANSWERING, DIRECT, SPOKEN, TALK, Event, Kind, Move, Put, Record, deleted
from .interface import ERASED, EXCHANGED, NOT_WORDS, Query, Store, lowered, plain, words_of


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
            if isinstance(record, Move):
                self._move(record)
                continue
            self._last_id += 1
            record.id = self._last_id
            self._events.append(record)
            if record.kind is Kind.TOPIC and record.room:
                self._topics[record.room] = record.text
            elif record.kind is Kind.DELETE:
                id, _ = deleted(record)
                for event in self._events:
                    if event.id == id and event.stream == record.stream:
                        event.text, event.wire = "", None
        self.feed(records)

    def _move(self, move: Move) -> None:
        for event in self._events:
            if event.stream == move.to is not None:
                event.stream = None
            elif event.stream == move.room:
                event.stream = move.to
        topic = self._topics.pop(move.room, "")
        if move.to is not None:
            self._topics[move.to] = topic

    async def read(self, query: Query) -> list[Event]:
        matching = self._matching(query)
        found = [_as_read(event) for event in islice(matching, query.limit)]
        return found if query.forward else found[::-1]

    def _matching(self, query: Query) -> Iterator[Event]:
        words = {word for phrase in query.words for word in words_of(plain(phrase))}
        return (
            event
            for event in (self._events if query.forward else reversed(self._events))
            if event.stream in query.rooms
            and (query.before is None or event.id < query.before)
            and (query.after is None or event.id > query.after)
            and (not query.talk or event.kind in TALK)
            and (query.since is None or event.time >= query.since)
            and (query.until is None or event.time < query.until)
            and (query.kinds is None or (event.kind in query.kinds and not _is_deleted(event)))
            and (query.between is None or _is_between(event, *query.between))
            and (not words or words <= set(words_of(plain(event.text))))
        )

    async def first(self, query: Query) -> int:
        found = await self.read(query)
        return found[0].id if found else 0

    async def count(self, query: Query) -> int:
        return sum(1 for _ in self._matching(query))

    async def conversations(
        self, rooms: Sequence[str], inbox: str, names: Sequence[str], since: int
    ) -> list[tuple[str, int]]:
        found: dict[str, tuple[str, int]] = {}
        own = _lowered(names)
        for event in self._events:
            where = None
            if event.time < since or _is_deleted(event):
                continue
            if event.kind in SPOKEN and event.stream in rooms:
                where = event.stream
            elif event.kind in DIRECT and event.stream is not None and _lowered([event.actor]) <= own:
                where = event.target
            elif event.kind in DIRECT and event.stream == inbox:
                where = event.actor
            if where is not None:
                (key,) = _lowered([where])
                found.pop(key, None)
                found[key] = where, event.time
        return list(found.values())

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


def _is_deleted(event: Event) -> bool:
    return not event.text and event.kind in SPOKEN | DIRECT


def _lowered(names: Sequence[str]) -> set[str]:
    return {lowered(name) for name in names}


def _is_between(event: Event, one: Sequence[str], other: Sequence[str]) -> bool:
    if event.kind not in EXCHANGED:
        return False
    (actor,), (target,) = _lowered([event.actor]), _lowered([event.target])
    people = (_lowered(one), _lowered(other))
    return (actor in people[0] and target in people[1]) or (actor in people[1] and target in people[0])


def _as_read(event: Event) -> Event:
    """An event of a room that has another name now."""
    stream = event.stream
    if stream is None or stream == event.room or not stream.startswith("#"):
        return event
    return Event(event.kind, event.time, stream, event.actor, event.target, event.text, event.id)
