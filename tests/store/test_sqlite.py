"""The store in a SQLite file: the contract, and what only a file can do wrong."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from contract import LOBBY, StoreContract, members, said
from twisted.internet import reactor, task
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from twisted_chat.chat.events import Event, Kind, Move, Put
from twisted_chat.store import database
from twisted_chat.store.database import schema_steps
from twisted_chat.store.interface import Query, StoreError
from twisted_chat.store.sqlite import SQLiteStore

timed: Any = reactor


class FileCase(TestCase):
    """With a folder for files, and stores that are always closed."""

    def folder(self) -> Path:
        folder = tempfile.mkdtemp(prefix="twisted-chat-test-")
        self.addCleanup(shutil.rmtree, folder)
        return Path(folder)

    def open(self, path: Path | str) -> SQLiteStore:
        store = SQLiteStore(str(path), timed.callFromThread)
        store.feed = lambda events: None
        store.open()
        self._open.append(store)
        return store

    def setUp(self) -> None:
        self._open: list[SQLiteStore] = []
        self.path = self.folder() / "chat.sqlite"
        self.addCleanup(self.close_all)

    async def close_all(self) -> None:
        while self._open:
            await self.close(self._open[0])

    async def close(self, store: SQLiteStore) -> None:
        self._open.remove(store)
        await store.close()
        for worker in (store._writer, store._reader, *([store._syncer] if store._syncing else [])):
            await deferToThread(worker._thread.join, 5.0)

    def refused(self, path: Path | str) -> str:
        """Why a path cannot be opened: one line that names it."""
        why = str(self.assertRaises(StoreError, SQLiteStore(str(path), timed.callFromThread).open))
        self.assertIn(str(path), why)
        self.assertNotIn("\n", why)
        return why

    async def texts(self, store: SQLiteStore, *words: str) -> list[str]:
        return [event.text for event in await store.read(Query((LOBBY,), 100, words=words))]


class SQLiteContractTests(StoreContract, TestCase):
    def make(self) -> SQLiteStore:
        folder = tempfile.mkdtemp(prefix="twisted-chat-test-")
        self.addCleanup(shutil.rmtree, folder)
        return SQLiteStore(folder + "/chat.sqlite", timed.callFromThread)

    async def close(self) -> None:
        await self.store.close()
        for worker in (self.store._writer, self.store._reader, *([self.store._syncer] if self.store._syncing else [])):
            await deferToThread(worker._thread.join, 5.0)


class SyncedLaterContractTests(SQLiteContractTests):
    def make(self) -> SQLiteStore:
        path = super().make().path
        return SQLiteStore(path, timed.callFromThread, sync_commits=False)


class SyncedLaterTests(FileCase):
    """Commits that do not wait for the disk, and what follows in the background."""

    def opened(self, **settings: float) -> SQLiteStore:
        store = SQLiteStore(str(self.path), timed.callFromThread, sync_commits=False)
        store.feed = lambda events: None
        for name, value in {"SYNC": 0.02, **settings}.items():
            setattr(store, name, value)
        store.open()
        self._open.append(store)
        return store

    def on_disk(self) -> int:
        """How many events the file has by itself, without the write-ahead log."""
        copy = self.folder() / "copy.sqlite"
        shutil.copy(self.path, copy)
        db = sqlite3.connect(copy)
        try:
            (events,) = db.execute("SELECT count(*) FROM event").fetchone()
        except sqlite3.DatabaseError:  # it is just being written
            events = -1
        db.close()
        return int(events)

    async def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(500):
            if condition():
                return
            await task.deferLater(timed, 0.01)
        self.fail("that has not happened in time")

    async def test_a_commit_does_not_wait_for_the_disk_and_copies_nothing(self) -> None:
        store = self.opened(SYNC=60.0)
        self.assertEqual(store._writing.execute("PRAGMA synchronous").fetchone(), (1,))
        for _ in range(1500):
            store._log.append([said("x")])
        self.assertLess(self.on_disk(), 1)

    async def test_what_was_committed_follows_to_the_disk(self) -> None:
        store = self.opened()
        for events in (1, 2):
            await store.append([said("x")])
            await self.until(lambda events=events: self.on_disk() == events)  # type: ignore[misc]

    async def test_the_disk_is_left_alone_when_there_is_nothing_new(self) -> None:
        store = self.opened()
        store._index_step = lambda: False  # type: ignore[method-assign]
        await store.append([said("x")])
        await self.until(lambda: store._synced == store._writing.total_changes)
        with mock.patch.object(store, "_checkpoint", return_value=1) as checkpoint:
            await task.deferLater(timed, 0.2)
        checkpoint.assert_not_called()

    async def test_what_could_not_be_put_on_disk_is_tried_again(self) -> None:
        store = self.opened()
        logged: list[str] = []
        store.log = mock.Mock(error=lambda text, **values: logged.append(text))
        good = store._syncing
        broken = mock.Mock(side_effect=sqlite3.OperationalError("disk I/O error"))
        store._syncing = mock.Mock(execute=broken)
        await store.append([said("x")])
        await self.until(lambda: broken.call_count > 2)
        store._syncing = good
        await self.until(lambda: self.on_disk() == 1)
        self.assertEqual(len(logged), 1)
        self.assertIn("cannot be put on disk", logged[0])

    async def test_the_write_ahead_log_begins_again_also_when_there_is_no_pause(self) -> None:
        store = self.opened(LONG=20)
        largest = 0
        for _ in range(40):
            await store.append([said("x" * 500) for _ in range(200)])
            await store.append([said("x")])
            largest = max(largest, Path(f"{self.path}-wal").stat().st_size)
            await task.deferLater(timed, 0.01)
        (pages,) = store._writing.execute("PRAGMA page_count").fetchone()
        self.assertLess(largest, pages * 4096)


class LastingTests(FileCase):
    async def test_all_is_there_after_closing_and_opening(self) -> None:
        store = self.open(self.path)
        events = [said("one"), said("set", kind=Kind.TOPIC), said("psst", None, Kind.DIRECT, target="bob"), said("two")]
        await store.append(events)
        before = await store.read(Query((LOBBY,), 9))
        await self.close(store)
        store = self.open(self.path)
        after = await store.read(Query((LOBBY,), 9))
        self.assertEqual([members(event) for event in after], [members(event) for event in before])
        self.assertEqual(store.topics(), [(LOBBY, "set")])
        more = [said("three")]
        await store.append(more)
        self.assertEqual(more[0].id, 5)
        self.assertEqual(await self.texts(store), ["one", "set", "two", "three"])

    async def test_what_was_appended_is_there_without_closing(self) -> None:
        store = self.open(self.path)
        await store.append([said("kept")])
        copy = self.folder() / "copy.sqlite"
        for end in ("", "-wal"):
            shutil.copy(f"{self.path}{end}", f"{copy}{end}")
        self.assertEqual(await self.texts(self.open(copy)), ["kept"])

    async def test_closing_leaves_one_file_with_all_in_it(self) -> None:
        store = self.open(self.path)
        await store.append([said("kept")])
        await self.close(store)
        self.assertEqual({p.name for p in self.path.parent.iterdir()} - {"chat.sqlite.lock"}, {"chat.sqlite"})

    async def test_appending_is_done_before_closing(self) -> None:
        store = self.open(self.path)
        done = [store.append([said("last")])]
        await self.close(store)
        await done[0]
        self.assertEqual(await self.texts(self.open(self.path)), ["last"])

    async def test_the_log_waits_for_the_disk_and_not_for_the_readers(self) -> None:
        store = self.open(self.path)
        self.assertEqual(store._writing.execute("PRAGMA journal_mode").fetchone(), ("wal",))
        self.assertEqual(store._writing.execute("PRAGMA synchronous").fetchone(), (2,))

    async def test_the_reading_connection_cannot_write(self) -> None:
        store = self.open(self.path)
        self.assertRaises(sqlite3.OperationalError, store._reading.execute, "DELETE FROM event")

    async def test_paths_with_signs_that_mean_something_in_addresses(self) -> None:
        for name in ("a#b.sqlite", "a?b=c.sqlite", "a%20b.sqlite", "a b.sqlite", "Ünal 李.sqlite"):
            store = self.open(self.path.parent / name)
            await store.append([said(name)])
            self.assertEqual(await self.texts(store), [name])
            self.assertTrue((self.path.parent / name).exists())


class SchemaTests(FileCase):
    def version(self) -> int:
        with sqlite3.connect(self.path) as db:
            found: int = db.execute("PRAGMA user_version").fetchone()[0]
        db.close()
        return found

    def steps(self, *more: str) -> None:
        steps = [*schema_steps(), *more]
        patch = mock.patch.object(database, "schema_steps", lambda: steps)
        patch.start()
        self.addCleanup(patch.stop)

    async def test_a_new_file_has_the_newest_version_and_says_whose_it_is(self) -> None:
        await self.close(self.open(self.path))
        self.assertEqual(self.version(), len(schema_steps()))
        self.assertEqual(self.path.read_bytes()[68:72], b"chat")

    async def test_an_older_file_is_upgraded_and_keeps_all(self) -> None:
        store = self.open(self.path)
        await store.append([said("old")])
        await self.close(store)
        old = self.version()
        self.steps(
            "CREATE TABLE pin (event INTEGER); INSERT INTO pin SELECT id FROM event; -- a remark", "DROP TABLE pin;"
        )
        store = self.open(self.path)
        await store.append([said("new")])
        self.assertEqual(await self.texts(store), ["old", "new"])
        await self.close(store)
        self.assertEqual(self.version(), old + 2)

    async def test_a_file_of_schema_1_learns_of_records_and_keeps_its_log(self) -> None:
        with sqlite3.connect(self.path) as db:
            db.executescript(
                f"PRAGMA journal_mode=WAL; {schema_steps()[0]} PRAGMA user_version=1;"
                f"PRAGMA application_id={database.APPLICATION_ID};"
                "INSERT INTO room VALUES (1, '#lobby', 'rules');"
                "INSERT INTO event VALUES (1, 1795341600000, 1, 1, 0, 'kim', '', 'an old apple');"
                "INSERT INTO event VALUES (2, 1795341600000, 3, NULL, 0, 'kim', 'bob', 'psst');"
            )
        db.close()
        store = self.open(self.path)
        self.assertEqual((store.topics(), store.records()), ([(LOBBY, "rules")], []))
        account = Put("account", "ann", {"name": "ann"})
        await store.append([said("a new apple"), account, said("1", kind=Kind.DELETE, target="kim")])
        self.assertEqual(await self.texts(store, "apple"), ["a new apple"])
        await self.close(store)
        self.assertEqual(self.version(), len(schema_steps()))
        store = self.open(self.path)
        self.assertEqual(store.records(), [("account", "ann", {"name": "ann"})])
        self.assertEqual(await self.texts(store), ["", "a new apple", "1"])

    async def test_an_upgrade_that_fails_changes_nothing(self) -> None:
        store = self.open(self.path)
        await store.append([said("old")])
        await self.close(store)
        old = self.version()
        with mock.patch.object(database, "schema_steps", lambda: [*schema_steps(), "CREATE TABLE pin (x); BAD;"]):
            self.assertIn("syntax error", self.refused(self.path))
        self.assertEqual(self.version(), old)
        self.assertEqual(await self.texts(self.open(self.path)), ["old"])

    async def test_a_file_of_a_newer_version_is_refused(self) -> None:
        await self.close(self.open(self.path))
        with sqlite3.connect(self.path) as db:
            db.execute("PRAGMA user_version=99")
        db.close()
        self.assertIn("newer version of twisted-chat (schema 99)", self.refused(self.path))

    def test_the_steps_are_numbered_without_gaps(self) -> None:
        names = sorted(p.name for p in (database.SCHEMA).glob("*.sql"))
        self.assertEqual(names, [f"{number:04}.sql" for number in range(1, len(names) + 1)])
        self.assertEqual(len(schema_steps()), len(names))


class RefusedTests(FileCase):
    def test_another_programs_database_is_refused_and_not_touched(self) -> None:
        db = sqlite3.connect(self.path)
        db.execute("CREATE TABLE bookmarks (url TEXT)")
        db.commit()
        db.close()
        before = self.path.read_bytes()
        self.assertIn("a database of another program", self.refused(self.path))
        self.assertEqual(self.path.read_bytes(), before)

    def test_a_file_that_is_no_database_is_refused_and_not_touched(self) -> None:
        self.path.write_bytes(b"To do: buy milk.\n" * 1000)
        self.assertIn("not a database", self.refused(self.path))
        self.assertEqual(self.path.read_bytes(), b"To do: buy milk.\n" * 1000)

    async def test_a_file_cut_off_in_the_middle_is_refused(self) -> None:
        await self.close(self.open(self.path))
        with open(self.path, "r+b") as file:
            file.truncate(4096)
        self.refused(self.path)

    def test_a_folder_is_refused(self) -> None:
        self.refused(self.path.parent)

    def test_a_file_in_a_folder_that_is_not_there_is_refused(self) -> None:
        self.assertIn("No such file or directory", self.refused(self.path.parent / "none" / "chat.sqlite"))

    async def test_a_file_that_another_daemon_uses_is_refused_until_that_has_ended(self) -> None:
        store = self.open(self.path)
        self.assertIn("in use by another daemon", self.refused(self.path))
        await store.append([said("unharmed")])
        await self.close(store)
        self.assertEqual(await self.texts(self.open(self.path)), ["unharmed"])

    async def test_after_a_refusal_the_file_can_be_opened_when_the_cause_is_gone(self) -> None:
        self.path.write_bytes(b"no database at all, but long enough to be looked at" * 100)
        self.refused(self.path)
        self.path.unlink()
        await self.open(self.path).append([said("fine")])

    def test_a_refused_file_is_not_held_open(self) -> None:
        self.path.write_bytes(b"To do: buy milk.\n" * 1000)
        store = SQLiteStore(str(self.path), timed.callFromThread)
        self.assertRaises(StoreError, store.open)
        held = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if _is_link(fd)]
        self.assertEqual([path for path in held if path.startswith(str(self.path))], [])

    if not os.path.isdir("/proc/self/fd"):
        test_a_refused_file_is_not_held_open.skip = "no /proc here"  # type: ignore[attr-defined]


class FullDiskTests(FileCase):
    """SQLite's own limit of pages stands for the disk's."""

    def fill(self, store: SQLiteStore) -> None:
        (pages,) = store._writing.execute("PRAGMA page_count").fetchone()
        store._writing.execute(f"PRAGMA max_page_count={pages}")

    def make_room(self, store: SQLiteStore) -> None:
        store._writing.execute("PRAGMA max_page_count=1000000")

    async def full(self, store: SQLiteStore, events: list[Event]) -> None:
        with self.assertRaises(StoreError) as caught:
            await store.append(events)
        self.assertIn("full", str(caught.exception))

    async def try_it(self, events: list[Event]) -> None:
        fed: list[Any] = []
        store = self.open(self.path)
        await store.append([said("before")])
        store.feed = fed.append
        self.fill(store)
        await self.full(store, events)
        self.assertEqual(fed, [])
        self.assertEqual({event.id for event in events}, {0})
        self.assertEqual(await self.texts(store), ["before"])
        self.assertEqual(store.topics(), [])
        self.make_room(store)
        await store.append(events)
        self.assertEqual(fed, [events])
        self.assertEqual([event.id for event in events], list(range(2, len(events) + 2)))
        await self.close(store)
        store = self.open(self.path)
        rooms = {event.room for event in events} - {None, LOBBY}
        self.assertEqual(len(await store.read(Query((LOBBY, *(r for r in rooms if r)), 1000))), 1 + len(events))

    def test_one_large_message(self) -> Any:
        return _run(self.try_it([said("x" * 10000)]))

    def test_many_messages(self) -> Any:
        return _run(self.try_it([said("x" * 500) for _ in range(200)]))

    def test_with_a_new_room_and_a_topic(self) -> Any:
        events = [said("hello", "#new"), said("subject", "#new", Kind.TOPIC), *(said("x" * 9000) for _ in range(3))]
        return _run(self.try_it(events))

    async def test_searching_is_refused_and_reading_is_not(self) -> None:
        store = self.open(self.path)
        await store.append([said(f"word{i} " * 50) for i in range(200)])
        self.fill(store)
        with self.assertRaises(StoreError):
            await self.texts(store, "word1")
        self.assertEqual(len(await self.texts(store)), 100)
        self.make_room(store)
        self.assertEqual(len(await self.texts(store, "word1")), 1)
        self.flushLoggedErrors(sqlite3.Error)

    async def test_an_event_that_cannot_be_written_harms_no_later_one(self) -> None:
        store = self.open(self.path)
        with self.assertRaises(Exception):  # noqa: B017  # whichever: this is a defect of the caller
            await store.append([said("fine", "#new"), said("\ud800", "#new"), said("t", "#new", Kind.TOPIC)])
        await store.append([said("next"), said("there", "#new")])
        self.assertEqual(await self.texts(store), ["next"])
        self.assertEqual([e.text for e in await store.read(Query(("#new",), 9))], ["there"])

    async def test_nor_one_beside_a_room_that_gets_another_name(self) -> None:
        store = self.open(self.path)
        await store.append([said("before", "#old")])
        with self.assertRaises(Exception):  # noqa: B017
            await store.append([Move("#old", "#new"), said("\ud800", "#new")])
        await store.append([said("next", "#old")])
        await self.close(store)
        store = self.open(self.path)
        self.assertEqual([e.text for e in await store.read(Query(("#old",), 9))], ["before", "next"])


class IndexTests(FileCase):
    def indexed(self) -> int:
        db = sqlite3.connect(self.path)
        (upto,) = db.execute("SELECT upto FROM indexed").fetchone()
        db.close()
        return int(upto)

    async def quiet(self, store: SQLiteStore) -> None:
        """Never index by itself: as when there was no time for it."""
        store._index_step = lambda: False  # type: ignore[method-assign]

    async def test_the_index_follows_when_the_log_is_idle(self) -> None:
        store = self.open(self.path)
        await store.append([said(f"word{i}") for i in range(1200)])
        for _ in range(100):
            if self.indexed() == 1200:
                break
            await task.deferLater(timed, 0.05)
        self.assertEqual(self.indexed(), 1200)
        self.assertEqual(
            len(store._writing.execute("SELECT rowid FROM search WHERE search MATCH 'word7'").fetchall()), 1
        )

    async def test_the_index_follows_a_busy_log_when_it_lags_too_far(self) -> None:
        store = self.open(self.path)
        store._writer._pause = 60.0
        store.INDEX_LAG, store._log.index.STEP = 10, 5
        for i in range(40):
            await store.append([said(f"word{i}")])
        self.assertGreater(store._log.index.upto, 20)

    async def test_what_was_not_indexed_when_the_daemon_died_is_found_after_its_start(self) -> None:
        store = self.open(self.path)
        await self.quiet(store)
        await store.append([said("lost and found"), said("x", kind=Kind.JOIN), said("psst found", None, Kind.DIRECT)])
        await self.close(store)
        self.assertEqual(self.indexed(), 0)
        store = self.open(self.path)
        self.assertEqual(await self.texts(store, "found"), ["lost and found"])
        self.assertEqual(self.indexed(), 3)

    async def test_a_defect_in_indexing_holds_up_nobody(self) -> None:
        store = self.open(self.path)
        store._writer._pause = 60.0
        await store.append([said("one")])
        with mock.patch("twisted_chat.store.search.plain", side_effect=ValueError("x")):
            with self.assertRaises(ValueError):
                await store.read(Query((LOBBY,), 9, words=("one",)))
            # A new room takes a transaction of its own.
            await store.append([said("two", "#new")])
        self.assertEqual(self.indexed(), 0)

    async def test_a_defect_in_indexing_a_busy_log_is_reported(self) -> None:
        store = self.open(self.path)
        store._writer._pause, store.INDEX_LAG = 60.0, 0
        reports: list[Failure] = []
        report = store._report
        store._report = lambda failure: reports.append(failure) or report(failure)  # type: ignore[method-assign]
        with mock.patch("twisted_chat.store.search.plain", side_effect=ValueError("x")):
            await store.append([said("one")])
            await store.append([said("two")])
            store.INDEX_LAG = 1000
            await store.append([said("three")])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(len(reports), 1, "it was found by the garbage collector")

    async def test_an_indexing_step_that_was_cut_off_is_done_again_once(self) -> None:
        store = self.open(self.path)
        await self.quiet(store)
        await store.append([said("twice?")])
        db = store._writing
        db.execute("BEGIN")
        db.execute("INSERT INTO search (rowid, room, text) VALUES (1, 'r1', 'twice?')")
        db.execute("ROLLBACK")  # what SQLite does by itself when it finds an unfinished transaction
        await self.close(store)
        store = self.open(self.path)
        self.assertEqual(await self.texts(store, "twice"), ["twice?"])
        self.assertEqual(await self.texts(store, "twice"), ["twice?"])

    async def test_many_events_are_indexed_before_a_search_answers(self) -> None:
        store = self.open(self.path)
        store._log.index.STEP = 7
        await store.append([said("needle"), *(said(f"hay{i}") for i in range(100)), said("needle")])
        self.assertEqual(await self.texts(store, "needle"), ["needle", "needle"])

    async def test_reading_fails_with_a_store_error_when_the_file_does(self) -> None:
        store = self.open(self.path)
        await store.append([said("x")])
        await store._reader.ask(store._reading.close)
        with self.assertRaises(StoreError):
            await store.read(Query((LOBBY,), 1))
        with self.assertRaises(StoreError):
            await store.first(Query((LOBBY,), 1))


def _is_link(fd: str) -> bool:
    return os.path.islink(f"/proc/self/fd/{fd}")


def _run(coroutine: Any) -> Any:
    from twisted.internet.defer import Deferred  # noqa: PLC0415

    return Deferred.fromCoroutine(coroutine)
