"""Reading the log: what a L{Query} is in SQL. In the thread that reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from ..chat.events import DIRECT, SPOKEN, TALK, Event, Kind
from .interface import EXCHANGED, Query, lowered, plain, words_of
from .search import matching
from .statements import marks, numbers, rows_of

_EXCHANGED = f"kind IN ({numbers(EXCHANGED)})"
# Where a time would be in the log, found by halving what is left of it: one statement, as each gives up the
# interpreter's lock. There may be holes in the ids.
_EARLY = "(SELECT time FROM event WHERE id >= (first + end) / 2 ORDER BY id LIMIT 1) < ?1"
_HALVING = f"""
    WITH RECURSIVE half (first, end) AS (
        SELECT (SELECT min(id) FROM event), (SELECT max(id) FROM event) + 1
        UNION ALL
        SELECT iif({_EARLY}, (first + end) / 2 + 1, first), iif({_EARLY}, end, (first + end) / 2)
        FROM half WHERE first < end
    )
    SELECT first FROM half WHERE first = end
"""
# More than any log has.
_ALL = 1 << 60


def read(db: sqlite3.Connection, known: Mapping[str, int], query: Query) -> list[Event]:
    """
    @param known: the numbers of the rooms, in this database.
    @raise sqlite3.Error: the log could not be read.
    """
    ids, values = _ids(db, known, query)
    if not ids:
        return []
    columns = "event.id, time, kind, room.name, actor, target, text"
    rows = rows_of(db, columns, f"FROM event JOIN room ON room.id = event.room WHERE event.id IN ({ids})", values)
    return [_event(*row) for row in rows]


def first(db: sqlite3.Connection, known: Mapping[str, int], query: Query) -> int:
    """The id of the first event that L{read} would return; 0 when there is none."""
    return _number(db, known, query, "SELECT coalesce(min(id), 0) FROM event WHERE id IN ({})")


def count(db: sqlite3.Connection, known: Mapping[str, int], query: Query) -> int:
    """How many events L{read} would return, if the limit allowed."""
    return _number(db, known, query._replace(limit=_ALL), "SELECT count(*) FROM ({})")


def _number(db: sqlite3.Connection, known: Mapping[str, int], query: Query, statement: str) -> int:
    ids, values = _ids(db, known, query)
    return int(db.execute(statement.format(ids), values).fetchone()[0]) if ids else 0


def _ids(db: sqlite3.Connection, known: Mapping[str, int], query: Query) -> tuple[str, list[object]]:
    """A statement that selects the ids of what is asked for, with its values; an empty one when that is nothing."""
    rooms = [known[room] for room in query.rooms if room in known]
    if not rooms:
        return "", []
    words = [word for phrase in query.words for word in words_of(plain(phrase))]
    query = _place(db, query)
    ids, values = _find(rooms, query, words) if words else _tail(rooms, query)
    return f"{ids} ORDER BY 1 {_order(query)} LIMIT ?", [*values, query.limit]


def _place(db: sqlite3.Connection, query: Query) -> Query:
    """The same with ids in the place of times."""
    if query.since is not None:
        after = max(_id_at(db, query.since) - 1, 0 if query.after is None else query.after)
        query = query._replace(newest=not query.forward, after=after, since=None)
    if query.until is not None:
        before = _id_at(db, query.until)
        query = query._replace(before=before if query.before is None else min(before, query.before), until=None)
    return query


def _id_at(db: sqlite3.Connection, time: int) -> int:
    """The id of the first event from a time on; of the next to come, if there is none."""
    found = db.execute(_HALVING, (time,)).fetchone()
    return int(found[0]) if found is not None else 0


def _order(query: Query) -> str:
    return "ASC" if query.forward else "DESC"


def _tail(rooms: Sequence[int], query: Query) -> tuple[str, list[object]]:
    """The ids of the newest or oldest events of rooms: the ends of some runs of one index, merged."""
    parts, values = [], list[object]()
    for room in rooms:
        for condition, own in _runs(query):
            given: list[object] = [room, *own]
            limits = _bounds("id", query, given)
            if query.kinds is not None:
                limits += f" AND kind IN ({numbers(query.kinds)})"
                limits += f" AND (text != '' OR kind NOT IN ({numbers(SPOKEN | DIRECT)}))"
            parts.append(
                f"SELECT id FROM (SELECT id FROM event WHERE room = ? AND {condition}{limits}"
                f" ORDER BY id {_order(query)} LIMIT ?)"
            )
            values += [*given, query.limit]
    return " UNION ALL ".join(parts), values


def _runs(query: Query) -> list[tuple[str, Sequence[str]]]:
    """The parts of a room's events that may have what is asked for, each in the order of one index: as conditions, with
    their values."""
    if query.between is None:
        talk = query.talk or (query.kinds is not None and query.kinds <= TALK)
        return [(f"presence = {presence}", ()) for presence in ((0,) if talk else (0, 1))]
    one, other = query.between
    ways = [(one, other), (other, one)]
    return [
        (
            f"{_EXCHANGED} AND actor COLLATE NOCASE IN ({marks(actor)}) AND target COLLATE NOCASE IN ({marks(target)})",
            (*actor, *target),
        )
        for actor, target in (ways[:1] if one == other else ways)
    ]


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


def conversations(
    db: sqlite3.Connection, known: Mapping[str, int], rooms: Sequence[str], inbox: str, names: Sequence[str], since: int
) -> list[tuple[str, int]]:
    """See L{Store.conversations}."""
    there = [known[room] for room in rooms if room in known]
    statement, values = _last_said(there, known.get(inbox, 0), names, _id_at(db, since))
    rows = rows_of(db, "id, who, time", f"FROM ({statement})", values)
    # The last of each, in the order of the log: the rows are sorted.
    found: dict[str, tuple[str, int]] = {}
    for _, who, time in rows:
        found.pop(lowered(who), None)
        found[lowered(who)] = who, time
    return list(found.values())


def _last_said(rooms: Sequence[int], inbox: int, names: Sequence[str], first: int) -> tuple[str, list[object]]:
    """The last message in each room, from each person and to each person.

    @param inbox: the stream of the messages to the one who asks.
    @param names: the ways to write the name of the one who asks.
    @param first: the id from which on they count.
    """
    parts, values = [], list[object]()
    for room in rooms:
        parts.append(
            "SELECT * FROM ("
            "SELECT room.name AS who, event.id AS id, time FROM event JOIN room ON room.id = event.room"
            f" WHERE event.room = ? AND presence = 0 AND event.id >= ? AND kind IN ({numbers(SPOKEN)})"
            " AND text != '' ORDER BY event.id DESC LIMIT 1)"
        )
        values += [room, first]
    for column, condition, own in (
        ("actor", "room = ? AND presence = 0", [inbox]),
        ("target", f"room IS NOT NULL AND actor COLLATE NOCASE IN ({marks(names)})", names),
    ):
        parts.append(
            f"SELECT {column} AS who, max(id) AS id, time FROM event WHERE {_EXCHANGED} AND {condition} AND id >= ?"
            f" AND kind != {int(Kind.DELETE)} AND text != '' GROUP BY {column} COLLATE NOCASE"
        )
        values += [*own, first]
    return " UNION ALL ".join(parts), values


def _event(id: int, time: int, kind: int, stream: str, actor: str, target: str, text: str) -> Event:
    event = Event(Kind(kind), time, stream if stream.startswith("#") else None, actor, target, text, id)
    event.stream = stream
    return event
