"""The search index: it follows the log in small steps."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from .interface import plain
from .statements import Insert, rows_of

_INSERT = Insert("search (rowid, room, text)", "(?,?,?)")
_DELETE = Insert("search (search, rowid, room, text)", "('delete',?,?,?)")


class SearchIndex:
    """Used in the thread that writes.

    @ivar STEP: so many events are indexed in one transaction: some ms.
    @ivar upto: the id of the last event that it has been filled with.
    """

    STEP = 500

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.upto: int = db.execute("SELECT upto FROM indexed").fetchone()[0]

    def step(self, last_id: int) -> bool:
        """Index some more of the log.

        @param last_id: of the log.
        @return: whether there is more to do.
        @raise sqlite3.Error: nothing was done.
        """
        if self.upto >= last_id:
            return False
        upto = min(self.upto + self.STEP, last_id)
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            found = rows_of(
                db,
                "id, 'r' || room, text",
                "FROM event WHERE id > ? AND id <= ? AND presence = 0 AND room IS NOT NULL",
                (self.upto, upto),
            )
            # SQLite itself knows no accents outside the Latin script.
            _INSERT.execute(db, [value for id, room, text in found for value in (id, room, plain(text))])
            db.execute("UPDATE indexed SET upto = ?", (upto,))
            db.execute("COMMIT")
        except Exception:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        self.upto = upto
        return upto < last_id

    def remove(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take events out, as far as they are in. In a transaction.

        @param rows: L{COLUMNS} of each, before their texts are taken away.
        """
        known = [row for row in rows if row[0] <= self.upto and row[1] and row[2] and not row[3]]
        _DELETE.execute(self._db, [value for id, room, text, _ in known for value in (id, room, plain(text))])


# What L{SearchIndex.remove} has to know of an event.
COLUMNS = "id, coalesce('r' || room, ''), text, presence"


def matching(rooms: Sequence[int], words: Sequence[str]) -> tuple[str, list[object]]:
    """The condition for the rows of the index that are of one of the rooms and have all the words; with its values."""
    quoted = " AND ".join(f'"{word}"' for word in words)
    return "search MATCH ?", [f"room : ({' OR '.join(f'r{room}' for room in rooms)}) AND text : ({quoted})"]
