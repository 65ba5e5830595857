"""Writing the log: what is appended, and what is taken out again. In the thread that writes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..chat.events import TALK, Event, Kind, Move, Put, Record, deleted
from . import removal
from .interface import StoreError
from .search import SearchIndex
from .statements import MOST, Insert

_INSERT = Insert("event", "(?,?,?,?,?,?,?,?)")
# What an event's kind is in its row: kind and presence. Plain numbers, which are bound without a detour.
_NUMBERS = {kind: (int(kind), int(kind not in TALK)) for kind in Kind}
# These change more than their own row. Getting at a member of an Enum is slow in Python 3.11, asking a set is not.
_RARE = frozenset({Kind.TOPIC, Kind.DELETE})


class LogWriter:
    """The log as the thread that writes has it. All that is asked is done in one transaction or, with a L{StoreError},
    not at all.

    @ivar rooms: the numbers of the rooms, in this database; also for those who read.
    @ivar last_id: the id of the last event.
    @ivar index: for search; it follows.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        """
        @param db: with the newest schema.
        @raise sqlite3.Error: it cannot be read.
        """
        self._db = db
        self.rooms: dict[str, int] = dict(db.execute("SELECT name, id FROM room"))
        self.last_id: int = db.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()[0]
        self.index = SearchIndex(db)

    def append(self, records: Sequence[Record]) -> None:
        """See L{Store.append}."""
        db = self._db
        events = [record for record in records if type(record) is Event]
        puts = [record for record in records if type(record) is Put]
        if len(events) + len(puts) < len(records):
            self._append_moving(records)
            return
        new_rooms = {e.stream for e in events if e.stream is not None and e.stream not in self.rooms}
        # Those who read do not see what may still be undone.
        rooms = dict(self.rooms) if new_rooms else self.rooms
        rare = [e for e in events if e.kind in _RARE]
        topics = [(e.text, e.room) for e in rare if e.kind is Kind.TOPIC]
        deletes = [e for e in rare if e.kind is Kind.DELETE]
        number = self.last_id
        values: list[object] = []
        with self._transaction(bool(new_rooms or topics or deletes or puts) or len(events) > MOST):
            for name in new_rooms:
                rooms[name] = self._new_room(name)
            for event in events:
                number += 1
                kind, presence = _NUMBERS[event.kind]
                room = event.stream
                values += (number, event.time, kind, None if room is None else rooms[room])
                values += (presence, event.actor, event.target, event.text)
            _INSERT.execute(db, values)
            if topics:
                db.executemany("UPDATE room SET topic = ? WHERE name = ?", topics)
            for put in puts:
                _put(db, put)
            for event in deletes:
                removal.empty(db, self.index, rooms[event.stream or ""], deleted(event)[0])
        for i, event in enumerate(events, self.last_id + 1):
            event.id = i
        self.rooms, self.last_id = rooms, number

    def _append_moving(self, records: Sequence[Record]) -> None:
        """The same, where rooms get other names in between."""
        db, rooms = self._db, dict(self.rooms)
        number = self.last_id
        with self._transaction():
            for record in records:
                if isinstance(record, Put):
                    _put(db, record)
                elif isinstance(record, Move):
                    _move(db, rooms, record)
                else:
                    number += 1
                    self._append_one(record, number, rooms)
        events = (record for record in records if isinstance(record, Event))
        for i, event in enumerate(events, self.last_id + 1):
            event.id = i
        self.rooms, self.last_id = rooms, number

    def _append_one(self, event: Event, number: int, rooms: dict[str, int]) -> None:
        db, name = self._db, event.stream
        if name is not None and name not in rooms:
            rooms[name] = self._new_room(name)
        room = None if name is None else rooms[name]
        kind, presence = _NUMBERS[event.kind]
        _INSERT.execute(db, [number, event.time, kind, room, presence, event.actor, event.target, event.text])
        if event.kind is Kind.TOPIC:
            db.execute("UPDATE room SET topic = ? WHERE id = ?", (event.text, room))
        elif event.kind is Kind.DELETE and room is not None:
            removal.empty(db, self.index, room, deleted(event)[0])

    def _new_room(self, name: str) -> int:
        """In a transaction."""
        number: int = self._db.execute("INSERT INTO room (name) VALUES (?) RETURNING id", (name,)).fetchone()[0]
        return number

    def forget(self, before: int, limit: int) -> int:
        """See L{Store.forget}."""
        with self._transaction():
            return removal.forget(self._db, self.index, before, limit)

    def erase(self, name: str, after: int, limit: int) -> int | None:
        """See L{Store.erase}."""
        with self._transaction():
            removal.erase(self._db, self.index, name, after, limit)
        return after + limit if after + limit < self.last_id else None

    @contextmanager
    def _transaction(self, needed: bool = True) -> Iterator[None]:
        """
        @param needed: not for one statement alone, which commits by itself.
        """
        db = self._db
        try:
            if needed:
                db.execute("BEGIN IMMEDIATE")
            yield
            if needed:
                db.execute("COMMIT")
        except Exception as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise StoreError(str(error)) from error
            raise


def _move(db: sqlite3.Connection, rooms: dict[str, int], move: Move) -> None:
    """Events know their room by its number: it is enough to give that another name. One with a blank is no room's."""
    for name, to in ((move.to, None), (move.room, move.to)):
        room = rooms.pop(name, None) if name is not None else None
        if room is None:
            continue
        if to is None:
            db.execute("UPDATE room SET name = name || ' ' || id, topic = '' WHERE id = ?", (room,))
        else:
            db.execute("UPDATE room SET name = ? WHERE id = ?", (to, room))
            rooms[to] = room


def _put(db: sqlite3.Connection, put: Put) -> None:
    if put.value is None:
        db.execute("DELETE FROM record WHERE kind = ? AND key = ?", (put.kind, put.key))
    else:
        value = json.dumps(put.value, ensure_ascii=False, separators=(",", ":"))
        db.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", (put.kind, put.key, value))
