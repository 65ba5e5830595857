"""The store in one SQLite file: WAL, one thread that writes, one that reads."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.logger import Logger

from ..chat.events import ANSWERING, DIRECT, TALK, Event, Kind, Put, Record
from .interface import ERASED, NOT_WORDS, Query, Store, StoreError, plain, words_of
from .worker import T, Worker

# "chat" in ASCII, in the file's header: so that we never write into another program's database.
APPLICATION_ID = 0x63686174
SCHEMA = Path(__file__).with_name("schema")

_SIZES = 64
_INDEX_INSERTS = [
    "INSERT INTO search (rowid, room, text) VALUES " + ",".join(["(?,?,?)"] * rows) for rows in range(_SIZES + 1)
]
_INDEX_DELETES = [
    "INSERT INTO search (search, rowid, room, text) VALUES " + ",".join(["('delete',?,?,?)"] * rows)
    for rows in range(_SIZES + 1)
]
_INSERTS = ["INSERT INTO event VALUES " + ",".join(["(?,?,?,?,?,?,?,?)"] * rows) for rows in range(_SIZES + 1)]


class SQLiteStore(Store):
    """See L{Store}. One transaction an L{append}, on disk (C{synchronous=FULL}) before it is done.

    Search follows the log in steps of C{INDEX_STEP} events: in idle moments, or when it is C{INDEX_LAG} behind, so that
    the search index costs neither a commit nor a recipient anything.
    """

    INDEX_STEP = 500
    INDEX_LAG = 2000

    log = Logger()

    def __init__(self, path: str, from_thread: Callable[..., object]) -> None:
        """
        @param path: the database file; made when it is not there.
        @param from_thread: runs a function in the reactor's thread (C{IReactorFromThreads.callFromThread}).
        """
        self.path = path
        self._from_thread = from_thread
        self._rooms: dict[str, int] = {}
        self._last_id = 0
        self._indexed = 0

    # Opening and closing

    def open(self) -> None:
        self._lock = self._take_lock()
        with suppress(OSError):  # SQLite says better what is wrong
            make_private(self.path)
        try:
            self._writing = self._connect(self.path)
            try:
                self._prepare()
                self._reading = self._connect(f"file:{quoted(self.path)}?mode=ro")
            except BaseException:
                self._writing.close()
                raise
        except (sqlite3.Error, OverflowError) as error:
            self._lock.close()
            raise StoreError(f"{self.path}: {error}") from error
        except StoreError:
            self._lock.close()
            raise
        self._writer = Worker("log writer", self._from_thread, self._index_when_idle)
        self._reader = Worker("log reader", self._from_thread)
        self._writer.start()
        self._reader.start()

    def _take_lock(self) -> IO[bytes]:
        # A file of its own: closing any descriptor of the database would drop SQLite's own locks on it.
        try:
            lock = open(self.path + ".lock", "ab")  # noqa: SIM115  # held while the store is open
        except OSError as error:
            raise StoreError(f"{self.path}: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise StoreError(f"{self.path}: in use by another daemon") from error
        return lock

    def _connect(self, path: str) -> sqlite3.Connection:
        return sqlite3.connect(
            path,
            timeout=5.0,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
            uri=path.startswith("file:"),
        )

    def _prepare(self) -> None:
        db = self._writing
        (application,) = db.execute("PRAGMA application_id").fetchone()
        (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if application != APPLICATION_ID and tables:
            raise StoreError(f"{self.path}: a database of another program")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA foreign_keys=ON")
        self._upgrade()
        self._rooms = dict(db.execute("SELECT name, id FROM room"))
        (self._last_id,) = db.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()
        (self._indexed,) = db.execute("SELECT upto FROM indexed").fetchone()

    def _upgrade(self) -> None:
        """Bring the schema to the newest version, one numbered file after the other, each in one transaction."""
        db = self._writing
        steps = schema_steps()
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > len(steps):
            raise StoreError(f"{self.path}: made by a newer version of twisted-chat (schema {version})")
        for number, script in list(enumerate(steps, 1))[version:]:
            db.executescript(
                f"BEGIN IMMEDIATE; {script}\n"
                f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={number}; COMMIT;"
            )
            self.log.info("database {path}: schema {number}", path=self.path, number=number)

    def close(self) -> Deferred[None]:
        # The last connection to close copies the write-ahead log into the database and removes it, if it may write.
        ended = self._reader.ask(self._reading.close).addBoth(lambda _: self._writer.ask(self._writing.close))

        def let_go(result: None) -> None:
            self._reader.stop()
            self._writer.stop()
            self._lock.close()

        return ended.addCallback(let_go)

    # Writing

    def append(self, records: Sequence[Record]) -> Deferred[None]:
        appended = self._writer.ask(self._append, records).addCallback(lambda _: self.feed(records))
        if self._last_id - self._indexed > self.INDEX_LAG:
            self._writer.ask(self._index_when_idle)
        return appended

    def _append(self, records: Sequence[Record]) -> None:
        """In the writer's thread."""
        db, rooms = self._writing, self._rooms
        events = [record for record in records if type(record) is Event]
        puts = [record for record in records if type(record) is Put]
        new_rooms = {e.stream for e in events if e.stream is not None and e.stream not in rooms}
        topics = [(e.text, e.room) for e in events if e.kind is Kind.TOPIC]
        deletes = [e for e in events if e.kind is Kind.DELETE]
        number = self._last_id
        values: list[object] = []
        try:
            if new_rooms or topics or deletes or puts or len(events) > _SIZES:
                db.execute("BEGIN IMMEDIATE")
            for name in new_rooms:
                rooms[name] = db.execute("INSERT INTO room (name) VALUES (?) RETURNING id", (name,)).fetchone()[0]
            for event in events:
                number += 1
                kind, room = event.kind, event.stream
                values += (number, event.time, int(kind), None if room is None else rooms[room])
                values += (kind not in TALK, event.actor, event.target, event.text)
            # One statement for many rows: each is one wait for the interpreter's lock, and one alone commits by itself.
            for start in range(0, len(values), 8 * _SIZES):
                part = values[start : start + 8 * _SIZES]
                db.execute(_INSERTS[len(part) // 8], part)
            db.executemany("UPDATE room SET topic = ? WHERE name = ?", topics)
            for put in puts:
                _put(db, put)
            for event in deletes:
                self._empty(rooms[event.stream or ""], int(event.text))
            if db.in_transaction:
                db.execute("COMMIT")
        except Exception as error:
            for name in new_rooms:
                rooms.pop(name, None)
            if db.in_transaction:
                db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise StoreError(str(error)) from error
            raise
        for i, event in enumerate(events, self._last_id + 1):
            event.id = i
        self._last_id = number

    def _empty(self, room: int, id: int) -> None:
        """Take the text of an event away, from the log and from search. In the writer's thread, in a transaction."""
        db = self._writing
        row = db.execute("SELECT text FROM event WHERE id = ? AND room = ?", (id, room)).fetchone()
        if row is None:
            return
        if id <= self._indexed and row[0]:
            self._unindex([(id, f"r{room}", row[0])])
        db.execute("UPDATE event SET text = '' WHERE id = ?", (id,))

    def _unindex(self, rows: Sequence[Sequence[Any]]) -> None:
        for start in range(0, len(rows), _SIZES):
            part = rows[start : start + _SIZES]
            values = [value for id, room, text in part for value in (id, room, plain(text))]
            self._writing.execute(_INDEX_DELETES[len(part)], values)

    # Retention. The last event stays, so that its id is not given again.

    def forget(self, before: int, limit: int) -> Deferred[int]:
        return self._writer.ask(self._forget, before, limit)

    def _forget(self, before: int, limit: int) -> int:
        db = self._writing
        try:
            db.execute("BEGIN IMMEDIATE")
            rows = _rows(
                db,
                "id, coalesce('r' || room, ''), text, presence",
                "FROM (SELECT * FROM event WHERE id < (SELECT max(id) FROM event) ORDER BY id LIMIT ?) WHERE time < ?",
                (limit, before),
            )
            if rows:
                self._unindex([row[:3] for row in rows if row[0] <= self._indexed and row[1] and row[2] and not row[3]])
                db.execute("DELETE FROM event WHERE id BETWEEN ? AND ? AND time < ?", (rows[0][0], rows[-1][0], before))
            db.execute("COMMIT")
        except sqlite3.Error as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise StoreError(str(error)) from error
        return len(rows)

    def erase(self, name: str, after: int, limit: int) -> Deferred[int | None]:
        return self._writer.ask(self._erase, name, after, limit)

    def _erase(self, name: str, after: int, limit: int) -> int | None:
        db = self._writing
        part, span = "id > ? AND id <= ?", (after, after + limit)
        try:
            db.execute("BEGIN IMMEDIATE")
            said = self._spellings("actor", part, span, name.casefold())
            told = self._spellings("target", part, span, name.casefold())
            by = f"actor IN ({_marks(said)})"
            to = f"target IN ({_marks(told)}) AND kind NOT IN ({_numbers(ANSWERING)})"
            direct = f"kind IN ({_numbers(DIRECT)})"
            words = f"FROM event WHERE {part} AND kind NOT IN ({_numbers(NOT_WORDS)}) AND ({by} OR {direct} AND {to})"
            if said or told:
                rows = _rows(db, "id, coalesce('r' || room, ''), text, presence", words, (*span, *said, *told))
                self._unindex([row[:3] for row in rows if row[0] <= self._indexed and row[1] and row[2] and not row[3]])
                db.execute(f"UPDATE event SET text = '' WHERE id IN (SELECT id {words})", (*span, *said, *told))
                db.execute(f"UPDATE event SET actor = ? WHERE {part} AND {by}", (ERASED, *span, *said))
                db.execute(f"UPDATE event SET target = ? WHERE {part} AND {to}", (ERASED, *span, *told))
            db.execute("COMMIT")
        except sqlite3.Error as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise StoreError(str(error)) from error
        return after + limit if after + limit < self._last_id else None

    def _spellings(self, column: str, part: str, span: tuple[int, int], folded: str) -> list[str]:
        """How a name is written in a part of the log."""
        found = self._writing.execute(f"SELECT DISTINCT {column} FROM event WHERE {part}", span).fetchall()
        return [name for (name,) in found if name.casefold() == folded]

    def size(self) -> Deferred[int]:
        return self._reader.ask(self._size)

    def _size(self) -> int:
        (span,) = self._reading.execute("SELECT coalesce(max(id) - min(id) + 1, 0) FROM event").fetchone()
        return int(span)

    # Search's index, in the writer's thread

    def _index_when_idle(self) -> bool:
        try:
            return self._index_step()
        except sqlite3.Error as error:
            self.log.error("search index: {error}", error=error)
            return False

    def _index_step(self) -> bool:
        """Index some more of the log; tell whether there is more to do."""
        if self._indexed >= self._last_id:
            return False
        upto = min(self._indexed + self.INDEX_STEP, self._last_id)
        db = self._writing
        db.execute("BEGIN IMMEDIATE")
        try:
            found = _rows(
                db,
                "id, 'r' || room, text",
                "FROM event WHERE id > ? AND id <= ? AND presence = 0 AND room IS NOT NULL",
                (self._indexed, upto),
            )
            # SQLite itself knows no accents outside the Latin script.
            values = [value for id, room, text in found for value in (id, room, plain(text))]
            for start in range(0, len(values), 3 * _SIZES):
                part = values[start : start + 3 * _SIZES]
                db.execute(_INDEX_INSERTS[len(part) // 3], part)
            db.execute("UPDATE indexed SET upto = ?", (upto,))
            db.execute("COMMIT")
        except sqlite3.Error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        self._indexed = upto
        return upto < self._last_id

    async def _bring_index_up_to_date(self) -> None:
        """In the reactor's thread: step by step, so that commits come between."""
        try:
            while await self._writer.ask(self._index_step):
                pass
        except sqlite3.Error as error:
            raise StoreError(f"search index: {error}") from error

    # Reading

    def read(self, query: Query) -> Deferred[list[Event]]:
        return self._ask_reader(self._read, query)

    def first(self, query: Query) -> Deferred[int]:
        return self._ask_reader(self._first, query)

    def _ask_reader(self, function: Callable[[Query], T], query: Query) -> Deferred[T]:
        if not query.words:
            return self._reader.ask(function, query)
        indexed = ensureDeferred(self._bring_index_up_to_date())
        return indexed.addCallback(lambda _: self._reader.ask(function, query))

    def _read(self, query: Query) -> list[Event]:
        """In the reader's thread."""
        ids, values = self._ids(query)
        if not ids:
            return []
        columns = "event.id, time, kind, room.name, actor, target, text"
        rest = f"FROM event JOIN room ON room.id = event.room WHERE event.id IN ({ids})"
        try:
            rows = _rows(self._reading, columns, rest, values)
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error
        return [_event(*row) for row in rows]

    def _first(self, query: Query) -> int:
        """In the reader's thread."""
        ids, values = self._ids(query)
        if not ids:
            return 0
        try:
            found = self._reading.execute(f"SELECT coalesce(min(id), 0) FROM event WHERE id IN ({ids})", values)
            return int(found.fetchone()[0])
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error

    def count(self, query: Query) -> Deferred[int]:
        return self._ask_reader(self._count, query)

    def _count(self, query: Query) -> int:
        """In the reader's thread."""
        ids, values = self._ids(replace(query, limit=1 << 60))
        if not ids:
            return 0
        try:
            return int(self._reading.execute(f"SELECT count(*) FROM ({ids})", values).fetchone()[0])
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error

    def _ids(self, query: Query) -> tuple[str, list[object]]:
        """A statement that selects the ids of what is asked for, with its values; an empty one when that is nothing."""
        rooms = [self._rooms[room] for room in query.rooms if room in self._rooms]
        if not rooms:
            return "", []
        words = [word for phrase in query.words for word in words_of(plain(phrase))]
        ids, values = _find(rooms, query, words) if words else _tail(rooms, query)
        order = "DESC" if query.after is None else "ASC"
        return f"{ids} ORDER BY 1 {order} LIMIT ?", [*values, query.limit]

    def read_records(self, kind: str) -> Deferred[list[tuple[str, Mapping[str, Any]]]]:
        return self._reader.ask(self._read_records, kind)

    def _read_records(self, kind: str) -> list[tuple[str, Mapping[str, Any]]]:
        try:
            found = self._reading.execute("SELECT key, value FROM record WHERE kind = ?", (kind,)).fetchall()
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error
        return [(key, json.loads(value)) for key, value in found]

    def records(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        found = self._writing.execute("SELECT kind, key, value FROM record")
        return [(kind, key, json.loads(value)) for kind, key, value in found]

    def topics(self) -> list[tuple[str, str]]:
        return self._writing.execute("SELECT name, topic FROM room WHERE topic != ''").fetchall()


def make_private(path: str) -> None:
    """Make a file for its owner alone, when it is not there: it will hold direct messages and hashes of passwords.

    @raise OSError: it cannot be made.
    """
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def in_use(path: str) -> bool:
    """Whether a daemon has the database open."""
    try:
        with open(path + ".lock", "ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def schema_steps() -> list[str]:
    """The scripts that make the schema, in order: the first makes version 1, each other upgrades by one."""
    return [file.read_text(encoding="utf-8") for file in sorted(SCHEMA.glob("*.sql"))]


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _rows(db: sqlite3.Connection, columns: str, rest: str, values: Sequence[object]) -> list[list[Any]]:
    """All rows of a query, sorted, taken as one: with every row that SQLite hands over, a thread gives up the
    interpreter's lock, and may wait 5 ms to get it back."""
    (text,) = db.execute(f"SELECT json_group_array(json_array({columns})) {rest}", values).fetchone()
    rows: list[list[Any]] = json.loads(text)
    rows.sort()
    return rows


def _put(db: sqlite3.Connection, put: Put) -> None:
    if put.value is None:
        db.execute("DELETE FROM record WHERE kind = ? AND key = ?", (put.kind, put.key))
    else:
        value = json.dumps(put.value, ensure_ascii=False, separators=(",", ":"))
        db.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", (put.kind, put.key, value))


def _numbers(kinds: Iterable[Kind]) -> str:
    return ",".join(str(int(kind)) for kind in sorted(kinds))


def _event(id: int, time: int, kind: int, stream: str, actor: str, target: str, text: str) -> Event:
    event = Event(Kind(kind), time, stream if stream.startswith("#") else None, actor, target, text, id)
    event.stream = stream
    return event


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
    quoted = " AND ".join(f'"{word}"' for word in words)
    values: list[object] = [f"room : ({' OR '.join(f'r{room}' for room in rooms)}) AND text : ({quoted})"]
    limits = _bounds("rowid", query, values)
    return f"SELECT rowid FROM search WHERE search MATCH ?{limits}", values


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


def quoted(path: str) -> str:
    """A path for a C{file:} URI."""
    return os.path.abspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
