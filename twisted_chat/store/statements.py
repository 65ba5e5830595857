"""Statements with many values and rows at once: with each statement, and each row that SQLite hands over, a thread
gives up the interpreter's lock, and may wait 5 ms to get it back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from ..chat.events import Kind

# So many rows are inserted by one statement, at most.
MOST = 64


class Insert:
    """An C{INSERT} of many rows."""

    def __init__(self, into: str, row: str) -> None:
        """
        @param into: the table, and its columns where they are not all meant.
        @param row: the placeholders of one row, such as C{(?,?)}.
        """
        self._width = row.count("?")
        self._statements = [f"INSERT INTO {into} VALUES {','.join([row] * rows)}" for rows in range(MOST + 1)]

    def execute(self, db: sqlite3.Connection, values: Sequence[object]) -> None:
        """
        @param values: of all rows, one after the other.
        """
        for start in range(0, len(values), self._width * MOST):
            part = values[start : start + self._width * MOST]
            db.execute(self._statements[len(part) // self._width], part)


def rows_of(db: sqlite3.Connection, columns: str, rest: str, values: Sequence[object]) -> list[list[Any]]:
    """All rows of a query, sorted, taken as one.

    @param rest: what follows the columns, from C{FROM} on.
    """
    (text,) = db.execute(f"SELECT json_group_array(json_array({columns})) {rest}", values).fetchone()
    rows: list[list[Any]] = json.loads(text)
    rows.sort()
    return rows


def marks(values: Sequence[object]) -> str:
    """As many placeholders as values, for C{IN}."""
    return ",".join("?" * len(values))


def numbers(kinds: Iterable[Kind]) -> str:
    """Kinds as they are stored, for C{IN}."""
    return ",".join(str(int(kind)) for kind in sorted(kinds))
