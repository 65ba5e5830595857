"""The database file: whose it is, the lock on it, its schema."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path
from typing import IO

from twisted.logger import Logger

from .interface import StoreError

# "chat" in ASCII, in the file's header: so that we never write into another program's database.
APPLICATION_ID = 0x63686174
SCHEMA = Path(__file__).with_name("schema")

log = Logger()


def lock(path: str) -> IO[bytes]:
    """Keep every other daemon out, until what is returned is closed.

    @param path: of the database. The lock is on a file of its own: closing any descriptor of the database would drop
        SQLite's own locks on it.
    @raise StoreError: another has it; or there can be no such file.
    """
    try:
        held = open(path + ".lock", "ab")  # noqa: SIM115  # held while the store is open
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        held.close()
        raise StoreError(f"{path}: in use by another daemon") from error
    return held


def in_use(path: str) -> bool:
    """Whether a daemon has the database open."""
    try:
        with open(path + ".lock", "ab") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def make_private(path: str) -> None:
    """Make a file for its owner alone, when it is not there: it will hold direct messages and hashes of passwords.

    @raise OSError: it cannot be made.
    """
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def connect(path: str, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection that commits by itself, for whichever thread.

    @raise sqlite3.Error: there can be none.
    """
    return sqlite3.connect(
        f"file:{quoted(path)}?mode=ro" if read_only else path,
        timeout=5.0,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        uri=read_only,
    )


def quoted(path: str) -> str:
    """A path for a C{file:} URI."""
    return os.path.abspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def prepare(db: sqlite3.Connection, path: str, sync_commits: bool) -> None:
    """Have a database ready to be written: of the newest schema, with a write-ahead log.

    @param sync_commits: whether a commit waits for the disk. Without, nothing is copied out of the write-ahead log by
        itself either.
    @raise StoreError: it is another program's, or a newer version's.
    @raise sqlite3.Error: it is no database, or cannot be written.
    """
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION_ID and tables:
        raise StoreError(f"{path}: a database of another program")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute(f"PRAGMA synchronous={'FULL' if sync_commits else 'NORMAL'}")
    if not sync_commits:
        db.execute("PRAGMA wal_autocheckpoint=0")
    db.execute("PRAGMA foreign_keys=ON")
    _upgrade(db, path)


def _upgrade(db: sqlite3.Connection, path: str) -> None:
    """Bring the schema to the newest version, one numbered file after the other, each in one transaction."""
    steps = schema_steps()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise StoreError(f"{path}: made by a newer version of twisted-chat (schema {version})")
    for number, script in list(enumerate(steps, 1))[version:]:
        db.executescript(
            f"BEGIN IMMEDIATE; {script}\nPRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={number}; COMMIT;"
        )
        log.info("database {path}: schema {number}", path=path, number=number)


def schema_steps() -> list[str]:
    """The scripts that make the schema, in order: the first makes version 1, each other upgrades by one."""
    return [file.read_text(encoding="utf-8") for file in sorted(SCHEMA.glob("*.sql"))]
