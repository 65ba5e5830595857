"""Reading the log: what a L{Query} is in SQL. In the thread that reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..chat.events import Event, Kind
from .interface import Query, plain, words_of
from .search import matching
from .statements import rows_of

# More than any log has.
_ALL = 1 << 60


def read(db: sqlite3.Connection, numbers: Mapping[str, int], query: Query) -> list[Event]:
    """
    @param numbers: of the rooms, in this database.
    @raise sqlite3.Error: the log could not be read.
    """
    ids, values = _ids(numbers, query)
    if not ids:
        return []
    columns = "event.id, time, kind, room.name, actor, target, text"
    rows = rows_of(db, columns, f"FROM event JOIN room ON room.id = event.room WHERE event.id IN ({ids})", values)
    return [_event(*row) for row in rows]


def first(db: sqlite3.Connection, numbers: Mapping[str, int], query: Query) -> int:
    """The id of the first event that L{read} would return; 0 when there is none."""
    return _number(db, numbers, query, "SELECT coalesce(min(id), 0) FROM event WHERE id IN ({})")


def count(db: sqlite3.Connection, numbers: Mapping[str, int], query: Query) -> int:
    """How many events L{read} would return, if the limit allowed."""
    return _number(db, numbers, replace(query, limit=_ALL), "SELECT count(*) FROM ({})")


def _number(db: sqlite3.Connection, numbers: Mapping[str, int], query: Query, statement: str) -> int:
    ids, values = _ids(numbers, query)
    return int(db.execute(statement.format(ids), values).fetchone()[0]) if ids else 0


def _ids(numbers: Mapping[str, int], query: Query) -> tuple[str, list[object]]:
    """A statement that selects the ids of what is asked for, with its values; an empty one when that is nothing."""
    rooms = [numbers[room] for room in query.rooms if room in numbers]
    if not rooms:
        return "", []
    words = [word for phrase in query.words for word in words_of(plain(phrase))]
    ids, values = _find(rooms, query, words) if words else _tail(rooms, query)
    order = "DESC" if query.after is None else "ASC"
    return f"{ids} ORDER BY 1 {order} LIMIT ?", [*values, query.limit]


def _tail(rooms: Sequence[int], query: Query) -> tuple[str, list[object]]:
    """The ids of the newest (or, with C{after}, oldest) events of rooms: the ends of some runs of one index, merged."""
    order = "DESC" if query.after is None else "ASC"
    parts, values = [], list[object]()
    for room in rooms:
        for presence in (0,) if query.talk else (0, 1):
            own: list[object] = [room, presence]
            limits = _bounds("id", query, own)
            parts.append(
                f"SELECT id FROM (SELECT id FROM event WHERE room = ? AND presence = ?{limits}"
                f" ORDER BY id {order} LIMIT ?)"
            )
            values += [*own, query.limit]
    return " UNION ALL ".join(parts), values


def _find(rooms: Sequence[int], query: Query, words: Sequence[str]) -> tuple[str, list[object]]:
    """The ids of the events that have all the words."""
    condition, values = matching(rooms, words)
    limits = _bounds("rowid", query, values)
    return f"SELECT rowid FROM search WHERE {condition}{limits}", values


def _bounds(column: str, query: Query, values: list[object]) -> str:
    """The condition for C{before} and C{after}; its values are added to the list."""
    limits = ""
    if query.before is not None:
        limits += f" AND {column} < ?"
        values.append(query.before)
    if query.after is not None:
        limits += f" AND {column} > ?"
        values.append(query.after)
    return limits


def _event(id: int, time: int, kind: int, stream: str, actor: str, target: str, text: str) -> Event:
    event = Event(Kind(kind), time, stream if stream.startswith("#") else None, actor, target, text, id)
    event.stream = stream
    return event
