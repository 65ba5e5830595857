"""The store in one SQLite file: WAL, one thread that writes, one that reads."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..chat.events import Event, Record
from . import database, reading
from .interface import Query, Store, StoreError
from .worker import T, Worker
from .writing import LogWriter


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

    # Opening and closing

    def open(self) -> None:
        self._lock = database.lock(self.path)
        with suppress(OSError):  # SQLite says better what is wrong
            database.make_private(self.path)
        try:
            self._writing = database.connect(self.path)
            try:
                database.prepare(self._writing, self.path, self._sync_commits)
                self._log = LogWriter(self._writing)
                self._reading = database.connect(self.path, read_only=True)
                self._syncing = None if self._sync_commits else database.connect(self.path)
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
        appended = self._writer.ask(self._log.append, records).addCallback(lambda _: self.feed(records))
        if self._log.last_id - self._log.index.upto > self.INDEX_LAG:
            self._writer.ask(self._index_when_idle).addErrback(self._report)
        return appended

    def forget(self, before: int, limit: int) -> Deferred[int]:
        return self._writer.ask(self._log.forget, before, limit)

    def erase(self, name: str, after: int, limit: int) -> Deferred[int | None]:
        return self._writer.ask(self._log.erase, name, after, limit)

    def _report(self, failure: Failure) -> None:
        """What nobody waits for has failed, and not by SQLite."""
        self.log.failure("a defect, please report it", failure)

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
                self._writer.ask(self._checkpoint, self._writing).addErrback(self._report)
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
        return self._log.index.step(self._log.last_id)

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
                return function(self._reading, self._log.rooms)
            except sqlite3.Error as error:
                raise StoreError(str(error)) from error

        if query is None or not query.words:
            return self._reader.ask(answer)
        indexed = ensureDeferred(self._bring_index_up_to_date())
        return indexed.addCallback(lambda _: self._reader.ask(answer))

    def size(self) -> Deferred[int]:
        return self._reader.ask(self._size)

    def _size(self) -> int:
        (span,) = self._reading.execute("SELECT coalesce(max(id) - min(id) + 1, 0) FROM event").fetchone()
        return int(span)

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
