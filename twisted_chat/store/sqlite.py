"""The store in one SQLite file: WAL, one thread that writes, one that reads."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.logger import Logger

from ..chat.events import TALK, Event, Kind, Move, Put, Record, deleted
from . import reading, removal
from .interface import Query, Store, StoreError
from .search import SearchIndex
from .statements import MOST, Insert
from .worker import T, Worker

# "chat" in ASCII, in the file's header: so that we never write into another program's database.
APPLICATION_ID = 0x63686174
SCHEMA = Path(__file__).with_name("schema")

_INSERT = Insert("event", "(?,?,?,?,?,?,?,?)")
# What an event's kind is in its row: kind and presence. Plain numbers, which are bound without a detour.
_NUMBERS = {kind: (int(kind), int(kind not in TALK)) for kind in Kind}
# These change more than their own row. Getting at a member of an Enum is slow in Python 3.11, asking a set is not.
_RARE = frozenset({Kind.TOPIC, Kind.DELETE})


class SQLiteStore(Store):
    """See L{Store}. One transaction an L{append}, on disk (C{synchronous=FULL}) before it is done; or, for those who
    would rather lose a second in a power cut than wait for the disk, in the system's hands then and on disk later.

    The search index follows the log in idle moments, or when it is C{INDEX_LAG} events behind: it costs neither a
    commit nor a recipient anything.
    """

    INDEX_LAG = 2000
    # How often what was committed is put on disk in the background, in seconds.
    SYNC = 1.0
    # When the write-ahead log has so many pages afterwards, the writer copies what has come meanwhile: it can only
    # begin again at its start when all has been copied.
    LONG = 4000

    log = Logger()

    def __init__(self, path: str, from_thread: Callable[..., object], sync_commits: bool = True) -> None:
        """
        @param path: the database file; made when it is not there.
        @param from_thread: runs a function in the reactor's thread (C{IReactorFromThreads.callFromThread}).
        @param sync_commits: whether a commit waits for the disk. Without, what was committed survives the end of the
            process all the same, but not that of the system.
        """
        self._sync_commits = sync_commits
        self._synced = 0
        self._failing = False
        self.path = path
        self._from_thread = from_thread
        self._rooms: dict[str, int] = {}
        self._last_id = 0

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
                self._syncing = None if self._sync_commits else self._connect(self.path)
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
        if self._syncing is not None:
            self._syncer = Worker("log syncer", self._from_thread, self._sync, self.SYNC)
            self._syncer.start()

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
        db.execute(f"PRAGMA synchronous={'FULL' if self._sync_commits else 'NORMAL'}")
        if not self._sync_commits:
            db.execute("PRAGMA wal_autocheckpoint=0")
        db.execute("PRAGMA foreign_keys=ON")
        self._upgrade()
        self._rooms = dict(db.execute("SELECT name, id FROM room"))
        (self._last_id,) = db.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()
        self._index = SearchIndex(db)

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
        ended = self._reader.ask(self._reading.close)
        if self._syncing is not None:
            syncer, syncing = self._syncer, self._syncing
            ended.addBoth(lambda _: syncer.ask(syncing.close)).addBoth(lambda _: syncer.stop())
        ended.addBoth(lambda _: self._writer.ask(self._writing.close))

        def let_go(result: None) -> None:
            self._reader.stop()
            self._writer.stop()
            self._lock.close()

        return ended.addCallback(let_go)

    # Writing

    def append(self, records: Sequence[Record]) -> Deferred[None]:
        appended = self._writer.ask(self._append, records).addCallback(lambda _: self.feed(records))
        if self._last_id - self._index.upto > self.INDEX_LAG:
            self._writer.ask(self._index_when_idle)
        return appended

    def _append(self, records: Sequence[Record]) -> None:
        """In the writer's thread."""
        db, rooms = self._writing, self._rooms
        events = [record for record in records if type(record) is Event]
        puts = [record for record in records if type(record) is Put]
        new_rooms = {e.stream for e in events if e.stream is not None and e.stream not in rooms}
        if len(events) + len(puts) < len(records):
            self._append_moving(records)
            return
        rare = [e for e in events if e.kind in _RARE]
        topics = [(e.text, e.room) for e in rare if e.kind is Kind.TOPIC]
        deletes = [e for e in rare if e.kind is Kind.DELETE]
        number = self._last_id
        values: list[object] = []
        try:
            if new_rooms or topics or deletes or puts or len(events) > MOST:
                db.execute("BEGIN IMMEDIATE")
            for name in new_rooms:
                rooms[name] = db.execute("INSERT INTO room (name) VALUES (?) RETURNING id", (name,)).fetchone()[0]
            for event in events:
                number += 1
                kind, presence = _NUMBERS[event.kind]
                room = event.stream
                values += (number, event.time, kind, None if room is None else rooms[room])
                values += (presence, event.actor, event.target, event.text)
            # One statement alone commits by itself.
            _INSERT.execute(db, values)
            if topics:
                db.executemany("UPDATE room SET topic = ? WHERE name = ?", topics)
            for put in puts:
                _put(db, put)
            for event in deletes:
                removal.empty(db, self._index, rooms[event.stream or ""], deleted(event)[0])
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

    def _append_moving(self, records: Sequence[Record]) -> None:
        """In the writer's thread: the same, where rooms get other names in between."""
        db, rooms = self._writing, dict(self._rooms)
        number = self._last_id
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
        for i, event in enumerate(events, self._last_id + 1):
            event.id = i
        self._rooms, self._last_id = rooms, number

    def _append_one(self, event: Event, number: int, rooms: dict[str, int]) -> None:
        db, name = self._writing, event.stream
        if name is not None and name not in rooms:
            rooms[name] = db.execute("INSERT INTO room (name) VALUES (?) RETURNING id", (name,)).fetchone()[0]
        room = None if name is None else rooms[name]
        kind, presence = _NUMBERS[event.kind]
        _INSERT.execute(db, [number, event.time, kind, room, presence, event.actor, event.target, event.text])
        if event.kind is Kind.TOPIC:
            db.execute("UPDATE room SET topic = ? WHERE id = ?", (event.text, room))
        elif event.kind is Kind.DELETE and room is not None:
            removal.empty(db, self._index, room, deleted(event)[0])

    def forget(self, before: int, limit: int) -> Deferred[int]:
        return self._writer.ask(self._forget, before, limit)

    def _forget(self, before: int, limit: int) -> int:
        with self._transaction():
            return removal.forget(self._writing, self._index, before, limit)

    def erase(self, name: str, after: int, limit: int) -> Deferred[int | None]:
        return self._writer.ask(self._erase, name, after, limit)

    def _erase(self, name: str, after: int, limit: int) -> int | None:
        with self._transaction():
            removal.erase(self._writing, self._index, name, after, limit)
        return after + limit if after + limit < self._last_id else None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        db = self._writing
        try:
            db.execute("BEGIN IMMEDIATE")
            yield
            db.execute("COMMIT")
        except sqlite3.Error as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise StoreError(str(error)) from error

    def size(self) -> Deferred[int]:
        return self._reader.ask(self._size)

    def _size(self) -> int:
        (span,) = self._reading.execute("SELECT coalesce(max(id) - min(id) + 1, 0) FROM event").fetchone()
        return int(span)

    # The disk, when commits do not wait for it

    def _sync(self) -> bool:
        """In the syncer's thread: put on disk what was committed up to now."""
        assert self._syncing is not None
        changes = self._writing.total_changes
        if changes != self._synced:
            pages = self._checkpoint(self._syncing)
            if pages is not None:
                self._synced = changes
            if pages is not None and pages > self.LONG:
                self._writer.ask(self._checkpoint, self._writing)
        return True

    def _checkpoint(self, db: sqlite3.Connection) -> int | None:
        """Put the write-ahead log on disk, and copy it into the database as far as nobody needs it.

        @return: how many pages it has; C{None} if that failed.
        """
        try:
            _, pages, _ = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            if not self._failing:
                self.log.error("the log cannot be put on disk, and that is tried again: {error}", error=error)
            self._failing = True
            return None
        self._failing = False
        return int(pages)

    # Search's index, in the writer's thread

    def _index_when_idle(self) -> bool:
        try:
            return self._index_step()
        except sqlite3.Error as error:
            self.log.error("search index: {error}", error=error)
            return False

    def _index_step(self) -> bool:
        return self._index.step(self._last_id)

    async def _bring_index_up_to_date(self) -> None:
        """In the reactor's thread: step by step, so that commits come between."""
        try:
            while await self._writer.ask(self._index_step):
                pass
        except sqlite3.Error as error:
            raise StoreError(f"search index: {error}") from error

    # Reading

    def read(self, query: Query) -> Deferred[list[Event]]:
        return self._ask_reader(lambda db, rooms: reading.read(db, rooms, query), query)

    def first(self, query: Query) -> Deferred[int]:
        return self._ask_reader(lambda db, rooms: reading.first(db, rooms, query), query)

    def count(self, query: Query) -> Deferred[int]:
        return self._ask_reader(lambda db, rooms: reading.count(db, rooms, query), query)

    def conversations(
        self, rooms: Sequence[str], inbox: str, names: Sequence[str], since: int
    ) -> Deferred[list[tuple[str, int]]]:
        return self._ask_reader(lambda db, known: reading.conversations(db, known, rooms, inbox, names, since))

    def _ask_reader(
        self, function: Callable[[sqlite3.Connection, Mapping[str, int]], T], query: Query | None = None
    ) -> Deferred[T]:
        def answer() -> T:
            try:
                return function(self._reading, self._rooms)
            except sqlite3.Error as error:
                raise StoreError(str(error)) from error

        if query is None or not query.words:
            return self._reader.ask(answer)
        indexed = ensureDeferred(self._bring_index_up_to_date())
        return indexed.addCallback(lambda _: self._reader.ask(answer))

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


def quoted(path: str) -> str:
    """A path for a C{file:} URI."""
    return os.path.abspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
