"""Taking things out of the log: a deleted message, what is too old, what an erased account said.

In the thread that writes, and in a transaction.
"""

from __future__ import annotations

import sqlite3

from ..chat.events import ANSWERING, DIRECT
from .interface import ERASED, NOT_WORDS
from .search import COLUMNS, SearchIndex
from .statements import marks, numbers, rows_of


def empty(db: sqlite3.Connection, index: SearchIndex, room: int, id: int) -> None:
    """Take the text of an event away, if it is in that room."""
    found = rows_of(db, COLUMNS, "FROM event WHERE id = ? AND room = ?", (id, room))
    if found:
        index.remove(found)
        db.execute("UPDATE event SET text = '' WHERE id = ?", (id,))


def forget(db: sqlite3.Connection, index: SearchIndex, before: int, limit: int) -> int:
    """See L{Store.forget}. The last event stays, so that its id is not given again."""
    rest = "FROM (SELECT * FROM event WHERE id < (SELECT max(id) FROM event) ORDER BY id LIMIT ?) WHERE time < ?"
    rows = rows_of(db, COLUMNS, rest, (limit, before))
    if rows:
        index.remove(rows)
        db.execute("DELETE FROM event WHERE id BETWEEN ? AND ? AND time < ?", (rows[0][0], rows[-1][0], before))
    return len(rows)


def erase(db: sqlite3.Connection, index: SearchIndex, name: str, after: int, limit: int) -> None:
    """See L{Store.erase}: one part of the log."""
    part, span = "id > ? AND id <= ?", (after, after + limit)

    def spellings(column: str) -> list[str]:
        """How the name is written in this part."""
        found = db.execute(f"SELECT DISTINCT {column} FROM event WHERE {part}", span).fetchall()
        return [spelling for (spelling,) in found if spelling.casefold() == name.casefold()]

    said, told = spellings("actor"), spellings("target")
    if not said and not told:
        return
    by = f"actor IN ({marks(said)})"
    to = f"target IN ({marks(told)}) AND kind NOT IN ({numbers(ANSWERING)})"
    direct = f"kind IN ({numbers(DIRECT)})"
    words = f"FROM event WHERE {part} AND kind NOT IN ({numbers(NOT_WORDS)}) AND ({by} OR {direct} AND {to})"
    index.remove(rows_of(db, COLUMNS, words, (*span, *said, *told)))
    db.execute(f"UPDATE event SET text = '' WHERE id IN (SELECT id {words})", (*span, *said, *told))
    db.execute(f"UPDATE event SET actor = ? WHERE {part} AND {by}", (ERASED, *span, *said))
    db.execute(f"UPDATE event SET target = ? WHERE {part} AND {to}", (ERASED, *span, *told))
